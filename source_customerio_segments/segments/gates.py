"""When exits are believed: from the facts of one read to a verdict. Pure.

Customer.io tells nobody that a person left; we conclude it from their absence. Absence has other
causes than leaving, and each of them holds the segment: entries and changes go out, exits do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# People come and go between the pages and the count; both are taken within a few seconds.
COUNT_TOLERANCE_PERCENT = 1
COUNT_TOLERANCE_PEOPLE = 2


class Hold(str, Enum):
    """Why exits are held back; the values appear in ``segment_syncs.held_reason``."""

    REBUILDING = "rebuilding"
    REDEFINED = "redefined"
    NOT_LISTED = "not_listed"
    COUNT = "count_disagrees"
    MASS_EXIT = "mass_exit"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one segment when its exits are judged.

    Attributes:
        finished: Its state was ``finished`` before and after the pages were read.
        redefined: Its conditions changed while the pages were read.
        listed: It was still listed afterwards.
        reported: What ``customer_count`` said after the last page.
        read: How many members the pages held.
        before: How many members were known.
        exits: How many of those were not read.
        released: The operator named it in ``release_segments``.
    """

    finished: bool
    redefined: bool
    listed: bool
    reported: int
    read: int
    before: int
    exits: int
    released: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings ``max_exit_percent`` and ``max_exit_minimum``."""

    percent: float
    minimum: int


def judge(facts: Facts, limits: Limits) -> Hold | None:
    """Return why the exits of a segment are held, or None when they are believed.

    A release by the operator overrides what only looks wrong (count, mass exit), never what is
    known to be incomplete.
    """
    if not facts.listed:
        return Hold.NOT_LISTED
    if not facts.finished:
        return Hold.REBUILDING
    if facts.redefined:
        return Hold.REDEFINED
    return None if facts.released else _suspicion(facts, limits)


def _suspicion(facts: Facts, limits: Limits) -> Hold | None:
    if not agrees(facts.read, facts.reported):
        return Hold.COUNT
    many = facts.exits >= limits.minimum and facts.exits > 0
    if many and facts.exits * 100 > facts.before * limits.percent:
        return Hold.MASS_EXIT
    return None


def agrees(read: int, reported: int) -> bool:
    """Tell whether a count agrees with the number read: within 1 %, or two people if that is more.

    Nobody read where somebody is reported never agrees.
    """
    if not read and reported:
        return False
    tolerance = max(COUNT_TOLERANCE_PEOPLE, reported * COUNT_TOLERANCE_PERCENT / 100)
    return abs(read - reported) <= tolerance


def advice(hold: Hold) -> str:
    """Say in a sentence why exits are held and what releases them."""
    return _ADVICE[hold]


_ADVICE = {
    Hold.REBUILDING: (
        "Customer.io had not finished working out its members; the exits go out after a sync that "
        "finds it finished"
    ),
    Hold.REDEFINED: (
        "its conditions were edited during the read; the exits go out with the next sync"
    ),
    Hold.NOT_LISTED: (
        "it was archived or deleted during the read; set on_segment_gone to exit_all if its "
        "members are to leave"
    ),
    Hold.COUNT: (
        "the number of members read does not agree with customer_count; if this persists, name "
        "it in release_segments to let its exits out"
    ),
    Hold.MASS_EXIT: (
        "it lost more of its members than max_exit_percent allows in one sync; if that is right, "
        "name it in release_segments to let its exits out"
    ),
}
