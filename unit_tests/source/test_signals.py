"""A signal ends the process, but not in the middle of a write."""

from __future__ import annotations

import os
import signal
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
