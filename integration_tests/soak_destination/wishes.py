"""What a record asks of the org, by one mapping: the oracle's own reading of the documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from integration_tests.soak_destination.values import (
    BOOLEANS,
    SEGMENTS,
    BadValueError,
    Json,
    fill,
    folded,
    instant,
    key,
)


class Item(NamedTuple):
    """A record on its way: its number in the run, its stream and data."""

    number: int
    stream: str
    data: Json


@dataclass(frozen=True)
class Wish:
    """What one or more records of a person want; *before* are keys they had, earliest first."""

    mapping: int
    keys: tuple[str | None, ...]
    before: tuple[tuple[str, ...], ...]
    scope: str | None
    is_exit: bool
    fields: Json
    when: int | None
    items: tuple[Item, ...]
    person: str  # who it really is, whatever the keys say

    @property
    def who(self) -> tuple[int, str, str | None]:
        """Name what the wishes are about that count as their net effect."""
        return self.mapping, self.person, self.scope


class RefusedError(Exception):
    """The record is refused as it is."""


def wishes(place: int, mapping: Json, item: Item, *, checks: bool = True) -> list[Wish]:
    """Read what *item* asks for; nothing, if it is about a segment the mapping does not name.

    Raises:
        RefusedError: The record is refused; for its values only if *checks*.
    """
    if mapping["kind"] == "record":
        return [_record(place, mapping, item, checks=checks)]
    if mapping["kind"] == "child_record":
        return [_child(place, mapping, item)] if _is_listed(mapping, item) else []
    return [
        _membership(place, mapping, item, entry)
        for entry in mapping["segments"]
        if refers(entry, item.data["segment_id"])
    ]


def refers(entry: Json, segment: int) -> bool:
    """Whether an entry of a mapping, by id or by name, is about *segment*."""
    return entry["segment"] in (segment, SEGMENTS[segment])


def _is_listed(mapping: Json, item: Item) -> bool:
    named = {item.data["segment_id"], item.data["segment_name"]}
    return not mapping.get("segments") or bool(named & set(mapping["segments"]))


def _is_exit(item: Item) -> bool:
    return bool(item.data.get("_ab_cdc_deleted_at"))


def _when(item: Item) -> int | None:
    value = item.data.get("changed_at") or item.data.get("updated_at")
    return instant(value) if value else None


def _record(place: int, mapping: Json, item: Item, *, checks: bool) -> Wish:
    keys, before, stamps = _identity(mapping["identity"], item.data)
    if _is_exit(item):
        fields = left(mapping, {})
    else:
        fields = {**stamps, **(_filled(mapping, item) if checks else {})}
    clock, when = mapping.get("changed_at_field"), _when(item)
    if clock and when is not None:
        fields[clock] = when
    who = item.data["cio_id"]
    return Wish(place, keys, before, None, _is_exit(item), fields, when, (item,), who)


def _filled(mapping: Json, item: Item) -> Json:
    try:
        return fill(mapping, item.data)
    except BadValueError:
        raise RefusedError from None


def left(mapping: Json, entry: Json) -> Json:
    """Return what an exit writes; *entry* is the segment's, where the mapping lists segments."""
    if mapping["kind"] == "flag":
        return {entry["field"]: False}
    if mapping["kind"] == "multi_select":
        return {mapping["field"]: entry["value"]}
    on_exit = mapping["on_exit"]
    if on_exit["action"] == "deactivate":
        return {"Active__c": False}
    if on_exit["action"] == "clear":
        return {name: False if name in BOOLEANS else None for name in on_exit["fields"]}
    return dict(on_exit.get("values", {}))


def _identity(
    rules: Sequence[Json], data: Json
) -> tuple[tuple[str | None, ...], tuple[tuple[str, ...], ...], Json]:
    values = [key(rule, data.get(rule["source"])) for rule in rules]
    keys = tuple(folded(r["target"], v) for r, v in zip(rules, values, strict=True))
    if not any(keys):
        raise RefusedError
    stamps = {r["target"]: v for r, v in zip(rules, values, strict=True) if v is not None}
    before = []
    for rule, now in zip(rules, keys, strict=True):
        was = folded(rule["target"], key(rule, data.get(f"previous_{rule['source']}")))
        before.append((was,) if was is not None and was != now else ())
    return keys, tuple(before), stamps


def _membership(place: int, mapping: Json, item: Item, entry: Json) -> Wish:
    keys, before, _ = _identity(mapping["identity"], item.data)
    gone, scope = _is_exit(item), entry.get("campaign", str(item.data["segment_id"]))
    fields = left(mapping, entry) if gone else _entered(mapping, entry)
    return Wish(
        *(place, keys, before, scope, gone, fields, _when(item), (item,), item.data["cio_id"])
    )


def _entered(mapping: Json, entry: Json) -> Json:
    if mapping["kind"] == "flag":
        return {entry["field"]: True}
    if mapping["kind"] == "multi_select":
        return {mapping["field"]: entry["value"]}
    return {"Status": mapping["status"]} if "status" in mapping else {}


def _child(place: int, mapping: Json, item: Item) -> Wish:
    data = item.data
    keys, before, _ = _identity(mapping["person"]["identity"], data)
    row = f"{data['segment_id']}:{data['cio_id']}"
    if _is_exit(item):
        fields: Json = {"Active__c": False, "Exited_At__c": instant(data["exited_at"])}
    else:
        fields = {
            "Key__c": row,
            "Segment_Id__c": str(data["segment_id"]),
            "Segment_Name__c": data["segment_name"],
            "Active__c": True,
            "Exited_At__c": None,
        }
        if data["entered_at"]:
            fields["Entered_At__c"] = instant(data["entered_at"])
    known = ((row.lower(), *keys), ((), *before), str(data["segment_id"]))
    return Wish(place, *known, _is_exit(item), fields, _when(item), (item,), data["cio_id"])


def net(wanted: Iterable[Wish]) -> list[Wish]:
    """Reduce the wishes of one person, in any order, to an exit, a wish, or an exit and a wish."""
    left: list[Wish] = []
    for wish in sorted(wanted, key=lambda w: w.when or 0):
        if wish.is_exit:
            left = [_joined_with(left, wish)]
        elif left and not left[-1].is_exit:
            merged = _joined_with(left[-1:], wish)
            left[-1] = replace(merged, fields={**left[-1].fields, **wish.fields})
        else:
            left.append(wish)
    return left


def _joined_with(earlier: Sequence[Wish], last: Wish) -> Wish:
    everything = [*earlier, last]
    keys = tuple(
        next((w.keys[i] for w in reversed(everything) if w.keys[i] is not None), None)
        for i in range(len(last.keys))
    )
    return replace(
        last,
        keys=keys,
        before=tuple(_before(everything, i, now) for i, now in enumerate(keys)),
        items=tuple(item for w in everything for item in w.items),
    )


def _before(everything: Sequence[Wish], place: int, now: str | None) -> tuple[str, ...]:
    former = [was for w in everything for was in (*w.before[place], w.keys[place])]
    return tuple(dict.fromkeys(was for was in former if was not in (None, now)))
