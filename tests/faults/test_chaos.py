"""Whatever is killed, frozen and started again: what was acknowledged counts once, what was not counts once or never."""

import os
import secrets
from pathlib import Path

from collector.local.guarded import GuardedLauncher
from projections.query.ledger.balance import Verdict
from tests.faults.chaos import report, torment, write
from tests.faults.ledger import Ledger, Told
from tests.faults.world import world

SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
SEED = os.environ.get("CHAOS_SEED", "") or secrets.token_hex(4)


async def test_acknowledged_events_count_once_and_unknown_ones_at_most_once(tmp_path: Path, launcher: GuardedLauncher):
    print(f"CHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:g}")  # noqa: T201  # what a run is repeated by
    ledger = Ledger()
    async with world(tmp_path, launcher) as around:
        await around.ready()
        async with write(around.ports, ledger, SEED):
            faults = await torment(around.victims, seconds=SECONDS, seed=SEED)
        run = await report(around, ledger, faults, SEED)
    print(run)  # noqa: T201  # what it came to
    assert run.broken == []
    is_any_silent = any(name.endswith("serve") for name in faults)
    assert is_any_silent or run.evidence.accounts.verdict is Verdict.ADDS_UP, "only who is killed may tell too little"
    assert Told.REFUSED not in ledger.answers
    assert len(ledger.stored) > 100, "a run that stores next to nothing proves nothing"
