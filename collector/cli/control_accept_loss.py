"""`collector control accept-loss`: lets what the stream of decisions holds now count; it says what is gone, and asks."""

import contextlib
from collections.abc import AsyncIterator

import click
from msgspec import Struct

from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.control.keeping import accept_loss, found_control
from collector.control.losing import are_lost
from collector.control.reading import message_id_at
from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE, Connection
from contracts.control.loss import Place
from contracts.control.stream import CONTROL_STREAM
from contracts.jetstream import ApiAnswer, JetStreamError
from projections.control.accepted import begin_anew, known_decisions
from projections.database import POSTGRES_ERRORS, advice_for

_LOSS = """\
NATS holds {held:,} decision(s). What was decided before is gone for ever, also where a backup turns up later:

  - {known}
  - members cannot sign in, and keys are refused, unless they are decided again
  - until somebody is the owner again, the dashboard is open to whoever asks from this machine

Events and numbers stay; so do names, addresses and passwords in the vault, until somebody is invited.
"""
_AWAY = "NATS does not answer: what was begun is gone on with when this is run again beside NATS."


class _Found(Struct, frozen=True, kw_only=True):
    """What there is: the decisions that NATS holds, and those that Postgres knows beyond it, by kind."""

    held: int
    is_lost: bool
    known: dict[str, int]


@click.command("accept-loss", epilog=examples("collector control accept-loss"))
@data_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(*, yes: bool, **options: str) -> None:
    """Go on without the decisions that NATS has lost.

    Look first for the stream's folder in your backups: where it is put back, nothing is lost.
    """
    try:
        run_command(_go_through(settings_with(**options), yes=yes))
    except POSTGRES_ERRORS as error:
        raise Failure(f"{advice_for(error)}. Run this again then.") from error
    except (JetStreamError, *UNREACHABLE) as error:
        raise Failure(_AWAY) from error


async def _go_through(settings: Settings, *, yes: bool) -> None:
    async with endpoints(settings) as (nats_url, database_url, _), _connected(nats_url) as client:
        found = await _look(client, database_url)
        if not found.is_lost:
            click.echo("Nothing is lost that is known here, and nothing was changed.", err=True)
            return
        click.echo(_LOSS.format(held=found.held, known=_said(found.known)), err=True)
        if not yes:
            click.confirm("Is there no backup of the stream, and may all of that go?", abort=True, err=True)
        # The mark first: where this ends in between, the tables still say that there is something to accept.
        stream = await accept_loss(client, utc_now(), replicas=settings.stream.replicas)
        if stream.created is not None:
            await begin_anew(database_url, stream.created, last_seq=stream.state.last_seq)
    click.echo("What NATS holds counts now. Become the owner again with: collector members invite", err=True)


@contextlib.asynccontextmanager
async def _connected(nats_url: str) -> AsyncIterator[Connection]:
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        if not client.is_connected:
            raise Failure(_AWAY)
        yield client
    finally:
        await broker.disconnect(client)


async def _look(client: Connection, database_url: str) -> _Found:
    stream, known = await found_control(client), await known_decisions(database_url)
    is_lost = await are_lost(client, stream) or (known.place is not None and not await _goes_on(client, stream, known.place))
    return _Found(held=0 if stream is None else stream.state.last_seq, is_lost=is_lost, known=known.things)


async def _goes_on(client: Connection, stream: ApiAnswer | None, known: Place) -> bool:
    if not known.seq:
        return True
    if stream is None or not known.may_go_on(created=stream.created, last_seq=stream.state.last_seq):
        return False
    return await message_id_at(client, CONTROL_STREAM, known.seq) == known.message_id


def _said(known: dict[str, int]) -> str:
    if not known:
        return "what was decided about tenants, sites, keys and people; Postgres does not know of any"
    return "of what Postgres knows: " + ", ".join(f"{count:,} {kind}(s)" for kind, count in sorted(known.items()))
