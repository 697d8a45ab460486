"""The old system: reading it, taking its records over, and where that stands."""
