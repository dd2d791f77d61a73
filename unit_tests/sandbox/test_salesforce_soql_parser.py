"""The grammar alone: what it reads, what it refuses, and in which words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simple_salesforce.format import format_soql

from sandbox.salesforce.soql.ast import (
    Aggregate,
    Comparison,
    Includes,
    Junction,
    Kind,
    Like,
    Literal,
    Membership,
    Not,
    Ordering,
    Path,
    Query,
    SemiJoin,
)
from sandbox.salesforce.soql.errors import SoqlError
from sandbox.salesforce.soql.parser import MAX_STATEMENT_CHARS, parse


def condition(text: str) -> object:
    return parse(f"SELECT Id FROM Contact WHERE {text}").where  # noqa: S608  # SOQL under test


def refusal(text: str) -> SoqlError:
    with pytest.raises(SoqlError) as caught:
        parse(text)
    return caught.value


def test_whole_statement_is_read_clause_by_clause() -> None:
    actual = parse(
        "select Id, Contact.Email from CampaignMember where Status = 'Sent'"
        " order by Id desc nulls last, Status limit 5 offset 3"
    )

    assert actual == Query(
        items=(Path(("Id",), 7), Path(("Contact", "Email"), 11)),
        sobject="CampaignMember",
        where=Comparison(Path(("Status",), 51), "=", Literal(Kind.STRING, "Sent", "'Sent'")),
        group_by=(),
        order_by=(
            Ordering(Path(("Id",), 76), descending=True, nulls_last=True),
            Ordering(Path(("Status",), 96), descending=False, nulls_last=False),
        ),
        limit=5,
        offset=3,
    )


def test_count_of_everything_has_no_items() -> None:
    assert parse("SELECT COUNT() FROM Lead").items == ()


def test_aggregates_keep_function_field_and_alias() -> None:
    items = parse("SELECT COUNT(Id) n, max(Score__c) FROM Lead").items

    assert items == (
        Aggregate("COUNT", Path(("Id",), 13), "n"),
        Aggregate("MAX", Path(("Score__c",), 24), None),
    )


def test_field_names_that_start_like_keywords_are_names() -> None:
    query = parse("SELECT Industry, Order__c, Notes__c FROM Account WHERE Inactive__c = true")

    assert [item.names for item in query.items if isinstance(item, Path)] == [
        ("Industry",),
        ("Order__c",),
        ("Notes__c",),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("'Ann'", Kind.STRING, "Ann"),
        ("''", Kind.STRING, None),
        ("42", Kind.NUMBER, 42.0),
        ("-1.5e2", Kind.NUMBER, -150.0),
        ("TRUE", Kind.BOOLEAN, 1),
        ("false", Kind.BOOLEAN, 0),
        ("null", Kind.NULL, None),
        ("2026-01-02", Kind.DATE, "2026-01-02"),
        ("2026-01-02T03:04:05Z", Kind.DATETIME, "2026-01-02T03:04:05.000+0000"),
        ("2026-01-02T03:04:05.678+01:00", Kind.DATETIME, "2026-01-02T02:04:05.678+0000"),
        ("2026-01-02T03:04:05-0830", Kind.DATETIME, "2026-01-02T11:34:05.000+0000"),
    ],
)
def test_literal_is_read_as_the_database_holds_it(text: str, kind: Kind, value: object) -> None:
    assert condition(f"F = {text}") == Comparison(Path(("F",), 29), "=", Literal(kind, value, text))  # type: ignore[arg-type]  # the table holds every kind


@pytest.mark.parametrize(
    ("text", "value"),
    [(r"a\'b", "a'b"), (r"a\\b", "a\\b"), (r"\n\r\t\b\f", "\n\r\t\b\f"), (r"\u00e9\"", 'é"')],
)
def test_escapes_are_decoded(text: str, value: str) -> None:
    comparison = condition(f"F = '{text}'")

    assert isinstance(comparison, Comparison)
    assert comparison.literal.value == value


@settings(max_examples=50)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_text_quoted_by_simple_salesforce_comes_back_whole(values: list[str]) -> None:
    membership = condition(format_soql("F IN {}", values))

    assert isinstance(membership, Membership)
    assert [literal.value or "" for literal in membership.literals] == values


def test_like_keeps_its_own_escapes() -> None:
    assert condition(r"F LIKE 'a\_b\%c\'%'") == Like(Path(("F",), 29), r"a\_b\%c'%")


def test_sets_and_negations_are_told_apart() -> None:
    assert condition("NOT F NOT IN ('a')") == Not(
        Membership(Path(("F",), 33), (Literal(Kind.STRING, "a", "'a'"),), negated=True)
    )
    assert condition("F excludes ('A;B', 'C')") == Includes(
        Path(("F",), 29), ("A;B", "C"), negated=True
    )


def test_sub_select_is_a_query_of_its_own() -> None:
    semi_join = condition("Id IN (SELECT ContactId FROM CampaignMember)")

    assert isinstance(semi_join, SemiJoin)
    assert semi_join.query.sobject == "CampaignMember"


def test_parentheses_group_and_with_or() -> None:
    both = condition("A = 1 AND (B = 2 OR C = 3)")

    assert isinstance(both, Junction)
    assert both.operator == "AND"
    assert isinstance(both.terms[1], Junction)
    assert both.terms[1].operator == "OR"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT Id",
        "SELECT FROM Contact",
        "SELECT * FROM Contact",
        "SELECT Id FROM Contact trailing words",
        "SELECT Id FROM Contact WHERE A = 1 AND B = 2 OR C = 3",
        "SELECT Id FROM Contact WHERE A = 1 AND NOT B = 2",
        "SELECT Id FROM Contact WHERE Name = Ann",
        "SELECT Id FROM Contact WHERE Name = :ann",
        "SELECT Id FROM Contact WHERE Name IN ()",
        "SELECT Id FROM Contact WHERE Name = 'unfinished",
        "SELECT Id FROM Contact WHERE Name = 'two\nlines'",
        "SELECT Id FROM Contact WHERE Name = 'O'Hara'",
        r"SELECT Id FROM Contact WHERE Name = '\q'",
        r"SELECT Id FROM Contact WHERE Name = '50\%'",
        "SELECT Id FROM Contact WHERE D = 2026-13-01",
        "SELECT Id FROM Contact WHERE D = 2026-01-02T03:04:05",
        "SELECT Id FROM Contact WHERE D = 2026-01-02T03:04:05 01:00",
        "SELECT Id FROM Contact LIMIT -1",
        "SELECT Id FROM Contact FOR UPDATE",
        "DELETE FROM Contact",
    ],
)
def test_what_salesforce_cannot_parse_is_a_malformed_query(text: str) -> None:
    assert refusal(text).code == "MALFORMED_QUERY"


def test_syntax_error_points_to_its_place() -> None:
    message = refusal("SELECT Id\nFROM Contact WHERE Name = Ann").message

    assert message.splitlines() == [
        "",
        "SELECT Id FROM Contact WHERE Name = Ann",
        "                                    ^",
        "ERROR at Row:2:Column:27",
        "unexpected token: 'Ann'",
    ]


def test_statement_of_the_longest_length_is_read_and_one_more_character_refused() -> None:
    head = "SELECT Id FROM Contact"
    longest = head + " " * (MAX_STATEMENT_CHARS - len(head))

    assert parse(longest).sobject == "Contact"
    assert refusal(longest + " ").code == "MALFORMED_QUERY"


def test_string_of_the_longest_length_is_read_and_one_more_character_refused() -> None:
    assert condition(f"Name = '{'x' * 4_000}'") is not None

    with pytest.raises(SoqlError, match="longer than 4000"):
        condition(f"Name = '{'x' * 4_001}'")
