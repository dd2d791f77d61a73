"""How the oracle finds the records that a wish is about: by key, rule by rule, then former keys."""

from __future__ import annotations

from collections.abc import Sequence

from integration_tests.soak_destination.model import PEOPLE, Org
from integration_tests.soak_destination.values import UNIQUE, Json, folded, is_blank
from integration_tests.soak_destination.wishes import Wish

Place = tuple[str, int]  # object and number


def found(
    org: Org, rules: Sequence[Json], name: str | None, wish: Wish, skip: int = 0
) -> list[Place]:
    """Return the records of *wish* by the first rule that finds any; *skip* leading keys."""
    for place, rule in enumerate(rules):
        holder = rule.get("object") or str(name)
        numbers = org.find(holder, rule["target"], wish.keys[skip + place])
        free = [n for n in numbers if not is_anothers(org, (holder, n), rules, wish, skip)]
        if numbers:
            return [(holder, n) for n in free or numbers]
    for place, rule in enumerate(rules):
        holder = rule.get("object") or str(name)
        for was in wish.before[skip + place]:
            numbers = org.find(holder, rule["target"], was)
            free = [n for n in numbers if not is_anothers(org, (holder, n), rules, wish, skip)]
            if free:
                return [(holder, n) for n in free]
    return []


def is_anothers(org: Org, record: Place, rules: Sequence[Json], wish: Wish, skip: int = 0) -> bool:
    """Whether *record* carries somebody else's first key."""
    holder, number = record
    place = next(i for i, r in enumerate(rules) if r.get("object") in (None, holder))
    field = rules[place]["target"]
    own = {wish.keys[skip + place], *wish.before[skip + place]} - {None}
    held = org.records[holder][number].get(field)
    return bool(own) and folded(field, held) not in (None, *own)


def is_someone_elses(
    org: Org, record: Place, rules: Sequence[Json], wish: Wish, skip: int = 0
) -> bool:
    """Whether *record* holds the keys of another person, so that an exit must not touch it.

    The first rule for which both have a key decides where the keys are equal, and where the field
    can be one's only; an equal key of such a field decides after that.
    """
    answer = False
    for place, rule in enumerate(rules, skip):
        held = org.records[record[0]][record[1]].get(rule["target"])
        own = {wish.keys[place], *wish.before[place]} - {None}
        if is_blank(held) or not own:
            continue
        is_equal, is_unique = folded(rule["target"], held) in own, rule["target"] in UNIQUE
        if is_equal and (not answer or is_unique):
            return False
        if not is_equal and is_unique:
            return True
        answer = True
    return answer


def still_open(org: Org, records: Sequence[Place]) -> list[Place]:
    """Leave out converted leads."""
    return [(n, i) for n, i in records if not org.records[n][i].get("IsConverted")]


def followed(org: Org, record: Place) -> Place:
    """Return the contact that a lead became, as long as there is one."""
    became = org.records[record[0]][record[1]].get("became")
    return became if became and became[1] in org.records[became[0]] else record


def winner(org: Org, name: str, field: str, key: str | None) -> int | None:
    """Return the record into which the one with *key* was merged, if it is still there."""
    for loser, number in org.merged[name] if key is not None and name in PEOPLE else ():
        if folded(field, loser.get(field)) == key and number in org.records[name]:
            return number
    return None


def is_known(org: Org, mapping: Json, wish: Wish) -> bool:
    """Whether the best key of *wish* is in the org."""
    if mapping["kind"] == "child_record":
        return bool(org.find("CustomerIO_Membership__c", "Key__c", wish.keys[0]))
    rule = mapping["identity"][0]
    return bool(org.find(rule.get("object") or mapping["object"], rule["target"], wish.keys[0]))


def chosen(mapping: Json, records: list[Place]) -> list[Place]:
    """Return the records that the mapping's policy picks; none if it refuses several."""
    policy = mapping.get("on_multiple_matches", "reject")
    if len(records) <= 1 or policy == "all":
        return records
    picked = {"oldest": records[:1], "newest": records[-1:]}
    return picked.get(policy, [])
