"""The campaign that an address names: its utm_ tags, and that an ad was clicked; every other parameter is dropped."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from collector.privacy.redact import LONGEST, clean

TAG_BYTES: Final = 200
_MOST_PARAMETERS: Final = 100
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class Ad(Struct, frozen=True):
    """That an ad was clicked, and in whose network; the click's own id is a person's, and is never kept."""

    network: str
    is_display: bool = False


class Tags(Struct, frozen=True, kw_only=True):
    """The query values that survive, redacted and cut to 200 bytes each, called as in the query, and the clicked ad."""

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    ad: Ad | None = None


NO_TAGS: Final = Tags()

_GOOGLE: Final = Ad("Google")
# What networks add to the address of an ad that is clicked, by each one's documentation. Not here are those that say nothing
# of paying, for posts and free listings carry them, too: fbclid, igsh, igshid, srsltid, ysclid, mc_eid.
CLICKS: Final[Mapping[str, Ad]] = {
    **dict.fromkeys(("gclid", "gbraid", "wbraid", "gad_source", "gad_campaignid"), _GOOGLE),
    "dclid": Ad("Google", is_display=True),
    "msclkid": Ad("Bing"),
    "yclid": Ad("Yandex"),
    "bd_vid": Ad("Baidu"),
    "sznclid": Ad("Seznam"),
    "ttclid": Ad("TikTok"),
    "twclid": Ad("Twitter"),
    "li_fat_id": Ad("LinkedIn"),
    "sccid": Ad("Snapchat"),
    "rdt_cid": Ad("reddit"),
    "epik": Ad("Pinterest"),
    "qclid": Ad("Quora"),
    "ndclid": Ad("Nextdoor"),
    "rb_clickid": Ad("Vkontakte"),
    "tblci": Ad("Taboola", is_display=True),
    "dicbo": Ad("Outbrain", is_display=True),
    "cto_pld": Ad("Criteo", is_display=True),
}
_TAGS: Final = frozenset({"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"})
# Older links say it in these words, in this order, where utm_source is missing.
_SOURCE_WORDS: Final = ("ref", "source")
_WORDS: Final = _TAGS | {*_SOURCE_WORDS}
_READ: Final = _WORDS | CLICKS.keys()


def read_tags(query: str) -> Tags:
    """Return the campaign in *query*: of a parameter that comes twice the first that says something, in any case."""
    found: dict[str, str] = {}
    # A link that was glued together has a second question mark, and one that was copied out of HTML has "&amp;" in it.
    parameters = (query.replace("?", "&") if "?" in query else query).split("&", _MOST_PARAMETERS)
    for parameter in parameters[:_MOST_PARAMETERS]:
        key, _, value = parameter.partition("=")
        if "%" in key:
            key = unquote(key)
        key = key.lower().removeprefix("amp;")
        if key in _READ and key not in found and (said := value if key in CLICKS else _told(value)):
            found[key] = said
    return _tags(found) if found else NO_TAGS


def _tags(found: dict[str, str]) -> Tags:
    ads = [CLICKS[key] for key in found if key in CLICKS] if not found.keys() <= _WORDS else []
    for word in _SOURCE_WORDS:
        if (source := found.pop(word, None)) is not None:
            found.setdefault("utm_source", source)
    # An ad beside the page's text says less of how somebody came than one that was looked for.
    ad = next((ad for ad in ads if not ad.is_display), ads[0]) if ads else None
    return Tags(**{key: said for key, said in found.items() if key in _TAGS}, ad=ad)


def _told(value: str) -> str:
    """Return a tag's *value* as it may be stored; bytes that are no UTF-8 stay escaped, so that two campaigns stay two."""
    text = value[:LONGEST]
    if "@" not in text and "%40" not in text:  # the plus of an address is none for a space
        text = text.replace("+", " ")
    if "%" in text:
        text = _ESCAPES.sub(_decode, text)
    return clean(text, TAG_BYTES).strip()


def _decode(escapes: re.Match[str]) -> str:
    text = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogateescape")
    if text.isprintable():
        return text
    return "".join(f"%{ord(letter) - 0xDC00:02X}" if "\udc80" <= letter <= "\udcff" else letter for letter in text)
