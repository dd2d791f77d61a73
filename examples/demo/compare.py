"""Compare Salesforce with Customer.io person by person, from what each side itself says.

Written from the audience's point of view and without a line of the connectors' code, so that it
cannot share a mistake with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.serve import Running

FLAGS = {
    "7": "Is_Cart_Abandoner__c",
    "8": "Is_VIP__c",
    "9": "Is_Lapsed__c",
    "10": "Is_Suppressed__c",
}

Json = Mapping[str, Any]


def differences(box: Running) -> list[str]:
    """Say where Salesforce disagrees with Customer.io; an empty list is agreement."""
    truth, org = box.customerio_control.truth(), box.salesforce_control
    return [
        *contact_differences(truth, org.records("Contact")),
        *membership_differences(truth, org.records("CustomerIO_Membership__c")),
    ]


def membership_differences(truth: Json, rows: Iterable[Json]) -> Iterator[str]:
    """Compare who is in which segment with the active rows of the membership object."""
    active = Counter(row["Key__c"] for row in rows if row["Active__c"])
    members = {f"{s}:{one}" for s, ids in truth["segments"].items() for one in ids}
    yield from (f"{key}: member without an active row" for key in sorted(members - set(active)))
    yield from (f"{key}: active, but no member" for key in sorted(set(active) - members))
    yield from (f"{key}: {count} rows" for key, count in active.items() if count > 1)


def contact_differences(truth: Json, contacts: Iterable[Json]) -> list[str]:
    """Compare people and their contacts.

    *truth* is ``{"people": {cio_id: {"email": …, "attributes": …}}, "segments": {"7": [cio_id]}}``
    and *contacts* are Salesforce rows.
    """
    rows = [row for row in contacts if row["CustomerIO_Id__c"]]
    by_person = {row["CustomerIO_Id__c"]: row for row in rows}
    members = {segment: set(ids) for segment, ids in truth["segments"].items()}
    audience = set().union(*members.values())
    return [
        *_duplicates(rows),
        *(f"{cio_id}: not in Salesforce" for cio_id in sorted(audience - set(by_person))),
        *_wrong_people(truth["people"], members, by_person, audience),
        *_left_behind(by_person, audience),
    ]


def _duplicates(rows: list[Json]) -> Iterator[str]:
    for field in ("CustomerIO_Id__c", "Email"):
        counts = Counter(str(row[field]).lower() for row in rows if row[field])
        yield from (
            f"{value}: {n} contacts share this {field}" for value, n in counts.items() if n > 1
        )


def _wrong_people(
    people: Json, members: Mapping[str, set[str]], by_person: Json, audience: set[str]
) -> Iterator[str]:
    for cio_id in sorted(audience & set(by_person)):
        want = _wanted(people[cio_id], {s for s, ids in members.items() if cio_id in ids})
        row = by_person[cio_id]
        for field, value in want.items():
            if _as_text(row[field]) != _as_text(value):
                yield f"{cio_id}: {field} is {row[field]!r}, should be {value!r}"


def _wanted(person: Json, segments: set[str]) -> dict[str, Any]:
    attributes = person["attributes"]
    return {
        "Email": (person["email"] or "").lower() or None,
        "FirstName": attributes.get("first_name"),
        "LastName": attributes.get("last_name"),
        "LTV_Tier__c": tier(attributes.get("ltv")),
        **{field: segment in segments for segment, field in FLAGS.items()},
    }


def tier(ltv: str | None) -> str | None:
    """Return the lifetime-value tier that sales sees instead of the number."""
    if ltv is None:
        return None
    return "low" if float(ltv) < 100 else "med" if float(ltv) < 1000 else "high"  # noqa: PLR2004 - the tiers' bounds


def _left_behind(by_person: Json, audience: set[str]) -> Iterator[str]:
    """Find people in no segment any more whose contact still says otherwise."""
    for cio_id in sorted(set(by_person) - audience):
        row = by_person[cio_id]
        flags = [field for field in FLAGS.values() if row[field]]
        if flags or row["LTV_Tier__c"]:
            yield f"{cio_id}: left, but {', '.join([*flags, 'LTV_Tier__c'])} still set"


def _as_text(value: Any) -> str:
    """Fold what the two sides spell differently: null and blank, true and 1."""
    if value is None or value == "":
        return ""
    return str(int(value)) if isinstance(value, (bool, int)) else str(value).strip()
