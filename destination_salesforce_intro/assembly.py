"""Putting the parts of a sync together, once, from the configuration."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any, NamedTuple

from destination_salesforce_intro import check, protocol
from destination_salesforce_intro.activation import SOFT_DELETE
from destination_salesforce_intro.changes import Checkpoint, Complete, Received, Records
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.inputs import StreamMode
from destination_salesforce_intro.kinds.keys import unique_rules
from destination_salesforce_intro.mapping.fields import DELETED_AT_COLUMN
from destination_salesforce_intro.org import ownership
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.protocol import Event
from destination_salesforce_intro.salesforce.auth import Login
from destination_salesforce_intro.salesforce.bulk_query import BulkQuery
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.conditional_sender import ConditionalSender
from destination_salesforce_intro.salesforce.limits import Limits
from destination_salesforce_intro.salesforce.metadata import ask_limits
from destination_salesforce_intro.salesforce.queries import Queries
from destination_salesforce_intro.salesforce.sender import Sender
from destination_salesforce_intro.salesforce.transport import open_session
from destination_salesforce_intro.storage.attempts import Attempts
from destination_salesforce_intro.storage.folders import open_folder
from destination_salesforce_intro.storage.parts import Parts
from destination_salesforce_intro.storage.rejected import RejectedFile, object_of
from destination_salesforce_intro.writing import summary
from destination_salesforce_intro.writing.buffer import Buffer
from destination_salesforce_intro.writing.guard import Guard
from destination_salesforce_intro.writing.keeper import Keeper
from destination_salesforce_intro.writing.mirror import WatchedMapper
from destination_salesforce_intro.writing.mirrors import Mirrors, remarks
from destination_salesforce_intro.writing.plan import Plan
from destination_salesforce_intro.writing.precedence import people_mappings, writing_order
from destination_salesforce_intro.writing.rounds import Org
from destination_salesforce_intro.writing.writer import Writer

USER_AGENT = f"destination-salesforce-intro/{version('airbyte-customerio-salesforce')}"
MAX_CHANGES = (
    30_000  # waiting at a time; Salesforce works on so many rows of a Bulk job side by side
)
PLANNED_CHANGES = 50_000  # waiting at a time in a dry run, so that most people are planned once


class World(NamedTuple):
    """What differs from run to run: the time, waiting, and a name for the run."""

    now: Callable[[], float]  # seconds since the epoch
    sleep: Callable[[float], None]
    new_id: Callable[[], str]


REAL = World(time.time, time.sleep, lambda: uuid.uuid4().hex[:8])


def connect(config: Config, output: Output, world: World) -> SalesforceClient:
    """Return a client that logs in when first used; secrets are concealed before that."""
    for secret in config.secrets():
        output.conceal(secret)
    http = open_session(USER_AGENT)
    login = Login(
        config.auth,
        config.login_url,
        http,
        now=world.now,
        sleep=world.sleep,
        keys=Keys(config, output, world.now),
    )
    limits = Limits(config.api_quota_reserve_percent)
    return SalesforceClient(login, config.api_version, http, world.sleep, limits)


class Keys(NamedTuple):
    """Secrets that come into being in this run: hidden from the log, told to the platform."""

    config: Config
    output: Output
    now: Callable[[], float]

    def conceal(self, secret: str) -> None:
        """Let *secret* appear in no log."""
        self.output.conceal(secret)

    def keep(self, refresh_token: str) -> None:
        """Have the platform keep *refresh_token* in the settings, all of which a CONTROL holds."""
        settings = self.config.with_refresh_token(refresh_token)
        self.output.say(protocol.new_settings(settings, int(self.now() * 1000)))


class Sync:
    """One sync (or dry run of one), ready to take events.

    Args:
        config: The settings.
        streams: The streams of the connection, and how they are written.
        output: Where the log goes.
        world: Time, waiting and the name of the run.

    Raises:
        ConnectorError: The mappings and the org do not fit.
    """

    def __init__(
        self, config: Config, streams: Sequence[StreamMode], output: Output, world: World
    ) -> None:
        self._config = config
        self._streams = streams
        self._soft_deleted = {s.name for s in streams if s.sync_mode == SOFT_DELETE}
        self._output = output
        self._world = world
        self._client = connect(config, output, world)
        self._queries = Queries(self._client, world.sleep)
        self._bulk_query = BulkQuery(self._client, world.sleep)
        self._guard = self._make_guard()
        self._summary = summary.Summary(config.mappings)
        self._run = f"{_utc(world.now()):%Y%m%dT%H%M%S}-{world.new_id()}"
        self._writer = self._make_writer()

    def apply(self, events: Iterable[Event]) -> Iterator[Mapping[str, Any]]:
        """Apply *events*; yield every STATE when it is safe, and tell at the end how it went.

        A dry run gives no STATE back.

        Raises:
            ConnectorError: The sync cannot go on.
        """
        try:
            yield from self._writer.run(self._understood(events))
            self._writer.end(self._mirrors.exits(self._bulk_query.run, self._warn))
            self._mirrors.end()
        except (ConnectorError, SystemExit):
            self._tell()
            raise
        self._tell()

    def _understood(self, events: Iterable[Event]) -> Iterator[Event]:
        """Note completions; in sync mode ``soft_delete`` every record is an exit.

        A dry run hears of no state, so that it neither ends its batches there nor gives one back.
        """
        now = _iso(self._world.now())
        for event in events:
            if self._config.dry_run and isinstance(event, Checkpoint):
                continue
            if isinstance(event, Complete):
                self._mirrors.complete(event.stream)
            if isinstance(event, Records) and event.stream in self._soft_deleted:
                yield event._replace(received=[_left(each, now) for each in event.received])
            else:
                yield event

    def _make_mapper(self, schemas: Mapping[str, ObjectSchema]) -> WatchedMapper:
        mappings, is_real = self._config.mappings, not self._config.dry_run
        mapper = WatchedMapper(mappings, schemas, samples=is_real)
        attempts = Attempts(open_folder(self._config.object_storage_config) if is_real else None)
        now = _iso(self._world.now())
        self._mirrors = Mirrors(mappings, mapper.kinds, self._streams, attempts, now)
        mapper.mirrors = self._mirrors.mirrored
        return mapper

    def _tell(self) -> None:
        for text in self._summary.lines():
            self._output.log("INFO", text)
        self._output.log("INFO", summary.cost(self._client.calls, self._client.quota))
        if self._config.dry_run:
            self._output.log("WARN", "Dry run: nothing was written, and no state acknowledged.")
            self._warn(self._guard.report() or "")

    def _inform(self, text: str) -> None:
        self._output.log("INFO", text)

    def _warn(self, text: str) -> None:
        if text:
            self._output.log("WARN", text)

    def _make_writer(self) -> Writer:
        mappings = self._config.mappings
        schemas = check.prepare(self._config, self._client, self._warn)
        if not ask_limits(self._client):
            self._inform(
                "Salesforce does not show this user the org's limits (permission View Setup and "
                "Configuration), so only its count of API requests is heeded."
            )
        mapper = self._make_mapper(schemas)
        for remark in remarks(mappings, self._streams):
            self._warn(remark)
        unique = {place: unique_rules(one, schemas) for place, one in enumerate(mappings)}
        org, keep = self._planned() if self._config.dry_run else self._real()
        return Writer(
            mapper,
            writing_order(mappings),
            Buffer(PLANNED_CHANGES if self._config.dry_run else MAX_CHANGES, unique),
            org,
            self._guard,
            keep,
        )

    def _real(self) -> tuple[Org, Keeper]:
        config, client, sleep = self._config, self._client, self._world.sleep
        sender = Sender(client, config.write_api, self._world.now, sleep, self._inform)
        send = ConditionalSender(client, self._queries.run, sender.send, sleep).send
        org = Org(self._queries.run, send, people_mappings(config.mappings))
        rejected = RejectedFile(
            self._parts("rejected"), config.mappings, lambda: _iso(self._world.now())
        )
        return org, Keeper(self._summary, rejected, config.on_rejected, self._world.now)

    def _planned(self) -> tuple[Org, Plan]:
        plan = Plan(self._summary, self._parts("plan"), self._config.mappings, self._queries.run)
        return Org(plan.query, plan.send, people_mappings(self._config.mappings)), plan

    def _parts(self, purpose: str) -> Parts:
        folder = open_folder(self._config.object_storage_config)
        return Parts(folder, f"{purpose}-{self._run}")

    def _make_guard(self) -> Guard:
        config = self._config

        def holdings(place: int) -> int:
            mapping = config.mappings[place]
            return self._queries.count(ownership.count(mapping, object_of(mapping)))

        return Guard(
            config.max_removals,
            config.max_removal_percent,
            holdings,
            holds_back=not config.dry_run,
        )


def _left(received: Received, now: str) -> Received:
    return received._replace(data={**received.data, DELETED_AT_COLUMN: now})


def _utc(now: float) -> datetime:
    return datetime.fromtimestamp(now, timezone.utc)


def _iso(now: float) -> str:
    return _utc(now).isoformat(timespec="milliseconds").replace("+00:00", "Z")
