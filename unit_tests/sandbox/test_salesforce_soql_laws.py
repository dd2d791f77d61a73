"""SOQL's WHERE against an oracle in Python: any condition, any values, null among them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_salesforce.format import format_soql

from sandbox.salesforce import dml, soql
from sandbox.salesforce.org import Org

Record = dict[str, Any]
TITLES = [
    None,
    "Boss",
    "boss",
    "B_ss",
    "50%",
    "it's",
    'a "b"',
    "back\\slash",
    "two\nlines",
    "é",
    "😀",
]
SPENT = [None, 0.0, -1.5, 12.0, 99.99]
RECORDS: list[Record] = [
    {"LastName": f"n{number}", "Title": title, "Cart_Value__c": spent, "Is_VIP__c": vip}
    for number, (title, spent, vip) in enumerate(
        (title, spent, vip) for title in TITLES for spent in SPENT for vip in (True, False)
    )
]


class Condition(NamedTuple):
    """A condition as SOQL, and what it means."""

    text: str
    holds: Callable[[Record], bool]
    is_term: bool = True

    def as_term(self) -> str:
        return self.text if self.is_term else f"({self.text})"


def folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
TITLE, NUMBER = st.sampled_from(TITLES), st.sampled_from(SPENT)
FIELDS = st.one_of(
    st.tuples(st.just("Title"), TITLE),
    st.tuples(st.just("Cart_Value__c"), NUMBER),
    st.tuples(st.just("Is_VIP__c"), st.booleans()),
)


def equal(pair: tuple[str, Any]) -> Condition:
    name, value = pair
    return Condition(
        format_soql(f"{name} = {{}}", value), lambda it: folded(it[name]) == folded(value)
    )


def unequal(pair: tuple[str, Any]) -> Condition:
    name, value = pair
    return Condition(
        format_soql(f"{name} != {{}}", value), lambda it: folded(it[name]) != folded(value)
    )


def ordered(sign: str, value: float) -> Condition:
    def holds(it: Record) -> bool:
        return it["Cart_Value__c"] is not None and bool(ORDERED[sign](it["Cart_Value__c"], value))

    return Condition(f"Cart_Value__c {sign} {value}", holds)


def one_of(titles: list[str | None], *, negated: bool) -> Condition:
    wanted = {folded(title) for title in titles}
    text = format_soql(f"Title {'NOT ' * negated}IN {{}}", titles)
    return Condition(text, lambda it: (folded(it["Title"]) in wanted) != negated)


def starting(title: str) -> Condition:
    text = format_soql("Title LIKE '{:like}%'", title)
    return Condition(text, lambda it: (folded(it["Title"]) or "\0").startswith(folded(title)))


def not_(inner: Condition) -> Condition:
    return Condition(f"NOT {inner.as_term()}", lambda it: not inner.holds(it), is_term=False)


def joined(word: str, parts: list[Condition]) -> Condition:
    every = all if word == "AND" else any
    text = f" {word} ".join(part.as_term() for part in parts)
    return Condition(text, lambda it: every(part.holds(it) for part in parts), is_term=False)


SOME_TITLE = st.sampled_from([title for title in TITLES if title])
TESTS = st.one_of(
    FIELDS.map(equal),
    FIELDS.map(unequal),
    st.builds(ordered, st.sampled_from(sorted(ORDERED)), NUMBER.filter(lambda it: it is not None)),
    st.builds(one_of, st.lists(TITLE, min_size=1, max_size=4), negated=st.booleans()),
    SOME_TITLE.map(starting),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        inner.map(not_),
        st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=4)),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def org() -> Iterator[Org]:
    org = Org.open(":memory:")
    results = dml.apply(org, "insert", org.sobject("Contact"), RECORDS)
    assert all(result.success for result in results)
    yield org
    org.db.close()


@settings(max_examples=80, deadline=None)
@given(CONDITIONS)
def test_any_condition_finds_exactly_the_records_it_means(org: Org, condition: Condition) -> None:
    text = f"SELECT LastName FROM Contact WHERE {condition.text}"  # noqa: S608  # SOQL under test

    found = {record["LastName"] for record in soql.run(org, text).records}

    assert found == {record["LastName"] for record in RECORDS if condition.holds(record)}
