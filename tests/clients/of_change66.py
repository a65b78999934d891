"""Change66's log server: the script that tests its API, unmodified but for where its longest body passes."""

import os
import re
from pathlib import Path

from tests.clients.installation import Installation, installed, run
from tests.clients.listening import Exchange, listening

SCRIPT, FILTERS = "Change66-server-logs/scripts/test-api.sh", "Change66-server-logs/scripts/test-filter-api.sh"
NEEDS = (SCRIPT, FILTERS)
LONG_BODIES = Path(__file__).parent / "long_bodies.sh"
# Both scripts say their own address and their own key.
ITS_PORT = 8080
KEY = re.compile(r'^API_KEY="([\w-]+)"', re.MULTILINE)
PASSED, FAILED = "✅", "❌"
FACTS = {"log_recorded.v1": 3}


def meet(clients: Path) -> tuple[str, list[Exchange]]:
    """Run both scripts against a fresh installation, and return the key and what was said."""
    with (
        installed("change66", site="habits.example", key=its_key(clients / SCRIPT)) as here,
        listening(here.address, ITS_PORT) as between,
    ):
        said = run("bash", clients / SCRIPT, PATH=os.environ["PATH"], BASH_ENV=str(LONG_BODIES))
        assert (said.count(PASSED), said.count(FAILED)) == (13, 0), said
        asked = run("bash", clients / FILTERS, PATH=os.environ["PATH"])
        assert re.findall(r'"error": "(\w+)"', asked) == ["invalid_event_type", "invalid_start_time"]
        assert re.findall(r'"total_count": (\d+)', asked) == ["1", "0", "0", "3", "0", "0", "0", "3", "3", "3", "3"]
        counted(here)
        here.compute_again()
        counted(here)
        return here.key, between.heard


def its_key(script: Path) -> str:
    return KEY.findall(script.read_text(encoding="utf-8"))[0]


def counted(here: Installation) -> None:
    metrics = here.ask("/api/v1/metrics")["data"]
    assert (metrics["total_logs"], metrics["active_sessions"]) == (3, 1)
    counts = {each["event_type"]: each["count"] for each in metrics["top_event_types"]}
    assert counts == {"behavioral": 1, "performance": 1, "telemetry": 1}
    lines = here.ask("/api/v1/logs/filter?user_id=test_user_456&session_id=test_session_789&sort_by=event_name&sort_order=asc")
    assert [line["event_name"] for line in lines["data"]["logs"]] == ["habit_completed", "metric_recorded", "service_call"]
    assert here.ask("/api/v1/logs/filter?event_type=performance")["data"]["logs"][0]["properties"]["value"] == 2.5
