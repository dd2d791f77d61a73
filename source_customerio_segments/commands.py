"""What each command does, whoever asks: our own entry point or the CDK's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from importlib import resources
from typing import Any

from source_customerio_segments import reader
from source_customerio_segments.changes import Message
from source_customerio_segments.check import Connect
from source_customerio_segments.config import Config
from source_customerio_segments.events import reader as events
from source_customerio_segments.segments.selection import select
from source_customerio_segments.streams.catalog import EVENTS, Stream, streams

Json = dict[str, Any]


def spec() -> Json:
    """Return Airbyte's connector specification: the settings as a form."""
    import yaml  # noqa: PLC0415 - the other commands need not wait for it

    text = resources.files(__package__).joinpath("spec.yaml").read_text("utf-8")
    specification: Json = yaml.safe_load(text)
    return specification


def discover(config: Config, connect: Connect) -> Json:
    """Return the Airbyte catalog: ``{"streams": [{"name": "segments", …}, …]}``.

    Asks Customer.io only if there are segments to be named, for their columns in ``profiles``.

    Raises:
        ConnectorError: A segment of the settings does not exist, or as the client.
    """
    return {"streams": [_stream(each) for each in streams(config, _columns(config, connect))]}


def stream_names(config: Config) -> list[str]:
    """Return what a catalog may ask for."""
    return [each.name for each in streams(config)]


def read(
    config: Config,
    names: Sequence[str],
    states: Mapping[str, Mapping[str, Any]],
    connect: Connect,
    clock: Callable[[], int],
    overwritten: Collection[str],
) -> Iterator[Message]:
    """Yield the messages of one sync, in the order in which they must go out.

    Args:
        config: The settings.
        names: The streams to read.
        states: What the last sync left, by stream.
        connect: Makes the client.
        clock: Milliseconds since 1970.
        overwritten: The streams whose records replace what the destination holds.

    Raises:
        ConnectorError: A state cannot be read, before anything else happens.
    """
    with closing(connect(config)) as client:
        happened = events.read(client, config, states.get(EVENTS, {}), clock)
        if set(names) - {EVENTS}:
            yield from reader.read(client, config, names, states, clock, overwritten)
        if EVENTS in names:
            yield from happened


def _columns(config: Config, connect: Connect) -> Sequence[int]:
    if not config.segments:
        return ()
    with closing(connect(config)) as client:
        return select(config.segments, client.segments(), {}).ids


def _stream(stream: Stream) -> Json:
    described = {
        "name": stream.name,
        "json_schema": stream.json_schema,
        "supported_sync_modes": list(stream.sync_modes),
        "source_defined_primary_key": [[field] for field in stream.primary_key],
    }
    if stream.cursor_field is None:
        return {**described, "is_resumable": False}
    cursor = {"source_defined_cursor": True, "default_cursor_field": [stream.cursor_field]}
    return {**described, **cursor, "is_resumable": True}
