"""`bilan stats`: how many events there are of each type, of how many users, and what they take."""

from collections import Counter

import click
from msgspec import Struct, field

from collector.cli.bilan.options import data_option_of, db_option
from collector.cli.bilan.reading import connected
from collector.cli.options import examples, settings_with
from collector.cli.terminal import run_command
from collector.imports.facts.lines import facts_of
from collector.settings import Settings
from contracts.codec import CODEC, type_of
from contracts.events import TurnsFact


class Count(Struct):
    """What was counted."""

    types: Counter[str] = field(default_factory=Counter)
    subjects: set[str] = field(default_factory=set)
    size: int = 0


@click.command("stats", epilog=examples("bilan stats --db ./bilan.db"))
@db_option
def command(db: str | None) -> None:
    """Count the tenant's events by type, the users of AI conversations, and their bytes."""
    count = run_command(_count(settings_with(**data_option_of(db))))
    for name, number in sorted(count.types.items()):
        click.echo(f"{number:>12,}  {name}")
    click.echo(f"{count.types.total():>12,}  events in all, {count.size:,} bytes")
    click.echo(f"{len(count.subjects):>12,}  users of AI conversations, each by a pseudonym")


async def _count(settings: Settings) -> Count:
    count = Count()
    async with connected(settings) as client:
        async for body in facts_of(client, settings.collection.tenant, partitions=settings.stream.partitions):
            count.size += len(body)
            fact = CODEC.decode(body)
            count.types[type_of(fact).partition(".")[0]] += 1
            if isinstance(fact, TurnsFact) and fact.subject:
                count.subjects.add(fact.subject)
    return count
