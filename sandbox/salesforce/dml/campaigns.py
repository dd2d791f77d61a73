"""Campaigns and their members: statuses of each campaign, one membership per person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sandbox.salesforce.dml.rows import Draft
from sandbox.salesforce.org import ONE_OF, Org

_FIRST_STATUSES = (("Sent", 0, 1), ("Responded", 1, 0))


class _Status(NamedTuple):
    label: str
    responded: int
    default: int


def add_statuses(org: Org, campaigns: Sequence[Draft]) -> None:
    """Give new campaigns the two statuses that every campaign starts with."""
    sobject = org.sobject("CampaignMemberStatus")
    now = org.now()
    rows = [
        (org.next_id(sobject), each.id, *status, now, now, now)
        for each in campaigns
        for status in _FIRST_STATUSES
    ]
    org.db.executemany(
        'INSERT INTO "CampaignMemberStatus" ("Id", "CampaignId", "Label", "HasResponded",'
        ' "IsDefault", "CreatedDate", "LastModifiedDate", "SystemModstamp")'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def check_members(org: Org, drafts: Sequence[Draft]) -> None:
    """Refuse second memberships and members that are nobody, and settle statuses."""
    new = [each for each in drafts if each.created and not each.errors]
    for each in new:
        _check_person(each)
    _settle_statuses(org, [each for each in drafts if not each.errors])
    for person in ("ContactId", "LeadId"):
        members = [each for each in new if not each.errors and each.values.get(person)]
        _refuse_members(org, person, members)


def _check_person(it: Draft) -> None:
    if it.values.get("ContactId"):
        it.values.pop("LeadId", None)  # Salesforce keeps the contact alone
    elif not it.values.get("LeadId"):
        it.fail("FIELD_INTEGRITY_EXCEPTION", "a lead or a contact is required", "ContactId")


def _refuse_members(org: Org, person: str, new: Sequence[Draft]) -> None:
    ids = sorted({each.values[person] for each in new})
    sql = (
        f'SELECT "CampaignId", "{person}" FROM "CampaignMember"'  # noqa: S608  -- our own names
        f' WHERE "{person}" IN {ONE_OF} AND "IsDeleted" = 0'
    )
    members = set(org.rows(sql, ids))
    for each in new:
        pair = (each.values["CampaignId"], each.values[person])
        if pair in members:
            each.fail("DUPLICATE_VALUE", "Already a campaign member.")
        members.add(pair)


def _settle_statuses(org: Org, drafts: Sequence[Draft]) -> None:
    statuses: dict[str, list[_Status]] = {}
    for each in drafts:
        if not (each.created or "Status" in each.values):
            continue
        campaign = each.values.get("CampaignId") or _campaign_of(org, each.id)
        known = statuses.setdefault(campaign, _statuses_of(org, campaign))
        _settle_status(org, each, known)


def _settle_status(org: Org, it: Draft, known: Sequence[_Status]) -> None:
    wanted = it.values.get("Status")
    fits = [s for s in known if (s.label.lower() == wanted.lower() if wanted else s.default)]
    if not fits:
        message = f"Status: bad value for restricted picklist field: {wanted}"
        it.fail("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, "Status")
        return
    responded: dict[str, Any] = {"Status": fits[0].label, "HasResponded": fits[0].responded}
    if fits[0].responded:
        responded["FirstRespondedDate"] = _first_response(org, it) or org.now()[:10]
    it.values |= responded


def _statuses_of(org: Org, campaign: str) -> list[_Status]:
    rows = org.rows(
        'SELECT "Label", "HasResponded", "IsDefault" FROM "CampaignMemberStatus"'
        ' WHERE "CampaignId" = ? AND "IsDeleted" = 0',
        campaign,
    )
    return [_Status(*row) for row in rows]


def _campaign_of(org: Org, member: str | None) -> str:
    return str(org.rows('SELECT "CampaignId" FROM "CampaignMember" WHERE "Id" = ?', member)[0][0])


def _first_response(org: Org, it: Draft) -> str | None:
    rows = org.rows('SELECT "FirstRespondedDate" FROM "CampaignMember" WHERE "Id" = ?', it.id)
    return rows[0][0] if rows else None
