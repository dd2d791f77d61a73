"""The rejected records of a round: those that are in the folder, and those that may be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Item


class Rejected:
    """The rejected records of one folder.

    Args:
        folder: ``object_storage_config``; it need not exist.
        mappings: As in the settings.
    """

    def __init__(self, folder: Path, mappings: Iterable[Json]) -> None:
        self._folder = folder
        self._mappings = list(mappings)
        self.allowed: set[str] = set()

    def name(self, place: int, item: Item) -> str:
        """Name the line that *item* must have when the mapping at *place* refuses it."""
        mapping = self._mappings[place]
        kind = mapping["kind"]
        about = "CampaignMember" if kind == "campaign_member" else mapping["object"]
        return _name(item.stream, kind, about, item.data)

    def allow_all(self, items: Iterable[Item]) -> None:
        """Let *items* be there: what becomes of them is open."""
        self.allowed |= {
            self.name(place, item)
            for item in items
            for place, mapping in enumerate(self._mappings)
            if mapping["stream"] == item.stream
        }

    def lines(self) -> set[str]:
        """Read what is there of records that were told; a mirror's own exits have no times."""
        return {
            _name(line["stream"], line["kind"], line["object"], line["record"])
            for _, lines in self.files()
            for line in lines
            if "_ab_cdc_updated_at" in line["record"]
        }

    def files(self) -> Iterator[tuple[Path, list[Json]]]:
        """Read the files that were not replayed yet, in their order."""
        for path in sorted(self._folder.glob("rejected-*")):
            yield path, [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _name(stream: str, kind: str, about: str, data: Json) -> str:
    return json.dumps([stream, kind, about, data], sort_keys=True)
