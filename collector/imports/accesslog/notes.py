"""What whoever imports a log must know beside the numbers: where it may be misread, and what can be done about that."""

from collections.abc import Iterator
from typing import Final

from collector.imports.accesslog.skip import REMEDIES
from collector.imports.accesslog.summary import Summary
from collector.imports.accesslog.walk import LogWalk

# Fewer from one address may be one person.
_MANY: Final = 20

_NO_USER_AGENTS: Final = (
    "of the lines hold no user agent: robots cannot be told from people in them, nor people who share an address from "
    "each other"
)
_DOUBTFUL: Final = (
    "of the events name somebody else behind their address, which is no trusted proxy's: all who are behind it are one visitor "
    "per browser. If it is your proxy, name it: --trusted-proxy ADDRESS. Try with --dry-run, for what is stored stays as it is"
)
_ONE_ADDRESS: Final = (
    "of the events come from one address. If it is your proxy's, let the log hold X-Forwarded-For at the end of each line, and "
    "name it: --trusted-proxy ADDRESS"
)


def notes_on(summary: Summary, walk: LogWalk) -> Iterator[tuple[int, str]]:
    """Yield each number that calls for a word, with that word."""
    crowd = walk.crowd
    if walk.without_user_agents:
        yield walk.without_user_agents, _NO_USER_AGENTS
    if walk.doubtful:
        yield walk.doubtful, _DOUBTFUL
    elif crowd.events >= _MANY and crowd.at_one_address * 2 > crowd.events:
        yield crowd.at_one_address, _ONE_ADDRESS
    for reason, number in summary.skipped.most_common():
        if (remedy := REMEDIES.get(reason)) is not None:
            yield number, f"lines were left out: {reason.value}. {remedy}"
