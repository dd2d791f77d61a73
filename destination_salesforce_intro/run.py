"""The entry point: ``destination-salesforce-intro spec|check|discover|write|replay``.

Reads the files a runner names and messages from stdin, writes protocol messages to stdout, and ends
with 0 (all is well; for ``check`` also: the answer is no), 1 (something went wrong, a trace says
what), 2 (wrong arguments) or by the signal that was to end it, which a shell calls 128 plus its
number. It does without the CDK's own entry point: see ``protocol`` for why, and ``destination`` for
who wants that one.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from destination_salesforce_intro import commands, inputs, protocol
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.output import Output, now_ms
from destination_salesforce_intro.signals import Interruption

# Records wait by the ten thousand and none of them is garbage; looking through them all whenever
# 700 more have come, as is the default, takes a quarter of the time.
GC_THRESHOLDS = (50_000, 20, 100)
PIPE_CLOSED = "The reader of stdout has gone away; what was not acknowledged will be sent again."


def main() -> None:
    """Run the command that the process was started with, and end the process."""
    arguments = _arguments(sys.argv[1:])
    gc.set_threshold(*GC_THRESHOLDS)
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
        _COMMANDS[arguments.command](arguments, output)
    except BrokenPipeError:
        raise
    except SystemExit as stop:
        output.log("WARN", "Ended by a signal; what was not acknowledged will be sent again.")
        return int(stop.code or 0)
    except ConnectorError as error:
        output.say(protocol.failure(error, now_ms()))
        return 1
    except Exception as error:  # noqa: BLE001  (the last one who can say what happened)
        output.say(_defect(error))
        return 1
    return 0


def _spec(_arguments: argparse.Namespace, output: Output) -> None:
    output.say({"type": "SPEC", "spec": commands.spec()})


def _check(arguments: argparse.Namespace, output: Output) -> None:
    problem = None
    try:
        commands.check(_config(arguments), output)
    except ConnectorError as error:
        problem = error.message
    output.say(protocol.connection_status(problem))


def _discover(arguments: argparse.Namespace, output: Output) -> None:
    catalog = commands.discover(_config(arguments), output)
    output.say({"type": "DESTINATION_CATALOG", "destination_catalog": catalog})


def _write(arguments: argparse.Namespace, output: Output) -> None:
    config = _config(arguments)
    streams = inputs.configured_streams(_load(arguments.catalog, "catalog"))
    with closing(commands.write(config, streams, sys.stdin.buffer, output)) as messages:
        for message in messages:
            output.say(message)


def _replay(arguments: argparse.Namespace, output: Output) -> None:
    commands.replay(_config(arguments), output)


_COMMANDS: dict[str, Callable[[argparse.Namespace, Output], None]] = {
    "spec": _spec,
    "check": _check,
    "discover": _discover,
    "write": _write,
    "replay": _replay,
}


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="destination-salesforce-intro",
        description="Airbyte destination: Salesforce records kept in step by identity key.",
    )
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("spec", help="print the settings as a form")
    for verb, text in (
        ("check", "try the settings out"),
        ("discover", "print what can be activated"),
        ("write", "apply the messages on stdin"),
        ("replay", "send rejected records again"),
    ):
        verbs.add_parser(verb, help=text).add_argument("--config", required=True, type=Path)
    verbs.choices["write"].add_argument("--catalog", required=True, type=Path)
    return parser.parse_args(given)


def _config(arguments: argparse.Namespace) -> Config:
    return Config.parse(inputs.settings(_load(arguments.config, "configuration")))


def _load(path: Path, what: str) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The {what} file {path} cannot be read: {error.strerror}."
        raise ConnectorError(message, Fault.CONFIG) from None
    return inputs.parse(content, what)


def _defect(error: Exception) -> protocol.Message:
    frames = "".join(traceback.format_tb(error.__traceback__))
    return protocol.unexpected(type(error).__name__, frames, now_ms())


def _pipe_closed() -> int:
    """Say so on stderr, and keep the interpreter from trying stdout again on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr.write(f"{PIPE_CLOSED}\n")
    return 1
