"""Objects, fields and Ids: what describe says of them, and that a file keeps them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.control.operations import OPERATIONS
from sandbox.salesforce.describe import describe
from sandbox.salesforce.dml import apply
from sandbox.salesforce.ids import full_id, number_of, record_id
from sandbox.salesforce.org import Org


@pytest.fixture
def org() -> Iterator[Org]:
    opened = Org.open(":memory:")
    yield opened
    opened.db.close()


def described(org: Org, name: str) -> dict[str, Any]:
    shown = describe(org.sobject(name), org.children(org.sobject(name)))
    return {**shown, "fields": {each["name"]: each for each in shown["fields"]}}


def test_a_published_id_gets_its_published_check_characters() -> None:
    assert full_id("0015000000Gv7qJ") == "0015000000Gv7qJAAR"


@given(st.integers(1, 62**9 - 1), st.integers(1, 62**9 - 1))
def test_ids_sort_and_count_as_their_numbers_do(one: int, other: int) -> None:
    ids = record_id("003", one), record_id("003", other)

    assert (ids[0] < ids[1]) == (one < other)
    assert number_of(ids[0]) == one
    assert full_id(ids[0][:15]) == ids[0] == full_id(ids[0])


@pytest.mark.parametrize("text", ["", "003", "003SB00000000é1", "003SB0000000001ZZZ"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        full_id(text)


def test_describe_tells_keys_apart(org: Org) -> None:
    fields = described(org, "Contact")["fields"]
    flags = ("externalId", "idLookup", "unique", "caseSensitive")

    assert {
        name: [fields[name][flag] for flag in flags]
        for name in ("Id", "Email", "CustomerIO_Id__c", "Legacy_Id__c", "Customer_No__c", "Title")
    } == {
        "Id": [False, True, False, False],
        "Email": [False, True, False, False],
        "CustomerIO_Id__c": [True, True, True, False],
        "Legacy_Id__c": [True, True, False, False],
        "Customer_No__c": [True, True, True, True],
        "Title": [False, False, False, False],
    }


def test_describe_tells_what_an_insert_must_bring(org: Org) -> None:
    for name, required in {
        "Contact": {"LastName"},
        "Lead": {"LastName", "Company"},
        "Account": {"Name"},
        "Campaign": {"Name"},
        "CampaignMember": {"CampaignId"},
        "CustomerIO_Membership__c": set(),
    }.items():
        fields = described(org, name)["fields"].values()
        assert {
            each["name"]
            for each in fields
            if each["createable"] and not each["nillable"] and not each["defaultedOnCreate"]
        } == required


def test_describe_tells_read_only_create_only_and_relations(org: Org) -> None:
    contact, member = described(org, "contact"), described(org, "CampaignMember")
    score, account = contact["fields"]["Score__c"], contact["fields"]["AccountId"]

    assert (score["createable"], score["updateable"], score["calculated"]) == (False, False, True)
    assert (account["referenceTo"], account["relationshipName"]) == (["Account"], "Account")
    assert member["fields"]["CampaignId"]["updateable"] is False
    assert not contact["fields"]["Notes__c"]["filterable"]
    assert {
        (each["childSObject"], each["field"], each["cascadeDelete"])
        for each in contact["childRelationships"]
    } >= {
        ("CampaignMember", "ContactId", True),
        ("CustomerIO_Membership__c", "Contact__c", False),
    }


DIES = """
import os, sys
from sandbox.salesforce.dml import apply
from sandbox.salesforce.org import Org
org = Org.open(sys.argv[1])
apply(org, "insert", org.sobject("Account"), [{"Name": "kept"}])
with org.transaction():
    apply(org, "insert", org.sobject("Account"), [{"Name": "half done"}])
    os.kill(os.getpid(), 9)
"""


def test_a_killed_process_leaves_whole_transactions(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")

    died = subprocess.run([sys.executable, "-c", DIES, path], check=False, timeout=60)

    org = Org.open(path)
    assert died.returncode == -9
    assert org.rows('SELECT "Name" FROM "Account"') == [("kept",)]
    org.db.close()


def test_a_file_keeps_records_custom_fields_and_counts_on(tmp_path: Path) -> None:
    path = str(tmp_path / "org.db")
    first = Org.open(path)
    OPERATIONS["set_field"](
        first,
        {"object": "Contact", "field": {"name": "Shoe__c", "type": "string", "length": 4}},
    )
    row = {"LastName": "Osei", "Shoe__c": "44"}
    [before] = apply(first, "insert", first.sobject("Contact"), [row])
    first.db.close()

    again = Org.open(path)
    [after] = apply(again, "insert", again.sobject("Contact"), [row])

    assert [before.id, after.id] == [
        each for (each,) in again.rows('SELECT "Id" FROM "Contact" ORDER BY "Id"')
    ]
    assert again.sobject("Contact") == first.sobject("Contact")
    assert len(again.rows('SELECT 1 FROM "User"')) == 1
    again.db.close()
