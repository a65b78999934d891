"""The formats that are read: by themselves where nobody names one, and no other where somebody does."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from collector.imports.accesslog.columns import Columns
from collector.imports.accesslog.document import read_document
from collector.imports.accesslog.parse import read_text
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason

_ENDS: Final = "\ufeff\r\n "


class Format(StrEnum):
    """What a log is written in; AUTO is whichever of them a line is in."""

    AUTO = "auto"
    COMMON = "common"
    COMBINED = "combined"
    NGINX = "nginx"
    APACHE = "apache"
    CADDY = "caddy"
    TRAEFIK = "traefik"
    VARNISH = "varnish"
    LIGHTTPD = "lighttpd"
    JSON = "json"
    IIS = "iis"
    CLOUDFRONT = "cloudfront"
    W3C = "w3c"


_TEXT: Final = frozenset({Format.COMMON, Format.COMBINED, Format.VARNISH, Format.LIGHTTPD})
_DOCUMENTS: Final = frozenset({Format.CADDY, Format.JSON})
_COLUMNS: Final = frozenset({Format.IIS, Format.CLOUDFRONT, Format.W3C})


def reader_of(kind: Format) -> Callable[[bytes], Request]:
    """Return what reads the lines of one log in the format *kind*, from its first to its last."""
    columns = Columns().read
    read: Callable[[str], Request]
    if kind in _TEXT:
        read = read_text
    elif kind in _DOCUMENTS:
        read = read_document
    elif kind in _COLUMNS:
        read = columns
    else:
        read = _reader_of_any(columns)
    return lambda line: read(line.decode("utf-8", "replace").strip(_ENDS))


def _reader_of_any(columns: Callable[[str], Request]) -> Callable[[str], Request]:
    def read(text: str) -> Request:
        if text.startswith("{"):
            return read_document(text)
        if text.startswith("#"):
            return columns(text)
        try:
            return read_text(text)
        except Skipped as skipped:
            if skipped.reason is not SkipReason.MALFORMED:
                raise
        return read_document(text) if text.endswith("}") else columns(text)

    return read
