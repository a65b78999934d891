"""What a page is made of, as a test reads it: tags, words, links, and forms with their fields."""

from html.parser import HTMLParser
from typing import Any


class Form:
    """A form: where it is sent, and the values that it has before anybody types."""

    def __init__(self, attributes: dict[str, str | None]) -> None:
        self.action = attributes.get("action") or ""
        self.method = attributes.get("method") or "get"
        self.fields: dict[str, str] = {}
        self.inputs: list[dict[str, str | None]] = []


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[Form] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append(Form(attributes))
        if tag in ("input", "select", "textarea") and self.forms:
            self.forms[-1].inputs.append({"tag": tag, **attributes})
            if attributes.get("type") == "hidden":
                self.forms[-1].fields[attributes["name"] or ""] = attributes.get("value") or ""

    def handle_data(self, data: str) -> None:
        self.words += data

    def hrefs(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if "href" in attributes and tag == "a"]

    def actions(self) -> set[str]:
        """Return where the forms that decide something are sent."""
        return {form.action for form in self.forms if form.action.startswith("/v1/admin/")} - {"/v1/admin/sessions/end"}

    def said(self) -> str:
        return " ".join(self.words.split())

    def attributes(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.tags if name == tag]
