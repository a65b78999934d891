"""What is asked of each world: addresses of the API, each variant once."""

from collections.abc import Iterator
from itertools import product
from urllib.parse import quote

METRICS = ("visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration")
DIMENSIONS = (
    *("page", "entry_page", "exit_page", "source", "channel", "referrer"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"),
    *("country", "region", "device", "browser", "os", "event", "hostname", "bot"),
)
CUSTOM = "period=custom&from=2026-11-10&to=2026-11-12"
PERIODS = ("period=today", "period=yesterday", "period=7d", "period=30d", "period=month", "period=12mo", "period=year", CUSTOM)
ZONES = ("UTC", "Europe/Oslo", "Asia/Kolkata", "Pacific/Apia", "America/New_York")
FILTERS = (
    "page:/pricing",
    "source:Google",
    "country!:NO",
    "event:Signup",
    "entry_page:/",
    "bot:Googlebot",
    "channel:Referral",
    "device!:desktop",
    "utm_campaign:",
)
# Whole tables are long, so each of these is asked of every dimension.
TABLES = (
    "period=30d",
    "period=30d&who=bot",
    "period=7d&timezone=Europe/Oslo&who=all",
    "period=today&timezone=Pacific/Apia",
    f"{CUSTOM}&timezone=Asia/Kolkata",
    "period=30d&filter=source:Google",
    "period=30d&timezone=America/New_York&filter=page:/pricing&filter=device!:desktop",
)
REFUSED = (
    "overview?period=decade",
    "overview?period=custom&from=2026-11-12&to=2026-11-10",
    "overview?from=2026-11-10",
    "overview?timezone=Mars/Olympus",
    "overview?filter=colour:red",
    "overview?limit=0",
    "overview?surprise=1",
    "timeseries?metric=happiness",
    "timeseries?period=12mo&interval=hour",
    "breakdown/colour",
    "nothing",
)


def of_demo(site: str) -> Iterator[str]:
    """Yield every question about the demo."""
    yield "/api/stats/"
    yield "/api/stats/definitions"
    about = f"/api/stats/{site}/"
    for question in (*_numbers(), *_series(), *_tables(), *_now()):
        yield about + question
    yield from (about + refused for refused in REFUSED)
    yield from (f"/api/stats/nobody.example/{answer}" for answer in ("overview?period=today", "breakdown/page", "realtime"))


def of_log(site: str, first: str, last: str, limit: int) -> Iterator[str]:
    """Yield every question about a log whose days are *first* to *last*."""
    about, days = f"/api/stats/{site}/", f"period=custom&from={first}&to={last}"
    yield "/api/stats/"
    for who, zone in product(("human", "bot", "all"), ("UTC", "America/New_York")):
        yield f"{about}overview?{days}&who={who}&timezone={zone}"
    for metric, interval in product(METRICS, ("day", "hour")):
        yield f"{about}timeseries?{days}&metric={metric}&interval={interval}"
    for dimension in DIMENSIONS:
        for who in ("human", "bot"):
            yield f"{about}breakdown/{dimension}?{days}&who={who}&limit={limit}"
        yield f"{about}breakdown/{dimension}.csv?{days}&who=all&timezone=Europe/Oslo&limit={limit}"


def _numbers() -> Iterator[str]:
    for period, zone in product(PERIODS, ZONES):
        yield f"overview?{period}&timezone={zone}"
    for period, who in product(PERIODS, ("bot", "all")):
        yield f"overview?{period}&who={who}"
    for filter_, who in product(FILTERS, ("human", "all")):
        yield f"overview?period=7d&who={who}&filter={_quoted(filter_)}"
    yield "overview"


def _series() -> Iterator[str]:
    for metric, asked in product(METRICS, ("period=today&interval=hour", "period=7d&interval=day", f"{CUSTOM}&interval=hour")):
        yield f"timeseries?{asked}&metric={metric}"
    for zone, asked in product(ZONES, ("period=today", "period=7d", "period=12mo&interval=month")):
        yield f"timeseries?{asked}&timezone={zone}&who=all"
    for filter_ in FILTERS:
        yield f"timeseries?period=7d&metric=pageviews&filter={_quoted(filter_)}"
    yield "timeseries?period=30d&metric=visits&who=bot"


def _tables() -> Iterator[str]:
    for dimension, asked in product(DIMENSIONS, TABLES):
        yield f"breakdown/{dimension}?{asked}&limit=10"
    for dimension in DIMENSIONS:
        yield f"breakdown/{dimension}.csv?period=30d&who=all&limit=10"
    for filter_, dimension in product(FILTERS, ("page", "source", "event")):
        yield f"breakdown/{dimension}?period=7d&who=all&filter={_quoted(filter_)}&limit=5"


def _now() -> Iterator[str]:
    yield from ("realtime", "realtime?who=bot", "realtime?who=all", "realtime?timezone=Pacific/Apia", "realtime?filter=page:/")


def _quoted(filter_: str) -> str:
    return quote(filter_, safe=":/!")
