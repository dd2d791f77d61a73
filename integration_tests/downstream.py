"""What a warehouse would hold of the source's records, and one connection's life.

The source runs in this process with a clock that runs by being looked at, so that waits and the
rate limit cost no time; everything else, HTTP included, is real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from sandbox.serve import Running
from source_customerio_segments import run as entry_point
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.output import Output

STREAMS = ("segments", "profiles", "segment_memberships")

Member = tuple[int, str]


class Downstream:
    """One connection: the settings, the last states, and the latest record by key.

    Attributes:
        states: The state of each stream as it came last.
        members: Who is in what by the records, and under which e-mail.
        profiles: Who is in the audience by the records.
        exits: Who left what by the records of the last sync.
    """

    def __init__(self, sandbox: Running, folder: Path, **settings: Any) -> None:
        self.sandbox = sandbox
        self.states: dict[str, Any] = {}
        self.members: dict[Member, str | None] = {}
        self.profiles: set[str] = set()
        self.exits: set[Member] = set()
        self._folder = folder
        self._settings = settings

    def sync(self, lines: int | None = None) -> int:
        """Run the source, take in what it says (the first *lines* only), return its exit code."""
        out = BytesIO()
        self.exits = set()
        quick = partial(CustomerioClient, clock=partial(next, count()), sleep=lambda _: None)
        with patch.object(entry_point, "CustomerioClient", quick):
            code = entry_point.run(entry_point._arguments(self._command()), Output(out))
        for line in out.getvalue().splitlines()[:lines]:
            self._take(orjson.loads(line))
        return code

    def truth(self) -> dict[Member, str | None]:
        """Ask the sandbox what `members` should be."""
        truth = self.sandbox.customerio_control.truth()
        return {
            (int(key), cio_id): truth["people"][cio_id]["email"]
            for key, cio_ids in truth["segments"].items()
            for cio_id in cio_ids
        }

    def _take(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "STATE":
            state = message["state"]
            self.states[state["stream"]["stream_descriptor"]["name"]] = state
        elif message["type"] == "RECORD":
            self._keep(message["record"]["stream"], message["record"]["data"])

    def _keep(self, stream: str, data: Mapping[str, Any]) -> None:
        here = data.get("_ab_cdc_deleted_at") is None
        if stream == "profiles":
            (self.profiles.add if here else self.profiles.discard)(data["cio_id"])
        elif stream == "segment_memberships":
            key = (data["segment_id"], data["cio_id"])
            if here:
                self.members[key] = data["email"]
            else:
                self.members.pop(key, None)
                self.exits.add(key)

    def _command(self) -> list[str]:
        at = {"app_api_key": self.sandbox.app_api_key, "api_url": self.sandbox.customerio}
        files = {
            "config": {**at, **self._settings},
            "catalog": {"streams": [{"stream": {"name": name}} for name in STREAMS]},
            "state": list(self.states.values()),
        }
        return ["read", *(part for each in files.items() for part in self._file(*each))]

    def _file(self, name: str, content: object) -> Iterator[str]:
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(content))
        yield from (f"--{name}", str(path))
