"""Company, notes and history: what every record has."""
