"""`bilan start`: everything on this machine, by bilan's options."""

import click

from collector.cli.bilan.options import data_option_of, db_option
from collector.cli.options import examples
from collector.cli.up import command as up
from collector.settings.bilan import ANY_PAGE, is_said, level_of, overrule


@click.command("start", epilog=examples("bilan start --port 3001 --log-level debug"))
@click.option("--port", "-p", type=click.IntRange(1, 65535), default=None, help="Port to listen on [BILAN_PORT; 3001].")
@click.option("--host", help="Address to listen on [BILAN_HOST; 127.0.0.1]; another needs COLLECTOR_ACCESS_TOKEN.")
@db_option
@click.option("--cors", metavar="ORIGINS", help="Nothing: any page may send. See `collector sites origins`.")
@click.option("--rate-limit", type=click.IntRange(min=0), help="Events a minute from one address or key [BILAN_RATE_LIMIT].")
@click.option("--log-level", help="debug, info, warn or error [BILAN_LOG_LEVEL; info].")
@click.option("--wal-mode", is_flag=True, help="Nothing: Postgres always writes ahead.")
@click.pass_context
def command(  # noqa: PLR0917  # bilan's own options
    context: click.Context,
    port: int | None,
    host: str | None,
    db: str | None,
    cors: str | None,
    rate_limit: int | None,
    log_level: str | None,
    wal_mode: bool,  # noqa: ARG001, FBT001  # it changes nothing
) -> None:
    """Run NATS, Postgres, ingest, projector and dashboard, until Ctrl-C; the data stays.

    bilan's clients send to this address as it is, or to it with /bilan behind it.
    """
    if cors is not None:
        click.echo(f"--cors: {ANY_PAGE}", err=True)
    if rate_limit is not None:
        overrule(limit_address=str(rate_limit), limit_key=str(rate_limit))
    if log_level is not None:
        overrule(log_level=level_of(log_level))
    listening = port or (None if is_said("COLLECTOR_PORT") else _PORT)
    context.invoke(up, port=listening, host=host, **data_option_of(db))


_PORT = 3001
