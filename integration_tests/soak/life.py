"""One life of a connection: rounds of changes, faults, a sync and the checks, then a quiet end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from integration_tests.soak import checks, event_log, holds, weather
from integration_tests.soak.checks import Scene
from integration_tests.soak.connection import STREAMS, Connection, Told
from integration_tests.soak.holds import MASS_EXIT, Rules
from integration_tests.soak.names import Names
from integration_tests.soak.people_changes import Operation, People
from integration_tests.soak.process import EXPECTED_CODES, Cut, End
from integration_tests.soak.rounds import Round, Tally, Violation
from integration_tests.soak.segment_changes import ARCHIVED, DELETED, Segments
from integration_tests.soak.truth import Truth
from integration_tests.soak.variants import Variant
from integration_tests.soak.warehouse import MEMBERSHIPS, Table
from sandbox.serve import Running

MIN_MASS_EXIT = 20
WILD = 0.55  # the share of syncs that may be cut off, fail, or meet changes on their way
FASTEST = 10  # requests a second: what Customer.io allows


class Life:
    """Plays syncs over one workspace.

    Args:
        box: The sandbox.
        variant: The settings.
        random: Where chance comes from.
        folder: Where each sync's files are kept.
    """

    def __init__(self, box: Running, variant: Variant, random: Random, folder: Path) -> None:
        self._box = box
        self._control = box.customerio_control
        self._variant = variant
        self._random = random
        self._people = People(random)
        self._segments = Segments(random, variant.lasting_names, variant.selected)
        settings = {
            "app_api_key": box.app_api_key,
            "api_url": box.customerio,
            "requests_per_second": FASTEST,
            "max_exit_minimum": MIN_MASS_EXIT,
            **variant.settings,
        }
        events = event_log.Told(variant.settings.get("events", ()))
        self._connection = Connection(settings, folder, variant.by_id, events)
        self._names = Names(variant.by_id, self._people.suppressed)
        self._settled = False  # nothing is open from an earlier sync
        self._announced = False  # the last sync may have announced what it did not come to tell
        self._lines = 0
        self._mass_exits: frozenset[int] = frozenset()
        self.tally = Tally()

    def play(self, syncs: int) -> None:
        """Play *syncs* rounds, then two quiet ones.

        Raises:
            Violation: Something that must hold did not.
        """
        for number in range(1, syncs + 1):
            self._round(number)
        self._end(syncs)

    def _round(self, number: int) -> None:
        around = Round()
        self._lose_state()
        busy: set[str] = set()
        self._change(around, busy)
        before, was_unknown, troubles = (
            self._truth(),
            self._unknown(),
            dict(self._segments.troubles),
        )
        self._plan(number, around, before, busy)
        told_before = self._copy()
        told = self._connection.sync(number, around.extra, around.cut, settled=self._settled)
        self._control.clear_faults()
        after = self._truth()
        moved = any(each["email"] == _witness(number) for each in after.people.values())
        if not moved:
            self._segments.troubles = troubles
        scene = self._scene(before, after, was_unknown & self._unknown(), told)
        problems = [*told.wrong, *self._always(scene, told)]
        if told.is_whole and not (moved or around.is_lasting):
            problems += self._after_calm(scene, told, told_before, around)
        elif not (told.is_whole or around.is_lasting or around.cut or self._is_lost()):
            problems.append(
                f"ended with {told.output.exit_code} though all faults were passing ones"
            )
        self._close(number, around, told, problems)
        calm = told.is_whole and not (moved or around.is_lasting or scene.held)
        self._settled = bool(calm)
        self._announced = not told.is_whole

    def _change(self, around: Round, busy: set[str]) -> None:
        if self._random.random() < 0.15:
            return
        truth = self._everything()
        wanted = [*self._segments.draw(truth), *self._people.draw(truth, self._some(), busy)]
        around.between = [each for each in wanted if self._do(each)]

    def _do(self, operation: Operation) -> bool:
        with suppress(ValueError):  # an identifier that somebody else has by now
            self._control.do(operation)
            return True
        return False

    def _some(self) -> int:
        return self._random.choice((0, 3, 8, 20))

    def _plan(self, number: int, around: Round, before: Truth, busy: set[str]) -> None:
        random = self._random
        is_wild = random.random() < WILD  # otherwise the sync must end well, and is compared
        if is_wild and random.random() < 0.5:
            segments = self._segments.draw_during(before)
            people = self._people.draw(before, random.randrange(1, 8), busy)
            witness = {"op": "create_person", "email": _witness(number)}
            around.during = [*people, *segments, witness]
            body = {"path": "/__sandbox__/workspace", "body": around.during}
            skip, path = random.randrange(6), random.choice(weather.PLACES)
            self._control.fault({"control": body}, skip=skip, path=path)
        lasting = weather.lasting(random) if is_wild else []
        around.is_lasting = bool(lasting)
        around.faults = [*weather.passing(random), *lasting]
        for each in around.faults:
            self._control.fault(each.action, times=each.times, skip=each.skip, path=each.path)
        if is_wild and random.random() < 0.5:
            lines = random.randrange(2, max(self._lines, 30))
            around.cut = Cut(random.choice(list(End)), lines)
        if random.random() < 0.6:
            around.released = self._mass_exits - self._segments.troubles.keys()
        around.extra = {**self._variant.now(random), **_releasing(around.released)}

    def _lose_state(self) -> None:
        if self._random.random() < 0.07:
            lost = self._random.choice((*STREAMS[1:], ""))
            for stream in STREAMS if not lost else (lost,):
                self._connection.lose_state(stream)
            self._settled = False

    def _scene(self, before: Truth, after: Truth, unknown: frozenset[int], told: Told) -> Scene:
        return Scene(before, after, unknown, told.rows, self._variant.expels, self._names)

    def _always(self, scene: Scene, told: Told) -> Iterator[str]:
        yield from checks.wrong_exits(scene, told.exits)
        exits = told.profile_exits
        yield from checks.wrong_profile_exits(scene, exits, announced=self._announced)
        yield from self._names.wrong(told, (scene.before, scene.after))
        if told.is_whole:
            yield from holds.wrong_rows(scene, told.exits, told.output.warned_of())
        if told.output.exit_code not in EXPECTED_CODES:
            yield f"ended with {told.output.exit_code}"

    def _after_calm(
        self, scene: Scene, told: Told, before: dict[str, Table], around: Round
    ) -> Iterator[str]:
        self.tally.compared += 1
        fresh = self._variant.is_fresh
        yield from self._differences(scene, fresh=fresh)
        listed = set(self._everything().segments)
        if set(told.segments) != listed:
            yield f"segments: told {sorted(told.segments)}, listed are {sorted(listed)}"
        unread = scene.after.segments.keys() - scene.rows.keys() - self._variant.seldom
        if unread:
            yield f"segments {sorted(unread)} were not read"
        if self._settled:
            rules = Rules(50, MIN_MASS_EXIT, around.released)
            yield from holds.wrong_holds(scene, before[MEMBERSHIPS], rules)

    def _differences(self, scene: Scene, *, fresh: bool) -> Iterator[str]:
        tables, chained = self._connection.warehouse, self._variant.keeps_identifiers
        yield from checks.differences(scene, tables, fresh=fresh, chained=chained)
        yield from self._connection.events.differences(event_log.logged(self._box))

    def _truth(self) -> Truth:
        return self._everything().only(self._variant.selected)

    def _everything(self) -> Truth:
        truth = Truth.of(self._control)
        self._names.learn(truth)
        return truth

    def _unknown(self) -> frozenset[int]:
        troubles = self._segments.troubles.items()
        gone = {ARCHIVED, DELETED} if self._variant.expels else set()
        return frozenset(key for key, trouble in troubles if trouble not in gone)

    def _is_lost(self) -> bool:
        """Tell whether the settings may name a segment that nobody knows: archived, state lost."""
        troubles = self._segments.troubles
        return any(troubles.get(key) == ARCHIVED for key in self._variant.selected)

    def _copy(self) -> dict[str, Table]:
        tables = self._connection.warehouse.tables
        return {name: Table(dict(each.rows), dict(each.by_email)) for name, each in tables.items()}

    def _close(self, number: int, around: Round, told: Told, problems: list[str]) -> None:
        self._lines = len(told.output.messages)
        self._mass_exits = frozenset(
            key for key, row in told.rows.items() if row["held_reason"] == MASS_EXIT
        )
        self.tally.count(told)
        if problems:
            text = [f"variant {self._variant.name}, sync {number}:", *sorted(set(problems))[:8]]
            text += [*around.lines(), *(f"  said: {each}" for each in told.output.errors())]
            text.append(f"  exit code {told.output.exit_code}; files in {self._connection.folder}")
            raise Violation("\n".join(text))

    def _end(self, syncs: int) -> None:
        """Let everything be well: one sync makes all tables true, another has nothing to tell."""
        for each in self._segments.heal():
            self._control.do(each)
        for number in (syncs + 1, syncs + 2):
            truth = self._truth()
            first = number == syncs + 1
            released = frozenset(truth.segments) if first else frozenset()
            around = Round(released=released, extra={**self._variant.quiet, **_releasing(released)})
            told = self._connection.sync(number, around.extra, None, settled=not first)
            scene = self._scene(truth, truth, self._unknown(), told)
            problems = [*told.wrong, *self._always(scene, told)]
            problems += self._differences(scene, fresh=True)
            problems += checks.unquiet(scene, told, first=first)
            self._close(number, around, told, problems)


def _witness(number: int) -> str:
    """Return the e-mail of somebody who is there if the changes during that sync took place."""
    return f"witness.{number}@example.com"


def _releasing(segments: frozenset[int]) -> dict[str, Any]:
    return {"release_segments": [str(key) for key in sorted(segments)]}
