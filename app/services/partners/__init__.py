"""Customers and suppliers."""
