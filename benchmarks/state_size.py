"""How large a state is, and how much time of one processor it takes to write and to read.

    python -m benchmarks.state_size            # the table of docs/state.md; about a minute
    python -m benchmarks.state_size 10000      # only these numbers of memberships

People are made up: names, numbers and domains drawn at random, ids that say nothing about the
e-mail address, cio_ids of one workspace with gaps. People of several segments are in two of ten, or
five of fifty.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

import numpy as np
import orjson

from source_customerio_segments.snapshot.members import About, Members
from source_customerio_segments.snapshot.memory import Snapshot
from source_customerio_segments.snapshot.people import People, distinct
from source_customerio_segments.state.codec import Encoder, decode

WORKSPACE, SHARDS, FIRST = 106_338, 14, 427_000
FIRST_NAMES = "ann bo carla dan eve farid grace hiro ines jose kim leo mei nia omar pia".split()  # noqa: SIM905 - a line
LAST_NAMES = "abebe brown costa dvorak garcia hughes ito jones kowal lee moore nguyen".split()  # noqa: SIM905 - a line
DOMAINS = ("example.com", "example.com", "mail.example.org", "example.net")
OVERLAP = {1: 1, 10: 2, 50: 5}  # segments a person is in, by number of segments
ALL_MEMBERSHIPS = (10_000, 100_000, 1_000_000)
MEGABYTES = (10_000.0, 0.000_001)  # allowed: with identifiers, with digests


class Row(NamedTuple):
    """One line of the table."""

    memberships: int
    segments: int
    form: str
    people: int
    size: int
    write_s: float
    read_s: float

    def __str__(self) -> str:
        return (
            f"| {self.memberships:,} | {self.segments} | {self.form} | {self.people:,} | "
            f"{self.size:,} | {self.size / self.people:.1f} | {self.size / self.memberships:.1f} | "
            f"{self.write_s:.2f} | {self.read_s:.2f} |"
        )


def main(counts: Sequence[int]) -> None:
    """Print the table in Markdown."""
    print("| memberships | segments | form | people | bytes | a person | a membership |", end="")
    print(" write, s | read, s |")
    print("|--:|--:|---|--:|--:|--:|--:|--:|--:|")
    for count in counts:
        for segments in OVERLAP:
            for row in _rows(count, segments):
                print(row, flush=True)


def _rows(memberships: int, segments: int) -> Iterator[Row]:
    people = memberships // OVERLAP[segments]
    snapshot = _snapshot(people, segments, memberships // segments)
    for megabytes in MEGABYTES:
        began = time.process_time()
        value = Encoder(megabytes).encode(snapshot)
        written = time.process_time()
        decode(value)
        read = time.process_time()
        size = len(orjson.dumps(value))
        yield Row(
            memberships, segments, value["form"], people, size, written - began, read - written
        )


def _snapshot(people: int, segments: int, members: int) -> Snapshot:
    random = Random(people + segments)  # noqa: S311 - made-up people
    table = _people(random, people)
    chosen = np.random.default_rng(segments)
    return Snapshot(
        table,
        {
            number + 1: _members(np.sort(chosen.choice(people, members, replace=False)))
            for number in range(segments)
        },
    )


def _people(random: Random, count: int) -> People:
    position = FIRST
    cio_ids, emails, ids = [], [], []
    for _ in range(count):
        position += random.randint(1, 5)
        cio_ids.append(_cio_id(WORKSPACE, position % SHARDS, position))
        name = f"{random.choice(FIRST_NAMES)}.{random.choice(LAST_NAMES)}"
        emails.append(f"{name}{random.randrange(10_000)}@{random.choice(DOMAINS)}")
        ids.append(f"u-{random.randrange(10_000, 10_000_000)}")
    people = People.of(cio_ids, emails, ids)
    return people.take(distinct(people.cio_ids)[0])


def _cio_id(*parts: int) -> str:
    return b"".join(map(_varint, parts)).hex()


def _varint(number: int) -> bytes:
    septets = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(septet | 0x80 for septet in septets[:-1]), septets[-1]])


def _members(places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Members:
    """Return members of whom a tenth entered in one of the last hundred hours."""
    entered_at = np.zeros(len(places), np.int64)
    entered_at[::10] = 1_795_662_000_000 + places[::10] % 100 * 3_600_000
    about = About("Lapsed - 180d", "74234e98afe7498f", 1_795_662_000_000)
    return Members(places, entered_at, np.zeros(len(places), np.bool_), about)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or ALL_MEMBERSHIPS)
