"""What hides an address from whoever looks for one: encodings, entities, wide letters, "[at]"; undone only to look again."""

import html
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

_MOST_LAYERS: Final = 5
_ESCAPED: Final = re.compile(r"(?:\\u|%u)([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_ENTITY: Final = re.compile(r"&(?:#(?:[0-9]{2,7}|[xX][0-9A-Fa-f]{2,6});?|[A-Za-z]{2,8};)")
_SPELLED: Final = re.compile(r"\s?[\[({<]\s?(?:(?P<at>at|@)|(?:dot|\.))\s?[\])}>]\s?", re.IGNORECASE)
_BRACKETED: Final = re.compile(r"[\[({<]\s?(?:at|dot|[.@])", re.IGNORECASE)
# As they are set in print; NFKC leaves these.
_PRINTED: Final = {ord(dash): "-" for dash in "\u2010\u2012\u2013\u2014\u2212"} | {ord("\u3002"): ".", ord("\u2024"): "."}


def undisguised(text: str) -> str:
    """Return *text* as a reader would take it, if that is something else."""
    for _ in range(_MOST_LAYERS):
        before, text = text, _decoded(text)
        if text == before:
            break
    if not text.isascii():
        text = _plain_letters(text)
    if _BRACKETED.search(text) is not None:
        text = _SPELLED.sub(_sign, text)
    return text


def _decoded(text: str) -> str:
    if "%" in text or "\\" in text:
        text = unquote(_ESCAPED.sub(_character, text))
    if "&" in text:
        text = _ENTITY.sub(_entity, text)
    return text


def _plain_letters(text: str) -> str:
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    text = text.translate(_PRINTED)
    # Characters that nobody sees, such as a soft hyphen, do not divide a name.
    if not text.isprintable():
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return text


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _entity(match: re.Match[str]) -> str:
    """Undo what stands for a sign; a parameter's name behind an ampersand is none."""
    sign = html.unescape(match[0])
    return sign if len(sign) == 1 else match[0]


def _sign(match: re.Match[str]) -> str:
    return "@" if match["at"] else "."
