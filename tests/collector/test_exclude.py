"""What a site leaves out is told of a fact in a time that no pattern of its owner's can stretch."""

import time

import pytest

from collector.control.checked import patterns
from collector.exclude import compiled
from contracts.control.sites import Exclusions
from contracts.events import Page
from tests.facts import pageview


def excludes(pattern: str, path: str) -> bool:
    asked = compiled(Exclusions(paths=(pattern,)))
    assert asked is not None
    return asked(pageview(page=Page(hostname="example.org", path=path)))


@pytest.mark.parametrize(
    ("pattern", "path", "is_out"),
    [
        ("/a", "/a", True),
        ("/a", "/a/", False),
        ("/a/*", "/a/b/c", True),
        ("/a/*", "/a", False),
        ("/*/edit", "/posts/7/edit", True),
        ("/*/edit", "/posts/7/edit/now", False),
        ("/*/a/*/b", "/x/a/y/a/z/b", True),
        ("/a**b", "/ab", True),
        ("/a.b", "/axb", False),
        ("/(a|b)", "/a", False),
        ("/a*a", "/a", False),
        ("/*ab*ba", "/aba", False),
        ("/*", "/a\nb", True),
    ],
)
def test_a_star_stands_for_anything_and_nothing_else_for_more_than_itself(pattern: str, path: str, *, is_out: bool):
    assert excludes(pattern, path) is is_out


def test_where_nothing_is_left_out_nobody_is_asked():
    assert compiled(Exclusions()) is None


def test_a_pattern_of_many_stars_never_looks_back():
    assert not excludes("/" + "*a" * 200 + "*b", "/" + "a" * 1023), "which would not end in a lifetime if it did"


def test_as_many_patterns_as_a_site_may_have_keep_others_waiting_for_no_millisecond():
    letters = "bcdefghijklmnopqrst"
    worst = patterns("paths", [f"/*aaa{one}{other}" for one in letters for other in letters][:100])
    asked = compiled(Exclusions(paths=worst))
    assert asked is not None
    fact = pageview(page=Page(hostname="example.org", path="/" + "a" * 1023))
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert not asked(fact)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.001
