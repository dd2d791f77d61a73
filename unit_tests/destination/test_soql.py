"""SOQL is escaped, split by length, and complete."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_salesforce_intro.org.schema import FieldSchema
from destination_salesforce_intro.org.soql import MAX_ENCODED_CHARS, Query, literal

TEXT = FieldSchema(name="Email", type="email")
QUERY = Query("Contact", ("Id", "Email"), TEXT, order=("CreatedDate", "Id"))


def test_query_names_what_it_reads_and_sorts() -> None:
    (text,) = QUERY.texts(["a@x.example", "b@x.example"])

    assert text == (
        "SELECT Id, Email FROM Contact WHERE Email IN ('a@x.example','b@x.example')"
        " ORDER BY CreatedDate, Id"
    )
    assert QUERY._replace(conditions=("A__c = 1",), order=()).texts(["a"]) == [
        "SELECT Id, Email FROM Contact WHERE Email IN ('a') AND A__c = 1"
    ]


def test_no_keys_make_no_query() -> None:
    """``IN ()`` is malformed."""
    assert QUERY.texts([]) == []


@pytest.mark.parametrize(
    ("type_", "key", "expected"),
    [
        ("string", 'O\'Hara \\ "x"', "'O\\'Hara \\\\ \\\"x\\\"'"),
        ("string", "a\nb\tc\rd\be\ff", "'a\\nb\\tc\\rd\\be\\ff'"),
        ("double", "42", "42"),
        ("datetime", "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.000Z"),
        ("date", "2026-01-02", "2026-01-02"),
        ("reference", "003000000000001AAA", "'003000000000001AAA'"),
    ],
)
def test_literal_is_quoted_as_its_field_asks(type_: str, key: str, expected: str) -> None:
    assert literal(key, FieldSchema(name="F", type=type_)) == expected


KEYS = st.text(min_size=1, max_size=9).map(lambda text: text * 30)


@settings(max_examples=40)
@given(st.lists(KEYS, max_size=60, unique=True))
def test_every_key_is_asked_once_and_no_url_is_too_long(keys: list[str]) -> None:
    texts = QUERY.texts(keys)

    asked = [text.partition("IN (")[2].removesuffix(") ORDER BY CreatedDate, Id") for text in texts]
    assert ",".join(asked) == ",".join(literal(key, TEXT) for key in keys)
    assert all(len(quote(text, safe="")) <= MAX_ENCODED_CHARS for text in texts)


def test_at_most_two_hundred_keys_go_into_one_query() -> None:
    texts = QUERY.texts([str(number) for number in range(450)])

    assert [text.count(",'") + 1 for text in texts] == [200, 200, 50]


def test_key_longer_than_a_query_still_goes_alone() -> None:
    assert len(QUERY.texts(["x" * 8000, "y"])) == 2
