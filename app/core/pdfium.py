"""The turn at pdfium, which is not made for several threads at once: whoever opens a PDF in this process holds it."""

import threading

PDFIUM = threading.RLock()
