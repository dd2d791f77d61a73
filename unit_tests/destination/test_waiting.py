"""Memberships whose person is not in Salesforce yet wait for them, and hold their STATE."""

from collections.abc import Iterator, Sequence
from typing import Any

from destination_salesforce_intro.changes import Change, Outcome
from destination_salesforce_intro.writing.rounds import Rounds
from sandbox.serve import Running
from unit_tests.destination.harness import CONTACTS, contacts, person, record, state, sync

FLAGS: dict[str, Any] = {
    "stream": "memberships",
    "kind": "flag",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "segments": [{"segment": 7, "field": "Is_VIP__c"}],
}


def member(number: int, **data: Any) -> dict[str, Any]:
    return record("memberships", segment_id=7, cio_id=f"p{number}", **data)


def left(number: int) -> dict[str, Any]:
    return member(number, _ab_cdc_deleted_at="2026-01-02T00:00:00Z")


def vips(box: Running) -> set[str]:
    return {key for key, row in contacts(box).items() if row["Is_VIP__c"]}


def test_a_membership_before_its_person_waits_and_so_does_its_state(box: Running) -> None:
    result = sync(box, [member(1), state(1, "memberships"), person(1), state(2)], CONTACTS, FLAGS)

    assert vips(box) == {"p1"}
    assert result.acknowledged == [1, 2]
    assert result.counts == [(1.0, 0.0), (1.0, 0.0)]


def test_a_person_who_never_comes_is_refused_at_the_end(box: Running) -> None:
    result = sync(box, [member(9), state(1, "memberships"), person(1), state(2)], CONTACTS, FLAGS)

    assert result.acknowledged == [1, 2]
    assert result.counts == [(0.0, 1.0), (1.0, 0.0)]
    assert "NO_MATCH" in result.logs


def test_nobody_waits_where_no_mapping_creates_people(box: Running) -> None:
    result = sync(box, [member(9), state(1, "memberships"), b"{"], FLAGS)

    assert result.counts == [(0.0, 1.0)]


def test_a_person_who_left_while_waiting_does_not_come_back(box: Running) -> None:
    result = sync(
        box,
        [member(1), state(1, "memberships"), left(1), state(2, "memberships"), person(1), state(3)],
        CONTACTS,
        FLAGS,
    )

    assert vips(box) == set()
    assert result.acknowledged == [1, 2, 3]


def test_an_undecodable_line_leaves_a_waiting_state_unacknowledged(box: Running) -> None:
    result = sync(box, [member(1), state(1, "memberships"), b"{"], CONTACTS, FLAGS)

    assert result.acknowledged == []


def test_many_wait_on_disk_for_people_who_come_last(box: Running, monkeypatch: Any) -> None:
    """Too many to be looked for at every flush: as many people as wait have to be written first."""
    monkeypatch.setattr("destination_salesforce_intro.writing.writer.FEW_PARKED", 3)
    messages = [*(member(n) for n in range(12)), state(1, "memberships")]
    messages += [message for n in range(10) for message in (person(n), state(10 + n))]

    result = sync(box, messages, CONTACTS, FLAGS)

    assert vips(box) == {f"p{n}" for n in range(10)}
    assert result.acknowledged == [1, *range(10, 20)]
    assert result.counts == [(10.0, 2.0), *[(1.0, 0.0)] * 10]


def test_states_wait_without_a_bound_and_go_back_as_they_came(box: Running) -> None:
    odd = state(1, "memberships")
    odd["state"]["unheard_of"] = {"k": [1, None]}
    states = [odd, *(state(n) for n in range(2, 60))]

    result = sync(box, [member(1), *states, person(1), state(99)], CONTACTS, FLAGS)

    assert result.acknowledged == [*range(1, 60), 99]
    (echo, *_) = [m["state"] for m in result.messages if m["type"] == "STATE"]
    assert odd["state"].items() <= echo.items()


def test_an_exit_behind_a_parked_entry_ends_it_without_times(box: Running) -> None:
    """Neither record says when, so their order is all there is."""
    result = sync(
        box,
        [member(1), state(1, "memberships"), left(1), state(2, "memberships"), person(1), state(3)],
        CONTACTS,
        FLAGS,
    )
    again = sync(box, [member(1), left(1), member(1), state(4, "memberships")], CONTACTS, FLAGS)

    assert result.acknowledged == [1, 2, 3]
    assert again.acknowledged == [4]
    assert vips(box) == {"p1"}


def test_a_person_written_after_a_membership_of_the_last_flush_is_found(box: Running) -> None:
    """A membership of a better priority is written before people, in the only flush there is."""
    first = {**FLAGS, "priority": 1}

    result = sync(box, [member(1), person(1)], CONTACTS, first)

    assert vips(box) == {"p1"}
    assert result.error is None


def test_a_disk_without_room_stops_the_sync_in_words(box: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")

    result = sync(box, [member(1), state(1, "memberships")], CONTACTS, FLAGS)

    assert result.acknowledged == []
    assert result.error is not None
    assert "TMPDIR" in result.error.message


def test_what_waited_on_disk_comes_back_no_more_at_a_time_than_memory_holds(
    box: Running, monkeypatch: Any
) -> None:
    monkeypatch.setattr("destination_salesforce_intro.writing.buffer.MAX_BYTES", 10_000)
    tried: list[int] = []
    write = Rounds.write

    def counted(rounds: Rounds, batch: Sequence[Change]) -> Iterator[Outcome]:
        tried.append(len(batch))
        return write(rounds, batch)

    monkeypatch.setattr(Rounds, "write", counted)

    result = sync(
        box, [*(member(n, note="x" * 4_000) for n in range(9)), person(1)], CONTACTS, FLAGS
    )

    assert (result.error, vips(box)) == (None, {"p1"})
    assert max(tried[1:]) <= 3
