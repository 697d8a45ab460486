"""Asking somebody else: requests, decisions, and who stands in for whom."""
