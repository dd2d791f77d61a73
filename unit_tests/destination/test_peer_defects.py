"""Defects that shipped elsewhere, each as a case of ours; R-numbers as in ``docs/peers.md``."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from sandbox.serve import Running
from unit_tests.destination.harness import (
    CONTACTS,
    contacts,
    gone,
    person,
    record,
    state,
    sync,
)

APIS = pytest.mark.parametrize("api", ["rest", "bulk"])
PEOPLE = [person(n, plan="pro") for n in range(1, 6)]
EMAIL = {"source": "email", "target": "Email", "format": "email"}
BY_EMAIL = {
    **CONTACTS,
    "identity": [EMAIL],
    "fields": [
        {"source": "name", "target": "LastName"},
        {"source": "plan", "target": "Plan__c"},
    ],
}


def campaign(box: Running, name: str = "VIP") -> str:
    made = box.salesforce_control.do(
        {"create": {"object": "Campaign", "records": [{"Name": name}]}}
    )
    return str(made[0][0])


def create(box: Running, *rows: dict[str, Any], sobject: str = "Contact") -> list[str]:
    made = box.salesforce_control.do({"create": {"object": sobject, "records": list(rows)}})
    return [str(one) for one in made[0]]


def members_of(box: Running) -> list[tuple[str, str]]:
    rows = box.salesforce_control.records("CampaignMember")
    return sorted((row["CampaignId"], row["ContactId"] or row["LeadId"]) for row in rows)


def joining(campaign_id: str, *objects: str) -> dict[str, Any]:
    rules = [{**EMAIL, "object": name} for name in objects or ("Contact",)]
    return {
        "stream": "memberships",
        "kind": "campaign_member",
        "identity": rules,
        "segments": [{"segment": 7, "campaign": campaign_id}],
        "on_exit": {"action": "delete"},
    }


def member(email: str, *, left: bool = False, segment: int = 7) -> dict[str, Any]:
    data = {"segment_id": segment, "segment_name": "", "cio_id": email, "email": email}
    return record("memberships", **data, **({"_ab_cdc_deleted_at": "2026-01-01"} if left else {}))


@pytest.mark.parametrize("end", ["fails_after_rows", "aborts_after_rows"])
def test_r1_airbyte_drops_the_unprocessed_rows_of_a_failed_bulk_job(box: Running, end: str) -> None:
    """airbytehq/airbyte destination-salesforce 0.0.7 reads only failedResults after Failed."""
    box.salesforce_control.post("bulk", {"next_job": {end: 2}})

    result = sync(box, [*PEOPLE, state(1)], write_api="bulk")

    assert set(contacts(box)) == {"p1", "p2", "p3", "p4", "p5"}
    assert result.counts == [(5.0, 0.0)]


def test_r1_result_rows_that_never_come_do_not_move_the_checkpoint_past_them(box: Running) -> None:
    box.salesforce_control.post("bulk", {"next_job": {"drops_result_rows": 2}})

    result = sync(box, [*PEOPLE, state(1)], write_api="bulk")

    assert (set(contacts(box)), result.counts) == ({"p1", "p2", "p3", "p4", "p5"}, [(5.0, 0.0)])


@APIS
def test_r2_r9_airbyte_and_rudderstack_never_clear_a_field(box: Running, api: str) -> None:
    """The CDK's CSV writer made null an empty cell; rudder-server dropped it (PR #7151)."""
    sync(box, PEOPLE)

    sync(box, [person(1, plan=None)], write_api=api)

    assert contacts(box)["p1"]["Plan__c"] is None


@APIS
def test_r3_airbyte_writes_a_list_as_json_into_a_multi_select(box: Running, api: str) -> None:
    segments = [*CONTACTS["fields"], {"source": "audiences", "target": "Segments__c"}]

    sync(
        box,
        [record(cio_id="p1", name="N", audiences=["a", "b"])],
        {**CONTACTS, "fields": segments},
        write_api=api,
    )

    assert contacts(box)["p1"]["Segments__c"] == "a;b"


@APIS
@pytest.mark.parametrize("operation", ["upsert", "update"])
def test_r4_airbyte_updates_and_deletes_by_salesforce_id_only(
    box: Running, api: str, operation: str
) -> None:
    """And its upsert passes over idLookup fields such as Contact.Email."""
    create(
        box,
        {"LastName": "Old", "Email": "Ann@X.example"},
        {"LastName": "B", "Email": "b@x.example"},
    )
    mapping = {**BY_EMAIL, "operation": operation, "on_exit": {"action": "delete"}}
    leaving = record(email="b@x.example", _ab_cdc_deleted_at="2026-01-01")

    sync(box, [record(email="ann@x.example", name="New"), leaving], mapping, write_api=api)

    assert [row["LastName"] for row in box.salesforce_control.records("Contact")] == ["New"]


@APIS
def test_r4_airbyte_sends_one_key_twice_in_a_batch(box: Running, api: str) -> None:
    twice = [person(1, plan="free"), person(1, plan="pro"), record(cio_id="P1", name="N1")]

    result = sync(box, [*twice, state(1)], write_api=api)

    assert ([row["Plan__c"] for row in contacts(box).values()], result.counts) == (
        ["pro"],
        [(3, 0)],
    )


def test_r5_airbyte_describes_every_object_and_fails_on_an_unknown_type(box: Running) -> None:
    strange = {"name": "Shape__c", "type": "hypercube", "length": 40}
    box.salesforce_control.do({"set_field": {"object": "Contact", "field": strange}})
    box.salesforce_control.reset_requests()

    result = sync(box, [*PEOPLE, state(1)])

    counts = box.salesforce_control.requests()["counts"]
    described = [count for route, count in counts.items() if route.endswith("/describe")]
    assert (result.error, described) == (None, [1])


def test_r7_segment_wipes_a_field_that_another_row_of_the_batch_has(box: Running) -> None:
    """segmentio/action-destinations fills a missing field with #N/A in its Bulk CSV."""
    sync(box, [person(1, plan="pro"), person(2, plan="pro")])

    sync(box, [person(1, email="a@x.example"), person(2, plan="free")], write_api="bulk")

    assert {key: row["Plan__c"] for key, row in contacts(box).items()} == {
        "p1": "pro",
        "p2": "free",
    }


def test_r8_segment_never_polls_its_job_and_reports_success(box: Running, tmp_path: Path) -> None:
    """segment-docs PR #6831: a mis-mapped key failed "without any indication"."""
    place = {"storage_type": "File", "url": f"file://{tmp_path}"}

    result = sync(
        box,
        [person(1), record(cio_id="p2"), state(1)],
        write_api="bulk",
        object_storage_config=place,
    )

    lines = [
        orjson.loads(line) for part in tmp_path.iterdir() for line in part.read_bytes().splitlines()
    ]
    assert result.counts == [(1.0, 1.0)]
    assert [(line["code"], bool(line["hint"])) for line in lines] == [
        ("REQUIRED_FIELD_MISSING", True)
    ]


@APIS
def test_r10_rudderstack_loses_rows_whose_key_comes_back_in_other_case(
    box: Running, api: str
) -> None:
    """Its own test covers TEST2@EXAMPLE.COM against test2@example.com."""
    create(box, {"LastName": "Old", "Email": "TEST2@EXAMPLE.COM"})
    mapping = {**BY_EMAIL, "identity": [{"source": "email", "target": "Email"}]}

    result = sync(
        box, [record(email="Test2@Example.com", name="New"), state(1)], mapping, write_api=api
    )

    assert [row["LastName"] for row in box.salesforce_control.records("Contact")] == ["New"]
    assert result.counts == [(1.0, 0.0)]


def test_r11_segment_makes_duplicates_when_it_retries_after_a_time_out(box: Running) -> None:
    """segment-docs PR #3459, seen in the field in ethereum/esp-website #98."""
    box.salesforce_control.fault(
        {"reset": "after"}, times=2, method="POST", path="/composite$", body="records"
    )

    sync(box, [record(email="a@x.example", name="A"), state(1)], BY_EMAIL)

    assert len(box.salesforce_control.records("Contact")) == 1


def test_r12_hightouch_adds_a_campaign_member_twice_in_one_batch(box: Running) -> None:
    """mattermost-data-warehouse PR #1248 had to filter its rows first."""
    create(box, {"LastName": "A", "Email": "a@x.example"})
    vip = campaign(box)

    result = sync(
        box, [member("a@x.example"), member("A@x.example"), state(1, "memberships")], joining(vip)
    )

    assert (len(members_of(box)), result.counts) == (1, [(2.0, 0.0)])


def test_r13_hightouch_skips_removed_rows_on_a_full_resync(box: Running, tmp_path: Path) -> None:
    """A full resync of ours is a mirror: what Salesforce holds and the source lacks leaves."""
    sync(box, PEOPLE)
    mapping = {**CONTACTS, "mirror": True}
    complete = {"stream_descriptor": {"name": "profiles"}, "status": "COMPLETE"}
    end = {
        "type": "TRACE",
        "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": complete},
    }

    place = {"storage_type": "File", "url": tmp_path.as_uri()}
    told = [*PEOPLE[:4], state(1), end]
    sync(box, told, mapping, sync_mode="overwrite", object_storage_config=place)

    assert {key for key, row in contacts(box).items() if row["Plan__c"] is None} == {"p5"}


@pytest.mark.parametrize(
    ("policy", "changed"), [("reject", []), ("oldest", [0]), ("newest", [1]), ("all", [0, 1])]
)
def test_r14_r16_several_matches_end_as_the_policy_says(
    box: Running, policy: str, changed: list[int]
) -> None:
    """Census updates one of them, unpredictably; Grouparoo the last row (also restforce #243)."""
    ids = create(box, {"LastName": "A", "Email": "a@x.example"})
    ids += create(box, {"LastName": "A", "Email": "a@x.example"})
    for number, one in enumerate(ids, 1):
        made = {"CreatedDate": f"202{number}-01-01T00:00:00.000+0000"}
        box.salesforce_control.do(
            {"write_columns": {"object": "Contact", "ids": [one], "values": made}}
        )
    mapping = {**BY_EMAIL, "on_multiple_matches": policy}

    result = sync(box, [record(email="a@x.example", name="New"), state(1)], mapping)

    rows = {row["Id"]: row["LastName"] for row in box.salesforce_control.records("Contact")}
    assert [at for at, one in enumerate(ids) if rows[one] == "New"] == changed
    assert result.counts == [(0.0, 1.0) if policy == "reject" else (1.0, 0.0)]


@APIS
def test_r15_an_update_by_external_id_creates_elsewhere(box: Running, api: str) -> None:
    """Salesforce-Inspector-reloaded #1334, simple-salesforce #666."""
    result = sync(box, [person(1), state(1)], {**CONTACTS, "operation": "update"}, write_api=api)

    assert (contacts(box), result.counts) == ({}, [(1.0, 0.0)])


def test_r17_a_converted_lead_cannot_join_a_campaign_in_grouparoo(box: Running) -> None:
    """Grouparoo #1043: the membership follows the contact the lead became."""
    (lead,) = create(box, {"LastName": "A", "Company": "X", "Email": "a@x.example"}, sobject="Lead")
    box.salesforce_control.do({"convert_lead": {"id": lead}})
    vip = campaign(box)

    result = sync(
        box, [member("a@x.example"), state(1, "memberships")], joining(vip, "Lead", "Contact")
    )

    (contact,) = (row["Id"] for row in box.salesforce_control.records("Contact"))
    assert (members_of(box), result.counts) == ([(vip, contact)], [(1.0, 0.0)])


def test_r18_a_member_is_removed_from_another_campaign_elsewhere(box: Running) -> None:
    """In corsair PR #489 the look-up was not scoped to the campaign."""
    (contact,) = create(box, {"LastName": "A", "Email": "a@x.example"})
    vip, other = campaign(box), campaign(box, "Other")
    create(box, {"CampaignId": other, "ContactId": contact}, sobject="CampaignMember")
    sync(box, [member("a@x.example")], joining(vip))

    sync(box, [member("a@x.example", left=True)], joining(vip))

    assert members_of(box) == [(other, contact)]


@pytest.mark.parametrize(("policy", "stored"), [("reject", {}), ("truncate", {"p1": "x" * 80})])
def test_r19_grouparoo_truncates_silently(
    box: Running, policy: str, stored: dict[str, str]
) -> None:
    """And hotglue, too. Ours rejects, or truncates where asked to, and counts it."""
    rule = {"source": "name", "target": "LastName", "on_too_long": policy}

    result = sync(
        box, [record(cio_id="p1", name="x" * 200), state(1)], {**CONTACTS, "fields": [rule]}
    )

    assert {key: row["LastName"] for key, row in contacts(box).items()} == stored
    assert ("truncated" in result.logs) is (policy == "truncate")


def test_r20_hotglue_never_removes_a_campaign_member(box: Running) -> None:
    create(box, {"LastName": "A", "Email": "a@x.example"})
    vip = campaign(box)
    sync(box, [member("a@x.example")], joining(vip))

    result = sync(box, [member("a@x.example", left=True), state(1, "memberships")], joining(vip))

    assert (members_of(box), result.counts) == ([], [(1.0, 0.0)])


def test_r21_the_sixth_login_of_an_app_revokes_the_first(box: Running) -> None:
    """Customer.io's Salesforce FAQ: five connections a user. A sync of ours logs in once."""
    box.salesforce_control.reset_requests()

    sync(box, [*PEOPLE, state(1), gone(1), state(2), person(9), state(3)])

    assert box.salesforce_control.requests()["counts"]["POST /services/oauth2/token"] == 1
