"""Field rules: absent leaves, null clears, everything else fits its field or is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Rejection, Value
from destination_salesforce_intro.config import FieldRule
from destination_salesforce_intro.mapping.fields import (
    changed_at,
    compile_rule,
    is_exit,
)
from destination_salesforce_intro.mapping.targets import Filled, fill
from destination_salesforce_intro.mapping.values import UnfitError
from unit_tests.destination.builders import CONTACT, field, schema


def filled(record: dict[str, Any], **rule: Any) -> Filled:
    settings = {} if "constant" in rule else {"source": "v"}
    (made,) = fill([compile_rule(FieldRule(**(settings | rule)), CONTACT)], [record])
    return made


def fields(record: dict[str, Any], **rule: Any) -> dict[str, Value]:
    made = filled(record, **rule)
    assert made.rejection is None
    return made.fields


def rejection(record: dict[str, Any], **rule: Any) -> Rejection:
    made = filled(record, **rule)
    assert made.rejection is not None
    return made.rejection


def test_absent_leaves_and_null_clears() -> None:
    assert fields({}, target="LTV__c") == {}
    assert fields({"v": None}, target="LTV__c") == {"LTV__c": None}
    assert fields({"v": ""}, target="LTV__c") == {"LTV__c": None}
    assert fields({}, target="LTV__c", missing="clear") == {"LTV__c": None}
    assert fields({"v": None}, target="Is_VIP__c") == {"Is_VIP__c": False}
    assert fields({}, target="Is_VIP__c", missing="clear") == {"Is_VIP__c": False}


def test_target_is_written_as_salesforce_spells_it() -> None:
    assert fields({"v": "1.50"}, target="ltv__C") == {"LTV__c": 1.5}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"attributes": {"phone": "1"}}, {"LastName": "1"}),
        ({"attributes.phone": "1", "attributes": {"phone": "2"}}, {"LastName": "1"}),
        ({"attributes": {"phone": None}}, {"LastName": None}),
        ({"attributes": {}}, {}),
        ({"attributes": None}, {}),
        ({"attributes": "text"}, {}),
        ({}, {}),
    ],
)
def test_dotted_source_goes_down(record: dict[str, Any], expected: dict[str, Value]) -> None:
    assert fields(record, source="attributes.phone", target="LastName") == expected


@pytest.mark.parametrize(
    ("value", "tier"),
    [("0", "low"), (99.99, "low"), ("100", "med"), (999, "med"), ("1e6", "high"), (None, None)],
)
def test_number_becomes_the_label_of_its_tier(value: Any, tier: str | None) -> None:
    tiers = [
        {"below": 100, "value": "low"},
        {"below": 1000, "value": "med"},
        {"value": "high"},
    ]

    assert fields({"v": value}, target="Tier__c", tiers=tiers) == {"Tier__c": tier}


def test_listed_value_is_replaced_and_others_stay() -> None:
    rule = {"target": "Is_VIP__c", "values": {"gold": True, "none": None, "7": False}}

    made = [fields({"v": v}, **rule)["Is_VIP__c"] for v in ("gold", "none", 7, "true", None)]

    assert made == [True, False, False, True, False]
    assert rejection({"v": "silver"}, **rule).code == "INVALID_VALUE"


def test_constant_is_written_whatever_the_record_says() -> None:
    assert fields({"v": 1}, target="LastName", constant="Unknown") == {"LastName": "Unknown"}
    assert fields({}, target="LTV__c", constant="12") == {"LTV__c": 12}


def test_lookup_is_set_by_the_parents_key_and_cleared_by_its_id_field() -> None:
    assert fields({"v": "A9"}, target="account.Acct_Key__c") == {"Account.Acct_Key__c": "A9"}
    assert fields({"v": None}, target="Account.Acct_Key__c") == {"AccountId": None}


def test_long_text_is_cut_and_counted_only_if_asked_for() -> None:
    long = "x" * 79 + " and more"

    assert filled({"v": long}, target="LastName", on_too_long="truncate") == Filled(
        {"LastName": "x" * 79}, 1
    )
    assert filled({"v": "short"}, target="LastName", on_too_long="truncate").truncated == 0
    assert "longer" in rejection({"v": long}, target="LastName").message
    phone = {"target": "MobilePhone", "on_too_long": "truncate"}
    assert "longer" in rejection({"v": "1" * 41}, **phone).message


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [True, 1, 1.0, "1", "true", " 1 ", 0, False, "", None, [], ["a"], {}, "a;b", "x" * 200, 10**30]
)
RULES = st.sampled_from(
    [
        {"target": "LastName"},
        {"target": "LastName", "on_too_long": "truncate"},
        {"target": "LTV__c", "missing": "clear"},
        {"target": "Is_VIP__c", "values": {"1": True}},
        {"target": "Segments__c"},
        {"target": "Account.Acct_Key__c"},
        {"target": "Tier__c", "tiers": [{"below": 1, "value": "low"}, {"value": "high"}]},
    ]
)


@given(
    st.lists(RULES, max_size=4),
    st.lists(st.dictionaries(st.just("v"), VALUES, max_size=1), max_size=6),
)
def test_many_records_are_filled_as_each_alone(
    rules: list[dict[str, Any]], records: list[dict[str, Any]]
) -> None:
    """1 and True are equal, and must not be taken for one another in a column."""
    targets = [compile_rule(FieldRule(source="v", **rule), CONTACT) for rule in rules]
    alone = [made for record in records for made in fill(targets, [record])]

    assert list(map(repr, fill(targets, records))) == list(map(repr, alone))


def test_absent_value_leaves_what_another_column_says() -> None:
    (target,) = [compile_rule(FieldRule(source="v", target="LastName"), CONTACT)]

    made = fill([target], [{}, {"v": "Rule"}], [("LastName", ["Key", "Key"])])

    assert [each.fields for each in made] == [{"LastName": "Key"}, {"LastName": "Rule"}]


def test_list_becomes_values_of_a_multi_select() -> None:
    """Airbyte's own destination writes the list as JSON text."""
    assert fields({"v": ["a", "b"]}, target="Segments__c") == {"Segments__c": "a;b"}


def test_refusal_names_rule_and_field_and_quotes_the_value_in_the_message_only() -> None:
    refused = rejection({"v": "much"}, target="LTV__c")

    assert refused.code == "INVALID_VALUE"
    assert "much" in refused.message
    assert refused.cause == 'The value of "v" is not a number, as LTV__c needs it.'
    assert "much" not in refused.cause + refused.hint


@pytest.mark.parametrize(
    "rule",
    [
        {"target": "LTV__c", "constant": "much"},
        {"target": "LTV__c", "source": "v", "tiers": [{"value": "high"}]},
        {"target": "LTV__c", "source": "v", "values": {"a": "b"}},
    ],
)
def test_fixed_value_that_does_not_fit_is_found_before_any_record(rule: dict[str, Any]) -> None:
    with pytest.raises(UnfitError):
        compile_rule(FieldRule(**rule), CONTACT)


@pytest.mark.parametrize("target", ["Nope__c", "Nope.Key__c"])
def test_unknown_target_raises(target: str) -> None:
    with pytest.raises(KeyError):
        compile_rule(FieldRule(source="v", target=target), schema(fields=[field("LastName")]))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"changed_at": "2026-01-02T03:04:05Z"}, "2026-01-02T03:04:05.000Z"),
        ({"updated_at": 1767225600}, "2026-01-01T00:00:00.000Z"),
        ({"changed_at": None, "_ab_cdc_updated_at": "2026-01-02"}, "2026-01-02T00:00:00.000Z"),
        ({"changed_at": "soon", "updated_at": "2026-01-02"}, "2026-01-02T00:00:00.000Z"),
        ({"changed_at": "soon"}, None),
        ({}, None),
    ],
)
def test_time_of_change_is_read_in_one_spelling(record: dict[str, Any], expected: str) -> None:
    assert changed_at(record) == expected


def test_record_is_an_exit_when_its_deletion_has_a_time() -> None:
    assert is_exit({"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"})
    assert not is_exit({"_ab_cdc_deleted_at": None})
    assert not is_exit({"_ab_cdc_deleted_at": ""})
    assert not is_exit({})
