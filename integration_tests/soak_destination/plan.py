"""Draws a round: mappings that the settings allow, and how rough the runner is to be.

What the documents call ambiguous is not drawn: with an e-mail (or an id that moves) as the first
key, nothing is sent again across a STATE, and nobody moves twice within one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from integration_tests.soak_destination.values import RULES, Json

SEGMENTS = {7: "Cart Abandoners - 2h", 8: "VIP - Top 10%", 9: "Lapsed - 180d"}
CIO = {"source": "cio_id", "target": "CustomerIO_Id__c"}
EMAIL = {"source": "email", "target": "Email", "format": "email"}
NUMBER = {"source": "id", "target": "Customer_No__c"}
# No External ID: a create by it is not harmless twice.
LABEL = {"source": "id", "target": "Intent_Type__c"}
CLOCK = "CustomerIO_Changed_At__c"


@dataclass(frozen=True)
class Plan:
    """How a round goes."""

    mappings: tuple[Json, ...]
    write_api: str
    people: int
    windows: int
    moves: bool  # e-mails and ids change
    shuffled: bool  # records of a window come in any order
    resent: bool  # older records come again after their STATE
    partial: bool  # records lack columns
    dies: bool  # the destination is killed on the way
    in_process: bool

    @property
    def is_weak(self) -> bool:
        """Whether the first key of some mapping may change."""
        return any(_rules(mapping)[0]["source"] != "cio_id" for mapping in self.mappings)

    @property
    def has_doubles(self) -> bool:
        """Whether several records may have one key.

        Deleting the newest of two, twice, deletes both: so not where an exit may be told again.
        """
        return not any(
            mapping["kind"] == "record"
            and mapping["on_exit"]["action"] == "delete"
            and mapping["on_multiple_matches"] in {"oldest", "newest"}
            for mapping in self.mappings
        )

    def __str__(self) -> str:
        """Tell it in a line."""
        kinds = "+".join(_told(mapping) for mapping in self.mappings)
        traits = [
            name
            for name in ("moves", "shuffled", "resent", "partial", "dies")
            if getattr(self, name)
        ]
        where = "in process" if self.in_process else "process"
        return f"{kinds}; {self.write_api}, {where}, {self.people} people; {' '.join(traits)}"


def _told(mapping: Json) -> str:
    kind = mapping["kind"]
    if kind == "record":
        kind = f"{mapping['operation']} {mapping['object']}/{mapping['on_exit']['action']}"
    return f"{kind}[{','.join(rule['source'] for rule in _rules(mapping))}]"


def _rules(mapping: Json) -> list[Json]:
    rules: list[Json] = mapping.get("identity") or mapping["person"]["identity"]
    return rules


def draw(rng: Random, campaigns: Mapping[int, str]) -> Plan:
    """Draw a round; *campaigns* are the Ids of the org's, by segment."""
    in_process = rng.random() < 0.7
    dies = rng.random() < (0.3 if in_process else 0.8)
    person = rng.choice(("Contact", "Contact", "Lead"))
    record = _record(rng, person) if rng.random() < 0.85 else None
    leading = record["identity"][0] if record else CIO
    by_cio = leading == CIO
    # Memberships that know their people by other keys than the mapping that makes people, or in
    # another object too, would be for another record before the person is made than after it.
    identity = record["identity"] if record else rng.choice(([CIO], [CIO, EMAIL]))
    others = _memberships(rng, person, identity, campaigns)
    mappings = tuple(
        ([record] if record else [])
        + (others or ([] if record else [_flag(rng, person, identity)]))
    )
    if dies and record:
        _make_repeatable(mappings, person)
    has_clock = bool(record) and CLOCK in (record or {}).get("changed_at_field", "")
    keeps = not record or record["on_exit"]["action"] != "delete"
    safe = by_cio and (not dies or (has_clock and keeps and len(mappings) == 1))
    shuffled = rng.random() < 0.3
    resent = safe and rng.random() < 0.5
    return Plan(
        mappings,
        write_api=rng.choice(("auto", "rest", "bulk")),
        people=rng.choice((4, 12, 40, 120)),
        windows=rng.randint(2, 7),
        moves=rng.random() < 0.6 and (by_cio or len(mappings) == 1),
        shuffled=shuffled,
        resent=resent,
        partial=not (shuffled or resent or dies) and rng.random() < 0.5,
        dies=dies,
        in_process=in_process,
    )


def _make_repeatable(mappings: Iterable[Json], person: str) -> None:
    """Change what a rerun may rightly end otherwise than a run without a death.

    An entry that waits for its person until the exit comes leaves nothing; in a rerun the person
    may be there already, and a row that is closed, or a member with another status, is as right.
    So exits delete, campaigns look for people where they are made, and ``insert`` is ``upsert``.
    """
    for mapping in mappings:
        if mapping["kind"] in {"child_record", "campaign_member"}:
            mapping["on_exit"] = {"action": "delete"}
        if mapping["kind"] == "campaign_member":
            mapping["identity"] = [r for r in mapping["identity"] if r["object"] == person]
        if mapping.get("operation") == "insert":
            mapping["operation"] = "upsert"


def _record(rng: Random, person: str) -> Json:
    identity = rng.choice(
        ([CIO], [CIO, EMAIL], [CIO, EMAIL], [EMAIL], [NUMBER], [NUMBER, EMAIL], [LABEL])
    )
    targets = [t for t in RULES if t in {"LastName", "Email"} or rng.random() < 0.5]
    fields: list[Json] = [{**RULES[t][0], "target": t} for t in targets]
    for rule in fields:
        if rule["target"] not in {"LastName", "Email"} and rng.random() < 0.3:
            rule["missing"] = "clear"
    # An exit may set Status__c: whoever returns has to say it anew, or a rerun of a window in which
    # somebody came, left and returned would rightly leave the exit's value.
    fields += [{"constant": "Web", "target": "LeadSource"}]
    fields += [{"constant": "Active", "target": "Status__c"}]
    fields += [{"constant": "Unknown", "target": "Company"}] if person == "Lead" else []
    mapping: Json = {
        "stream": "profiles",
        "kind": "record",
        "object": person,
        "operation": rng.choice(("upsert", "upsert", "upsert", "update", "insert")),
        "identity": list(identity),
        "fields": fields,
        "on_exit": _on_exit(rng, targets),
        "on_multiple_matches": _policy(rng, is_free=list(identity) == [EMAIL]),
        "priority": rng.choice((50, 100, 200)),
    }
    if rng.random() < 0.5:
        mapping["changed_at_field"] = CLOCK
    return mapping


def _policy(rng: Random, *, is_free: bool) -> str:
    """Draw a policy; *all* would give two records one unique key, unless e-mail is the only one."""
    policies = ["reject", "oldest", "newest", "all"]
    return rng.choice(policies if is_free else policies[:3])


def _on_exit(rng: Random, targets: list[str]) -> Json:
    cleared = [t for t in targets if t not in {"LastName", "Email"}] or ["Status__c"]
    return rng.choice(
        (
            {"action": "delete"},
            {"action": "clear", "fields": cleared},
            {"action": "set", "values": {"Status__c": "Lapsed"}},
            {"action": "ignore"},
        )
    )


def _memberships(
    rng: Random, person: str, identity: list[Json], campaigns: Mapping[int, str]
) -> list[Json]:
    made = [
        _flag(rng, person, identity),
        _multi_select(rng, person, identity),
        _campaign(rng, identity, campaigns),
        _child(rng, person, identity),
    ]
    return rng.sample(made, rng.choice((0, 1, 1, 2, 4)))


def _base(rng: Random) -> Json:
    return {
        "stream": "segment_memberships",
        "priority": rng.choice((1, 100, 100, 300)),
        "on_multiple_matches": rng.choice(("reject", "oldest", "newest")),
        "on_no_match": rng.choice(("reject", "ignore")),
    }


def _flag(rng: Random, person: str, identity: list[Json]) -> Json:
    segments = [
        {"segment": 7, "field": "Is_Cart_Abandoner__c"},
        {"segment": SEGMENTS[8], "field": "Is_VIP__c"},
    ]
    return {
        **_base(rng),
        "kind": "flag",
        "object": person,
        "identity": identity,
        "segments": segments,
    }


def _multi_select(rng: Random, person: str, identity: list[Json]) -> Json:
    segments = [{"segment": n, "value": f"S{n}"} for n in rng.sample(sorted(SEGMENTS), 2)]
    return {
        **_base(rng),
        "kind": "multi_select",
        "object": person,
        "field": "Segments__c",
        "identity": identity,
        "segments": segments,
    }


def _campaign(rng: Random, identity: list[Json], campaigns: Mapping[int, str]) -> Json:
    mapping = {
        **_base(rng),
        "kind": "campaign_member",
        "identity": [{**identity[0], "object": name} for name in ("Contact", "Lead")],
        "segments": [{"segment": n, "campaign": id_} for n, id_ in campaigns.items()],
        "on_exit": rng.choice(
            (
                {"action": "delete"},
                {"action": "set", "values": {"Status": "Responded"}},
                {"action": "ignore"},
            )
        ),
    }
    if rng.random() < 0.5:
        mapping["status"] = "Sent"
    return mapping


def _child(rng: Random, person: str, identity: list[Json]) -> Json:
    return {
        **_base(rng),
        "kind": "child_record",
        "object": "CustomerIO_Membership__c",
        "key_field": "Key__c",
        "person": {"field": f"{person}__c", "identity": identity},
        "segments": rng.choice(([], [7, SEGMENTS[8]])),
        "segment_id_field": "Segment_Id__c",
        "segment_name_field": "Segment_Name__c",
        "active_field": "Active__c",
        "entered_at_field": "Entered_At__c",
        "exited_at_field": "Exited_At__c",
        "on_exit": rng.choice(({"action": "deactivate"}, {"action": "delete"})),
    }
