"""The no-JavaScript pixel: an image whose address says which page was seen, for <noscript>, e-mail and READMEs."""

from typing import Final

from collector.arrival import Arrival
from collector.decode import read_query
from collector.dialects.browser import host_of, person, site_of_page
from collector.dialects.route import Answer, Outcome, Route, settled
from collector.hit import Hit, HitKind
from collector.outcomes import Dropped, Rejected, RejectReason

# The smallest transparent GIF (GIF89a, one pixel).
GIF: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
LONGEST_KEY: Final = 128


def read_pixel(arrival: Arrival) -> list[Hit | Rejected]:
    """Return the hit that ``site``, ``path`` (or ``url``), ``referrer``, ``name`` and ``id`` name, or the Referer's page."""
    fields = read_query(arrival.query)
    key = fields.get("id") or None
    if key is not None and len(key) > LONGEST_KEY:
        raise Rejected(RejectReason.TOO_LONG, f"The id must have 1 to {LONGEST_KEY} characters.", field="id")
    url = fields.get("path") or fields.get("url") or arrival.header(b"referer")
    if not url:
        detail = "The page is missing; add path to the pixel's address, such as ?site=shop.example&path=/pricing."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="path")
    name = fields.get("name", "")
    return [
        Hit(
            **person(arrival),
            kind=HitKind.EVENT if name else HitKind.PAGEVIEW,
            site=fields.get("site") or host_of(url) or site_of_page(arrival),
            url=url,
            referrer=fields.get("referrer", ""),
            key=key,
            name=name,
        )
    ]


def word_pixel(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer with the image, stored or dropped; the header names the reason of a drop."""
    outcome = settled(outcomes[0])
    dropped = ((b"x-collector-dropped", outcome.reason.value.encode()),) if isinstance(outcome, Dropped) else ()
    return Answer(status=200, headers=((b"content-type", b"image/gif"), *dropped), body=GIF)


ROUTES: Final = (Route(path="/pixel.gif", dialect="pixel", methods=("GET",), limit=0, read=read_pixel, word=word_pixel),)
