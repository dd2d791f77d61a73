"""What is written first: removals, then suppression, then growth, whatever came in which order."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Exit, Received, Records, Row
from destination_salesforce_intro.mapping.mapper import Mapper
from destination_salesforce_intro.protocol import Event
from destination_salesforce_intro.writing.buffer import Buffer
from destination_salesforce_intro.writing.guard import Guard
from destination_salesforce_intro.writing.precedence import people_mappings, writing_order
from destination_salesforce_intro.writing.rounds import Org
from destination_salesforce_intro.writing.writer import Writer
from unit_tests.destination.builders import ADAPTER, CIO_RULE, CONTACT, record_mapping
from unit_tests.destination.small_org import Keep, SmallOrg

PEOPLE = ["ann", "bob", "cy"]
GROWTH, SUPPRESSION, PERSON = 0, 1, 2


def select(segment: int, value: str, **given: Any) -> Any:
    return ADAPTER.validate_python(
        {
            "stream": "members",
            "kind": "multi_select",
            "object": "Contact",
            "field": "Segments__c",
            "identity": [CIO_RULE],
            "segments": [{"segment": segment, "value": value}],
            **given,
        }
    )


MAPPINGS = [
    select(7, "Cart", priority=100),
    select(10, "Opted out", priority=1),
    record_mapping(identity=[CIO_RULE], priority=100),
]


def test_better_priorities_are_written_first_and_people_before_the_rest() -> None:
    assert writing_order(MAPPINGS) == [SUPPRESSION, PERSON, GROWTH]
    assert people_mappings(MAPPINGS) == {PERSON}
    assert people_mappings([record_mapping(operation="update")]) == frozenset()


def membership(number: int, who: str, segment: int, *, is_in: bool) -> Event:
    left = {} if is_in else {"_ab_cdc_deleted_at": "2026-01-01"}
    data = {"cio_id": who, "segment_id": segment, **left}
    return Records("members", [Received("members", number, data)])


def rank(row: Row) -> tuple[bool, int]:
    return not isinstance(row.change, Exit), writing_order(MAPPINGS).index(row.change.mapping)


TOLD = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from([7, 10]), st.booleans()), max_size=12
)


@given(held=st.sets(st.sampled_from(["Cart", "Opted out"])), told=TOLD)
@settings(max_examples=100)
def test_removals_then_suppression_then_growth_in_every_flush(
    held: set[str], told: list[tuple[str, int, bool]]
) -> None:
    values = ";".join(sorted(held)) or None
    org = SmallOrg(
        Contact=[{"Id": who, "CustomerIO_Id__c": who, "Segments__c": values} for who in PEOPLE]
    )
    writer = Writer(
        Mapper(MAPPINGS, {"Contact": CONTACT}),
        writing_order(MAPPINGS),
        Buffer(1000, {}),
        Org(org.query, org.send, people_mappings(MAPPINGS)),
        Guard(1000, 100, lambda _place: 0),
        Keep(),
    )
    events = [
        membership(number, who, segment, is_in=is_in)
        for number, (who, segment, is_in) in enumerate(told, 1)
    ]
    list(writer.run(events))

    assert [rank(row) for row in org.written] == sorted(map(rank, org.written))
