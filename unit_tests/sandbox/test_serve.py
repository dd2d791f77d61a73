"""The process: start, stop, reopen, and what the request log and the faults do to a client."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from sandbox.serve import Running, running

SEGMENTS = "/v1/segments"


def test_the_process_prints_one_line_of_json_and_ends_cleanly_when_told() -> None:
    command = [sys.executable, "-m", "sandbox", "serve", "--people", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        answer = requests.get(f"{ready['customerio']}/__sandbox__/truth", timeout=10)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert (process.returncode, rest) == (0, b"")
    assert len(answer.json()["people"]) == 5
    assert {"customerio_eu", "salesforce", "app_api_key", "salesforce_auth"} < set(ready)


def test_nobody_outside_this_machine_can_connect(sandbox: Running) -> None:
    assert sandbox.customerio.startswith("http://127.0.0.1:")


def test_a_file_is_reopened_with_its_data_and_not_seeded_again(tmp_path: Path) -> None:
    db = str(tmp_path / "box.db")
    with running(people=3, db=db) as first:
        first.customerio_control.do(
            {"op": "create_person", "email": "ann@example.com"},
            *({"op": "archive_segment", "segment": number} for number in range(7, 12)),
        )
        truth = first.customerio_control.truth()
        users = first.salesforce_control.records("User")

    with running(people=50, db=db) as second:
        assert second.customerio_control.truth() == truth
        assert second.salesforce_control.records("User") == users


def test_the_same_seed_makes_the_same_people() -> None:
    with running(people=20, seed=4) as first, running(people=20, seed=4) as second:
        emails = [
            [one["email"] for one in box.customerio_control.truth()["people"].values()]
            for box in (first, second)
        ]

    assert emails[0] == emails[1]


def test_everybody_can_be_put_in_one_segment() -> None:
    with running(people=40, all_in=11) as box:
        truth = box.customerio_control.truth()

    assert sorted(truth["segments"]["11"]) == sorted(truth["people"])


def test_requests_are_counted_by_route_without_those_to_the_sandbox(
    sandbox: Running, customerio: requests.Session
) -> None:
    for path in (SEGMENTS, f"{SEGMENTS}/7", f"{SEGMENTS}/8", "/v1/nothing"):
        customerio.get(sandbox.customerio + path)
    log = sandbox.customerio_control.requests()

    assert (log["total"], log["counts"]) == (
        4,
        {
            "GET /v1/segments": 1,
            "GET /v1/segments/{segment_id}": 2,
            "GET (no route)": 1,
        },
    )
    assert [entry["status"] for entry in log["recent"]] == [200, 200, 200, 404]
    times = [entry["at"] for entry in log["recent"]]
    assert times == sorted(times)


def test_the_salesforce_side_has_a_log_and_faults_of_its_own(
    sandbox: Running, customerio: requests.Session
) -> None:
    sandbox.salesforce_control.fault({"status": 500}, path="/services/data")
    broken = requests.get(f"{sandbox.salesforce}/services/data", timeout=10)

    assert broken.status_code == 500
    assert sandbox.salesforce_control.requests()["counts"] == {"GET /services/data": 1}
    assert customerio.get(sandbox.customerio + SEGMENTS).status_code == 200


def test_an_answer_can_be_replaced(sandbox: Running, customerio: requests.Session) -> None:
    action = {"status": 503, "body": {"errors": None}, "headers": {"Retry-After": "2"}}
    sandbox.customerio_control.fault(action, path=SEGMENTS)

    broken, whole = (customerio.get(sandbox.customerio + SEGMENTS) for _ in range(2))

    assert (broken.status_code, broken.json()) == (503, {"errors": None})
    assert broken.headers["Retry-After"] == "2"
    assert whole.status_code == 200


@pytest.mark.parametrize(("moment", "done"), [("before", 0), ("after", 1)])
def test_a_reset_is_before_or_after_the_work_is_done(
    sandbox: Running, customerio: requests.Session, moment: str, done: int
) -> None:
    sandbox.customerio_control.post("limits", {"per_second": None, "quota_left": 5})
    sandbox.customerio_control.fault({"reset": moment})
    try:
        with pytest.raises(requests.ConnectionError):
            customerio.get(sandbox.customerio + SEGMENTS)
        answered = [customerio.get(sandbox.customerio + SEGMENTS).status_code for _ in range(6)]
    finally:
        sandbox.customerio_control.post("limits", {"per_second": None})

    assert answered.count(200) == 5 - done


def test_what_is_handled_late_takes_effect_behind_a_broken_connection(
    sandbox: Running, customerio: requests.Session
) -> None:
    sandbox.customerio_control.fault({"late_s": 0.2})
    with pytest.raises(requests.ConnectionError):
        customerio.get(sandbox.customerio + SEGMENTS)
    log = sandbox.customerio_control.requests()["recent"]

    assert [entry["status"] for entry in log] == [None]
    until = time.monotonic() + 30
    while log[0]["status"] is None and time.monotonic() < until:
        log = sandbox.customerio_control.requests()["recent"]
    assert [entry["status"] for entry in log] == [200]


def test_an_answer_can_be_cut_in_half(sandbox: Running, customerio: requests.Session) -> None:
    sandbox.customerio_control.fault({"truncate": True})

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        customerio.get(sandbox.customerio + SEGMENTS)


def test_an_answer_can_be_no_json(sandbox: Running, customerio: requests.Session) -> None:
    sandbox.customerio_control.fault({"garbage": "<html>down</html>"})

    answer = customerio.get(sandbox.customerio + SEGMENTS)

    assert (answer.status_code, answer.text) == (200, "<html>down</html>")


def test_a_client_that_gave_up_waiting_did_have_its_request_done(
    sandbox: Running, customerio: requests.Session
) -> None:
    sandbox.customerio_control.fault({"hang_s": 30})

    with pytest.raises(requests.ReadTimeout):
        customerio.get(sandbox.customerio + SEGMENTS, timeout=0.2)
    assert customerio.get(sandbox.customerio + SEGMENTS).status_code == 200


def test_a_delay_answers_all_the_same(sandbox: Running, customerio: requests.Session) -> None:
    sandbox.customerio_control.fault({"delay_ms": 20})

    assert customerio.get(sandbox.customerio + SEGMENTS).status_code == 200


def test_a_change_can_be_made_between_two_requests(
    sandbox: Running, customerio: requests.Session
) -> None:
    change = [{"op": "create_segment", "name": "Made in between"}]
    sandbox.customerio_control.fault(
        {"control": {"path": "/__sandbox__/workspace", "body": change}}, path=SEGMENTS, skip=1
    )

    first, second = (
        [one["name"] for one in customerio.get(sandbox.customerio + SEGMENTS).json()["segments"]]
        for _ in range(2)
    )

    assert "Made in between" not in first
    assert "Made in between" in second


def test_faults_are_listed_and_cleared(sandbox: Running, customerio: requests.Session) -> None:
    sandbox.customerio_control.fault({"status": 500}, times=None, path="/v1")
    listed = sandbox.customerio_control.faults()
    sandbox.customerio_control.clear_faults()

    assert [fault["match"]["path"] for fault in listed] == ["/v1"]
    assert customerio.get(sandbox.customerio + SEGMENTS).status_code == 200


def test_a_fault_that_makes_no_sense_is_refused_in_words(sandbox: Running) -> None:
    with pytest.raises(ValueError, match="400"):
        sandbox.customerio_control.fault({"explode": True})
