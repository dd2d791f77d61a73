"""A signal ends the process, but not in the middle of a write, and visibly as what it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from source_customerio_segments.signals import STOPPING, Interruption


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    before = [signal.getsignal(number) for number in STOPPING]
    interruption = Interruption()
    interruption.install()
    yield interruption
    for number, handler in zip(STOPPING, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("interruption")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_ends_the_process_with_its_own_exit_code(number: int, code: int) -> None:
    with pytest.raises(SystemExit) as caught:
        os.kill(os.getpid(), number)

    assert caught.value.code == code


def test_signal_during_a_write_takes_effect_after_it(interruption: Interruption) -> None:
    written: list[str] = []

    with pytest.raises(SystemExit):  # noqa: PT012 - the order inside is the point
        with interruption.guard():
            os.kill(os.getpid(), signal.SIGTERM)
            written.append("whole line")
        written.append("not reached")

    assert written == ["whole line"]


def test_second_signal_does_not_disturb_the_ending(interruption: Interruption) -> None:
    with pytest.raises(SystemExit):
        os.kill(os.getpid(), signal.SIGTERM)

    os.kill(os.getpid(), signal.SIGTERM)
    with interruption.guard():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("code", "seen"), [(0, 0), (1, 1), (143, -signal.SIGTERM)])
def test_parent_sees_the_exit_code_or_the_signal_behind_it(code: int, seen: int) -> None:
    assert ended("interruption.finish", code) == seen


def test_signal_after_the_last_word_is_no_interruption() -> None:
    """A runner that stops a process which has answered already causes no stack trace."""
    late = "atexit.register(os.kill, os.getpid(), signal.SIGTERM); interruption.finish"

    assert ended(late, 0) == -signal.SIGTERM


def ended(how: str, code: int) -> int:
    """Return how a process ends that does *how* with *code*, having said nothing on stderr."""
    script = f"""
import atexit, os, signal
from source_customerio_segments.signals import Interruption
interruption = Interruption()
interruption.install()
{how}({code})
"""
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, capture_output=True, check=False)
    assert done.stderr == b""
    return done.returncode
