"""The entry point: protocol on stdout, one sentence per failure, and a clean end by any means."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from airbyte_cdk.models import AirbyteMessageSerializer

from sandbox.serve import Running, running
from source_customerio_segments import run as module
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Message, Record, State, Status, StreamStatus
from source_customerio_segments.output import Output
from source_customerio_segments.run import run

Json = dict[str, Any]
STREAMS = ("segments", "profiles", "segment_memberships")


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    with running(people=300) as servers:
        yield servers


@pytest.fixture
def sandbox(box: Running) -> Iterator[Running]:
    yield box
    box.customerio_control.clear_faults()


class Files:
    """The files of one call, good unless a test says otherwise."""

    def __init__(self, folder: Path, sandbox: Running) -> None:
        self._folder = folder
        self.config: Any = {"app_api_key": sandbox.app_api_key, "api_url": sandbox.customerio}
        self.catalog: Any = {"streams": [{"stream": {"name": name}} for name in STREAMS]}
        self.state: Any = None

    def arguments(self, command: str) -> list[str]:
        wanted = {"spec": (), "read": ("config", "catalog", "state")}.get(command, ("config",))
        given = {name: getattr(self, name) for name in wanted if getattr(self, name) is not None}
        return [command, *(part for each in given.items() for part in self._file(*each))]

    def _file(self, name: str, content: Any) -> list[str]:
        path = self._folder / f"{name}.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return [f"--{name}", str(path)]


@pytest.fixture
def files(tmp_path: Path, sandbox: Running) -> Files:
    return Files(tmp_path, sandbox)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the client a clock that runs by being looked at; processes have their own."""
    quick = partial(CustomerioClient, clock=partial(next, count()), sleep=lambda _: None)
    monkeypatch.setattr(module, "CustomerioClient", quick)


def call(arguments: Sequence[str]) -> tuple[int, list[Json]]:
    out = BytesIO()
    code = run(module._arguments(arguments), Output(out))
    return code, [orjson.loads(line) for line in out.getvalue().splitlines()]


def of_type(messages: Sequence[Json], kind: str) -> list[Json]:
    return [message[kind.lower()] for message in messages if message["type"] == kind]


def errors(messages: Sequence[Json]) -> list[Json]:
    return [each["error"] for each in of_type(messages, "TRACE") if each["type"] == "ERROR"]


def records(messages: Sequence[Json], stream: str) -> list[Json]:
    return [each["data"] for each in of_type(messages, "RECORD") if each["stream"] == stream]


def last_statuses(messages: Sequence[Json]) -> dict[str, str]:
    traces = [each for each in of_type(messages, "TRACE") if each["type"] == "STREAM_STATUS"]
    statuses = [each["stream_status"] for each in traces]
    return {each["stream_descriptor"]["name"]: each["status"] for each in statuses}


def test_spec_is_the_form(files: Files) -> None:
    code, (message,) = call(files.arguments("spec"))

    assert code == 0
    assert "app_api_key" in message["spec"]["connectionSpecification"]["properties"]


def test_check_succeeds_with_good_settings(files: Files) -> None:
    code, messages = call(files.arguments("check"))

    assert code == 0
    assert of_type(messages, "LOG")[0]["level"] == "INFO"
    assert messages[-1]["connectionStatus"] == {"status": "SUCCEEDED"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"segments": ["Nobody"]}, "Nobody"),
        ({"app_api_key": "wrong"}, "region"),
        ({"segmnets": []}, "segmnets"),
        ({"app_api_key": None}, "app_api_key"),
    ],
)
def test_check_says_no_in_words(files: Files, settings: Json, words: str) -> None:
    files.config |= settings
    code, (message,) = call(files.arguments("check"))

    assert code == 0
    assert message["connectionStatus"]["status"] == "FAILED"
    assert words in message["connectionStatus"]["message"]


def test_discover_gives_every_stream_with_key_cursor_and_modes(files: Files) -> None:
    files.config |= {"segments": ["7", "VIP - Top 10%"], "attributes": ["plan"]}
    code, (message,) = call(files.arguments("discover"))
    streams = {each["name"]: each for each in message["catalog"]["streams"]}

    assert code == 0
    assert list(streams) == [*STREAMS, "events", "segment_syncs"]
    assert streams["segments"]["supported_sync_modes"] == ["full_refresh"]
    assert streams["segment_memberships"]["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert streams["segment_memberships"]["source_defined_primary_key"] == [
        ["segment_id"],
        ["cio_id"],
    ]
    assert streams["profiles"]["default_cursor_field"] == ["updated_at"]
    assert {"plan", "in_segment_7", "in_segment_8"} <= set(
        streams["profiles"]["json_schema"]["properties"]
    )


def test_first_read_gives_every_member_and_the_second_none(files: Files, sandbox: Running) -> None:
    code, first = call(files.arguments("read"))
    truth = sandbox.customerio_control.truth()["segments"]
    told = {(r["segment_id"], r["cio_id"]) for r in records(first, "segment_memberships")}

    assert code == 0
    assert told == {(int(key), person) for key, ids in truth.items() for person in ids}
    assert last_statuses(first) == dict.fromkeys(STREAMS, "COMPLETE")

    files.state = of_type(first, "STATE")
    code, second = call(files.arguments("read"))

    assert code == 0
    assert records(second, "segment_memberships") == records(second, "profiles") == []


def test_selected_attribute_that_is_missing_is_null_on_the_wire(files: Files) -> None:
    files.config |= {"attributes": ["no_such_attribute"]}
    _, messages = call(files.arguments("read"))

    assert {r["no_such_attribute"] for r in records(messages, "profiles")} == {None}


def test_states_count_the_records_before_them(files: Files) -> None:
    _, messages = call(files.arguments("read"))
    states = of_type(messages, "STATE")

    for stream in ("profiles", "segment_memberships"):
        counts = [
            state["sourceStats"]["recordCount"]
            for state in states
            if state["stream"]["stream_descriptor"]["name"] == stream
        ]
        assert sum(counts) == len(records(messages, stream))


def test_every_line_is_a_message_the_cdk_understands(files: Files) -> None:
    _, messages = call(files.arguments("read"))

    for message in messages:
        AirbyteMessageSerializer.load(message)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config", b"{", "configuration file is not JSON"),
        ("config", [], "JSON object"),
        ("catalog", b"", "catalog file is not JSON"),
        ("catalog", {"streams": [{"stream": {"name": "people"}}]}, "It has segments, profiles"),
        ("state", b"nonsense", "state file is not JSON"),
        ("state", {"profiles": {}}, "list of Airbyte state messages"),
        (
            "state",
            [
                {
                    "type": "STREAM",
                    "stream": {
                        "stream_descriptor": {"name": "profiles"},
                        "stream_state": {"version": 99},
                    },
                }
            ],
            "version",
        ),
    ],
)
def test_bad_file_ends_in_one_config_error_and_nothing_else(
    files: Files, name: str, content: Any, words: str
) -> None:
    setattr(files, name, content)
    code, messages = call(files.arguments("read"))

    assert code == 1
    assert [error["failure_type"] for error in errors(messages)] == ["config_error"]
    assert words in errors(messages)[0]["message"]
    assert of_type(messages, "RECORD") == of_type(messages, "STATE") == []


def test_missing_file_is_named(files: Files, tmp_path: Path) -> None:
    arguments = files.arguments("check")
    (tmp_path / "config.json").unlink()
    code, (message,) = call(arguments)

    assert code == 0
    assert "config.json cannot be read" in message["connectionStatus"]["message"]


def test_segment_that_fails_leaves_the_others_and_exit_code_1(
    files: Files, sandbox: Running
) -> None:
    sandbox.customerio_control.fault({"status": 400}, times=None, path="/segments/9/membership")
    code, messages = call(files.arguments("read"))
    told = {r["segment_id"] for r in records(messages, "segment_memberships")}

    assert code == 1
    assert told == {7, 8, 10}
    assert last_statuses(messages)["segment_memberships"] == "INCOMPLETE"
    assert {e["stream_descriptor"]["name"] for e in errors(messages)} >= {"segment_memberships"}


def scripted(monkeypatch: pytest.MonkeyPatch, *script: Message | BaseException) -> None:
    """Let the sync say and suffer what a real one rarely does."""

    def read(*_: object) -> Iterator[Message]:
        for each in script:
            if isinstance(each, BaseException):
                raise each
            yield each

    monkeypatch.setattr("source_customerio_segments.commands.read", read)


STARTED = Status("profiles", StreamStatus.STARTED)


def test_defect_is_told_by_type_and_place_but_never_by_its_text(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, STARTED, KeyError("ann@example.com"))
    code, messages = call(files.arguments("read"))
    (error,) = errors(messages)

    assert code == 1
    assert error["failure_type"] == "system_error"
    assert "KeyError" in error["message"]
    assert "in read" in error["stack_trace"]
    assert "ann@" not in str(messages)
    assert last_statuses(messages) == {"profiles": "INCOMPLETE"}


def test_signal_ends_with_what_was_said_and_its_own_code(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, state = Record("profiles", {"n": 1}), State("profiles", {})
    scripted(monkeypatch, STARTED, record, state, SystemExit(143))
    code, messages = call(files.arguments("read"))

    assert code == 143
    assert len(of_type(messages, "STATE")) == 1
    assert last_statuses(messages) == {"profiles": "INCOMPLETE"}


# --- as a process ------------------------------------------------------------------------------


def start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "source_customerio_segments", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_sigterm_while_customerio_is_slow_ends_the_process_at_the_last_whole_line(
    files: Files, sandbox: Running
) -> None:
    sandbox.customerio_control.fault({"hang_s": 30}, times=None, path="/segments/10/membership")
    with start(files.arguments("read")) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGTERM)
        said += process.stdout.readlines()
        code = process.wait(20)
    messages = [orjson.loads(line) for line in said]

    assert code == -signal.SIGTERM
    assert set(last_statuses(messages).values()) == {"INCOMPLETE"}
    assert any("signal" in log["message"] for log in of_type(messages, "LOG"))


def test_closed_pipe_ends_in_one_sentence(files: Files) -> None:
    with start(files.arguments("read")) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        complaint = process.stderr.read().decode()
        code = process.wait(20)

    assert code == 1
    assert complaint == f"{module.PIPE_CLOSED}\n"


@pytest.mark.parametrize("arguments", [[], ["dance"], ["read"], ["check"]])
def test_wrong_arguments_exit_with_2_and_leave_stdout_alone(arguments: list[str]) -> None:
    with start(arguments) as process:
        out, complaint = process.communicate(timeout=20)

    assert process.returncode == 2
    assert out == b""
    assert b"usage" in complaint


def test_console_script_is_the_same_program(files: Files) -> None:
    script = Path(sys.executable).with_name("source-customerio-segments")
    done = subprocess.run([script, *files.arguments("spec")], capture_output=True, check=True)

    assert orjson.loads(done.stdout)["type"] == "SPEC"
