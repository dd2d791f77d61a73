"""Identifiers and page tokens of the App API."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.customerio.ids import (
    WORKSPACE_ID,
    BadTokenError,
    activity_position,
    activity_token,
    cio_id,
    membership_position,
    membership_token,
    ulid,
    varint,
)

POSITIONS = st.integers(0, 10**8)


def decoded(raw: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in raw:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


@given(st.integers(0, 2**40))
def test_a_varint_decodes_to_its_number(number: int) -> None:
    assert decoded(varint(number)) == [number]


@given(POSITIONS, POSITIONS)
def test_a_cio_id_begins_with_the_workspace_and_is_nobody_elses(one: int, other: int) -> None:
    assert decoded(bytes.fromhex(cio_id(one)))[0] == WORKSPACE_ID
    assert (cio_id(one) == cio_id(other)) == (one == other)


def test_a_membership_token_is_the_one_seen_live() -> None:
    assert membership_token(61) == "MDo2MQ=="


@given(POSITIONS)
def test_a_membership_token_leads_back_to_its_position(position: int) -> None:
    assert membership_position(membership_token(position)) == position


@given(st.integers(0, 2**32), st.integers(1, 10**8 - 1))
def test_an_activity_token_leads_back_to_its_place(timestamp: int, sequence: int) -> None:
    assert activity_position(activity_token(timestamp, sequence)) == (timestamp, sequence)


@pytest.mark.parametrize(
    "token",
    ["MDo2MQ", "nonsense!", "bm9wZQ==", "mdo2mq==", membership_token(-1), membership_token(2**63)],
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(BadTokenError):
        membership_position(token)


def test_no_token_is_the_beginning() -> None:
    assert membership_position("") == 0


@pytest.mark.parametrize("token", ["MDo2MQ==", "-5", str(2**63)])
def test_an_activity_token_is_a_whole_number(token: str) -> None:
    with pytest.raises(BadTokenError):
        activity_position(token)


@given(st.integers(0, 2**48 - 1), st.integers(1, 2**40))
def test_a_ulid_carries_its_time_in_crockfords_letters(timestamp_ms: int, sequence: int) -> None:
    made = ulid(timestamp_ms, sequence)
    number = 0
    for letter in made:
        number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(letter)

    assert (len(made), number >> 80) == (26, timestamp_ms)


def test_ulids_of_one_moment_differ() -> None:
    assert len({ulid(1, sequence) for sequence in range(1, 1000)}) == 999
