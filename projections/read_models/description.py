"""The words with which a fact describes who came with what, and from where: the columns of two dictionaries, in their order."""

from typing import TypeAlias

from contracts.events import WebEvent

Description: TypeAlias = tuple[str, ...]

# What is the same for all that a visitor does, as a rule: their place and device, and whether a robot they are.
OF_CLIENT = (
    "country",
    "region",
    "device",
    "browser",
    "browser_version",
    "os",
    "os_version",
    "language",
    "screen",
    "bot_rule",
    "bot_name",
)

# Where a visit came from, and which import brought it.
OF_ORIGIN = (
    "source",
    "channel",
    "referrer",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "batch",
)

COLUMNS = (*OF_CLIENT, *OF_ORIGIN)


def client_of(event: WebEvent) -> Description:
    """Return what *event* says about OF_CLIENT."""
    place, device = event.place, event.device
    return (
        place.country,
        place.region,
        device.kind.value,
        device.browser,
        device.browser_version,
        device.os,
        device.os_version,
        event.language,
        event.screen.value if event.screen else "",
        event.bot or "",
        event.bot_name,
    )


def origin_of(event: WebEvent) -> Description:
    """Return what *event* says about OF_ORIGIN."""
    source = event.source
    return (
        source.name,
        source.channel.value,
        source.referrer,
        source.utm_source,
        source.utm_medium,
        source.utm_campaign,
        source.utm_term,
        source.utm_content,
        event.batch or "",
    )
