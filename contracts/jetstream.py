"""The JetStream API as both halves speak it: its addresses, error numbers and documents (ADR-1, ADR-31), without any I/O."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

API = "$JS.API"
# Where JetStream says that it has made the stream whose name comes last.
STREAM_CREATED = "$JS.EVENT.ADVISORY.STREAM.CREATED"
MESSAGE_ID = "Nats-Msg-Id"

# nats-server's errors.json
STREAM_NOT_FOUND = 10059
STREAM_NAME_IN_USE = 10058
MESSAGE_NOT_FOUND = 10037
# What a deletion says of a sequence at which there is nothing.
NOTHING_TO_DELETE = frozenset({10043, 10057})
NO_ROOM_ON_SERVER = 10047
STREAM_IS_FULL = 10077
STREAM_IS_OFFLINE = 10118
WRONG_LAST_SEQUENCE = frozenset({10071, 10164})
WRONG_LAST_MESSAGE_ID = 10070
REPEAT_IN_BATCH = 10201
BATCH_ABANDONED = 10176
ID_IN_PROCESS = 10158
# Ours: nobody was there to answer, which the server says with an empty message.
NO_RESPONDERS = -1
# For a moment: a leader is being chosen, or the server has too much under way.
_CLUSTER_NOT_AVAILABLE, _NOT_LEADER, _TOO_MANY_UNDER_WAY = 10008, 10009, 10210
PASSING = frozenset({NO_RESPONDERS, _CLUSTER_NOT_AVAILABLE, _NOT_LEADER, _TOO_MANY_UNDER_WAY})


class JetStreamError(Exception):
    """JetStream refused: ``code`` is its HTTP-like status and ``err_code`` its own number."""

    def __init__(self, code: int, err_code: int) -> None:
        super().__init__(f"JetStream refused with error {err_code}")
        self.code = code
        self.err_code = err_code


class StreamState(Struct, frozen=True):
    """What a stream holds; ``subjects`` counts by subject where the question asked for it."""

    messages: int = 0
    bytes: int = 0
    first_seq: int = 0
    last_seq: int = 0
    subjects: dict[str, int] = {}


class StoredMessage(Struct, frozen=True):
    """A message as STREAM.MSG.GET shows it; ``data`` and ``hdrs`` are base64."""

    seq: int = 0
    subject: str = ""
    data: str = ""
    hdrs: str = ""
    time: datetime | None = None


class Refusal(Struct, frozen=True):
    """The ``error`` part of any answer."""

    code: int = 0
    err_code: int = 0


class ApiAnswer(Struct, frozen=True):
    """What we read of any JetStream answer; each request fills in only some of it."""

    error: Refusal | None = None
    ts: datetime | None = None
    created: datetime | None = None
    config: dict[str, Any] = {}
    state: StreamState = StreamState()
    message: StoredMessage = StoredMessage()
    seq: int = 0
    duplicate: bool = False
    name: str = ""
    num_pending: int = 0
    streams: list[str] | None = None


_answers = msgspec.json.Decoder(ApiAnswer)


def read_answer(payload: bytes) -> ApiAnswer:
    """Return JetStream's answer, or raise JetStreamError when it refuses, is not there or cannot be understood."""
    if not payload:
        raise JetStreamError(503, NO_RESPONDERS)
    try:
        answer = _answers.decode(payload)
    except msgspec.MsgspecError:
        raise JetStreamError(500, 0) from None
    if answer.error is not None:
        raise JetStreamError(answer.error.code, answer.error.err_code)
    return answer
