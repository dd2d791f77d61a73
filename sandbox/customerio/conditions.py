"""What puts a person in a dynamic segment. Pure: a tree of conditions becomes a predicate.

The App API shows the tree and documents nothing about it. The shapes here are those that other
clients have seen::

    {"and": [{"attribute": {"field": "plan", "operator": "eq", "value": "pro"}},
             {"event": {"name": "order_completed",
                        "filters": {"and": [{"field": "total", "operator": "gt", "value": "9"}]}},
              "times": 2, "within": 86400, "inverse": true}]}

``within`` is in seconds. ``inverse`` turns the condition it stands beside around.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson


class Event(NamedTuple):
    """One event of a person; *timestamp* in unix seconds."""

    timestamp: int
    data: Mapping[str, Any]


class Facts(NamedTuple):
    """What a condition may look at. *events* gives the person's events of one name."""

    attributes: Mapping[str, str]
    events: Callable[[str], Sequence[Event]]
    now: int


Predicate = Callable[[Facts], bool]
# (the value held, or "" where there is none; the value wanted; now) -> does it hold
Comparison = Callable[[str, str, int], bool]


class UnknownConditionError(ValueError):
    """A tree holds a condition or an operator that no segment of the sandbox can have."""


def compile_conditions(tree: Mapping[str, Any]) -> Predicate:
    """Turn a condition tree into a predicate.

    Raises:
        UnknownConditionError: A node is neither ``and``, ``or``, ``attribute`` nor ``event``, or
            an operator is unknown, or a part is missing.
    """
    kind = next((name for name in COMPILERS if name in tree), None)
    if kind is None:
        raise UnknownConditionError(f"a condition is one of {', '.join(COMPILERS)}")
    try:
        holds = COMPILERS[kind](tree)
    except (KeyError, TypeError, AttributeError) as error:
        raise UnknownConditionError(f"the {kind} condition lacks a part") from error
    return (lambda facts: not holds(facts)) if tree.get("inverse") else holds


def _all_of(tree: Mapping[str, Any]) -> Predicate:
    parts = [compile_conditions(part) for part in tree["and"]]
    return lambda facts: all(part(facts) for part in parts)


def _any_of(tree: Mapping[str, Any]) -> Predicate:
    parts = [compile_conditions(part) for part in tree["or"]]
    return lambda facts: any(part(facts) for part in parts)


def _attribute(tree: Mapping[str, Any]) -> Predicate:
    field, compare, wanted = _comparison(tree["attribute"])
    return lambda facts: compare(facts.attributes.get(field, ""), wanted, facts.now)


def _event(tree: Mapping[str, Any]) -> Predicate:
    name, times, within = tree["event"]["name"], int(tree.get("times", 1)), tree.get("within")
    tests = [_payload(test) for test in tree["event"].get("filters", {}).get("and", ())]

    def happened(facts: Facts) -> bool:
        oldest = 0 if within is None else facts.now - within
        recent = (event for event in facts.events(name) if event.timestamp >= oldest)
        return sum(all(test(event, facts.now) for test in tests) for event in recent) >= times

    return happened


def _payload(test: Mapping[str, Any]) -> Callable[[Event, int], bool]:
    field, compare, wanted = _comparison(test)
    inverse = bool(test.get("inverse"))
    return lambda event, now: compare(text(event.data.get(field)), wanted, now) is not inverse


def _comparison(leaf: Mapping[str, Any]) -> tuple[str, Comparison, str]:
    if leaf["operator"] not in COMPARISONS:
        raise UnknownConditionError(f"an operator is one of {', '.join(COMPARISONS)}")
    return leaf["field"], COMPARISONS[leaf["operator"]], text(leaf.get("value"))


def text(value: object) -> str:
    """Write a value as Customer.io stores it: all is text, lists are JSON, nothing is ``""``."""
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()


def number(value: str) -> float | None:
    """Read a number, or nothing where the text is none."""
    try:
        return float(value)
    except ValueError:
        return None


def _numeric(compare: Callable[[float, float], bool]) -> Comparison:
    def holds(value: str, wanted: str, _now: int) -> bool:
        held, limit = number(value), number(wanted)
        return held is not None and limit is not None and compare(held, limit)

    return holds


def _age(compare: Callable[[float, float], bool]) -> Comparison:
    """Compare how long ago a unix timestamp was; what lies ahead has no age."""

    def aged(value: str, wanted: str, now: int) -> bool:
        limit = number(wanted)
        age = now - int(value) if value.isdecimal() else -1
        return limit is not None and age >= 0 and compare(age, limit)

    return aged


COMPILERS: Mapping[str, Callable[[Mapping[str, Any]], Predicate]] = {
    "and": _all_of,
    "or": _any_of,
    "attribute": _attribute,
    "event": _event,
}
COMPARISONS: Mapping[str, Comparison] = {
    "eq": lambda value, wanted, _now: value == wanted,
    "exists": lambda value, _wanted, _now: value != "",
    "contains": lambda value, wanted, _now: wanted in value,
    "gt": _numeric(operator.gt),
    "lt": _numeric(operator.lt),
    "is_timestamp": lambda value, _wanted, _now: value.isdecimal(),
    "older_than": _age(operator.gt),  # the wanted value is an age in seconds
    "within_past": _age(operator.le),  # as above
}
