"""Work with the scanner: looking up, receiving, putting away, transferring; the scanner of this workplace."""

from app.views.warehouse import desk

WATCHES = (desk.watch,)
