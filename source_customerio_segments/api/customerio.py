"""What the reader needs of Customer.io; ``client`` does it over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from source_customerio_segments.changes import Activity, Page, Profile, Segment


class Customerio(Protocol):
    """The App API, as far as it is read. Every method may raise ``ConnectorError``."""

    def segments(self) -> list[Segment]:
        """List the segments; archived ones are not listed."""

    def membership(self, segment_id: int) -> Iterator[Page]:
        """Yield the members of a segment; ends only after the last page has been read.

        Raises:
            SegmentGone: Customer.io knows no such segment.
        """

    def customer_count(self, segment_id: int) -> int:
        """Return how many people Customer.io counts in a segment.

        Raises:
            SegmentGone: Customer.io knows no such segment.
        """

    def attributes(
        self, batches: Iterable[Sequence[str]]
    ) -> Iterator[tuple[Sequence[str], list[Profile]]]:
        """Read the attributes of people, at most 100 cio_ids a batch, in the order of *batches*.

        People whom Customer.io does not know any more are left out.
        """

    def activities(self, kind: str, name: str | None = None) -> Iterator[list[Activity]]:
        """Yield the pages of the activity log of one kind, newest first.

        *name* is an event's, or the attribute that an ``attribute_change`` is about.
        """
