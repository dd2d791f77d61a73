"""What each command does, whoever asks: our own entry point or the CDK's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from importlib import resources
from importlib.metadata import version
from typing import Any, NamedTuple

import yaml

from destination_salesforce_intro import check as checks
from destination_salesforce_intro import ownership, protocol, summary
from destination_salesforce_intro.buffer import Buffer
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.guard import Guard
from destination_salesforce_intro.inputs import StreamMode, require_mappings
from destination_salesforce_intro.keeper import Keeper
from destination_salesforce_intro.mapper import Mapper
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.rejected import RejectedFile, object_of
from destination_salesforce_intro.salesforce.auth import Login
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.queries import Queries
from destination_salesforce_intro.salesforce.sender import Sender
from destination_salesforce_intro.salesforce.transport import open_session
from destination_salesforce_intro.storage import open_folder
from destination_salesforce_intro.writer import Org, Writer, may_gain_people, writing_order

USER_AGENT = f"destination-salesforce-intro/{version('airbyte-customerio-salesforce')}"
MAX_CHANGES = 10_000  # waiting at a time; as many as one internal batch of a Bulk job


class World(NamedTuple):
    """What differs from run to run: the time, waiting, and a name for the run."""

    now: Callable[[], float]  # seconds since the epoch
    sleep: Callable[[float], None]
    new_id: Callable[[], str]


REAL = World(time.time, time.sleep, lambda: uuid.uuid4().hex[:8])


def spec() -> dict[str, Any]:
    """Return Airbyte's connector specification: the settings as a form."""
    text = resources.files(__package__).joinpath("spec.yaml").read_text("utf-8")
    specification: dict[str, Any] = yaml.safe_load(text)
    return specification


def check(config: Config, output: Output, world: World = REAL) -> None:
    """Prove what a sync needs.

    Raises:
        ConnectorError: What is missing, and what to do.
    """
    checks.check(config, connect(config, output, world), lambda text: output.log("WARN", text))


def write(
    config: Config,
    streams: Sequence[StreamMode],
    lines: Iterable[bytes],
    output: Output,
    world: World = REAL,
) -> Generator[Mapping[str, Any], None, None]:
    """Apply the messages in *lines* to Salesforce; yield every STATE when it is safe.

    Raises:
        ConnectorError: The sync cannot go on.
    """
    require_mappings(streams, [mapping.stream for mapping in config.mappings])
    client = connect(config, output, world)
    schemas = checks.prepare(config, client, lambda text: output.log("WARN", text))
    sender = _sender(config, client, lambda text: output.log("INFO", text), world)
    keeper = _keeper(config, world)
    queries = Queries(client, world.sleep)
    writer = Writer(
        Mapper(config.mappings, schemas),
        writing_order(config.mappings),
        Buffer(MAX_CHANGES),
        Org(queries.run, sender.send, may_gain_people(config.mappings)),
        _guard(config, queries),
        keeper,
    )
    try:
        yield from writer.run(protocol.events(lines))
    except (ConnectorError, SystemExit):
        _tell(keeper, client, output)
        raise
    _tell(keeper, client, output)


def _tell(keeper: Keeper, client: SalesforceClient, output: Output) -> None:
    for text in keeper.summary.lines():
        output.log("INFO", text)
    output.log("INFO", summary.cost(client.calls, client.quota))


def connect(config: Config, output: Output, world: World = REAL) -> SalesforceClient:
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
        conceal=output.conceal,
    )
    return SalesforceClient(
        login, config.api_version, http, world.sleep, config.api_quota_reserve_percent
    )


def _guard(config: Config, queries: Queries) -> Guard:
    def holdings(place: int) -> int:
        mapping = config.mappings[place]
        return queries.count(ownership.count(mapping, object_of(mapping)))

    return Guard(config.max_removals, config.max_removal_percent, holdings)


def _keeper(config: Config, world: World) -> Keeper:
    run = f"{_utc(world.now()):%Y%m%dT%H%M%S}-{world.new_id()}"
    folder = open_folder(config.object_storage_config)
    rejected = RejectedFile(folder, run, config.mappings, lambda: _iso(world.now()))
    return Keeper(summary.Summary(config.mappings), rejected, config.on_rejected, world.now)


def _utc(now: float) -> datetime:
    return datetime.fromtimestamp(now, timezone.utc)


def _iso(now: float) -> str:
    return _utc(now).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sender(
    config: Config, client: SalesforceClient, log: Callable[[str], None], world: World
) -> Sender:
    return Sender(client, BulkJobs(client, world.sleep, log), config.write_api, world.sleep)
