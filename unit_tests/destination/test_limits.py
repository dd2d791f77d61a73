"""What the org allows in a day is known from two sources, counted between, and left to others."""

import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro import commands
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.salesforce.bulk_query import BulkQuery
from destination_salesforce_intro.salesforce.limits import (
    BATCHES,
    QUERY_JOBS,
    REQUESTS,
    UNTOLD,
    Allowance,
    Limits,
)
from destination_salesforce_intro.salesforce.metadata import ask_limits
from sandbox.serve import Running
from unit_tests.destination.harness import INSTANT, client_of, person, settings, state, sync


def told(reserve: float, **left: int) -> Limits:
    limits = Limits(reserve)
    limits.take_note({name: {"Max": 100, "Remaining": n} for name, n in left.items()})
    return limits


@given(st.integers(0, 300), st.integers(0, 400), st.integers(0, 100))
def test_the_reserve_is_never_touched_and_all_above_it_may_be_used(
    limit: int, used: int, reserve: int
) -> None:
    limits = Limits(reserve)
    limits.take_header(f"api-usage={used}/{limit}")
    for _ in range(max(0, limit * (100 - reserve) // 100 - used)):
        limits.use(REQUESTS)
    with pytest.raises(ConnectorError) as caught:
        limits.use(REQUESTS)

    assert caught.value.fault is Fault.TRANSIENT


def test_what_nobody_told_of_is_not_guarded() -> None:
    limits = Limits(20)
    answers: list[Any] = [None, [], {REQUESTS: None}, {BATCHES: {"Max": 3}}]
    for answer in answers:
        limits.take_note(answer)
    limits.use(REQUESTS)
    limits.use(BATCHES, 10**6)

    assert limits.left(REQUESTS) is None
    assert list(limits.shortages()) == []


def test_every_use_counts_until_the_next_telling() -> None:
    limits = told(20, DailyApiRequests=30, DailyBulkApiBatches=30)
    limits.use(BATCHES, 10)

    assert limits.left(BATCHES) == 0
    (said,) = limits.shortages()
    assert said.startswith("80 of the org's 100 daily Bulk API batches are used, and 20 percent")
    limits.take_header("api-usage=18/15000; per-app-api-usage=17/250(appName=x)")
    assert limits.requests == Allowance(15_000, 18)


def due_after(limits: Limits, headers: list[str]) -> bool:
    for header in headers:
        limits.take_header(header)
    return limits.is_due


def test_an_org_whose_answers_do_not_tell_is_asked_anew() -> None:
    limits = Limits(20)
    assert due_after(limits, [])
    limits.take_note({})
    assert not due_after(limits, [""] * (UNTOLD - 1))
    assert due_after(limits, ["per-app-api-usage=17/250(appName=x)"])
    assert not due_after(limits, ["api-usage=1/2"])


def test_the_limits_are_asked_once_at_the_start(box: Running) -> None:
    sync(box, [person(1), state(1), person(2), state(2)])

    counts = box.salesforce_control.requests()["counts"]
    assert counts["GET /services/data/v{version}/limits"] == 1


REFUSED = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "not for you"}]


@pytest.mark.parametrize(
    "action", [{"status": 403, "body": REFUSED}, {"status": 404}, {"status": 503}]
)
def test_a_user_who_may_not_know_the_limits_syncs_all_the_same(
    box: Running, action: dict[str, Any]
) -> None:
    box.salesforce_control.fault(action, times=None, path="/limits")
    result = sync(box, [person(1), state(1)])

    assert result.acknowledged == [1]
    assert "View Setup and Configuration" in result.logs


def test_an_unreadable_answer_about_limits_is_none(box: Running) -> None:
    client = client_of(box)
    box.salesforce_control.fault({"status": 200, "body": []}, path="/limits")

    assert ask_limits(client)
    assert client.limits.left(BATCHES) is None


def test_a_bulk_query_leaves_the_reserve_alone(box: Running) -> None:
    box.salesforce_control.do({"quota": {"of": QUERY_JOBS, "max": 10, "used": 7}})
    client = client_of(box)
    ask_limits(client)
    read = BulkQuery(client, INSTANT.sleep).run
    list(read("SELECT Id FROM Contact"))
    with pytest.raises(ConnectorError, match="Bulk query jobs") as caught:
        list(read("SELECT Id FROM Contact"))

    assert caught.value.fault is Fault.TRANSIENT


def test_check_warns_of_an_allowance_that_is_at_its_reserve(box: Running) -> None:
    box.salesforce_control.do({"quota": {"of": BATCHES, "max": 10, "used": 9}})
    file = io.BytesIO()
    commands.check(Config.parse(settings(box)), Output(file), INSTANT)
    said = [orjson.loads(line)["log"] for line in file.getvalue().splitlines()]

    assert [one["level"] for one in said if "9 of the org's 10 daily Bulk" in one["message"]] == [
        "WARN"
    ]
