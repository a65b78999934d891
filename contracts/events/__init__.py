"""The facts: one file per family, one frozen struct per published version, its docstring the meaning; CATALOGUE is the list."""

from contracts.events import product, web
from contracts.events.envelope import Amount, Code, Fact, Moment, Money, Scalar
from contracts.events.product import ActionRecorded, App, ProductEvent, ProductFact, SubjectDescribed
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
    "ActionRecorded",
    "Amount",
    "App",
    "BotRule",
    "Channel",
    "Code",
    "Device",
    "DeviceKind",
    "EngagementMeasured",
    "EventRecorded",
    "Evidence",
    "Fact",
    "Moment",
    "Money",
    "Page",
    "PageViewed",
    "Place",
    "ProductEvent",
    "ProductFact",
    "Scalar",
    "Screen",
    "Source",
    "SubjectDescribed",
    "WebEvent",
    "WebFact",
]

CATALOGUE: tuple[type[Fact], ...] = (*web.FACTS, *product.FACTS)
