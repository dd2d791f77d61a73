"""What check proves against a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

from sandbox.serve import Running, running
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Segment
from source_customerio_segments.check import check, unresolved
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(people=50) as servers:
        yield servers


def config(sandbox: Running, **settings: Any) -> Config:
    return Config.parse(
        {"app_api_key": sandbox.app_api_key, "api_url": sandbox.customerio, **settings}
    )


def quick(config: Config) -> CustomerioClient:
    """Connect with a clock that runs by being looked at, so that nothing waits."""
    return CustomerioClient(config, clock=partial(next, count(0.0)), sleep=lambda _: None)


def failure(config: Config, connect: Any = CustomerioClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        check(config, connect)
    return caught.value


def test_settings_that_work_pass(sandbox: Running) -> None:
    remarks = check(config(sandbox, segments=["7", "VIP - Top 10%"]), CustomerioClient)

    assert all(remark.level == "INFO" for remark in remarks)


def test_first_sync_is_estimated(sandbox: Running) -> None:
    (remark,) = check(config(sandbox, segments=["9", "11"]), CustomerioClient)
    size = len(sandbox.customerio_control.truth()["segments"]["9"])

    assert remark.level == "INFO"
    assert f"A first sync of {size} memberships in 2 segments takes at most 7 " in remark.text


def test_attribute_that_no_member_has_is_warned_of(sandbox: Running) -> None:
    settings = config(sandbox, segments=["9"], attributes=["plan", "Plan"])
    warning, _ = check(settings, CustomerioClient)

    assert warning.level == "WARN"
    assert '"Plan"' in warning.text
    assert '"plan"' not in warning.text


def test_attributes_of_nobody_are_not_judged(sandbox: Running) -> None:
    remarks = check(config(sandbox, segments=["11"], attributes=["Plan"]), CustomerioClient)

    assert [remark.level for remark in remarks] == ["INFO"]


def test_segment_archived_while_looked_at_is_left_out(sandbox: Running) -> None:
    control = sandbox.customerio_control
    control.fault({"status": 404}, times=1, path="/segments/9/customer_count")
    control.fault({"status": 404}, times=1, path="/segments/10/membership")
    remarks = check(config(sandbox, segments=["9", "10"], attributes=["Plan"]), CustomerioClient)

    assert ["in 1 segments" in remark.text for remark in remarks] == [True]


def test_unknown_segment_fails_with_its_name(sandbox: Running) -> None:
    error = failure(config(sandbox, segments=["VIP - Top 1%"]))

    assert error.fault is Fault.CONFIG
    assert error.message.startswith("segments: ")
    assert "Close to it: VIP - Top 10%" in error.message


def test_all_problems_of_all_settings_are_told_at_once(sandbox: Running) -> None:
    error = failure(
        config(
            sandbox,
            segments=["Nobody", "7"],
            cadence=[{"segment": "Never", "every_minutes": 5}],
            release_segments=["99"],
        )
    )

    for part in ("segments: ", "Nobody", "cadence: ", "Never", "release_segments: ", "99"):
        assert part in error.message


def test_name_that_several_segments_have_is_told_with_their_ids() -> None:
    settings = Config.parse({"app_api_key": "k", "segments": ["Twin", "8"]})
    listed = [Segment(7, "Twin", "", {}), Segment(8, "Twin", "", {}), Segment(9, "8", "", {})]

    twin, eight = unresolved(settings, listed)

    assert "7, 8" in twin
    assert "8, 9" in eight


def test_wrong_key_speaks_of_key_and_region(sandbox: Running) -> None:
    error = failure(config(sandbox, app_api_key="wrong"))

    assert error.fault is Fault.CONFIG
    assert "app_api_key" in error.message
    assert "region" in error.message


def by_region(sandbox: Running) -> Any:
    """Connect to the sandbox's two hosts as if they were the vendor's."""
    hosts = {"us": sandbox.customerio, "eu": sandbox.customerio_eu}
    return lambda config: CustomerioClient(
        config.model_copy(update={"api_url": hosts[config.region]})
    )


def test_key_of_the_other_region_is_told_from_a_wrong_one(sandbox: Running) -> None:
    settings = {"app_api_key": sandbox.app_api_key, "region": "eu"}

    right_key = failure(Config.parse(settings), by_region(sandbox))
    wrong_key = failure(Config.parse({**settings, "app_api_key": "wrong"}), by_region(sandbox))

    assert 'set region to "us"' in right_key.message
    assert "refuses the App API key (401)" in wrong_key.message


def test_other_region_is_not_tried_behind_an_api_url(sandbox: Running) -> None:
    error = failure(config(sandbox, api_url=sandbox.customerio_eu))

    assert "refuses the App API key (401)" in error.message


def test_workspace_that_does_not_answer_is_transient(sandbox: Running) -> None:
    error = failure(config(sandbox, api_url="http://127.0.0.1:9"), quick)

    assert error.fault is Fault.TRANSIENT
