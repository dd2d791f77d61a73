"""The runner itself: it must notice a destination that breaks the protocol."""

import sys
from pathlib import Path

import pytest

from integration_tests.runner import Kill, Ledger, run_sync

STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "a"}, "stream_state": {"n": 1}}}
SOURCE = f"""
import json, sys
for n in range(3):
    record = {{"stream": "a", "data": {{"n": n}}, "emitted_at": 1}}
    print(json.dumps({{"type": "RECORD", "record": record}}))
print(json.dumps({{"type": "LOG", "log": {{"level": "INFO", "message": "not for you"}}}}))
print(json.dumps({{"type": "STATE", "state": {STATE!r}}}))
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
"""
DESTINATION = """
import json, sys
types = []
for line in sys.stdin:
    message = json.loads(line)
    types.append(message["type"])
    if message["type"] == "STATE":
        state = message["state"]
        state["destinationStats"] = {"recordCount": 3}
        EDIT
        print(json.dumps({"type": "STATE", "state": state}), flush=True)
print(json.dumps({"type": "LOG", "log": {"level": "INFO", "message": " ".join(types)}}))
"""


def scripts(folder: Path, edit: str = "pass") -> tuple[list[str], list[str]]:
    (folder / "source.py").write_text(SOURCE)
    (folder / "destination.py").write_text(DESTINATION.replace("EDIT", edit))
    return [sys.executable, str(folder / "source.py")], [
        sys.executable,
        str(folder / "destination.py"),
    ]


def test_honest_pair_has_no_problems_and_only_record_and_state_pass(tmp_path: Path) -> None:
    source, destination = scripts(tmp_path)

    outcome = run_sync(source, destination, ["a"])

    assert outcome.ledger.problems == []
    assert outcome.logs == ["RECORD RECORD RECORD STATE TRACE"]
    assert outcome.ledger.state_file == [STATE]


def test_failed_source_gets_no_complete(tmp_path: Path) -> None:
    source, destination = scripts(tmp_path)

    outcome = run_sync([*source, "1"], destination, ["a"])

    assert outcome.source_exit == 1
    assert outcome.logs == ["RECORD RECORD RECORD STATE"]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ("del state['id']", "expected id 1, got None"),
        ("state['destinationStats'] = {'recordCount': 2}", "3 sent, 2 + 0 accounted for"),
        ("state['stream']['stream_state'] = {}", "did not come back as it went"),
    ],
)
def test_dishonest_destination_is_found_out(tmp_path: Path, edit: str, problem: str) -> None:
    source, destination = scripts(tmp_path, edit)

    outcome = run_sync(source, destination, ["a"])

    assert any(problem in found for found in outcome.ledger.problems)


def test_rejected_records_count_as_accounted_for(tmp_path: Path) -> None:
    edit = "state['destinationStats'] = {'recordCount': 1, 'rejectedRecordCount': 2}"
    source, destination = scripts(tmp_path, edit)

    outcome = run_sync(source, destination, ["a"])

    assert (outcome.ledger.problems, outcome.ledger.rejected) == ([], 2)


def test_killed_destination_leaves_the_last_acknowledged_state(tmp_path: Path) -> None:
    source, destination = scripts(tmp_path, "import time; time.sleep(30)")

    outcome = run_sync(source, destination, ["a"], Kill("destination", lambda b: b.states > 0))

    assert outcome.destination_exit == -9
    assert (outcome.ledger.state_file, outcome.ledger.unacknowledged) == ([], 1)


def test_ledger_notices_a_state_that_was_never_sent() -> None:
    ledger = Ledger()

    ledger.acknowledge({"type": "STATE", "state": {**STATE, "id": 1}})

    assert ledger.problems == ["a: a STATE came back that was never sent"]
