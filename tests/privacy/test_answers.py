"""What callers are answered: nothing that tells them apart, and nothing kept of those who object."""

from collections import defaultdict

from contracts.mounts import Mount
from contracts.streams import FAMILIES, SUBJECT_ROOT
from tests.privacy.evidence import Evidence
from tests.privacy.traffic import INGEST

# Every way to be answered that the scenario is meant to provoke; without it the search of the answers would mean little.
STATUSES = {200, 204, 303, 400, 401, 404, 405, 408, 413, 415, 431, 503}
TELLTALE = ("set-cookie", "etag", "location", "last-modified")


def test_every_kind_of_answer_was_provoked_and_none_was_a_defect(evidence: Evidence):
    statuses = {answer.status for answer in evidence.answers}
    assert statuses >= STATUSES
    assert not statuses & {500, 501, 502, 504}


def test_what_names_somebody_was_stored_by_every_system(evidence: Evidence):
    asked = [answer for answer in evidence.answers if answer.asked.startswith(tuple(f"POST /{mount}/" for mount in Mount))]
    assert {answer.asked.split("/")[1] for answer in asked} == set(Mount)
    for answer in asked:
        assert answer.status in (200, 201, 204), (answer.asked, answer.body)
    for family in FAMILIES:
        assert f"{SUBJECT_ROOT}.{family.name}.".encode() in evidence.logical["messages"]


def test_no_answer_of_ingest_can_tell_visitors_apart(evidence: Evidence):
    of_ingest = [answer for answer in [*evidence.answers, *evidence.objections] if answer.asked.partition(" ")[2] in INGEST]
    assert len(of_ingest) > 100
    for answer in of_ingest:
        assert not {name.lower() for name in answer.headers} & set(TELLTALE), answer.asked
    for answer in evidence.answers:
        if answer.asked == "raw":
            assert b"set-cookie" not in answer.body.lower()


def test_the_snippet_is_the_same_for_everybody(evidence: Evidence):
    seen: defaultdict[str, set[tuple[str, str | None, bytes]]] = defaultdict(set)
    for answer in evidence.answers:
        if answer.asked == "GET /js/c.js":
            seen[answer.asked].add((answer.headers["etag"], answer.headers.get("set-cookie"), answer.body))
    assert [len(versions) for versions in seen.values()] == [1]


def test_nothing_is_stored_of_those_who_object(evidence: Evidence):
    assert evidence.stored_of_objections == 0
    singles = [
        answer for answer in evidence.objections if answer.asked in ("POST /api/event", "POST /api/pageview", "GET /pixel.gif")
    ]
    assert len(singles) == 14
    assert {answer.headers.get("x-collector-dropped") for answer in singles} == {"privacy_signal"}
    assert all(answer.status in (200, 204) for answer in singles)
