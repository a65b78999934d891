"""Money: amounts as a page writes them, with the code of their currency, which is never a question of where one reads it."""

from decimal import Decimal

from babel.numbers import get_currency_precision


def money(amount: str | None, currency: str) -> str:
    """Return *amount*, a decimal as text, in as many places as its *currency* has: 1,234.50 EUR; a dash for None."""
    if amount is None:
        return "\N{EN DASH}"
    return f"{Decimal(amount):,.{get_currency_precision(currency)}f} {currency}"
