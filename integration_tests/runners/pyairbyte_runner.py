"""Both connectors under PyAirbyte, by the script of ``docs/runners.md`` as it stands there.

Run by ``make test-runners``, which keeps PyAirbyte in an environment of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo import story
from examples.demo.compare import differences
from integration_tests.runners.page import BIN, copy, run
from sandbox.serve import Running, running

PYTHON = Path(os.environ.get("RUNNERS", ".venv-runners")).absolute() / "bin" / "python"
SCRIPT = "pyairbyte_sync.py"
SPENT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]


@pytest.fixture
def box() -> Iterator[Running]:
    with running(people=300) as servers:
        yield servers


@pytest.fixture
def folder(tmp_path: Path, box: Running) -> Path:
    copy(tmp_path, box, SCRIPT)
    return tmp_path


def sync(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, [PYTHON, SCRIPT, BIN])


def records(done: subprocess.CompletedProcess[str]) -> int:
    """Return how many records PyAirbyte says it has moved."""
    found = re.search(r"^(\d+) records$", done.stdout, re.MULTILINE)
    assert found, done.stderr[-4_000:]
    return int(found[1])


def a_day_passes(box: Running) -> None:
    operations, _ = story.a_day_later(box.customerio_control.truth())
    box.customerio_control.do(*operations)


def test_three_syncs_keep_salesforce_equal_and_send_only_what_changed(
    folder: Path, box: Running
) -> None:
    first = sync(folder)
    a_day_passes(box)
    second = sync(folder)
    equal_after_second = differences(box)
    box.salesforce_control.reset_writes()
    third = sync(folder)

    assert equal_after_second == []
    assert 5 < records(second) < records(first) / 2
    assert records(third) == 5  # the segments, which have no incremental mode
    assert box.salesforce_control.writes()["calls"] == 0
    assert differences(box) == []
    for done in (first, second, third):
        assert "AirbyteSubprocessFailedError" not in done.stderr


def test_destination_that_fails_in_the_middle_is_made_good_by_a_rerun(
    folder: Path, box: Running
) -> None:
    sync(folder)
    a_day_passes(box)
    refusal = {"status": 403, "body": SPENT}
    box.salesforce_control.fault(refusal, skip=3, times=None, method="POST", path="/composite")
    failed = sync(folder)
    unequal = differences(box)
    box.salesforce_control.clear_faults()
    rerun = sync(folder)

    assert failed.returncode != 0
    assert unequal
    assert records(rerun) > 5
    assert differences(box) == []
