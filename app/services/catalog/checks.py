"""What must hold of the values of a price together: asked by the form and by imports."""

from app.services.validation import Rules

PRICE = Rules.read(
    {"record": [{"expect": "valid_from < valid_to", "field": "valid_to", "code": "price_dates_in_order"}]}
)
