"""Whether a sync with these settings would work, and if not, the one thing to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from difflib import get_close_matches

from source_customerio_segments.changes import Segment
from source_customerio_segments.client import CustomerioClient
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault, KeyRefusedError
from source_customerio_segments.selection import resolve

Connect = Callable[[Config], CustomerioClient]


def check(config: Config, connect: Connect) -> None:
    """Prove key, region and segments by reading the list of segments.

    Raises:
        ConnectorError: CONFIG for what the operator can change, and how; otherwise as the client.
    """
    try:
        segments = _segments(config, connect)
    except KeyRefusedError:
        _try_other_region(config, connect)
        raise
    problems = list(unresolved(config, segments))
    if problems:
        raise ConnectorError(" ".join(problems), Fault.CONFIG)


def unresolved(config: Config, listed: Sequence[Segment]) -> Iterator[str]:
    """Say of each segment that the settings name why it is not exactly one of *listed*."""
    names = [segment.name for segment in listed]
    for setting, item in _named(config):
        if problem := _problem(item, listed):
            close = [name for name in get_close_matches(item, names, n=3) if name != item]
            hint = f" Close to it: {', '.join(close)}." if close else ""
            yield f"{setting}: {problem}{hint}"


def _problem(item: str, listed: Sequence[Segment]) -> str | None:
    try:
        resolve(item, listed, {})
    except ConnectorError as error:
        return error.message
    return None


def _named(config: Config) -> list[tuple[str, str]]:
    return [
        *(("segments", item) for item in config.segments),
        *(("cadence", each.segment) for each in config.cadence),
        *(("release_segments", item) for item in config.release_segments),
    ]


def _segments(config: Config, connect: Connect) -> list[Segment]:
    with closing(connect(config)) as client:
        return client.segments()


def _try_other_region(config: Config, connect: Connect) -> None:
    """Say so if the key answers in the other region; the App API itself does not tell."""
    if config.api_url:
        return
    other = config.in_other_region()
    try:
        _segments(other, connect)
    except ConnectorError:
        return
    raise ConnectorError(
        f'This key is refused in region "{config.region}" but answers in region '
        f'"{other.region}": set region to "{other.region}".',
        Fault.CONFIG,
    )
