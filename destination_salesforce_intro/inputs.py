"""The files that a runner hands over: settings and catalog. Pure.

What they must not contain is told in words that quote nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from destination_salesforce_intro.errors import ConnectorError, Fault


class StreamMode(NamedTuple):
    """A stream of the configured catalog, and how it is to be written."""

    name: str
    sync_mode: str  # a destination sync mode: append, append_dedup, overwrite, …
    object_name: str = ""  # where the platform's data activation names one
    keys: tuple[str, ...] = ()  # columns of the primary key, nested ones with dots
    properties: tuple[str, ...] = ()  # top-level columns
    is_incremental: bool = False  # the source sends what changed, not all there is
    sync_id: str = ""  # the same for every attempt at one sync, where the runner gives one


def parse(content: bytes, what: str) -> Any:
    """Decode JSON; *what* names the file in the message ("configuration", "catalog").

    Raises:
        ConnectorError: It is not JSON.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ConnectorError(f"The {what} file is not JSON ({where}).", Fault.CONFIG) from None


def settings(parsed: Any) -> Mapping[str, Any]:
    """Return the settings, still unchecked.

    Raises:
        ConnectorError: It is not an object.
    """
    if not isinstance(parsed, dict):
        raise ConnectorError("The configuration file must hold a JSON object.", Fault.CONFIG)
    return parsed


def configured_streams(parsed: Any) -> list[StreamMode]:
    """Return the streams of an Airbyte configured catalog.

    It is ``{"streams": [{"stream": {"name": "profiles", …}, "destination_sync_mode": "append"}]}``;
    generation ids are read past: they never decide what is removed.

    Raises:
        ConnectorError: It is none.
    """
    try:
        return [_stream(each) for each in parsed["streams"]]
    except (KeyError, TypeError, AttributeError, IndexError):
        raise ConnectorError(
            "The catalog file does not hold a configured Airbyte catalog "
            '({"streams": [{"stream": {"name": …}, "destination_sync_mode": …}]}).',
            Fault.CONFIG,
        ) from None


def _stream(each: Mapping[str, Any]) -> StreamMode:
    schema = each["stream"].get("json_schema") or {}
    return StreamMode(
        name=str(each["stream"]["name"]),
        sync_mode=str(each.get("destination_sync_mode")),
        object_name=each.get("destination_object_name") or "",
        keys=tuple(".".join(path) for path in each.get("primary_key") or ()),
        properties=tuple(schema.get("properties") or ()),
        is_incremental=each.get("sync_mode") == "incremental",
        sync_id=str(each.get("sync_id") or ""),
    )


def require_mappings(streams: Iterable[StreamMode], mapped: Sequence[str]) -> None:
    """Refuse a catalog with a stream that no mapping is for.

    Raises:
        ConnectorError: CONFIG, naming the streams.
    """
    missing = [stream.name for stream in streams if stream.name not in mapped]
    if missing:
        raise ConnectorError(
            f"No mapping is for {_quoted(missing)} of this connection. Add a mapping to "
            '"mappings", or deselect the stream.',
            Fault.CONFIG,
        )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'the stream "{name}"' for name in names)
