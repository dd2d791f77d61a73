"""The runner's books: what was forwarded, what was acknowledged, and whether the two agree.

Rules of the platform (its StateEnricher, StateWithId and StateCheckSumCountEventHandler): every
STATE gets a whole-number ``id`` and ``sourceStats``; acknowledgements come back in the order of
their stream, each with the ``id`` it went out with, and ``recordCount`` plus
``rejectedRecordCount`` equals the records of that stream since its previous STATE.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

Json = dict[str, Any]


class Ledger:
    """Books of one sync. ``problems`` holds every breach of the protocol, in words."""

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        self.rejected = 0
        self.committed = 0
        self.acknowledged: dict[str, Json] = {}
        self.acks = 0
        self.states = 0
        self.problems: list[str] = []
        self._since_state: Counter[str] = Counter()
        self._waiting: dict[str, list[tuple[int, int, Json]]] = {}

    def record(self, message: Json) -> None:
        """Count one RECORD on its way to the destination."""
        stream = message["record"]["stream"]
        self.records[stream] += 1
        self._since_state[stream] += 1

    def stamp(self, message: Json) -> Json:
        """Give a STATE its ``id`` and ``sourceStats``, and expect its acknowledgement."""
        stream = _stream(message)
        count = self._since_state.pop(stream, 0)
        claimed = message["state"].get("sourceStats", {}).get("recordCount")
        if claimed is not None and claimed != count:
            self.problems.append(f"{stream}: source claims {claimed} records, {count} came")
        self.states += 1
        stamped = {**message["state"], "id": self.states, "sourceStats": {"recordCount": count}}
        self._waiting.setdefault(stream, []).append((self.states, count, stamped))
        return {"type": "STATE", "state": stamped}

    def acknowledge(self, message: Json) -> None:
        """Take a STATE back from the destination and keep it as the state to start from next."""
        state, stream = message["state"], _stream(message)
        waiting = self._waiting.get(stream) or []
        if not waiting:
            self.problems.append(f"{stream}: a STATE came back that was never sent")
            return
        number, count, sent = waiting.pop(0)
        self._compare(stream, number, count, sent, state)
        self.acks += 1
        self.acknowledged[stream] = {"type": "STREAM", "stream": state["stream"]}

    def _compare(self, stream: str, number: int, count: int, sent: Json, state: Json) -> None:
        if state.get("id") != number:
            self.problems.append(f"{stream}: expected id {number}, got {state.get('id')}")
        stats = state.get("destinationStats") or {}
        written, rejected = stats.get("recordCount", 0), stats.get("rejectedRecordCount", 0)
        self.committed += int(written)
        self.rejected += int(rejected)
        if written + rejected != count:
            self.problems.append(f"{stream}: {count} sent, {written} + {rejected} accounted for")
        if {k: v for k, v in state.items() if k != "destinationStats"} != sent:
            self.problems.append(f"{stream}: STATE {number} did not come back as it went")

    @property
    def unacknowledged(self) -> int:
        """STATEs sent and not (yet) come back."""
        return sum(len(waiting) for waiting in self._waiting.values())

    @property
    def state_file(self) -> list[Json]:
        """What the next ``read --state`` starts from: the last acknowledged state per stream."""
        return list(self.acknowledged.values())


def _stream(message: Json) -> str:
    return str(message["state"]["stream"]["stream_descriptor"]["name"])
