"""What suppliers ask."""
