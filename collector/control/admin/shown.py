"""The page of the administration's own: it shows once what nobody keeps, where a form asked for it."""

from html import escape
from typing import Final

from msgspec import Struct

PAGE_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Collector</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{words}</p>
<p><label for="shown">{name}</label></p>
<p><textarea id="shown" rows="3" cols="60" readonly spellcheck="false">{text}</textarea></p>
<p><a href="{onward}">Go on</a></p>
</main>
</body>
</html>
"""


class Shown(Struct, frozen=True, kw_only=True):
    """What is shown once: what it is called, the text itself, and what to do with it."""

    title: str
    name: str
    text: str
    words: str

    def __repr__(self) -> str:
        return f"Shown(name={self.name!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("name", self.name)]


def page_showing(shown: Shown, *, onward: str) -> str:
    """Return the page that shows *shown* and leads on to *onward*."""
    said = {"title": shown.title, "words": shown.words, "name": shown.name, "text": shown.text, "onward": onward}
    return _PAGE.format(**{name: escape(text) for name, text in said.items()})
