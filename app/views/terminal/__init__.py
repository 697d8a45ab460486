"""The program on a device in workshop or warehouse: large, touched, and nobody's until somebody signs on."""
