"""What a mapping holds in the model org, as docs/mappings.md says, and who of it was not told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from integration_tests.soak_destination.model import MEMBER, ROW, Org, Record
from integration_tests.soak_destination.values import NOW, Json, folded
from integration_tests.soak_destination.wishes import Item, Wish, left, refers, wishes

Key = tuple[int, str, str | None]  # place of the rule, key, scope


def count(org: Org, mapping: Json) -> int:
    """Count the records that *mapping* holds."""
    return len({number for number, _ in _marks(org, mapping)})


def _marks(org: Org, mapping: Json) -> Iterator[tuple[int, Json]]:
    """Yield what is held: the number of a record, and the segment's entry where that matters."""
    kind, name = mapping["kind"], mapping.get("object", MEMBER)
    for number, record in list(org.records[name].items()):
        if kind == "record":
            first = mapping["identity"][0]["target"]
            held: list[Json] = [{}] if record.get(first) and not record.get("IsConverted") else []
        elif kind == "child_record":
            held = [{}] if record.get("Key__c") and record.get("Active__c") else []
        else:
            held = [entry for entry in mapping["segments"] if _is_marked(mapping, entry, record)]
        yield from ((number, entry) for entry in held)


def _is_marked(mapping: Json, entry: Json, record: Record) -> bool:
    if mapping["kind"] == "flag":
        return bool(record.get(entry["field"]))
    if mapping["kind"] == "multi_select":
        return entry["value"] in (record.get(mapping["field"]) or "").split(";")
    return bool(record["campaign"] == entry["campaign"])


def told(place: int, mapping: Json, items: Sequence[Item]) -> set[Key]:
    """Return every key under which *items* tell of somebody who is there."""
    return {
        (rule, key, wish.scope)
        for item in items
        if item.stream == mapping["stream"]
        for wish in wishes(place, mapping, item, checks=False)
        if not wish.is_exit
        for rule, key in enumerate(wish.keys)
        if key is not None
    }


def gone(org: Org, place: int, mapping: Json, items: Sequence[Item]) -> list[Wish]:
    """Return the exits that a mirror makes: of what is held and was not told by *items*."""
    seen = told(place, mapping, items)
    segments = {item.data["segment_id"] for item in items if item.stream == "segment_memberships"}
    return [
        wish
        for number, entry in _marks(org, mapping)
        for wish in _exits(org, place, mapping, (number, entry), segments)
        if not _is_known(wish, seen)
    ]


def _is_known(wish: Wish, seen: Collection[Key]) -> bool:
    return any((rule, key, wish.scope) in seen for rule, key in enumerate(wish.keys))


def _exits(
    org: Org, place: int, mapping: Json, mark: tuple[int, Json], segments: Collection[int]
) -> list[Wish]:
    number, entry = mark
    if mapping["kind"] == "child_record":
        segment = org.records[ROW][number]["Key__c"].partition(":")[0]
        scope, is_told = segment, int(segment) in segments
        keys: tuple[str | None, ...] = (org.records[ROW][number]["Key__c"].lower(),)
    elif mapping["kind"] == "record":
        scope, is_told, keys = None, True, _keys(org, mapping, (mapping["object"], number))
    else:
        [segment] = [n for n in (7, 8, 9) if refers(entry, n)]
        scope, is_told = entry.get("campaign", str(segment)), segment in segments
        owner = org.records[MEMBER][number]["person"] if "campaign" in entry else None
        keys = _keys(org, mapping, owner or (mapping.get("object", ""), number))
    if not is_told or not any(keys):
        return []
    fields = left(mapping, entry)
    if "Active__c" in fields:
        fields["Exited_At__c"] = NOW
    who = f"{mapping.get('object')}/{number}"
    return [Wish(place, keys, ((),) * len(keys), scope, True, fields, None, (), who)]


def _keys(org: Org, mapping: Json, who: tuple[str, int]) -> tuple[str | None, ...]:
    record = org.records[who[0]][who[1]]
    return tuple(
        folded(rule["target"], record.get(rule["target"]))
        if rule.get("object") in (None, who[0])
        else None
        for rule in mapping["identity"]
    )
