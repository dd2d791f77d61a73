"""``python -m integration_tests.soak_destination [--seed N] [--rounds N] [--only ROUND]``."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from destination_salesforce_intro.salesforce import transport
from integration_tests.soak_destination import plan, trouble, world
from integration_tests.soak_destination.crossing import Crossing
from integration_tests.soak_destination.mirroring import MirrorRound
from integration_tests.soak_destination.rounds import Round
from integration_tests.soak_destination.session import ViolationError
from integration_tests.soak_destination.site import Site
from sandbox.serve import running

PATIENCE_S = 600
Played = Round | MirrorRound | Crossing


def main() -> int:
    """Run rounds; 1 at the first that breaks a promise."""
    options = _arguments()
    transport.READ_TIMEOUT_S = trouble.TIMEOUT_S
    say(f"seed {options.seed}")
    started, checks, deaths = time.monotonic(), 0, 0
    rounds = [options.only] if options.only is not None else range(options.rounds)
    for number in rounds:
        began = time.monotonic()
        made, problem = play(options.seed, number)
        if problem is not None:
            say(f"seed {options.seed}, round {number}: {problem}")
            again = f"--seed {options.seed} --only {number} --verbose"
            say(f"again: python -m integration_tests.soak_destination {again}")
            return 1
        checks, deaths = checks + made.checks, deaths + made.deaths
        if options.verbose:
            counted = f"{made.checks} checks, {made.deaths} deaths"
            say(f"round {number}: {made.plan}; {counted}, {time.monotonic() - began:.1f} s")
    took = time.monotonic() - started
    say(f"{len(rounds)} rounds, {checks} checks of the org, {deaths} deaths, {took:.0f} s: true")
    return 0


def play(seed: int, number: int) -> tuple[Played, str | None]:
    """Play one round; return it, and what was wrong."""
    rng = Random(f"{seed}/{number}")  # noqa: S311  (dice)
    with tempfile.TemporaryDirectory() as folder, running(people=1) as box:
        made = draw(Site(box, Path(folder), rng))
        try:
            with deadline():
                made.run()
        except ViolationError as violation:
            return made, f"{made.plan}\n{violation}"
        except Exception:  # noqa: BLE001  (the connector may raise anything: that is a violation)
            return made, f"{made.plan}\n{traceback.format_exc()}"
    return made, None


@contextmanager
def deadline() -> Iterator[None]:
    """Break off a round that hangs."""

    def break_off(*_: object) -> None:
        raise ViolationError(f"the round has not ended in {PATIENCE_S} seconds")

    signal.signal(signal.SIGALRM, break_off)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)


def draw(site: Site) -> Played:
    """Draw what kind of round it is, and the round."""
    rng = site.rng
    kind = rng.choices(("usual", "mirror", "crossing", "crowd"), (80, 14, 3, 3))[0]
    if kind == "crossing":
        return Crossing(site)
    if kind == "crowd":
        return Round(site, plan.draw_crowd(rng))
    campaigns = world.campaigns(site.control)
    if kind == "mirror":
        return MirrorRound(site, plan.draw_mirror(rng, campaigns))
    return Round(site, plan.draw(rng, campaigns))


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Soak the destination.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--only", type=int, help="play this round alone")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
