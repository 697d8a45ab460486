"""Products, families, prices, texts and pictures."""
