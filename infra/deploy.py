"""Sends the package to AWS, or to the local cloud: only the place differs."""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from infra.package import BUILD, package
from infra.template import Json

STACK_SECONDS = 3600
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


class DeployFailed(Exception):
    """The stack could not be brought to the template; the message says which resource and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stack lives.

    endpoint_url: None for AWS itself.
    access_key: of the local cloud, which takes any, also as the secret; None for the environment's.
    adapt: makes a template fit for the place.
    """

    region: str | None = None
    endpoint_url: str | None = None
    access_key: str | None = None
    adapt: Callable[[Json], Json] = lambda template: template
    poll_seconds: float = 5
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """A boto3 client for this place, made once."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                aws_access_key_id=self.access_key,
                aws_secret_access_key=self.access_key,
            )
        return self._clients[service]


def deploy(
    place: Place, *, stage: str, parameters: dict[str, str], build: Path = BUILD
) -> dict[str, str]:
    """Creates or updates the stack `u-wallet-STAGE` and returns its outputs.

    parameters: of the template; one that is left out keeps its value from before.
    Raises DeployFailed.
    """
    bucket = _artifact_bucket(place)
    code, layer = (
        _upload(place, bucket, (build / name).read_bytes(), "zip")
        for name in ("deployment.zip", "layer.zip")
    )
    template = place.adapt(json.loads((build / "template.json").read_text()))
    template_key = _upload(place, bucket, json.dumps(template).encode(), "json")
    artifacts = {"ArtifactBucket": bucket, "ArtifactKey": code, "LayerKey": layer}
    given = {"Stage": stage, **artifacts, **parameters}
    url = f"{place.client('s3').meta.endpoint_url}/{bucket}/{template_key}"
    name = f"u-wallet-{stage}"
    _change(place, name, url, _parameters(place, name, template, given))
    return _outputs(_describe(place, name) or {})


def outputs(place: Place, *, stage: str) -> dict[str, str]:
    """The outputs of a stack that was deployed before; none when there is no such stack."""
    return _outputs(_describe(place, f"u-wallet-{stage}") or {})


def _artifact_bucket(place: Place) -> str:
    """The bucket for packages: private, and only over TLS. Made when it is not there."""
    s3 = place.client("s3")
    caller = place.client("sts").get_caller_identity()
    region = s3.meta.region_name
    bucket = f"u-wallet-artifacts-{caller['Account']}-{region}"
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else elsewhere))
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket, caller["Arn"])))
    return bucket


def _tls_only(bucket: str, any_arn: str) -> Json:
    """The policy of the bucket. any_arn: names the partition, which in China is not `aws`."""
    here = f"arn:{any_arn.split(':')[1]}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [here, f"{here}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _upload(place: Place, bucket: str, content: bytes, kind: str) -> str:
    """Puts an artifact under the hash of its content, and returns that key."""
    key = f"{hashlib.sha256(content).hexdigest()}.{kind}"
    place.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _parameters(
    place: Place, name: str, template: Json, given: dict[str, str]
) -> list[dict[str, Any]]:
    stack = _describe(place, name)
    before = {item["ParameterKey"] for item in (stack or {}).get("Parameters", [])}
    return [
        {"ParameterKey": key, "ParameterValue": given[key]}
        if key in given
        else {"ParameterKey": key, "UsePreviousValue": True}
        for key in template["Parameters"]
        if key in given or key in before
    ]


def _change(place: Place, name: str, url: str, parameters: list[dict[str, Any]]) -> None:
    """Makes a change set, looks whether it changes anything, and executes it."""
    cloudformation = place.client("cloudformation")
    waiting = {"Delay": place.poll_seconds, "MaxAttempts": int(STACK_SECONDS / place.poll_seconds)}
    kind = "UPDATE" if _describe(place, name) else "CREATE"
    made = {"StackName": name, "ChangeSetName": f"deploy-{time.time_ns()}"}
    cloudformation.create_change_set(
        **made,
        ChangeSetType=kind,
        TemplateURL=url,
        Parameters=parameters,
        Capabilities=CAPABILITIES,
    )
    try:
        cloudformation.get_waiter("change_set_create_complete").wait(**made, WaiterConfig=waiting)
    except WaiterError as error:
        reason = cloudformation.describe_change_set(**made).get("StatusReason", "")
        cloudformation.delete_change_set(**made)
        if "didn't contain changes" in reason or "No updates are to be performed" in reason:
            return
        raise DeployFailed(reason) from error
    cloudformation.execute_change_set(**made)
    done = "stack_update_complete" if kind == "UPDATE" else "stack_create_complete"
    try:
        cloudformation.get_waiter(done).wait(StackName=name, WaiterConfig=waiting)
    except WaiterError as error:
        raise DeployFailed(_failures(place, name)) from error


def _describe(place: Place, name: str) -> dict[str, Any] | None:
    """The stack, or None when it is not there yet."""
    try:
        stacks = place.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in error.response["Error"]["Message"]:
            raise
        return None
    stack: dict[str, Any] = stacks[0]
    return None if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack


def _failures(place: Place, name: str) -> str:
    events = place.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    )


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("--stage", required=True, choices=["test", "prod"])
    parser.add_argument("--region", help="default: what the environment says")
    parser.add_argument(
        "parameters",
        nargs="*",
        metavar="NAME=VALUE",
        help="BankUrl, MailFrom, WebOrigins, AlarmEmail",
    )
    asked = parser.parse_args()
    parameters = dict(word.split("=", 1) for word in asked.parameters)
    package()
    outputs = deploy(Place(region=asked.region), stage=asked.stage, parameters=parameters)
    for name, value in sorted(outputs.items()):
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
