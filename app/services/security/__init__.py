"""People, roles and sessions."""
