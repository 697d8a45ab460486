"""The kit every screen is built from."""
