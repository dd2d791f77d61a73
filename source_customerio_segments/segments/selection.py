"""Which segments are read: from the names in the settings to ids. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from source_customerio_segments.changes import Segment
from source_customerio_segments.errors import ConnectorError, Fault


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected segments.

    Attributes:
        ids: All of them, in the order of the settings, or of the listing.
        gone: Those not listed any more, known from earlier syncs only.
        renamed: Those found by a name they no longer have: id to the name in the settings.
    """

    ids: tuple[int, ...]
    gone: frozenset[int] = frozenset()
    renamed: Mapping[int, str] = field(default_factory=dict)


def select(items: Sequence[str], listed: Sequence[Segment], known: Mapping[int, str]) -> Selection:
    """Resolve the setting ``segments``; empty means every listed segment and every known one.

    Args:
        items: Ids or exact names.
        listed: The segments Customer.io lists now.
        known: Segments read by earlier syncs: id to the name they had.

    Raises:
        ConnectorError: An item names no segment, or more than one.
    """
    listed_ids = [segment.id for segment in listed]
    if not items:
        ids = _once([*listed_ids, *known])
        return Selection(ids, frozenset(ids) - frozenset(listed_ids))
    found = {item: resolve(item, listed, known) for item in items}
    names = {segment.id: segment.name for segment in listed}
    renamed = {
        key: item
        for item, key in found.items()
        if key in names and item not in {names[key], str(key)}
    }
    ids = _once(found.values())
    return Selection(ids, frozenset(ids) - frozenset(listed_ids), renamed)


def resolve(item: str, listed: Sequence[Segment], known: Mapping[int, str]) -> int:
    """Return the id of the segment that *item* names: listed by id or name, else known so.

    Raises:
        ConnectorError: None does, or several do.
    """
    now = {segment.id: segment.name for segment in listed}
    matches = _matches(item, now) or _matches(item, known)
    if len(matches) == 1:
        return matches[0]
    if matches:
        ids = ", ".join(map(str, matches))
        raise ConnectorError(
            f'The segment "{item}" is ambiguous: it may be any of the ids {ids}. Put the id you '
            "mean into the settings in place of the name.",
            Fault.CONFIG,
        )
    raise ConnectorError(
        f'There is no segment with the id or exact name "{item}" in this workspace. Correct the '
        "settings; archived segments are not found.",
        Fault.CONFIG,
    )


def named(items: Iterable[str], names: Mapping[int, str]) -> frozenset[int]:
    """Return the ids of segments that *items* name; an item that names none is passed over."""
    return frozenset(key for item in items for key in _matches(item, names))


def _matches(item: str, names: Mapping[int, str]) -> list[int]:
    return [key for key, name in names.items() if item in {name, str(key)}]


def _once(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ids))
