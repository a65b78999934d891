"""What the server writes around a delivered message: its numbers in the reply subject, and the message id in its headers."""

from datetime import UTC, datetime
from typing import Any

from contracts.jetstream import MESSAGE_ID

_NANOSECONDS = 1_000_000_000
# $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>...; the newer form has the domain and the account before the stream.
_TOKENS_OF_V1, _NUMBERS_IN_V1, _NUMBERS_IN_V2 = 9, 4, 6

INACTIVE_SECONDS = 30


def numbers_in(reply: str) -> tuple[int, int, int]:
    """Return the sequence in the stream, the sequence in the consumer, and how many messages wait behind this one."""
    tokens = reply.split(".")
    start = _NUMBERS_IN_V1 if len(tokens) == _TOKENS_OF_V1 else _NUMBERS_IN_V2
    return int(tokens[start + 1]), int(tokens[start + 2]), int(tokens[start + 4])


def stored_at_in(reply: str) -> datetime:
    """Return when the message was stored, by the server's clock."""
    tokens = reply.split(".")
    start = _NUMBERS_IN_V1 if len(tokens) == _TOKENS_OF_V1 else _NUMBERS_IN_V2
    return datetime.fromtimestamp(int(tokens[start + 3]) // _NANOSECONDS, UTC)


def message_id_in(headers: bytes) -> str:
    """Return the message id in the raw *headers*, the last as nats-py has it, "" when there is none."""
    lines = [line.partition(b":") for line in headers.split(b"\r\n")]
    ids = [value for name, _, value in lines if name.strip() == MESSAGE_ID.encode()]
    return storable(ids[-1].strip().decode(errors="replace")) if ids else ""


def storable(text: str) -> str:
    """Return *text* as Postgres can hold it: our ids and subjects have no such byte, but a stranger's may have any."""
    return text.replace("\0", "\ufffd")


def consumer_settings(*, after: int, only: str = "") -> dict[str, Any]:
    """Return the settings of a consumer that only we use, that acknowledges nothing and that the server forgets by itself.

    It delivers the messages of the subjects *only*, or all where that is empty.
    """
    chosen = {"filter_subject": only} if only else {}
    return chosen | {
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": after + 1,
        "ack_policy": "none",
        "replay_policy": "instant",
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": INACTIVE_SECONDS * _NANOSECONDS,
    }
