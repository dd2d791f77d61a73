"""The fault table: which request meets which fault, and how often."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.faults import Answer, Asked, Fault, FaultTable

UNAVAILABLE = {"status": 503}


def table(*faults: dict[str, Any]) -> FaultTable:
    made = FaultTable()
    for fault in faults:
        made.add(Fault.model_validate({"action": UNAVAILABLE, **fault}))
    return made


def asked(method: str = "GET", path: str = "/v1/segments", body: str = "") -> Asked:
    return Asked(method=method, path=path, body=body)


def outcomes(faults: FaultTable, requests: int) -> list[bool]:
    return [faults.meet(asked()) is not None for _ in range(requests)]


def test_a_fault_without_numbers_breaks_the_next_request_only() -> None:
    assert outcomes(table({}), 3) == [True, False, False]


def test_skip_and_times_count_requests_that_match() -> None:
    faults = table({"match": {"path": "segments"}, "skip": 1, "times": 2})

    faults.meet(asked(path="/v1/customers"))

    assert outcomes(faults, 5) == [False, True, True, False, False]


def test_times_null_breaks_for_ever() -> None:
    assert outcomes(table({"times": None}), 20) == [True] * 20


@given(skip=st.integers(0, 6), times=st.integers(1, 6), requests=st.integers(0, 20))
def test_a_fault_breaks_exactly_its_share(skip: int, times: int, requests: int) -> None:
    broken = outcomes(table({"skip": skip, "times": times}), requests)

    assert broken == [skip <= number < skip + times for number in range(requests)]


@pytest.mark.parametrize(
    ("match", "request_asked", "met"),
    [
        ({"method": "POST"}, asked("POST"), True),
        ({"method": "POST"}, asked("GET"), False),
        ({"path": r"membership\?.*start="}, asked(path="/membership?limit=5&start=MDox"), True),
        ({"path": r"membership\?.*start="}, asked(path="/membership?limit=5"), False),
        ({"body": "u-1"}, asked(body='{"ids": ["u-1"]}'), True),
        ({"body": "u-1"}, asked(body='{"ids": ["u-2"]}'), False),
    ],
)
def test_a_fault_meets_what_its_patterns_find(
    match: dict[str, str], request_asked: Asked, *, met: bool
) -> None:
    assert (table({"match": match}).meet(request_asked) is not None) is met


def test_a_fault_that_still_skips_lets_the_next_one_have_the_request() -> None:
    faults = table({"skip": 1, "action": {"status": 500}}, {"action": {"status": 502}})

    assert [faults.meet(asked()), faults.meet(asked())] == [
        Answer(status=502),
        Answer(status=500),
    ]


def test_what_is_left_is_listed_until_it_is_used_up() -> None:
    faults = table({"skip": 1, "times": 2})
    faults.meet(asked())
    faults.meet(asked())
    (left,) = faults.remaining()

    assert (left.skip, left.times) == (0, 1)
    faults.meet(asked())
    assert faults.remaining() == []


def test_bodies_are_looked_at_only_when_a_fault_asks() -> None:
    assert not table({"match": {"path": "x"}}).looks_at_bodies
    assert table({"match": {"body": "x"}}).looks_at_bodies


@pytest.mark.parametrize(
    "fault",
    [
        {"action": {"status": 503, "reset": "before"}},
        {"action": {"reset": "midway"}},
        {"action": {}},
        {"action": UNAVAILABLE, "match": {"path": "("}},
        {"action": UNAVAILABLE, "times": 0},
        {"action": UNAVAILABLE, "unknown": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(fault)
