"""Money: amounts as a page writes them, with the code of their currency, which is never a question of where one reads it."""

from decimal import Decimal

from babel.numbers import get_currency_precision


def amount_in_words(amount: str | None, currency: str) -> str:
    """Return *amount*, a decimal as text, in as many places as its *currency* has: 1,234.50; a dash for None."""
    return "\N{EN DASH}" if amount is None else f"{Decimal(amount):,.{get_currency_precision(currency)}f}"


def money(amount: str | None, currency: str) -> str:
    """Return *amount* with the code of its *currency*: 1,234.50 EUR."""
    written = amount_in_words(amount, currency)
    return written if amount is None else f"{written} {currency}"
