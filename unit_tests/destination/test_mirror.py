"""Mirror ends what Salesforce holds and a complete sync lacks, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_salesforce_intro.changes import Received
from destination_salesforce_intro.config import FileStorage, Mapping
from destination_salesforce_intro.org.ownership import count, readings
from destination_salesforce_intro.storage.attempts import Attempts
from destination_salesforce_intro.storage.folders import Folder
from destination_salesforce_intro.writing.mirror import Seen, problem
from sandbox.serve import Running
from unit_tests.destination import test_kinds_in_org as kinds_in_org
from unit_tests.destination.builders import ADAPTER, exit_, upsert
from unit_tests.destination.harness import (
    CONTACTS,
    Synced,
    contacts,
    gone,
    person,
    record,
    state,
    sync,
)

KEPT = FileStorage(storage_type="File", url="file:///kept")
Mirrored = Callable[..., Synced]

MIRROR = {**CONTACTS, "mirror": True}
FLAGS: dict[str, Any] = {
    "stream": "memberships",
    "kind": "flag",
    "object": "Contact",
    "mirror": True,
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "segments": [
        {"segment": 7, "field": "Is_VIP__c"},
        {"segment": "Lapsed", "field": "Is_Lapsed__c"},
    ],
}


def complete(stream: str = "profiles") -> dict[str, Any]:
    status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}}


def plans(box: Running) -> dict[str, Any]:
    return {key: row["Plan__c"] for key, row in contacts(box).items()}


@pytest.fixture
def place(tmp_path: Path) -> dict[str, Any]:
    return {"storage_type": "File", "url": tmp_path.as_uri()}


@pytest.fixture
def mirrored(box: Running, place: dict[str, Any]) -> Mirrored:
    def run(
        messages: list[dict[str, Any] | bytes], *mappings: dict[str, Any], **others: Any
    ) -> Synced:
        usual = {"sync_mode": "overwrite", "max_removal_percent": 100}
        usual |= {"object_storage_config": place}
        return sync(box, messages, *(mappings or [MIRROR]), **{**usual, **others})

    return run


def filled(box: Running) -> None:
    sync(box, [person(n, plan="pro") for n in range(4)])


def test_what_the_sync_did_not_bring_is_an_exit(box: Running, mirrored: Mirrored) -> None:
    filled(box)
    result = mirrored([person(0, plan="pro"), person(1, plan="pro"), state(1), complete()])

    assert plans(box) == {"p0": "pro", "p1": "pro", "p2": None, "p3": None}
    assert result.counts == [(2.0, 0.0)]


@pytest.mark.parametrize(
    ("messages", "others"),
    [
        ([person(0, plan="pro"), state(1)], {}),  # no COMPLETE: the source may have failed
        ([complete()], {}),  # the platform's Clear
        ([person(0, plan="pro"), complete()], {"sync_mode": "append_dedup"}),
        ([person(0, plan="pro"), complete("others")], {}),
        ([person(0, plan="pro"), complete()], {"is_incremental": True}),  # changes only
    ],
)
def test_without_proof_of_completeness_nothing_is_removed(
    box: Running, mirrored: Mirrored, messages: list[dict[str, Any]], others: dict[str, Any]
) -> None:
    filled(box)
    result = mirrored(messages, **others)

    assert set(plans(box).values()) == {"pro"}
    assert result.error is None


def test_records_the_mapping_does_not_own_are_left_alone(box: Running, mirrored: Mirrored) -> None:
    box.salesforce_control.do(
        {"create": {"object": "Contact", "records": [{"LastName": "Own", "Plan__c": "pro"}]}}
    )
    mirrored([person(0), complete()])

    assert plans(box)[None] == "pro"  # type: ignore[index]


def test_a_refused_record_is_not_taken_for_gone(box: Running, mirrored: Mirrored) -> None:
    filled(box)
    others = [person(n, plan="pro") for n in range(3)]
    mirrored([*others, record(cio_id="p3", vip="perhaps"), complete()])

    assert plans(box)["p3"] == "pro"


def test_an_exit_that_the_stream_told_is_done_once(box: Running, mirrored: Mirrored) -> None:
    filled(box)
    box.salesforce_control.reset_writes()
    mirrored([*(person(n, plan="pro") for n in range(3)), gone(3), complete()])

    assert plans(box)["p3"] is None
    assert box.salesforce_control.writes()["updated"] == 1


def test_the_budget_of_removals_holds_for_a_mirror_too(box: Running, mirrored: Mirrored) -> None:
    filled(box)
    result = mirrored([person(0, plan="pro"), complete()], max_removals=1, max_removal_percent=0)

    assert set(plans(box).values()) == {"pro"}
    assert result.error is not None
    assert "budget 1" in result.error.message


def test_a_flag_is_taken_only_in_segments_that_were_read(box: Running, mirrored: Mirrored) -> None:
    filled(box)

    def member(number: int, segment: int, name: str) -> dict[str, Any]:
        data = {"segment_id": segment, "segment_name": name, "cio_id": f"p{number}"}
        return record("memberships", **data)

    both = [member(n, *one) for n in range(3) for one in ((7, "VIP"), (9, "Lapsed"))]
    mirrored(both, FLAGS, sync_mode="append")
    unread = [member(0, 7, "VIP"), complete("memberships")]
    mirrored(unread, FLAGS)

    held = contacts(box)
    assert [held[f"p{n}"]["Is_VIP__c"] for n in range(3)] == [True, False, False]
    assert [held[f"p{n}"]["Is_Lapsed__c"] for n in range(3)] == [True, True, True]


def test_a_segment_that_the_mapping_knows_by_name_is_mirrored(
    box: Running, mirrored: Mirrored
) -> None:
    filled(box)

    def lapsed(*numbers: int) -> list[dict[str, Any] | bytes]:
        segment = {"segment_id": 9, "segment_name": "Lapsed"}
        told = (record("memberships", **segment, cio_id=f"p{n}") for n in numbers)
        return [*told, complete("memberships")]

    mirrored(lapsed(0, 1, 2), FLAGS)
    mirrored(lapsed(0), FLAGS)

    held = contacts(box)
    assert [held[f"p{n}"]["Is_Lapsed__c"] for n in range(3)] == [True, False, False]


@pytest.mark.parametrize("place_of_kind", range(4), ids=["flag", "multi", "child", "campaign"])
def test_every_kind_of_membership_is_mirrored_and_what_is_not_its_own_stays(
    box: Running, mirrored: Mirrored, place_of_kind: int
) -> None:
    """One is still there, one left a segment and is in another, one left while nobody looked."""
    own = kinds_in_org.shapes(kinds_in_org.campaign_of(box))[place_of_kind] | {"mirror": True}
    people = [kinds_in_org.person(n) for n in (1, 2, 3)]
    members = [kinds_in_org.member(n, segment) for n, segment in ((1, 7), (2, 7), (2, 8))]
    sync(box, people, kinds_in_org.PEOPLE)
    mirrored(members, own, sync_mode="append")
    before = kinds_in_org.truth(box)
    mirrored([kinds_in_org.member(3)], own, sync_mode="append")

    result = mirrored([kinds_in_org.member(1), complete("memberships")], own)

    after = kinds_in_org.truth(box)
    nobody: tuple[Any, ...] = (False, False, None, [], 0)
    closed = [("7:p2", False), ("8:p2", True)]
    assert result.error is None
    assert after["p1"] == before["p1"] != nobody
    assert (
        after["p2"]
        == [
            (False, True, None, [], 0),
            (False, False, "Lapsed", [], 0),
            (False, False, None, closed, 0),
            nobody,
        ][place_of_kind]
    )
    assert after["p3"] == (nobody if place_of_kind != 2 else (*nobody[:3], [("7:p3", False)], 0))


def test_overwrite_without_mirror_warns_and_only_upserts(box: Running) -> None:
    filled(box)
    result = sync(box, [person(9), complete()], sync_mode="overwrite")

    assert '"overwrite" removes nothing' in result.logs
    assert list(plans(box).values()).count("pro") == 4


def parsed(**changes: Any) -> Mapping:
    return ADAPTER.validate_python({**FLAGS, **changes})


CAMPAIGN = {
    "kind": "campaign_member",
    "segments": [{"segment": 7, "campaign": "701000000000001"}],
    "identity": [
        {"source": "email", "target": "Email", "object": "Contact"},
        {"source": "email", "target": "Email", "object": "Lead"},
    ],
}


def campaign() -> Mapping:
    raw = {key: value for key, value in FLAGS.items() if key != "object"}
    return ADAPTER.validate_python({**raw, **CAMPAIGN})


def child() -> Mapping:
    raw = {key: value for key, value in FLAGS.items() if key not in {"identity", "segments"}}
    person_rule = {"field": "Contact__c", "identity": FLAGS["identity"]}
    return ADAPTER.validate_python(
        {
            **raw,
            "kind": "child_record",
            "object": "CustomerIO_Membership__c",
            "key_field": "Key__c",
            "active_field": "Active__c",
            "person": person_rule,
        }
    )


def test_each_kind_reads_and_counts_what_it_holds() -> None:
    segments = {"7": "VIP", "9": "Lapsed"}
    picklist = {
        "kind": "multi_select",
        "field": "Segments__c",
        "segments": [{"segment": 7, "value": "V'"}],
    }

    assert [r.statement for r in readings(parsed(), segments)] == [
        "SELECT Id, CustomerIO_Id__c FROM Contact WHERE Is_VIP__c = true",
        "SELECT Id, CustomerIO_Id__c FROM Contact WHERE Is_Lapsed__c = true",
    ]
    assert [r.statement for r in readings(parsed(**picklist), segments)] == [
        "SELECT Id, CustomerIO_Id__c FROM Contact WHERE Segments__c INCLUDES ('V\\'')"
    ]
    assert [r.statement for r in readings(campaign(), segments)] == [
        (
            "SELECT Id, Contact.Email, Lead.Email FROM CampaignMember"
            " WHERE CampaignId = '701000000000001'"
        )
    ]
    assert readings(child(), {"7": None})[0].statement == (
        "SELECT Id, Key__c FROM CustomerIO_Membership__c"
        " WHERE Key__c != null AND Active__c = true AND Key__c LIKE '7:%'"
    )
    assert count(parsed(), "Contact") == (
        "SELECT COUNT() FROM Contact WHERE Is_VIP__c = true OR Is_Lapsed__c = true"
    )


def test_a_held_record_is_read_as_the_stream_would_tell_it() -> None:
    (members,) = readings(campaign(), {"7": None})
    (rows,) = readings(child(), {"7": None})

    assert members.data({"Contact.Email": "", "Lead.Email": "a@x.example"}) == {
        "email": "a@x.example",
        "segment_id": "7",
    }
    assert rows.data({"Key__c": "7:a:1"}) == {"cio_id": "a:1", "segment_id": "7"}


def test_any_key_of_a_person_counts_as_seen() -> None:
    seen = Seen()
    for number in range(100):
        seen.add(upsert(f"k{number}", f"e{number}"))

    assert seen.knows(exit_("k5", None))
    assert seen.knows(exit_("other", "e99"))
    assert not seen.knows(exit_("e5", "k5"))
    assert not Seen().knows(exit_("k5"))
    assert Received("a", 0, {}).number == 0


def test_a_mirror_needs_a_place_that_outlasts_the_sync(box: Running) -> None:
    result = sync(box, [person(0), complete()], MIRROR, sync_mode="overwrite")

    assert result.error is not None
    assert '"mirror" needs object_storage_config' in result.error.message
    assert contacts(box) == {}


def unfinished(place: dict[str, Any]) -> list[str]:
    return [path.name for path in Path(place["url"].removeprefix("file://")).glob("unfinished-*")]


def test_a_sync_that_goes_on_where_another_stopped_mirrors_nothing(
    box: Running, mirrored: Mirrored, place: dict[str, Any]
) -> None:
    """The platform resumes a full refresh from its state: the second attempt brings the rest."""
    filled(box)
    everybody = [person(n, plan="pro") for n in range(3)]

    died = mirrored([*everybody[:2], state(1)], sync_id="5")
    resumed = mirrored([everybody[2], state(2), complete()], sync_id="5")

    assert (died.acknowledged, resumed.acknowledged) == ([1], [2])
    assert set(plans(box).values()) == {"pro"}
    assert "an earlier attempt at this sync did not end" in resumed.logs
    assert unfinished(place) == []
    mirrored([*everybody, complete()], sync_id="6")
    assert plans(box) == {"p0": "pro", "p1": "pro", "p2": "pro", "p3": None}


def test_an_attempt_that_failed_counts_as_unfinished(
    box: Running, mirrored: Mirrored, place: dict[str, Any]
) -> None:
    filled(box)
    failed = mirrored([person(0, plan="pro"), b"not json"], sync_id="5")
    assert len(unfinished(place)) == 1
    again = mirrored([person(0, plan="pro"), complete()], sync_id="5")

    assert failed.error is not None
    assert "an earlier attempt" in again.logs
    assert set(plans(box).values()) == {"pro"}


def test_another_sync_and_another_stream_have_marks_of_their_own(place: dict[str, Any]) -> None:
    attempts = Attempts(Folder(place["url"], {}))

    assert attempts.begin("profiles", "5")
    assert attempts.begin("profiles", "6")
    assert attempts.begin("odd/../name", "5")
    assert not Attempts(Folder(place["url"], {})).begin("profiles", "5")
    attempts.end("profiles", "5")
    assert attempts.begin("profiles", "5")
    assert not attempts.begin("profiles", "6")
    assert Attempts(None).begin("profiles", "5")


def test_a_dry_run_leaves_no_mark(box: Running, mirrored: Mirrored, place: dict[str, Any]) -> None:
    filled(box)
    mirrored([person(0)], sync_id="5", dry_run=True)
    assert unfinished(place) == []
    mirrored([person(0, plan="pro"), complete()], sync_id="5")

    assert list(plans(box).values()).count("pro") == 1


def test_a_hashed_identity_cannot_be_mirrored() -> None:
    hashed = [{"source": "email", "target": "Key__c", "format": "sha256"}]

    assert "sha256" in str(problem(parsed(identity=hashed), KEPT))
    assert problem(parsed(), KEPT) is None
