"""Every metric name and label in deploy/ exists in the running product: in the registry that its roles fill."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from collector.outcomes import DropReason

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted([*DEPLOY.rglob("*.rules.yml"), *DEPLOY.rglob("*.json")])
ROLES = ("collector.cli.serve", "collector.cli.query", "collector.cli.web", "collector.cli.project")
OURS = re.compile(r"\b(?:(?:collector|analytics)_[a-z0-9_]+|logs_ingested_total|batch_size_bucket|validation_errors_total)\b")
# What Prometheus itself adds to every series.
SCRAPED = {"job", "instance", "le", "alertname", "severity"}
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_MATCHERS = re.compile(r"([a-z_][a-z0-9_]*)\s*\{([^}]*)\}")
_MATCHER = re.compile(r"([a-z_][a-z0-9_]*)\s*(?:=~|!~|!=|=)")
_VALUE = re.compile(r'reason\s*=\s*"([^"]*)"')
_SHOWN = re.compile(r"\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}")
_VARIABLE = re.compile(r"label_values\(\s*([a-z_]\w*)[^,]*,\s*([a-z_]\w*)\s*\)")


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """The labels of every series that the roles may show, by its name in an expression."""
    for role in ROLES:
        importlib.import_module(role)
    found: dict[str, set[str]] = {}
    for collector, names in REGISTRY._collector_to_names.items():
        given = getattr(collector, "_labelnames", None) or getattr(collector, "_labels", ())
        found |= {name: set(given) for name in names}
    return found


def texts(document: Any) -> Iterator[str]:
    """Yield every text in a document, wherever it stands."""
    if isinstance(document, dict):
        for value in document.values():
            yield from texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from texts(value)
    elif isinstance(document, str):
        yield document


def read(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)


def expressions(document: Any) -> list[str]:
    return [text for text in texts(document) if OURS.search(text)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(DEPLOY).as_posix())
def test_every_metric_is_one_of_ours(file, labels):
    named = {name for text in expressions(read(file)) for name in OURS.findall(text)}
    assert named
    assert named <= set(labels), "no role has such a metric; see its /metrics"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(DEPLOY).as_posix())
def test_every_label_is_one_that_the_metric_has(file, labels):
    for text in expressions(read(file)):
        known = SCRAPED.union(*(labels[name] for name in OURS.findall(text)))
        grouped = {label.strip() for inner in _GROUPING.findall(text) for label in inner.split(",") if label.strip()}
        assert grouped <= known, text
        for name, inner in _MATCHERS.findall(text):
            assert set(_MATCHER.findall(inner)) <= SCRAPED | labels.get(name, set()), text
        for name, label in _VARIABLE.findall(text):
            assert label in SCRAPED | labels[name], text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(DEPLOY).as_posix())
def test_every_label_that_is_shown_is_there(file, labels):
    for part in parts(read(file)):
        known = SCRAPED.union(*(labels[name] for text in texts(part) for name in OURS.findall(text)))
        assert {label for text in texts(part) for label in _SHOWN.findall(text)} <= known, part


def parts(document: Any) -> Iterator[Any]:
    """Yield each alert or panel, which is where an expression and the words about it stand together."""
    for group in document.get("groups", []):
        yield from group["rules"]
    yield from document.get("panels", [])


def test_an_alert_says_what_and_what_to_do():
    (group,) = read(DEPLOY / "prometheus" / "alerts.rules.yml")["groups"]
    for rule in group["rules"]:
        assert set(rule["annotations"]) == {"summary", "do"}, rule["alert"]
        assert set(_VALUE.findall(rule["expr"])) <= set(DropReason), rule["alert"]


def test_prometheus_reads_the_alerts_and_asks_every_role_of_compose():
    configured = read(DEPLOY / "prometheus" / "prometheus.yml")
    assert configured["rule_files"] == [file.name for file in DEPLOY.rglob("*.rules.yml")]
    targets = {
        target for scrape in configured["scrape_configs"] for each in scrape["static_configs"] for target in each["targets"]
    }
    services = yaml.safe_load((DEPLOY.parent / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert {target.partition(":")[0] for target in targets} == {
        name for name, service in services.items() if service.get("command") in (["serve"], ["query"], ["project"], ["web"])
    }
