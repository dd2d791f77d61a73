"""What a record's columns become in Salesforce, worked out without the connector."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

Json = dict[str, Any]
SEGMENTS = {7: "Cart Abandoners - 2h", 8: "VIP - Top 10%", 9: "Lapsed - 180d"}
UNIQUE = {"CustomerIO_Id__c", "Customer_No__c"}  # External IDs
NOW = (
    1_775_000_000  # stands for any time after those of the stories: a mirror's exits have no other
)
CASE_SENSITIVE = {"Customer_No__c"}
BOOLEANS = {"Marketing_Opt_In__c", "Is_VIP__c", "Is_Cart_Abandoner__c", "Active__c"}


class BadValueError(Exception):
    """The record must be refused for this value."""


def is_blank(value: Any) -> bool:
    """Whether *value* empties a field."""
    return value is None or (isinstance(value, str) and not value.strip())


def email(value: Any) -> str:
    """Lower-case, or refuse what is no address."""
    text = str(value).strip().lower()
    if not re.fullmatch(r"[a-z0-9.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", text):
        raise BadValueError
    return text


def phone(value: Any) -> str:
    """Ten digits of a number in the United States, in whatever spelling."""
    digits = re.sub(r"\D", "", str(value))
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    if len(digits) != 10:
        raise BadValueError
    return f"+1{digits}"


def number(value: Any) -> float:
    """Read a decimal."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", str(value).strip()):
        raise BadValueError
    return round(float(value), 2)


def tier(value: Any) -> str:
    """Read the tier of a lifetime value."""
    ltv = number(value)
    return "low" if ltv < 100 else "med" if ltv < 1000 else "high"


def truth(value: Any) -> bool:
    """Read a checkbox."""
    text = str(value).strip().lower()
    if text not in {"true", "false", "0", "1"}:
        raise BadValueError
    return text in {"true", "1"}


def seconds(value: Any) -> int:
    """Read seconds since 1970."""
    if not re.fullmatch(r"\d+", str(value)):
        raise BadValueError
    return int(value)


def instant(value: Any) -> int:
    """Read a time in ISO 8601 or as the org writes it, to the second."""
    text = re.sub(r"(\.\d+)?(Z|\+00:?00)$", "", str(value))
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def plain(value: Any) -> str:
    """Trim text."""
    return str(value).strip()


# The rules that a plan may use, by target: the rule, and what its values become.
RULES: dict[str, tuple[Json, Callable[[Any], Any]]] = {
    "LastName": ({"source": "last_name"}, plain),
    "Email": ({"source": "email", "format": "email"}, email),
    "Plan__c": ({"source": "attributes.plan"}, plain),
    "LTV_Tier__c": (
        {
            "source": "attributes.ltv",
            "tiers": [
                {"below": 100, "value": "low"},
                {"below": 1000, "value": "med"},
                {"value": "high"},
            ],
        },
        tier,
    ),
    "Cart_Value__c": ({"source": "attributes.cart_value"}, number),
    "Marketing_Opt_In__c": ({"source": "attributes.opt_in"}, truth),
    "MobilePhone": (
        {"source": "attributes.phone", "format": "phone_e164", "default_region": "US"},
        phone,
    ),
    "Last_Intent_At__c": (
        {"source": "attributes.last_intent_at", "format": "epoch_seconds"},
        seconds,
    ),
    "Notes__c": ({"source": "attributes.notes"}, plain),
}


def fill(mapping: Mapping[str, Any], record: Mapping[str, Any]) -> Json:
    """Work out the fields of a ``record`` mapping.

    Raises:
        BadValueError: The record must be refused.
    """
    fields: Json = {}
    for rule in mapping["fields"]:
        if "constant" in rule:
            fields[rule["target"]] = rule["constant"]
        elif _has(record, rule["source"]):
            fields[rule["target"]] = _filled(rule["target"], _get(record, rule["source"]))
        elif rule.get("missing") == "clear":
            fields[rule["target"]] = _filled(rule["target"], None)
    return fields


def _filled(target: str, raw: Any) -> Any:
    if is_blank(raw):
        return False if target in BOOLEANS else None
    return RULES[target][1](raw)


def _get(record: Any, path: str) -> Any:
    for step in path.split("."):
        record = record[step]
    return record


def _has(record: Any, path: str) -> bool:
    for step in path.split("."):
        if not isinstance(record, Mapping) or step not in record:
            return False
        record = record[step]
    return True


def key(rule: Mapping[str, Any], value: Any) -> str | None:
    """Read the value of an identity rule, as it is to be written; None if it is no key."""
    if is_blank(value):
        return None
    try:
        return email(value) if rule.get("format") == "email" else plain(value)
    except BadValueError:
        return None


def folded(field: str, value: Any) -> str | None:
    """Write *value* as Salesforce compares it in *field*."""
    if is_blank(value):
        return None
    text = str(value).strip()
    return text if field in CASE_SENSITIVE else text.lower()
