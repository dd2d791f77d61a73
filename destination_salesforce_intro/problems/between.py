"""Whether mappings fit each other: those that create people, and those that look for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    IdentityRule,
    RecordMapping,
)
from destination_salesforce_intro.config import Mapping as AnyMapping
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.problems.rules import Problem

Schemas = Mapping[str, ObjectSchema]
Rules = tuple[tuple[str, str, str | None], ...]  # source, target and format of each


def between(mappings: Sequence[AnyMapping], schemas: Schemas) -> Iterator[tuple[int, Problem]]:
    """Yield the place of each mapping that knows people otherwise than the one that makes them.

    Who is looked for by a rule that the creating mapping does not have, or has not in that order,
    may be found in one record before the person is created and in another one after.
    """
    makers = [
        (place, mapping.object.lower(), _rules(mapping.identity))
        for place, mapping in enumerate(mappings)
        if isinstance(mapping, RecordMapping) and mapping.operation != "update"
    ]
    for place, mapping in enumerate(mappings):
        for person, rules in _people(mapping, schemas):
            made = {at: known for at, name, known in makers if name == person.lower()}
            if made and not any(known[: len(rules)] == rules for known in made.values()):
                yield place, _unlike(person, next(iter(made)))


def _unlike(person: str, maker: int) -> Problem:
    return Problem(
        f"knows people otherwise than mappings[{maker}], which creates them in {person}: before a "
        "person is there it may write to another record than after. Give it the same identity "
        "rules, or the first of them, in the same order.",
        is_fatal=False,
    )


def _people(mapping: AnyMapping, schemas: Schemas) -> Iterator[tuple[str, Rules]]:
    """Yield the objects in which *mapping* looks for people it does not create, and by what."""
    match mapping:
        case RecordMapping():
            return
        case CampaignMemberMapping():
            for person in dict.fromkeys(rule.object for rule in mapping.identity):
                yield person, _rules([rule for rule in mapping.identity if rule.object == person])
        case ChildRecordMapping():
            link = schemas[mapping.object].field(mapping.person.field)
            for name in link.reference_to[:1] if link else ():
                yield name, _rules(mapping.person.identity)
        case _:
            yield mapping.object, _rules(mapping.identity)


def _rules(identity: Sequence[IdentityRule]) -> Rules:
    return tuple((rule.source, rule.target.lower(), rule.format) for rule in identity)
