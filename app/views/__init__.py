"""The only place with PySide6: what the user sees and touches."""
