"""E-mail: texts, the queue, accounts, and the folder of incoming invoices."""
