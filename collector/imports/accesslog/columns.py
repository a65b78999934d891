"""Lines of columns that the log itself names, as W3C's extended format has them: IIS's and CloudFront's."""

from typing import Final
from urllib.parse import unquote

from collector.imports.accesslog.fields import request_in
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason

_NAMES: Final = "#Fields:"
# What may hold blanks is written with something else in their place.
_ENCODED: Final = ("cs(user_agent)", "cs(referer)", "cs(x_forwarded_for)")


class Columns:
    """Reads the lines of one log, whose latest ``#Fields:`` says what their columns are."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()

    def read(self, text: str) -> Request:
        """Return the request in *text*, or raise Skipped; behind a # stands none, but it may name the columns."""
        if text.startswith("#"):
            if text.startswith(_NAMES):
                self._names = tuple(text[len(_NAMES) :].lower().replace("-", "_").split())
            raise Skipped(SkipReason.COMMENT)
        values = text.split("\t") if "\t" in text else text.split(" ")
        if not self._names or len(values) != len(self._names):
            raise Skipped(SkipReason.MALFORMED)
        fields = dict(zip(self._names, values, strict=True))
        # CloudFront encodes a sign of per cent again, IIS writes blanks as a plus.
        plus = "" if "x_edge_location" in fields else "+"
        for name in _ENCODED:
            if name in fields:
                fields[name] = unquote(fields[name].replace(plus, " ") if plus else unquote(fields[name]))
        return request_in(fields)
