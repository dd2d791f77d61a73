"""What the operator may do to the org: obstacles, quota, sessions, its make-up.

What is done to records is in ``tampering``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.salesforce.control.tampering import TAMPERING
from sandbox.salesforce.field_types import sobject
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.interference import DuplicateRule, Interference, Lock, Trigger
from sandbox.salesforce.org import REQUESTS, Org
from sandbox.salesforce.tables import field_from_json

Arguments = Mapping[str, Any]


def _lock(org: Org, arguments: Arguments) -> None:
    """Hold records, so that writing them or a child of one fails, *times* times or for ever."""
    lock = Lock.parse(arguments)
    _require_fields(org, lock.object, lock.where)
    org.interference.locks.append(lock)


def _trigger(org: Org, arguments: Arguments) -> None:
    """Refuse rows whose field matches a pattern."""
    trigger = Trigger.parse(arguments)
    _require_fields(org, trigger.object, [trigger.field])
    org.interference.triggers.append(trigger)


def _require_fields(org: Org, name: str, fields: Iterable[str]) -> None:
    for each in fields:
        if each not in org.sobject(name).fields:
            raise LookupError(f"{name} has no field {each}")


def _duplicate_rule(org: Org, arguments: Arguments) -> None:
    """Forbid a second record with the same value: ``{"object", "field", "action": "alert"}``."""
    sobject_ = org.sobject(arguments["object"])
    field = sobject_.fields[arguments["field"]]
    blocks = {"alert": False, "block": True}[arguments["action"]]
    org.interference.duplicate_rules.append(DuplicateRule(sobject_.name, field.name, blocks))


def _assignment_rule(org: Org, arguments: Arguments) -> None:
    """Give records of an object to an owner: ``{"object": "Lead", "owner": "005…"}``."""
    owner = full_id(arguments["owner"])
    org.interference.assigned_owners[org.sobject(arguments["object"]).name] = owner


def _clear(org: Org, _arguments: Arguments) -> None:
    """Take all locks, triggers and rules away."""
    org.interference = Interference()


def _expire_sessions(org: Org, arguments: Arguments) -> None:
    """End every session, now or after ``{"after_requests": 3}``."""
    after = arguments.get("after_requests", 0)
    if after:
        org.sessions.expire_after(after)
    else:
        org.sessions.expire()


def _quota(org: Org, arguments: Arguments) -> None:
    """Set what the day allows: ``{"max": 15000, "used": 14990}``, of API calls if not said."""
    numbers = {name: value for name, value in arguments.items() if name != "of"}
    name = arguments.get("of", REQUESTS)
    org.daily[name] = dataclasses.replace(org.daily[name], **numbers)


def _settings(org: Org, arguments: Arguments) -> None:
    """Choose among behaviours that the vendor's documents leave open."""
    org.settings = dataclasses.replace(org.settings, **arguments)


def _add_object(org: Org, arguments: Arguments) -> None:
    """Make an object: ``{"name": "Visit__c", "key_prefix": "a01", "fields": [...]}``."""
    fields = [field_from_json(each) for each in arguments["fields"]]
    org.define(sobject(arguments["name"], arguments["key_prefix"], *fields))


def _set_field(org: Org, arguments: Arguments) -> None:
    """Make a field, or change what it is or who may write it.

    ``{"object": "Contact", "field": {"name": "Tier__c", "type": "string", "length": 40}}``;
    ``{"object": "Contact", "field": {"name": "Is_VIP__c", "updateable": false}}`` changes one that
    exists.
    """
    it = org.sobject(arguments["object"])
    given = field_from_json(arguments["field"])
    known = it.field(given.name)
    made = dataclasses.replace(known, **arguments["field"]) if known else given
    org.define(dataclasses.replace(it, fields={**it.fields, made.name: made}))


def _hide_field(org: Org, arguments: Arguments) -> None:
    """Take a field out of sight, as field-level security does; its values stay."""
    it = org.sobject(arguments["object"])
    hidden = it.field(arguments["field"])
    fields = {name: each for name, each in it.fields.items() if each is not hidden}
    org.define(dataclasses.replace(it, fields=fields))


def _permissions(org: Org, arguments: Arguments) -> None:
    """Change what may be done with an object: ``{"object": "Contact", "deletable": false}``."""
    flags = {name: value for name, value in arguments.items() if name != "object"}
    org.define(dataclasses.replace(org.sobject(arguments["object"]), **flags))


OPERATIONS: dict[str, Callable[[Org, Arguments], Any]] = {
    "lock": _lock,
    "trigger": _trigger,
    "duplicate_rule": _duplicate_rule,
    "assignment_rule": _assignment_rule,
    "clear_obstacles": _clear,
    "expire_sessions": _expire_sessions,
    "quota": _quota,
    "settings": _settings,
    "add_object": _add_object,
    "set_field": _set_field,
    "hide_field": _hide_field,
    "permissions": _permissions,
    **TAMPERING,
}
