"""Whole syncs in this process, against a sandbox on loopback, without waiting."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from destination_salesforce_intro import commands, protocol
from destination_salesforce_intro.assembly import World, connect
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.inputs import StreamMode
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.salesforce.client import SalesforceClient
from sandbox.serve import Running

NOW_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z
INSTANT = World(now=lambda: NOW_S, sleep=lambda _seconds: None, new_id=lambda: "run1")

CONTACTS: dict[str, Any] = {
    "stream": "profiles",
    "kind": "record",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "fields": [
        {"source": "name", "target": "LastName"},
        {"source": "email", "target": "Email"},
        {"source": "plan", "target": "Plan__c"},
        {"source": "vip", "target": "Is_VIP__c"},
    ],
    "on_exit": {"action": "clear", "fields": ["Plan__c"]},
}


def auth_of(box: Running, flow: str = "refresh_token") -> dict[str, Any]:
    return {"type": flow, **box.salesforce_auth[flow]}


def settings(box: Running, *mappings: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "auth": auth_of(box),
        "login_url": box.salesforce,
        "mappings": list(mappings or [CONTACTS]),
        **others,
    }


def client_of(box: Running, **others: Any) -> SalesforceClient:
    config = Config.parse(settings(box, **others))
    return connect(config, Output(io.BytesIO()), INSTANT)


def record(stream: str = "profiles", **data: Any) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}


def person(number: int, **data: Any) -> dict[str, Any]:
    return record(cio_id=f"p{number}", name=f"N{number}", **data)


def gone(number: int) -> dict[str, Any]:
    return record(cio_id=f"p{number}", _ab_cdc_deleted_at="2026-01-01T00:00:00Z")


def state(number: int, stream: str = "profiles") -> dict[str, Any]:
    descriptor = {"name": stream}
    inner = {"stream_descriptor": descriptor, "stream_state": {"n": number}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": inner, "id": number}}


@dataclass
class Synced:
    """What a sync said, and how it ended."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    error: ConnectorError | None = None

    @property
    def acknowledged(self) -> list[int]:
        return [m["state"]["id"] for m in self.messages if m["type"] == "STATE"]

    @property
    def counts(self) -> list[tuple[float, float]]:
        """Records stored and refused, for each STATE that came back."""
        stats = [m["state"]["destinationStats"] for m in self.messages if m["type"] == "STATE"]
        return [(s["recordCount"], s["rejectedRecordCount"]) for s in stats]

    @property
    def logs(self) -> str:
        return "\n".join(m["log"]["message"] for m in self.messages if m["type"] == "LOG")


def sync(
    box: Running,
    messages: Sequence[Mapping[str, Any] | bytes],
    *mappings: Mapping[str, Any],
    world: World = INSTANT,
    sync_mode: str = "append_dedup",
    is_incremental: bool = False,
    sync_id: str = "",
    **others: Any,
) -> Synced:
    """Write *messages* as a runner would; a failure is in the result, not raised."""
    config = Config.parse(settings(box, *mappings, **others))
    streams = [
        StreamMode(m.stream, sync_mode, is_incremental=is_incremental, sync_id=sync_id)
        for m in config.mappings
    ]
    lines = [m if isinstance(m, bytes) else orjson.dumps(m) for m in messages]
    file = io.BytesIO()
    output, result = Output(file), Synced()
    try:
        for message in commands.write(config, streams, lines, output, world):
            output.say(message)
    except ConnectorError as error:
        result.error = error
        output.say(protocol.failure(error, 0))
    result.messages = [orjson.loads(line) for line in file.getvalue().splitlines()]
    return result


def contacts(box: Running) -> dict[str, dict[str, Any]]:
    """The live Contacts by their Customer.io id; two with one id fail the test."""
    rows = box.salesforce_control.records("Contact")
    held = {row["CustomerIO_Id__c"]: row for row in rows}
    assert len(held) == len(rows), "duplicates"
    return held
