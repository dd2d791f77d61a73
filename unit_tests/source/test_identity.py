"""People are renamed, deleted, suppressed and merged: over HTTP, in both forms of the state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.control import CustomerioControl
from sandbox.serve import running
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Log, Message
from source_customerio_segments.config import Config
from source_customerio_segments.output import now_ms
from source_customerio_segments.reader import read
from source_customerio_segments.streams.batches import apart
from unit_tests.source.downstream import Downstream
from unit_tests.source.test_reader import MEMBERSHIPS, PROFILES, records, warnings

MANUAL = 11
Operation = Mapping[str, Any]


class Connection:
    """A manual segment with three people, read once."""

    def __init__(self, control: CustomerioControl, config: Config) -> None:
        self.control = control
        self.config = config
        self.client = CustomerioClient(config)
        self.downstream = Downstream()
        self.ann = self.create(email="Ann@Example.com", id="u-ann")
        self.joao = self.create(email="joão@exämple.example")
        self.number = self.create(id="u-№", cio_id="0300")
        self.join(self.ann, self.joao, self.number)
        self.sync()

    def create(self, **identifiers: str) -> str:
        (made,) = self.control.do({"op": "create_person", **identifiers, "attributes": {}})
        return str(made["cio_id"])

    def join(self, *cio_ids: str) -> None:
        self.control.do({"op": "add_members", "segment": MANUAL, "cio_ids": cio_ids})

    def sync(self, *operations: Operation) -> list[Message]:
        self.control.do(*operations)
        states = dict(self.downstream.states)
        streams = [MEMBERSHIPS, PROFILES]
        messages = read(self.client, self.config, streams, states, now_ms)
        return self.downstream.take(apart(messages))


@pytest.fixture(params=[2, 0.000_001], ids=["identifiers", "digests"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with running(people=5) as box:
        config = Config.parse(
            {
                "app_api_key": box.app_api_key,
                "api_url": box.customerio,
                "segments": ["11"],
                "max_state_megabytes": request.param,
            }
        )
        made = Connection(box.customerio_control, config)
        yield made
        made.client.close()


def told(messages: list[Message], stream: str) -> dict[str, tuple[Any, ...]]:
    """Return by cio_id: the names, those before, and whether the person is there."""
    names = ("email", "id", "previous_email", "previous_id")
    return {
        row["cio_id"]: (*map(row.get, names), row["_ab_cdc_deleted_at"] is None)
        for row in records(messages, stream)
    }


def person(cio_id: str) -> Operation:
    return {"cio_id": cio_id}


def test_people_without_an_address_or_an_id_are_told_as_they_are(connection: Connection) -> None:
    for stream, key in (
        (MEMBERSHIPS, lambda each: (MANUAL, each)),
        (PROFILES, lambda each: (each,)),
    ):
        rows = connection.downstream.present(stream)
        names = [
            (rows[key(each)]["email"], rows[key(each)]["id"]) for each in everybody(connection)
        ]
        assert names == [
            ("Ann@Example.com", "u-ann"),
            ("joão@exämple.example", None),
            (None, "u-№"),
        ]


def everybody(connection: Connection) -> tuple[str, ...]:
    return connection.ann, connection.joao, connection.number


@pytest.mark.parametrize("email", ["ANN@example.com", "änn@exämple.example", None])
def test_changed_address_is_told_once_with_the_one_before(
    connection: Connection, email: str | None
) -> None:
    change = {"op": "update_person", "person": person(connection.ann), "email": email}
    messages, again = connection.sync(change), connection.sync()

    expected = {connection.ann: (email, "u-ann", "Ann@Example.com", None, True)}
    assert told(messages, MEMBERSHIPS) == told(messages, PROFILES) == expected
    assert told(again, MEMBERSHIPS) == told(again, PROFILES) == {}


def test_changed_id_is_told_with_the_one_before(connection: Connection) -> None:
    messages = connection.sync(
        {"op": "update_person", "person": person(connection.number), "id": "u-other"}
    )

    expected = {"0300": (None, "u-other", None, "u-№", True)}
    assert told(messages, MEMBERSHIPS) == told(messages, PROFILES) == expected


def test_deleted_people_leave_with_their_names(connection: Connection) -> None:
    deletions = [{"op": "delete_person", "person": person(each)} for each in everybody(connection)]

    messages = connection.sync(*deletions)

    for stream in (MEMBERSHIPS, PROFILES):
        assert told(messages, stream) == {
            connection.ann: ("Ann@Example.com", "u-ann", None, None, False),
            connection.joao: ("joão@exämple.example", None, None, None, False),
            "0300": (None, "u-№", None, None, False),
        }
    assert warnings(messages) == []


def test_suppressed_person_leaves_by_name_or_is_counted(connection: Connection) -> None:
    """Customer.io forgets the suppressed at once, so only the state can know their names."""
    messages = connection.sync({"op": "suppress_person", "person": person(connection.ann)})

    keeps = connection.config.max_state_megabytes > 1
    names = ("Ann@Example.com", "u-ann") if keeps else (None, None)
    for stream in (MEMBERSHIPS, PROFILES):
        assert told(messages, stream) == {connection.ann: (*names, None, None, False)}
    assert len([each for each in messages if isinstance(each, Log) and "alone" in each.text]) == (
        0 if keeps else 2
    )


def test_merged_person_leaves_and_the_one_that_stays_enters_their_segments(
    connection: Connection,
) -> None:
    primary = connection.create(email="primary@example.com", id="u-primary")

    messages = connection.sync(
        {"op": "merge_people", "primary": person(primary), "secondary": person(connection.ann)}
    )

    for stream in (MEMBERSHIPS, PROFILES):
        assert told(messages, stream) == {
            connection.ann: ("Ann@Example.com", "u-ann", None, None, False),
            primary: ("primary@example.com", "u-primary", None, None, True),
        }
