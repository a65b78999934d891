"""Where the master key lies; making it is in master_key.py, which needs a cipher and NATS."""

from pathlib import Path

from collector.settings import Control, Local

_NAME = "master.key"


def master_key_file(control: Control, local: Local) -> Path:
    """Return where the master key is: where the settings say, else in the data directory."""
    return control.master_key_file or local.data.absolute() / _NAME
