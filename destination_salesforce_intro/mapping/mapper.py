"""From records to changes: every mapping of a record's stream has its say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Map
from collections.abc import Sequence

from destination_salesforce_intro.changes import Change, Records, Refused
from destination_salesforce_intro.config import Mapping
from destination_salesforce_intro.kinds import Kind, build
from destination_salesforce_intro.org.schema import ObjectSchema


class Mapper:
    """All mappings, compiled. ``kinds[change.mapping]`` is the one that a change belongs to.

    Args:
        mappings: As configured.
        schemas: An entry for each object that ``kinds.objects`` names.
        samples: Whether a first load may be told from a sample; a plan has to be exact.
    """

    def __init__(
        self, mappings: Sequence[Mapping], schemas: Map[str, ObjectSchema], *, samples: bool = True
    ) -> None:
        self.kinds: Sequence[Kind] = [
            build(place, mapping, schemas, samples=samples)
            for place, mapping in enumerate(mappings)
        ]
        self._by_stream = defaultdict[str, list[Kind]](list)
        for mapping, kind in zip(mappings, self.kinds, strict=True):
            self._by_stream[mapping.stream].append(kind)

    @property
    def streams(self) -> frozenset[str]:
        """The streams that have a mapping."""
        return frozenset(self._by_stream)

    def changes(self, records: Records) -> list[Change | Refused]:
        """Return what *records* want of Salesforce, mapping by mapping.

        Nothing, where they are of no concern to any mapping of their stream (a segment no one
        lists).
        """
        kinds = self._by_stream.get(records.stream, ())
        return [change for kind in kinds for change in kind.changes(records.received)]
