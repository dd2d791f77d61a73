"""One connection: its settings, the last states, the tables its records make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integration_tests.runner import command
from integration_tests.soak import event_log
from integration_tests.soak.event_log import EVENTS
from integration_tests.soak.process import Cut, Output, run
from integration_tests.soak.truth import Membership
from integration_tests.soak.warehouse import (
    KEYS,
    MEMBERSHIPS,
    PROFILES,
    SEGMENTS,
    SYNCS,
    Row,
    Warehouse,
    is_nameless,
    is_present,
)

SOURCE = "source_customerio_segments"
STREAMS = (SEGMENTS, PROFILES, MEMBERSHIPS, EVENTS, SYNCS)


@dataclass(slots=True)
class Told:
    """What one sync told.

    Attributes:
        output: Every message, and how it ended.
        exits: Memberships reported as ended.
        profile_exits: People reported as gone, with the segments both streams told them in before.
        records: How many records of each stream.
        digests: Streams whose last state had digests in place of identifiers.
        asked: Exits of these, each with its stream: their identifiers had to be asked for.
        rows: ``segment_syncs`` by segment.
        segments: The ids of the stream ``segments``.
        wrong: What is wrong with single records and messages.
    """

    output: Output
    digests: Collection[str] = ()
    asked: list[tuple[str, Row]] = field(default_factory=list)
    exits: list[Membership] = field(default_factory=list)
    profile_exits: dict[str, Sequence[int]] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    rows: dict[int, Row] = field(default_factory=dict)
    segments: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether the sync ended well."""
        complete = dict.fromkeys(STREAMS, "COMPLETE")
        return self.output.exit_code == 0 and self.output.statuses() == complete


@dataclass
class Connection:
    """A source, what it was given, and what it has told.

    Args:
        settings: The configuration.
        folder: Where each sync's files are kept.
        by_id: The pages of members show no e-mail addresses.
        events: The events told so far.
        warehouse: The tables.
    """

    settings: Mapping[str, Any]
    folder: Path
    by_id: bool
    events: event_log.Told
    warehouse: Warehouse = field(default_factory=Warehouse)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ended_well: bool = True

    def sync(
        self, number: int, extra: Mapping[str, Any], cut: Cut | None, *, settled: bool
    ) -> Told:
        """Run one sync from the last states and take in all that it told.

        Args:
            number: Names the folder of its files.
            extra: Settings of this sync only.
            cut: Where it is ended from outside.
            settled: See `Warehouse.take`.
        """
        digests = [name for name in KEYS if self._form(name) == "digests"]
        told = Told(run(self._command(number, extra), self._place(number), cut), digests)
        for stream, data in told.output.records():
            self._take(told, stream, data, settled=settled)
        told.wrong += wrong_messages(told.output, str(self.settings["app_api_key"]))
        self.states |= dict(told.output.states())
        self._ended_well = told.is_whole
        return told

    def lose_state(self, stream: str) -> None:
        """Begin *stream* anew: no state, an empty table."""
        self.states.pop(stream, None)
        if stream in KEYS:
            self.warehouse.reset(stream)
        if stream == EVENTS:
            self.events.rows.clear()

    def _form(self, stream: str) -> str | None:
        state = self.states.get(stream)
        return state["stream"]["stream_state"]["form"] if state else None

    def _is_chained(self, stream: str, row: Row, *, settled: bool) -> bool:
        """Tell whether a record gives the identifiers that it changes (``docs/state.md``).

        Always while the state has identifiers, but for those that only attributes have when the
        last run died. With digests while nothing is open, but for people whom nobody knows.
        """
        if self._form(stream) == "digests":
            return settled and not is_nameless(row)
        return self._ended_well or not (self.by_id and stream == PROFILES)

    def _command(self, number: int, extra: Mapping[str, Any]) -> list[str]:
        catalog = {"streams": [{"stream": {"name": name}} for name in STREAMS]}
        state = [{"type": "STREAM", "stream": each["stream"]} for each in self.states.values()]
        files = {"config": {**self.settings, **extra}, "catalog": catalog, "state": state}
        return command(SOURCE, "read", self._place(number), **files)

    def _place(self, number: int) -> Path:
        place = self.folder / f"sync-{number:03}"
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _take(self, told: Told, stream: str, data: Row, *, settled: bool) -> None:
        told.records[stream] += 1
        if stream == SYNCS:
            told.rows[data["segment_id"]] = data
        elif stream == SEGMENTS:
            told.segments.append(data["id"])
        elif stream == EVENTS:
            told.wrong += self.events.take(data, settled=settled)
        else:
            self._note_exit(told, stream, data)
            chained = self._is_chained(stream, data, settled=settled)
            wrong = self.warehouse.take(stream, data, settled=settled, chained=chained)
            told.wrong += wrong

    def _note_exit(self, told: Told, stream: str, data: Row) -> None:
        if is_present(data):
            return
        if stream in told.digests:
            told.asked.append((stream, data))
        if stream == MEMBERSHIPS:
            told.exits.append((data["segment_id"], data["cio_id"]))
        else:
            told.profile_exits[data["cio_id"]] = self._told_in(data["cio_id"])

    def _told_in(self, cio_id: str) -> list[int]:
        """Return the segments that both streams last told a person in.

        A profile alone may be out of date: nobody can be read any more who was deleted.
        """
        tables = self.warehouse.tables
        row, members = tables[PROFILES].rows.get((cio_id,), {}), tables[MEMBERSHIPS].present()
        return [key for key in row.get("segment_ids", ()) if (key, cio_id) in members]


def wrong_messages(output: Output, secret: str) -> Iterator[str]:
    """Find states that repeat or miscount, and texts that tell too much."""
    last: dict[str, Any] = {}
    counts: Counter[str] = Counter()
    for message in output.messages:
        if message["type"] == "RECORD":
            counts[message["record"]["stream"]] += 1
        elif message["type"] == "STATE":
            yield from _wrong_state(message["state"], counts, last)
        elif secret in str(message) or "@" in str(message):
            yield "a log line or a trace holds the key or an e-mail address"
    if secret in output.stderr or "Traceback" in output.stderr:
        yield "stderr holds the key or a traceback"


def _wrong_state(
    state: Mapping[str, Any], counts: Counter[str], last: dict[str, Any]
) -> Iterator[str]:
    stream = state["stream"]["stream_descriptor"]["name"]
    if last.get(stream) == state["stream"]["stream_state"]:
        yield f"{stream}: the same state twice in a row"
    last[stream] = state["stream"]["stream_state"]
    if counts.pop(stream, 0) != state["sourceStats"]["recordCount"]:
        yield f"{stream}: a state does not count the records before it"
