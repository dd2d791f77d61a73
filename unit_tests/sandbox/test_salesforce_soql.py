"""SOQL on a real org: which records come back, in which shape, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from sandbox.salesforce import dml, soql
from sandbox.salesforce.org import Org

URL = "/services/data/v65.0/sobjects"


class Cast(NamedTuple):
    """An org with three contacts, one of them nearly empty, and a campaign with one member."""

    org: Org
    ann: str
    bob: str
    eve: str
    campaign: str
    member: str


@pytest.fixture(scope="module")
def cast() -> Iterator[Cast]:
    org = Org.open(":memory:")
    [account] = insert(org, "Account", {"Name": "Acme"})
    ann, bob, eve = insert(
        org,
        "Contact",
        {
            "FirstName": "Ann",
            "LastName": "Osei",
            "Email": "Ann@Example.com",
            "AccountId": account,
            "Is_VIP__c": True,
            "Cart_Value__c": 12,
            "Segments__c": "VIP;Cart",
            "Customer_No__c": "aB",
            "Last_Intent_At__c": "2026-01-02T03:04:05Z",
            "Birthdate": "1990-05-06",
        },
        {
            "LastName": "O'Hara",
            "Email": "bob_x@example.com",
            "Cart_Value__c": 99.5,
            "Segments__c": "Cart",
        },
        {"LastName": "Éve"},
    )
    [campaign] = insert(org, "Campaign", {"Name": "Cart"})
    [member] = insert(org, "CampaignMember", {"CampaignId": campaign, "ContactId": ann})
    yield Cast(org, ann, bob, eve, campaign, member)
    org.db.close()


def insert(org: Org, sobject: str, *rows: dict[str, Any]) -> list[str]:
    results = dml.apply(org, "insert", org.sobject(sobject), rows)
    assert all(result.success for result in results), results
    return [str(result.id) for result in results]


def names(cast: Cast, where: str) -> list[str]:
    """Return the last names of the contacts that meet the condition, in order of creation."""
    text = f"SELECT LastName FROM Contact WHERE {where} ORDER BY Id"  # noqa: S608  # SOQL under test
    return [record["LastName"] for record in soql.run(cast.org, text).records]


def refusal(cast: Cast, text: str) -> tuple[str, str]:
    with pytest.raises(soql.SoqlError) as caught:
        soql.run(cast.org, text)
    return caught.value.code, caught.value.message.splitlines()[-1]


def test_record_has_attributes_and_the_schema_s_names(cast: Cast) -> None:
    text = "select id, LASTNAME, is_vip__c, cart_value__c, last_intent_at__c, title from CONTACT"

    result = soql.run(cast.org, text + " where email = 'ann@example.com'")

    assert result == soql.QueryResult(
        [
            {
                "attributes": {"type": "Contact", "url": f"{URL}/Contact/{cast.ann}"},
                "Id": cast.ann,
                "LastName": "Osei",
                "Is_VIP__c": True,
                "Cart_Value__c": 12.0,
                "Last_Intent_At__c": "2026-01-02T03:04:05.000+0000",
                "Title": None,
            }
        ],
        1,
    )


def test_url_names_the_version_that_was_asked(cast: Cast) -> None:
    [first, *_] = soql.run(cast.org, "SELECT Id FROM Contact", version="59.0").records

    assert first["attributes"]["url"].startswith("/services/data/v59.0/sobjects/Contact/003")


def test_parents_are_nested_and_an_empty_lookup_is_null(cast: Cast) -> None:
    text = "SELECT Contact.Account.Name, Contact.Email, Lead.Email FROM CampaignMember"

    [record] = soql.run(cast.org, text).records

    contact = record["Contact"]
    assert contact["attributes"] == {"type": "Contact", "url": f"{URL}/Contact/{cast.ann}"}
    assert contact["Email"] == "Ann@Example.com"
    assert contact["Account"]["Name"] == "Acme"
    assert record["Lead"] is None


def test_parent_s_field_can_be_filtered_and_sorted_by(cast: Cast) -> None:
    text = "SELECT Id FROM CampaignMember WHERE Contact.Email LIKE 'ann%' ORDER BY Contact.LastName"

    assert [record["Id"] for record in soql.run(cast.org, text).records] == [cast.member]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("LastName = 'OSEI'", ["Osei"]),
        (r"LastName = 'O\'Hara'", ["O'Hara"]),
        ("Email = null", ["Éve"]),
        ("Email = ''", ["Éve"]),
        ("Email != null", ["Osei", "O'Hara"]),
        ("Email != 'ann@example.com'", ["O'Hara", "Éve"]),
        ("Email IN ('ANN@example.com', null)", ["Osei", "Éve"]),
        ("Email NOT IN ('ann@example.com')", ["O'Hara", "Éve"]),
        ("Email LIKE '%@EXAMPLE.com'", ["Osei", "O'Hara"]),
        (r"Email LIKE 'bob\_x%'", ["O'Hara"]),
        (r"Email LIKE 'an\_%'", []),
        ("NOT Email LIKE 'ann%'", ["O'Hara", "Éve"]),
        ("Is_VIP__c = true", ["Osei"]),
        ("Is_VIP__c = false AND Email != null", ["O'Hara"]),
        ("Cart_Value__c >= 12", ["Osei", "O'Hara"]),
        ("Cart_Value__c < 99.5", ["Osei"]),
        ("NOT Cart_Value__c < 99.5", ["O'Hara", "Éve"]),
        ("Last_Intent_At__c > 2026-01-02T04:04:04+01:00", ["Osei"]),
        ("Birthdate = 1990-05-06", ["Osei"]),
        ("Segments__c INCLUDES ('Cart')", ["Osei", "O'Hara"]),
        ("Segments__c INCLUDES ('vip;cart', 'Other')", ["Osei"]),
        ("Segments__c EXCLUDES ('VIP')", ["O'Hara", "Éve"]),
        ("Customer_No__c = 'aB'", ["Osei"]),
        ("Customer_No__c = 'ab'", []),
        ("Account.Name = 'acme'", ["Osei"]),
        ("Account.Name = null", ["O'Hara", "Éve"]),
        ("Id IN (SELECT ContactId FROM CampaignMember WHERE Status = 'Sent')", ["Osei"]),
        ("Id NOT IN (SELECT ContactId FROM CampaignMember)", ["O'Hara", "Éve"]),
        ("CreatedDate > 2020-01-01T00:00:00Z AND (Email = null OR Is_VIP__c = true)",
         ["Osei", "Éve"]),
    ],
)  # fmt: skip
def test_condition_finds_what_salesforce_would(cast: Cast, where: str, expected: list[str]) -> None:
    assert names(cast, where) == expected


def test_fifteen_characters_of_an_id_are_enough_but_their_case_counts(cast: Cast) -> None:
    short = cast.ann[:15]

    assert names(cast, f"Id = '{short}'") == ["Osei"]
    assert names(cast, f"Id IN ('{short}')") == ["Osei"]
    assert names(cast, f"Id = '{short.swapcase()}'") == []


def test_thousands_of_values_and_of_alternatives_are_no_trouble(cast: Cast) -> None:
    values = ", ".join(f"'p{number}@example.com'" for number in range(3_000))
    alternatives = " OR ".join(f"LastName = 'n{number}'" for number in range(2_000))

    assert names(cast, f"Email IN ({values}, 'ann@example.com')") == ["Osei"]
    assert names(cast, f"LastName = 'Osei' OR {alternatives}") == ["Osei"]


def test_nulls_come_first_unless_told_otherwise(cast: Cast) -> None:
    def sorted_by(order: str) -> list[Any]:
        text = f"SELECT LastName FROM Contact ORDER BY {order}"  # noqa: S608  # SOQL under test
        return [record["LastName"] for record in soql.run(cast.org, text).records]

    assert sorted_by("Cart_Value__c") == ["Éve", "Osei", "O'Hara"]
    assert sorted_by("Cart_Value__c DESC NULLS LAST") == ["O'Hara", "Osei", "Éve"]
    assert sorted_by("Id LIMIT 1 OFFSET 1") == ["O'Hara"]


def test_count_answers_a_number_and_no_records(cast: Cast) -> None:
    assert soql.run(cast.org, "SELECT COUNT() FROM Contact") == soql.QueryResult([], 3)


def test_aggregates_are_grouped_and_named(cast: Cast) -> None:
    text = "SELECT Is_VIP__c, COUNT(Id), SUM(Cart_Value__c) spent FROM Contact GROUP BY Is_VIP__c"

    result = soql.run(cast.org, text)

    aggregate = {"attributes": {"type": "AggregateResult"}}
    assert result.records == [
        {**aggregate, "Is_VIP__c": False, "expr0": 2, "spent": 99.5},
        {**aggregate, "Is_VIP__c": True, "expr0": 1, "spent": 12.0},
    ]


def test_recycle_bin_is_read_by_query_all_only() -> None:
    org = Org.open(":memory:")
    gone, _ = insert(org, "Contact", {"LastName": "Gone"}, {"LastName": "Here"})
    dml.apply(org, "delete", org.sobject("Contact"), [{"Id": gone}])
    text = "SELECT Id, IsDeleted FROM Contact WHERE LastName = 'Gone'"

    found = soql.run(org, text).records
    binned = soql.run(org, text, include_deleted=True).records

    assert found == []
    assert [(record["Id"], record["IsDeleted"]) for record in binned] == [(gone, True)]
    org.db.close()


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported"),
        ("SELECT Nmae FROM Contact", "INVALID_FIELD", "No such column 'Nmae' on entity 'Contact'"),
        ("SELECT Id FROM Contact WHERE Account.Nmae = 'x'", "INVALID_FIELD",
         "No such column 'Nmae' on entity 'Account'"),
        ("SELECT Boss.Name FROM Contact", "INVALID_FIELD",
         "Didn't understand relationship 'Boss' in field path"),
        ("SELECT Id, id FROM Contact", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Contact WHERE Notes__c = 'x'", "INVALID_FIELD",
         "field 'Notes__c' can not be filtered in a query call"),
        ("SELECT Id FROM Contact ORDER BY Notes__c", "INVALID_FIELD",
         "field 'Notes__c' can not be filtered in a query call"),
        ("SELECT Id FROM Contact WHERE Cart_Value__c = '12'", "INVALID_FIELD",
         ("value of filter criterion for field 'Cart_Value__c' must be of type currency and should"
          " not be enclosed in quotes")),
        ("SELECT Id FROM Contact WHERE Is_VIP__c IN ('true')", "INVALID_FIELD",
         ("value of filter criterion for field 'Is_VIP__c' must be of type boolean and should not"
          " be enclosed in quotes")),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2026-01-02", "INVALID_FIELD",
         ("value of filter criterion for field 'CreatedDate' must be of type dateTime and should"
          " not be enclosed in quotes")),
        ("SELECT Id FROM Contact WHERE LastName = 12", "INVALID_FIELD",
         ("value of filter criterion for field 'LastName' must be of type string and should be"
          " enclosed in quotes")),
        ("SELECT Id FROM Contact WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR",
         "invalid ID field: nonsense"),
        ("SELECT Id FROM Contact WHERE Id LIKE '003%'", "INVALID_QUERY_FILTER_OPERATOR",
         "invalid operator on id field: Id"),
        ("SELECT Id FROM Contact WHERE LastName INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR",
         "invalid operator on string field: LastName"),
        ("SELECT Id FROM Contact WHERE Email IN (SELECT ContactId FROM CampaignMember)",
         "MALFORMED_QUERY", "Semi join sub-selects can only query id fields, cannot use: 'Email'"),
        ("SELECT Id FROM Contact WHERE Id IN (SELECT Id, ContactId FROM CampaignMember)",
         "MALFORMED_QUERY", "Semi join sub-selects must select exactly one field"),
        ("SELECT Id FROM Lead WHERE Id IN (SELECT Id FROM Lead WHERE Id IN (SELECT Id FROM Lead))",
         "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported"),
        ("SELECT Email, COUNT(Id) FROM Contact GROUP BY LastName", "MALFORMED_QUERY",
         "Field must be grouped or aggregated: Email"),
        ("SELECT Email, COUNT(Id) FROM Contact", "MALFORMED_QUERY", "Field must be grouped"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE",
         "Maximum SOQL offset allowed is 2000"),
    ],
)  # fmt: skip
def test_what_salesforce_refuses_is_refused_in_its_words(
    cast: Cast, text: str, code: str, sentence: str
) -> None:
    actual_code, actual_sentence = refusal(cast, text)

    assert actual_code == code
    assert actual_sentence.startswith(sentence)
