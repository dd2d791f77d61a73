"""What a row may say, and what becomes of it: the rules every write path shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.salesforce.dml import Operation, Options, apply
from sandbox.salesforce.dml.rows import RowResult
from sandbox.salesforce.org import Org

KEY = "CustomerIO_Id__c"


@pytest.fixture
def org() -> Iterator[Org]:
    opened = Org.open(":memory:")
    yield opened
    opened.db.close()


def write(
    org: Org, operation: Operation, name: str, *rows: Mapping[str, Any], **options: Any
) -> list[RowResult]:
    return apply(org, operation, org.sobject(name), rows, **options)


def upsert(org: Org, *rows: Mapping[str, Any], key: str = KEY) -> list[RowResult]:
    return write(org, "upsert", "Contact", *rows, key_field=key)


def contact(org: Org, **values: Any) -> str:
    return str(one(write(org, "insert", "Contact", {"LastName": "Osei", **values})).id)


def one(results: Sequence[RowResult]) -> RowResult:
    [result] = results
    assert result.success, result.errors
    return result


def codes(results: Sequence[RowResult]) -> list[str]:
    return [each.errors[0]["statusCode"] if each.errors else "" for each in results]


def error(results: Sequence[RowResult]) -> dict[str, Any]:
    [result] = results
    return dict(result.errors[0])


def column(org: Org, name: str, field: str) -> list[Any]:
    sql = f'SELECT "{field}" FROM "{name}" WHERE "IsDeleted" = 0 ORDER BY "Id"'  # noqa: S608  -- names of the test
    return [value for (value,) in org.rows(sql)]


def test_upsert_of_a_new_key_creates_and_of_a_known_one_updates(org: Org) -> None:
    first = one(upsert(org, {KEY: "c1", "LastName": "Osei", "Title": "Dr"}))
    second = one(upsert(org, {KEY: "C1", "LastName": "Nnn"}))

    assert (first.created, second.created) == (True, False)
    assert first.id == second.id
    assert column(org, "Contact", "LastName") == ["Nnn"]
    assert column(org, "Contact", "Title") == ["Dr"]


def test_null_clears_and_an_absent_field_is_left_alone(org: Org) -> None:
    upsert(org, {KEY: "c1", "LastName": "Osei", "Title": "Dr", "Phone": "1"})

    one(upsert(org, {KEY: "c1", "Title": None}))

    assert column(org, "Contact", "Title") == [None]
    assert column(org, "Contact", "Phone") == ["1"]


def test_a_key_twice_in_a_chunk_fails_all_its_rows(org: Org) -> None:
    rows = [{KEY: key, "LastName": "Osei"} for key in ("a", "b", "A")]

    results = upsert(org, *rows)

    assert codes(results) == ["DUPLICATE_VALUE", "", "DUPLICATE_VALUE"]
    assert results[0].errors[0]["message"] == "Duplicate external id specified: a"
    assert column(org, "Contact", KEY) == ["b"]


def test_a_key_twice_in_different_chunks_is_written_twice(org: Org) -> None:
    rows = [{KEY: f"k{n % 200}", "LastName": f"L{n}"} for n in range(201)]

    results = upsert(org, *rows)

    assert codes(results) == [""] * 201
    assert column(org, "Contact", "LastName")[0] == "L200"


def test_a_case_sensitive_key_keeps_cases_apart(org: Org) -> None:
    rows = [{"Customer_No__c": key, "LastName": "Osei"} for key in ("a", "A")]

    results = upsert(org, *rows, key="Customer_No__c")

    assert [each.created for each in results] == [True, True]


def test_an_external_id_that_is_not_unique_keeps_cases_apart(org: Org) -> None:
    rows = [{"Legacy_Id__c": key, "LastName": "Osei"} for key in ("a", "A")]

    results = upsert(org, *rows, key="Legacy_Id__c")
    again = one(upsert(org, {"Legacy_Id__c": "A", "Title": "Dr"}, key="Legacy_Id__c"))

    assert [each.created for each in results] == [True, True]
    assert again.id == results[1].id


def test_several_matches_fail_and_name_the_records(org: Org) -> None:
    ids = [contact(org, Email=email) for email in ("a@x.example", "A@x.example")]

    refused = error(upsert(org, {"Email": "a@X.example", "LastName": "Nnn"}, key="Email"))

    assert refused["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    assert all(each in refused["message"] for each in ids)
    assert column(org, "Contact", "LastName") == ["Osei", "Osei"]


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_blank_key_is_a_missing_argument(org: Org, value: str | None) -> None:
    assert codes(upsert(org, {KEY: value, "LastName": "Osei"})) == ["MISSING_ARGUMENT"]


def test_an_upsert_by_a_field_that_cannot_identify_is_refused(org: Org) -> None:
    with pytest.raises(ValueError, match="not a key"):
        upsert(org, {"Title": "Dr", "LastName": "Osei"}, key="Title")


def test_a_new_row_without_a_required_field_is_refused_an_update_is_not(org: Org) -> None:
    assert error(upsert(org, {KEY: "c1"})) == {
        "statusCode": "REQUIRED_FIELD_MISSING",
        "message": "Required fields are missing: [LastName]",
        "fields": ["LastName"],
    }
    upsert(org, {KEY: "c1", "LastName": "Osei"})
    one(upsert(org, {KEY: "c1", "Title": "Dr"}))
    assert codes(upsert(org, {KEY: "c1", "LastName": None})) == ["REQUIRED_FIELD_MISSING"]


def test_a_unique_value_of_another_record_is_refused_with_its_id(org: Org) -> None:
    holder = contact(org, Customer_No__c="n1")

    refused = error(upsert(org, {KEY: "c1", "LastName": "Nnn", "Customer_No__c": "n1"}))

    assert refused["statusCode"] == "DUPLICATE_VALUE"
    assert refused["message"].endswith(f"on record with id: {holder}")
    one(write(org, "update", "Contact", {"Id": holder, "Customer_No__c": "n1"}))


def test_a_unique_value_twice_in_a_chunk_goes_to_the_first_row(org: Org) -> None:
    rows = [{KEY: key, "LastName": "Osei", "Customer_No__c": "n1"} for key in ("a", "b")]

    assert codes(upsert(org, *rows)) == ["", "DUPLICATE_VALUE"]


def test_a_unique_value_of_a_binned_record_is_free(org: Org) -> None:
    gone = one(upsert(org, {KEY: "c1", "LastName": "Osei"})).id
    write(org, "delete", "Contact", {"Id": gone})

    fresh = one(upsert(org, {KEY: "c1", "LastName": "Osei"}))

    assert fresh.created
    assert fresh.id != gone


def test_a_row_that_fails_leaves_the_others_alone(org: Org) -> None:
    rows = [{KEY: "a", "LastName": "x" * 81}, {KEY: "b", "LastName": "Osei"}, {KEY: "c"}]

    assert codes(upsert(org, *rows)) == ["STRING_TOO_LONG", "", "REQUIRED_FIELD_MISSING"]
    assert column(org, "Contact", KEY) == ["b"]


def test_all_or_none_undoes_the_innocent_rows(org: Org) -> None:
    rows = [{KEY: "a", "LastName": "Osei"}, {KEY: "b"}]

    results = write(
        org, "upsert", "Contact", *rows, key_field=KEY, options=Options(all_or_none=True)
    )

    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert column(org, "Contact", "Id") == []
    assert not org.writes.rows


def test_unknown_and_read_only_fields_are_refused(org: Org) -> None:
    rows = [
        {KEY: "a", "LastName": "Osei", "Nmae": 1},
        {KEY: "b", "LastName": "Osei", "Score__c": 3},
    ]

    assert codes(upsert(org, *rows)) == ["INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"]


def test_a_formula_follows_its_record(org: Org) -> None:
    upsert(org, {KEY: "a", "LastName": "Osei", "FirstName": "Ann", "Is_VIP__c": True})
    upsert(org, {KEY: "b", "LastName": "Nnn"})

    assert column(org, "Contact", "Score__c") == [100.0, 0.0]
    assert column(org, "Contact", "Name") == ["Ann Osei", "Nnn"]


def test_a_parent_by_external_id_is_found_or_the_row_fails(org: Org) -> None:
    account = one(write(org, "insert", "Account", {"Name": "Acme", "Acct_Key__c": "A9"})).id
    rows: list[dict[str, Any]] = [
        {KEY: "a", "LastName": "Osei", "Account": {"Acct_Key__c": "a9"}},
        {KEY: "b", "LastName": "Osei", "Account": {"Acct_Key__c": "A8"}},
        {KEY: "c", "LastName": "Osei", "Account": {"Acct_Key__c": None}},
        {KEY: "d", "LastName": "Osei", "Account": {"Acct_Key__c": "A9"}, "AccountId": account},
    ]

    results = upsert(org, *rows)

    assert codes(results) == ["", "INVALID_FIELD", "INVALID_FIELD", "INVALID_FIELD"]
    assert results[1].errors[0]["message"] == (
        "Foreign key external ID: A8 not found for field Acct_Key__c in entity Account"
    )
    assert column(org, "Contact", "AccountId") == [account]


def test_a_reference_must_lead_to_a_live_record_of_its_type(org: Org) -> None:
    person = contact(org)
    gone = one(write(org, "insert", "Account", {"Name": "Acme"})).id
    write(org, "delete", "Account", {"Id": gone})
    parents = (person, gone, "no id")

    results = upsert(
        org, *({KEY: str(at), "LastName": "L", "AccountId": v} for at, v in enumerate(parents))
    )

    assert codes(results) == ["INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "MALFORMED_ID"]


def test_delete_is_soft_and_a_second_one_says_so(org: Org) -> None:
    person = contact(org)

    first = write(org, "delete", "Contact", {"Id": person[:15]}, {"Id": person})
    again = write(
        org, "delete", "Contact", {"Id": person}, {"Id": "003"}, {"Id": "003SB0000000009"}
    )

    assert codes(first) == ["", "ENTITY_IS_DELETED"]
    assert codes(again) == ["ENTITY_IS_DELETED", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY"]
    assert org.rows('SELECT "IsDeleted" FROM "Contact"') == [(1,)]
    assert codes(write(org, "update", "Contact", {"Id": person})) == ["ENTITY_IS_DELETED"]


def test_delete_takes_children_along_or_sets_them_free(org: Org) -> None:
    account = one(write(org, "insert", "Account", {"Name": "Acme"})).id
    person = contact(org, AccountId=account)
    campaign = one(write(org, "insert", "Campaign", {"Name": "Winback"})).id
    write(org, "insert", "CampaignMember", {"CampaignId": campaign, "ContactId": person})
    write(org, "insert", "CustomerIO_Membership__c", {"Key__c": "7:a", "Contact__c": person})

    one(write(org, "delete", "Account", {"Id": account}))

    assert column(org, "Contact", "Id") == []
    assert column(org, "CampaignMember", "Id") == []
    assert column(org, "CustomerIO_Membership__c", "Contact__c") == [None]


def test_a_person_is_in_a_campaign_once(org: Org) -> None:
    campaign = one(write(org, "insert", "Campaign", {"Name": "Winback"})).id
    row = {"CampaignId": campaign, "ContactId": contact(org)}

    results = write(org, "insert", "CampaignMember", row, row)
    refused = error(write(org, "insert", "CampaignMember", row))

    assert codes(results) == ["", "DUPLICATE_VALUE"]
    assert refused["message"] == "Already a campaign member."
    one(write(org, "delete", "CampaignMember", {"Id": results[0].id}))
    one(write(org, "insert", "CampaignMember", row))


def test_a_member_status_is_one_of_its_campaign(org: Org) -> None:
    campaign = one(write(org, "insert", "Campaign", {"Name": "Winback"})).id
    rows = [
        {"CampaignId": campaign, "ContactId": contact(org), "Status": status}
        for status in (None, "responded", "Maybe")
    ]

    results = write(org, "insert", "CampaignMember", *rows, {"CampaignId": campaign})

    refusals = ["INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "FIELD_INTEGRITY_EXCEPTION"]
    assert codes(results) == ["", "", *refusals]
    assert column(org, "CampaignMember", "Status") == ["Sent", "Responded"]
    assert column(org, "CampaignMember", "HasResponded") == [0, 1]


def test_a_member_can_change_status_but_not_campaign(org: Org) -> None:
    campaigns = [
        one(write(org, "insert", "Campaign", {"Name": name})).id for name in ("Winback", "Cart")
    ]
    row = {"CampaignId": campaigns[0], "ContactId": contact(org)}
    member = one(write(org, "insert", "CampaignMember", row)).id

    one(write(org, "update", "CampaignMember", {"Id": member, "Status": "Responded"}))
    moved = write(org, "update", "CampaignMember", {"Id": member, "CampaignId": campaigns[1]})

    assert codes(moved) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
    assert column(org, "CampaignMember", "HasResponded") == [1]
    assert column(org, "CampaignMember", "CampaignId") == [campaigns[0]]


def test_insert_refuses_an_id_and_upsert_an_id_beside_its_key(org: Org) -> None:
    person = contact(org)

    inserted = write(org, "insert", "Contact", {"Id": person, "LastName": "Osei"})
    upserted = upsert(org, {"Id": person, KEY: "a", "LastName": "Osei"})

    assert codes(inserted) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
    assert codes(upserted) == ["INVALID_ID_FIELD"]


def test_upsert_by_id_updates_and_without_one_creates(org: Org) -> None:
    person = contact(org)

    known, new = upsert(org, {"Id": person, "Title": "Dr"}, {"Id": "", "LastName": "N"}, key="Id")

    assert (known.id, known.created, new.created) == (person, False, True)


def test_a_transaction_that_dies_leaves_no_row_and_no_count(org: Org) -> None:
    def die_after_writing() -> None:
        with org.transaction():
            contact(org)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die_after_writing()

    assert column(org, "Contact", "Id") == []
    assert not org.writes.rows


ROWS = st.lists(
    st.fixed_dictionaries(
        {KEY: st.sampled_from(["a", "A", "b", "é", "É"]), "LastName": st.sampled_from("xyz")},
        optional={"Title": st.sampled_from(["Dr", None])},
    ),
    max_size=4,
)


@given(st.lists(ROWS, max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_upserts_leave_what_a_dict_by_folded_key_would_hold(chunks: list[Any]) -> None:
    org = Org.open(":memory:")
    held: dict[str, dict[str, Any]] = {}

    for chunk in chunks:
        keys = [_folded(row[KEY]) for row in chunk]
        results = upsert(org, *chunk)
        for row, key, result in zip(chunk, keys, results, strict=True):
            assert result.success == (keys.count(key) == 1)
            if result.success:
                assert result.created == (key not in held)
                held[key] = {**held.get(key, {"Title": None}), **row}

    rows = org.rows('SELECT "CustomerIO_Id__c", "LastName", "Title" FROM "Contact"')
    assert {_folded(key): (name, title) for key, name, title in rows} == {
        key: (row["LastName"], row["Title"]) for key, row in held.items()
    }
    assert len(rows) == len(held)
    org.db.close()


def _folded(key: str) -> str:
    return key.replace("A", "a")
