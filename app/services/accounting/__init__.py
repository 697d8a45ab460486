"""For the tax adviser: accounts, closed months, the export in the DATEV format."""
