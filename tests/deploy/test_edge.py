"""The nginx edge is made from the table of addresses; tests/house holds that the file is current."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collector.serving.edge import edge
from collector.serving.table import AddressTable, Owner

EDGE = Path(__file__).parents[2] / "deploy" / "nginx" / "edge.conf"
BELOW_A_PATH = EDGE.with_name("below-a-path.conf")
NGINX = shutil.which("nginx")


def locations(text: str) -> dict[str, str]:
    return dict(re.findall(r"  location (.+?) \{ (?:proxy_pass|return) (.+?); \}", text))


@pytest.mark.parametrize(
    ("template", "location"),
    [
        ("/api/event", "= /api/event"),
        ("/api/event", "= /api/event/"),
        ("/js/{rest:path}", "/js/"),
        ("/v1/projects/{key}/settings", r'~ "^/v1/projects/[^/]+/settings/?$"'),
        ("/t/{key}/{rest:path}", '~ "^/t/[^/]+/.*/?$"'),
        ("/a.gif/{key}", r'~ "^/a\.gif/[^/]+/?$"'),
    ],
)
def test_a_template_becomes_a_location(template: str, location: str):
    assert locations(edge(AddressTable({Owner.INGEST: [("GET", template)]})))[location] == "$ingest"


def test_an_address_of_both_halves_is_told_apart_by_method():
    made = edge(AddressTable({Owner.INGEST: [("POST", "/api/events")], Owner.QUERY: [("GET", "/api/events")]}))
    assert locations(made)["= /api/events"] == "$by_method_0"
    (body,) = re.findall(r"map \$request_method \$by_method_0 \{\n(.*?)\}", made, re.DOTALL)
    assert body.split() == ["GET", "http://query:8000;", "HEAD", "http://query:8000;", "default", "http://ingest:8000;"]


def test_the_metrics_stay_inside_and_the_rest_is_querys():
    found = locations(EDGE.read_text(encoding="utf-8"))
    assert (found["= /metrics"], found["/"]) == ("404", "$query")
    assert found["= /change66/metrics"] == "$ingest", "which has counted what came in"


def test_the_file_is_one_that_nginx_reads(tmp_path: Path):
    text = EDGE.read_text(encoding="utf-8")
    # What `nginx -t` would see first, and what can be told without it.
    assert text.count("{") == text.count("}")
    assert all(line.strip().endswith(("{", "}", ";")) for line in text.splitlines() if line.strip() and "#" not in line)
    if NGINX is None:
        return
    read_by_nginx(tmp_path, f"include {EDGE};")


def test_the_example_of_a_path_is_one_that_nginx_reads(tmp_path: Path):
    if NGINX is not None:
        read_by_nginx(tmp_path, f"server {{ listen 127.0.0.1:9; include {BELOW_A_PATH}; }}")


def read_by_nginx(tmp_path: Path, http: str) -> None:
    assert NGINX is not None
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ {http} }}\n")
    tried = subprocess.run([NGINX, "-t", "-c", whole, "-p", tmp_path], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
