"""Taking over data of other systems by a mapping that is data itself; see docs/admin/import.md."""
