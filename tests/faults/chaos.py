"""One chaos run: writers write while victims are hurt at random, and then what was promised is held against what is there."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from tests.faults.ledger import Ledger
from tests.faults.verdict import Evidence, Fault, broken_promises, gather
from tests.faults.victims import Victim
from tests.faults.world import World
from tests.faults.writers import Writer

WRITERS = 6


class Report(Struct, frozen=True, kw_only=True):
    """What a run came to."""

    seed: str
    ledger: Ledger
    evidence: Evidence
    faults: Counter[str]

    @property
    def broken(self) -> list[tuple[Fault, str]]:
        """Every promise that was broken."""
        return broken_promises(self.ledger, self.evidence)

    def __str__(self) -> str:
        ledger, found = self.ledger, self.evidence
        landed = len(ledger.unknown & found.hits.keys())
        return "\n".join(
            (
                f"CHAOS_SEED={self.seed}",
                (
                    f"events sent: {len(ledger)}; acknowledged: {len(ledger.stored)}; "
                    f"unknown: {len(ledger.unknown)}, of which {landed} were stored"
                ),
                f"attempts: {_listed({told.value: number for told, number in ledger.answers.items()})}",
                (
                    f"in the stream: {found.stream.total()}; hits: {found.hits.total()}; applied: {found.applied}; "
                    f"repeats: {found.duplicates}; quarantined: {found.quarantined}"
                ),
                f"the product's ledger: {found.accounts.verdict.value}",
                f"faults: {self.faults.total()}: {_listed(self.faults)}",
            )
        )


@contextlib.asynccontextmanager
async def write(ports: Sequence[int], ledger: Ledger, seed: str) -> AsyncIterator[None]:
    """Have writers write to the ingest processes at *ports* for the length of the block."""
    stop = asyncio.Event()
    writers = [Writer(f"writer{number}", ports, ledger, seed=seed) for number in range(WRITERS)]
    async with asyncio.TaskGroup() as tasks:
        for writer in writers:
            tasks.create_task(writer.write_until(stop))
        try:
            yield
        finally:
            stop.set()


async def torment(victims: Sequence[Victim], *, seconds: float, seed: str) -> Counter[str]:
    """Hurt one, two or three of *victims* at a time until *seconds* are over, bring all of them back, and return the tally."""
    chance, tally = random.Random(seed), Counter[str]()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        chosen = chance.sample(victims, chance.choice((1, 1, 1, 2, 2, 3)))
        for victim in chosen:
            way = chance.choice(victim.ways)
            victim.hurt(way)
            tally[f"{way} {victim.name}"] += 1
        await asyncio.sleep(chance.random() ** 2 * 3)
        for victim in chosen:
            await victim.bring_back()
        await asyncio.sleep(chance.random() * 2)
    return tally


async def report(around: World, ledger: Ledger, faults: Counter[str], seed: str) -> Report:
    """Wait until the dust has settled, and return what there is to tell."""
    await around.settle(ledger)
    await around.close_the_books()
    evidence = await gather(around.nats.url, around.postgres.url)
    return Report(seed=seed, ledger=ledger, evidence=evidence, faults=faults)


def _listed(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items()))
