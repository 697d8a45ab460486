"""Words of the catalogue in the reader's language, for statements of every capability."""

from typing import Any

from sqlalchemy import Select, and_, func, literal
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.models.catalog import Product, ProductText, Unit, VariantCode


def unit_name(language: str) -> InstrumentedAttribute[str]:
    """What people call a unit ("Stück", "piece"); its code is for files and other programs."""
    return Unit.name_en if language == "en" else Unit.name_de


def with_variant(name: Any, variant: Any) -> Any:
    """A product's name and its variant's word (either may be any SQL expression): "Filigranengel, bemalt"."""
    return name + func.coalesce(literal(", ") + variant, "")


def named(statement: Select[Any], language: str) -> tuple[Select[Any], Any]:
    """The statement (which has `Product`), and what the product is called in a language as an expression beside it.

    That is its name with its variant's word; a variant code nobody explained stays in the number alone.
    """
    variant = aliased(VariantCode, name="variant")
    statement = statement.outerjoin(variant, variant.code == Product.variant_code)
    if language == "de":
        return statement, with_variant(Product.name, variant.name_de)
    words = aliased(ProductText)
    statement = statement.outerjoin(words, and_(words.product_id == Product.id, words.language == language))
    word = variant.name_en if language == "en" else variant.name_de
    return statement, with_variant(func.coalesce(words.name, Product.name), word)


def name_sql(language: str = ":language", words: str = "t") -> str:
    """`named` for a statement written out: SQL of what product ``p`` is called.

    ``words`` is the alias of its `ProductText` in that language; both arguments are SQL themselves.
    """
    return (
        f"(coalesce({words}.name, p.name) || coalesce((SELECT ', ' || CASE {language} WHEN 'en' THEN variant.name_en"  # noqa: S608  (fixed names)
        " ELSE variant.name_de END FROM catalog.variant_code variant WHERE variant.code = p.variant_code), ''))"
    )
