"""Values of JSON and CSV to what columns hold, and the codes of those that cannot be held."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.dml.values import BadValue, to_column
from sandbox.salesforce.field_types import (
    checkbox,
    currency,
    day,
    email,
    lookup,
    moment,
    multi_select,
    number,
    picklist,
    text,
)
from sandbox.salesforce.schema import Field

TIER = picklist("LTV_Tier__c", "low", "high", restricted_picklist=True)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (text("Name", 5), " Osei ", "Osei"),
        (text("Name", 5), "", None),
        (text("Name", 5), "   ", None),
        (email(), "Ann@X.example", "Ann@X.example"),
        (TIER, "HIGH", "high"),
        (picklist("Plan__c", "free"), "gold", "gold"),
        (multi_select("Segments__c"), "VIP; Cart;VIP;", "VIP;Cart"),
        (checkbox("Is_VIP__c"), True, 1),
        (checkbox("Is_VIP__c"), "FALSE", 0),
        (currency("Cart_Value__c"), "12.345", 12.35),
        (number("Audience_Size__c"), 3, 3.0),
        (day("Birthdate"), "2024-02-29", "2024-02-29"),
        (moment("At__c"), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000+0000"),
        (moment("At__c"), "2026-01-02T03:04:05.12+02:00", "2026-01-02T01:04:05.120+0000"),
        (lookup("AccountId", "Account"), "001SB0000000001", "001SB0000000001YAA"),
        (lookup("AccountId", "Account"), None, None),
    ],
)
def test_a_fitting_value_is_held_as_salesforce_holds_it(
    field: Field, value: Any, expected: Any
) -> None:
    assert to_column(field, value) == expected


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (text("Name", 5), "Longer", "STRING_TOO_LONG"),
        (text("Name", 5), 12, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (email(), "ann@x", "INVALID_EMAIL_ADDRESS"),
        (email(), "a b@x.example", "INVALID_EMAIL_ADDRESS"),
        (TIER, "gold", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        (multi_select("Segments__c"), ";".join(map(str, range(101))), "TOO_MANY_ENUM_VALUE"),
        (checkbox("Is_VIP__c"), None, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (checkbox("Is_VIP__c"), "yes", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (checkbox("Is_VIP__c"), 1, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (currency("Cart_Value__c"), "NaN", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (currency("Cart_Value__c"), True, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (currency("Cart_Value__c"), 1e16, "NUMBER_OUTSIDE_VALID_RANGE"),
        (Field("Visits__c", "int", precision=9), 1.5, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (day("Birthdate"), "2023-02-29", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (day("Birthdate"), "2024-02-29T00:00:00Z", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (moment("At__c"), "2026-01-02", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (moment("At__c"), "2026-13-02T03:04:05Z", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (lookup("AccountId", "Account"), "001SB000000000", "MALFORMED_ID"),
        (lookup("AccountId", "Account"), "001SB0000000001ABC", "MALFORMED_ID"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_code(field: Field, value: Any, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        to_column(field, value)

    assert refused.value.code == code


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=OFFSETS))  # noqa: DTZ001  -- bounds are naive
def test_a_datetime_of_any_offset_is_held_in_utc(value: datetime) -> None:
    held = to_column(moment("At__c"), value.isoformat(timespec="milliseconds"))

    assert datetime.fromisoformat(f"{held[:23]}+00:00") == value.replace(
        microsecond=value.microsecond // 1000 * 1000
    )
