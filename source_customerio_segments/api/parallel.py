"""Several calls in flight, results in order, and never far ahead of who takes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(call: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Yield ``call(item)`` for each of *items* in their order, *workers* calls at a time.

    *items* is drawn lazily and by the calling thread, at most ``2 * workers`` items ahead, so
    memory stays bounded however long it is. The first error ends the iteration; calls that have
    not begun by then, or when the generator is closed, never begin.
    """
    source = iter(items)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="customerio")
    try:
        pending: deque[Future[R]] = deque(
            pool.submit(call, item) for item in islice(source, 2 * workers)
        )
        while pending:
            yield pending.popleft().result()
            pending.extend(pool.submit(call, item) for item in islice(source, 1))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
