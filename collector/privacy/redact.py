"""What looks personal in a text, replaced by its kind: e-mail, address, user agent, card, phone, UUID or token, in brackets.

Every pattern is linear: it starts only at a boundary, or its repetitions are bounded; and what it searches is cut first.
"""

import re
from urllib.parse import unquote

from collector.privacy.address import network_of
from collector.privacy.text import cut, printable

LONGEST = 4096

# A text without any of these holds nothing that the patterns could find; most paths end here.
_SUSPICIOUS = re.compile(r"[0-9@:%]|eyJ")
# The shortest that any of them finds is 1.1.1.1, but for what has one of these in it.
_SHORTEST = len("1.1.1.1")
_SHORTENING = frozenset("@:%")
# One of these is in whatever says by itself whom it is of.
_MARKING = re.compile(r"[@.:+%/]")
# Printable ASCII without any of them but the last: most words.
_PLAIN = re.compile(r"[ -$&-/;-?A-~]*")
# What a card or a phone number has at the least: five digits with no more between them than their groups are written with.
_DIGITS = re.compile(r"\d(?:[ .()-]{0,2}\d){4}")

# A whole user agent, which begins as all browsers' do; where it ends nobody can tell.
_AGENT = re.compile(r"Mozilla/\d\.\d[ +]\(.*", re.DOTALL)
_EMAIL = re.compile(r"(?<![^\s/?&=,;:<>()\[\]\"'@|])[^\s/?&=,;:<>()\[\]\"'@|]+@[\w.-]*\.[^\W\d_]{2}[\w-]*")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){1,2}")
_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}(?![\w:])")
# Not behind a v: v4.17.21.0 is a version.
_IPV4 = re.compile(r"(?<![\d.vV])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)")
# Cards begin with 2 to 6 and are written in one piece or in their own groups; a time in milliseconds begins with 1.
_CARD = re.compile(
    r"(?<![\d.])[2-6]\d{3}(?:\d{10,12}|\d{15}|(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}|[ -]\d{6}[ -]\d{4,5})(?!\d)"
)
# Only what is written as a phone number: behind a plus or tel:, or in the groups of North America. A bare row of digits is
# somebody's numeric id far more often.
_PHONE = re.compile(
    r"(?<![\w+])\+[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)"
    r"|\btel:\+?\d(?:[ .()-]{0,2}\d){4,14}"
    r"|(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\) ?\d{3}[ .-]|[2-9]\d\d(?P<gap>[ .-])\d{3}(?P=gap))\d{4}(?![\w-])"
)
_HEX = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{16,}(?![0-9A-Za-z])")
_LONG_WORD = re.compile(r"(?<![\w-])[\w-]{24,}", re.ASCII)
_PIECE = re.compile(r"[A-Za-z0-9]{12,}")
_LETTER_MEETS_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_MEETINGS = 3
_MOST_LAYERS = 4


def clean(text: str, limit: int) -> str:
    """Return *text* as it may be stored: printable, redacted, and cut to *limit* bytes."""
    if len(text) <= limit <= LONGEST and _PLAIN.fullmatch(text) is not None and "eyJ" not in text:
        return text
    return cut(redact(printable(text)), limit)


def redact(text: str) -> str:
    """Return *text*, cut to 4,096 characters, with everything that looks personal replaced by the name of its kind."""
    text = text[:LONGEST]
    if _is_harmless(text):
        return text
    redacted = _replace(text)
    if "%" not in redacted:
        return redacted
    # Percent-encoding, even twice, hides an address from the patterns; it is undone only where it hid something.
    plain = printable(unquote(unquote(redacted)))
    uncovered = _replace(plain)
    return redacted if uncovered == plain else uncovered


def holds_somebody(text: str) -> bool:
    """Say whether *text*, an id, holds an e-mail address, a network address, a user agent or a phone number behind a plus.

    Of what ids are like themselves, such as tokens and rows of digits, nothing is said.
    """
    if _MARKING.search(text) is None:
        return False  # nearly always
    redacted = redact(printable(text))
    return any(kind in redacted for kind in ("[email]", "[ip]", "[agent]")) or ("[phone]" in redacted and "+" in text)


def _is_harmless(text: str) -> bool:
    """Say whether *text* is too short or too plain for any of the patterns; a longer one is LONGEST at the most, or is cut."""
    if len(text) < _SHORTEST:
        return _SHORTENING.isdisjoint(text)
    return len(text) <= LONGEST and _SUSPICIOUS.search(text) is None


def _replace(text: str) -> str:
    """Replace everything that looks personal; what is taken out may have hidden what stood beside it, so look again."""
    for _ in range(_MOST_LAYERS):
        before, text = text, _replace_once(text)
        if text == before:
            break
    return text


def _replace_once(text: str) -> str:
    """Run the patterns whose characters occur, from the most to the least certain."""
    if "Mozilla/" in text:
        text = _AGENT.sub("[agent]", text)
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    if "eyJ" in text:
        text = _JWT.sub("[token]", text)
    if ":" in text:
        text = _IPV6.sub(_ip, text)
    if "." in text:
        text = _IPV4.sub(_ip, text)
    has_piece = _PIECE.search(text) is not None  # without one there is neither a UUID nor a random word
    if has_piece and "-" in text:
        text = _UUID.sub("[uuid]", text)
    if _DIGITS.search(text) is not None:
        text = _PHONE.sub("[phone]", _CARD.sub(_card, text))
    return _LONG_WORD.sub(_token, _HEX.sub("[token]", text)) if has_piece else text


def _ip(match: re.Match[str]) -> str:
    found = match[0]
    # "::1" and "a::b" are addresses by the letter, but nobody's.
    if len(found) < len("dead::") or network_of(found, v4_bytes=4, v6_bytes=16) is None:
        return found
    return "[ip]"


def _card(match: re.Match[str]) -> str:
    """Apply Luhn's check, which nine of ten other numbers fail."""
    digits = [int(character) for character in match[0] if character.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return match[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else "[card]"


def _token(match: re.Match[str]) -> str:
    """Tell a random word from a slug: between its hyphens, letters and digits alternate as they do in no language."""
    random = any(len(_LETTER_MEETS_DIGIT.findall(piece)) >= _MEETINGS for piece in _PIECE.findall(match[0]))
    return "[token]" if random else match[0]
