"""A line every half minute, with what is done, the rate and the time left."""

from __future__ import annotations

from source_customerio_segments.streams.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now_ms = 0

    def __call__(self) -> int:
        return self.now_ms


def test_nothing_is_said_within_half_a_minute() -> None:
    clock = Clock()
    progress = Progress("profiles", 10, clock)
    clock.now_ms = 29_999

    assert list(progress.step()) == []


def test_line_tells_done_rate_and_time_left_and_not_again_at_once() -> None:
    clock = Clock()
    progress = Progress("profiles", 100, clock)
    for _ in range(39):
        list(progress.step())
    clock.now_ms = 40_000
    (line,) = progress.step()

    assert line.text == "40 of 100 profiles read, 1 a second, about 1 min left."
    assert list(progress.step()) == []


def test_line_comes_again_after_another_half_minute() -> None:
    clock = Clock()
    progress = Progress("profiles", 100, clock)
    lines = 0
    for _ in range(10):
        clock.now_ms += 30_000
        lines += len(list(progress.step()))

    assert lines == 10
