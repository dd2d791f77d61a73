"""Changes that found the same record by the same key: one write instead of one round each.

Ten people who share an e-mail that is an identity rule, or five segments of one person, would
otherwise take ten or five rounds, since no round writes a record twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce

from destination_salesforce_intro.changes import Change
from destination_salesforce_intro.org.lookup import Match
from destination_salesforce_intro.writing.merging import in_time, person

Join = Callable[[Change, Change], Change]


def together(matches: Sequence[Match], join: Join, of: tuple[type, ...]) -> list[Match]:
    """Join the changes of *matches* that found one record by one key, entries apart from exits.

    Only changes *of* these types are joined, and only the single change of a person: an exit and a
    return have their order to keep. *join* is given two changes, the earlier first (by
    ``changed_at`` where both have one). A joined change stands where the first of its changes
    stood. Changes that a former key found stay alone: they have to leave it first.
    """
    if not any(match.found for match in matches):
        return list(matches)
    times = Counter(person(match.change) for match in matches)
    groups: dict[object, list[Match]] = {}
    for place, match in enumerate(matches):
        is_single = isinstance(match.change, of) and times[person(match.change)] == 1
        groups.setdefault((_common(match) if is_single else None) or place, []).append(match)
    return [_one(group, join) for group in groups.values()]


def _common(match: Match) -> object:
    """Return what the matches to be joined have in common; None if *match* has to stay alone."""
    if not match.found or match.moved or match.rule is None:
        return None
    key = match.change.identity.keys[match.rule]
    return type(match.change), match.rule, key, tuple(found.id for found in match.found)


def _one(group: Sequence[Match], join: Join) -> Match:
    if len(group) == 1:
        return group[0]
    changes = in_time([match.change for match in group])
    return group[0]._replace(change=reduce(join, changes))
