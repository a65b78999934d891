"""Properties as they were sent: from the paths under which they are stored back to objects and lists."""

from collections.abc import Mapping
from typing import Any


def nested(props: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return *props* with ``tags.provider`` inside ``tags`` again; a path that cannot be both stays one name."""
    found: dict[str, Any] = {}
    for path, value in (props or {}).items():
        *above, last = path.split(".")
        inner = _opened(found, above)
        if inner is None or last in inner:
            found[path] = value
        else:
            inner[last] = value
    return {name: _with_lists(value) for name, value in found.items()}


def _opened(found: dict[str, Any], path: list[str]) -> dict[str, Any] | None:
    """Return the object at *path*, None where something else stands in its way."""
    inner = found
    for name in path:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            return None
    return inner


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    plain = {name: _with_lists(inner) for name, inner in value.items()}
    is_list = list(plain) == [str(number) for number in range(len(plain))]
    return list(plain.values()) if is_list and plain else plain
