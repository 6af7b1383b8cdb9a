"""What can be asked, by AWS's names for services and operations.

An operation takes what the client sent, held to botocore's shape of the input, and returns what is told, in the shape of the output. What it
leaves out is absent. It raises `sweep.serve.refusal.RefusedError`, or the engine's `sweep.errors.JobError`, for what a client got wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sweep.serve.desk import Desk
from sweep.serve.operations import (
    consumables,
    definitions,
    describing,
    environments,
    identity,
    listing,
    logs,
    policies,
    queues,
    snapshot,
    stopping,
    submission,
    tags,
)

__all__ = ["OPERATIONS", "Operation"]

Operation = Callable[[Desk, dict[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "batch": {
        "CancelJob": stopping.cancel,
        "CancelJobs": stopping.cancel_many,
        "CreateComputeEnvironment": environments.create,
        "CreateConsumableResource": consumables.create,
        "CreateJobQueue": queues.create,
        "CreateSchedulingPolicy": policies.create,
        "DeleteComputeEnvironment": environments.delete,
        "DeleteConsumableResource": consumables.delete,
        "DeleteJobQueue": queues.delete,
        "DeleteSchedulingPolicy": policies.delete,
        "DeregisterJobDefinition": definitions.deregister,
        "DescribeComputeEnvironments": environments.describe,
        "DescribeConsumableResource": consumables.describe,
        "DescribeJobDefinitions": definitions.describe,
        "DescribeJobQueues": queues.describe,
        "DescribeJobs": describing.describe,
        "DescribeSchedulingPolicies": policies.describe,
        "GetJobQueueSnapshot": snapshot.show,
        "ListConsumableResources": consumables.list_all,
        "ListJobs": listing.list_jobs,
        "ListJobsByConsumableResource": consumables.list_jobs,
        "ListSchedulingPolicies": policies.list_all,
        "ListTagsForResource": tags.show,
        "RegisterJobDefinition": definitions.register,
        "SubmitJob": submission.submit,
        "TagResource": tags.tag,
        "TerminateJob": stopping.terminate,
        "TerminateJobs": stopping.terminate_many,
        "UntagResource": tags.untag,
        "UpdateComputeEnvironment": environments.update,
        "UpdateConsumableResource": consumables.update,
        "UpdateJobQueue": queues.update,
        "UpdateSchedulingPolicy": policies.update,
    },
    "logs": {
        "DescribeLogGroups": logs.describe_groups,
        "DescribeLogStreams": logs.describe_streams,
        "FilterLogEvents": logs.filter_events,
        "GetLogEvents": logs.get_events,
    },
    "sts": {"GetCallerIdentity": identity.caller},
}
"""Operations by service and name; what is not in the table is refused."""
