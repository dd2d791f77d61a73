"""Whether a sync with these settings would work, and if not, the one thing to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from difflib import get_close_matches

from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Log, Profile, Segment
from source_customerio_segments.config import Config
from source_customerio_segments.errors import (
    ConnectorError,
    Fault,
    KeyRefusedError,
    SegmentGone,
)
from source_customerio_segments.estimate import PEOPLE_PER_BATCH, first_sync, without_holder
from source_customerio_segments.segments.selection import resolve, select

MOST_COUNTED = 50  # segments; a check should take seconds
MOST_SAMPLED = 5  # segments whose members are looked at, the largest

Connect = Callable[[Config], CustomerioClient]


def check(config: Config, connect: Connect) -> list[Log]:
    """Prove key, region and segments; return what is worth knowing besides.

    That is: attributes that no sampled member has, and what a first sync takes.

    Raises:
        ConnectorError: CONFIG for what the operator can change, and how; otherwise as the client.
    """
    with closing(connect(config)) as client:
        listed = _listed(client, config, connect)
        problems = list(unresolved(config, listed))
        if problems:
            raise ConnectorError(" ".join(problems), Fault.CONFIG)
        return _remarks(client, config, select(config.segments, listed, {}).ids)


def unresolved(config: Config, listed: Sequence[Segment]) -> Iterator[str]:
    """Say of each segment that the settings name why it is not exactly one of *listed*."""
    names = [segment.name for segment in listed]
    for setting, item in _named(config):
        if problem := _problem(item, listed):
            close = [name for name in get_close_matches(item, names, n=3) if name != item]
            hint = f" Close to it: {', '.join(close)}." if close else ""
            yield f"{setting}: {problem}{hint}"


def _named(config: Config) -> list[tuple[str, str]]:
    return [
        *(("segments", item) for item in config.segments),
        *(("cadence", each.segment) for each in config.cadence),
        *(("release_segments", item) for item in config.release_segments),
    ]


def _problem(item: str, listed: Sequence[Segment]) -> str | None:
    try:
        resolve(item, listed, {})
    except ConnectorError as error:
        return error.message
    return None


def _listed(client: CustomerioClient, config: Config, connect: Connect) -> list[Segment]:
    try:
        return client.segments()
    except KeyRefusedError:
        if not config.api_url and _answers(config.in_other_region(), connect):
            raise _other_region(config) from None
        raise


def _answers(config: Config, connect: Connect) -> bool:
    with closing(connect(config)) as client:
        try:
            client.segments()
        except ConnectorError:
            return False
    return True


def _other_region(config: Config) -> ConnectorError:
    other = config.in_other_region().region
    return ConnectorError(
        f'This key is refused in region "{config.region}" but answers in the other region: set '
        f'region to "{other}".',
        Fault.CONFIG,
    )


def _remarks(client: CustomerioClient, config: Config, ids: Sequence[int]) -> list[Log]:
    sizes = dict(_sizes(client, ids[:MOST_COUNTED]))
    remarks = []
    if config.attributes and any(sizes.values()):
        largest = sorted(filter(sizes.get, sizes), key=sizes.__getitem__)[-MOST_SAMPLED:]
        remarks = without_holder(config.attributes, _sample(client, largest))
    if len(ids) <= MOST_COUNTED:
        remarks.append(first_sync(list(sizes.values()), config.requests_per_second))
    return remarks


def _sizes(client: CustomerioClient, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    for segment_id in ids:
        with suppress(SegmentGone):  # archived since it was listed
            yield segment_id, client.customer_count(segment_id)


def _sample(client: CustomerioClient, segment_ids: Sequence[int]) -> list[Profile]:
    """Read people of several segments: what cart abandoners have, lapsed buyers may not."""
    share = PEOPLE_PER_BATCH // len(segment_ids)
    people = [one for key in segment_ids for one in _some_members(client, key, share)]
    batches = [people] if people else []
    return [profile for _, profiles in client.attributes(batches) for profile in profiles]


def _some_members(client: CustomerioClient, segment_id: int, count: int) -> list[str]:
    """Choose members from all over the first page: its beginning may be the oldest of them."""
    with suppress(SegmentGone):
        members = next(client.membership(segment_id)).cio_ids
        step = max(1, len(members) // count)
        return members[::step][:count]
    return []
