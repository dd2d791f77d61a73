"""Calls in flight: in order, bounded, and stopped when nobody listens any more."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from source_customerio_segments.api.parallel import map_ahead


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def call(item: int) -> int:
        if item == 0:
            assert first_may_end.wait(10)
        if item == 1:
            first_may_end.set()  # so 1 ends before 0
        return -item

    assert list(map_ahead(call, range(50), 4)) == [-item for item in range(50)]


def test_calls_run_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=10)

    assert len(list(map_ahead(lambda _: together.wait(), range(8), 4))) == 8


def test_endless_items_are_drawn_only_a_little_ahead() -> None:
    drawn = itertools.count()
    results = map_ahead(lambda item: item, drawn, 3)

    taken = [next(results) for _ in range(10)]
    results.close()  # type: ignore[attr-defined] # a generator, as its contract says

    assert taken == list(range(10))
    assert next(drawn) <= 10 + 2 * 3


def test_error_of_a_call_ends_the_iteration_in_its_place() -> None:
    def call(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = map_ahead(call, range(100), 2)

    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_error_of_the_items_passes_through() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("segment")

    with pytest.raises(KeyError):
        list(map_ahead(lambda item: item, items(), 2))


def test_closing_early_begins_no_further_call() -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def call(item: int) -> int:
        begun.append(item)
        if item > 0:
            go_on.wait(10)
        return item

    results = map_ahead(call, range(100), 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined] # as above
    go_on.set()
    for thread in threading.enumerate():
        if thread.name.startswith("customerio"):
            thread.join(10)

    assert len(begun) <= 3
