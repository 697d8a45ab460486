"""Electronic invoices: one model in the words of EN 16931, its two languages CII and UBL, checks, PDF/A-3 and reading.

`model` says what an invoice is, `cii` and `ubl` how it is said in XML (used for writing and for reading), `validate`
whether it may be issued or accepted, `pdfa` and `zugferd` how it travels inside a PDF, `read` what came in.
"""
