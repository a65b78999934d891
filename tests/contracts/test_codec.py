"""The codec's promises: what was written is read again for ever, and three kinds of unreadable are told apart."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.codec import CODEC, Codec, NewerVersion, Undecodable, UnknownType, type_of
from contracts.control import CONTROL_EVENTS
from contracts.events import CATALOGUE, EventRecorded, Fact, PageViewed
from contracts.tallies import DOCUMENTS
from contracts.upcasts import UPCASTS

GOLDEN = Path(__file__).parent / "golden"
OTHERS = {type_of(document) for document in (*DOCUMENTS, *CONTROL_EVENTS)}  # test_tallies.py's and test_control.py's
FACTS = sorted(file for file in GOLDEN.glob("*.json") if file.stem not in OTHERS)


@pytest.mark.parametrize("file", FACTS, ids=lambda file: file.stem)
def test_every_version_ever_published_decodes_for_ever(file: Path):
    event = CODEC.decode(file.read_bytes())
    assert type(event) in CATALOGUE
    assert event.received_at == datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)


def test_every_version_in_the_catalogue_has_a_golden_file():
    published = {type_of(event) for event in (*CATALOGUE, *UPCASTS)}
    assert published == {file.stem for file in FACTS}


@pytest.mark.parametrize("file", FACTS, ids=lambda file: file.stem)
def test_a_fact_survives_being_written_and_read(file: Path):
    event = CODEC.decode(file.read_bytes())
    assert CODEC.decode(CODEC.encode(event)) == event


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"type":"page_viewed.v1"}', b"[" * 100_000, b'{"type":7}'],
    ids=["empty", "cut off", "null", "list", "not UTF-8", "fields missing", "deep", "type is a number"],
)
def test_broken_bytes_are_undecodable(data: bytes):
    with pytest.raises(Undecodable):
        CODEC.decode(data)


def test_a_time_without_a_zone_is_undecodable():
    golden = (GOLDEN / "page_viewed.v1.json").read_bytes()
    with pytest.raises(Undecodable):
        CODEC.decode(golden.replace(b"10:00:01Z", b"10:00:01"))


@pytest.mark.parametrize("name", ["turn_completed.v1", "nonsense", "page_viewed", "page_viewed.v0"])
def test_an_unknown_type_is_not_an_invalid_event(name: str):
    with pytest.raises((UnknownType, Undecodable)):
        CODEC.decode(f'{{"type":"{name}"}}'.encode())


def test_a_version_from_the_future_is_told_apart():
    with pytest.raises(NewerVersion):
        CODEC.decode(b'{"type":"page_viewed.v3","anything":1}')


class SignedUpV1(Struct, frozen=True, tag_field="type", tag="signed_up.v1"):
    """The older form: one field for the whole name."""

    id: str
    plan: str


class SignedUpV2(Struct, frozen=True, tag_field="type", tag="signed_up.v2"):
    """The newer form: the plan's words are apart."""

    id: str
    plan: str
    period: str


def split_plan(old: SignedUpV1) -> SignedUpV2:
    plan, _, period = old.plan.partition("-")
    return SignedUpV2(id=old.id, plan=plan, period=period or "month")


def test_an_older_version_is_read_as_the_newest():
    codec = Codec((SignedUpV1, SignedUpV2), {SignedUpV1: split_plan})
    old, new = SignedUpV1(id="1", plan="pro-year"), SignedUpV2(id="1", plan="pro", period="year")
    assert codec.decode(codec.encode(old)) == new
    assert codec.decode(codec.encode(new)) == new


def test_a_web_fact_of_the_first_version_is_todays_with_a_system_of_no_known_version():
    old = CODEC.decode((GOLDEN / "page_viewed.v1.json").read_bytes())
    new = CODEC.decode((GOLDEN / "page_viewed.v2.json").read_bytes())
    assert isinstance(old, PageViewed)
    assert isinstance(new, PageViewed)
    assert (old.device.os_version, new.device.os_version) == ("", "15")
    assert replace(old, device=new.device) == new


def test_the_newest_version_decides_what_is_from_the_future():
    codec = Codec((SignedUpV1, SignedUpV2), {SignedUpV1: split_plan})
    with pytest.raises(NewerVersion):
        codec.decode(b'{"type":"signed_up.v3","id":"1"}')


def test_facts_cannot_be_changed():
    event: Fact = CODEC.decode((GOLDEN / "page_viewed.v1.json").read_bytes())
    with pytest.raises(AttributeError):
        event.site = "other.example"  # type: ignore[misc]  # the point of the test


def test_no_field_of_the_envelope_is_an_address_or_a_user_agent():
    for event in (PageViewed, EventRecorded):
        assert not {"ip", "address", "user_agent", "ua", "fingerprint"} & set(event.__struct_fields__)
