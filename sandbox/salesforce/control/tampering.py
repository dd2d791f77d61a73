"""What happens to records behind a client's back: edits, deletions, conversions, merges.

No lock or trigger stands in the way, and nothing counts as a client's write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.salesforce.dml import Operation, apply
from sandbox.salesforce.dml.recycle_bin import discard, restore
from sandbox.salesforce.dml.rows import RowResult
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.org import ONE_OF, Org
from sandbox.salesforce.schema import SObject

Arguments = Mapping[str, Any]
Tamper = Callable[[Org, Arguments], Any]


def _hidden(tamper: Tamper) -> Tamper:
    def act(org: Org, arguments: Arguments) -> Any:
        with org.behind_the_scenes():
            return tamper(org, arguments)

    return act


def _create(org: Org, arguments: Arguments) -> list[str | None]:
    """``{"object": "Contact", "records": [{"LastName": "Osei"}]}`` gives the new Ids."""
    return _write(org, "insert", arguments)


def _update(org: Org, arguments: Arguments) -> list[str | None]:
    """``{"object": "Contact", "records": [{"Id": "003…", "LastName": "Osei"}]}``."""
    return _write(org, "update", arguments)


def _write(org: Org, operation: Operation, arguments: Arguments) -> list[str | None]:
    results = apply(org, operation, org.sobject(arguments["object"]), arguments["records"])
    _require_success(results)
    return [each.id for each in results]


def _delete(org: Org, arguments: Arguments) -> None:
    """``{"object": "Contact", "ids": ["003…"]}``, or ``where`` for ``ids``."""
    sobject = org.sobject(arguments["object"])
    rows = [{"Id": each} for each in _chosen(org, sobject, arguments)]
    _require_success(apply(org, "delete", sobject, rows))


def _write_columns(org: Org, arguments: Arguments) -> None:
    """Set columns as they are, read-only ones too, with no check: ``CreatedDate``, say.

    ``{"object": "Contact", "ids": ["003…"], "values": {"CreatedDate":
    "2020-01-01T00:00:00.000+0000"}}``.
    """
    sobject = org.sobject(arguments["object"])
    values = arguments["values"]
    ids = _chosen(org, sobject, arguments)
    columns = ", ".join(f'"{sobject.fields[name].name}" = ?' for name in values)
    sql = f'UPDATE "{sobject.name}" SET {columns} WHERE "Id" IN {ONE_OF}'  # noqa: S608  -- names of the schema
    org.rows(sql, *values.values(), ids)


def _undelete(org: Org, arguments: Arguments) -> None:
    """``{"object": "Contact", "ids": ["003…"]}``; what was deleted with them comes back too."""
    sobject = org.sobject(arguments["object"])
    restore(org, sobject, [full_id(each) for each in arguments["ids"]])


def _convert_lead(org: Org, arguments: Arguments) -> dict[str, str | None]:
    """``{"id": "00Q…"}`` makes an account and a contact of a lead, and gives their Ids."""
    lead = full_id(arguments["id"])
    [person] = org.rows(
        'SELECT "Company", "LastName", "FirstName", "Email" FROM "Lead" WHERE "Id" = ?', lead
    )
    company, last_name, first_name, email = person
    [account] = _write(org, "insert", {"object": "Account", "records": [{"Name": company}]})
    row = {"LastName": last_name, "FirstName": first_name, "Email": email, "AccountId": account}
    [contact] = _write(org, "insert", {"object": "Contact", "records": [row]})
    org.rows(
        'UPDATE "Lead" SET "IsConverted" = 1, "Status" = \'Closed - Converted\','
        ' "ConvertedDate" = ?, "ConvertedContactId" = ?, "ConvertedAccountId" = ? WHERE "Id" = ?',
        org.now()[:10], contact, account, lead,
    )  # fmt: skip
    org.rows('UPDATE "CampaignMember" SET "ContactId" = ? WHERE "LeadId" = ?', contact, lead)
    return {"account": account, "contact": contact}


def _merge(org: Org, arguments: Arguments) -> None:
    """``{"object": "Contact", "winner": "003…", "losers": ["003…"]}``.

    Children move to the winner, the losers go to the recycle bin and name the winner; the
    winner's own values stay, so a loser's external id is in no live record any more.
    """
    sobject = org.sobject(arguments["object"])
    winner = full_id(arguments["winner"])
    losers = [full_id(each) for each in arguments["losers"]]
    _leave_campaigns_of(org, sobject, winner, losers)
    for child, by in org.children(sobject):
        sql = f'UPDATE "{child.name}" SET "{by.name}" = ? WHERE "{by.name}" IN {ONE_OF}'  # noqa: S608  -- names of the schema
        org.rows(sql, winner, losers)
    discard(org, sobject, losers)
    sql = f'UPDATE "{sobject.name}" SET "MasterRecordId" = ? WHERE "Id" IN {ONE_OF}'  # noqa: S608  -- names of the schema
    org.rows(sql, winner, losers)


def _leave_campaigns_of(org: Org, person: SObject, winner: str, losers: list[str]) -> None:
    """Delete the losers' memberships in campaigns that the winner is in already."""
    if person.name not in {"Contact", "Lead"}:
        return
    column = f"{person.name}Id"
    sql = (
        f'SELECT "Id" FROM "CampaignMember" WHERE "{column}" IN {ONE_OF} AND "CampaignId" IN'  # noqa: S608  -- our own names
        f' (SELECT "CampaignId" FROM "CampaignMember" WHERE "{column}" = ? AND "IsDeleted" = 0)'
    )
    doubles = [record for (record,) in org.rows(sql, losers, winner)]
    discard(org, org.sobject("CampaignMember"), doubles)


def _chosen(org: Org, sobject: SObject, arguments: Arguments) -> list[str]:
    if "ids" in arguments:
        return [full_id(each) for each in arguments["ids"]]
    where = arguments["where"]
    tests = " AND ".join(f'"{sobject.fields[name].name}" = ?' for name in where)
    sql = f'SELECT "Id" FROM "{sobject.name}" WHERE "IsDeleted" = 0 AND {tests}'  # noqa: S608  -- names of the schema
    return [record for (record,) in org.rows(sql, *where.values())]


def _require_success(results: Sequence[RowResult]) -> None:
    for each in results:
        if not each.success:
            raise ValueError(each.errors[0]["message"])


TAMPERING: dict[str, Tamper] = {
    "create": _hidden(_create),
    "update": _hidden(_update),
    "delete": _hidden(_delete),
    "write_columns": _hidden(_write_columns),
    "undelete": _hidden(_undelete),
    "convert_lead": _hidden(_convert_lead),
    "merge": _hidden(_merge),
}
