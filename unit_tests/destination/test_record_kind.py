"""Kind record: what is written for a record, given what Salesforce holds."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import (
    Change,
    Create,
    Delete,
    Exit,
    Outcome,
    Refused,
    Result,
    Row,
    Update,
    Upsert,
)
from destination_salesforce_intro.kinds.record import RecordKind
from destination_salesforce_intro.org.decide import Decision
from destination_salesforce_intro.org.lookup import SAMPLE_SIZE
from destination_salesforce_intro.org.schema import ObjectSchema
from unit_tests.destination.builders import (
    CONTACT,
    CONTACT_FIELDS,
    EMAIL_RULE,
    external_id,
    field,
    one_round,
    read_only,
    received,
    record_mapping,
    schema,
)
from unit_tests.destination.small_org import SmallOrg

LEFT = "2026-01-09T00:00:00Z"


def kind(contact: ObjectSchema = CONTACT, **settings: Any) -> RecordKind:
    return RecordKind(0, record_mapping(**settings), contact)


def contact(id_: str = "003A", **fields: Any) -> dict[str, Any]:
    return {"Id": id_, "CustomerIO_Id__c": "a", "Email": "a@x.example", "LTV__c": 5.0, **fields}


def change(of: RecordKind, number: int = 1, **data: Any) -> Upsert | Exit:
    (made,) = of.changes([received(number, **{"cio_id": "a", "email": "a@x.example", **data})])
    assert not isinstance(made, Refused)
    return made


def decide(of: RecordKind, *held: dict[str, Any], **data: Any) -> Decision:
    return one_round(of, [change(of, **data)], held)


def row(decision: Decision) -> Row:
    assert decision.outcomes == []
    assert decision.later == []
    (made,) = decision.rows
    return made


def result(decision: Decision) -> Result:
    assert decision.rows == []
    assert decision.later == []
    return decision.outcomes[0].result


def code(decision: Decision) -> str:
    (outcome,) = decision.outcomes
    assert isinstance(outcome, Outcome)
    assert outcome.result is Result.REJECTED
    assert outcome.rejection is not None
    return outcome.rejection.code


# --- from records to changes -------------------------------------------------------------------


def test_record_without_key_is_refused() -> None:
    (refused,) = kind().changes([received(cio_id=None, email="", ltv=1)])

    assert isinstance(refused, Refused)
    assert refused.rejection.code == "MISSING_KEY"


def test_record_with_unfit_value_is_refused_but_its_exit_is_not() -> None:
    (refused,) = kind().changes([received(cio_id="a", ltv="much")])
    (left,) = kind().changes([received(cio_id="a", ltv="much", _ab_cdc_deleted_at=LEFT)])

    assert isinstance(refused, Refused)
    assert refused.rejection.code == "INVALID_VALUE"
    assert isinstance(left, Exit)


def test_time_of_change_goes_into_its_field() -> None:
    made = change(kind(changed_at_field="changed_at__C"), changed_at="2026-01-02")

    assert made.fields["Changed_At__c"] == made.changed_at == "2026-01-02T00:00:00.000Z"


# --- upserts -----------------------------------------------------------------------------------


def test_unknown_person_is_created_by_external_id_with_every_key() -> None:
    made = row(decide(kind(), cio_id="A1", ltv=None))

    assert isinstance(made, Create)
    assert made.key_field == "CustomerIO_Id__c"
    assert made.fields == {"CustomerIO_Id__c": "A1", "Email": "a@x.example"}


@pytest.mark.parametrize(
    ("fields", "key_field"),
    [
        ([external_id("CustomerIO_Id__c"), field("Email", "email", idLookup=True)], "CustomerIO_"),
        ([field("CustomerIO_Id__c"), external_id("Email")], "Email"),
        ([field("CustomerIO_Id__c"), field("Email", "email", idLookup=True)], "Email"),
        ([field("CustomerIO_Id__c"), field("Email", "email")], None),
    ],
)
def test_create_can_be_repeated_where_a_field_allows_it(
    fields: list[dict[str, Any]], key_field: str | None
) -> None:
    org = schema(fields=[read_only("Id", "id"), *fields, field("LTV__c", "double")])
    made = row(decide(kind(org)))

    assert isinstance(made, Create)
    assert (made.key_field or "").startswith(key_field or "")
    assert (made.key_field is None) == (key_field is None)


def test_only_differing_fields_are_written() -> None:
    made = row(decide(kind(), contact(), ltv=7))

    assert isinstance(made, Update)
    assert (made.id, made.fields) == ("003A", {"LTV__c": 7})


def test_null_clears_what_is_held_and_absent_leaves_it() -> None:
    cleared = row(decide(kind(), contact(), ltv=None))

    assert isinstance(cleared, Update)
    assert cleared.fields == {"LTV__c": None}
    assert result(decide(kind(), contact())) is Result.UNCHANGED


def test_nothing_is_written_for_what_is_already_so() -> None:
    assert result(decide(kind(), contact(), ltv="5.00")) is Result.UNCHANGED


def test_person_found_by_a_later_rule_gets_the_first_key() -> None:
    made = row(decide(kind(), contact(CustomerIO_Id__c=None)))

    assert isinstance(made, Update)
    assert made.fields == {"CustomerIO_Id__c": "a"}


def test_changed_email_moves_the_record() -> None:
    by_email = kind(identity=[EMAIL_RULE])
    made = row(
        decide(by_email, contact(), email="new@x.example", previous_email="A@x.example", ltv=5)
    )

    assert isinstance(made, Update)
    assert (made.id, made.fields) == ("003A", {"Email": "new@x.example"})


def test_update_never_inserts() -> None:
    """An update by external id that creates instead is a defect others were told of."""
    assert result(decide(kind(operation="update"))) is Result.NOT_FOUND
    assert isinstance(row(decide(kind(operation="update"), contact(), ltv=1)), Update)


def test_insert_leaves_what_exists() -> None:
    assert result(decide(kind(operation="insert"), contact(), ltv=9)) is Result.IGNORED
    assert isinstance(row(decide(kind(operation="insert"))), Create)


TWINS = [contact("003A", CustomerIO_Id__c=None), contact("003B", CustomerIO_Id__c=None)]


@pytest.mark.parametrize(
    ("policy", "ids"), [("oldest", ["003A"]), ("newest", ["003B"]), ("all", ["003A", "003B"])]
)
def test_several_matches_are_settled_by_policy(policy: str, ids: list[str]) -> None:
    decision = decide(kind(on_multiple_matches=policy), *TWINS, ltv=1)

    assert [r.id for r in decision.rows if isinstance(r, Update)] == ids
    assert decision.outcomes == []


def test_several_matches_are_refused_by_default() -> None:
    """Others update one of them, nobody knows which."""
    decision = decide(kind(), *TWINS, ltv=1)

    assert code(decision) == "MULTIPLE_MATCHES"
    assert (
        code(
            decide(
                kind(on_exit={"action": "delete"}, identity=[EMAIL_RULE]),
                *TWINS,
                _ab_cdc_deleted_at=LEFT,
            )
        )
        == "MULTIPLE_MATCHES"
    )


def test_of_all_matches_those_that_agree_are_left_alone() -> None:
    held = [TWINS[0] | {"CustomerIO_Id__c": None, "LTV__c": 1.0}, TWINS[1]]
    decision = decide(kind(identity=[EMAIL_RULE], on_multiple_matches="all"), *held, ltv=1)

    assert [r.id for r in decision.rows if isinstance(r, Update)] == ["003B"]


@pytest.mark.parametrize(
    ("stored", "is_written"),
    [
        ("2026-01-01T00:00:00.000+0000", True),
        ("2026-01-02T00:00:00.000+0000", True),
        ("2026-01-03T00:00:00.000+0000", False),
        (None, True),
    ],
)
@pytest.mark.parametrize("gone", [None, LEFT])
def test_newer_change_in_salesforce_is_not_undone(
    stored: str | None, *, is_written: bool, gone: str | None
) -> None:
    guarded = kind(changed_at_field="Changed_At__c")
    decision = decide(
        guarded,
        contact(Changed_At__c=stored),
        changed_at="2026-01-02T00:00:00.500Z",
        _ab_cdc_deleted_at=gone,
        ltv=9,
    )

    assert bool(decision.rows) is is_written
    assert is_written or result(decision) is Result.UNCHANGED


def test_create_only_field_is_left_out_of_an_update() -> None:
    fields = [f | {"updateable": f["name"] != "LTV__c"} for f in CONTACT_FIELDS]

    assert result(decide(kind(schema(fields=fields)), contact(Id="003A"), ltv=9)) is (
        Result.UNCHANGED
    )


# --- exits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_exit", "expected"),
    [
        ({"action": "clear", "fields": ["ltv__c"]}, {"LTV__c": None}),
        ({"action": "clear", "fields": ["Is_VIP__c", "LTV__c"]}, {"Is_VIP__c": False}),
        ({"action": "set", "values": {"Tier__c": "low", "LTV__c": "5"}}, {"Tier__c": "low"}),
    ],
)
def test_exit_sets_only_what_is_not_so_yet(on_exit: Any, expected: dict[str, Any]) -> None:
    held = contact(LTV__c=None if "Is_VIP__c" in expected else 5.0, Is_VIP__c=True)
    made = row(decide(kind(on_exit=on_exit), held, _ab_cdc_deleted_at=LEFT))

    assert isinstance(made, Update)
    assert made.fields == expected
    assert isinstance(made.change, Exit)


def test_exit_that_is_done_already_is_unchanged() -> None:
    assert result(decide(kind(), contact(LTV__c=None), _ab_cdc_deleted_at=LEFT)) is (
        Result.UNCHANGED
    )


def test_exit_deletes_the_record_of_the_person() -> None:
    made = row(decide(kind(on_exit={"action": "delete"}), contact(), _ab_cdc_deleted_at=LEFT))

    assert isinstance(made, Delete)
    assert made.id == "003A"


def test_exit_of_nobody_is_done() -> None:
    assert result(decide(kind(), _ab_cdc_deleted_at=LEFT)) is Result.NOT_FOUND


def test_exit_that_is_ignored_asks_nothing() -> None:
    ignoring = kind(on_exit={"action": "ignore"})

    assert result(decide(ignoring, contact(), _ab_cdc_deleted_at=LEFT)) is Result.IGNORED
    assert ignoring.search([change(ignoring, _ab_cdc_deleted_at=LEFT)]).queries() == []


@pytest.mark.parametrize("holder", [None, "someone else"])
@pytest.mark.parametrize(
    "action", [{"action": "delete"}, {"action": "clear", "fields": ["LTV__c"]}]
)
def test_exit_touches_no_record_that_is_not_this_persons(holder: Any, action: Any) -> None:
    held = contact(CustomerIO_Id__c=holder)
    decision = decide(kind(on_exit=action), held, _ab_cdc_deleted_at=LEFT)

    assert result(decision) is Result.NOT_FOUND


def test_exit_after_a_move_finds_the_record_under_its_old_key() -> None:
    by_email = kind(identity=[EMAIL_RULE], on_exit={"action": "delete"})
    decision = decide(
        by_email,
        contact(),
        email="b@x.example",
        previous_email="a@x.example",
        _ab_cdc_deleted_at=LEFT,
    )

    assert isinstance(row(decision), Delete)


# --- converted leads ---------------------------------------------------------------------------

LEAD = schema("Lead", [*CONTACT_FIELDS, read_only("IsConverted", "boolean")])


def test_converted_lead_is_refused_in_words_and_an_open_one_preferred() -> None:
    leads = kind(LEAD, object="Lead", identity=[EMAIL_RULE])
    converted, still_open = contact("00QA", IsConverted=True), contact("00QB", IsConverted=False)

    assert code(decide(leads, converted, ltv=9)) == "CANNOT_UPDATE_CONVERTED_LEAD"
    assert getattr(row(decide(leads, converted, still_open, ltv=9)), "id", None) == "00QB"
    assert result(decide(leads, converted, _ab_cdc_deleted_at=LEFT)) is Result.NOT_FOUND


# --- several changes at once -------------------------------------------------------------------


def rounds(of: RecordKind, changes: list[Any], held: list[dict[str, Any]]) -> list[str]:
    """Write round after round into *held*; return what each did, e.g. ``Create 003N0``."""
    log = []
    while changes:
        decision = one_round(of, changes, held)
        assert len(decision.later) < len(changes), "each round settles something"
        for made in decision.rows:
            log.append(type(made).__name__)
            store(made, held)
        log += [outcome.result.value for outcome in decision.outcomes]
        changes = decision.later
    return log


def store(made: Row, held: list[dict[str, Any]]) -> None:
    if isinstance(made, Create):
        held.append({"Id": f"003N{len(held)}", **made.fields})
        return
    (record,) = [one for one in held if one["Id"] == made.id]
    if isinstance(made, Delete):
        held.remove(record)
    else:
        record.update(made.fields)


def test_same_email_under_two_ids_becomes_one_record() -> None:
    held: list[dict[str, Any]] = []
    pair = [change(kind(), cio_id="a", ltv=1), change(kind(), 2, cio_id="b", ltv=2)]

    assert rounds(kind(), pair, held) == ["Create", "Update"]
    assert [(one["CustomerIO_Id__c"], one["LTV__c"]) for one in held] == [("b", 2)]


def test_email_that_passes_to_another_person_leaves_two_records() -> None:
    held = [contact("003A")]
    newcomer = change(kind(), cio_id="c", email="a@x.example", ltv=3)
    mover = change(kind(), 2, cio_id="a", email="new@x.example")

    rounds(kind(), [newcomer, mover], held)

    assert {one["CustomerIO_Id__c"]: one["Email"] for one in held} == {
        "a": "new@x.example",
        "c": "a@x.example",
    }


def test_mover_without_external_id_leaves_before_the_next_holder_is_found() -> None:
    by_email = kind(identity=[EMAIL_RULE])
    held = [contact("003A", LTV__c=5.0)]
    newcomer = change(by_email, email="a@x.example", ltv=1)
    mover = change(by_email, 2, email="b@x.example", previous_email="a@x.example", ltv=5)

    rounds(by_email, [newcomer, mover], held)

    assert {one["Email"]: one["LTV__c"] for one in held} == {"b@x.example": 5.0, "a@x.example": 1}


def test_chain_of_moves_keeps_one_record() -> None:
    by_email = kind(identity=[EMAIL_RULE])
    held = [contact("003A", Email="e1@x.example")]
    chain = [
        change(by_email, n, email=f"e{n + 1}@x.example", previous_email=f"e{n}@x.example")
        for n in (1, 2, 3)
    ]

    rounds(by_email, [*chain], held)

    assert [one["Email"] for one in held] == ["e4@x.example"]


def test_secondary_of_a_merge_leaves_without_taking_the_primary_along() -> None:
    deleting = kind(on_exit={"action": "delete"})
    held = [contact("003A", CustomerIO_Id__c="primary")]
    gone = change(deleting, cio_id="secondary", _ab_cdc_deleted_at=LEFT)
    stays = change(deleting, 2, cio_id="primary", ltv=8)

    rounds(deleting, [gone, stays], held)

    assert [(one["CustomerIO_Id__c"], one["LTV__c"]) for one in held] == [("primary", 8)]


def test_exit_and_return_of_one_person_happen_in_order() -> None:
    held = [contact("003A", Tier__c="high")]
    leaving = kind(on_exit={"action": "clear", "fields": ["Tier__c"]})
    gone = change(leaving, _ab_cdc_deleted_at=LEFT)
    back = change(leaving, 2, ltv=6)

    assert rounds(leaving, [gone, back], held) == ["Update", "Update"]
    assert (held[0]["Tier__c"], held[0]["LTV__c"]) == (None, 6)


def test_deleted_and_returned_person_is_created_afresh() -> None:
    held = [contact("003A", Tier__c="high")]
    deleting = kind(on_exit={"action": "delete"})
    gone = change(deleting, _ab_cdc_deleted_at=LEFT)
    back = change(deleting, 2, ltv=6)

    assert rounds(deleting, [gone, back], held) == ["Delete", "Create"]
    assert "Tier__c" not in held[0]


# --- very many changes at once -----------------------------------------------------------------

ONE_KEY: dict[str, Any] = {"identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}]}
MANY = 2 * SAMPLE_SIZE + 1


def crowd(of: RecordKind, **data: Any) -> list[Change]:
    return [change(of, n, cio_id=f"c{n}", ltv=None, **data) for n in range(MANY)]


def statements(of: RecordKind, changes: list[Change], org: SmallOrg) -> int:
    """Count the statements of a look-up."""
    search, count = of.search(changes), 0
    while queries := search.queries():
        count += len(queries)
        search.take([record for soql in queries for record in org.answer(soql)])
    return count


def test_first_load_is_not_looked_up_beyond_a_sample_and_still_clears() -> None:
    plain, org = kind(**ONE_KEY), SmallOrg()
    changes = crowd(plain)
    rows = org.decide(plain, changes).rows

    assert statements(plain, changes, org) == SAMPLE_SIZE / 200
    assert [row.change for row in rows] == changes
    assert {row.key_field for row in rows if isinstance(row, Create)} == {"CustomerIO_Id__c"}
    last = rows[-1]
    assert isinstance(last, Create)
    assert last.fields["LTV__c"] is None


def test_crowd_of_which_one_is_known_is_looked_up_whole() -> None:
    """A runner that sends everything again must cause no write."""
    plain = kind(**ONE_KEY, fields=[])
    changes = crowd(plain)
    org = SmallOrg(Contact=[{"Id": f"003{n}", "CustomerIO_Id__c": f"c{n}"} for n in range(MANY)])

    decision = org.decide(plain, changes)

    assert decision.rows == []
    assert len(decision.outcomes) == MANY


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"identity": [EMAIL_RULE]},
        ONE_KEY | {"operation": "update"},
        ONE_KEY | {"changed_at_field": "Changed_At__c"},
    ],
)
def test_crowd_is_looked_up_whole_where_writing_depends_on_what_is_there(
    settings: dict[str, Any],
) -> None:
    careful = kind(**settings)
    changes = [change(careful, n, cio_id=f"c{n}", email=f"c{n}@x.example") for n in range(MANY)]

    assert statements(careful, changes, SmallOrg()) > MANY / 200


def test_crowd_is_looked_up_whole_where_a_plan_has_to_be_exact() -> None:
    exact = RecordKind(0, record_mapping(**ONE_KEY), CONTACT, samples=False)

    assert statements(exact, crowd(exact), SmallOrg()) > MANY / 200


def test_crowd_with_an_exit_in_it_is_looked_up_whole() -> None:
    plain = kind(**ONE_KEY)
    changes = [*crowd(plain), change(plain, cio_id="x", _ab_cdc_deleted_at=LEFT)]

    assert statements(plain, changes, SmallOrg()) > MANY / 200


def test_many_people_with_one_email_take_few_rounds() -> None:
    org = SmallOrg()
    crowd_of_one = [
        change(kind(), n, cio_id=f"c{n}", ltv=n, changed_at=f"2026-01-{28 - n:02d}")
        for n in range(20)
    ]

    assert org.write(kind(), crowd_of_one) == ["Create", "Update"]
    assert [(one["CustomerIO_Id__c"], one["LTV__c"]) for one in org.held["Contact"]] == [("c1", 1)]
