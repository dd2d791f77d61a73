"""The entry point: ``source-customerio-segments spec|check|discover|read``.

Reads the files a runner names, writes protocol messages to stdout, and ends with 0 (all is well;
for ``check`` also: the answer is no), 1 (something went wrong, a trace says what), 2 (wrong
arguments) or by the signal that was to end it, which a shell calls 128 plus its number. It does
without the CDK's own entry point: see ``protocol`` for why, and ``source`` for who wants that one.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from source_customerio_segments import commands, inputs, protocol
from source_customerio_segments.allocation import return_large_blocks
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Log, Status, StreamStatus, Trouble
from source_customerio_segments.check import check
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.output import Output, now_ms
from source_customerio_segments.signals import Interruption

PIPE_CLOSED = "The reader of stdout has gone away; the sync ended before its last state."


def main() -> None:
    """Run the command that the process was started with, and end the process."""
    arguments = _arguments(sys.argv[1:])
    return_large_blocks()
    interruption = Interruption()
    interruption.install()
    try:
        code = run(arguments, Output(sys.stdout.buffer, interruption.guard))
    except BrokenPipeError:
        code = _pipe_closed()
    interruption.finish(code)


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Carry out one command and return the exit code; what goes wrong becomes a trace.

    Raises:
        BrokenPipeError: Nobody reads *output* any more.
    """
    try:
        code = _COMMANDS[arguments.command](arguments, output)
    except BrokenPipeError:
        raise
    except SystemExit as stop:
        output.put(Log("WARN", "Ended by a signal. The next sync goes on from the last state."))
        code = int(stop.code or 0)
    except ConnectorError as error:
        output.put(Trouble("", error))
        code = 1
    except Exception as error:  # noqa: BLE001 - the last one who can say what happened
        output.say(_defect(error))
        code = 1
    for stream in output.unfinished:
        output.put(Status(stream, StreamStatus.INCOMPLETE))
    output.flush()
    return code


def _spec(_arguments: argparse.Namespace, output: Output) -> int:
    output.say({"type": "SPEC", "spec": commands.spec()})
    return 0


def _check(arguments: argparse.Namespace, output: Output) -> int:
    failure = None
    try:
        for remark in check(_config(arguments, output), CustomerioClient):
            output.put(remark)
    except ConnectorError as error:
        if error.fault is not Fault.CONFIG:
            raise
        failure = error.message
    output.say(protocol.connection_status(failure))
    return 0


def _discover(arguments: argparse.Namespace, output: Output) -> int:
    catalog = commands.discover(_config(arguments, output), CustomerioClient)
    output.say({"type": "CATALOG", "catalog": catalog})
    return 0


def _read(arguments: argparse.Namespace, output: Output) -> int:
    config = _config(arguments, output)
    catalog = _load(arguments.catalog, "catalog")
    names = inputs.configured_streams(catalog, commands.stream_names(config))
    states = inputs.stream_states(_load(arguments.state, "state") if arguments.state else None)
    overwritten = inputs.overwritten_streams(catalog)
    for message in commands.read(config, names, states, CustomerioClient, now_ms, overwritten):
        output.put(message)
    return 1 if output.failed else 0


_COMMANDS: dict[str, Callable[[argparse.Namespace, Output], int]] = {
    "spec": _spec,
    "check": _check,
    "discover": _discover,
    "read": _read,
}


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="source-customerio-segments",
        description="Airbyte source: Customer.io segment memberships and profiles as changes.",
    )
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("spec", help="print the settings as a form")
    for verb, text in (
        ("check", "try the settings out"),
        ("discover", "print the streams"),
        ("read", "read the streams"),
    ):
        verbs.add_parser(verb, help=text).add_argument("--config", required=True, type=Path)
    verbs.choices["read"].add_argument("--catalog", required=True, type=Path)
    verbs.choices["read"].add_argument("--state", type=Path)
    return parser.parse_args(given)


def _config(arguments: argparse.Namespace, output: Output) -> Config:
    config = Config.parse(inputs.settings(_load(arguments.config, "configuration")))
    output.conceal(config.app_api_key.get_secret_value())
    return config


def _load(path: Path, what: str) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The {what} file {path} cannot be read: {error.strerror}."
        raise ConnectorError(message, Fault.CONFIG) from None
    return inputs.parse(content, what)


def _defect(error: Exception) -> protocol.Json:
    frames = "".join(traceback.format_tb(error.__traceback__))
    return protocol.unexpected(type(error).__name__, frames, now_ms())


def _pipe_closed() -> int:
    """Say so on stderr, and keep the interpreter from trying stdout again on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr.write(f"{PIPE_CLOSED}\n")
    return 1
