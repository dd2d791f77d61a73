"""The three files that a runner hands over: settings, catalog, state. Pure.

What they must not contain is told in words that quote nothing of them: one holds the key, another
everybody's e-mail address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from source_customerio_segments.errors import ConnectorError, Fault


def parse(content: bytes, what: str) -> Any:
    """Decode JSON; *what* names the file in the message ("configuration", "catalog", "state").

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


def configured_streams(parsed: Any, available: Sequence[str]) -> list[str]:
    """Return the names of the streams to read, in the catalog's order, each once.

    The catalog is Airbyte's: ``{"streams": [{"stream": {"name": "profiles", …}, …}]}``.

    Raises:
        ConnectorError: It is none, or it names a stream that this source does not have.
    """
    try:
        names = list(dict.fromkeys(str(each["stream"]["name"]) for each in parsed["streams"]))
    except (KeyError, TypeError):
        raise ConnectorError(_NO_CATALOG, Fault.CONFIG) from None
    unknown = [name for name in names if name not in available]
    if unknown:
        raise ConnectorError(
            f"The catalog asks for {', '.join(unknown)}, which this source does not have. "
            f"It has {', '.join(available)}: refresh the schema of the connection.",
            Fault.CONFIG,
        )
    return names


def overwritten_streams(parsed: Any) -> frozenset[str]:
    """Return the names of the streams whose records replace what the destination holds.

    Args:
        parsed: A configured catalog that `configured_streams` has found in order.
    """
    return frozenset(
        str(each["stream"]["name"])
        for each in parsed["streams"]
        if str(each.get("destination_sync_mode", "")).startswith("overwrite")
    )


def stream_states(parsed: Any) -> dict[str, Mapping[str, Any]]:
    """Return the state of each stream that has one.

    The file holds a list of Airbyte state messages, bare or as the source wrote them::

        [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "profiles"},
                                       "stream_state": {"version": 1, …}}}]

    Nothing, ``{}`` and an empty ``stream_state`` all mean that there is none yet.

    Raises:
        ConnectorError: It is something else.
    """
    if not parsed:
        return {}
    try:
        both = [_stream_state(item.get("state", item)) for item in parsed]
    except (AttributeError, KeyError, TypeError):
        raise ConnectorError(_NO_STATE, Fault.CONFIG) from None
    return {name: state for name, state in both if state}


def _stream_state(item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    stream = item["stream"]
    state = stream.get("stream_state") or {}
    if not isinstance(state, dict):
        raise TypeError
    return str(stream["stream_descriptor"]["name"]), state


_NO_CATALOG = (
    "The catalog file does not hold a configured Airbyte catalog: discover gives the streams, "
    "and each is wrapped as {'stream': …, 'sync_mode': …, 'destination_sync_mode': …}."
)
_NO_STATE = (
    "The state file does not hold a list of Airbyte state messages, one per stream, as this "
    "source emits them. Give the states of the last sync, or none to begin anew."
)
