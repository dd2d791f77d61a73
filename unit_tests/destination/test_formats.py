"""Formats write a value in one way, or refuse it."""

from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.mapping.identity import written
from destination_salesforce_intro.mapping.values import UnfitError
from destination_salesforce_intro.org.schema import FieldSchema


def write(name: str, value: Any, type_: str = "string", region: str | None = None) -> Any:
    return written(name, region, FieldSchema(name="F__c", type=type_))(value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("email", " Ann.Lee@Example.COM ", "ann.lee@example.com"),
        ("email", "ü@münchen.example", "ü@münchen.example"),
        ("phone_e164", "+44 20 7946 0958", "+442079460958"),
        ("lower", " AbC ", "abc"),
        ("upper", "abc", "ABC"),
        ("trim", " a ", "a"),
        ("date", "2026-01-02T03:04:05Z", "2026-01-02"),
        ("datetime", "2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("multi_select", ["b", "a", "b"], "b;a"),
    ],
)
def test_format_writes_text(name: str, value: Any, expected: str) -> None:
    assert write(name, value) == expected


@pytest.mark.parametrize("name", ["email", "phone_e164", "date", "sha256", "multi_select", "lower"])
@pytest.mark.parametrize("empty", [None, "", " "])
def test_no_value_passes_every_format_and_clears(name: str, empty: Any) -> None:
    assert write(name, empty) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "ann@"),
        ("email", "ann lee@example.com"),
        ("email", ["a@example.com"]),
        ("phone_e164", "12"),
        ("phone_e164", "(415) 555-2671"),
        ("phone_e164", "call me"),
        ("date", "soon"),
        ("epoch_seconds", "soon"),
        ("multi_select", {"a": 1}),
    ],
)
def test_value_that_cannot_be_written_so_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UnfitError):
        write(name, value)


def test_region_tells_where_a_number_without_country_is() -> None:
    assert write("phone_e164", "(415) 555-2671", "phone", region="US") == "+14155552671"


LOCAL = st.text("aZ9._+-'@ ü", max_size=8) | st.just("x" * 65)
DOMAIN = st.sampled_from(
    ["x.example", "X-y.example", "münchen.example", "x", "x..example", "a.test"]
)


@given(LOCAL, DOMAIN)
def test_quick_check_of_an_address_agrees_with_the_full_one(local: str, domain: str) -> None:
    address = f"{local}@{domain}".strip()
    try:
        full = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        with pytest.raises(UnfitError):
            write("email", address)
        return

    assert write("email", address) == full.normalized.lower()


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("double", 86400),
        ("string", "86400"),
        ("datetime", "1970-01-02T00:00:00.000Z"),
        ("date", "1970-01-02"),
    ],
)
@pytest.mark.parametrize("value", ["86400", 86400, "1970-01-02T00:00:00Z"])
def test_epoch_seconds_takes_small_numbers_and_suits_the_field(
    type_: str, expected: Any, value: Any
) -> None:
    assert write("epoch_seconds", value, type_) == expected
