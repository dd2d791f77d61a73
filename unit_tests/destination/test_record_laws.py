"""Laws of the pure core as a whole: whatever happens to people, the org holds the truth once."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Received, Refused
from destination_salesforce_intro.kinds.record import RecordKind
from destination_salesforce_intro.writing.buffer import Buffer
from unit_tests.destination.builders import CIO_RULE, CONTACT, EMAIL_RULE, record_mapping
from unit_tests.destination.small_org import SmallOrg

PEOPLE = ["ann", "bob", "cy"]
ADDRESSES = [f"e{n}@x.example" for n in range(5)]
IDENTITIES = {"id": [CIO_RULE], "id, e-mail": [CIO_RULE, EMAIL_RULE], "e-mail": [EMAIL_RULE]}

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

    def __init__(self) -> None:
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
            "previous_email": previous,
        }
        record |= {"ltv": number, "changed_at": when}
        record["_ab_cdc_deleted_at"] = when if what == "leave" else None
        self.told.append(record)
        return record


class Pipe:
    """Buffer, kind and org, as the writer puts them together."""

    def __init__(self, identity: Any) -> None:
        self.kind = RecordKind(0, record_mapping(identity=identity), CONTACT)
        self.buffer, self.org = Buffer(1000), SmallOrg()

    def take(self, record: dict[str, Any]) -> None:
        (change,) = self.kind.changes([Received("profiles", 1, record)])
        assert not isinstance(change, Refused)
        self.buffer.add(change)

    def flush(self) -> list[str]:
        return self.org.write(self.kind, self.buffer.drain())


def lived(identity: Any, events: list[tuple[str, str, int]]) -> tuple[World, Pipe]:
    """Let *events* happen.

    By e-mail alone nobody can tell two moves of one person from two people. So there a person is
    told of once in a flush, as one sync of the source does, and no move is told again.
    """
    world, pipe = World(), Pipe(identity)
    told: set[str] = set()
    for who, what, number in events:
        if what == "flush" or (who in told and identity == [EMAIL_RULE]):
            pipe.flush()
            told.clear()
        record = world.happen(who, what, number) if what != "flush" else None
        is_repeated_move = what == "again" and record is not None and record["previous_email"]
        if record and not (is_repeated_move and identity == [EMAIL_RULE]):
            pipe.take(record)
            told.add(who)
    pipe.flush()
    return world, pipe


@pytest.mark.parametrize("identity", IDENTITIES)
@given(events=EVENTS)
@example([("bob", "change", 0), ("bob", "move", 0), ("ann", "move", 0), ("cy", "move", 0)])
@example(
    [
        *(("ann", "change", 0), ("bob", "change", 0)),
        *(("ann", "move", 0), ("bob", "move", 0), ("cy", "move", 0)),
    ]
)
@settings(max_examples=100)
def test_org_holds_every_member_once_and_nothing_of_those_who_left(
    identity: str, events: list[tuple[str, str, int]]
) -> None:
    world, pipe = lived(IDENTITIES[identity], events)
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

    for record in last.values():
        pipe.take(record)

    assert not {"Create", "Update", "Delete"} & set(pipe.flush())
