"""Which versions of the app may be used, and what a request hears that comes from an older one.

The app says what it is in `X-App-Platform` and `X-App-Version`. Below the minimum it can move no
money; in all else it works on and is told in `X-App-Update`. Who says nothing is no phone app, and
what nobody can read counts as nothing: the headers are a courtesy, not a proof.
"""

import re
from functools import cache, lru_cache
from typing import Annotated, Literal, NamedTuple

import msgspec
from chalice.app import Request

from shared.errors import Problem, Texts
from shared.settings import settings

# SemVer 2.0.0 §2, §9, §10: 1.12.0, 2.0.0-beta.1, 2.0.0+417.
_NUMBER, _WORDS = "(0|[1-9][0-9]{0,8})", "[0-9A-Za-z.-]{1,40}"
_PATTERN = rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_WORDS})?(\+{_WORDS})?\Z"
_FORM = re.compile(_PATTERN)

Platform = Literal["android", "ios"]
Version = Annotated[str, msgspec.Meta(pattern=_PATTERN, description="A version such as 1.12.0")]
Status = Literal["current", "update_available", "update_required"]


class UpdateRequired(Problem):
    status = 426
    code = "UPDATE_REQUIRED"
    title = Texts("需要更新应用", "Update required")
    detail = Texts(
        "此版本的应用已不能用于支付，请更新到 {minimum} 或以上版本。",
        "This version of the app can no longer move money. Update it to {minimum} or later.",
    )


class Standing(NamedTuple):
    """How a version stands against those that are configured for its platform."""

    status: Status
    latest: str
    minimum: str


class _Versions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    latest: Version
    minimum: Version


@lru_cache(maxsize=100)
def standing(platform: Platform, version: str) -> Standing:
    """Where a version (SemVer) of the app stands."""
    known = _configured()[platform]
    if _precedence(version) < _precedence(known.minimum):
        return Standing("update_required", known.latest, known.minimum)
    is_older = _precedence(version) < _precedence(known.latest)
    return Standing("update_available" if is_older else "current", known.latest, known.minimum)


def check_may_move_money(request: Request) -> None:
    """Raises UpdateRequired for an app that is older than the minimum."""
    app = _standing_of(request)
    if app and app.status == "update_required":
        raise UpdateRequired(
            diagnosis={"latest": app.latest, "minimum": app.minimum}, minimum=app.minimum
        )


def update_hint(request: Request) -> dict[str, str]:
    """The header that tells an app to update, if it should."""
    app = _standing_of(request)
    return {"X-App-Update": app.status} if app and app.status != "current" else {}


def forget() -> None:
    """Reads the configuration anew."""
    _configured.cache_clear()
    standing.cache_clear()


def _standing_of(request: Request) -> Standing | None:
    platform = request.headers.get("x-app-platform")
    version = str(request.headers.get("x-app-version", ""))
    if platform not in _configured() or not _FORM.match(version):
        return None
    return standing(platform, version)


@cache
def _configured() -> dict[Platform, _Versions]:
    """Raises msgspec.ValidationError for what is no configuration."""
    return msgspec.json.decode(settings().app_versions, type=dict[Platform, _Versions])


def _precedence(version: str) -> tuple[object, ...]:
    """Compares as SemVer 2.0.0 §11 wants it: a release comes after what came before it."""
    release, _, before = version.partition("+")[0].partition("-")
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in before.split(".")
    )
    return (*map(int, release.split(".")), not before, parts)
