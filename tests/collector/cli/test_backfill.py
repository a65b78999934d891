"""`collector backfill` says what it does, in words and for programs, and refuses what it cannot do before it does anything."""

import csv
import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.advice import conftest as advice
from tests.advice.installation import Installation
from tests.facts import pageview

# Found by pytest under these names.
counted, installation, facts = advice.counted, advice.installation, advice.facts

SITE = "site-1.example"
SPOIL = "DELETE FROM coded_hits"


async def run(installation: Installation, *options: str) -> Any:
    return await installation.run(shlex.join(["collector", "backfill", *options]))


def said(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
async def spoilt(installation: Installation) -> dict[str, Any]:
    """What a spoilt installation keeps."""
    await installation.tables.connection.execute(SPOIL)
    return await installation.kept()


async def test_it_says_that_nothing_differs_and_how_many_events_it_computed(installation: Installation):
    before = await installation.kept()
    done = await run(installation)
    assert done.exit_code == 0, done.stderr
    assert "web: nothing differs." in done.stdout
    assert "Computed 11 events again in " in done.stderr
    after = await installation.kept()
    assert (after["generation"], after["tables"]) == ("web_g2", before["tables"])


async def test_a_dry_run_says_what_would_change_changes_nothing_and_ends_with_4(
    installation: Installation, spoilt: dict[str, Any]
):
    done = await run(installation, "--dry-run")
    assert done.exit_code == 4, done.stderr
    assert re.search(r"web: \d+ number\(s\) differ\.", done.stdout)
    assert SITE in done.stdout
    assert re.search(r"Compared what 11 events make in .* s, and changed nothing\.", said(done.stderr))
    assert await installation.kept() == spoilt
    assert (await run(installation)).exit_code == 0, "that it differs is no error of a run that mends it"
    done = await run(installation, "--dry-run")
    assert (done.exit_code, "web: nothing differs." in done.stdout) == (0, True), done.stderr


async def test_json_is_one_document_a_line_each_difference_and_then_the_end(installation: Installation, spoilt: dict[str, Any]):
    done = await run(installation, "--dry-run", "--json")
    *differences, end = [json.loads(line) for line in done.stdout.splitlines()]
    assert (end["events"], end["erased"], end["purpose"], end["differences"]) == (11, 0, "compare", len(differences))
    assert done.exit_code == 4
    assert {one["projection"] for one in differences} == {"web"}
    assert {"tenant", "site", "day", "dimension", "value", "number", "was", "is_now"} <= differences[0].keys()
    assert any(one["number"] == "pageviews" and one["was"] < one["is_now"] for one in differences)
    assert await installation.kept() == spoilt
    end = json.loads((await run(installation, "--json")).stdout.splitlines()[-1])
    assert (end["purpose"], end["differences"]) == ("replace", len(differences))
    (end,) = [json.loads(line) for line in (await run(installation, "--json")).stdout.splitlines()]
    assert end["differences"] == 0


async def test_a_report_holds_every_difference_that_json_says(
    installation: Installation, spoilt: dict[str, Any], tmp_path: Path
):
    report = tmp_path / "differences.csv"
    done = await run(installation, "--dry-run", "--json", "--report", str(report))
    assert (done.exit_code, await installation.kept()) == (4, spoilt)
    *differences, _ = [json.loads(line) for line in done.stdout.splitlines()]
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["site"], row["number"], row["value"]) for row in rows] == [
        (one["site"], one["number"], one["value"]) for one in differences
    ]
    refused = await run(installation, "--report", str(tmp_path / "nowhere" / "differences.csv"))
    assert refused.exit_code == 2
    assert "--report cannot be written there" in said(refused.stderr)


async def test_one_site_alone_is_looked_at_and_mended(installation: Installation, spoilt: dict[str, Any]):
    looked = await run(installation, "--site", SITE, "--dry-run", "--json")
    *differences, end = [json.loads(line) for line in looked.stdout.splitlines()]
    assert (looked.exit_code, {one["site"] for one in differences}) == (4, {SITE}), looked.stderr
    assert 0 < end["events"] < 11
    assert await installation.kept() == spoilt
    mended = await run(installation, "--site", SITE.upper())
    assert mended.exit_code == 0, mended.stderr
    left = await run(installation, "--dry-run", "--json")
    *differences, _ = [json.loads(line) for line in left.stdout.splitlines()]
    assert SITE not in {one["site"] for one in differences}
    assert differences, "the others are as they were"


async def test_one_projection_alone_is_computed(installation: Installation):
    done = await run(installation, "--projection", "turns")
    assert done.exit_code == 0, done.stderr
    assert "Computed 0 events again" in done.stderr
    assert await installation.tables.turn_to_current() == "web_g1"
    done = await run(installation, "--projection", "web")
    assert "Computed 11 events again" in done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["web"]
    assert await installation.tables.turn_to_current() == "web_g2"


async def test_a_site_that_has_no_event_is_refused_and_nothing_is_changed(installation: Installation):
    before = await installation.kept()
    for options in (("--site", "nobodys.example"), ("--site", "nobodys.example", "--dry-run", "--json")):
        refused = await run(installation, *options)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "No event of that site is stored or counted" in said(refused.stderr)
        assert "collector sites list" in said(refused.stderr)
        assert "nobodys" not in refused.stderr
    assert await installation.kept() == before


async def test_a_site_is_known_before_it_is_counted_and_refused_once_its_stream_is_gone(installation: Installation):
    await installation.facts.publish(pageview(site="new.example"))
    done = await run(installation, "--site", "new.example")
    assert done.exit_code == 0, done.stderr
    before = (await installation.kept())["tables"]
    await installation.facts.delete_stream()
    refused = await run(installation, "--site", SITE)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "No event of that site" not in refused.stderr
    assert "web: the stream EVENTS_WEB_0 is gone; " in said(refused.stderr)
    assert "--accept-loss" not in refused.stderr, "that would lose what is gone of every other site, too"
    assert "`collector backfill --dry-run` says what a rebuild of all sites would be without" in said(refused.stderr)
    looked = await run(installation, "--dry-run")
    assert looked.exit_code == 4, looked.stderr
    assert "It would be without: web: the stream EVENTS_WEB_0 is gone; " in said(looked.stderr)
    assert (await installation.kept())["tables"] == before


FORWARD = ("--forward", "http://127.0.0.1:1/x")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--projection", "nobodys"), "'nobodys' is not one of 'web'"),
        (("--site", "no site"), "a site's name is a host such as shop.example"),
        (("--partition", "1"), "there are 1 partition(s), numbered from 0"),
        (("--partition", "0", "--dry-run"), "--partition goes with neither --dry-run nor --site"),
        (("--partition", "0", "--site", SITE), "--partition goes with neither --dry-run nor --site"),
        (("--accept-loss", "--dry-run"), "--dry-run and --site lose nothing: leave --accept-loss out."),
        (("--accept-loss", "--site", SITE), "--dry-run and --site lose nothing: leave --accept-loss out."),
        *(
            ((*FORWARD, *more), "--forward computes nothing: only --partition goes with it")
            for more in (("--dry-run",), ("--json",), ("--accept-loss",), ("--site", SITE), ("--projection", "web"))
        ),
    ],
)
async def test_options_that_cannot_be_or_go_with_no_other_are_refused(
    installation: Installation, options: Sequence[str], says: str
):
    before = await installation.kept()
    refused = await run(installation, *options)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert says in said(refused.stderr)
    assert await installation.kept() == before
