"""Identifiers that pages of members leave out and attributes have: told once, and never lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sandbox.serve import running
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Record
from source_customerio_segments.config import Config
from source_customerio_segments.reader import read
from source_customerio_segments.snapshot.gaps import are_known, named, shown
from source_customerio_segments.snapshot.people import Identity, People
from source_customerio_segments.state.codec import Encoder, decode
from unit_tests.source.downstream import Downstream
from unit_tests.source.fake_customerio import FakeCustomerio
from unit_tests.source.test_reader import PROFILES, Sync, records

DIGESTS = 0.000_001
FORMS = pytest.mark.parametrize("max_state_megabytes", [2, DIGESTS], ids=["identifiers", "digests"])


@pytest.fixture
def api() -> FakeCustomerio:
    """A workspace that identifies people by id: its pages have no e-mail addresses."""
    api = FakeCustomerio()
    api.enter(7, "a1", "a2", "a3")
    api.unshown = {cio_id: {"email"} for cio_id in api.people}
    return api


def names(row: Any) -> tuple[Any, ...]:
    return row["email"], row["previous_email"], row["_ab_cdc_deleted_at"] is None


@FORMS
def test_profile_exits_with_the_address_that_only_attributes_had(
    api: FakeCustomerio, max_state_megabytes: float
) -> None:
    sync = Sync(api, PROFILES, max_state_megabytes=max_state_megabytes)
    sync.run()
    again = records(sync.run(), PROFILES)
    api.leave(7, "a1")
    api.delete("a2")

    told = records(sync.run(), PROFILES)

    assert again == []
    assert {row["cio_id"]: names(row) for row in told} == {
        "a1": ("a1@example.com", None, False),
        "a2": ("a2@example.com", None, False),
    }


def test_address_is_not_told_again_when_a_page_begins_or_ceases_to_show_it(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, PROFILES, attribute_refresh_minutes=1_000)
    sync.run()
    for hidden in (set(), {"email"}, {"email", "id"}, set()):
        api.unshown["a1"] = hidden
        assert records(sync.run(), PROFILES) == []
    api.delete("a1")

    assert [names(row) for row in records(sync.run(), PROFILES)] == [
        ("a1@example.com", None, False)
    ]


def test_attributes_are_asked_once_when_a_page_ceases_to_show_an_identifier(
    api: FakeCustomerio,
) -> None:
    api.unshown.clear()
    sync = Sync(api, PROFILES, attribute_refresh_minutes=1_000)
    sync.run()
    api.unshown["a1"] = {"email"}
    asked = []
    for _ in range(2):
        api.asked.clear()
        sync.run()
        asked.append([each for each in api.asked if each.startswith("attributes")])

    assert asked == [["attributes of 1"], []]


@pytest.mark.parametrize(
    "hidden", [set(), {"email"}], ids=["shown by pages", "by attributes alone"]
)
@pytest.mark.parametrize("now", [None, "new@example.com"])
def test_address_that_is_gone_or_another_one_is_told_with_the_one_before(
    api: FakeCustomerio, hidden: set[str], now: str | None
) -> None:
    api.unshown["a1"] = hidden
    sync = Sync(api, PROFILES)
    sync.run()
    api.people["a1"] = (now, "u-a1")

    told, again = records(sync.run(), PROFILES), records(sync.run(), PROFILES)

    assert [names(row) for row in told] == [(now, "a1@example.com", True)]
    assert again == []


def test_page_that_shows_another_address_is_right(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES, attribute_refresh_minutes=1_000)
    sync.run()
    api.unshown.clear()
    api.people["a1"] = ("new@example.com", "u-a1")

    told = records(sync.run(), PROFILES)

    assert [names(row) for row in told] == [("new@example.com", "a1@example.com", True)]


@pytest.mark.parametrize("departure", ["leave", "delete"])
def test_person_told_by_a_run_that_died_exits_with_the_address_it_told(
    api: FakeCustomerio, departure: str
) -> None:
    sync = Sync(api, PROFILES)
    sync.downstream.take(until_told(sync, "a1"))
    if departure == "leave":
        api.leave(7, "a1")
    else:
        api.delete("a1")

    told = {row["cio_id"]: row for row in records(sync.run(), PROFILES)}

    assert names(told["a1"]) == ("a1@example.com", None, False)


def until_told(sync: Sync, cio_id: str) -> list[Any]:
    """Return what a run says until it has told *cio_id*: then the process dies."""
    messages = list(sync.started())
    last = [isinstance(each, Record) and each.data["cio_id"] == cio_id for each in messages]
    return messages[: last.index(True) + 1]


def test_state_of_an_older_version_learns_what_attributes_have(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES)
    sync.run()
    as_before = decode(sync.downstream.states[PROFILES])
    assert as_before.told is not None
    nobody = replace(as_before.told, learned=np.zeros_like(as_before.told.learned))
    older = replace(as_before, people=shown(as_before.people, as_before.learned), told=nobody)
    sync.downstream.states[PROFILES] = Encoder(2).encode(older)
    assert "learned" not in sync.downstream.states[PROFILES]["told"]

    silent = records(sync.run(), PROFILES)
    api.delete("a1")

    assert silent == []
    assert [names(row) for row in records(sync.run(), PROFILES)] == [
        ("a1@example.com", None, False)
    ]


def test_state_gets_identifiers_again_after_one_that_pages_never_showed_is_gone(
    api: FakeCustomerio,
) -> None:
    sync = Sync(api, PROFILES, max_state_megabytes=DIGESTS)
    sync.run()
    api.people["a1"] = (None, "u-a1")

    told = records(sync.run(max_state_megabytes=2), PROFILES)

    assert [(row["cio_id"], row["email"]) for row in told] == [("a1", None)]
    assert sync.downstream.states[PROFILES]["form"] == "identifiers"


def test_exits_of_an_id_only_workspace_read_no_log_of_renamings(api: FakeCustomerio) -> None:
    sync = Sync(api, PROFILES, "segment_memberships", max_state_megabytes=DIGESTS)
    sync.run()
    api.leave(7, "a1")
    api.asked.clear()

    sync.run()

    assert "activities attribute_change" not in api.asked


def test_of_whom_only_a_digest_is_known_nothing_is_learned() -> None:
    people = People.of(["a", "b"], [None, "b@x"], ["1", "2"])
    seen = replace(people, marks=people.digests())
    unseen = People.of(["c"], [None], [None])
    both = People.picked([seen, replace(unseen, marks=np.array([7], np.uint16))], np.arange(3))
    found = [Identity("a@x", "1"), Identity("b@x", None), Identity("c@x", "3")]

    told, learned = named(both, np.zeros((2, 3), np.bool_), np.arange(3), found)

    assert list(told.identities()) == [("a@x", "1"), ("b@x", None), (None, None)]
    assert learned.tolist() == [[True, False, False], [False, False, False]]
    assert are_known(told, learned).tolist() == [True, True, False]
    assert next(shown(told, learned).identities()) == (None, "1")


@FORMS
def test_workspace_without_addresses_on_its_pages_over_http(max_state_megabytes: float) -> None:
    downstream, clock = Downstream(), iter(range(1_795_662_000_000, 2**60, 1_000))
    with running(people=60) as box:
        control = box.customerio_control
        control.do({"op": "set_workspace", "identifiers": ["id"]})
        config = Config.parse(
            {
                "app_api_key": box.app_api_key,
                "api_url": box.customerio,
                "segments": ["11"],
                "requests_per_second": 10,
                "max_exit_percent": 100,
                "max_state_megabytes": max_state_megabytes,
            }
        )
        client = CustomerioClient(config)

        def sync() -> list[Any]:
            states = dict(downstream.states)
            return downstream.take(read(client, config, [PROFILES], states, lambda: next(clock)))

        control.do({"op": "add_members", "segment": 11, "percent": 100})
        sync()
        people = control.truth()["people"]
        one, other, *_ = sorted(key for key, each in people.items() if each["email"] and each["id"])
        control.do({"op": "delete_person", "person": {"cio_id": one}})
        control.do({"op": "remove_members", "segment": 11, "cio_ids": [other]})
        told = records(sync(), PROFILES)
        client.close()

    assert {row["cio_id"]: row["email"] for row in told} == {
        one: people[one]["email"],
        other: people[other]["email"],
    }
    assert downstream.forgotten == downstream.superfluous == []
