"""Which segments are read, and when."""

from __future__ import annotations

import pytest

from source_customerio_segments.changes import Segment
from source_customerio_segments.config import Cadence
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.segments.schedule import MINUTE_MS, intervals, is_due
from source_customerio_segments.segments.selection import Selection, named, select

NOW_MS = 1_795_662_000_000


def listed(**names: str) -> list[Segment]:
    return [Segment(int(key[1:]), name, "finished", {}) for key, name in names.items()]


def test_no_names_select_what_is_listed_and_what_was_known() -> None:
    selection = select([], listed(_7="Cart", _8="VIP"), {9: "Lapsed", 7: "Cart"})

    assert selection == Selection((7, 8, 9), frozenset({9}))


def test_ids_and_exact_names_select_each_segment_once() -> None:
    selection = select(["VIP", "7", "8"], listed(_7="Cart", _8="VIP", _9="vip"), {})

    assert selection == Selection((8, 7))


def test_a_name_of_earlier_syncs_still_selects() -> None:
    selection = select(["Old name", "Lapsed"], listed(_7="New name"), {7: "Old name", 9: "Lapsed"})

    assert selection == Selection((7, 9), frozenset({9}), {7: "Old name"})


@pytest.mark.parametrize(
    ("item", "names", "words"),
    [
        ("Nobody's", {"_7": "Cart"}, 'no segment with the id or exact name "Nobody\'s"'),
        ("Cart", {"_7": "Cart", "_8": "Cart"}, "any of the ids 7, 8"),
        ("8", {"_7": "8", "_8": "Cart"}, "any of the ids 7, 8"),
    ],
)
def test_what_names_no_segment_or_several_is_refused(
    item: str, names: dict[str, str], words: str
) -> None:
    with pytest.raises(ConnectorError, match=words) as refused:
        select([item], listed(**names), {})

    assert refused.value.fault is Fault.CONFIG


def test_a_rule_that_names_no_segment_is_passed_over() -> None:
    assert named(["Cart", "9", "nobody's"], {7: "Cart", 9: "VIP"}) == {7, 9}


def test_a_cadence_is_found_by_id_or_name() -> None:
    rules = [Cadence(segment="Cart", every_minutes=5), Cadence(segment="9", every_minutes=1440)]

    assert intervals(rules, {7: "Cart", 8: "VIP", 9: "Lapsed"}) == {7: 5, 9: 1440}


@pytest.mark.parametrize(
    ("every_minutes", "minutes_ago", "due"),
    [
        (0, [0], True),
        (0, [-60], True),
        (60, [30], False),
        (60, [58], True),
        (1440, [1439], True),
        (60, [30, 58], True),
        (60, [-5], True),
    ],
)
def test_a_segment_is_due_when_its_last_read_is_old_enough(
    every_minutes: int, minutes_ago: list[int], *, due: bool
) -> None:
    last_reads = [NOW_MS - minutes * MINUTE_MS for minutes in minutes_ago]

    assert is_due(every_minutes, last_reads, NOW_MS) is due


def test_a_segment_that_a_stream_never_read_is_due() -> None:
    assert is_due(60, [NOW_MS, 0], NOW_MS)
