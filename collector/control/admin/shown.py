"""The pages of the administration's own, for forms: one shows once what nobody keeps, one says why nothing was decided."""

from html import escape
from typing import Final

from msgspec import Struct

from contracts.below import seen_below
from contracts.problem import Problem

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
{more}<p><a href="{onward}">{link}</a></p>
</main>
</body>
</html>
"""
_TEXT: Final = """<p><label for="shown">{name}</label></p>
<p><textarea id="shown" rows="3" cols="60" readonly spellcheck="false">{text}</textarea></p>
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


def page_showing(shown: Shown, *, onward: str, below: str = "") -> str:
    """Return the page that shows *shown* and leads on to *onward*, which the world finds *below* a path."""
    text = _TEXT.format(name=escape(shown.name), text=escape(shown.text))
    return seen_below(below, _page(shown.title, shown.words, onward=onward, link="Go on", more=text))


def page_saying(problem: Problem, *, onward: str, below: str = "") -> str:
    """Return the page that says what *problem* there is, to a browser that runs no scripts, and leads back to *onward*."""
    return seen_below(below, _page(problem.title.removesuffix("."), problem.detail, onward=onward, link="Back"))


def _page(title: str, words: str, *, onward: str, link: str, more: str = "") -> str:
    said = {"title": title, "words": words, "onward": onward, "link": link}
    return _PAGE.format(more=more, **{name: escape(text) for name, text in said.items()})
