"""Doctor looks at a page: whether it carries the snippet, for a site that is one, and whether its policy lets it through."""

import gzip
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from collector.cli.checks.csp import CONNECT, SCRIPT, read_policies
from collector.cli.checks.finding import Finding, Severity
from collector.cli.checks.page import examine_page
from collector.settings import read_settings

POLICY = "Content-Security-Policy"
PAGE = "https://shop.example/a"
TAG = '<script defer data-site="shop.example" src="/js/c.js"></script>'


class Pages(BaseHTTPRequestHandler):
    """Answers with what the query asks for: ``html``, and ``csp`` as a header."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        is_script = address.path.endswith("/js/c.js")
        self.send_response(200 if is_script or "html" in asked else 404)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html; charset=utf-8")
        if "csp" in asked:
            self.send_header("Content-Security-Policy", asked["csp"])
        self.end_headers()
        html = asked.get("html", "").encode()
        self.wfile.write(gzip.compress(html) if "<p>gzip" in asked.get("html", "") else html)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def address_of(pages: str, html: str, csp: str = "") -> str:
    return f"http://{pages}/?{urlencode({'html': html} | ({'csp': csp} if csp else {}))}"


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pages: str) -> Callable[..., Awaitable[list[Finding]]]:
    """Let doctor look at a page of this HTML."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    known = {"COLLECTOR_DATA": str(tmp_path), "COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example,127.0.0.1"}
    settings = read_settings(known | {"COLLECTOR_PUBLIC_URL": f"http://{pages}"})
    return lambda html, csp="": examine_page(settings, address_of(pages, html, csp))


async def test_a_page_that_is_as_it_should_be_has_nothing_to_mend(look):
    for html in (
        TAG,
        f"<p>gzip {TAG}",
        f"<![if x]><!weird{TAG}>{TAG}",
        "<SCRIPT SRC=/js/c.js DATA-SITE=Shop.Example async>",
        "<script src='/js/c.js'></script>",
    ):
        assert [finding.severity for finding in await look(html)] == [Severity.GOOD] * 3, html


@pytest.mark.parametrize(
    ("html", "csp", "subject", "text", "advice"),
    [
        ("<p>", "", "Page", "does not carry the snippet", '/js/c.js"></script>'),
        (f"<!-- {TAG} -->", "", "Page", "does not carry the snippet", "Paste into its <head>"),
        (
            '<script data-site="shpo.example" src="/js/c.js">',
            "",
            "Page",
            "is counted for shpo.example, which",
            "Mend data-site",
        ),
        ('<script data-site="a b" src="/js/c.js">', "", "Page", "names a site that cannot be one", "Write the site's name"),
        ('<script data-site="shop.example" src="/lost.js">', "", "Snippet", "answers 404", "Mend src"),
        ('<script data-site="shop.example" src="/x.js?html=1">', "", "Snippet", "is no script", "a proxy"),
        ('<script data-site="shop.example" src="http://[/js/c.js">', "", "Snippet", "cannot be reached", "Mend src"),
        ('<script data-site="shop.example" src="http://127.0.0.1:99999/c.js">', "", "Snippet", "cannot be reached", "Mend src"),
        ('<script data-site="shop.example" src="http://127.0.0.1:1/js/c.js">', "", "Snippet", "cannot be reached", "Mend src"),
        (TAG + TAG, "", "Page", "carries the snippet 2 times", "leave one"),
        (TAG, "script-src 'none'", POLICY, "does not let it load", "to its script-src"),
        (
            TAG,
            "default-src 'none'; script-src 'self'",
            POLICY,
            "does not let it send",
            "to its default-src, or give it a connect-src",
        ),
        (TAG, "connect-src https://api.example", POLICY, "does not let it send", "to its connect-src"),
        (TAG, "script-src 'strict-dynamic' 'self'", POLICY, "does not let it load", "Give the tag the page's nonce"),
        ("<meta http-equiv=Content-Security-Policy content=\"connect-src 'none'\">" + TAG, "", POLICY, "send", "connect-src"),
        (TAG, "default-src 'self'", POLICY, "lets the snippet load and send", ""),
        (TAG, "img-src 'none'", POLICY, "lets the snippet load and send", ""),
    ],
)
async def test_what_keeps_the_snippet_out_is_named(look, html, csp, subject, text, advice):  # noqa: PLR0917  # a row
    found = [finding for finding in await look(html, csp) if finding.subject == subject]
    assert any(text in finding.text and advice in finding.advice for finding in found), found


async def test_a_page_that_is_not_there_is_said_to_be_so(pages: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = read_settings({})
    for address, text in (
        (f"http://{pages}/nothing", "answers 404"),
        ("http://127.0.0.1:1/", "cannot be reached"),
        ("127.0.0.1:1", "cannot be reached"),
        ("file:///etc/hostname", "cannot be reached"),
        ("https://[", "cannot be reached"),
        ("", "cannot be reached"),
    ):
        (finding,) = await examine_page(settings, address)
        assert (finding.severity, finding.text) == (Severity.BAD, text), address


def test_it_is_asked_at_the_command_line(collector, pages: str, tmp_path: Path):
    settings = {"COLLECTOR_PUBLIC_URL": f"http://{pages}", "NO_PROXY": "127.0.0.1"}
    well = collector("doctor", "--page", address_of(pages, TAG), **settings)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "  ok  Page: carries the snippet, for shop.example\n  ok  Snippet: is where the tag says\n" in well.stdout
    blocked = collector("doctor", "--page", address_of(pages, TAG, "connect-src 'none'"), **settings)
    assert blocked.returncode == 1
    assert f"-> Add http://{pages} to its connect-src." in blocked.stdout
    assert not (tmp_path / ".collector").exists(), "nothing is started for it"


@pytest.mark.parametrize(
    ("policy", "address", "is_allowed"),
    [
        ("", "https://stats.example/js/c.js", True),
        ("script-src *", "https://stats.example/js/c.js", True),
        ("script-src https:", "https://stats.example/js/c.js", True),
        ("script-src http:", "https://stats.example/js/c.js", True),
        ("script-src stats.example", "https://stats.example/js/c.js", True),
        ("script-src STATS.example", "https://stats.example/js/c.js", True),
        ("script-src http://stats.example", "https://stats.example/js/c.js", True),
        ("script-src https://stats.example", "http://stats.example/js/c.js", False),
        ("script-src *.example", "https://stats.example/js/c.js", True),
        ("script-src *.stats.example", "https://stats.example/js/c.js", False),
        ("script-src stats.example/js/", "https://stats.example/js/c.js", True),
        ("script-src stats.example/js/c.js", "https://stats.example/js/c.js", True),
        ("script-src stats.example/j", "https://stats.example/js/c.js", False),
        ("script-src stats.example:8443", "https://stats.example/js/c.js", False),
        ("script-src stats.example", "https://stats.example:8443/js/c.js", False),
        ("script-src stats.example:*", "https://stats.example:8443/js/c.js", True),
        ("script-src 'self'", "https://shop.example/js/c.js", True),
        ("script-src 'self'", "https://stats.example/js/c.js", False),
        ("script-src 'unsafe-inline' 'unsafe-eval'", "https://stats.example/js/c.js", False),
        ("script-src", "https://stats.example/js/c.js", False),
        ("script-src 'none'", "https://stats.example/js/c.js", False),
        ("script-src 'nonce-abc'", "https://stats.example/js/c.js", True),
        ("script-src 'nonce-Abc'", "https://stats.example/js/c.js", False),
        ("script-src 'nonce-abc' 'strict-dynamic'", "https://stats.example/js/c.js", True),
        ("script-src 'strict-dynamic' https:", "https://stats.example/js/c.js", False),
        ("script-src 'none'; script-src-elem https:", "https://stats.example/js/c.js", True),
        ("script-src https:; script-src 'none'", "https://stats.example/js/c.js", True),
        ("script-src https:, script-src 'self'", "https://stats.example/js/c.js", False),
        ("SCRIPT-SRC 'self'", "https://stats.example/js/c.js", False),
        ("default-src 'self'", "https://stats.example/js/c.js", False),
        ("connect-src 'none'", "https://stats.example/js/c.js", True),
    ],
)
def test_a_policy_is_read_as_browsers_do(policy: str, address: str, is_allowed: bool):  # noqa: FBT001
    forbidden = [one.forbids(SCRIPT, address, PAGE, nonce="abc") for one in read_policies([policy])]
    assert (not any(forbidden)) is is_allowed


def test_a_nonce_opens_no_way_to_send():
    (policy,) = read_policies(["default-src 'nonce-abc'"])
    assert policy.forbids(CONNECT, "https://stats.example/api/event", PAGE) == "default-src"
