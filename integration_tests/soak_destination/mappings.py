"""Draws mappings that the settings allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random

from integration_tests.soak_destination.values import RULES, SEGMENTS, Json

CIO = {"source": "cio_id", "target": "CustomerIO_Id__c"}
EMAIL = {"source": "email", "target": "Email", "format": "email"}
NUMBER = {"source": "id", "target": "Customer_No__c"}
# No External ID: a create by it is not harmless twice.
LABEL = {"source": "id", "target": "Intent_Type__c"}
CLOCK = "CustomerIO_Changed_At__c"
IDENTITIES = (
    *([CIO], [CIO, EMAIL], [CIO, EMAIL], [EMAIL], [EMAIL, CIO]),
    *([NUMBER], [NUMBER, EMAIL], [LABEL], [LABEL], [LABEL]),
)


def rules(mapping: Json) -> list[Json]:
    """Return the rules by which *mapping* knows people."""
    found: list[Json] = mapping.get("identity") or mapping["person"]["identity"]
    return found


def creates_blindly(mapping: Json) -> bool:
    """Whether *mapping* makes records by no key that would make a repeated create harmless."""
    return bool(mapping["kind"] == "record" and mapping["identity"] == [LABEL])


def told(mapping: Json) -> str:
    """Tell *mapping* in a few words."""
    kind = mapping["kind"]
    if kind == "record":
        kind = f"{mapping['operation']} {mapping['object']}/{mapping['on_exit']['action']}"
    kind += " mirrored" if mapping.get("mirror") else ""
    return f"{kind}[{','.join(rule['source'] for rule in rules(mapping))}]"


def make_repeatable(mappings: Iterable[Json], person: str) -> None:
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


def record(rng: Random, person: str) -> Json:
    identity = rng.choice(IDENTITIES)
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
        "on_exit": (on_exit := _on_exit(rng, targets)),
        "on_multiple_matches": _policy(rng, on_exit, is_free=list(identity) == [EMAIL]),
        "priority": rng.choice((50, 100, 200)),
    }
    if rng.random() < 0.5:
        mapping["changed_at_field"] = CLOCK
    return mapping


def _policy(rng: Random, on_exit: Json, *, is_free: bool) -> str:
    """Draw a policy; *all* would give two records one unique key, unless e-mail is the only one."""
    policies = ["reject", *(["all"] if is_free else [])]
    if on_exit["action"] != "delete":
        policies += ["oldest", "newest"]  # with delete, the settings refuse them
    return rng.choice(policies)


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


def memberships(
    rng: Random, person: str, identity: list[Json], campaigns: Mapping[int, str]
) -> list[Json]:
    made = [
        flag(rng, person, identity),
        _multi_select(rng, person, identity),
        campaign(rng, identity, campaigns),
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


def flag(rng: Random, person: str, identity: list[Json]) -> Json:
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


def campaign(rng: Random, identity: list[Json], campaigns: Mapping[int, str]) -> Json:
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
