"""Data calls: repeated when that helps and is harmless, renewed once, never wordy about people."""

from typing import Any

import pytest

from destination_salesforce_intro.errors import AnswerLost, ConnectorError, Fault, TooLarge
from destination_salesforce_intro.salesforce.client import ATTEMPTS, SalesforceClient
from destination_salesforce_intro.salesforce.limits import Allowance
from destination_salesforce_intro.salesforce.wire import Request
from sandbox.serve import Running
from unit_tests.destination.harness import client_of

LIMITS = Request("GET", "limits", "the limits", "limits")
CREATE = Request(
    "POST",
    "sobjects/Contact",
    "writing Contact",
    "write",
    body={"LastName": "Osei"},
    repeatable=False,
)


def refusal(client: SalesforceClient, request: Request = LIMITS) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        client.json(request)
    return caught.value


def attempts(box: Running) -> int:
    counts: dict[str, int] = box.salesforce_control.requests()["counts"]
    return sum(n for name, n in counts.items() if "oauth2" not in name)


@pytest.mark.parametrize(
    "action",
    [
        {"status": 503},
        {"status": 429},
        {"status": 500, "body": "<html>"},
        {"reset": "before"},
        {"reset": "after"},
        {"truncate": True},
        {"garbage": "<html>"},
    ],
)
def test_trouble_that_passes_is_sat_out(
    box: Running, client: SalesforceClient, action: dict[str, Any]
) -> None:
    box.salesforce_control.fault(action, times=3, path="/limits")

    assert "DailyApiRequests" in client.json(LIMITS)


def test_trouble_that_stays_is_transient_after_so_many_attempts(
    box: Running, client: SalesforceClient
) -> None:
    box.salesforce_control.fault({"status": 503}, times=None, path="/limits")

    assert refusal(client).fault is Fault.TRANSIENT
    assert attempts(box) == ATTEMPTS


@pytest.mark.parametrize("action", [{"reset": "after"}, {"truncate": True}, {"status": 502}])
def test_a_create_whose_answer_is_lost_is_not_repeated(
    box: Running, client: SalesforceClient, action: dict[str, Any]
) -> None:
    box.salesforce_control.fault(action, path="/sobjects/Contact")

    assert isinstance(refusal(client, CREATE), AnswerLost)
    assert attempts(box) == 1


def test_a_create_that_was_refused_at_the_door_is_repeated(
    box: Running, client: SalesforceClient
) -> None:
    box.salesforce_control.fault({"status": 429}, path="/sobjects/Contact")

    assert client.json(CREATE)["success"]
    assert len(box.salesforce_control.records("Contact")) == 1


def test_an_expired_session_is_renewed_once_and_the_request_sent_anew(
    box: Running, client: SalesforceClient
) -> None:
    client.json(LIMITS)
    box.salesforce_control.do({"expire_sessions": {}})

    assert client.json(CREATE)["success"]
    counts = box.salesforce_control.requests()["counts"]
    assert counts["POST /services/oauth2/token"] == 2


EXPIRED = {
    "status": 401,
    "body": [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}],
}


def test_sessions_that_never_work_are_for_the_operator(
    box: Running, client: SalesforceClient
) -> None:
    box.salesforce_control.fault(EXPIRED, times=None, path="/limits")

    assert refusal(client).fault is Fault.CONFIG
    assert attempts(box) == 3


def test_sessions_that_end_close_together_are_renewed_each_time(
    box: Running, client: SalesforceClient
) -> None:
    """Another client of the same user may log out while ours has just logged in."""
    for _ in range(5):
        box.salesforce_control.fault(EXPIRED, times=2, path="/limits")
        assert client.json(LIMITS)

    assert attempts(box) == 15


def test_the_quota_is_read_and_calls_are_counted(box: Running, client: SalesforceClient) -> None:
    box.salesforce_control.do({"quota": {"max": 1000, "used": 10}})
    client.json(LIMITS)
    client.json(CREATE)

    assert client.quota == Allowance(1000, 12)
    assert client.calls == {"limits": 1, "write": 1}


def test_a_used_up_day_stops_at_once(box: Running) -> None:
    spent = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    box.salesforce_control.fault({"status": 403, "body": spent}, path="/limits")
    error = refusal(client_of(box))

    assert error.fault is Fault.TRANSIENT
    assert "daily" in error.message
    assert attempts(box) == 1


def test_the_reserve_for_others_is_left_to_them(box: Running, client: SalesforceClient) -> None:
    box.salesforce_control.do({"quota": {"max": 100, "used": 78}})
    client.json(LIMITS)
    client.json(LIMITS)
    error = refusal(client)

    assert error.fault is Fault.TRANSIENT
    assert "api_quota_reserve_percent" in error.message
    assert attempts(box) == 2


def test_an_unknown_version_names_the_setting(box: Running, client: SalesforceClient) -> None:
    missing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    box.salesforce_control.fault({"status": 404, "body": missing}, path="/limits")

    assert "api_version" in refusal(client).message


def test_a_request_refused_for_its_size_can_be_cut(box: Running, client: SalesforceClient) -> None:
    box.salesforce_control.fault({"status": 431}, path="/limits")

    assert isinstance(refusal(client), TooLarge)


def test_every_request_names_the_connector(client: SalesforceClient) -> None:
    client.json(LIMITS)

    assert client.base_path == "/services/data/v65.0/"
    assert str(client._http.headers["User-Agent"]).startswith("destination-salesforce-intro/")
