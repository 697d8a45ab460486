"""The old system: how it is read (`sync`), and what it says about the past (`history`)."""

from app.models.legacy import history, sync

__all__ = ["history", "sync"]
