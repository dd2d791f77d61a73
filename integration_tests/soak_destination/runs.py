"""What a run of the destination is given, when it is to die, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from integration_tests.soak_destination.story import Told


@dataclass
class Part:
    """A window as it is sent this time: records, STATEs, and the streams that are then COMPLETE."""

    place: int
    told: Sequence[Told]
    states: Sequence[str]
    complete: Sequence[str] = ()


@dataclass(frozen=True)
class Death:
    """When the destination is to die: in the window at *place*, before or after its STATEs."""

    place: int
    how: Literal["reading", "writing", "waiting"]
    after_s: float

    @property
    def is_early(self) -> bool:
        """Whether the window does not get as far as its STATEs."""
        return self.how == "reading"


def draw_death(places: Sequence[int], rng: Random) -> Death:
    """Draw a death in one of the windows that are left."""
    how: Literal["reading", "writing", "waiting"] = rng.choice(
        ("reading", "writing", "writing", "waiting")
    )
    return Death(rng.choice(places), how, rng.random() * 0.25)


@dataclass(frozen=True)
class How:
    """How one run is started, and whether it is to die."""

    in_process: bool
    death: Death | None = None
    sync_mode: str = "append_dedup"
    sync_id: int = 0
    is_patient: bool = False  # waits are as long as they are to be


class End(NamedTuple):
    """How a run ended; *fault* is the protocol's failure type."""

    how: Literal["done", "died", "failed"]
    fault: str = ""
    message: str = ""

    @property
    def may_pass(self) -> bool:
        """Whether another run may have more luck."""
        return self.how == "died" or self.fault == "transient_error"
