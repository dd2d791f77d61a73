"""Records are found rule by rule, and never by a key that is someone else's."""

from collections.abc import Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import Change
from destination_salesforce_intro.org.lookup import Match, Search, places
from unit_tests.destination.builders import CONTACT, exit_, external_id, field, schema, upsert

NAMES = ["LTV__c", "Account.Acct_Key__c"]


def search(*changes: Change) -> Search:
    fields = [CONTACT.fields["customerio_id__c"], CONTACT.fields["email"]]
    return Search(changes, dict(enumerate(places([(CONTACT, f) for f in fields], NAMES))))


def contact(id_: str, cio: str | None = None, email: str | None = None) -> dict[str, Any]:
    return {"Id": id_, "CustomerIO_Id__c": cio, "Email": email, "LTV__c": 1.0, "Account": None}


def matches(held: Sequence[Mapping[str, Any]], *changes: Change) -> list[Match]:
    finding = search(*changes)
    while finding.queries():
        finding.take(held)
    return finding.matches()


def ids(match: Match) -> list[str]:
    return [found.id for found in match.found]


def test_later_rule_is_asked_only_for_what_the_first_did_not_find() -> None:
    finding = search(upsert("a", "a@x.example"), upsert("b", "b@x.example"))

    (first,) = finding.queries()
    finding.take([contact("1", "A", "a@x.example")])
    (second,) = finding.queries()
    finding.take([contact("2", None, "B@x.example")])

    assert "CustomerIO_Id__c IN ('a','b')" in first
    assert "Email IN ('b@x.example')" in second
    assert "a@x.example" not in second
    assert finding.queries() == []
    assert [(ids(m), m.rule, m.moved) for m in finding.matches()] == [
        (["1"], 0, False),
        (["2"], 1, False),
    ]


def test_step_without_keys_costs_no_query() -> None:
    assert search().queries() == []
    assert "Email IN" in search(upsert(None, "e@x.example")).queries()[0]


def test_asking_again_before_taking_gives_the_same_question() -> None:
    finding = search(upsert("a", None))

    assert finding.queries() == finding.queries()


def test_key_from_before_is_asked_last_and_finds_the_record_that_moved() -> None:
    moved = upsert("a", "new@x.example", previous=(None, "old@x.example"))

    (match,) = matches([contact("1", None, "Old@x.example")], moved)

    assert (ids(match), match.rule, match.moved) == (["1"], 1, True)


def test_key_from_before_does_not_take_the_record_of_its_new_holder() -> None:
    moved = upsert("a", "new@x.example", previous=(None, "old@x.example"))

    (match,) = matches([contact("1", "someone else", "old@x.example")], moved)

    assert match == Match(moved)


def test_record_that_carries_nobodys_key_is_preferred() -> None:
    held = [contact("1", "someone else", "e@x.example"), contact("2", None, "e@x.example")]
    (free,) = matches(held, upsert("a", "e@x.example"))
    (taken,) = matches(held[:1], upsert("a", "e@x.example"))

    assert ids(free) == ["2"]
    assert ids(taken) == ["1"]


def test_all_records_with_the_key_are_found_in_order_of_creation() -> None:
    held = [contact("1", None, "e@x.example"), contact("2", None, "E@X.example")]
    (match,) = matches(held, upsert(None, "e@x.example"))

    assert ids(match) == ["1", "2"]
    assert "ORDER BY CreatedDate, Id" in search(upsert("a", None)).queries()[0]


def test_case_sensitive_key_finds_its_own_case_only() -> None:
    exact = schema(fields=[field("Id", "id"), external_id("K__c", caseSensitive=True)])
    (place,) = places([(exact, exact.fields["k__c"])])
    finding = Search([upsert("aB"), upsert("ab")], {0: place})
    finding.queries()
    finding.take([{"Id": "1", "K__c": "ab"}])

    assert [ids(match) for match in finding.matches()] == [[], ["1"]]


def test_fields_are_read_with_those_of_the_parent() -> None:
    held = contact("1", "a") | {"Account": {"attributes": {}, "Acct_Key__c": "A9"}}
    (match,) = matches([held], upsert("a", None))

    assert match.found[0].fields["Account.Acct_Key__c"] == "A9"
    assert match.found[0].fields["LTV__c"] == 1.0


def test_nothing_is_looked_up_for_an_exit_that_is_ignored() -> None:
    ignored = exit_("a", None)
    ignored = type(ignored)(0, ignored.identity, "ignore", {}, None, ignored.received)
    finding = search(ignored)

    assert finding.queries() == []
    assert finding.matches() == [Match(ignored)]
