"""Background threads without Qt: the change feed."""
