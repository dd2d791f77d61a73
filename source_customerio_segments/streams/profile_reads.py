"""Reading the attributes of people whose identifiers are known from segments. No I/O of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from source_customerio_segments.api.customerio import Customerio
from source_customerio_segments.changes import Profile
from source_customerio_segments.snapshot.columns import Places, blocks
from source_customerio_segments.snapshot.people import Identity, People
from source_customerio_segments.snapshot.persons import Person, before, person

BATCH_PEOPLE = 100  # "App API reference, customers": the most one request may ask for


@dataclass(frozen=True, slots=True)
class Found:
    """A person whose attributes were read.

    Attributes:
        place: Their place in the table of people.
        cio_id: Their cio_id.
        announced: The identifiers known from segments, or told before where those show none.
        before: The identifiers before those, or ``NOT_KNOWN``.
        profile: The attributes, with identifiers as they are by now.
        segment_ids: The selected segments they are in.
    """

    place: int
    cio_id: str
    announced: Identity
    before: Identity
    profile: Profile
    segment_ids: list[int]

    @property
    def current(self) -> Identity:
        """The identifiers by now."""
        return Identity(self.profile.email or None, self.profile.id or None)

    @property
    def filled(self) -> Identity:
        """The announced identifiers, gaps filled from the profile: a gap is no contradiction."""
        return self.announced.filled(self.current)

    @property
    def is_corrected(self) -> bool:
        """Whether an identifier is another one by now, or gone."""
        return self.filled != self.current

    def as_announced(self) -> Person:
        """Name the person as announced, gaps filled from the profile."""
        return person(self.cio_id, self.filled, self.before)

    def as_corrected(self) -> Person:
        """Name the person as they are by now, once the announced identifiers have been told."""
        if self.is_corrected:
            return person(self.cio_id, self.current, self.announced)
        return self.as_announced()._replace(previous_email=None, previous_id=None)


def read(
    client: Customerio,
    people: People,
    was: People,
    places: Places,
    segments_of: Callable[[Places], list[list[int]]],
) -> Iterator[Found]:
    """Yield the people at *places* that Customer.io still knows, in that order.

    Raises:
        ConnectorError: A batch cannot be read.
    """
    batches = [places[part] for part in blocks(len(places), BATCH_PEOPLE)]
    answers = client.attributes(people.take(batch).names() for batch in batches)
    for batch, (_, profiles) in zip(batches, answers, strict=True):
        block = people.take(batch)
        by_cio_id = {each.cio_id: each for each in profiles}
        columns = (block.names(), block.identities(), before(was, block), segments_of(batch))
        for place, name, *known, ids in zip(batch.tolist(), *columns, strict=True):
            if name in by_cio_id:
                yield Found(place, name, known[0], known[1], by_cio_id[name], ids)
