"""``python -m integration_tests.soak_destination [--seed N] [--rounds N] [--only ROUND]``."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

from integration_tests.soak_destination.rounds import Round
from integration_tests.soak_destination.session import ViolationError
from sandbox.serve import running


def main() -> int:
    """Run rounds; 1 at the first that breaks a promise."""
    options = _arguments()
    say(f"seed {options.seed}")
    started, checks, deaths = time.monotonic(), 0, 0
    rounds = [options.only] if options.only is not None else range(options.rounds)
    for number in rounds:
        made, problem = play(options.seed, number)
        if problem is not None:
            say(f"seed {options.seed}, round {number}: {problem}")
            return 1
        checks, deaths = checks + made.checks, deaths + made.deaths
        if options.verbose:
            say(f"round {number}: {made.plan}; {made.checks} checks, {made.deaths} deaths")
    took = time.monotonic() - started
    say(f"{len(rounds)} rounds, {checks} checks of the org, {deaths} deaths, {took:.0f} s: true")
    return 0


def play(seed: int, number: int) -> tuple[Round, str | None]:
    """Play one round; return it, and what was wrong."""
    rng = Random(f"{seed}/{number}")  # noqa: S311  (dice)
    with tempfile.TemporaryDirectory() as folder, running(people=1) as box:
        made = Round(box, Path(folder), rng)
        try:
            made.run()
        except ViolationError as violation:
            return made, f"{made.plan}\n{violation}"
        except Exception:  # noqa: BLE001  (the connector may raise anything: that is a violation)
            return made, f"{made.plan}\n{traceback.format_exc()}"
    return made, None


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
