"""What the org must hold after each window of messages, and which records must be refused.

One change after the other, in the order of their times, against a model of a few hundred records:
slow and plain. A window is what lies between two STATEs; the documents say that changes of one
person within it count as their net effect, exits first, then mappings by priority.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Literal

from integration_tests.soak_destination.model import MEMBER, PEOPLE, ROW, Org, person
from integration_tests.soak_destination.values import Json, folded
from integration_tests.soak_destination.wishes import Item, RefusedError, Wish, net, wishes

Verdict = Literal["done", "refused", "waits"]
FORBIDDEN = "Forbidden"  # last names that a trigger of the org refuses


class Oracle:
    """The truth about one run of the destination.

    Args:
        org: What the org holds; it is changed.
        mappings: As in the settings.
        waiting: What an earlier run got acknowledged and this one cannot know to be written.
    """

    def __init__(self, org: Org, mappings: Sequence[Json], waiting: Sequence[Wish] = ()) -> None:
        self.org = org
        self.refused: list[tuple[int, Item]] = []  # by mapping
        self._mappings = mappings
        self._waiting = list(waiting)
        self._drained: dict[tuple[Any, ...], int] = {}
        places = range(len(mappings))
        self._order = sorted(
            places,
            key=lambda i: (mappings[i].get("priority", 100), mappings[i]["kind"] != "record"),
        )
        self._gains_people = any(
            m["kind"] == "record" and m.get("operation") != "update" for m in mappings
        )
        self._apply: dict[str, Callable[[Json, Wish], Verdict]] = {
            "record": self._record,
            "flag": self._person_field,
            "multi_select": self._person_field,
            "campaign_member": self._member,
            "child_record": self._child,
        }

    @property
    def is_settled(self) -> bool:
        """Whether no record waits for its person, so that states must come back."""
        return not self._waiting

    def waiting(self, unknown: Collection[int]) -> list[Wish]:
        """Return what waits for its person, but what came of records numbered *unknown*."""
        return [
            replace(wish, items=())
            for wish in self._waiting
            if not any(item.number in unknown for item in wish.items)
        ]

    def flush(self, items: Sequence[Item], *, is_last: bool = False) -> None:
        """Apply the records since the last flush."""
        todo = [wish for group in self._gather(items) for wish in net(group)]
        for exits in (True, False):
            for place in self._order:
                self._settle([w for w in todo if w.mapping == place and w.is_exit is exits])
        if is_last or not self._gains_people:
            self._turn_away()

    def _gather(self, items: Sequence[Item]) -> list[list[Wish]]:
        """Group what is wanted by person; what is older than what was applied is left out."""
        waiting, self._waiting = self._waiting, []
        groups: dict[tuple[Any, ...], list[Wish]] = defaultdict(list)
        for wish in [*waiting, *(w for item in items for w in self._read(item))]:
            if (wish.when or 0) >= self._drained.get(wish.who, 0):
                groups[wish.who].append(wish)
        for who, group in groups.items():
            self._drained[who] = max(wish.when or 0 for wish in group)
        return list(groups.values())

    def _read(self, item: Item) -> list[Wish]:
        found: list[Wish] = []
        for place, mapping in enumerate(self._mappings):
            if mapping["stream"] != item.stream:
                continue
            try:
                found += wishes(place, mapping, item)
            except RefusedError:
                self.refused.append((place, item))
        return found

    def _settle(self, todo: Sequence[Wish]) -> None:
        """Apply in the order of time; whoever is known by the best key goes first."""
        for wish in sorted(todo, key=lambda w: (not self._is_known(w), w.when or 0)):
            verdict = self._apply[self._mappings[wish.mapping]["kind"]](
                self._mappings[wish.mapping], wish
            )
            if verdict == "refused":
                self._refuse(wish)
            elif verdict == "waits":
                self._waiting.append(wish)

    def _refuse(self, wish: Wish) -> None:
        self.refused += [(wish.mapping, item) for item in wish.items]

    def _turn_away(self) -> None:
        for wish in self._waiting:
            if self._mappings[wish.mapping].get("on_no_match", "reject") == "reject":
                self._refuse(wish)
        self._waiting = []

    # --- finding ---------------------------------------------------------------------------

    def _is_known(self, wish: Wish) -> bool:
        mapping = self._mappings[wish.mapping]
        if mapping["kind"] == "child_record":
            return bool(self.org.find(ROW, "Key__c", wish.keys[0]))
        rule = mapping["identity"][0]
        name = rule.get("object") or mapping["object"]
        return bool(self.org.find(name, rule["target"], wish.keys[0]))

    def _find(
        self, rules: Sequence[Json], name: str | None, wish: Wish, skip: int = 0
    ) -> tuple[list[tuple[str, int]], bool]:
        """Return the records of *wish* by the first rule that finds any; whether they moved."""
        keys, before = wish.keys[skip:], wish.before[skip:]
        for rule, now in zip(rules, keys, strict=True):
            holder = rule.get("object") or str(name)
            found = self.org.find(holder, rule["target"], now)
            free = [n for n in found if not self._is_anothers(holder, n, rules, wish, skip)]
            if found:
                return [(holder, n) for n in free or found], False
        for rule, former in zip(rules, before, strict=True):
            holder = rule.get("object") or str(name)
            for was in former:
                found = self.org.find(holder, rule["target"], was)
                free = [n for n in found if not self._is_anothers(holder, n, rules, wish, skip)]
                if free:
                    return [(holder, n) for n in free], True
        return [], False

    def _is_anothers(
        self, holder: str, number: int, rules: Sequence[Json], wish: Wish, skip: int
    ) -> bool:
        """Whether the record carries somebody else's first key."""
        place = next(i for i, r in enumerate(rules) if r.get("object") in (None, holder))
        field = rules[place]["target"]
        own = {wish.keys[skip + place], *wish.before[skip + place]} - {None}
        held = self.org.records[holder][number].get(field)
        return bool(own) and folded(field, held) not in (None, *own)

    def _open(self, found: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        return [(n, i) for n, i in found if not self.org.records[n][i].get("IsConverted")]

    # --- writing ---------------------------------------------------------------------------

    def _write(
        self, name: str, numbers: Sequence[int], wish: Wish, fields: Json, clock: str | None = None
    ) -> Verdict:
        verdict: Verdict = "done"
        for number in numbers:
            record = self.org.records[name][number]
            if clock and wish.when is not None and (record.get(clock) or 0) > wish.when:
                continue
            after = {**record, **fields}
            if name in PEOPLE and person(after) != person(record) and _is_forbidden(after):
                verdict = "refused"
                continue
            record.update(fields)
        return verdict

    def _record(self, mapping: Json, wish: Wish) -> Verdict:
        name, clock = mapping["object"], mapping.get("changed_at_field")
        found, _ = self._find(mapping["identity"], name, wish)
        if wish.is_exit:
            return self._record_exit(mapping, wish, found)
        if not found:
            return self._created(mapping, wish)
        if mapping["operation"] == "insert":
            return "done"
        usable = chosen(mapping, self._open(found))
        if not usable:
            return "refused"
        return self._write(name, [n for _, n in usable], wish, wish.fields, clock)

    def _created(self, mapping: Json, wish: Wish) -> Verdict:
        if mapping["operation"] == "update":
            return "done"
        fields = {k: v for k, v in wish.fields.items() if v is not None}
        required = {"LastName"} if mapping["object"] == "Contact" else {"LastName", "Company"}
        if required - fields.keys() or _is_forbidden(fields):
            return "refused"
        self.org.create(mapping["object"], fields)
        return "done"

    def _record_exit(self, mapping: Json, wish: Wish, found: list[tuple[str, int]]) -> Verdict:
        action, name = mapping["on_exit"]["action"], mapping["object"]
        first = mapping["identity"][0]["target"]
        own = [
            (holder, n)
            for holder, n in self._open(found)
            if self.org.records[holder][n].get(first)
            and not self._is_anothers(holder, n, mapping["identity"], wish, 0)
        ]
        if action == "ignore" or not own:
            return "done"
        picked = chosen(mapping, own)
        if not picked:
            return "refused"
        clock = mapping.get("changed_at_field")
        if action != "delete":
            return self._write(name, [n for _, n in picked], wish, wish.fields, clock)
        for _, number in picked:
            held = self.org.records[name][number].get(clock) if clock else None
            if not (held and wish.when is not None and held > wish.when):
                self.org.delete(name, number)
        return "done"

    def _person_field(self, mapping: Json, wish: Wish) -> Verdict:
        name = mapping["object"]
        found, _ = self._find(mapping["identity"], name, wish)
        usable = self._open(found)
        if wish.is_exit:
            usable = [
                (n, i)
                for n, i in usable
                if not self._is_anothers(n, i, mapping["identity"], wish, 0)
            ]
        if not usable:
            if wish.is_exit:
                return "done"
            return "refused" if found else "waits"
        picked = chosen(mapping, usable)
        if not picked:
            return "refused"
        verdicts = [
            self._write(name, [n], wish, self._edited(mapping, name, n, wish)) for _, n in picked
        ]
        return "refused" if "refused" in verdicts else "done"

    def _edited(self, mapping: Json, name: str, number: int, wish: Wish) -> Json:
        if mapping["kind"] == "flag":
            return wish.fields
        [(field, value)] = wish.fields.items()
        held = [v for v in (self.org.records[name][number].get(field) or "").split(";") if v]
        rest = [v for v in held if v != value]
        return {field: ";".join(rest if wish.is_exit else [*rest, value]) or None}

    def _member(self, mapping: Json, wish: Wish) -> Verdict:
        found, _ = self._find(mapping["identity"], None, wish)
        if wish.is_exit:
            found = [each for each in found if self._may_leave(mapping, wish, each)]
        people = list(dict.fromkeys(map(self._followed, found)))
        if wish.is_exit and not self._members(wish, people):
            return "done"
        if not people:
            return "waits"
        picked = chosen(mapping, people)
        for each in picked:
            self._enrol(mapping, wish, each)
        return "done" if picked else "refused"

    def _may_leave(self, mapping: Json, wish: Wish, found: tuple[str, int]) -> bool:
        """Whether an exit may touch the memberships of *found*; of a lead converted, it may."""
        if mapping["on_exit"]["action"] == "ignore":
            return False
        is_followed = self._followed(found) != found
        return is_followed or not self._is_anothers(*found, mapping["identity"], wish, 0)

    def _followed(self, found: tuple[str, int]) -> tuple[str, int]:
        became = self.org.records[found[0]][found[1]].get("became")
        return became if became and became[1] in self.org.records[became[0]] else found

    def _members(self, wish: Wish, people: Sequence[tuple[str, int]]) -> list[int]:
        return [
            n
            for n, m in self.org.records[MEMBER].items()
            if m["campaign"] == wish.scope and m["person"] in people
        ]

    def _enrol(self, mapping: Json, wish: Wish, who: tuple[str, int]) -> None:
        members = self._members(wish, [who])
        if not wish.is_exit and not members:
            fields = {"Status": "Sent", **wish.fields}
            self.org.create(MEMBER, {"campaign": wish.scope, "person": who, **fields})
        for member in members:
            action = mapping.get("on_exit", {"action": "delete"})["action"]
            if wish.is_exit and action == "delete":
                self.org.delete(MEMBER, member)
            else:
                self.org.records[MEMBER][member].update(wish.fields)

    def _child(self, mapping: Json, wish: Wish) -> Verdict:
        rows = self.org.find(ROW, "Key__c", wish.keys[0])
        if wish.is_exit:
            return self._row_ended(mapping, wish, rows)
        who = next((self.org.records[ROW][row]["person"] for row in rows), None)
        people = [who] if who else self._people_of_row(mapping, wish)
        if not people:
            return "waits"
        picked = chosen(mapping, people)
        if len(picked) != 1:
            return "refused"
        row = rows[0] if rows else self.org.create(ROW, {})
        self.org.records[ROW][row].update({**wish.fields, "person": picked[0]})
        return "done"

    def _people_of_row(self, mapping: Json, wish: Wish) -> list[tuple[str, int]]:
        holder = mapping["person"]["field"].removesuffix("__c")
        return self._open(self._find(mapping["person"]["identity"], holder, wish, skip=1)[0])

    def _row_ended(self, mapping: Json, wish: Wish, rows: Sequence[int]) -> Verdict:
        for row in rows:
            if mapping["on_exit"]["action"] == "delete":
                self.org.delete(ROW, row)
            else:
                self.org.records[ROW][row].update(wish.fields)
        return "done"


def chosen(mapping: Json, found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the records that the mapping's policy picks; none if it refuses several."""
    policy = mapping.get("on_multiple_matches", "reject")
    if len(found) <= 1 or policy == "all":
        return found
    picked = {"oldest": found[:1], "newest": found[-1:]}
    return picked.get(policy, [])


def _is_forbidden(record: Json) -> bool:
    return str(record.get("LastName") or "").startswith(FORBIDDEN)
