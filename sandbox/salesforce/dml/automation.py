"""What the org's own rules do to rows: assign an owner, find duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.salesforce.dml.matching import folded, live_ids
from sandbox.salesforce.dml.rows import Draft
from sandbox.salesforce.interference import DuplicateRule
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject


def assign_owners(org: Org, sobject: SObject, drafts: Sequence[Draft]) -> None:
    """Give rows the owner that an active assignment rule of the object names."""
    owner = org.interference.assigned_owners.get(sobject.name)
    if owner is not None:
        for each in drafts:
            each.values["OwnerId"] = owner


def detect_duplicates(
    org: Org, sobject: SObject, drafts: Sequence[Draft], *, save_anyway: bool
) -> None:
    """Refuse rows that a duplicate rule blocks, or alerts to and the writer does not insist on."""
    for rule in org.interference.duplicate_rules:
        if rule.object == sobject.name and (rule.blocks or not save_anyway):
            _detect(org, sobject, rule, [d for d in drafts if d.values.get(rule.field) is not None])


def _detect(org: Org, sobject: SObject, rule: DuplicateRule, drafts: Sequence[Draft]) -> None:
    field = sobject.fields[rule.field]
    holders = live_ids(org, sobject, field, (each.values[rule.field] for each in drafts))
    for each in drafts:
        found = holders.get(folded(field, each.values[rule.field]), [])
        if not each.errors and any(record != each.id for record in found):
            each.fail("DUPLICATES_DETECTED", "Use one of these records?")
