"""The client against the sandbox, healthy and broken, in time that only the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from requests import Session

from sandbox.serve import Running, running
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.api.connection import USER_AGENT
from source_customerio_segments.changes import Page
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault, SegmentGone

ACCIDENTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503},
    {"status": 408},
    {"status": 429, "headers": {"Retry-After": "3"}},
    {"status": 429, "headers": {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}},
    {"status": 429},
    {"reset": "before"},
    {"reset": "after"},
    {"truncate": True},
    {"garbage": "<html>busy</html>"},
    {"status": 200, "body": {"errors": [{"detail": "busy", "status": 500}]}},
    {"status": 200, "body": None},
]


class FakeTime:
    """A clock that only sleeping moves; shared by the client's threads."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    with running(people=350) as servers:
        yield servers


@pytest.fixture
def sandbox(box: Running) -> Iterator[Running]:
    box.customerio_control.reset_requests()
    yield box
    box.customerio_control.clear_faults()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(sandbox: Running, time: FakeTime) -> Iterator[CustomerioClient]:
    client = make(sandbox, time)
    yield client
    client.close()


def make(sandbox: Running, time: FakeTime, **settings: Any) -> CustomerioClient:
    raw = {"app_api_key": sandbox.app_api_key, "api_url": sandbox.customerio, **settings}
    return CustomerioClient(Config.parse(raw), (5, 5), time.clock, time.sleep)


def members(sandbox: Running, segment_id: int) -> list[str]:
    return sorted(sandbox.customerio_control.truth()["segments"][str(segment_id)])


def read(pages: Iterator[Page]) -> list[str]:
    return [cio_id for page in pages for cio_id in page.cio_ids]


def counts(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.customerio_control.requests()["counts"])


def test_segments_are_listed(client: CustomerioClient) -> None:
    assert [segment.id for segment in client.segments()] == [7, 8, 9, 10, 11]


def test_membership_is_the_whole_segment_in_one_page(
    client: CustomerioClient, sandbox: Running
) -> None:
    pages = list(client.membership(9))

    assert sorted(read(iter(pages))) == members(sandbox, 9)
    assert len(pages) == 1
    assert client.customer_count(9) == len(members(sandbox, 9))


def test_empty_segment_is_one_empty_page(client: CustomerioClient) -> None:
    assert list(client.membership(11)) == [Page([], [], [])]


def test_unknown_segment_is_gone_not_empty(client: CustomerioClient) -> None:
    with pytest.raises(SegmentGone):
        list(client.membership(4711))
    with pytest.raises(SegmentGone):
        client.customer_count(4711)


def test_profiles_come_in_the_order_of_their_batches(
    client: CustomerioClient, sandbox: Running
) -> None:
    people = list(sandbox.customerio_control.truth()["people"])
    batches = [people[at : at + 10] for at in range(0, len(people), 10)]

    answers = list(client.attributes(iter(batches)))

    assert [batch for batch, _ in answers] == batches
    assert sorted(p.cio_id for _, found in answers for p in found) == sorted(people)


def test_people_nobody_knows_are_left_out(client: CustomerioClient, sandbox: Running) -> None:
    someone = members(sandbox, 9)[0]

    ((_, profiles),) = client.attributes([["nobody", someone]])

    assert [profile.cio_id for profile in profiles] == [someone]


@pytest.mark.parametrize("action", ACCIDENTS, ids=str)
def test_accident_is_repeated_until_it_is_over(
    client: CustomerioClient, sandbox: Running, action: dict[str, Any]
) -> None:
    sandbox.customerio_control.fault(action, times=3)

    assert sorted(read(client.membership(9))) == members(sandbox, 9)
    assert sandbox.customerio_control.faults() == []


def test_answer_that_hangs_is_given_up_and_asked_for_again(
    sandbox: Running, time: FakeTime
) -> None:
    raw = {"app_api_key": sandbox.app_api_key, "api_url": sandbox.customerio}
    client = CustomerioClient(Config.parse(raw), (5, 0.2), time.clock, time.sleep)
    sandbox.customerio_control.fault({"hang_s": 2}, times=1)

    assert sorted(read(client.membership(9))) == members(sandbox, 9)
    client.close()


@pytest.mark.parametrize("action", ACCIDENTS, ids=str)
def test_accident_for_good_is_transient_and_never_half_a_segment(
    client: CustomerioClient, sandbox: Running, action: dict[str, Any]
) -> None:
    sandbox.customerio_control.fault(action, times=None)

    with pytest.raises(ConnectorError, match="the members of segment 9") as caught:
        list(client.membership(9))

    assert caught.value.fault is Fault.TRANSIENT
    assert ("quota" in caught.value.message) == (action == {"status": 429})


def test_answer_without_what_was_asked_is_given_up_within_seconds(
    client: CustomerioClient, sandbox: Running, time: FakeTime
) -> None:
    """At every request for good, eight attempts would keep a sync for minutes a segment."""
    began = time.now
    sandbox.customerio_control.fault({"status": 200, "body": {}}, times=None, path="customer_count")

    with pytest.raises(ConnectorError, match=r"without what was asked to .* 4 times") as caught:
        client.customer_count(7)

    assert caught.value.fault is Fault.TRANSIENT
    assert time.now - began < 10


def test_unreachable_host_is_transient(time: FakeTime, sandbox: Running) -> None:
    client = make(sandbox, time, api_url="http://127.0.0.1:9")

    with pytest.raises(ConnectorError, match="could not be reached") as caught:
        client.segments()

    assert caught.value.fault is Fault.TRANSIENT


def test_retry_after_holds_every_thread(
    client: CustomerioClient, sandbox: Running, time: FakeTime
) -> None:
    sandbox.customerio_control.fault({"status": 429, "headers": {"Retry-After": "100"}}, times=1)

    list(client.attributes([["nobody"]] * 30))

    assert 100 <= time.now < 200


@pytest.mark.parametrize("status", [401, 403])
def test_refused_key_names_key_and_region_and_is_not_tried_again(
    client: CustomerioClient, sandbox: Running, status: int
) -> None:
    sandbox.customerio_control.fault({"status": status}, times=None)

    with pytest.raises(ConnectorError, match=r"app_api_key.*region") as caught:
        client.segments()

    assert caught.value.fault is Fault.CONFIG
    assert sandbox.app_api_key not in caught.value.message
    assert sandbox.customerio_control.requests()["total"] == 1


def test_key_of_another_workspace_is_refused(sandbox: Running, time: FakeTime) -> None:
    with pytest.raises(ConnectorError, match="refuses the App API key"):
        make(sandbox, time, app_api_key="wrong").segments()


@pytest.mark.parametrize("status", [400, 302, 404])
def test_unexpected_status_stops(client: CustomerioClient, sandbox: Running, status: int) -> None:
    headers = {"Location": "/v1/segments"}
    sandbox.customerio_control.fault({"status": status, "headers": headers}, times=None)

    with pytest.raises(ConnectorError, match=f"answered {status}") as caught:
        client.segments()

    assert caught.value.fault is Fault.SYSTEM
    assert sandbox.customerio_control.requests()["total"] == 1


PAGES = "/membership"
FIRST_PAGE = {
    "status": 200,
    "body": {"identifiers": [{"cio_id": "early", "email": None, "id": None}], "next": "MDox"},
}


def test_expired_token_begins_the_segment_again(client: CustomerioClient, sandbox: Running) -> None:
    sandbox.customerio_control.fault(FIRST_PAGE, times=1, path=PAGES)
    sandbox.customerio_control.fault({"status": 400}, times=1, path=PAGES)

    assert sorted(set(read(client.membership(9))) - {"early"}) == members(sandbox, 9)


def test_token_that_always_expires_fails_the_segment(
    client: CustomerioClient, sandbox: Running
) -> None:
    for _ in range(2):
        sandbox.customerio_control.fault(FIRST_PAGE, times=1, path=PAGES)
        sandbox.customerio_control.fault({"status": 400}, times=1, path=PAGES)

    with pytest.raises(ConnectorError, match="answered 400"):
        list(client.membership(9))


def test_segment_archived_between_two_pages_is_gone(
    client: CustomerioClient, sandbox: Running
) -> None:
    sandbox.customerio_control.fault(FIRST_PAGE, times=1, path=PAGES)
    sandbox.customerio_control.fault({"status": 404}, times=1, path=PAGES)

    with pytest.raises(SegmentGone):
        list(client.membership(9))


def test_token_given_twice_is_not_followed_for_ever(
    client: CustomerioClient, sandbox: Running
) -> None:
    sandbox.customerio_control.fault(FIRST_PAGE, times=None, path=PAGES)

    with pytest.raises(ConnectorError, match="same page token twice"):
        list(client.membership(9))


def test_empty_page_with_a_token_is_not_the_last(
    client: CustomerioClient, sandbox: Running
) -> None:
    empty = {"status": 200, "body": {"identifiers": None, "ids": None, "next": "MDow"}}
    sandbox.customerio_control.fault(empty, times=1, path=PAGES)

    assert sorted(read(client.membership(9))) == members(sandbox, 9)


def test_failed_batch_ends_the_profiles(client: CustomerioClient, sandbox: Running) -> None:
    sandbox.customerio_control.fault({"status": 500}, times=None, body="straggler")

    answers = client.attributes([["nobody"], ["straggler"], ["nobody"]])

    assert next(answers)[0] == ["nobody"]
    with pytest.raises(ConnectorError, match="a batch of profiles"):
        next(answers)


def test_closing_ends_what_waits(sandbox: Running) -> None:
    """With the client's own sleep, and a server that wants it to wait for minutes."""
    raw = {"app_api_key": sandbox.app_api_key, "api_url": sandbox.customerio}
    client = CustomerioClient(Config.parse(raw))
    busy = {"status": 429, "headers": {"Retry-After": "300"}}
    sandbox.customerio_control.fault(busy, times=None)
    threading.Timer(0.2, client.close).start()

    with pytest.raises(ConnectorError, match="ended"):
        client.segments()


def test_every_request_names_connector_and_version_and_carries_the_key_alone(
    sandbox: Running, time: FakeTime, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Even where a .netrc has other ideas."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else")
    monkeypatch.setenv("NETRC", str(netrc))
    sent: list[Any] = []
    send = Session.send

    def watch(self: Session, request: Any, **kwargs: Any) -> Any:
        sent.append(request)
        return send(self, request, **kwargs)

    monkeypatch.setattr(Session, "send", watch)
    make(sandbox, time).segments()

    assert sent[0].headers["User-Agent"] == USER_AGENT
    assert USER_AGENT.startswith("airbyte-source-customerio-segments/")
    assert sent[0].headers["Authorization"] == f"Bearer {sandbox.app_api_key}"


def test_unchanged_sync_makes_only_the_requests_it_must(
    client: CustomerioClient, sandbox: Running
) -> None:
    client.segments()
    list(client.membership(9))
    client.customer_count(9)

    assert counts(sandbox) == {
        "GET /v1/segments": 1,
        "GET /v1/segments/{segment_id}/membership": 1,
        "GET /v1/segments/{segment_id}/customer_count": 1,
    }


def test_activities_come_newest_first_and_whole(client: CustomerioClient, sandbox: Running) -> None:
    someone = members(sandbox, 9)[0]
    now = 1_900_000_000
    sandbox.customerio_control.do(
        *(
            {
                "op": "track_event",
                "person": {"cio_id": someone},
                "name": "Page + Plan",
                "timestamp": now - number,
                "data": {"number": number},
            }
            for number in range(250)
        )
    )
    pages = list(client.activities("event", "Page + Plan"))

    assert [each.data["number"] for page in pages for each in page] == list(range(250))
    assert {each.cio_id for page in pages for each in page} == {someone}
    assert len(pages) == 3
