"""The no-JavaScript pixel: an image whose address says which page was seen, for <noscript>, e-mail and READMEs."""

from collections.abc import Mapping
from typing import Final

from collector.answer import Answer
from collector.arrival import Arrival
from collector.decode import read_query
from collector.dialects.browser import host_of, read_browser, site_of_page
from collector.dialects.endpoint import Endpoint, ended_well, told_of
from collector.dialects.keyed import key_in_head
from collector.dialects.passed_on import visitor_of
from collector.dialects.retry_key import checked_key
from collector.dialects.wrong_names import checked_name, checked_site, is_meant_as_name
from collector.hit import Hit
from collector.kinds.web import EventClaim, PageviewClaim
from collector.outcomes import Outcome, Rejected, RejectReason
from collector.privacy.url import url_of_path
from contracts.control.keys import Scope

# The smallest transparent GIF (GIF89a, one pixel).
GIF: Final = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


def read_pixel(arrival: Arrival) -> list[Hit | Rejected]:
    """Return the hit that ``site``, ``path`` (or ``url``), ``referrer``, ``name`` and ``id`` name, or the Referer's page."""
    head = arrival.head
    fields = read_query(head.query)
    key = checked_key(fields.get("id") or None)
    site = checked_site(fields["site"], "site") if "site" in fields else ""
    name = _name_in(fields)
    url = url_of_path(fields.get("path", "")) or fields.get("url") or head.header(b"referer")
    if not url:
        detail = "The page is missing; add path to the pixel's address, such as ?site=shop.example&path=/pricing."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="path")
    browser = read_browser(head)
    referrer, sender = fields.get("referrer", ""), arrival.sender
    return [
        Hit(
            person=visitor_of(sender) if sender.is_server else browser.person(),
            sender=sender,
            site=site or ("" if sender.site else host_of(url) or site_of_page(head)),
            received_at=arrival.received_at,
            claim=EventClaim(url=url, referrer=referrer, name=name) if name else PageviewClaim(url=url, referrer=referrer),
            key=key,
            signals=browser.signals,
        )
    ]


def _name_in(fields: Mapping[str, str]) -> str:
    """Return the event's name, "" for a pageview, or raise Rejected where a pageview cannot be meant."""
    if "name" in fields:
        return checked_name(fields["name"], "name")
    for position, field in enumerate(fields, start=1):
        if is_meant_as_name(field):
            detail = f"Field {position} of the query is none that we know, and looks like name; spell it name, or leave it out."
            raise Rejected(RejectReason.UNKNOWN_FIELD, detail, field="name")
    return ""


def word_pixel(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer with the image, stored or dropped; headers say why it was dropped, or what else its sender should hear of it."""
    told = told_of(ended_well(outcomes[0]))
    return Answer(status=200, headers=((b"content-type", b"image/gif"), *told), body=GIF)


ENDPOINTS: Final = (
    Endpoint(
        template="/pixel.gif",
        dialect="pixel",
        methods=("GET",),
        limit=0,
        read=read_pixel,
        word=word_pixel,
        scope=Scope.INGEST,
        shown_key=key_in_head,
    ),
)
