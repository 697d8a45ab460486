"""Labels: designs in millimetres, codes, and the ways to paper: PDF, sheets, pictures, printers' own language."""
