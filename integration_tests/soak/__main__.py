"""``python -m integration_tests.soak [--seed N] [--syncs N] [--folder PLACE]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random, SystemRandom

from integration_tests.soak.life import Life
from integration_tests.soak.rounds import Violation
from integration_tests.soak.variants import VARIANTS, Variant
from sandbox.serve import running

PEOPLE = 300


def main() -> int:
    """Play one life for each variant; return 1 if anything did not hold."""
    arguments = _arguments()
    _say(f"seed {arguments.seed}, {arguments.syncs} syncs, files in {arguments.folder}")
    for number, variant in enumerate(VARIANTS):
        share = _share(arguments.syncs, number)
        try:
            _live(variant, share, arguments.seed, arguments.folder)
        except Violation as violation:
            _say(f"VIOLATION, seed {arguments.seed}, {violation}")
            return 1
    _say("everything held")
    return 0


def _live(variant: Variant, syncs: int, seed: int, folder: Path) -> None:
    began = time.monotonic()
    random = Random(f"{seed} {variant.name}")  # noqa: S311 - a test's chance, not a secret
    with running(people=PEOPLE, seed=random.randrange(1_000)) as box:
        identifiers = ["id"] if variant.by_id else ["email", "id"]
        workspace = {"op": "set_workspace", "page_cap": 50, "identifiers": identifiers}
        box.customerio_control.do(workspace)
        life = Life(box, variant, random, folder / variant.name.replace(" ", "-"))
        life.play(syncs)
    tally = life.tally
    _say(
        f"{variant.name}: {tally.syncs} syncs in {time.monotonic() - began:.0f} s, "
        f"{tally.compared} compared with the truth, {tally.records} records, "
        f"{tally.held} times a segment held, by exit code {dict(sorted(tally.ended.items()))}"
    )


def _share(syncs: int, number: int) -> int:
    """Share syncs out to the variants, the first ones getting what is left over."""
    each, left = divmod(syncs, len(VARIANTS))
    return each + (number < left)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Soak test of the source.")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--syncs", type=int, default=60, help="shared out to the variants")
    parser.add_argument("--folder", type=Path, help="for each sync's files; a new one if not given")
    arguments = parser.parse_args()
    arguments.folder = arguments.folder or Path(tempfile.mkdtemp(prefix="soak-source-"))
    return arguments


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
