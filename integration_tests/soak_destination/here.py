"""Runs the destination once, in this process, until its end or its death."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator

from destination_salesforce_intro import commands
from destination_salesforce_intro.assembly import World
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.inputs import configured_streams
from destination_salesforce_intro.output import Output
from integration_tests.soak_destination.runs import Death, End, How, Part
from integration_tests.soak_destination.session import Session, complete
from integration_tests.soak_destination.values import Json

BLINK_S = 0.005
PATIENT_S = 2.1  # long enough for the org's clock to show another second


class DiedError(BaseException):
    """The run is over as if the process were gone; no code of the connector handles this."""


class _Sleeper:
    """Waits shortly, and may be where the run dies."""

    def __init__(self, death: Death | None = None, longest_s: float = BLINK_S) -> None:
        self.is_armed = False
        self._longest_s = longest_s
        self._dies = death is not None and death.how == "waiting"

    def sleep(self, seconds: float) -> None:
        if self.is_armed and self._dies:
            raise DiedError
        time.sleep(min(seconds, self._longest_s))


def run(
    session: Session, parts: Iterator[Part], config: Json, catalog: Json, how: How
) -> tuple[End, str]:
    """Run to the end or to the death; return that, and what was logged.

    Raises:
        ViolationError: A promise is broken.
    """
    sleeper, logged = _Sleeper(how.death, PATIENT_S if how.is_patient else BLINK_S), io.BytesIO()
    lines = _lines(session, parts, how.death, sleeper)
    streams = configured_streams(catalog)
    world, output = _world(sleeper), Output(logged)
    try:
        for message in commands.write(Config.parse(config), streams, lines, output, world):
            session.acknowledge(json.loads(json.dumps(message)))
        end = End("done")
    except DiedError:
        end = End("died")
    except ConnectorError as error:
        end = End("failed", error.fault.value, error.message)
    return end, logged.getvalue().decode()


def replay(config: Json) -> End:
    """Send the rejected records again."""
    try:
        commands.replay(Config.parse(config), Output(io.BytesIO()), _world(_Sleeper()))
    except ConnectorError as error:
        return End("failed", error.fault.value, error.message)
    return End("done")


def _world(sleeper: _Sleeper) -> World:
    return World(time.time, sleeper.sleep, lambda: f"{time.time_ns():x}")


def _lines(
    session: Session, parts: Iterator[Part], death: Death | None, sleeper: _Sleeper
) -> Iterator[bytes]:
    for part in parts:
        mine = death if death and death.place == part.place else None
        sleeper.is_armed = mine is not None
        is_early = mine is not None and mine.is_early
        told = part.told[: len(part.told) // 2] if is_early else part.told
        for each in told:
            yield session.record(each)
        for stream in () if is_early else part.states:
            yield session.state(stream, part.place)
        if mine is not None:
            raise DiedError
        yield from map(complete, part.complete)
    session.end()
