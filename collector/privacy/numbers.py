"""Numbers that are somebody's, told from others by their checks: cards, accounts, telephones, social security."""

import re
from typing import Final

# What any of them has at the least: five digits with no more between them than their groups are written with.
DIGITS: Final = re.compile(r"\d(?:[ .()_-]{0,2}\d){4}")

# Cards begin with 2 to 6 and are written in one piece or in their own groups; a time in milliseconds begins with 1.
_CARD: Final = re.compile(
    r"(?<![\d.])[2-6]\d{3}"
    r"(?:\d{10,12}|\d{15}|(?P<gap>[ ._-])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}|(?P<amex>[ ._-])\d{6}(?P=amex)\d{4,5})(?!\d)"
)
# By length: Diners Club, American Express, all others, and the long ones of some; 2024... is a day.
_ISSUED: Final = {
    14: re.compile("3[0689]"),
    15: re.compile("3[47]"),
    16: re.compile("220[0-4]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[05]|[456]"),
    19: re.compile("[456]"),
}
# Only what is written as a phone number: behind a plus, tel: or 00, or in the groups of North America. A bare row of digits is
# somebody's numeric id far more often.
_PHONE_PLUS: Final = re.compile(r"(?<![\w+])\+[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)")
_PHONE_LINK: Final = re.compile(r"\btel:\+?\d(?:[ .()-]{0,2}\d){4,14}")
_PHONE_GROUPS: Final = re.compile(
    r"(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\) ?\d{3}[ .-]|[2-9]\d\d(?P<gap>[ .-])\d{3}(?P=gap))\d{4}(?![\w-])"
)
_PHONE_00: Final = re.compile(r"(?<![\w.,+-])(?<!\d )00[ .-]?(?P<number>[1-9](?:[ .()/-]{0,2}\d){7,14})(?![\w-])")
# A bare row behind 00 is a number that a machine has filled up, unless it is as long as a telephone's with its country.
_SHORTEST_BARE: Final = 10
_NORTH_AMERICAN: Final = re.compile(r"1[2-9]\d\d[2-9]\d{6}")
_EAN_13: Final = 13
# Written as it is on the card; 000, 666 and 9xx were never given out.
_SOCIAL_SECURITY: Final = re.compile(r"(?<![\w.+-])(?!000|666|9)\d{3}(?P<gap>[ -])(?!00)\d\d(?P=gap)(?!0000)\d{4}(?![\w-])")
_ACCOUNT: Final = re.compile(r"(?<![^\W_])(?P<country>[A-Za-z]{2})\d\d(?:[ ._-]?[A-Za-z0-9]){11,32}")
# How long an IBAN is (ISO 13616, the registry of its countries).
_COUNTRIES: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS: Final = {country: length for length, countries in _COUNTRIES.items() for country in countries.split()}


def without_numbers(text: str) -> str:
    """Return *text*, in which DIGITS were found, without numbers that are somebody's."""
    text = _CARD.sub(_card, _ACCOUNT.sub(_account, text))
    if "+" in text:
        text = _PHONE_PLUS.sub("[phone]", text)
    if "tel:" in text:
        text = _PHONE_LINK.sub("[phone]", text)
    if "00" in text:
        text = _PHONE_00.sub(_phone, text)
    # The others are written in three groups.
    if text.count("-") + text.count(" ") + text.count(".") > 1 or "(" in text:
        text = _PHONE_GROUPS.sub("[phone]", _SOCIAL_SECURITY.sub("[ssn]", text))
    return text


def _card(match: re.Match[str]) -> str:
    """Ask for the beginnings that were given out, and apply Luhn's check, which nine of ten other numbers fail."""
    digits = [int(character) for character in match[0] if character.isdecimal()]
    if _ISSUED[len(digits)].match("".join(map(str, digits))) is None:
        return match[0]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return match[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else "[card]"


def _phone(match: re.Match[str]) -> str:
    number = match["number"]
    digits = "".join(character for character in number if character.isdecimal())
    if digits.startswith("1") and _NORTH_AMERICAN.fullmatch(digits) is None:
        return match[0]
    if len(digits) == len(number) and (len(digits) < _SHORTEST_BARE or _is_ean(f"00{digits}")):
        return match[0]
    return "[phone]"


def _is_ean(digits: str) -> bool:
    """Say whether *digits* are an article's number: its check fits one in ten telephones, and every article."""
    if len(digits) != _EAN_13:
        return False
    weighed = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return sum(weighed) % 10 == 0


def _account(match: re.Match[str]) -> str:
    """Apply the check of ISO 7064 to as many characters as the country's accounts have."""
    length = _LENGTHS.get(match["country"].upper())
    if length is None:
        return match[0]
    places = [place for place, character in enumerate(match[0]) if character.isalnum()]
    if len(places) < length:
        return match[0]
    rest = match[0][places[length - 1] + 1 :]
    taken = "".join(match[0][place] for place in places[:length])
    if rest[:1].isalnum():
        return match[0]
    number = int("".join(str(int(character, 36)) for character in taken[4:] + taken[:4]))
    return f"[iban]{rest}" if number % 97 == 1 else match[0]
