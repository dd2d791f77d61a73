"""What happens in the workspace between two syncs, and who was in the CRM before the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

CART, VIP, LAPSED = "7", "8", "9"
BUYERS, ENTRANTS, KNOWN_TO_SALES = 25, 12, 150

Json = dict[str, Any]


def crm_contacts(truth: Mapping[str, Any]) -> list[Json]:
    """Contacts sales had before: the same people by e-mail, in other case, without a cio_id."""
    people = (p for p in truth["people"].values() if p["email"])
    return [
        {"LastName": "Unknown", "Email": person["email"].swapcase()}
        for person in islice(people, KNOWN_TO_SALES)
    ]


def a_day_later(truth: Mapping[str, Any]) -> tuple[list[Json], list[str]]:
    """Return the workspace operations of an eventful day, and the day in words."""
    people, segments = truth["people"], truth["segments"]
    cart = [one for one in segments[CART] if one not in segments[VIP]]
    buyers, rest = cart[:BUYERS], cart[BUYERS:]
    lapsed = [one for one in segments[LAPSED] if people[one]["email"]]
    mover, deleted, primary, secondary = lapsed[:4]
    operations = [
        *({"op": "purchase", "person": {"cio_id": one}} for one in buyers),
        *({"op": "abandon_cart", "person": {"cio_id": one}} for one in _outsiders(truth)),
        _newcomer(),
        {"op": "update_person", "person": {"cio_id": mover}, "email": "Moved.House@example.org"},
        {"op": "delete_person", "person": {"cio_id": deleted}},
        {
            "op": "merge_people",
            "primary": {"cio_id": primary},
            "secondary": {"cio_id": secondary},
        },
        {"op": "update_person", "person": {"cio_id": rest[0]}, "attributes": {"phone": None}},
    ]
    return operations, [
        f"{BUYERS} cart abandoners buy: they leave the cart segment, enter the suppression one",
        f"{ENTRANTS} people abandon a cart, and one who is new signs up and abandons one too",
        "one changes the e-mail address, one is deleted, one is merged into another",
        "one takes the phone number back",
    ]


def _newcomer() -> Json:
    attributes = {"first_name": "Noor", "last_name": "Haddad", "ltv": "0.00"}
    cart = {"cart_value": "64.00", "last_intent_at": "1790000000"}
    return {"op": "create_person", "email": "New.Here@example.com", "attributes": attributes | cart}


def _outsiders(truth: Mapping[str, Any]) -> Iterable[str]:
    """People in no segment so far."""
    inside = {one for members in truth["segments"].values() for one in members}
    return list(islice((one for one in truth["people"] if one not in inside), ENTRANTS))
