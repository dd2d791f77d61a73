"""What each command does, whoever asks: our own entry point or the CDK's."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from destination_salesforce_intro import check as checks
from destination_salesforce_intro import kinds, protocol
from destination_salesforce_intro.activation import USUAL_OBJECTS, activated, operations
from destination_salesforce_intro.assembly import REAL, USER_AGENT, Sync, World, connect
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.inputs import StreamMode, require_mappings
from destination_salesforce_intro.output import Output
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.metadata import describe, offered
from destination_salesforce_intro.storage.folders import open_folder
from destination_salesforce_intro.storage.kept_catalog import KeptCatalog
from destination_salesforce_intro.storage.replay import replayed


def spec() -> dict[str, Any]:
    """Return Airbyte's connector specification: the settings as a form."""
    import yaml  # noqa: PLC0415  (a sync has no use for it)

    text = resources.files(__package__).joinpath("spec.yaml").read_text("utf-8")
    specification: dict[str, Any] = yaml.safe_load(text)
    return specification


def check(config: Config, output: Output, world: World = REAL) -> None:
    """Prove what a sync needs.

    Raises:
        ConnectorError: What is missing, and what to do.
    """
    client = connect(config, output, world)
    checks.check(config, client, lambda text: output.log("WARN", text), world.sleep)


def discover(config: Config, output: Output, world: World = REAL) -> Mapping[str, Any]:
    """Return the protocol's destination catalog: what can be activated in this org.

    A catalog that the same user was given some minutes ago is given again, where one is kept.

    Raises:
        ConnectorError: As the client.
    """
    client = connect(config, output, world)
    mapped = [name for mapping in config.mappings for name in kinds.objects(mapping, {})]
    org, user = client.identify()
    folder = open_folder(config.object_storage_config) if user else None
    kept = KeptCatalog(folder, (USER_AGENT, org, user, *sorted(mapped)), world.now())
    catalog = kept.read()
    if catalog is None:
        catalog = _described(client, mapped)
        kept.keep(catalog)
    return catalog


def _described(client: SalesforceClient, mapped: Sequence[str]) -> dict[str, Any]:
    schemas = [describe(client, name) for name in offered(client, USUAL_OBJECTS, mapped)]
    return {"operations": [each for schema in schemas for each in operations(schema)]}


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
    config = activated(config, streams)
    require_mappings(streams, [mapping.stream for mapping in config.mappings])
    yield from Sync(config, streams, output, world).apply(protocol.events(lines))


def replay(config: Config, output: Output, world: World = REAL) -> None:
    """Send the rejected records in ``object_storage_config`` again, file by file.

    A file is renamed ``replayed-…`` once every record of it is stored, or refused again and kept
    in a new file. A dry run plans them, and leaves every file as it is.

    Raises:
        ConnectorError: There is no such place, a file is damaged, or the sync cannot go on.
    """
    folder = open_folder(config.object_storage_config)
    if folder is None:
        raise ConnectorError(
            "There is nothing to replay: object_storage_config keeps no rejected records. Set it "
            "to the place where they are.",
            Fault.CONFIG,
        )
    names = folder.names("rejected-")
    for name in names:
        for _state in Sync(config, [], output, world).apply(replayed(name, folder.read(name))):
            pass  # a file holds none
        if not config.dry_run:
            folder.rename(name, f"replayed-{name}")
    done = "planned" if config.dry_run else "sent again"
    output.log("INFO", f"{len(names)} files of rejected records were {done}.")
