"""The facts: one file per family, one frozen struct per published version, its docstring the meaning; CATALOGUE is the list."""

from contracts.events import logs, web
from contracts.events.envelope import Amount, Code, Fact, Moment, Money, Scalar
from contracts.events.logs import LogKind, LogRecorded, Priority
from contracts.events.web import (
    BotRule,
    Channel,
    Device,
    DeviceKind,
    EngagementMeasured,
    EventRecorded,
    Evidence,
    Page,
    PageViewed,
    Place,
    Screen,
    Source,
    WebEvent,
    WebFact,
)

__all__ = [
    "CATALOGUE",
    "Amount",
    "BotRule",
    "Channel",
    "Code",
    "Device",
    "DeviceKind",
    "EngagementMeasured",
    "EventRecorded",
    "Evidence",
    "Fact",
    "LogKind",
    "LogRecorded",
    "Moment",
    "Money",
    "Page",
    "PageViewed",
    "Place",
    "Priority",
    "Scalar",
    "Screen",
    "Source",
    "WebEvent",
    "WebFact",
]

CATALOGUE: tuple[type[Fact], ...] = (*web.FACTS, *logs.FACTS)
