"""What a first sync costs in requests and minutes, and which attributes nobody has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from source_customerio_segments.api.wire import MEMBERS_PER_PAGE
from source_customerio_segments.changes import Log, Profile

PEOPLE_PER_BATCH = 100  # App API reference, customers: the most one request may ask for
LISTINGS = 2  # the list of segments, before and after they are read


def first_sync(sizes: Sequence[int], requests_per_second: float) -> Log:
    """Say what reading segments of these *sizes* with all profiles takes.

    People in several segments are counted once for each, as nobody knows yet how they overlap.
    """
    pages = sum(max(1, ceil(size / MEMBERS_PER_PAGE)) for size in sizes)
    batches = ceil(sum(sizes) / PEOPLE_PER_BATCH)
    requests = LISTINGS + pages + len(sizes) + batches
    minutes = ceil(requests / requests_per_second / 60)
    return Log(
        "INFO",
        f"A first sync of {sum(sizes)} memberships in {len(sizes)} segments takes at most "
        f"{requests} requests, {batches} of them for profiles: about {minutes} min at "
        f"{requests_per_second:g} requests a second.",
    )


def without_holder(selected: Iterable[str], sample: Sequence[Profile]) -> list[Log]:
    """Warn of each selected attribute that no person of *sample* has."""
    seen = {name for profile in sample for name in profile.attributes}
    return [
        Log(
            "WARN",
            f'None of {len(sample)} people looked at has the attribute "{name}": it may be '
            "misspelt (upper and lower case count).",
        )
        for name in selected
        if sample and name not in seen
    ]
