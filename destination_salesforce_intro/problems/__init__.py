"""Whether a mapping and the org fit, told before anything is written and in words to act on."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map

from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    FlagMapping,
    Mapping,
    MultiSelectMapping,
    RecordMapping,
)
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.problems.between import between
from destination_salesforce_intro.problems.memberships import (
    campaign_problems,
    child_problems,
    flag_problems,
    multi_select_problems,
)
from destination_salesforce_intro.problems.record import record_problems
from destination_salesforce_intro.problems.rules import Problem

__all__ = ["Problem", "between", "find"]

Schemas = Map[str, ObjectSchema]


def find(mapping: Mapping, schemas: Schemas) -> list[Problem]:
    """List what keeps *mapping* from working with the org; fatal problems come first.

    *schemas* holds an entry for each object that ``kinds.objects`` names.
    """
    problems = dict.fromkeys(_problems(mapping, schemas))
    return sorted(problems, key=lambda problem: not problem.is_fatal)


def _problems(mapping: Mapping, schemas: Schemas) -> Iterator[Problem]:
    match mapping:
        case RecordMapping():
            return record_problems(mapping, schemas[mapping.object])
        case FlagMapping():
            return flag_problems(mapping, schemas[mapping.object])
        case MultiSelectMapping():
            return multi_select_problems(mapping, schemas[mapping.object])
        case CampaignMemberMapping():
            return campaign_problems(mapping, schemas)
        case ChildRecordMapping():
            return child_problems(mapping, schemas)
