"""Laws of the pure core as a whole: whatever happens to people, the org holds the truth once."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Checkpoint, Received, Records
from destination_salesforce_intro.kinds.keys import unique_rules
from destination_salesforce_intro.mapping.mapper import Mapper
from destination_salesforce_intro.protocol import Event
from destination_salesforce_intro.writing.buffer import Buffer
from destination_salesforce_intro.writing.guard import Guard
from destination_salesforce_intro.writing.rounds import Org
from destination_salesforce_intro.writing.writer import Writer
from unit_tests.destination.builders import CIO_RULE, CONTACT, EMAIL_RULE, record_mapping
from unit_tests.destination.small_org import Keep, SmallOrg

PEOPLE = ["ann", "bob", "cy"]
ADDRESSES = [f"e{n}@x.example" for n in range(5)]
IDENTITIES = {
    "id": [CIO_RULE],
    "id, e-mail": [CIO_RULE, EMAIL_RULE],
    "e-mail, id": [EMAIL_RULE, CIO_RULE],
    "e-mail": [EMAIL_RULE],
}

# Who, what happens, a number to choose by; "flush" is a checkpoint, "again" re-sends an old record.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["change", "move", "leave", "flush", "again"]),
        st.integers(0, 9),
    ),
    max_size=25,
)


class World:
    """People as the source sees them: each with an address of their own, in or out."""

    def __init__(self, *, tells_previous: bool = True) -> None:
        self._tells_previous = tells_previous
        self.email = dict(zip(PEOPLE, ADDRESSES, strict=False))
        self.ltv: dict[str, int | None] = {}  # of those who are, or have been, in the audience
        self.told: list[dict[str, Any]] = []

    def happen(self, who: str, what: str, number: int) -> dict[str, Any] | None:
        """Let it happen, and return the record that tells of it."""
        previous = None
        if what == "again":
            return self.told[number % len(self.told)] if self.told else None
        if what == "leave" and self.ltv.get(who) is None:
            return None
        if what == "move":
            free = [one for one in ADDRESSES if one not in self.email.values()]
            previous, self.email[who] = self.email[who], free[number % len(free)]
        self.ltv[who] = None if what == "leave" else number
        when = f"2026-01-01T00:00:{len(self.told):02d}.000Z"
        record: dict[str, Any] = {
            "cio_id": who,
            "email": self.email[who],
            "previous_email": previous if self._tells_previous else None,
        }
        record |= {"ltv": number, "changed_at": when}
        record["_ab_cdc_deleted_at"] = when if what == "leave" else None
        self.told.append(record)
        return record


class Pipe:
    """Buffer, kind and org, put together by the writer itself."""

    def __init__(self, identity: Any) -> None:
        self.org = SmallOrg()
        mapping = record_mapping(identity=identity)
        schemas = {"Contact": CONTACT}
        self._writer = Writer(
            Mapper([mapping], schemas),
            [0],
            Buffer(1000, {0: unique_rules(mapping, schemas)}),
            Org(self.org.query, self.org.send, people=[0]),
            Guard(1000, 100, lambda _place: 0),
            Keep(),
        )

    def run(self, told: list[dict[str, Any] | None]) -> None:
        """Write what is *told*; None is a checkpoint."""
        events: list[Event] = [
            Checkpoint("profiles", {"state": {}})
            if record is None
            else Records("profiles", [Received("profiles", number, record)])
            for number, record in enumerate(told, 1)
        ]
        list(self._writer.run(events))


def lived(
    identity: Any, events: list[tuple[str, str, int]], *, tells_previous: bool = True
) -> tuple[World, Pipe]:
    """Let *events* happen.

    By e-mail alone nobody can tell a move told again from another one, so there none is. Led by an
    e-mail, whoever gets an address gets the record that holds it; so nobody moves and leaves in
    one flush, which would leave their record with the old address.
    """
    world, pipe = World(tells_previous=tells_previous), Pipe(identity)
    told: list[dict[str, Any] | None] = []
    for who, what, number in events:
        if what == "leave" and identity[0] == EMAIL_RULE:
            told.append(None)
        record = world.happen(who, what, number) if what != "flush" else None
        is_move_again = what == "again" and record is not None and record["previous_email"]
        if what == "flush" or (record and not (is_move_again and identity == [EMAIL_RULE])):
            told.append(record)
    pipe.run(told)
    return world, pipe


@pytest.mark.parametrize("identity", IDENTITIES)
@given(events=EVENTS, tells_previous=st.booleans())
@example(
    events=[("bob", "change", 0), ("bob", "move", 0), ("ann", "move", 0), ("cy", "move", 0)],
    tells_previous=True,
)
@example(
    events=[
        *(("ann", "change", 0), ("bob", "change", 0)),
        *(("ann", "move", 0), ("bob", "move", 0), ("cy", "move", 0)),
    ],
    tells_previous=True,
)
@settings(max_examples=150)
def test_org_holds_every_member_once_and_nothing_of_those_who_left(
    identity: str, events: list[tuple[str, str, int]], *, tells_previous: bool
) -> None:
    # Led by an e-mail, a move that is not told cannot be told from two people.
    told = tells_previous or identity.startswith("e-mail")
    world, pipe = lived(IDENTITIES[identity], events, tells_previous=told)
    held = pipe.org.held["Contact"]
    key = "Email" if identity == "e-mail" else "CustomerIO_Id__c"
    name = {who: world.email[who] if key == "Email" else who for who in PEOPLE}
    by_key = {one[key]: one for one in held}

    assert len(by_key) == len(held), "no record twice"
    for who, ltv in world.ltv.items():
        record = by_key.get(name[who])
        if ltv is not None:
            assert record is not None
            assert (record["LTV__c"], record["Email"]) == (ltv, world.email[who])
        else:
            assert record is None or record.get("LTV__c") is None


@given(events=EVENTS)
def test_what_is_told_again_in_its_last_form_writes_nothing(
    events: list[tuple[str, str, int]],
) -> None:
    world, pipe = lived(IDENTITIES["id, e-mail"], events)
    last = {record["cio_id"]: record for record in world.told}

    pipe.org.written.clear()
    pipe.run(list(last.values()))

    assert pipe.org.written == []
