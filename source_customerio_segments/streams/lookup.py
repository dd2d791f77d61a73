"""Identifiers that the state did not keep: asked for when people exit or change. No I/O of its own.

For a state with digests only (see ``state.codec``). Whoever still exists is read like everybody
else. Of a person who is gone, the activity log has the deletion or the merge, with identifiers;
of one who was renamed, it has what the attribute was before. Customer.io guarantees 30 days of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from source_customerio_segments.api.customerio import Customerio
from source_customerio_segments.api.wire import ACTIVITIES_PER_PAGE
from source_customerio_segments.changes import Activity
from source_customerio_segments.snapshot.columns import blocks
from source_customerio_segments.snapshot.people import Identity
from source_customerio_segments.streams.profile_reads import BATCH_PEOPLE

# "App API reference, activities": types that carry the identifiers of people who are gone.
DEPARTURES = ("profile_delete", "profile_merge")
RENAMING, RENAMED_FIELDS = "attribute_change", ("email", "id")
MAX_PAGES = 500  # of one log: a minute of requests
MAX_ACTIVITIES = MAX_PAGES * ACTIVITIES_PER_PAGE

Former = dict[str, list[str | None]]  # by field


@dataclass(slots=True)
class Identifiers:
    """What has been looked up in this sync, for all streams; null is what nobody knows."""

    client: Customerio
    _found: dict[str, Identity] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def of(self, cio_ids: Sequence[str]) -> dict[str, Identity]:
        """Return the last identifiers of those people of whom anybody knows any."""
        new = [cio_id for cio_id in cio_ids if cio_id not in self._asked]
        self._asked.update(new)
        batches = (new[part] for part in blocks(len(new), BATCH_PEOPLE))
        for _, profiles in self.client.attributes(batches):
            for each in profiles:
                self._found[each.cio_id] = Identity(each.email or None, each.id or None)
        self._departed({cio_id for cio_id in new if cio_id not in self._found})
        return {cio_id: self._found[cio_id] for cio_id in cio_ids if cio_id in self._found}

    def _departed(self, wanted: set[str]) -> None:
        for activity in chain.from_iterable(self._log(kind) for kind in DEPARTURES):
            if not wanted:
                return
            if activity.cio_id in wanted:
                wanted.remove(activity.cio_id)
                self._found[activity.cio_id] = Identity(activity.email, activity.customer_id)

    def before(self, cio_ids: Collection[str], since_s: int) -> dict[str, Former]:
        """Return what identifiers were changed from since *since_s*, newest first.

        Returns:
            For example ``{"a3": {"email": ["ann@example.com", None]}}``.
        """
        was: dict[str, Former] = {}
        for name in RENAMED_FIELDS if cio_ids else ():
            for activity in self._log(RENAMING, name):
                if activity.timestamp < since_s:
                    break
                change = activity.data.get(name)
                who = activity.cio_id
                if who is not None and who in cio_ids and isinstance(change, dict):
                    before = change.get("from") or None
                    was.setdefault(who, {}).setdefault(name, []).append(before)
        return was

    def _log(self, kind: str, name: str | None = None) -> Iterator[Activity]:
        return chain.from_iterable(islice(self.client.activities(kind, name), MAX_PAGES))
