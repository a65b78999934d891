"""What Fastify says of a body that it cannot read, for the dialects whose servers were made with it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from collector.decode import without_halves
from collector.outcomes import Rejected, RejectReason

# The words of Node's JSON.parse for what Python's says, as far as they quote nothing of the body.
_NODE_SAYS: Final = (
    ("Expecting property name", "Expected property name or '}' in JSON at position "),
    ("Expecting ':' delimiter", "Expected ':' after property name in JSON at position "),
    ("Expecting ',' delimiter", "Expected ',' or '}' after property value in JSON at position "),
    ("Extra data", "Unexpected non-whitespace character after JSON at position "),
    ("Unterminated string", "Unterminated string in JSON at position "),
    ("Invalid control character", "Bad control character in string literal in JSON at position "),
    ("Invalid \\", "Bad escaped character in JSON at position "),
)
_NO_VALUE: Final = "Unexpected token in JSON at position "
_EMPTY: Final = {
    "statusCode": 400,
    "code": "FST_ERR_CTP_EMPTY_JSON_BODY",
    "error": "Bad Request",
    "message": "Body cannot be empty when content-type is set to 'application/json'",
}
_TOO_LARGE: Final = {
    "statusCode": 413,
    "code": "FST_ERR_CTP_BODY_TOO_LARGE",
    "error": "Payload Too Large",
    "message": "Request body is too large",
}
_MEDIA_TYPE: Final = {
    "statusCode": 415,
    "code": "FST_ERR_CTP_INVALID_MEDIA_TYPE",
    "error": "Unsupported Media Type",
    "message": "Unsupported Media Type",
}


def fastify_words(refusal: Rejected) -> Mapping[str, Any]:
    """Return the document with which a Fastify server answers what *refusal* is about."""
    if refusal.reason is RejectReason.TOO_LARGE:
        return _TOO_LARGE
    if refusal.reason is RejectReason.MEDIA_TYPE:
        return _MEDIA_TYPE
    if refusal.reason is RejectReason.MISSING_FIELD:
        return _EMPTY
    return {"statusCode": refusal.status, "error": HTTPStatus(refusal.status).phrase, "message": refusal.detail}


def read_plain_json(body: bytes) -> Any:
    """Return what *body* holds as JSON, or raise Rejected in the words of Node's JSON.parse."""
    if not body:
        raise Rejected(RejectReason.MISSING_FIELD, str(_EMPTY["message"]))
    try:
        return msgspec.json.decode(without_halves(body))
    except RecursionError:
        raise Rejected(RejectReason.TOO_DEEP, f"{_NO_VALUE}0") from None
    except (msgspec.DecodeError, UnicodeError):
        raise _said_by_node(body) from None


def _said_by_node(body: bytes) -> Rejected:
    try:
        json.loads(body)
    except json.JSONDecodeError as error:
        return Rejected(RejectReason.NOT_JSON, _words_of(error))
    except UnicodeDecodeError:
        return Rejected(RejectReason.NOT_UTF8, f"{_NO_VALUE}0")
    except (RecursionError, ValueError):
        return Rejected(RejectReason.TOO_DEEP, f"{_NO_VALUE}0")
    return Rejected(RejectReason.NOT_JSON, f"{_NO_VALUE}0")  # NaN, which is Python's alone


def _words_of(error: json.JSONDecodeError) -> str:
    if error.msg == "Expecting value" and error.pos >= len(error.doc):
        return "Unexpected end of JSON input"
    words = next((words for ours, words in _NODE_SAYS if error.msg.startswith(ours)), _NO_VALUE)
    return f"{words}{error.pos}"
