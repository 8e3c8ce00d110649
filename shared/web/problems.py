"""Refusals of the edge itself, and how any refusal becomes RFC 9457 problem+json."""

import json

from shared.errors import Problem, Texts

CONTENT_TYPE = "application/problem+json"
LANGUAGES = ("zh", "en")
_TAGS = {"zh": "zh-CN", "en": "en"}


class MalformedJson(Problem):
    status = 400
    code = "MALFORMED_JSON"
    title = Texts("请求体不是有效的 JSON", "Malformed JSON")
    detail = Texts("请求体无法解析：{reason_zh}。", "The body cannot be read: {reason_en}.")


class UnknownField(Problem):
    status = 400
    code = "UNKNOWN_FIELD"
    title = Texts("未知字段", "Unknown field")
    detail = Texts("不接受字段“{name}”。", "The field '{name}' is not accepted here.")


class InvalidField(Problem):
    status = 400
    code = "INVALID_FIELD"
    title = Texts("字段无效", "Invalid field")
    detail = Texts("字段“{name}”无效：{reason_zh}。", "The field '{name}' is invalid: {reason_en}.")

    def __init__(self, *, field: str, reason: Texts) -> None:
        super().__init__(field=field, name=field, reason_zh=reason.zh, reason_en=reason.en)


class IdempotencyKeyRequired(Problem):
    status = 400
    code = "IDEMPOTENCY_KEY_REQUIRED"
    title = Texts("缺少幂等键", "Idempotency-Key required")
    detail = Texts(
        "涉及资金的请求必须带 Idempotency-Key 请求头（1 至 255 个可见 ASCII 字符）。",
        "A request that moves money needs the header Idempotency-Key "
        "(1 to 255 visible ASCII characters).",
    )


class InvalidCursor(Problem):
    status = 400
    code = "INVALID_CURSOR"
    title = Texts("游标无效", "Invalid cursor")
    detail = Texts(
        "游标无效或不属于这个列表，请从第一页重新开始。",
        "The cursor is not valid for this list. Start again at the first page.",
    )


class Unauthenticated(Problem):
    status = 401
    code = "UNAUTHENTICATED"
    title = Texts("未登录", "Not signed in")
    detail = Texts(
        "请先登录，或登录已失效。", "Sign in first; the access token is missing or ended."
    )

    def __init__(self, *, scheme: str = "Bearer") -> None:
        super().__init__(headers={"WWW-Authenticate": scheme})


class RoleRequired(Problem):
    status = 403
    code = "ROLE_REQUIRED"
    title = Texts("权限不足", "Another role required")
    detail = Texts("您的角色不能执行此操作。", "Your roles do not allow this.")


class MethodNotAllowed(Problem):
    status = 405
    code = "METHOD_NOT_ALLOWED"
    title = Texts("不支持的请求方法", "Method not allowed")
    detail = Texts("此地址支持的方法：{allowed}。", "This address takes: {allowed}.")

    def __init__(self, *, allowed: str) -> None:
        super().__init__(headers={"Allow": allowed}, allowed=allowed)


class BodyTooLarge(Problem):
    status = 413
    code = "BODY_TOO_LARGE"
    title = Texts("请求体过大", "Body too large")
    detail = Texts("请求体最大 {limit} 字节。", "A body may have at most {limit} bytes.")


class NotJson(Problem):
    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    title = Texts("内容类型不支持", "Unsupported media type")
    detail = Texts("请使用 application/json。", "Send the body as application/json.")


def language(accept_language: str | None) -> str:
    """`zh` or `en`: the first of both that `Accept-Language` prefers, zh by default."""
    best, best_quality = "zh", 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        quality = _quality(parameter)
        if name in LANGUAGES and quality > best_quality:
            best, best_quality = name, quality
    return best


def render(problem: Problem, *, language: str, request_id: str) -> tuple[str, dict[str, str]]:
    """The body and the headers of a refusal."""
    kind = type(problem)
    body: dict[str, object] = {
        "type": f"urn:u-wallet:problem:{kind.code.lower().replace('_', '-')}",
        "title": kind.title.in_language(language, {}),
        "status": kind.status,
        "detail": kind.detail.in_language(language, problem.values),
        "code": kind.code,
        "request_id": request_id,
    }
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Language": _TAGS[language],
        **problem.headers,
    }
    if problem.field is not None:
        body["field"] = problem.field
    if problem.diagnosis is not None:
        body["diagnosis"] = problem.diagnosis
    if problem.replayed:
        headers["Idempotency-Replayed"] = "true"
    if problem.retry_after is not None:
        body["retry_after"] = problem.retry_after
        headers["Retry-After"] = str(problem.retry_after)
    return json.dumps(body, ensure_ascii=False), headers


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
