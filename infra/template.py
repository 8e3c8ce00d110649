"""Makes the one template: what Chalice reads from app.py, `infra/template.yaml` over it, and to
each function what every function needs. Nothing of the machine that makes it gets into it.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from shared.errors import NotFound, Problem, ServiceUnavailable, Texts
from shared.settings import Settings
from shared.web.problems import BodyTooLarge, render

Json = dict[str, Any]

LOG_RETENTION_DAYS = 90
ASYNC_ATTEMPTS = 3
ASYNC_EVENT_AGE_SECONDS = 3600
# One process for all stages: importing the app is the most of it.
CHALICE = """
import sys
from chalice.cli import cli
project, over, out, *stages = sys.argv[1:]
for stage in stages:
    words = ["--project-dir", project, "package", "--stage", stage, "--merge-template", over]
    cli([*words, f"{out}/{stage}"], obj={}, standalone_mode=False)
"""


class GatewayRefusal(Problem):
    status = 400
    code = "BAD_REQUEST"
    title = Texts("请求无法处理", "Bad request")
    detail = Texts("网关无法处理此请求。", "The gateway cannot take this request.")


class GatewayThrottled(Problem):
    status = 429
    code = "TOO_MANY_REQUESTS"
    title = Texts("请求过于频繁", "Too many requests")
    detail = Texts("请求过于频繁，请稍后重试。", "Too many requests at once. Try again shortly.")


# Whatever else a function may do to records, those of the audit trail are only ever added.
NEVER_CHANGE_THE_AUDIT_TRAIL: Json = {
    "Effect": "Deny",
    "Action": ["dynamodb:DeleteItem", "dynamodb:UpdateItem"],
    "Resource": {"Fn::GetAtt": ["RecordsTable", "Arn"]},
    "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*"]}},
}

# What the gateway answers by itself, in the words that the functions would use.
GATEWAY_ANSWERS = {
    "DEFAULT_4XX": GatewayRefusal(),
    "DEFAULT_5XX": ServiceUnavailable(),
    "INTEGRATION_FAILURE": ServiceUnavailable(),
    "INTEGRATION_TIMEOUT": ServiceUnavailable(),
    "MISSING_AUTHENTICATION_TOKEN": NotFound(),  # its words for an address that does not exist
    "REQUEST_TOO_LARGE": BodyTooLarge(limit=Settings().body_limit_bytes),
    "THROTTLED": GatewayThrottled(retry_after=1),
    "WAF_FILTERED": GatewayThrottled(retry_after=300),  # its one rule counts over five minutes
}


def stages(project: Path) -> list[str]:
    config = json.loads((project / ".chalice" / "config.json").read_text())
    return sorted(config["stages"])


def chalice_package(project: Path, out: Path) -> dict[str, Json]:
    """The template that `chalice package` makes of `project`, by stage; the zips lie in `out`."""
    over = project / "infra" / "template.yaml"
    subprocess.run(
        [sys.executable, "-c", CHALICE, project, over, out, *stages(project)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={
            "PATH": os.environ["PATH"],
            "AWS_DEFAULT_REGION": "ap-southeast-1",  # asked for, not written anywhere
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    return {
        stage: yaml.safe_load((out / stage / "sam.yaml").read_text()) for stage in stages(project)
    }


def one_template(
    by_stage: dict[str, Json], state_machines: dict[str, Json], flows: dict[str, str]
) -> Json:
    """One template for all stages, from Chalice's for each.

    state_machines: the definitions by the logical id of their `AWS::Serverless::StateMachine`.
    flows: the same of their `AWS::Connect::ContactFlow`, with `${Name}` for what the stack has.
    Raises ValueError when `infra/template.yaml` adds to a resource that is not there.
    """
    differences: dict[str, Json] = {stage: {} for stage in by_stage}
    template: Json = _fold(by_stage, (), differences)
    template["Mappings"]["Stages"] = differences
    resources = template["Resources"]
    if strangers := [name for name, item in resources.items() if "Type" not in item]:
        raise ValueError(f"infra/template.yaml adds to what app.py does not make: {strangers}")
    for name, definition in state_machines.items():
        resources[name]["Properties"]["Definition"] = definition
    for name, content in flows.items():
        resources[name]["Properties"]["Content"] = {"Fn::Sub": content}
    for name in [name for name, item in resources.items() if _is_function(item)]:
        resources |= _complete_function(name, resources)
    _complete_api(resources["RestAPI"]["Properties"])
    return template


def _fold(by_stage: dict[str, Any], path: tuple[str, ...], differences: dict[str, Json]) -> Any:
    """The value that all stages share; where they differ, a look-up by stage."""
    values = list(by_stage.values())
    if all(value == values[0] for value in values):
        return values[0]
    if all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values):
        return {
            name: _fold(
                {stage: value[name] for stage, value in by_stage.items()},
                (*path, name),
                differences,
            )
            for name in values[0]
        }
    return {"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, _key(by_stage, path, differences)]}


def _key(by_stage: dict[str, Any], path: tuple[str, ...], differences: dict[str, Json]) -> str:
    """The name in the mapping for what is at `path`: its last word, or all when that is taken."""
    for words in (path[-1:], path):
        key = re.sub("[^A-Za-z0-9]", "", "".join(words))
        if all(
            differences[stage].setdefault(key, value) == value for stage, value in by_stage.items()
        ):
            return key
    raise ValueError(f"two different values for {'.'.join(path)}")


def _is_function(resource: Json) -> bool:
    return bool(resource["Type"] == "AWS::Serverless::Function")


def _complete_function(name: str, resources: Json) -> Json:
    """Gives the function its log, rights to write there, and an end for what fails.

    Returns the resources that it needs beside it.
    """
    properties = resources[name]["Properties"]
    properties.pop("CodeUri")  # the same for all: it stands in Globals
    properties["LoggingConfig"] = {"LogGroup": {"Ref": f"{name}Log"}}
    rights = [
        _allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [f"{name}Log", "Arn"]}
        ),
        NEVER_CHANGE_THE_AUDIT_TRAIL,
    ]
    if properties["Tracing"] != "PassThrough":
        rights.append(_allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"))
    kinds = {event["Type"] for event in properties.get("Events", {}).values()}
    dead_letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    if kinds & {"Schedule", "DynamoDB"}:  # a queue sends there by itself
        rights.append(_allow(["sqs:SendMessage"], dead_letters))
    if "Schedule" in kinds:  # a stream says at its event what becomes of what fails
        properties["EventInvokeConfig"] = {
            "MaximumRetryAttempts": ASYNC_ATTEMPTS - 1,
            "MaximumEventAgeInSeconds": ASYNC_EVENT_AGE_SECONDS,
            "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": dead_letters}},
        }
    role = properties["Role"]["Fn::GetAtt"][0]
    resources[role]["Properties"]["Policies"].append(
        {
            "PolicyName": "every-function",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": rights},
        }
    )
    return {
        f"{name}Log": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": LOG_RETENTION_DAYS},
        },
        f"{name}Fails": _function_alarm(name, "Errors"),
        f"{name}Throttled": _function_alarm(name, "Throttles"),
    }


def _allow(actions: list[str], resource: Json | str) -> Json:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def _function_alarm(function: str, metric: str) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"{function}: {metric}",
            "Namespace": "AWS/Lambda",
            "MetricName": metric,
            "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": function}}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Alarms"}],
        },
    }


def _complete_api(properties: Json) -> None:
    """Sends every method of every path to the function, which answers 404, 405 and preflights.

    The paths of app.py stay apart, because Chalice routes by the path that the gateway matched.
    """
    definition = properties["DefinitionBody"]
    operations = [next(iter(methods.values())) for methods in definition["paths"].values()]
    to_function = operations[0]["x-amazon-apigateway-integration"]
    definition["paths"] = {
        path: {
            "x-amazon-apigateway-any-method": {
                "parameters": [
                    {"name": name, "in": "path", "required": True, "type": "string"}
                    for name in re.findall(r"{(\w+)\+?}", path)
                ],
                "responses": {},
                "x-amazon-apigateway-integration": to_function,
            }
        }
        for path in sorted({*definition["paths"], "/", "/{proxy+}"})
    }
    properties["GatewayResponses"] = {
        kind: _gateway_response(answer) for kind, answer in GATEWAY_ANSWERS.items()
    }


def _gateway_response(answer: Problem) -> Json:
    body, headers = render(answer, language="zh", request_id="$context.requestId")
    return {
        "StatusCode": answer.status,
        "ResponseParameters": {"Headers": {name: f"'{text}'" for name, text in headers.items()}},
        # Escaped, because not every step on the way to the gateway keeps what is not ASCII.
        "ResponseTemplates": {"application/json": json.dumps(json.loads(body))},
    }
