"""What happens to people and segments, and what a client sees of it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.serve import Running

Client = requests.Session


def do(box: Running, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    return box.customerio_control.do(*operations)


def create(box: Running, **person: object) -> str:
    return str(do(box, {"op": "create_person", **person})[0]["cio_id"])


def on(cio_id: str, op: str, **more: object) -> dict[str, Any]:
    return {"op": op, "person": {"cio_id": cio_id}, **more}


def segments_of(box: Running, cio_id: str) -> set[str]:
    segments = box.customerio_control.truth()["segments"]
    return {number for number, ids in segments.items() if cio_id in ids}


def person(box: Running, cio_id: str) -> Any:
    return box.customerio_control.truth()["people"].get(cio_id)


def activities(box: Running, client: Client, query: str) -> list[Any]:
    read: list[Any] = []
    token = ""
    while True:
        answer = client.get(f"{box.customerio}/v1/activities?{query}&limit=7&start={token}")
        assert answer.status_code == 200, answer.text
        read += answer.json()["activities"] or []
        token = answer.json()["next"]
        if not token:
            return read


def of(cio_id: str) -> str:
    return f"customer_id=cio_{cio_id}&id_type=cio_id&deleted=true"


def status(box: Running, client: Client, path: str) -> int:
    return client.get(box.customerio + path).status_code


def test_a_purchase_moves_a_person_from_the_cart_to_the_suppression(sandbox: Running) -> None:
    ann = create(sandbox, email="purchase@example.com")
    before = segments_of(sandbox, ann)
    do(sandbox, on(ann, "abandon_cart", value=30))
    with_cart = segments_of(sandbox, ann)
    do(sandbox, on(ann, "purchase", total=2_000))

    assert (before, with_cart, segments_of(sandbox, ann)) == (set(), {"7"}, {"8", "10"})
    assert person(sandbox, ann)["attributes"]["ltv"] == "2000.00"


def test_a_person_is_told_apart_by_what_changed(sandbox: Running, customerio: Client) -> None:
    ann = create(sandbox, email="Old@example.com", id="u-old", attributes={"plan": "trial"})
    do(
        sandbox,
        on(ann, "update_person", email="new@example.com", attributes={"plan": "pro", "n": 1}),
    )
    changes = activities(sandbox, customerio, f"type=attribute_change&{of(ann)}")

    assert changes[0]["data"] == {
        "email": {"from": "Old@example.com", "to": "new@example.com"},
        "plan": {"from": "trial", "to": "pro"},
        "n": {"from": "", "to": "1"},
    }
    assert changes[0]["customer_identifiers"]["email"] == "new@example.com"
    assert person(sandbox, ann)["id"] == "u-old"


def test_an_attribute_is_taken_away_by_null_and_the_rest_stays(sandbox: Running) -> None:
    ann = create(sandbox, id="u-null", attributes={"plan": "pro", "city": "Rome"})
    do(sandbox, on(ann, "update_person", attributes={"plan": None}))

    assert person(sandbox, ann)["attributes"] == {"city": "Rome"}


def test_what_did_not_change_is_not_logged(sandbox: Running, customerio: Client) -> None:
    ann = create(sandbox, id="u-same", attributes={"plan": "pro"})
    do(sandbox, on(ann, "update_person", attributes={"plan": "pro"}))

    assert len(activities(sandbox, customerio, f"type=attribute_change&{of(ann)}")) == 1


def test_a_deleted_person_is_gone_but_for_the_activities_asked_for_by_name(
    sandbox: Running, customerio: Client
) -> None:
    ann = create(sandbox, email="gone@example.com", attributes={"ltv": 9_000})
    do(sandbox, on(ann, "delete_person"))
    (deletion,) = activities(sandbox, customerio, f"type=profile_delete&{of(ann)}")
    batch = customerio.post(
        f"{sandbox.customerio}/v1/customers/attributes?id_type=cio_id", json={"ids": [ann]}
    )
    hidden = activities(sandbox, customerio, f"customer_id=cio_{ann}&id_type=cio_id")

    assert deletion["customer_identifiers"]["email"] == "gone@example.com"
    assert (segments_of(sandbox, ann), person(sandbox, ann)) == (set(), None)
    assert (batch.status_code, batch.json()) == (200, {"customers": None})
    assert status(sandbox, customerio, f"/v1/customers/{ann}/attributes?id_type=cio_id") == 404
    assert hidden == []


def test_who_comes_back_gets_a_new_cio_id(sandbox: Running) -> None:
    ann = create(sandbox, email="back@example.com")
    do(sandbox, on(ann, "delete_person"))

    assert create(sandbox, email="back@example.com") != ann


def test_suppression_redacts_and_blocks(sandbox: Running, customerio: Client) -> None:
    ann = create(sandbox, email="Blocked@example.com", id="u-blocked")
    do(sandbox, on(ann, "suppress_person"))

    assert activities(sandbox, customerio, of(ann)) == []
    bo = create(sandbox, id="U-blocked")  # an id is another one in another case
    with pytest.raises(ValueError, match="suppressed"):
        create(sandbox, email="blocked@EXAMPLE.com")
    with pytest.raises(ValueError, match="suppressed"):
        do(sandbox, on(bo, "update_person", id="u-blocked"))


def test_a_merge_fills_what_the_primary_lacks_and_ends_the_secondary(
    sandbox: Running, customerio: Client
) -> None:
    primary = create(sandbox, id="u-primary", attributes={"plan": "pro"})
    secondary = create(
        sandbox, email="second@example.com", attributes={"plan": "free", "ltv": 4_000}
    )
    do(
        sandbox,
        {"op": "add_members", "segment": 11, "cio_ids": [secondary]},
        on(secondary, "track_event", name="visit", data={"page": 1}),
        on(secondary, "track_event", name="visit", data={"page": 0}, timestamp=1_000),
        {
            "op": "merge_people",
            "primary": {"cio_id": primary},
            "secondary": {"cio_id": secondary},
        },
    )

    assert person(sandbox, primary)["attributes"] == {"plan": "pro", "ltv": "4000"}
    assert (segments_of(sandbox, primary), person(sandbox, secondary)) == ({"8", "11"}, None)
    visits = activities(sandbox, customerio, f"type=event&name=visit&{of(primary)}")
    assert [visit["data"]["page"] for visit in visits] == [1]
    for cio_id in (primary, secondary):
        assert len(activities(sandbox, customerio, f"type=profile_merge&{of(cio_id)}")) == 1


def test_activities_are_newest_first_by_their_own_time(
    sandbox: Running, customerio: Client
) -> None:
    ann = create(sandbox, id="u-late")
    at = {name: 1_790_000_000 + place for place, name in enumerate("abcdefghijkl")}
    for name in "lbdfakcgiehj":
        do(sandbox, on(ann, "track_event", name=name, timestamp=at[name]))
    read = activities(sandbox, customerio, f"type=event&{of(ann)}")

    assert [one["name"] for one in read] == list("lkjihgfedcba")
    assert len({one["id"] for one in read}) == 12


def test_activities_are_found_by_the_name_of_the_event_or_of_the_attribute(
    sandbox: Running, customerio: Client
) -> None:
    ann = create(sandbox, id="u-names", attributes={"plan": "pro", "city": "Rome"})
    do(sandbox, on(ann, "track_event", name="city"), on(ann, "track_event", name="other"))
    found = activities(sandbox, customerio, f"name=city&{of(ann)}")

    assert sorted(one["type"] for one in found) == ["attribute_change", "event"]


def test_the_activities_of_one_person_are_found_by_path(
    sandbox: Running, customerio: Client
) -> None:
    create(sandbox, id="u-path")
    answer = customerio.get(f"{sandbox.customerio}/v1/customers/u-path/activities").json()

    assert [one["type"] for one in answer["activities"]] == ["profile_create"]
    assert status(sandbox, customerio, "/v1/customers/nobody/activities") == 404


def test_a_cio_id_without_its_prefix_names_nobody_in_the_log(
    sandbox: Running, customerio: Client
) -> None:
    ann = create(sandbox, id="u-prefix")

    assert activities(sandbox, customerio, f"customer_id={ann}&id_type=cio_id") == []


@pytest.mark.parametrize("query", ["limit=101", "start=MDox", "customer_id=x&id_type=phone"])
def test_a_query_of_the_log_that_cannot_be_is_refused(
    sandbox: Running, customerio: Client, query: str
) -> None:
    assert status(sandbox, customerio, f"/v1/activities?{query}") == 400


def test_a_segment_follows_its_conditions_and_its_events(sandbox: Running) -> None:
    ann = create(sandbox, id="u-follow")
    visited = {"event": {"name": "visited"}, "times": 2}
    (made,) = do(sandbox, {"op": "create_segment", "name": "Visited", "conditions": visited})
    segment = str(made["segment_id"])
    seen = []
    for _ in range(2):
        do(sandbox, on(ann, "track_event", name="visited"))
        seen.append(segment in segments_of(sandbox, ann))
    edit = {"op": "edit_segment", "segment": int(segment)}
    do(sandbox, {**edit, "conditions": {**visited, "times": 3}})

    assert (seen, segment in segments_of(sandbox, ann)) == ([False, True], False)


def test_time_alone_moves_people(sandbox: Running) -> None:
    ann = create(sandbox, id="u-time")
    do(sandbox, on(ann, "purchase"))
    before = segments_of(sandbox, ann)
    do(sandbox, {"op": "advance_clock", "seconds": 15 * 86_400})

    assert (before, segments_of(sandbox, ann)) == ({"10"}, set())


def test_an_archived_segment_is_hidden_until_it_comes_back(
    sandbox: Running, customerio: Client
) -> None:
    url = f"{sandbox.customerio}/v1/segments"
    do(sandbox, {"op": "archive_segment", "segment": 9})
    listed = [one["id"] for one in customerio.get(url).json()["segments"]]
    hidden = status(sandbox, customerio, "/v1/segments/9/membership")
    do(sandbox, {"op": "unarchive_segment", "segment": 9})

    assert (9 in listed, hidden) == (False, 404)
    assert status(sandbox, customerio, "/v1/segments/9/membership") == 200


def test_a_deleted_segment_is_gone_and_its_number_is_not_used_again(
    sandbox: Running, customerio: Client
) -> None:
    make = {"op": "create_segment", "name": "Short-lived"}
    (first,) = do(sandbox, make)
    do(sandbox, {"op": "delete_segment", "segment": first["segment_id"]})
    (second,) = do(sandbox, make)

    assert second["segment_id"] > first["segment_id"]
    assert status(sandbox, customerio, f"/v1/segments/{first['segment_id']}") == 404


def test_a_rename_moves_the_definitions_time_and_no_member(
    sandbox: Running, customerio: Client
) -> None:
    members = sandbox.customerio_control.truth()["segments"]["10"]
    do(
        sandbox,
        {"op": "advance_clock", "seconds": 60},
        {"op": "edit_segment", "segment": 10, "name": "Bought Lately"},
    )
    segment = customerio.get(f"{sandbox.customerio}/v1/segments/10").json()["segment"]

    assert segment["name"] == "Bought Lately"
    assert segment["updated_at"] > segment["created_at"]
    assert sandbox.customerio_control.truth()["segments"]["10"] == members


def test_a_segment_being_built_shows_a_part(sandbox: Running, customerio: Client) -> None:
    whole = len(sandbox.customerio_control.truth()["segments"]["8"])
    building = {"state": "build", "progress": 40, "visible_percent": 40}
    do(sandbox, {"op": "set_segment", "segment": 8, **building})
    segment = customerio.get(f"{sandbox.customerio}/v1/segments/8").json()["segment"]
    page = customerio.get(f"{sandbox.customerio}/v1/segments/8/membership").json()
    finished = {"state": "finished", "progress": None, "visible_percent": 100}
    do(sandbox, {"op": "set_segment", "segment": 8, **finished})
    after = customerio.get(f"{sandbox.customerio}/v1/segments/8/membership").json()

    assert (segment["state"], segment["progress"]) == ("build", 40)
    assert 0 < len(page["ids"]) < whole
    assert len(after["ids"]) == whole


def test_a_count_can_be_off_and_pages_can_be_short(sandbox: Running, customerio: Client) -> None:
    whole = len(sandbox.customerio_control.truth()["segments"]["8"])
    do(sandbox, {"op": "set_segment", "segment": 8, "count_skew": 3, "page_drop": 2})
    count = customerio.get(f"{sandbox.customerio}/v1/segments/8/customer_count").json()["count"]
    page = customerio.get(f"{sandbox.customerio}/v1/segments/8/membership").json()
    do(sandbox, {"op": "set_segment", "segment": 8, "count_skew": 0, "page_drop": 0})

    assert (count, len(page["ids"]), page["next"]) == (whole + 3, whole - 2, "")


def test_pages_can_be_capped(sandbox: Running, customerio: Client) -> None:
    do(sandbox, {"op": "set_workspace", "page_cap": 2})
    page = customerio.get(f"{sandbox.customerio}/v1/segments/8/membership?limit=30000").json()
    do(sandbox, {"op": "set_workspace", "page_cap": None})

    assert len(page["ids"]) == 2
    assert page["next"]


def test_a_manual_segment_takes_a_share_of_everybody(sandbox: Running) -> None:
    people = len(sandbox.customerio_control.truth()["people"])
    (made,) = do(sandbox, {"op": "create_segment", "name": "Half"})
    do(sandbox, {"op": "add_members", "segment": made["segment_id"], "percent": 50})
    half = len(sandbox.customerio_control.truth()["segments"][str(made["segment_id"])])
    do(sandbox, {"op": "remove_members", "segment": made["segment_id"], "percent": 100})
    truth = sandbox.customerio_control.truth()

    assert half == pytest.approx(people / 2, rel=0.2)
    assert truth["segments"][str(made["segment_id"])] == []


def test_one_call_takes_thousands_of_operations(sandbox: Running) -> None:
    ann = create(sandbox, id="u-busy")
    long = "x" * 500
    changes = [on(ann, "update_person", attributes={"note": f"{long}{n}"}) for n in range(3_000)]
    do(sandbox, *changes)

    assert person(sandbox, ann)["attributes"]["note"].endswith("x2999")


def test_of_several_operations_all_are_done_or_none(sandbox: Running) -> None:
    before = sandbox.customerio_control.truth()["people"].keys()
    with pytest.raises(ValueError, match=r"operation 1 \(delete_person\): there is no such"):
        do(
            sandbox,
            {"op": "create_person", "id": "u-half"},
            {"op": "delete_person", "person": {"id": "nobody"}},
        )

    assert sandbox.customerio_control.truth()["people"].keys() == before


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ({"op": "fly"}, "op"),
        ({"op": "create_person", "email": "x@example.com", "id": ""}, "at least 1 character"),
        ({"op": "create_person"}, "needs an email or an id"),
        ({"op": "create_person", "id": "u-1"}, "somebody else's"),
        ({"op": "update_person", "person": {"id": "u-1"}, "plan": "pro"}, "plan"),
        ({"op": "archive_segment", "segment": 999}, "does not exist"),
        ({"op": "create_segment", "name": "X", "conditions": {"nor": []}}, "condition"),
        ({"op": "create_person", "id": "u-x", "attributes": {"email": "x"}}, "beside"),
        (
            {"op": "merge_people", "primary": {"id": "u-1"}, "secondary": {"id": "u-1"}},
            "themselves",
        ),
        ({"op": "add_members", "segment": 7, "percent": 1}, "manual"),
    ],
)
def test_an_operation_that_cannot_be_is_refused_in_words(
    sandbox: Running, operation: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        do(sandbox, operation)
