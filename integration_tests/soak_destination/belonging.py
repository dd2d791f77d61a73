"""What a wish does to memberships: the oracle's own ``campaign_member`` and ``child_record``."""

from __future__ import annotations

from collections.abc import Sequence

from integration_tests.soak_destination.finding import (
    Place,
    chosen,
    followed,
    found,
    is_someone_elses,
    still_open,
)
from integration_tests.soak_destination.model import MEMBER, ROW, Org
from integration_tests.soak_destination.people import Verdict
from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Wish


class Belonging:
    """Writes campaign members and rows of one model org."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def member(self, mapping: Json, wish: Wish) -> Verdict:
        """Apply a wish of kind ``campaign_member``."""
        records = found(self._org, mapping["identity"], None, wish)
        if wish.is_exit:
            records = [each for each in records if self._may_leave(mapping, wish, each)]
        people = list(dict.fromkeys(followed(self._org, each) for each in records))
        if wish.is_exit and not self._members(wish, people):
            return "done"
        if not people:
            return "waits"
        picked = chosen(mapping, people)
        for each in picked:
            self._enrol(mapping, wish, each)
        return "done" if picked else "refused"

    def _may_leave(self, mapping: Json, wish: Wish, record: Place) -> bool:
        """Whether an exit may touch the memberships of *record*; of a lead converted, it may."""
        if mapping["on_exit"]["action"] == "ignore":
            return False
        is_followed = followed(self._org, record) != record
        rules = mapping["identity"]
        return is_followed or not is_someone_elses(self._org, record, rules, wish)

    def _members(self, wish: Wish, people: Sequence[Place]) -> list[int]:
        return [
            n
            for n, m in self._org.records[MEMBER].items()
            if m["campaign"] == wish.scope and m["person"] in people
        ]

    def _enrol(self, mapping: Json, wish: Wish, who: Place) -> None:
        members = self._members(wish, [who])
        if not wish.is_exit and not members:
            fields = {"Status": "Sent", **wish.fields}
            self._org.create(MEMBER, {"campaign": wish.scope, "person": who, **fields})
        for member in members:
            action = mapping.get("on_exit", {"action": "delete"})["action"]
            if wish.is_exit and action == "delete":
                self._org.delete(MEMBER, member)
            else:
                self._org.update(MEMBER, member, wish.fields)

    def row(self, mapping: Json, wish: Wish) -> Verdict:
        """Apply a wish of kind ``child_record``."""
        rows = self._org.find(ROW, "Key__c", wish.keys[0])
        if wish.is_exit:
            return self._ended(mapping, wish, rows)
        who = next((self._org.records[ROW][row]["person"] for row in rows), None)
        people = [who] if who else self._people(mapping, wish)
        if not people:
            return "waits"
        picked = chosen(mapping, people)
        if len(picked) != 1:
            return "refused"
        row = rows[0] if rows else self._org.create(ROW, {"person": None})
        self._org.update(ROW, row, {**wish.fields, "person": picked[0]})
        return "done"

    def _people(self, mapping: Json, wish: Wish) -> list[Place]:
        holder = mapping["person"]["field"].removesuffix("__c")
        records = found(self._org, mapping["person"]["identity"], holder, wish, skip=1)
        return still_open(self._org, records)

    def _ended(self, mapping: Json, wish: Wish, rows: Sequence[int]) -> Verdict:
        for row in rows:
            if mapping["on_exit"]["action"] == "delete":
                self._org.delete(ROW, row)
            else:
                self._org.update(ROW, row, wish.fields)
        return "done"
