"""The command line as a runner uses it: exit codes, signals, a closed pipe, death at any moment."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from destination_salesforce_intro import run as cli
from destination_salesforce_intro.output import Output
from sandbox.serve import Running, running
from unit_tests.destination.harness import CONTACTS, contacts, person, settings, state


@pytest.fixture
def box() -> Iterator[Running]:
    with running(people=1) as box:
        yield box


CATALOG = {"streams": [{"stream": {"name": "profiles"}, "destination_sync_mode": "append_dedup"}]}
PATIENCE_S = 60


def command(folder: Path, verb: str, **files: Any) -> list[str]:
    line = [sys.executable, "-m", "destination_salesforce_intro", verb]
    for name, content in files.items():
        path = folder / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        line += [f"--{name}", str(path)]
    return line


def run(line: Sequence[str], messages: Sequence[dict[str, Any]] = ()) -> Any:
    given = b"".join(orjson.dumps(m) + b"\n" for m in messages)
    return subprocess.run(line, input=given, capture_output=True, timeout=PATIENCE_S, check=False)


def answered(line: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
    """Carry a command out in this process: what needs no stdin and no signal, in less time."""
    file = io.BytesIO()
    code = cli.run(cli._arguments(line[3:]), Output(file))
    return code, [orjson.loads(each) for each in file.getvalue().splitlines()]


def said(done: Any) -> list[dict[str, Any]]:
    """Everything on stdout, which must be the protocol and nothing else."""
    return [orjson.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def started(line: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def give(process: subprocess.Popen[bytes], *messages: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"".join(orjson.dumps(m) + b"\n" for m in messages))
    process.stdin.flush()


def take(process: subprocess.Popen[bytes], kind: str = "STATE") -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        message: dict[str, Any] = orjson.loads(line)
        if message["type"] == kind:
            return message
    raise AssertionError("the process ended")


def test_spec_is_a_form_with_its_secrets_marked(tmp_path: Path) -> None:
    code, (message,) = answered(command(tmp_path, "spec"))

    auth = message["spec"]["connectionSpecification"]["properties"]["auth"]
    assert code == 0
    assert all("const" in option["properties"]["type"] for option in auth["oneOf"])


def test_check_succeeds_when_all_is_well(box: Running, tmp_path: Path) -> None:
    done = run(command(tmp_path, "check", config=settings(box)))

    assert done.returncode == 0
    assert said(done)[-1]["connectionStatus"] == {"status": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"auth": {}}, "auth"),
        ({"api_version": "99.0"}, "api_version"),
        ({"mappings": [{**CONTACTS, "object": "Contactt"}]}, "Contactt"),
        ({"auth": {"type": "access_token", "access_token": "x", "instance_url": "URL"}}, "token"),
    ],
)
def test_check_says_what_to_fix_and_always_gives_a_status(
    box: Running, tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    config = json.dumps({**settings(box), **change}).replace("URL", box.salesforce)
    code, messages = answered(command(tmp_path, "check", config=config))

    status = messages[-1]["connectionStatus"]
    assert code == 0
    assert status["status"] == "FAILED"
    assert expected in status["message"]


def test_write_acknowledges_and_exits_cleanly(box: Running, tmp_path: Path) -> None:
    line = command(tmp_path, "write", config=settings(box), catalog=CATALOG)
    done = run(line, [person(1), state(7)])

    (back,) = [m for m in said(done) if m["type"] == "STATE"]
    assert done.returncode == 0
    assert back["state"]["id"] == 7
    assert list(contacts(box)) == ["p1"]


def test_a_state_comes_back_while_the_input_stays_open(box: Running, tmp_path: Path) -> None:
    line = command(tmp_path, "write", config=settings(box), catalog=CATALOG)
    with started(line) as process:
        give(process, person(1), state(1))

        assert take(process)["state"]["id"] == 1


def test_a_stream_without_a_mapping_stops_before_the_first_write(
    box: Running, tmp_path: Path
) -> None:
    both = {"streams": [*CATALOG["streams"], {"stream": {"name": "orders"}}]}
    line = command(tmp_path, "write", config=settings(box), catalog=both)
    done = run(line, [person(1), state(1)])

    (trace,) = [m["trace"]["error"] for m in said(done) if m["type"] == "TRACE"]
    assert done.returncode == 1
    assert trace["failure_type"] == "config_error"
    assert '"orders"' in trace["message"]
    assert contacts(box) == {}


def test_a_file_that_is_not_json_is_refused_without_being_quoted(tmp_path: Path) -> None:
    done = run(command(tmp_path, "write", config='{"client_secret": "hush', catalog=CATALOG))

    assert done.returncode == 1
    assert b"hush" not in done.stdout + done.stderr
    assert "not JSON" in said(done)[-1]["trace"]["error"]["message"]


def test_death_in_the_middle_and_a_rerun_leave_no_gap_and_no_duplicate(
    box: Running, tmp_path: Path
) -> None:
    line = command(tmp_path, "write", config=settings(box), catalog=CATALOG)
    people = [person(n, plan="pro", email=f"p{n}@x.example") for n in range(1_500)]
    box.salesforce_control.fault({"hang_s": 5}, skip=1, method="POST", path="/composite$")
    with started(line) as process:
        give(process, *people[:500], state(1))
        box_waits_for_the_write(box)
        os.kill(process.pid, signal.SIGKILL)
    box.salesforce_control.clear_faults()
    done = run(line, [*people, state(2)])

    assert done.returncode == 0
    assert len(contacts(box)) == 1_500


def box_waits_for_the_write(box: Running) -> None:
    """Return once the look-up is answered and the write is on its way (and hangs there)."""
    while box.salesforce_control.faults():
        pass


def test_sigterm_ends_it_with_nothing_unstored_acknowledged(box: Running, tmp_path: Path) -> None:
    line = command(tmp_path, "write", config=settings(box), catalog=CATALOG)
    with started(line) as process:
        give(process, person(1), state(1))
        take(process)
        give(process, person(2))
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == -signal.SIGTERM
    assert "STATE" not in {orjson.loads(line)["type"] for line in out.splitlines()}


def test_a_closed_pipe_is_told_in_one_sentence(box: Running, tmp_path: Path) -> None:
    line = command(tmp_path, "write", config=settings(box), catalog=CATALOG)
    with started(line) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        give(process, person(1), state(1))
        process.wait(PATIENCE_S)
        text = process.stderr.read().decode()

    assert process.returncode == 1
    assert text.count("\n") == 1
    assert "stdout has gone away" in text


def test_no_part_of_a_pem_key_or_a_token_is_ever_printed(box: Running, tmp_path: Path) -> None:
    login = {"type": "jwt_bearer", **box.salesforce_auth["jwt_bearer"]}
    broken = {**login, "private_key": login["private_key"].replace("A", "B", 40)}
    for auth in (login, broken):
        config = settings(box, auth=auth)
        line = command(tmp_path, "write", config=config, catalog=CATALOG)
        done = run(line, [person(1), state(1)])
        printed = (done.stdout + done.stderr).decode()

        key_lines = [text for text in auth["private_key"].splitlines() if len(text) > 20]
        assert [text for text in key_lines if text in printed] == []
        assert "00D" not in printed  # how every access token begins
