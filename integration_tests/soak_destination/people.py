"""What a wish does to people: the oracle's own ``record``, ``flag`` and ``multi_select``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from integration_tests.soak_destination.finding import (
    Place,
    chosen,
    found,
    is_anothers,
    is_someone_elses,
    still_open,
    winner,
)
from integration_tests.soak_destination.model import Org, person
from integration_tests.soak_destination.values import UNIQUE, Json, folded
from integration_tests.soak_destination.wishes import Wish

Verdict = Literal["done", "refused", "waits"]
FORBIDDEN = "Forbidden"  # last names that a trigger of the org refuses


class People:
    """Writes people of one model org; *forbids*: whether its trigger stands."""

    def __init__(self, org: Org, *, forbids: bool) -> None:
        self._org = org
        self._forbids = forbids

    def record(self, mapping: Json, wish: Wish) -> Verdict:
        """Apply a wish of kind ``record``."""
        name = mapping["object"]
        records = found(self._org, mapping["identity"], name, wish)
        if wish.is_exit:
            return self._exit(mapping, wish, records)
        if not records:
            return self._unfound(mapping, wish)
        return self._updated(mapping, wish, records)

    def _unfound(self, mapping: Json, wish: Wish) -> Verdict:
        """Create the record, unless it was merged: then it is the winner's, if nobody else's."""
        name, first = mapping["object"], mapping["identity"][0]["target"]
        heir = winner(self._org, name, first, wish.keys[0])
        if heir is None:
            return self._created(mapping, wish)
        if mapping["operation"] != "insert" and self._is_anothers(mapping, wish, (name, heir)):
            return "refused"
        return self._updated(mapping, wish, [(name, heir)])

    def _updated(self, mapping: Json, wish: Wish, records: Sequence[Place]) -> Verdict:
        if mapping["operation"] == "insert":
            return "done"
        usable = chosen(mapping, still_open(self._org, records))
        clock = mapping.get("changed_at_field")
        return self._write(usable, wish, wish.fields, clock) if usable else "refused"

    def _is_anothers(self, mapping: Json, wish: Wish, record: Place) -> bool:
        return is_anothers(self._org, record, mapping["identity"], wish)

    def _write(
        self, records: Sequence[Place], wish: Wish, fields: Json, clock: str | None = None
    ) -> Verdict:
        verdict: Verdict = "done"
        for name, number in records:
            record = self._org.records[name][number]
            if clock and wish.when is not None and (record.get(clock) or 0) > wish.when:
                continue
            after = {**record, **fields}
            if person(after) != person(record) and self._is_refused(name, number, after):
                verdict = "refused"
                continue
            self._org.update(name, number, fields)
        return verdict

    def _created(self, mapping: Json, wish: Wish) -> Verdict:
        if mapping["operation"] == "update":
            return "done"
        fields = {k: v for k, v in wish.fields.items() if v is not None}
        required = {"LastName"} if mapping["object"] == "Contact" else {"LastName", "Company"}
        if required - fields.keys() or self._is_refused(mapping["object"], None, fields):
            return "refused"
        self._org.create(mapping["object"], fields)
        return "done"

    def _exit(self, mapping: Json, wish: Wish, records: Sequence[Place]) -> Verdict:
        first = mapping["identity"][0]["target"]
        own = [
            (holder, n)
            for holder, n in still_open(self._org, records)
            if self._org.records[holder][n].get(first)
            and not is_someone_elses(self._org, (holder, n), mapping["identity"], wish)
        ]
        if mapping["on_exit"]["action"] == "ignore" or not own:
            return "done"
        picked = chosen(mapping, own)
        if not picked:
            return "refused"
        clock = mapping.get("changed_at_field")
        if mapping["on_exit"]["action"] == "delete":
            return self._delete(picked, wish, clock)
        return self._write(picked, wish, wish.fields, clock)

    def _delete(self, records: Sequence[Place], wish: Wish, clock: str | None) -> Verdict:
        for name, number in records:
            held = self._org.records[name][number].get(clock) if clock else None
            if not (held and wish.when is not None and held > wish.when):
                self._org.delete(name, number)
        return "done"

    # --- flags and picklists ---------------------------------------------------------------

    def field(self, mapping: Json, wish: Wish) -> Verdict:
        """Apply a wish of kind ``flag`` or ``multi_select``."""
        records = found(self._org, mapping["identity"], mapping["object"], wish)
        usable = still_open(self._org, records)
        if wish.is_exit:
            rules = mapping["identity"]
            usable = [each for each in usable if not is_someone_elses(self._org, each, rules, wish)]
        if not usable:
            if wish.is_exit:
                return "done"
            return "refused" if records else "waits"
        picked = chosen(mapping, usable)
        verdicts = {self._write([each], wish, self._edited(mapping, each, wish)) for each in picked}
        return "refused" if "refused" in verdicts or not picked else "done"

    def _edited(self, mapping: Json, record: Place, wish: Wish) -> Json:
        if mapping["kind"] == "flag":
            return wish.fields
        [(field, value)] = wish.fields.items()
        held = self._org.records[record[0]][record[1]].get(field) or ""
        rest = [v for v in held.split(";") if v and v != value]
        return {field: ";".join(rest if wish.is_exit else [*rest, value]) or None}

    def _is_refused(self, name: str, number: int | None, after: Json) -> bool:
        """Whether the org's trigger refuses the record, or another one has its unique key."""
        if self._forbids and str(after.get("LastName") or "").startswith(FORBIDDEN):
            return True
        keys = {field: folded(field, after.get(field)) for field in UNIQUE}
        return any(set(self._org.find(name, f, key)) - {number} for f, key in keys.items())
