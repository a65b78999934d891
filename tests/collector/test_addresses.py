"""The table of addresses: what it finds, what beats what, and which tables it refuses."""

import pytest

from collector.addresses import Address, AddressClash, Addresses, Mark


def at(method: str, template: str, part: str = "", mark: Mark | None = None) -> Address[str]:
    return Address(method=method, template=template, part=part or template, mark=mark)


def part_of(addresses: Addresses[str], method: str, path: str) -> str | None:
    found = addresses.find(method, path)
    return None if found is None else found.entries[0].part


def test_a_literal_path_is_found_for_its_method_alone() -> None:
    addresses = Addresses([at("POST", "/api/events", "ingest"), at("GET", "/api/events", "query")])
    assert part_of(addresses, "POST", "/api/events") == "ingest"
    assert part_of(addresses, "GET", "/api/events") == "query"
    assert part_of(addresses, "PUT", "/api/events") is None
    assert part_of(addresses, "POST", "/api/events/") is None


def test_a_parameter_is_one_whole_piece_of_the_path() -> None:
    addresses = Addresses([at("GET", "/v1/projects/{key}/settings")])
    found = addresses.find("GET", "/v1/projects/abc/settings")
    assert found is not None
    assert found.parameters == {"key": "abc"}
    assert addresses.find("GET", "/v1/projects//settings") is None
    assert addresses.find("GET", "/v1/projects/a/b/settings") is None


@pytest.mark.parametrize(("path", "rest"), [("/js/c.js", "c.js"), ("/js/a/b.js", "a/b.js"), ("/js/", "")])
def test_a_tail_takes_all_that_follows(path: str, rest: str) -> None:
    found = Addresses([at("GET", "/js/{rest:path}")]).find("GET", path)
    assert found is not None
    assert found.parameters == {"rest": rest}


def test_a_literal_beats_a_parameter_and_a_parameter_beats_a_tail() -> None:
    addresses = Addresses([at("GET", "/{rest:path}"), at("GET", "/sites/{site}"), at("GET", "/sites/new")])
    assert part_of(addresses, "GET", "/sites/new") == "/sites/new"
    assert part_of(addresses, "GET", "/sites/example.org") == "/sites/{site}"
    assert part_of(addresses, "GET", "/sites/example.org/pages") == "/{rest:path}"


def test_what_takes_the_rest_of_a_place_adds_no_method_to_a_path_that_somebody_has() -> None:
    addresses = Addresses([at("POST", "/system/t"), at("GET", "/system/{rest:path}")])
    assert addresses.methods("/system/t") == ("POST",)
    assert addresses.methods("/system/else") == ("GET",)


def test_the_methods_of_a_path_are_what_allow_names() -> None:
    addresses = Addresses([at("GET", "/a/{x}"), at("POST", "/a/b"), at("DELETE", "/c")])
    assert addresses.methods("/a/b") == ("GET", "POST")
    assert addresses.methods("/a/z") == ("GET",)
    assert addresses.methods("/nothing") == ()


@pytest.mark.parametrize(
    "entries",
    [
        [at("POST", "/t", "one"), at("POST", "/t", "two")],
        [at("POST", "/t", "one", Mark(header=b"x-a")), at("POST", "/t", "two", Mark(header=b"x-a"))],
        [at("GET", "/{a}/b"), at("GET", "/a/{b}")],
        [at("GET", "/s/{a}"), at("GET", "/s/{b}")],
        [at("GET", "/s/{rest:path}"), at("GET", "/{a}/b")],
        [at("GET", "/s/{rest:path}"), at("GET", "/s/{more:path}")],
    ],
)
def test_two_that_claim_the_same_refuse_to_start(entries: list[Address[str]]) -> None:
    with pytest.raises(AddressClash):
        Addresses(entries)


@pytest.mark.parametrize("template", ["no-slash", "/a{b}", "/{rest:path}/b", "/{a}/{a}", "/{A}"])
def test_a_template_that_cannot_be_read_refuses_to_start(template: str) -> None:
    with pytest.raises(AddressClash):
        Addresses([at("GET", template)])


def test_templates_that_meet_no_common_path_stand_together() -> None:
    Addresses([at("GET", "/a/{x}"), at("GET", "/b/{x}"), at("GET", "/a/{x}/y"), at("POST", "/{x}/b")])


def test_a_header_and_then_the_body_tell_entries_of_one_address_apart() -> None:
    addresses = Addresses(
        [
            at("POST", "/t", "rest"),
            at("POST", "/t", "headed", Mark(header=b"x-kind", value=b"one")),
            at("POST", "/t", "shaped", Mark(shape=bytes.isdigit)),
        ]
    )
    found = addresses.find("POST", "/t")
    assert found is not None
    assert [entry.part for entry in found.by_head({b"x-kind": b"One"})] == ["headed"]
    possible = found.by_head({b"x-kind": b"two"})
    assert [entry.part for entry in possible] == ["shaped", "rest"]
    assert [entry.mark.fits_body(b"{}") for entry in possible if entry.mark is not None] == [False]


def test_headers_that_no_mark_fits_belong_to_nobody() -> None:
    found = Addresses([at("POST", "/t", "headed", Mark(header=b"x-kind"))]).find("POST", "/t")
    assert found is not None
    assert found.by_head({}) == ()
