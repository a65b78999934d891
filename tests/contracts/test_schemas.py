"""The published schemas are what the code says, and a published version never changes."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

import contracts.schemas
from contracts.schemas.generate import ASYNCAPI, FROZEN, documents, fingerprint, read_frozen

HERE = Path(contracts.schemas.__file__).parent
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(documents()))
def test_a_generated_document_is_not_stale(name: str):
    message = f"{name} is stale: run `python -m contracts.schemas`"
    assert (HERE / name).read_text(encoding="utf-8") == documents()[name], message


def test_a_published_version_never_changes():
    frozen = read_frozen(HERE / FROZEN)
    now = {name: fingerprint(text) for name, text in documents().items() if name.endswith(".json")}
    changed = [name for name, digest in now.items() if frozen.get(name) != digest]
    assert not changed, f"{changed} changed after it was published: add a new version and an upcast instead"


def test_a_published_version_is_never_withdrawn():
    assert set(read_frozen(HERE / FROZEN)) <= set(documents())


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda file: file.stem)
def test_golden_facts_satisfy_their_schema(file: Path):
    schema = json.loads((HERE / file.name).read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(file.read_bytes()), schema)


def test_the_asyncapi_document_names_every_event():
    document = yaml.safe_load((HERE / ASYNCAPI).read_text(encoding="utf-8"))
    assert set(document["components"]["messages"]) == {file.stem for file in GOLDEN.glob("*.json")}
