"""The worked use cases of docs/mappings, as they are printed, played through in the stand-in."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.serve import Running
from unit_tests.destination.harness import Synced, contacts, record, state, sync

PAGES = Path(__file__).parents[2] / "docs" / "mappings"
LEFT = "2026-01-09T00:00:00.000Z"
PEOPLE: dict[str, Any] = {
    "stream": "profiles",
    "kind": "record",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "fields": [{"source": "last_name", "target": "LastName"}],
    "on_exit": {"action": "ignore"},
}


def example(kind: str) -> dict[str, Any]:
    [text] = re.findall(r"```json\n(.*?)```", (PAGES / f"{kind}.md").read_text("utf-8"), re.DOTALL)
    return dict(json.loads(text))


def played(box: Running, *events: dict[str, Any], mappings: list[dict[str, Any]]) -> Synced:
    """Write *events*, none of which may be refused."""
    done = sync(box, [*events, state(1, mappings[-1]["stream"])], *mappings)
    assert done.error is None
    assert [refused for _, refused in done.counts] == [0]
    return done


def ann(box: Running) -> dict[str, Any]:
    return contacts(box)["a1"]


def profile(**data: Any) -> dict[str, Any]:
    known = {"cio_id": "a1", "email": "ann@x.example", "last_name": "Osei"}
    return record(**{**known, **data})


def member(segment: int, name: str, *, left: bool = False) -> dict[str, Any]:
    times = {"exited_at": LEFT, "_ab_cdc_deleted_at": LEFT} if left else {}
    who = {"cio_id": "a1", "email": "ann@x.example", "entered_at": "2026-01-02T03:04:05.000Z"}
    return record("segment_memberships", segment_id=segment, segment_name=name, **who, **times)


def test_cart_recovery_tells_the_worth_of_a_cart_until_they_buy(box: Running) -> None:
    carts = [example("record")]
    worth = {"ltv": "1200", "phone": "(650) 253-0000", "last_intent_at": "1767323045"}

    played(box, profile(**worth), mappings=carts)
    entered = ann(box)
    moved = {"email": "ann@new.example", "previous_email": "ann@x.example"}
    played(box, profile(**worth, **moved), mappings=carts)
    renamed = ann(box)
    played(box, profile(**worth, **moved, _ab_cdc_deleted_at=LEFT), mappings=carts)

    assert (entered["LTV_Tier__c"], entered["MobilePhone"]) == ("high", "+16502530000")
    assert entered["Last_Intent_At__c"] == "2026-01-02T03:04:05.000+0000"
    assert (renamed["Id"], renamed["Email"]) == (entered["Id"], "ann@new.example")
    assert (ann(box)["LTV_Tier__c"], ann(box)["Last_Intent_At__c"]) == (None, None)
    assert ann(box)["LastName"] == "Osei"


def test_cart_recovery_finds_the_contact_that_sales_has_made(box: Running) -> None:
    made = {"LastName": "Osei", "Email": "Ann@x.example"}
    box.salesforce_control.do({"create": {"object": "Contact", "records": [made]}})

    played(box, profile(ltv="50"), mappings=[example("record")])

    assert ann(box)["LTV_Tier__c"] == "low"  # one Contact, or this would fail


@pytest.mark.parametrize(
    ("segment", "name", "field"),
    [(8, "VIP - Top 10%", "Is_VIP__c"), (10, "Opted out", "Is_Suppressed__c")],
)
def test_vip_protection_and_suppression_tick_and_untick_a_box(
    box: Running, segment: int, name: str, field: str
) -> None:
    protected = [PEOPLE, example("flag")]

    played(box, profile(), member(segment, name), mappings=protected)
    inside = ann(box)[field]
    played(box, member(segment, name, left=True), mappings=protected)

    assert (inside, ann(box)[field]) == (True, False)


def test_suppression_is_written_before_growth(box: Running) -> None:
    """Growth is refused, and suppression is there all the same: it came first."""
    growth = example("record") | {"priority": 100}
    played(box, profile(), mappings=[PEOPLE])
    rule = {"object": "Contact", "field": "LTV_Tier__c", "pattern": "high"}
    box.salesforce_control.do({"trigger": rule | {"code": "STORAGE_LIMIT_EXCEEDED"}})

    done = sync(box, [profile(ltv="2000"), member(10, "Opted out")], growth, example("flag"))

    assert done.error is not None
    assert ann(box)["Is_Suppressed__c"] is True


def test_all_audiences_are_in_one_field_and_others_stay(box: Running) -> None:
    audiences = [PEOPLE, example("multi_select")]
    played(box, profile(), mappings=[PEOPLE])
    theirs = {"Id": ann(box)["Id"], "Segments__c": "Trade fair"}
    box.salesforce_control.do({"update": {"object": "Contact", "records": [theirs]}})

    played(box, member(7, "Cart"), member(8, "VIP"), mappings=audiences)
    inside = set(ann(box)["Segments__c"].split(";"))
    played(box, member(7, "Cart", left=True), mappings=audiences)

    assert inside == {"Trade fair", "Cart abandoner", "VIP"}
    assert set(ann(box)["Segments__c"].split(";")) == {"Trade fair", "VIP"}


@pytest.mark.parametrize("person", ["Contact", "Lead", "converted"])
def test_winback_follows_the_person_and_ends_with_a_status(box: Running, person: str) -> None:
    do = box.salesforce_control.do
    known = {"LastName": "Osei", "Email": "ann@x.example"}
    if person == "Contact":
        do({"create": {"object": "Contact", "records": [known]}})
    else:
        [[lead]] = do({"create": {"object": "Lead", "records": [known | {"Company": "Own"}]}})
        if person == "converted":
            do({"convert_lead": {"id": lead}})
    winback = example("campaign_member")
    [[campaign]] = do({"create": {"object": "Campaign", "records": [{"Name": "Winback"}]}})
    winback["segments"][0]["campaign"] = campaign

    played(box, member(9, "Lapsed 90 days"), mappings=[winback])
    [joined] = box.salesforce_control.records("CampaignMember")
    played(box, member(9, "Lapsed 90 days", left=True), mappings=[winback])
    [ended] = box.salesforce_control.records("CampaignMember")

    assert (joined["CampaignId"], joined["Status"]) == (campaign, "Sent")
    assert (joined["LeadId"] is None) == (person != "Lead")
    assert (ended["Id"], ended["Status"]) == (joined["Id"], "Responded")


def test_audience_history_opens_closes_and_reopens_a_row(box: Running) -> None:
    history = [PEOPLE, example("child_record")]

    def row() -> tuple[Any, ...]:
        [only] = box.salesforce_control.records("CustomerIO_Membership__c")
        assert only["Contact__c"] == ann(box)["Id"]
        return only["Key__c"], only["Active__c"], only["Exited_At__c"]

    played(box, profile(), member(7, "Cart"), mappings=history)
    opened = row()
    played(box, member(7, "Cart", left=True), mappings=history)
    closed = row()
    played(box, member(7, "Cart"), mappings=history)

    assert opened == row() == ("7:a1", True, None)
    assert closed == ("7:a1", False, "2026-01-09T00:00:00.000+0000")
