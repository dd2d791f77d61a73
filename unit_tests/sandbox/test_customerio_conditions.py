"""Who belongs in a dynamic segment."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.customerio.conditions import (
    Event,
    Facts,
    UnknownConditionError,
    compile_conditions,
    text,
)

NOW = 1_800_000_000
DAY = 86_400


def holds(
    tree: dict[str, Any],
    attributes: dict[str, str] | None = None,
    events: dict[str, list[Event]] | None = None,
) -> bool:
    happened = events or {}
    facts = Facts(attributes or {}, lambda name: happened.get(name, []), NOW)
    return compile_conditions(tree)(facts)


def attribute(field: str, operator: str, value: object = None, **more: object) -> dict[str, Any]:
    return {"attribute": {"field": field, "operator": operator, "value": value}, **more}


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("eq", "pro", "pro", True),
        ("eq", "pro", "Pro", False),
        ("eq", "pro", None, False),
        ("exists", None, "x", True),
        ("exists", None, None, False),
        ("contains", "ro", "pro", True),
        ("gt", "100", "100.5", True),
        ("gt", "100", "99", False),
        ("gt", "100", "many", False),
        ("gt", "100", None, False),
        ("lt", "100", "9", True),
        ("is_timestamp", None, "1800000000", True),
        ("is_timestamp", None, "tomorrow", False),
        ("older_than", DAY, str(NOW - DAY - 1), True),
        ("older_than", DAY, str(NOW - DAY), False),
        ("older_than", DAY, None, False),
        ("within_past", DAY, str(NOW - DAY), True),
        ("within_past", DAY, str(NOW - DAY - 1), False),
        ("within_past", DAY, str(NOW + 1), False),
        ("within_past", "a while", str(NOW), False),
    ],
)
def test_an_attribute_is_compared_as_its_operator_says(
    operator: str, wanted: object, value: str | None, *, expected: bool
) -> None:
    attributes = {} if value is None else {"a": value}

    assert holds(attribute("a", operator, wanted), attributes) is expected
    assert holds(attribute("a", operator, wanted, inverse=True), attributes) is not expected


def test_and_needs_all_and_or_needs_one() -> None:
    yes, no = attribute("a", "exists"), attribute("b", "exists")

    assert holds({"or": [no, yes]}, {"a": "1"})
    assert not holds({"and": [no, yes]}, {"a": "1"})
    assert holds({"and": [yes, {"or": [no, yes]}]}, {"a": "1"})


ORDERS = {"order": [Event(NOW - 10, {"total": 12.5}), Event(NOW - 3 * DAY, {"total": 80})]}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"event": {"name": "order"}}, True),
        ({"event": {"name": "other"}}, False),
        ({"event": {"name": "order"}, "inverse": True}, False),
        ({"event": {"name": "order"}, "times": 2}, True),
        ({"event": {"name": "order"}, "times": 3}, False),
        ({"event": {"name": "order"}, "times": 2, "within": DAY}, False),
    ],
)
def test_events_are_counted_by_name_and_time(condition: dict[str, Any], *, expected: bool) -> None:
    assert holds(condition, events=ORDERS) is expected


@pytest.mark.parametrize(("limit", "inverse", "times"), [("50", False, 1), ("50", True, 1)])
def test_events_are_told_apart_by_their_payload(limit: str, times: int, *, inverse: bool) -> None:
    test = {"field": "total", "operator": "gt", "value": limit, "inverse": inverse}
    event = {"name": "order", "filters": {"and": [test]}}

    assert holds({"event": event, "times": times}, events=ORDERS)
    assert not holds({"event": event, "times": times + 1}, events=ORDERS)


INCOMPLETE = [{"attribute": {"field": "a"}}, {"event": {}}, {"and": None}, {"event": "order"}]


@pytest.mark.parametrize("tree", [{}, {"nor": []}, attribute("a", "like", "x"), *INCOMPLETE])
def test_a_condition_nobody_knows_is_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(UnknownConditionError):
        compile_conditions(tree)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        (None, ""),
        ("x", "x"),
        (["é", 1], '["é",1]'),
    ],
)
def test_every_value_is_kept_as_text(value: object, written: str) -> None:
    assert text(value) == written
