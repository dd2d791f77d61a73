"""The scripts of ``docs/runners.md`` for a shell pipe, run as they stand on the page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.demo import story
from examples.demo.compare import differences
from integration_tests.runners.page import commands, copy, environment, run
from sandbox.serve import Running, running

SPENT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]


@pytest.fixture
def box() -> Iterator[Running]:
    with running(people=300) as servers:
        yield servers


@pytest.fixture
def folder(tmp_path: Path, box: Running) -> Path:
    copy(tmp_path, box, "catalog.py", "sync.sh")
    return tmp_path


def sync(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, ["./sync.sh"])


def a_day_passes(box: Running) -> None:
    operations, _ = story.a_day_later(box.customerio_control.truth())
    box.customerio_control.do(*operations)


def test_commands_before_the_first_sync_make_a_catalog(folder: Path) -> None:
    (folder / "catalog.json").unlink()
    done = run(folder, ["bash", "-eo", "pipefail", "-c", commands("source-customerio-segments ch")])
    catalog = json.loads((folder / "catalog.json").read_text())

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("SUCCEEDED") == 2
    assert {each["stream"]["name"]: each["sync_mode"] for each in catalog["streams"]} == {
        "segments": "full_refresh",
        "profiles": "incremental",
        "segment_memberships": "incremental",
    }


def test_syncs_keep_salesforce_equal_and_the_last_has_nothing_to_write(
    folder: Path, box: Running
) -> None:
    first = sync(folder)
    a_day_passes(box)
    second = sync(folder)
    box.salesforce_control.reset_writes()
    third = sync(folder)

    assert [done.returncode for done in (first, second, third)] == [0, 0, 0], second.stdout
    assert differences(box) == []
    assert box.salesforce_control.writes()["calls"] == 0
    assert "profiles -> Contact (record): 0 received" in third.stdout


def test_refresh_tokens_that_the_org_rotates_are_kept_for_the_next_run(
    folder: Path, box: Running
) -> None:
    box.salesforce_control.post("auth", {"rotate": True})
    given = json.loads((folder / "destination.json").read_text())
    done = [sync(folder) for _ in range(2)]
    kept = json.loads((folder / "destination.json").read_text())
    tokens = [each["auth"].pop("refresh_token") for each in (given, kept)]

    assert [each.returncode for each in done] == [0, 0], done[-1].stdout
    assert tokens[0] != tokens[1]
    assert kept == given
    assert tokens[1] not in done[0].stdout + done[1].stdout


def test_failing_destination_is_told_and_made_good_by_the_next_run(
    folder: Path, box: Running
) -> None:
    refusal = {"status": 403, "body": SPENT}
    box.salesforce_control.fault(refusal, skip=3, times=None, method="POST", path="/composite")
    failed = sync(folder)
    box.salesforce_control.clear_faults()
    a_day_passes(box)
    done = sync(folder)

    assert failed.returncode == 1
    assert "ERROR Salesforce answered" in failed.stdout
    assert done.returncode == 0
    assert differences(box) == []


def test_state_that_came_back_before_a_run_was_killed_is_kept(folder: Path, box: Running) -> None:
    sync(folder)
    a_day_passes(box)
    box.salesforce_control.fault({"hang_s": 20}, skip=6, method="POST", path="/composite")
    with started(folder) as killed:
        wait_for_the_fault(box, killed)
        os.killpg(killed.pid, signal.SIGKILL)
    run(folder, ["flock", "lock", "true"])  # until the last process of the run is gone
    given_back = states((folder / "destination.jsonl").read_text().split("\n")[:-1])
    box.salesforce_control.clear_faults()
    (folder / "source.json").rename(folder / "away.json")
    without_source = sync(folder)
    kept = json.loads((folder / "state.json").read_text())
    (folder / "away.json").rename(folder / "source.json")
    done = sync(folder)

    assert without_source.returncode == 1
    assert given_back
    assert [state for state in given_back.values() if state not in kept] == []
    assert done.returncode == 0
    assert differences(box) == []


def test_sync_that_meets_another_leaves_it_alone(folder: Path, box: Running) -> None:
    done = run(folder, ["flock", "lock", "./sync.sh"])

    assert done.returncode == 0
    assert "not ended yet" in done.stdout
    assert box.salesforce_control.writes()["calls"] == 0


def started(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["./sync.sh"], cwd=folder, env=environment(), start_new_session=True)


def wait_for_the_fault(box: Running, process: subprocess.Popen[bytes]) -> None:
    """Return once the request that will hang has been sent."""
    while box.salesforce_control.faults() and process.poll() is None:
        pass


def states(answers: list[str]) -> dict[str, dict[str, Any]]:
    """Return the last state of each stream among the destination's *answers*."""
    messages = [json.loads(line) for line in answers]
    given = [message["state"] for message in messages if message["type"] == "STATE"]
    return {state["stream"]["stream_descriptor"]["name"]: state for state in given}
