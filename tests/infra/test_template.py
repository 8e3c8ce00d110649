"""What the template promises, in each stage."""

import json
import re
from typing import Any

import pytest

from functions.agents.records import audit_month
from functions.identity.records import user_key
from functions.identity.sealed import place
from functions.payments.records import merchant_key
from infra.local_cloud import METHODS, UNKNOWN_CONDITIONS, WITHOUT_RESOURCES, adapt
from infra.package import PROJECT
from infra.template import Json, stages
from shared.ledger.records import RELEASED, account_key, entry_sort_key, transfer_key
from shared.settings import Settings

STAGES = stages(PROJECT)
NO_VALUE = object()
HERE = "http://127.0.0.1:4566"
# Actions that can't be bound to a resource of ours. A task token is the right to its one task.
WITHOUT_RESOURCE = {
    "states:SendTaskHeartbeat",
    "states:SendTaskSuccess",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def in_stage(value: Any, stage: str, template: Json) -> Any:
    """The value with mappings and conditions on the stage carried out."""
    match value:
        case {"Fn::FindInMap": [mapping, {"Ref": "Stage"}, key]}:
            return template["Mappings"][mapping][stage][key]
        case {"Fn::If": ["IsProd", yes, no]}:
            return in_stage(yes if stage == "prod" else no, stage, template)
        case {"Ref": "AWS::NoValue"}:
            return NO_VALUE
        case dict():
            carried_out = {name: in_stage(item, stage, template) for name, item in value.items()}
            return {name: item for name, item in carried_out.items() if item is not NO_VALUE}
        case list():
            return [in_stage(item, stage, template) for item in value]
        case _:
            return value


def of_type(template: Json, kind: str) -> dict[str, Json]:
    return {name: item for name, item in template["Resources"].items() if item["Type"] == kind}


def functions(template: Json) -> dict[str, Json]:
    return {
        name: item["Properties"]
        for name, item in of_type(template, "AWS::Serverless::Function").items()
    }


def scheduled(template: Json) -> dict[str, Json]:
    return {
        name: item
        for name, item in functions(template).items()
        if "Schedule" in {event["Type"] for event in item.get("Events", {}).values()}
    }


def rights(template: Json, function: Json) -> list[Json]:
    role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    return [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def allowed(template: Json, function: Json) -> list[Json]:
    return [one for one in rights(template, function) if one["Effect"] == "Allow"]


def actions(statement: Json) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else named


def test_stages_differ_in_mappings_alone(template: Json) -> None:
    assert template["Parameters"]["Stage"]["AllowedValues"] == ["local", "test", "prod"]
    for mapping in template["Mappings"].values():
        assert sorted(mapping) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_environment_is_what_the_configuration_says(template: Json, stage: str) -> None:
    configuration = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    expected = configuration["stages"][stage]["environment_variables"]
    for function in functions(template).values():
        own = in_stage(function["Environment"]["Variables"], stage, template)
        assert own == expected


def test_every_scheduled_function_of_the_design_is_there(template: Json) -> None:
    assert scheduled(template).keys() >= {
        "AnonymiseClosedAccounts",
        "CheckBooks",
        "CloseSilentChats",
        "DeliverMerchantEvents",
        "ExpireOrders",
        "FinishApprovals",
        "ReconcileWithBank",
        "ReleaseExpiredHolds",
        "ResolvePendingTopUps",
        "OpenAutomaticTickets",
        "SendNotifications",
        "SendSupportReplies",
        "SettleDueTransfers",
        "SettleMerchants",
        "TellOwners",
        "WatchTickets",
    }


def test_every_function_has_a_log_that_forgets(template: Json) -> None:
    for function in functions(template).values():
        log = template["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert log["Type"] == "AWS::Logs::LogGroup"
        assert log["Properties"]["RetentionInDays"] == 90


def test_every_function_has_bounds(template: Json) -> None:
    for name, function in functions(template).items():
        assert 0 < function["Timeout"] <= 900
        assert function["MemorySize"] >= 512
        prod = in_stage(function, "prod", template)
        assert prod["ReservedConcurrentExecutions"] > 0, name
    # The gateway gives up after 29 seconds, and so must what it waits for.
    assert functions(template)["APIHandler"]["Timeout"] < 29


def test_no_function_is_held_back_on_a_small_machine(template: Json) -> None:
    for function in functions(template).values():
        assert "ReservedConcurrentExecutions" not in in_stage(function, "local", template)


def test_events_that_fail_for_good_are_kept(template: Json) -> None:
    for function in scheduled(template).values():
        asynchronous = function["EventInvokeConfig"]
        assert asynchronous["MaximumRetryAttempts"] == 2
        target = asynchronous["DestinationConfig"]["OnFailure"]["Destination"]
        assert target == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
        assert any(
            "sqs:SendMessage" in actions(statement) and statement["Resource"] == target
            for statement in rights(template, function)
        )


def test_a_record_of_the_stream_that_fails_for_good_is_kept_alone(template: Json) -> None:
    function = functions(template)["TellOfMovements"]
    [event] = function["Events"].values()
    stream = event["Properties"]
    assert stream["Stream"] == {"Fn::GetAtt": ["LedgerTable", "StreamArn"]}
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["BisectBatchOnFunctionError"] is True
    assert 0 < stream["MaximumRetryAttempts"] <= 10
    assert 0 < stream["MaximumRecordAgeInSeconds"] < 86_400  # when the stream forgets it
    target = stream["DestinationConfig"]["OnFailure"]["Destination"]
    assert target == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    may = {action: one["Resource"] for one in rights(template, function) for action in actions(one)
           if "Resource" in one}  # fmt: skip
    assert may["sqs:SendMessage"] == target
    assert may["dynamodb:GetRecords"] == {"Fn::Sub": "${LedgerTable.Arn}/stream/*"}
    assert not {
        action for action in may if action in ("dynamodb:Scan", "sns:CreatePlatformEndpoint")
    }


def test_only_what_is_told_of_wakes_the_function(template: Json) -> None:
    [event] = functions(template)["TellOfMovements"]["Events"].values()
    entries, holds = (
        json.loads(one["Pattern"]) for one in event["Properties"]["FilterCriteria"]["Filters"]
    )
    keys = entries["dynamodb"]["Keys"]
    key = account_key("u_x")
    assert key.pk.startswith(keys["pk"]["S"][0]["prefix"])
    assert entry_sort_key(1, 1).startswith(keys["sk"]["S"][0]["prefix"])
    assert holds["dynamodb"]["Keys"] == {"sk": {"S": [transfer_key("t_x").sk]}}
    assert holds["dynamodb"]["NewImage"] == {"status": {"S": [RELEASED]}}


def test_alarm_tells_of_every_function_that_fails_or_is_throttled(template: Json) -> None:
    watched = {
        (alarm["Properties"]["Dimensions"][0]["Value"]["Ref"], alarm["Properties"]["MetricName"])
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == "AWS/Lambda"
    }
    assert watched == {
        (name, metric) for name in functions(template) for metric in ("Errors", "Throttles")
    }


def test_alarm_tells_of_the_books_the_api_and_the_dead_letters(template: Json) -> None:
    alarms = [alarm["Properties"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()]
    watched = {(alarm["MetricName"], alarm["TreatMissingData"]) for alarm in alarms}
    assert watched >= {
        ("LedgerImbalance", "notBreaching"),
        ("BooksDifferences", "notBreaching"),
        ("BooksDifferences", "breaching"),
        ("NoticesGivenUp", "notBreaching"),
        ("LimitsReached", "notBreaching"),
        ("ReconciliationDifferences", "notBreaching"),
        ("ReconciliationDifferences", "breaching"),
        ("ReconciliationWithheld", "notBreaching"),
        ("SettlementFilesLate", "notBreaching"),
        ("SettlementFilesRefused", "notBreaching"),
        ("5XXError", "notBreaching"),
        ("IntegrationError", "notBreaching"),
        ("ApproximateNumberOfMessagesVisible", "notBreaching"),
    }
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms)


def test_tables_are_guarded_in_prod(template: Json) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert tables.keys() == {"LedgerTable", "RecordsTable"}
    for table in tables.values():
        prod = in_stage(table["Properties"], "prod", template)
        assert prod["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert prod["DeletionProtectionEnabled"] is True
        assert prod["SSESpecification"] == {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": {"Fn::GetAtt": ["DataKey", "Arn"]},
        }


def test_what_cannot_be_made_again_outlives_the_stack(template: Json) -> None:
    kinds = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret")
    lasting = [one for kind in kinds for one in of_type(template, kind).values()]
    for resource in (*lasting, template["Resources"]["SettlementBucket"]):
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("stage", STAGES)
def test_tables_have_the_shape_that_the_records_need(template: Json, stage: str) -> None:
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        properties = in_stage(table["Properties"], stage, template)
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]
        [index] = properties["GlobalSecondaryIndexes"]
        assert index["IndexName"] == "due"
        assert [key["AttributeName"] for key in index["KeySchema"]] == ["due_shard", "due_at"]
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
        assert ("StreamSpecification" in properties) == (name == "LedgerTable")


def test_functions_may_do_only_what_is_named(template: Json) -> None:
    for function in functions(template).values():
        for statement in allowed(template, function):
            assert not [action for action in actions(statement) if "*" in action]
            if statement.get("Resource") == "*":
                assert set(actions(statement)) <= WITHOUT_RESOURCE


def test_only_the_check_of_the_books_reads_whole_tables(template: Json) -> None:
    scanning = {
        name
        for name, function in functions(template).items()
        if any("dynamodb:Scan" in actions(statement) for statement in rights(template, function))
    }
    assert scanning == {"CheckBooks"}


def test_nothing_deletes_from_the_books(template: Json) -> None:
    for function in functions(template).values():
        for statement in rights(template, function):
            if statement.get("Resource") == {"Fn::GetAtt": ["LedgerTable", "Arn"]}:
                assert "dynamodb:DeleteItem" not in actions(statement)


def test_no_function_changes_or_deletes_the_audit_trail(template: Json) -> None:
    for function in functions(template).values():
        [denied] = [one for one in rights(template, function) if one["Effect"] == "Deny"]
        assert denied == {
            "Effect": "Deny",
            "Action": ["dynamodb:DeleteItem", "dynamodb:UpdateItem"],
            "Resource": {"Fn::GetAtt": ["RecordsTable", "Arn"]},
            "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*"]}},
        }
    assert audit_month("2026-03").startswith("AUDIT#")


def test_messages_go_to_phones_and_not_to_topics(template: Json) -> None:
    for function in functions(template).values():
        for statement in rights(template, function):
            if "sns:Publish" in actions(statement) and "Resource" not in statement:
                assert statement["NotResource"] == "arn:*:sns:*:*:*"
            elif "sns:Publish" in actions(statement):
                assert statement["Resource"]["Fn::Sub"].endswith(":endpoint/*")


def test_each_function_has_a_role_and_rights_of_its_own(template: Json) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in functions(template).values()]
    assert len(set(roles)) == len(roles)
    for role in roles:
        policies = template["Resources"][role]["Properties"]["Policies"]
        assert [policy["PolicyName"] for policy in policies] == ["work", "every-function"]


def test_every_path_and_method_reaches_the_function(template: Json) -> None:
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert paths.keys() >= {"/", "/{proxy+}", "/v1/wallet", "/openapi.json"}
    for methods in paths.values():
        assert list(methods) == ["x-amazon-apigateway-any-method"]
        [operation] = methods.values()
        assert "APIHandler" in operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]


def test_local_template_names_every_method_instead_of_any(template: Json) -> None:
    adapted = adapt(template, endpoint_url=HERE)
    for methods in adapted["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][
        "paths"
    ].values():
        assert tuple(methods) == METHODS


def test_gateway_answers_as_the_functions_do(template: Json) -> None:
    answers = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    assert {kind: answer["StatusCode"] for kind, answer in answers.items()} == {
        "DEFAULT_4XX": 400,
        "DEFAULT_5XX": 503,
        "INTEGRATION_FAILURE": 503,
        "INTEGRATION_TIMEOUT": 503,
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "REQUEST_TOO_LARGE": 413,
        "THROTTLED": 429,
        "WAF_FILTERED": 429,
    }
    for answer in answers.values():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'"
        text = answer["ResponseTemplates"]["application/json"]
        assert text.isascii()
        problem = json.loads(text)
        assert problem["status"] == answer["StatusCode"]
        assert problem["request_id"] == "$context.requestId"
        assert problem["code"]
        assert problem["title"]


def test_requests_are_limited_and_recorded(template: Json) -> None:
    api = in_stage(template["Resources"]["RestAPI"]["Properties"], "prod", template)
    [settings] = api["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == 1000
    assert settings["ThrottlingBurstLimit"] == 2000
    assert api["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    recorded = json.loads(api["AccessLogSetting"]["Format"])
    assert not {name for name in recorded if "header" in name or "query" in name}


def test_the_chat_has_a_function_for_each_kind_of_event_and_none_loads_the_whole_app(
    template: Json,
) -> None:
    for kind in ("Connect", "Message", "Disconnect"):
        route = template["Resources"][f"Websocket{kind}Route"]["Properties"]
        target = {"Ref": f"Websocket{kind}APIIntegration"}
        assert route["Target"] == {"Fn::Join": ["/", ["integrations", target]]}
        handler = functions(template)[f"Websocket{kind}"]["Handler"]
        assert handler.startswith("functions.support.chat.events.")


def test_the_chat_is_limited_and_recorded_but_not_what_is_said(template: Json) -> None:
    stage = template["Resources"]["WebsocketAPIStage"]["Properties"]
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    settings = in_stage(stage["DefaultRouteSettings"], "prod", template)
    assert settings["ThrottlingRateLimit"] == 1000
    assert settings["DataTraceEnabled"] is False


def test_only_who_must_writes_to_sockets_and_only_to_ours(template: Json) -> None:
    writing = {}
    for name, function in functions(template).items():
        for statement in allowed(template, function):
            if "execute-api:ManageConnections" in actions(statement):
                writing[name] = [arn["Fn::Sub"] for arn in statement["Resource"]]
    assert writing.keys() == {
        "APIHandler",
        "CloseSilentChats",
        "SendSupportReplies",
        "WebsocketDisconnect",
        "WebsocketMessage",
    }
    for arns in writing.values():
        ours = "${WebsocketAPI}/api/{}/@connections/*"
        assert [arn.rpartition(":")[2] for arn in arns] == [
            ours.replace("{}", method) for method in ("POST", "DELETE")
        ]


def test_the_local_chat_is_deployed_by_itself_and_reached_at_this_machine(template: Json) -> None:
    adapted = adapt(template, endpoint_url=HERE)
    assert of_type(adapted, "AWS::ApiGatewayV2::Deployment") == {}
    stage = adapted["Resources"]["WebsocketAPIStage"]["Properties"]
    assert "DeploymentId" not in stage
    assert stage["AutoDeploy"] is True
    sockets = adapted["Globals"]["Function"]["Environment"]["Variables"]["CHAT_SOCKETS_URL"]
    assert sockets == {"Fn::Sub": f"{HERE}/_aws/execute-api/${{WebsocketAPI}}/api"}


def test_firewall_counts_each_address_on_aws(template: Json) -> None:
    [firewall] = of_type(template, "AWS::WAFv2::WebACL").values()
    [association] = of_type(template, "AWS::WAFv2::WebACLAssociation").values()
    for resource in (firewall, association):
        assert resource["Condition"] == "OnAws"
    assert template["Conditions"]["OnAws"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]
    }
    assert association["Properties"]["WebACLArn"] == {"Fn::GetAtt": ["Firewall", "Arn"]}
    assert (
        "${RestAPI}/stages/${RestAPI.Stage}" in association["Properties"]["ResourceArn"]["Fn::Sub"]
    )
    prod = in_stage(firewall["Properties"], "prod", template)
    [rule] = prod["Rules"]
    assert rule["Action"] == {"Block": {}}
    assert rule["Statement"] == {
        "RateBasedStatement": {
            "AggregateKeyType": "IP",
            "EvaluationWindowSec": 300,
            "Limit": 10_000,
        }
    }


def test_firewall_keeps_no_sample_of_a_request(template: Json) -> None:
    [firewall] = of_type(template, "AWS::WAFv2::WebACL").values()
    [rule] = firewall["Properties"]["Rules"]
    for part in (firewall["Properties"], rule):
        assert part["VisibilityConfig"]["SampledRequestsEnabled"] is False


@pytest.mark.parametrize("stage", STAGES)
def test_personal_data_has_a_key_of_its_own_in_each_stage(template: Json, stage: str) -> None:
    key = template["Resources"]["PersonalDataKey"]
    assert key["Type"] == "AWS::KMS::Key"
    assert "Condition" not in key
    assert key["Properties"]["EnableKeyRotation"] is True
    shared = in_stage(template["Globals"]["Function"]["Environment"]["Variables"], stage, template)
    assert shared["DATA_KEY"] == {"Ref": "PersonalDataKey"}


def test_only_who_must_opens_personal_data_and_only_as_sealed_by_us(template: Json) -> None:
    opening = {}
    for name, function in functions(template).items():
        for statement in rights(template, function):
            kms = [action for action in actions(statement) if action.startswith("kms:")]
            if kms:
                opening[name] = sorted(kms)
                assert statement["Resource"] == {"Fn::GetAtt": ["PersonalDataKey", "Arn"]}
                of = "records/MERCHANT#*" if "Merchant" in name else "records/*"
                assert statement["Condition"] == {"StringLike": {"kms:EncryptionContext:of": of}}
    assert opening == {
        "AdministerAgents": ["kms:Decrypt", "kms:GenerateDataKey"],
        "AdministerMerchants": ["kms:Decrypt", "kms:GenerateDataKey"],
        "DeliverMerchantEvents": ["kms:Decrypt"],
        "AnswerHotline": ["kms:Decrypt", "kms:GenerateDataKey"],
        "ReleaseMails": ["kms:Decrypt", "kms:GenerateDataKey"],
        "TakeInMail": ["kms:Decrypt", "kms:GenerateDataKey"],
        "APIHandler": ["kms:Decrypt", "kms:GenerateDataKey"],
        "ResolveWithdrawals": ["kms:Decrypt"],
        "SendNotifications": ["kms:Decrypt"],
        "SendSupportReplies": ["kms:Decrypt"],
        "TellOfMovements": ["kms:Decrypt"],
        "TellOwners": ["kms:Decrypt"],
        "WithdrawalStep": ["kms:Decrypt"],
    }
    assert place(user_key("u_x"), "phone").startswith("records/")
    assert place(merchant_key("m_x"), "secret").startswith("records/MERCHANT#")


def test_mails_come_from_the_configured_senders_alone(template: Json) -> None:
    sending: dict[str, set[str]] = {"ses:SendEmail": set(), "ses:SendRawEmail": set()}
    senders = {
        "ses:SendEmail": {"Ref": "MailFrom"},
        "ses:SendRawEmail": {"Fn::Sub": "support@${SupportMailDomain}"},
    }
    for name, function in functions(template).items():
        for statement in rights(template, function):
            if any(action.startswith("ses:") for action in actions(statement)):
                (action,) = actions(statement)
                sending[action].add(name)
                assert statement["Condition"] == {
                    "StringEquals": {"ses:FromAddress": senders[action]}
                }
    assert sending["ses:SendEmail"] == {
        "APIHandler",
        "ResolveWithdrawals",
        "SendNotifications",
        "TellOfMovements",
        "TellOwners",
        "WithdrawalStep",
    }
    assert sending["ses:SendRawEmail"] == {"APIHandler", "SendSupportReplies", "TakeInMail"}
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    assert shared["MAIL_FROM"] == {"Ref": "MailFrom"}


def test_local_template_has_no_condition_that_nobody_there_knows(template: Json) -> None:
    adapted = adapt(template, endpoint_url=HERE)
    for function in functions(adapted).values():
        for statement in rights(adapted, function):
            assert not UNKNOWN_CONDITIONS & set(str(statement.get("Condition", "")).split("'"))
            known = WITHOUT_RESOURCE | WITHOUT_RESOURCES
            assert statement.get("Resource") != "*" or set(actions(statement)) <= known


@pytest.mark.parametrize("stage", STAGES)
def test_buckets_are_encrypted_and_private(template: Json, stage: str) -> None:
    for bucket in of_type(template, "AWS::S3::Bucket").values():
        properties = in_stage(bucket["Properties"], stage, template)
        [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        algorithm = encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("aws:kms" if stage == "prod" else "AES256")
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}


def test_buckets_are_reached_by_tls_alone(template: Json) -> None:
    policies = of_type(template, "AWS::S3::BucketPolicy").values()
    guarded = [policy["Properties"]["Bucket"]["Ref"] for policy in policies]
    assert sorted(guarded) == sorted(of_type(template, "AWS::S3::Bucket"))
    for policy in policies:
        assert policy["Condition"] == "OnAws"
        statement, *others = policy["Properties"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}
        # Beside our functions only SES puts something somewhere, and reads nothing.
        assert [(one["Principal"], one["Action"], one["Resource"]) for one in others] in (
            [],
            [
                (
                    {"Service": "ses.amazonaws.com"},
                    "s3:PutObject",
                    {"Fn::Sub": "${SupportMails.Arn}/inbound/*"},
                )
            ],
        )


def test_the_banks_files_and_reports_are_kept_for_the_law(template: Json) -> None:
    properties = template["Resources"]["SettlementBucket"]["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    [rule] = properties["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] >= 5 * 365
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_statement_files_go_away(template: Json) -> None:
    properties = template["Resources"]["StatementFiles"]["Properties"]
    [rule] = properties["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] * 86_400 >= Settings().statement_file_seconds


def test_only_who_makes_a_file_writes_it(template: Json) -> None:
    reaching = [
        (name, sorted(actions(statement)), statement["Resource"]["Fn::Sub"])
        for name, function in functions(template).items()
        for statement in allowed(template, function)
        if any(action.startswith("s3:") for action in actions(statement))
    ]
    wanted = [
        ("APIHandler", ["s3:GetObject"], "${SettlementBucket.Arn}/reports/*"),
        ("APIHandler", ["s3:GetObject"], "${StatementFiles.Arn}/*"),
        (
            "APIHandler",
            ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"],
            "${SupportFiles.Arn}/attachments/*",
        ),
        # Of mails it reads what agents may see. A raw one is read by who takes it in, and nobody
        # writes or deletes one.
        ("APIHandler", ["s3:GetObject"], "${SupportMails.Arn}/readable/*"),
        *(
            (name, rights, place)
            for name in ("ReleaseMails", "TakeInMail")
            for rights, place in (
                (
                    ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"],
                    "${SupportFiles.Arn}/attachments/*",
                ),
                (["s3:GetObject"], "${SupportMails.Arn}/inbound/*"),
                (["s3:PutObject"], "${SupportMails.Arn}/readable/*"),
            )
        ),
        (
            "SendSupportReplies",
            ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"],
            "${SupportFiles.Arn}/attachments/*",
        ),
        ("MakeStatementFiles", ["s3:PutObject"], "${StatementFiles.Arn}/*"),
        (
            "ReconcileWithBank",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            "${SettlementBucket.Arn}/*",
        ),
    ]
    assert sorted(reaching) == sorted(wanted)


def test_only_functions_in_the_background_have_the_layer(template: Json) -> None:
    layer = template["Resources"]["BackgroundLibraries"]
    assert layer["Type"] == "AWS::Lambda::LayerVersion"
    assert layer["Properties"]["Content"]["S3Key"] == {"Ref": "LayerKey"}
    having = {
        name: function["Layers"]
        for name, function in functions(template).items()
        if "Layers" in function
    }
    layers = [{"Ref": "BackgroundLibraries"}]
    assert having == dict.fromkeys(("MakeStatementFiles", "ReleaseMails", "TakeInMail"), layers)


def test_mail_is_scanned_kept_and_told_of_and_what_fails_for_good_is_kept(template: Json) -> None:
    resources = template["Resources"]
    rule = resources["SupportMailRule"]["Properties"]["Rule"]
    assert rule["ScanEnabled"]
    assert rule["Actions"][0]["S3Action"]["TopicArn"] == {"Ref": "MailArrived"}
    for name in ("MailArrivedQueue", "MailFeedbackQueue"):
        redrive = resources[name]["Properties"]["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["PoisonMails", "Arn"]}
    alarm = resources["PoisonMailsWaiting"]["Properties"]["Dimensions"][0]["Value"]
    assert alarm == {"Fn::GetAtt": ["PoisonMails", "QueueName"]}


def test_a_wanted_statement_that_can_not_be_made_is_kept(template: Json) -> None:
    queue = template["Resources"]["WantedStatements"]["Properties"]
    function = functions(template)["MakeStatementFiles"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
        "maxReceiveCount": Settings().statement_file_tries,
    }
    assert queue["VisibilityTimeout"] > function["Timeout"]
    [event] = function["Events"].values()
    assert event["Properties"]["BatchSize"] == 1


def test_queues_are_encrypted(template: Json) -> None:
    for queue in of_type(template, "AWS::SQS::Queue").values():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True


def machine(template: Json) -> Json:
    [properties] = [
        item["Properties"] for item in of_type(template, "AWS::Serverless::StateMachine").values()
    ]
    return dict(properties)


def test_the_state_machine_is_the_definition_in_the_sources(template: Json) -> None:
    definition = json.loads((PROJECT / "infra" / "withdrawal.asl.json").read_text())

    assert machine(template)["Definition"] == definition
    assert machine(template)["Type"] == "STANDARD"
    assert set(re.findall(r"\$\{(\w+)\}", json.dumps(definition))) == set(
        machine(template)["DefinitionSubstitutions"]
    )


def test_the_state_machine_logs_no_data_and_is_traced_as_the_functions_are(template: Json) -> None:
    logging = machine(template)["Logging"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)
    configuration = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    for stage in STAGES:
        traced = in_stage(machine(template)["Tracing"]["Enabled"], stage, template)
        assert traced == configuration["stages"][stage]["xray"]


def test_the_state_machine_may_invoke_its_one_function(template: Json) -> None:
    role = template["Resources"][machine(template)["Role"]["Fn::GetAtt"][0]]["Properties"]
    [policy] = role["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        named = actions(statement)
        assert not [action for action in named if "*" in action]
        if statement["Resource"] == "*":
            assert all(action.startswith(("logs:", "xray:")) for action in named)
        else:
            assert named == ["lambda:InvokeFunction"]
            assert statement["Resource"] == {"Fn::GetAtt": ["WithdrawalStep", "Arn"]}


def test_functions_know_the_state_machine_by_the_name_that_it_has(template: Json) -> None:
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    name = machine(template)["Name"]["Fn::Sub"]
    assert shared["WITHDRAWAL_MACHINE"]["Fn::Sub"].endswith(f":stateMachine:{name}")
    starting = {
        function: statement["Resource"]
        for function, properties in functions(template).items()
        for statement in rights(template, properties)
        if "states:StartExecution" in actions(statement)
    }
    assert starting.keys() == {"APIHandler", "ResolveWithdrawals", "SettleMerchants"}
    assert all(resource == shared["WITHDRAWAL_MACHINE"] for resource in starting.values())


def test_alarm_tells_of_withdrawals_that_do_not_end_as_they_should(template: Json) -> None:
    alarms = [alarm["Properties"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()]
    watched = {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms}
    assert watched >= {
        ("AWS/States", "ExecutionsFailed"),
        ("AWS/States", "ExecutionsTimedOut"),
        ("UWallet", "WithdrawalsStuck"),
        ("UWallet", "WithdrawalsOverdue"),
        ("UWallet", "PayoutsContradicted"),
    }


def test_no_session_is_hidden_by_the_beginning_of_a_path(template: Json) -> None:
    """The gateway prefers a literal segment, also where that has no methods of its own."""
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert "/v1/sessions/{session_id}" in paths
    assert [path for path in paths if path.startswith("/v1/sessions/current/")] == []
