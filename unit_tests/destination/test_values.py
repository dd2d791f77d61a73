"""Values fit the type of their field exactly, or are refused."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.mapping.values import UnfitError, converter
from destination_salesforce_intro.org.schema import FieldSchema


def convert(type_: str, value: Any, **flags: Any) -> Any:
    return converter(FieldSchema(name="F__c", type=type_, **flags))(value)


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("string", "  text ", "text"),
        ("string", True, "true"),
        ("string", 12.0, "12"),
        ("string", 0.1, "0.1"),
        ("string", 12345678901234567890, "12345678901234567890"),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("boolean", 1, True),
        ("boolean", False, False),
        ("int", "12", 12),
        ("int", "12.0", 12),
        ("int", 12.0, 12),
        ("double", " -1.50 ", -1.5),
        ("double", "1e3", 1000),
        ("double", ".5", 0.5),
        ("currency", "9007199254740993", 9007199254740993),
        ("date", "2026-01-02", "2026-01-02"),
        ("date", "2026-01-02T23:30:00-05:00", "2026-01-02"),
        ("date", "1767225600", "2026-01-01"),
        ("datetime", "2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("datetime", "2026-01-02 03:04", "2026-01-02T03:04:00.000Z"),
        ("datetime", "2026-01-02T03:04:05+0530", "2026-01-01T21:34:05.000Z"),
        ("datetime", "2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123Z"),
        ("datetime", 1767225600, "2026-01-01T00:00:00.000Z"),
        ("datetime", "1767225600.5", "2026-01-01T00:00:00.500Z"),
        ("time", "03:04", "03:04:00.000Z"),
        ("time", "03:04:05.6Z", "03:04:05.600Z"),
        ("reference", "003000000000001", "003000000000001AAA"),
        ("reference", "001xx000003DGb2AAG", "001xx000003DGb2AAG"),
        ("id", "001xx000003DGb2", "001xx000003DGb2AAG"),
        ("multipicklist", ["a", "b", "a"], "a;b"),
        ("multipicklist", '["a", "b"]', "a;b"),
        ("multipicklist", "a; b;;", "a;b"),
        ("multipicklist", "[]", None),
        ("email", "Ann@Example.com", "Ann@Example.com"),
        ("picklist", "anything", "anything"),
    ],
)
def test_value_takes_the_form_of_its_type(type_: str, value: Any, expected: Any) -> None:
    made = convert(type_, value)

    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", ["a"]),
        ("string", {"a": 1}),
        ("string", math.nan),
        ("boolean", "yes"),
        ("boolean", 2),
        ("boolean", ["true"]),
        ("int", "12.5"),
        ("int", "1_000"),
        ("int", True),
        ("double", "1,5"),
        ("double", "nan"),
        ("double", "inf"),
        ("double", "1e999"),
        ("double", "9" * 5000),
        ("double", math.inf),
        ("double", "٣"),
        ("date", "02/01/2026"),
        ("date", "2026-02-30"),
        ("date", "20260102"),
        ("date", True),
        ("datetime", "1767225600000"),
        ("datetime", "0999-01-01"),
        ("datetime", "2026-01-02T25:00:00Z"),
        ("datetime", "next week"),
        ("time", "24:00"),
        ("reference", "A-1"),
        ("multipicklist", ["a;b"]),
        ("multipicklist", [["a"]]),
        ("multipicklist", "[broken"),
        ("base64", "aGk="),
        ("address", "Main St"),
    ],
)
def test_value_that_does_not_fit_is_refused_without_being_quoted(type_: str, value: Any) -> None:
    with pytest.raises(UnfitError) as caught:
        convert(type_, value)

    assert str(value) not in str(caught.value)


@pytest.mark.parametrize("value", [None, "", "   ", []])
@pytest.mark.parametrize("type_", ["string", "double", "date", "reference", "multipicklist"])
def test_no_value_clears(type_: str, value: Any) -> None:
    assert convert(type_, value) is None


@pytest.mark.parametrize("value", [None, "", " "])
def test_no_value_unticks_a_boolean(value: Any) -> None:
    assert convert("boolean", value) is False


def test_text_longer_than_its_field_is_refused_not_cut() -> None:
    """Grouparoo cut such text silently."""
    assert convert("string", "x" * 5, length=5) == "xxxxx"
    with pytest.raises(UnfitError, match="longer than 5 characters"):
        convert("string", "x" * 6, length=5)


def test_restricted_picklist_takes_its_own_values_in_its_own_spelling() -> None:
    flags: dict[str, Any] = {"restricted": True, "picklist": ("Low", "High")}

    assert convert("picklist", "high", **flags) == "High"
    assert convert("multipicklist", "high;LOW", **flags) == "High;Low"
    assert convert("multipicklist", "[]", **flags) is None
    with pytest.raises(UnfitError, match="restricted picklist"):
        convert("picklist", "medium", **flags)
    with pytest.raises(UnfitError, match="restricted picklist"):
        convert("multipicklist", ["High", "medium"], **flags)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
TYPES = st.sampled_from(
    [
        *("string", "boolean", "int", "double", "date", "datetime", "time", "reference"),
        *("multipicklist", "email", "picklist"),
    ]
)


@given(TYPES, ANYTHING)
def test_converting_twice_is_converting_once(type_: str, value: Any) -> None:
    """Whatever comes in, the answer is a value of the type (which fits again) or a refusal."""
    try:
        made = convert(type_, value)
    except UnfitError:
        return

    assert made is None or isinstance(made, str | bool | int | float)
    assert not isinstance(made, float) or math.isfinite(made)
    assert convert(type_, made) == made


@pytest.mark.parametrize("value", ["1e300", "-1e18", "12345678901234567890123", 10**18])
def test_number_beyond_every_field_is_refused(value: Any) -> None:
    with pytest.raises(UnfitError, match="18 digits"):
        converter(FieldSchema(name="F", type="currency", scale=2))(value)
