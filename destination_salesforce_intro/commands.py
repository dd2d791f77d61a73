"""What each command does, whoever asks: our own entry point or the CDK's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib import resources
from importlib.metadata import version
from typing import Any

import yaml

from destination_salesforce_intro import check as checks
from destination_salesforce_intro import protocol, summary
from destination_salesforce_intro.buffer import Buffer
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.inputs import StreamMode, require_mappings
from destination_salesforce_intro.keeper import Keeper
from destination_salesforce_intro.mapper import Mapper
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.rejected import RejectedFile
from destination_salesforce_intro.salesforce.auth import Login
from destination_salesforce_intro.salesforce.bulk_jobs import BulkJobs
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.queries import Queries
from destination_salesforce_intro.salesforce.sender import Sender
from destination_salesforce_intro.salesforce.transport import open_session
from destination_salesforce_intro.schema import ObjectSchema
from destination_salesforce_intro.storage import open_folder
from destination_salesforce_intro.writer import Writer, writing_order

USER_AGENT = f"destination-salesforce-intro/{version('airbyte-customerio-salesforce')}"
MAX_CHANGES = 10_000  # waiting at a time; as many as one internal batch of a Bulk job


def spec() -> dict[str, Any]:
    """Return Airbyte's connector specification: the settings as a form."""
    text = resources.files(__package__).joinpath("spec.yaml").read_text("utf-8")
    specification: dict[str, Any] = yaml.safe_load(text)
    return specification


def check(config: Config, output: Output) -> None:
    """Prove what a sync needs.

    Raises:
        ConnectorError: What is missing, and what to do.
    """
    checks.check(config, connect(config, output), lambda text: output.log("WARN", text))


def write(
    config: Config, streams: Sequence[StreamMode], lines: Iterable[bytes], output: Output
) -> Iterator[Mapping[str, Any]]:
    """Apply the messages in *lines* to Salesforce; yield every STATE when it is safe.

    Raises:
        ConnectorError: The sync cannot go on.
    """
    require_mappings(streams, [mapping.stream for mapping in config.mappings])
    client = connect(config, output)
    schemas = checks.prepare(config, client, lambda text: output.log("WARN", text))
    keeper = _keeper(config)
    writer = _writer(config, client, schemas, keeper, output)
    try:
        yield from writer.run(protocol.events(lines))
    finally:
        for text in keeper.summary.lines():
            output.log("INFO", text)
        output.log("INFO", summary.cost(client.calls, client.quota))


def connect(config: Config, output: Output) -> SalesforceClient:
    """Return a client that logs in when first used; secrets are concealed before that."""
    for secret in config.secrets():
        output.conceal(secret)
    http = open_session(USER_AGENT)
    login = Login(
        config.auth,
        config.login_url,
        http,
        now=time.time,
        sleep=time.sleep,
        conceal=output.conceal,
    )
    return SalesforceClient(login, config.api_version, http, time.sleep)


def _keeper(config: Config) -> Keeper:
    started = datetime.now(timezone.utc)
    run = f"{started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    folder = open_folder(config.object_storage_config)
    rejected = RejectedFile(folder, run, config.mappings, _now)
    return Keeper(summary.Summary(config.mappings), rejected, config.on_rejected, time.time)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _writer(
    config: Config,
    client: SalesforceClient,
    schemas: Mapping[str, ObjectSchema],
    keeper: Keeper,
    output: Output,
) -> Writer:
    jobs = BulkJobs(client, time.sleep, lambda text: output.log("INFO", text))
    sender = Sender(client, jobs, config.write_api, time.sleep)
    return Writer(
        Mapper(config.mappings, schemas),
        writing_order(config.mappings),
        Buffer(MAX_CHANGES),
        Queries(client, time.sleep).run,
        sender.send,
        keeper,
    )
