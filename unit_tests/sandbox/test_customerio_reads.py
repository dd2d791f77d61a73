"""What a client of the App API reads: shapes, paging, traps."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.serve import Running, running

Client = requests.Session


def get(box: Running, client: Client, path: str) -> Any:
    answer = client.get(box.customerio + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(box: Running, client: Client, path: str, body: object) -> Any:
    answer = client.post(box.customerio + path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def members(box: Running, client: Client, segment: int, limit: int) -> list[str]:
    read, token = [], ""
    while True:
        page = get(box, client, f"/v1/segments/{segment}/membership?limit={limit}&start={token}")
        read += [one["cio_id"] for one in page["identifiers"] or []]
        token = page["next"]
        if not token:
            return read


def create(box: Running, **person: object) -> str:
    (made,) = box.customerio_control.do({"op": "create_person", **person})
    return str(made["cio_id"])


def test_the_seeded_segments_are_as_large_as_told() -> None:
    with running(people=2_000) as box:
        truth = box.customerio_control.truth()
    sets = {number: set(ids) for number, ids in truth["segments"].items()}
    shares = {number: len(ids) / 2_000 for number, ids in sets.items()}

    expected = {"7": 0.12, "8": 0.10, "9": 0.25, "10": 0.15, "11": 0.0}
    assert shares == pytest.approx(expected, abs=0.03)
    assert not sets["7"] & sets["10"]
    assert sets["8"] & sets["10"]
    assert sets["8"] & sets["7"]


def test_a_segment_has_the_vendors_fields(sandbox: Running, customerio: Client) -> None:
    segments = get(sandbox, customerio, "/v1/segments")["segments"]
    one = get(sandbox, customerio, "/v1/segments/7")["segment"]

    assert segments[0] == one
    assert one["deduplicate_id"] == f"7:{one['updated_at']}"
    assert (one["state"], one["progress"], one["type"]) == ("finished", None, "dynamic")
    assert get(sandbox, customerio, "/v1/segments/8")["segment"]["tags"] is None


@pytest.mark.parametrize(
    "path", ["", "/customer_count", "/used_by", "/membership"], ids=lambda path: path or "itself"
)
def test_an_unknown_segment_is_404(sandbox: Running, customerio: Client, path: str) -> None:
    answer = customerio.get(f"{sandbox.customerio}/v1/segments/999{path}")

    error = {"detail": "The segment_id does not exist.", "status": "404"}
    assert (answer.status_code, answer.json()) == (404, {"errors": [error]})


@pytest.mark.parametrize("number", ["x", "-7", "99999999999999999999"])
def test_a_segment_number_that_cannot_be_is_404(
    sandbox: Running, customerio: Client, number: str
) -> None:
    assert customerio.get(f"{sandbox.customerio}/v1/segments/{number}").status_code == 404


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("PUT", 405)])
def test_what_the_api_does_not_have_is_refused_in_its_own_envelope(
    sandbox: Running, customerio: Client, method: str, status: int
) -> None:
    path = "/v1/nothing" if method == "GET" else "/v1/segments"
    answer = customerio.request(method, sandbox.customerio + path)

    assert (answer.status_code, answer.json()["errors"][0]["status"]) == (status, str(status))


@pytest.mark.parametrize("limit", [1, 7, 30_000])
def test_pages_of_any_size_give_every_member_once(
    sandbox: Running, customerio: Client, limit: int
) -> None:
    read = members(sandbox, customerio, 10, limit)

    assert sorted(read) == sorted(sandbox.customerio_control.truth()["segments"]["10"])
    assert get(sandbox, customerio, "/v1/segments/10/customer_count")["count"] == len(read)


def test_people_without_an_id_have_an_empty_one_in_ids_and_null_in_identifiers(
    sandbox: Running, customerio: Client
) -> None:
    anonymous = create(sandbox, email="No.Id@example.com", attributes={"ltv": 2_000})
    page = get(sandbox, customerio, "/v1/segments/8/membership")

    place = [one["cio_id"] for one in page["identifiers"]].index(anonymous)
    assert page["ids"][place] == ""
    assert page["identifiers"][place] == {
        "email": "No.Id@example.com",
        "id": None,
        "cio_id": anonymous,
    }


def test_an_empty_segment_has_nulls_and_no_next(sandbox: Running, customerio: Client) -> None:
    page = get(sandbox, customerio, "/v1/segments/11/membership")

    assert page == {"segment_id": 11, "ids": None, "identifiers": None, "next": ""}


def test_who_joins_behind_the_cursor_is_missed_and_who_joins_ahead_is_seen(
    sandbox: Running, customerio: Client
) -> None:
    early, late = (create(sandbox, id=f"joins-{place}") for place in ("early", "late"))
    (made,) = sandbox.customerio_control.do({"op": "create_segment", "name": "Joined meanwhile"})
    segment = made["segment_id"]
    first = create(sandbox, id="first-page")
    last = create(sandbox, id="last-page")
    add = {"op": "add_members", "segment": segment}
    sandbox.customerio_control.do({**add, "cio_ids": [first, last]})
    joins = [{**add, "cio_ids": [early, late, create(sandbox, id="ahead")]}]
    sandbox.customerio_control.fault(
        {"control": {"path": "/__sandbox__/workspace", "body": joins}}, path="start=.+"
    )

    read = members(sandbox, customerio, segment, 1)

    assert read[:2] == [first, last]
    assert len(read) == 3
    assert early not in read


@pytest.mark.parametrize("query", ["limit=30001", "limit=0", "limit=x", "start=nonsense!"])
def test_a_page_that_cannot_be_is_refused(sandbox: Running, customerio: Client, query: str) -> None:
    answer = customerio.get(f"{sandbox.customerio}/v1/segments/7/membership?{query}")

    assert answer.status_code == 400


@pytest.mark.parametrize("key", ["", "Bearer wrong", "Basic c2l0ZTprZXk="])
def test_a_wrong_key_is_unauthorized(sandbox: Running, key: str) -> None:
    answer = requests.get(
        f"{sandbox.customerio}/v1/segments", headers={"Authorization": key}, timeout=10
    )

    error = {"detail": "unauthorized", "status": "401"}
    assert (answer.status_code, answer.json()) == (401, {"errors": [error]})


def test_a_key_is_refused_in_the_other_region(sandbox: Running, customerio: Client) -> None:
    def statuses() -> tuple[int, int]:
        hosts = sandbox.customerio, sandbox.customerio_eu
        us, eu = (customerio.get(f"{host}/v1/segments").status_code for host in hosts)
        return us, eu

    at_home = statuses()
    sandbox.customerio_control.do({"op": "set_workspace", "region": "eu"})
    moved = statuses()
    sandbox.customerio_control.do({"op": "set_workspace", "region": "us"})

    assert (at_home, moved) == ((200, 401), (401, 200))


def test_batch_attributes_are_unwrapped_text_in_the_order_asked_without_unknown_people(
    sandbox: Running, customerio: Client
) -> None:
    ann = create(sandbox, email="Ann@Example.com", id="u-ann", attributes={"vip": True, "n": 1.5})
    bo = create(sandbox, id="u-bo", attributes={"unsubscribed": True})
    body = {"ids": [bo, "e2be06ffff", ann, bo]}
    found = post(sandbox, customerio, "/v1/customers/attributes?id_type=cio_id", body)["customers"]

    assert [one["id"] for one in found] == [bo, ann]
    assert found[1]["identifiers"] == {"email": "Ann@Example.com", "id": "u-ann", "cio_id": ann}
    attributes = {"email": "Ann@Example.com", "id": "u-ann", "cio_id": ann}
    assert found[1]["attributes"] == {**attributes, "vip": "true", "n": "1.5"}
    assert found[1]["timestamps"].keys() == {"vip", "n"}
    assert [one["unsubscribed"] for one in found] == [True, False]


@pytest.mark.parametrize(
    ("id_type", "reference", "found"),
    [
        ("id", "u-look", True),
        ("id", "U-LOOK", False),
        ("email", "LOOK@example.COM", True),
        ("cio_id", "prefixed", False),
    ],
)
def test_a_reference_is_compared_as_its_kind_is(
    sandbox: Running, customerio: Client, id_type: str, reference: str, *, found: bool
) -> None:
    if not get(sandbox, customerio, "/v1/customers?email=Look%40Example.com")["results"]:
        create(sandbox, email="Look@Example.com", id="u-look")
    (person,) = get(sandbox, customerio, "/v1/customers?email=Look%40Example.com")["results"]
    asked = f"cio_{person['cio_id']}" if reference == "prefixed" else reference

    answer = post(
        sandbox, customerio, f"/v1/customers/attributes?id_type={id_type}", {"ids": [asked]}
    )

    assert (answer["customers"] is not None) is found


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {"ids": []}),
        ("", {"ids": ["x"] * 101}),
        ("", {}),
        ("", {"ids": [1]}),
        ("?id_type=phone", {"ids": ["+14155550134"]}),
    ],
)
def test_a_batch_that_cannot_be_is_refused(
    sandbox: Running, customerio: Client, query: str, body: object
) -> None:
    answer = customerio.post(f"{sandbox.customerio}/v1/customers/attributes{query}", json=body)

    assert answer.status_code == 400


def test_an_id_only_workspace_shows_no_email_and_takes_none(
    sandbox: Running, customerio: Client
) -> None:
    sandbox.customerio_control.do({"op": "set_workspace", "identifiers": ["id"]})
    page = get(sandbox, customerio, "/v1/segments/8/membership?limit=1")
    batch = customerio.post(
        f"{sandbox.customerio}/v1/customers/attributes?id_type=email", json={"ids": ["a@b.co"]}
    )
    sandbox.customerio_control.do({"op": "set_workspace", "identifiers": ["email", "id"]})

    assert page["identifiers"][0].keys() == {"id", "cio_id"}
    assert batch.status_code == 400


def test_one_person_is_wrapped_and_nobody_is_404(sandbox: Running, customerio: Client) -> None:
    cio_id = create(sandbox, id="u/one person", attributes={"plan": "pro"})
    by_id = get(sandbox, customerio, "/v1/customers/u%2Fone%20person/attributes")["customer"]
    by_cio_id = get(sandbox, customerio, f"/v1/customers/{cio_id}/attributes?id_type=cio_id")
    nobody = customerio.get(f"{sandbox.customerio}/v1/customers/nobody/attributes")

    assert (by_id["id"], by_id["attributes"]["plan"]) == ("u/one person", "pro")
    assert by_cio_id["customer"]["identifiers"] == by_id["identifiers"]
    assert nobody.status_code == 404


def test_the_segments_of_one_person_are_listed(sandbox: Running, customerio: Client) -> None:
    create(sandbox, id="u-segments", attributes={"ltv": 5_000, "last_purchase_at": 1})
    segments = get(sandbox, customerio, "/v1/customers/u-segments/segments")["segments"]

    assert [one["id"] for one in segments] == [8, 9]
    assert segments[0].keys() == {"id", "name", "description"}


@pytest.mark.parametrize(("email", "found"), [("a%2Bb%40example.com", 1), ("a+b@example.com", 0)])
def test_what_is_not_percent_encoded_finds_nothing_without_an_error(
    sandbox: Running, customerio: Client, email: str, found: int
) -> None:
    if not get(sandbox, customerio, "/v1/customers?email=a%2Bb%40example.com")["results"]:
        create(sandbox, email="a+b@example.com")

    assert len(get(sandbox, customerio, f"/v1/customers?email={email}")["results"]) == found


def test_an_unencoded_path_finds_nothing_without_an_error(
    sandbox: Running, customerio: Client
) -> None:
    create(sandbox, email="path@example.com")
    base = "/v1/customers"

    right = get(sandbox, customerio, f"{base}/path%40example.com/attributes?id_type=email")
    wrong = get(sandbox, customerio, f"{base}/path@example.com/attributes?id_type=email")

    assert right["customer"]["identifiers"]["email"] == "path@example.com"
    assert wrong == {"customer": None}


EVERYONE = {"attribute": {"field": "cio_id", "operator": "exists"}}
PRO = {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}


def search(box: Running, client: Client, tree: object, limit: int = 1_000) -> list[str]:
    found, token = [], ""
    while True:
        path = f"/v1/customers?limit={limit}&start={token}"
        page = post(box, client, path, {"filter": tree})
        found += [one["cio_id"] for one in page["identifiers"] or []]
        token = page["next"]
        if not token:
            return found


def test_everybody_can_be_searched_for_in_pages(sandbox: Running, customerio: Client) -> None:
    people = sandbox.customerio_control.truth()["people"]

    assert sorted(search(sandbox, customerio, {"and": [EVERYONE]}, 50)) == sorted(people)
    assert search(sandbox, customerio, {"not": EVERYONE}) == []


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        (PRO, lambda person, _in: person["attributes"].get("plan") == "pro"),
        ({"not": PRO}, lambda person, _in: person["attributes"].get("plan") != "pro"),
        ({"segment": {"id": 8}}, lambda _person, segments: "8" in segments),
        (
            {"and": [{"segment": {"id": 8}}, PRO]},
            lambda person, segments: "8" in segments and person["attributes"].get("plan") == "pro",
        ),
        (
            {"or": [{"segment": {"id": 7}}, {"segment": {"id": 8}}]},
            lambda _person, segments: segments & {"7", "8"},
        ),
        (
            {"attribute": {"field": "id", "operator": "exists"}},
            lambda person, _in: person["id"] is not None,
        ),
        (
            {"attribute": {"field": "phone", "operator": "exists"}},
            lambda person, _in: "phone" in person["attributes"],
        ),
    ],
)
def test_a_search_finds_whom_its_filter_describes(
    sandbox: Running, customerio: Client, tree: dict[str, Any], wanted: Any
) -> None:
    truth = sandbox.customerio_control.truth()
    segments_of = {
        cio_id: {number for number, ids in truth["segments"].items() if cio_id in set(ids)}
        for cio_id in truth["people"]
    }
    expected = {one for one, person in truth["people"].items() if wanted(person, segments_of[one])}

    assert set(search(sandbox, customerio, tree)) == expected


@pytest.mark.parametrize(
    "tree",
    [
        None,
        {},
        {"and": []},
        {"nor": [PRO]},
        {"and": [PRO], "or": [PRO]},
        {"attribute": {"field": "ltv", "operator": "gt", "value": "5"}},
        {"attribute": {"field": "plan", "operator": "eq", "value": 5}},
        {"segment": {"id": "7"}},
    ],
)
def test_a_filter_the_vendor_does_not_have_is_refused(
    sandbox: Running, customerio: Client, tree: object
) -> None:
    answer = customerio.post(f"{sandbox.customerio}/v1/customers", json={"filter": tree})

    assert answer.status_code == 400


def test_a_body_that_is_no_json_is_refused(sandbox: Running, customerio: Client) -> None:
    answer = customerio.post(f"{sandbox.customerio}/v1/customers", data=b"{")

    assert answer.status_code == 400


def test_every_workspace_of_the_account_is_listed(sandbox: Running, customerio: Client) -> None:
    workspaces = get(sandbox, customerio, "/v1/workspaces")["workspaces"]

    assert len(workspaces) == 2
    assert workspaces[0]["people"] == len(sandbox.customerio_control.truth()["people"])


def test_the_limiter_says_when_to_come_back(sandbox: Running, customerio: Client) -> None:
    url = f"{sandbox.customerio}/v1/segments"
    sandbox.customerio_control.post("limits", {"per_second": 1})
    answers = [customerio.get(url) for _ in range(20)]
    sandbox.customerio_control.post("limits", {"per_second": None, "quota_left": 0})
    spent = customerio.get(url)
    sandbox.customerio_control.post("limits", {"per_second": None})

    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["errors"][0]["status"] == "429"
    assert (spent.status_code, "Retry-After" in spent.headers) == (429, False)
    assert customerio.get(url).status_code == 200
