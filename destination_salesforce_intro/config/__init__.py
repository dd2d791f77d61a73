"""The destination's settings: names, defaults and shapes as ``spec.yaml`` shows them."""

from destination_salesforce_intro.config.auth import (
    AccessToken,
    Auth,
    ClientCredentials,
    JwtBearer,
    Password,
    RefreshToken,
)
from destination_salesforce_intro.config.mappings import (
    CampaignMemberMapping,
    ChildRecordMapping,
    FlagMapping,
    Mapping,
    MultiSelectMapping,
    RecordMapping,
    SegmentRef,
)
from destination_salesforce_intro.config.rules import (
    ClearOnExit,
    DeleteOnExit,
    FieldRule,
    IdentityRule,
    IgnoreOnExit,
    PersonRule,
    RecordExit,
    Scalar,
    SetOnExit,
    Tier,
)
from destination_salesforce_intro.config.settings import Config
from destination_salesforce_intro.config.storage import (
    FileStorage,
    NoStorage,
    ObjectStorage,
    S3Storage,
    UrlStorage,
)

__all__ = [
    "AccessToken",
    "Auth",
    "CampaignMemberMapping",
    "ChildRecordMapping",
    "ClearOnExit",
    "ClientCredentials",
    "Config",
    "DeleteOnExit",
    "FieldRule",
    "FileStorage",
    "FlagMapping",
    "IdentityRule",
    "IgnoreOnExit",
    "JwtBearer",
    "Mapping",
    "MultiSelectMapping",
    "NoStorage",
    "ObjectStorage",
    "Password",
    "PersonRule",
    "RecordExit",
    "RecordMapping",
    "RefreshToken",
    "S3Storage",
    "Scalar",
    "SegmentRef",
    "SetOnExit",
    "Tier",
    "UrlStorage",
]
