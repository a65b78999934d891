"""`collector control init`: makes the master key once, before anything is kept under it; `up` and compose run it."""

import click

from collector.cli.options import data_option, examples, role_settings
from collector.cli.terminal import run_command
from collector.control.bucket import VaultUnavailable
from collector.control.master_key import VaultClosed
from collector.failure import Failure
from collector.local.endpoints import nats_url_for_role
from collector.local.key_place import master_key_file
from collector.local.master_key import settle_master_key
from collector.settings import IngestSettings
from collector.stream import connection as broker


@click.command("init", epilog=examples("COLLECTOR_NATS_URL=nats://... COLLECTOR_MASTER_KEY_FILE=... collector control init"))
@data_option
def command(**options: str) -> None:
    """Make the master key, and seal the vault with it.

    What was done before is left as it is. Where the vault holds anything that the key does not open, nothing is made.
    """
    settings = role_settings(IngestSettings, **options)
    try:
        is_new = run_command(init(settings))
    except VaultClosed as closed:
        raise Failure(str(closed)) from closed
    except VaultUnavailable as error:
        raise Failure("NATS does not answer: is it running, and is COLLECTOR_NATS_URL right?") from error
    except OSError as error:
        path = master_key_file(settings.control, settings.local)
        raise Failure(f"the master key cannot be written to {path} ({error.strerror}); may we write there?") from error
    click.echo(
        "The master key is made. Keep a copy of it with your backup of NATS." if is_new else "The vault opens.", err=True
    )


async def init(settings: IngestSettings) -> bool:
    """Make the key where there is none, and return whether it was made now."""
    path = master_key_file(settings.control, settings.local)
    client = await broker.connect(nats_url_for_role(settings.nats, settings.local), on_loss=lambda: None)
    try:
        return await settle_master_key(client, path, replicas=settings.stream.replicas)
    finally:
        await broker.disconnect(client)
