"""The access log that the harness asks about: the busy one of the import's tests, and a few whose visits have a shape."""

from collections.abc import Iterator
from pathlib import Path

from tests.collector.imports.logs import ROBOT, SITE, busy_log, line, written
from tests.recorded.questions import of_log

LINES = 4000
LIMIT = 10
FIRST, LAST = "2026-05-14", "2026-05-17"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 "
    "Edg/141.0.0.0"
)
# No two steps of one visitor share a second, for then the ids would decide which page came first.
# From where, with what, and which addresses at which times of 16 May: wandering, coming back, staying over midnight.
VISITS = (
    ("198.51.100.1", IPHONE, "https://duckduckgo.com/", (("/", "09:00:00"), ("/pricing", "09:03:10"), ("/join", "09:20:00"))),
    ("198.51.100.1", IPHONE, "https://chatgpt.com/", (("/docs", "09:51:00"), ("/docs/install", "09:52:00"))),
    (
        "198.51.100.2",
        EDGE,
        "-",
        (("/?utm_source=letter&utm_medium=email&utm_campaign=may", "10:00:00"), ("/pricing", "10:30:00")),
    ),
    ("198.51.100.3", EDGE, "https://www.facebook.com/", (("/blog", "23:50:00"), ("/files/guide.pdf", "23:59:59"))),
    ("198.51.100.4", ROBOT, "-", (("/", "04:00:00"), ("/docs", "04:00:01"), ("/robots.txt", "04:00:01"))),
    ("2001:db8::7", "-", "http://semalt.com/", (("/", "05:00:00"), ("/u/jane@shop.example", "05:00:10"))),
)
ODD = (
    line("/night", ip="198.51.100.3", at="17/May/2026:00:10:00 +0000", agent=EDGE),
    line("/far", at="16/May/2026:23:30:00 -0700", vhost="www.shop.example:443 "),
    line(method="POST"),
    line("/gone", status=404),
    line(at="17/May/2031:10:05:03 +0000"),
    "no line of a log",
    "",
)


def made_log(folder: Path) -> Path:
    """Write the log to a file in *folder*, and return it."""
    visits = (
        line(target, ip=ip, at=f"16/May/2026:{at} +0000", agent=agent, referrer=referrer if number == 0 else "-")
        for ip, agent, referrer, steps in VISITS
        for number, (target, at) in enumerate(steps)
    )
    return written(folder, [*busy_log(LINES), *visits, *ODD])


def asked() -> Iterator[str]:
    """Yield every question about the log."""
    return of_log(SITE, FIRST, LAST, LIMIT)
