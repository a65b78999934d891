"""The requests of the wire: every example of tests/examples that needs no key, and those that no example shows."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.collector.test_examples import FILES as EXAMPLES

HERE = Path(__file__).parent
FILES = (*EXAMPLES, HERE / "requests.yml")
# They say how long the day still lasts.
OF_THE_MOMENT = ("/flowcore/health", "/flowcore/metrics")
METHODS = ("get", "post", "put", "head", "options")
JSON = {"Content-Type": "application/json"}


def requests() -> dict[str, dict[str, Any]]:
    """Return each request by its name, in order, as it is recorded."""
    asked = {
        f"{file.stem}: {example['name']}": _request(example)
        for file in FILES
        for example in yaml.safe_load(file.read_text(encoding="utf-8"))
    }
    return {name: request for name, request in asked.items() if request["target"] not in OF_THE_MOMENT}


def _request(example: dict[str, Any]) -> dict[str, Any]:
    method = next(name for name in METHODS if name in example)
    content = {name: example[name] for name in ("bytes",) if name in example}
    if "raw" in example or "send" in example:
        content["body"] = example["raw"] if "raw" in example else json.dumps(example["send"])
    headers = (JSON if content else {}) | example.get("headers", {})
    return {"method": method.upper(), "target": example[method], "headers": headers} | content
