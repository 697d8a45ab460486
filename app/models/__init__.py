"""All tables, by capability; importing this package completes `metadata`."""

from importlib import import_module
from pkgutil import iter_modules

from app.models.base import Root
from app.models.limits import add_limits

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

metadata = Root.metadata
add_limits(metadata)
