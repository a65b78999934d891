"""The query in the API's document: what its body may be, and examples of both that are true."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, Reference, RequestBody, Schema

from projections.query.examples import example_bodies
from projections.query.v1.body import Body


@dataclass
class _AsItIs(Schema):
    """A schema that is a document already."""

    document: dict[str, Any] = field(default_factory=dict)

    def to_schema(self) -> dict[str, Any]:
        """Return the document."""
        return self.document


@dataclass
class Queried(Operation):
    """An operation of the OpenAPI document whose question stands in the body."""

    def __post_init__(self) -> None:
        """Say what the body is."""
        examples: dict[str, Example | Reference] = {
            name: Example(summary=name, value=body) for name, body in example_bodies().items()
        }
        content = OpenAPIMediaType(schema=_AsItIs(document=_schema_of_body()), examples=examples)
        self.request_body = RequestBody(content={"application/json": content}, required=True)


def _schema_of_body() -> dict[str, Any]:
    (reference,), parts = msgspec.json.schema_components([Body])
    whole: dict[str, Any] = _resolved(reference, parts)
    return whole


def _resolved(part: Any, parts: dict[str, Any]) -> Any:
    """Return *part* with what it refers to in its place: the document is one, and names no part."""
    match part:
        case {"$ref": str(name)}:
            return _resolved(parts[name.rpartition("/")[2]], parts)
        case dict():
            return {name: _resolved(inner, parts) for name, inner in part.items()}
        case list():
            return [_resolved(inner, parts) for inner in part]
    return part
