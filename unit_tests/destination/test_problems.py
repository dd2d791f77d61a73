"""A mapping that cannot work with the org is told so before the first write."""

from typing import Any

import pytest

from destination_salesforce_intro.kinds.record import RecordKind
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.problems import Problem, find
from unit_tests.destination.builders import (
    CIO_RULE,
    CONTACT,
    CONTACT_FIELDS,
    describe,
    external_id,
    field,
    read_only,
    record_mapping,
    schema,
)

NAMED = [{"source": "v", "target": "LastName"}]


def problems(contact: ObjectSchema = CONTACT, **settings: Any) -> list[Problem]:
    settings = {"identity": [CIO_RULE], "fields": NAMED} | settings
    return find(record_mapping(**settings), {"Contact": contact})


def fatal(contact: ObjectSchema = CONTACT, **settings: Any) -> str:
    (problem,) = [p for p in problems(contact, **settings) if p.is_fatal]
    return problem.text


def test_mapping_that_fits_has_no_problem() -> None:
    assert problems() == []
    RecordKind(0, record_mapping(identity=[CIO_RULE], fields=NAMED), CONTACT)  # does not raise


@pytest.mark.parametrize(
    ("flag", "settings", "words"),
    [
        ("createable", {}, "may not create Contact"),
        ("updateable", {"operation": "update"}, "may not edit Contact"),
        ("deletable", {"on_exit": {"action": "delete"}}, "may not delete Contact"),
        ("queryable", {}, "may not read Contact"),
    ],
)
def test_missing_permission_is_named(flag: str, settings: dict[str, Any], words: str) -> None:
    assert words in fatal(ObjectSchema.parse(describe() | {flag: False}), **settings)


def test_permission_nobody_needs_is_not_asked_for() -> None:
    forbidden = {"createable": False, "deletable": False}

    assert problems(ObjectSchema.parse(describe() | forbidden), operation="update") == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"target": "LastNam"},
            "no field LastNam that the Salesforce user can see; did you mean L",
        ),
        ({"target": "Zzz__c"}, "check its API name"),
        ({"target": "CreatedDate"}, "Contact.CreatedDate is read-only"),
        ({"target": "Acount.Key__c"}, "no field Acount.Key__c"),
        ({"target": "LTV__c", "format": "email"}, 'format "email" does not fit Contact.LTV__c'),
        ({"target": "Is_VIP__c", "format": "date"}, 'format "date" does not fit'),
        ({"target": "LTV__c", "tiers": [{"value": "low"}]}, "is not a number"),
        ({"target": "Birthday__c", "values": {"x": "soon"}}, "is not a date"),
    ],
)
def test_rule_that_cannot_be_followed_is_named(rule: dict[str, Any], words: str) -> None:
    assert words in fatal(fields=[*NAMED, {"source": "v", **rule}])


@pytest.mark.parametrize(
    ("format_", "target"),
    [
        ("email", "Email"),
        ("date", "Birthday__c"),
        ("datetime", "Seen_At__c"),
        ("epoch_seconds", "LTV__c"),
        ("epoch_seconds", "Seen_At__c"),
        ("multi_select", "Segments__c"),
        ("sha256", "Tier__c"),
    ],
)
def test_format_and_type_that_fit_are_no_problem(format_: str, target: str) -> None:
    rule = {"source": "v", "target": target, "format": format_}

    assert problems(fields=[*NAMED, rule]) == []


def test_compound_and_ambiguous_targets_are_refused() -> None:
    odd = schema(
        fields=[
            *CONTACT_FIELDS,
            field("Home", "address"),
            field("OwnerId", "reference", referenceTo=["User", "Group"], relationshipName="Owner"),
        ]
    )

    assert "no single value fits" in fatal(odd, fields=[*NAMED, {"source": "v", "target": "Home"}])
    assert "ambiguous" in fatal(odd, fields=[*NAMED, {"source": "v", "target": "Owner.Key__c"}])


@pytest.mark.parametrize(
    ("target", "words"),
    [("Nope__c", "no field Nope__c"), ("Is_VIP__c", "cannot identify"), ("Notes__c", "cannot id")],
)
def test_identity_that_cannot_identify_is_refused(target: str, words: str) -> None:
    notes = field("Notes__c", "textarea", filterable=False)
    org = schema(fields=[*CONTACT_FIELDS, notes])

    assert words in fatal(org, identity=[{"source": "v", "target": target}])


def test_identity_that_is_not_unique_is_a_warning() -> None:
    (problem,) = problems(identity=[{"source": "email", "target": "Email"}])

    assert not problem.is_fatal
    assert "on_multiple_matches" in problem.text


@pytest.mark.parametrize(
    ("on_exit", "words"),
    [
        ({"action": "clear", "fields": ["Nope__c"]}, "no field Nope__c"),
        ({"action": "clear", "fields": ["CreatedDate"]}, "read-only"),
        (
            {"action": "set", "values": {"LTV__c": "much"}},
            "fixed value for Contact.LTV__c is not a",
        ),
    ],
)
def test_exit_that_cannot_be_done_is_named(on_exit: dict[str, Any], words: str) -> None:
    assert words in fatal(on_exit=on_exit)


@pytest.mark.parametrize(
    ("name", "words"),
    [("Nope__c", "no field"), ("LTV__c", "no datetime"), ("CreatedDate", "read-only")],
)
def test_field_that_cannot_keep_the_time_is_refused(name: str, words: str) -> None:
    assert words in fatal(changed_at_field=name)


def test_required_field_that_nothing_fills_is_a_warning_unless_nothing_is_created() -> None:
    (problem,) = problems(fields=[])

    assert not problem.is_fatal
    assert "LastName" in problem.text
    assert problems(fields=[], operation="update") == []


def test_fatal_problems_come_first() -> None:
    org = schema(fields=[*CONTACT_FIELDS, external_id("Other__c"), read_only("X__c", "string")])
    found = problems(org, fields=[{"source": "v", "target": "X__c"}])

    assert [problem.is_fatal for problem in found] == [True, False]
