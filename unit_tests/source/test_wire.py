"""Requests as they go out, and answers as leniently as Customer.io writes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_customerio_segments.api import wire
from source_customerio_segments.api.wire import UnreadableError
from source_customerio_segments.changes import Page

ANN = {"cio_id": "a3000001", "email": "ann@example.com", "id": "u-1"}


def member_page(**answer: Any) -> tuple[Page, str | None]:
    return wire.membership({"segment_id": 7, "identifiers": None, **answer})


@given(st.text(min_size=1))
def test_query_values_arrive_as_they_were(token: str) -> None:
    token = token.encode("utf-8", "ignore").decode()
    target = wire.membership_request(7, token).target

    assert parse_qs(urlsplit(target).query, keep_blank_values=True)["start"] == [token]
    assert "+" not in target
    assert target.isascii()


def test_first_page_is_asked_for_without_a_token_and_as_large_as_allowed() -> None:
    assert wire.membership_request(7, None).target == "/v1/segments/7/membership?limit=30000"


def test_attributes_are_asked_for_by_bare_cio_id() -> None:
    request = wire.attributes_request(["30e00001"])

    assert request.target == "/v1/customers/attributes?id_type=cio_id"
    assert request.json == {"ids": ["30e00001"]}


def test_segment_keeps_what_nobody_has_documented() -> None:
    raw = {"id": 7, "name": "VIP", "state": "finished", "novel": [1]}

    (segment,) = wire.segments({"segments": [raw], "more": 1})

    assert (segment.id, segment.name, segment.is_finished) == (7, "VIP", True)
    assert segment.raw == raw


def test_segment_without_a_state_is_not_finished() -> None:
    (segment,) = wire.segments({"segments": [{"id": "7", "name": "VIP"}]})

    assert segment.id == 7
    assert not segment.is_finished


def test_null_lists_are_empty() -> None:
    assert wire.segments({"segments": None}) == []
    assert wire.profiles({"customers": None}) == []
    assert member_page(ids=None, next="") == (Page([], [], []), None)


@pytest.mark.parametrize("end", [{}, {"next": ""}, {"next": None}])
def test_absent_token_is_the_end(end: dict[str, Any]) -> None:
    assert member_page(**end)[1] is None


@pytest.mark.parametrize("token", ["MDo2MQ==", "900000000000000014", 14])
def test_token_is_opaque_text(token: object) -> None:
    assert member_page(next=token)[1] == str(token)


def test_members_without_email_or_id_have_none() -> None:
    page, _ = member_page(
        ids=["u-1", "", ""],
        identifiers=[ANN, {"cio_id": "30e00001", "email": None, "id": ""}, {"cio_id": "x"}],
    )

    assert page.cio_ids == ["a3000001", "30e00001", "x"]
    assert page.emails == ["ann@example.com", None, None]
    assert page.ids == ["u-1", None, None]


@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: {"customer": item}])
def test_profile_is_read_bare_or_wrapped(wrap: Any) -> None:
    item = {"id": "a3000001", "identifiers": ANN, "attributes": {"plan": "pro"}}

    (profile,) = wire.profiles({"customers": [wrap({**item, "unsubscribed": True})]})

    assert profile == ("a3000001", "ann@example.com", "u-1", True, {"plan": "pro"})


def test_profile_takes_its_identity_from_attributes_where_identifiers_lack_it() -> None:
    (profile,) = wire.profiles(
        {
            "customers": [
                {
                    "id": "a3000001",
                    "identifiers": {"email": "Ann@example.com", "id": None},
                    "attributes": {"cio_id": "a3000001", "email": "", "id": ""},
                }
            ]
        }
    )

    assert (profile.cio_id, profile.email, profile.id) == ("a3000001", "Ann@example.com", None)
    assert profile.unsubscribed is False


def test_profile_without_attributes_has_none() -> None:
    (profile,) = wire.profiles({"customers": [{"identifiers": ANN, "attributes": None}]})

    assert profile.attributes == {}


@pytest.mark.parametrize("count", [842, "842"])
def test_count_is_a_number(count: object) -> None:
    assert wire.customer_count({"segment_id": 7, "count": count}) == 842


@pytest.mark.parametrize("answer", [None, [], "", {}, {"errors": [{"status": 500}]}], ids=str)
@pytest.mark.parametrize(
    "parse", [wire.segments, wire.membership, wire.customer_count, wire.profiles]
)
def test_answer_without_what_was_asked_for_is_never_nobody(parse: Any, answer: object) -> None:
    with pytest.raises(UnreadableError):
        parse(answer)


@pytest.mark.parametrize(
    "answer",
    [
        {"identifiers": [{"email": "ann@example.com"}]},
        {"identifiers": ["a3000001"]},
        {"identifiers": "a3000001"},
        {"identifiers": None, "ids": ["u-1"]},
    ],
    ids=str,
)
def test_member_that_cannot_be_told_apart_makes_the_page_unreadable(answer: object) -> None:
    with pytest.raises(UnreadableError):
        wire.membership(answer)


@pytest.mark.parametrize(
    ("parse", "answer"),
    [
        (wire.segments, {"segments": [{"name": "VIP"}]}),
        (wire.customer_count, {"count": None}),
        (wire.customer_count, {"count": "many"}),
        (wire.profiles, {"customers": [{"attributes": {"plan": "pro"}}]}),
    ],
)
def test_item_that_lacks_its_key_makes_the_answer_unreadable(parse: Any, answer: object) -> None:
    with pytest.raises(UnreadableError):
        parse(answer)


ORDER = {
    "id": "01AK",
    "type": "event",
    "name": "Order Completed",
    "timestamp": 1_792_000_100,
    "customer_id": None,
    "customer_identifiers": {"cio_id": "a3000002", "email": "bo@example.com"},
    "data": {"total": 12.5},
}


def test_activity_is_read_with_its_person_and_payload() -> None:
    (activity,), token = wire.activities({"activities": [ORDER], "next": "900000000000000014"})

    assert activity.id == "01AK"
    assert (activity.cio_id, activity.customer_id, activity.email) == (
        "a3000002",
        None,
        "bo@example.com",
    )
    assert activity.data == {"total": 12.5}
    assert token == "900000000000000014"


def test_activity_of_somebody_unknown_has_no_person() -> None:
    bare = {"id": "01AK", "type": "event", "timestamp": "1792000100"}
    (activity,), _ = wire.activities({"activities": [bare]})

    assert (activity.cio_id, activity.name, activity.data) == (None, None, {})


def test_empty_page_ends_the_activity_log_whatever_its_token_says() -> None:
    assert wire.activities({"activities": None, "next": "9"}) == ([], None)


@pytest.mark.parametrize("item", [{"timestamp": 1}, {"id": "01AK"}, {"id": "", "timestamp": 1}])
def test_activity_without_id_or_time_is_unreadable(item: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        wire.activities({"activities": [item]})


def test_activities_are_asked_for_by_name_of_everybody() -> None:
    target = wire.activities_request("event", "Page + Plan", "9").target

    assert (
        target == "/v1/activities?type=event&name=Page%20%2B%20Plan&deleted=true&limit=100&start=9"
    )
