"""Of all the languages that a browser asks for, one subtag is kept."""

import pytest

from collector.privacy.language import primary_language


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("nb-NO,nb;q=0.9", "nb"),
        ("EN", "en"),
        ("haw;q=0.5", "haw"),
        ("*", ""),
        ("", ""),
        ("x-klingon", ""),
        ("zq0123456789", ""),
        ("ñu", ""),
    ],
)
def test_of_the_languages_only_the_primary_subtag_of_the_first_is_kept(asked: str, kept: str):
    assert primary_language(asked) == kept
