"""Minigem: its README's curl, its batch, its JavaScript class in a browser, and its Python class."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.clients.blocks import blocks_of
from tests.clients.browsing import opened, wait_for
from tests.clients.installation import Installation, installed, run
from tests.clients.listening import Exchange, Listener, listening

README = "minigem-telemetry/README.md"
NEEDS = (README,)
TAKEN = {"ok": True, "accepted": 1, "skipped": 0}
# The README's examples happened on one day of its own.
THAT_DAY = "from=2022-01-01&to=2022-01-01"
FACTS = {"action_recorded.v1": 7}


def meet(clients: Path) -> tuple[str, list[Exchange]]:
    """Run what the README shows against a fresh installation, and return the key and what was said."""
    with installed("minigem", site="game.example") as here, listening(here.address) as between:
        typed(clients / README, between)
        in_a_browser(clients / README, between)
        in_python(clients / README, between)
        counted(here)
        here.compute_again()
        counted(here)
        return here.key, between.heard


def typed(readme: Path, between: Listener) -> None:
    (curl,) = blocks_of(readme, "bash", having="/t ", address=between.address)
    assert json.loads(run("sh", "-ec", curl, PATH="/usr/bin:/bin")) == TAKEN
    (batch,) = blocks_of(readme, "json", having="batch", address=between.address)
    sent = run("curl", "-s", f"{between.address}/t", "-H", "Content-Type: application/json", "-d", "@-", standard_input=batch)
    assert json.loads(sent) == TAKEN | {"accepted": 2}


def in_a_browser(readme: Path, between: Listener) -> None:
    (source,) = blocks_of(readme, "javascript", having="class TelemetryClient", address=between.address)
    before = answered(between)
    with opened(f"<script>{source}</script>") as page:
        wait_for(lambda: answered(between) == before + 2, page, "both events of the page are answered")
    assert [json.loads(each.answer) for each in between.heard if each.method == "POST"][-2:] == [TAKEN, TAKEN]


def in_python(readme: Path, between: Listener) -> None:
    (source,) = blocks_of(readme, "python", having="class TelemetryClient", address=between.address)
    before = answered(between)
    assert "failed" not in run(sys.executable, "-", standard_input=f"{source}\n")
    assert answered(between) == before + 2


def answered(between: Listener) -> int:
    return sum(each.method == "POST" for each in between.heard)


def counted(here: Installation) -> None:
    then, now = here.ask(f"/minigem/stats?{THAT_DAY}"), here.ask("/minigem/stats")
    assert (then["total"], then["uniques"], then["byEvent"]) == (3, 1, {"app.started": 2, "feature.used": 1})
    assert (then["daily"]["hits"], then["byOs"]) == ([3], {"unknown": 2, "Windows_NT": 1})
    assert (now["total"], now["uniques"]) == (4, 2)
    assert now["byEvent"] == {"app.started": 2, "feature.used": 1, "api.called": 1}
    assert sum(now["hourly"]) == 4
    words: list[Any] = [then, now]
    assert "user123" not in json.dumps(words)
