"""Outdated apps: what they are told, and that they move no money."""

import json
import re
from collections.abc import Iterator

import pytest

from app import app as served
from infra.package import PROJECT
from shared.settings import settings
from shared.web import app_version
from tests.edge import Answer, call
from tests.people import Person, register, transfer_body

pytestmark = pytest.mark.usefixtures("cloud")

CONFIGURED = {
    "android": {"latest": "2.10.0", "minimum": "2.0.0"},
    "ios": {"latest": "3.1.0", "minimum": "3.0.0"},
}


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("APP_VERSIONS", json.dumps(CONFIGURED))
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def ask(platform: str, version: str) -> Answer:
    return call("GET", f"/v1/app-versions?platform={platform}&version={version}")


def app(platform: str, version: str) -> dict[str, str]:
    return {"X-App-Platform": platform, "X-App-Version": version}


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("1.99.99", "update_required"),
        ("2.0.0-rc.1", "update_required"),
        ("2.0.0", "update_available"),
        ("2.9.0", "update_available"),
        ("2.10.0-beta", "update_available"),
        ("2.10.0", "current"),
        ("2.10.0%2Bbuild.7", "current"),
        ("2.10.1", "current"),
        ("10.0.0", "current"),
    ],
)
def test_everybody_may_ask_whether_a_version_will_do(version: str, status: str) -> None:
    answer = ask("android", version)

    assert answer.status == 200
    assert answer.json == {"status": status, "latest": "2.10.0", "minimum": "2.0.0"}


def test_each_platform_has_versions_of_its_own() -> None:
    assert ask("ios", "2.10.0").json["status"] == "update_required"


@pytest.mark.parametrize(
    ("earlier", "later"),
    # The order that SemVer 2.0.0 §11 gives as its example.
    [
        ("1.0.0-alpha", "1.0.0-alpha.1"),
        ("1.0.0-alpha.1", "1.0.0-alpha.beta"),
        ("1.0.0-alpha.beta", "1.0.0-beta"),
        ("1.0.0-beta", "1.0.0-beta.2"),
        ("1.0.0-beta.2", "1.0.0-beta.11"),
        ("1.0.0-beta.11", "1.0.0-rc.1"),
        ("1.0.0-rc.1", "1.0.0"),
        ("1.0.0", "1.0.1"),
        ("1.9.0", "1.10.0"),
    ],
)
def test_versions_are_ordered_as_semver_orders_them(
    earlier: str, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {"android": {"latest": later, "minimum": later}}
    monkeypatch.setenv("APP_VERSIONS", json.dumps(versions))
    _forget()

    assert ask("android", earlier).json["status"] == "update_required"
    assert ask("android", later).json["status"] == "current"


@pytest.mark.parametrize(
    "version",
    ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "v1.2.3", "1.2.-3", "1.2.3-", "9" * 99],
)
def test_what_is_no_version_is_refused(version: str) -> None:
    answer = ask("android", version)

    assert (answer.status, answer.code) == (400, "INVALID_FIELD")
    assert answer.json["field"] == "version"


def test_an_unknown_platform_is_refused() -> None:
    assert (ask("palm", "1.0.0").status, ask("palm", "1.0.0").json["field"]) == (400, "platform")


def test_an_outdated_app_moves_no_money_and_an_updated_one_does() -> None:
    ana, bo = register("+8613800000001", funds=1000), register("+8613800000002")
    refused = _send(ana, bo, app("ios", "2.9.9"))

    assert (refused.status, refused.code) == (426, "UPDATE_REQUIRED")
    told = refused.json["diagnosis"]
    assert (told["latest"], told["minimum"], told["who_can_mend"]) == ("3.1.0", "3.0.0", "you")
    assert refused.headers["X-App-Update"] == "update_required"
    assert (ana.available, bo.available) == (1000, 0)
    # The same request from the new version: nothing was remembered of the refusal.
    assert _send(ana, bo, app("ios", "3.0.0")).status == 201
    assert (ana.available, bo.available) == (900, 100)


def test_no_operation_that_moves_money_is_open_to_an_outdated_app() -> None:
    ana = register("+8613800000001", pay_password=False)
    moving = [one for one in served.operations if one.moves_money and not one.roles]
    for operation in moving:
        path = re.sub(r"\{\w+\}", "x", operation.path)
        answer = ana.call(operation.method, path, {}, key="1", headers=app("android", "1.0.0"))
        assert (answer.status, answer.code) == (426, "UPDATE_REQUIRED"), path

    assert {"/v1/transfers", "/v1/top-ups"} <= {operation.path for operation in moving}


def test_who_is_not_signed_in_hears_that_first() -> None:
    answer = call("POST", "/v1/transfers", {}, key="1", headers=app("ios", "1.0.0"))

    assert answer.status == 401


def test_in_all_else_an_outdated_app_works_on_and_is_told() -> None:
    ana = register("+8613800000001")
    told = {
        version: ana.call("GET", "/v1/wallet", headers=app("ios", version))
        for version in ("1.0.0", "3.0.0", "3.1.0")
    }

    assert {answer.status for answer in told.values()} == {200}
    assert told["1.0.0"].headers["X-App-Update"] == "update_required"
    assert told["3.0.0"].headers["X-App-Update"] == "update_available"
    assert "X-App-Update" not in told["3.1.0"].headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-App-Platform": "ios"},
        {"X-App-Version": "1.0.0"},
        app("palm", "1.0.0"),
        app("ios", "one"),
        app("ios", "1.0.0\n"),
        app("ios", "1.0.0-" + "x" * 500),
    ],
)
def test_headers_that_nobody_understands_change_nothing(headers: dict[str, str]) -> None:
    ana, bo = register("+8613800000001", funds=1000), register("+8613800000002")
    answer = _send(ana, bo, headers)

    assert answer.status == 201
    assert "X-App-Update" not in answer.headers


def test_a_browser_may_send_and_read_these_headers() -> None:
    origin = {"Origin": "https://wallet.example"}

    allowed = call("OPTIONS", "/v1/transfers", headers=origin).headers
    assert "X-App-Version" in allowed["Access-Control-Allow-Headers"]
    assert "X-App-Platform" in allowed["Access-Control-Allow-Headers"]
    exposed = call("GET", "/openapi.json", headers=origin).headers
    assert "X-App-Update" in exposed["Access-Control-Expose-Headers"]


def test_every_stage_is_configured_with_versions_of_both_platforms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stages = json.loads((PROJECT / ".chalice" / "config.json").read_text())["stages"]
    for stage in stages.values():
        configured = stage["environment_variables"]["APP_VERSIONS"]
        monkeypatch.setenv("APP_VERSIONS", configured)
        _forget()
        platforms = json.loads(configured)
        assert platforms.keys() == {"android", "ios"}
        for platform, versions in platforms.items():
            assert ask(platform, "0.0.0").json == {"status": "update_required", **versions}


def _send(payer: Person, payee: Person, headers: dict[str, str]) -> Answer:
    body = transfer_body({"phone": payee.phone}, 100)
    return payer.call("POST", "/v1/transfers", body, key="lunch", headers=headers)


def _forget() -> None:
    settings.cache_clear()
    app_version.forget()
