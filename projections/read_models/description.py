"""The words with which a fact and a visit describe the visitor's place, device and source, in the order of the columns."""

from typing import TypeAlias

from sqlalchemy import Column

from contracts.events import WebEvent
from projections.schema import words

Description: TypeAlias = tuple[str, ...]

COLUMNS = (
    "country",
    "region",
    "device",
    "browser",
    "browser_version",
    "os",
    "source",
    "channel",
    "referrer",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
)


def columns() -> list[Column[str]]:
    """Return COLUMNS as a table's columns."""
    return [words(name) for name in COLUMNS]


def describe(event: WebEvent) -> Description:
    """Return what *event* says about COLUMNS."""
    place, device, source = event.place, event.device, event.source
    return (
        place.country,
        place.region,
        device.kind.value,
        device.browser,
        device.browser_version,
        device.os,
        source.name,
        source.channel.value,
        source.referrer,
        source.utm_source,
        source.utm_medium,
        source.utm_campaign,
        source.utm_term,
        source.utm_content,
    )
