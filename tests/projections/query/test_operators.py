"""Filters compare as they say, whatever signs the value and the stored text are made of."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Text, column, literal, select, values
from sqlalchemy.ext.asyncio import create_async_engine

from contracts.events import Source
from projections.query.filters import MAX_PATTERNS, parse_filter
from projections.query.operators import MAX_PATTERN, MAX_STARS, Operator, condition, found_in
from tests.facts import pageview
from tests.projections.query.world import NOW, World

TEXTS = (
    *(
        "",
        "/",
        "/blog",
        "/blog/",
        "/blog/a",
        "/blog/a/b",
        "/BLOG/a",
        "/shop?x",
        "a%b",
        "a_b",
        "aXb",
        "axb",
        "100%",
        "\\",
        "a\\b",
    ),
    *(
        "a*b",
        "a**b",
        "a.b",
        "a+b",
        "(a)",
        "[a]",
        "{a}",
        "^a",
        "a$",
        "a|b",
        "a\nb",
        "a\n",
        "'",
        "' OR 1=1 --",
        '"',
        ":x",
        "é",
        "É",
    ),
    *("\N{PARROT}", "/a/\N{PARROT}/b", "\\d", "\\w+", "***:a", "(?i)a", "x" * 2000, "a" * 2000),
)
PATTERNS = (
    *("*", "**", "/*", "/**", "/blog/*", "/blog/**", "**/a", "*a*", "/*/*", "/**/b", "a\\*b", "a\\**b", "a\\\\b", "\\", "a%b"),
    *(
        "a_b",
        "a.b",
        "a+b",
        "(a)",
        "[a]",
        "{a}",
        "^a",
        "a$",
        "a|b",
        "\\d",
        "\\w+",
        "***:a",
        "(?i)a",
        "é",
        "\N{PARROT}",
        "**\N{PARROT}*/b",
    ),
    *("a*\n", "'*", "* OR 1=1 --"),
)


def reads_as(pattern: str, text: str) -> bool:
    """Say whether *text* fits *pattern*, by walking along both: another way to the same answer."""
    places = {0}
    signs = re.findall(r"\\[*\\]|\*\*|\*|.", pattern, re.DOTALL)
    ends = set()
    states = [(0, 0)]
    while states:
        sign, at = states.pop()
        if (sign, at) in ends:
            continue
        ends.add((sign, at))
        if sign == len(signs):
            continue
        if signs[sign] in ("*", "**"):
            states.append((sign + 1, at))
            if at < len(text) and (signs[sign] == "**" or text[at] != "/"):
                states.append((sign, at + 1))
        elif at < len(text) and text[at] == signs[sign][-1]:
            states.append((sign + 1, at + 1))
    return bool(places) and (len(signs), len(text)) in ends


EXPECTED = {
    Operator.IS: lambda text, value: text == value,
    Operator.CONTAINS: lambda text, value: value in text,
    Operator.STARTS: lambda text, value: text.startswith(value),
    Operator.ENDS: lambda text, value: text.endswith(value),
    Operator.MATCHES: lambda text, value: reads_as(value, text),
}


async def test_the_database_finds_what_the_words_of_an_operator_say(database_url: str):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    stored = values(column("text", Text), name="stored").data([(text,) for text in TEXTS])
    async with engine.connect() as connection:
        for operator, expected in EXPECTED.items():
            wanted = PATTERNS if operator is Operator.MATCHES else tuple(text for text in TEXTS if text)
            for value in wanted:
                query = select(stored.c.text).where(condition(stored.c.text, operator, [value]))
                found = set((await connection.execute(query)).scalars())
                assert found == {text for text in TEXTS if expected(text, value)}, (operator, value)
            either = select(stored.c.text).where(condition(stored.c.text, operator, wanted[1:4]))
            found = set((await connection.execute(either)).scalars())
            assert found == {text for text in TEXTS if any(expected(text, value) for value in wanted[1:4])}
        for value in ("%", "_", "\\", "BLOG", "a%B"):
            found = set((await connection.execute(select(stored.c.text).where(found_in(stored.c.text, value)))).scalars())
            assert found == {text for text in TEXTS if value.lower() in text.lower()}, value
    await engine.dispose()


async def test_the_worst_patterns_are_answered_in_the_time_of_a_question(database_url: str):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    stars = ["*a" * MAX_STARS + "b" * 20, "**a" * MAX_STARS + "b", "*" + "a" * (MAX_PATTERN - 1), "\N{PARROT}*" * MAX_STARS]
    most = [f"{number}{stars[number % len(stars)]}"[:MAX_PATTERN] for number in range(MAX_PATTERNS)]
    longest = [f"{number:03}*{chr(97 + number) * (MAX_PATTERN - 4)}" for number in range(MAX_PATTERNS)]
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SET statement_timeout = '5s'")
        for patterns in ([stars[0]], [stars[1]], most, longest):
            query = select(condition(literal("a" * 4096, Text), Operator.MATCHES, patterns))
            assert await connection.scalar(query) is False
    await engine.dispose()


@pytest.mark.parametrize(
    "written",
    ["page:/a", "page!:/a", "page~:a", "page!~:a", "page^:/a", "page!^:/a", "page$:a", "page!$:a", "page*:/**", "page!*:/**"],
)
def test_a_filter_is_written_as_it_was_read(written: str):
    assert str(parse_filter(written)) == written


@pytest.mark.parametrize("value", ["~:x", "^:x", "$:x", "*:x", "!~:x", ":", "~", "!:~"])
def test_a_value_is_never_taken_for_an_operator(value: str):
    read = parse_filter(f"page:{value}")
    assert (read.value, read.operator, read.negated) == (value, Operator.IS, False)


async def test_every_operator_keeps_the_visits_that_it_says(world: World):
    minute = timedelta(minutes=1)
    await world.tell(
        *(
            pageview(path, at=NOW - before * minute, visitor=f"{1:032x}", source=Source(name="Google"))
            for path, before in (("/blog/a", 2), ("/blog/a/b", 1))
        ),
        pageview("/blog/100%", at=NOW - minute, visitor=f"{2:032x}", source=Source(name="google.no")),
        pageview("/shop", at=NOW - minute, visitor=f"{3:032x}"),
    )
    for filters, visitors, pageviews in (
        (["page^:/blog"], 2, 3),
        (["page!^:/blog"], 1, 1),
        (["page*:/blog/*"], 2, 2),
        (["page*:/blog/**"], 2, 3),
        (["page~:%"], 1, 1),
        (["page$:b", "page$:shop"], 2, 2),
        (["source~:oogle"], 2, 3),
        (["source!~:oogle"], 1, 1),
        (["source^:google"], 1, 1),
        (["source!^:Goo", "page!^:/shop"], 1, 1),
        (["page~:blog", "source:Google"], 1, 2),
        (["entry_page*:/b**", "exit_page$:/b"], 1, 2),
        ([f"page!:/{number}" for number in range(20)], 3, 4),
        ([f"{name}!{sign}:zzz" for name in ("page", "source", "country", "browser", "hostname") for sign in "~^$*"], 3, 4),
    ):
        answer = await world.ask("overview", period="today", filter=filters)
        assert (answer["visitors"], answer["pageviews"]) == (visitors, pageviews), filters
