"""What the three facts said before the contracts were split by family is still said, and what a freeze compares is meaning."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import CODEC, type_of
from contracts.events import CATALOGUE, BotRule, Channel, Evidence
from contracts.schemas.generate import CODE_PATTERN, documents, fingerprint

BEFORE = sorted((Path(__file__).parent / "before").glob("*.json"))
# One id took the place of the versions of each list; collector/privacy/enrich/data/versions.json says what it means. And what
# is read is of the newest version.
REPLACED = {"enrichers", "type"}


@pytest.mark.parametrize("file", BEFORE, ids=lambda file: file.stem)
def test_what_was_said_is_still_said_in_the_same_words(file: Path):
    before = {path: value for path, value in leaves(json.loads(file.read_bytes())) if path[0] not in REPLACED}
    after = dict(leaves(json.loads(CODEC.encode(CODEC.decode(file.read_bytes())))))
    assert before.items() <= after.items()


def test_the_order_of_a_schema_is_no_meaning():
    text = documents()["page_viewed.v1.json"]
    assert fingerprint(json.dumps(reversed_keys(json.loads(text)))) == fingerprint(text)


def test_a_better_description_is_no_new_version():
    schema = json.loads(documents()["page_viewed.v1.json"])
    schema["$defs"]["PageViewed"]["description"] = "Said better."
    assert fingerprint(json.dumps(schema)) == fingerprint(documents()["page_viewed.v1.json"])


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("properties", {}), ("required", []), ("additionalProperties", False)],
    ids=["a field less", "a field that may be missing", "no further fields"],
)
def test_another_meaning_is_another_fingerprint(keyword: str, value: Any):
    schema = json.loads(documents()["page_viewed.v1.json"])
    schema["$defs"]["PageViewed"][keyword] = value
    assert fingerprint(json.dumps(schema)) != fingerprint(documents()["page_viewed.v1.json"])


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (b'"channel":"Carrier Pigeon"', Channel.OTHER),
        (b'"bot":"mind reader"', BotRule.OTHER),
        (b'"evidence":["telepathy"]', Evidence.OTHER),
    ],
    ids=["channel", "bot rule", "evidence"],
)
def test_a_code_from_a_later_version_is_read_as_other(said: bytes, read: object):
    fact = json.loads(BEFORE[-1].read_bytes())
    name, value = json.loads(b"{" + said + b"}").popitem()
    (fact["source"] if name == "channel" else fact)[name] = value
    decoded = CODEC.decode(json.dumps(fact).encode())
    found = decoded.source.channel if name == "channel" else getattr(decoded, name)  # type: ignore[attr-defined]  # a web fact
    assert found == ((read,) if name == "evidence" else read)


@pytest.mark.parametrize("name", ["BotRule", "Channel", "Evidence", "LogKind", "Priority"])
def test_a_new_code_is_no_new_version(name: str):
    schemas = [json.loads(documents()[f"{type_of(fact)}.json"]) for fact in CATALOGUE]
    codes = [schema["$defs"][name] for schema in schemas if name in schema["$defs"]]
    assert {code["pattern"] for code in codes} == {CODE_PATTERN}
    assert all("enum" not in code for code in codes)


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", "not-a-uuid"), ("visitor", "xyz"), ("occurred_at", "1026-11-22T10:00:00Z"), ("salt_day", "9026-11-22")],
)
def test_a_value_that_no_table_could_hold_is_no_fact(field: str, value: str):
    fact = json.loads(BEFORE[-1].read_bytes()) | {field: value}
    with pytest.raises(ValueError, match="do not fit"):
        CODEC.decode(json.dumps(fact).encode())


def test_a_server_fact_may_name_nobody():
    fact = json.loads(BEFORE[-1].read_bytes())
    del fact["visitor"]
    assert CODEC.decode(json.dumps(fact).encode()).visitor == ""  # type: ignore[attr-defined]  # a web fact


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every plain value of a document with the names that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, json.dumps(value)


def reversed_keys(value: Any) -> Any:
    """Return *value* with the keys of each of its objects the other way round."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(part) for part in value] if isinstance(value, list) else value
