"""The demo company: a pewter foundry, made by this program itself, the same every time."""
