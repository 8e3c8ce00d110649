"""The root of all refusals. Each rule that can be broken is a subclass, declared beside the
operation that raises it; the edge turns it into RFC 9457 problem+json in the caller's language.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple


class Texts(NamedTuple):
    """One message in both languages; `{name}` places are filled from the problem's values."""

    zh: str
    en: str

    def in_language(self, language: str, values: dict[str, Any]) -> str:
        template = self.en if language == "en" else self.zh
        return template.format_map(values) if values else template


class Problem(Exception):
    """A request that is refused. `status` is HTTP's, `code` is stable, nothing has moved.

    values: strings and integers that fill the places in `detail`.
    field: the path of the offending field, `payee.phone`.
    retry_after: seconds to wait before the same request makes sense again.
    diagnosis: facts that let the caller act, shown as they are.
    noted: it was written down for the user, together with what it did.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    title: ClassVar[Texts] = Texts("服务器内部错误", "Internal error")
    detail: ClassVar[Texts] = Texts(
        "服务器出现意外错误，请稍后重试。", "Something went wrong on our side. Please try again."
    )
    kinds: ClassVar[dict[str, type["Problem"]]] = {}

    def __init_subclass__(cls) -> None:
        if Problem.kinds.setdefault(cls.__name__, cls) is not cls:
            raise TypeError(f"two problems are named {cls.__name__}")

    def __init__(
        self,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        diagnosis: Mapping[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **values: str | int,
    ) -> None:
        super().__init__(self.code)
        self.field = field
        self.retry_after = retry_after
        self.diagnosis = diagnosis
        self.headers = headers or {}
        self.values = values
        self.replayed = False
        self.noted = False

    def to_record(self) -> dict[str, Any]:
        """What must be kept to give the same refusal again."""
        return {
            "kind": type(self).__name__,
            "values": self.values,
            "field": self.field,
            "diagnosis": self.diagnosis,
        }

    @staticmethod
    def from_record(kept: dict[str, Any]) -> "Problem":
        """The refusal that was given before, marked as a replay."""
        kind = Problem.kinds[kept["kind"]]
        problem = kind.__new__(kind)
        Problem.__init__(
            problem, field=kept["field"], diagnosis=kept["diagnosis"], **kept["values"]
        )
        problem.replayed = True
        return problem


class NotFound(Problem):
    status = 404
    code = "NOT_FOUND"
    title = Texts("未找到", "Not found")
    detail = Texts("没有找到请求的内容。", "There is nothing here under this address.")


class IdempotencyKeyReused(Problem):
    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    title = Texts("幂等键已用于其他请求", "Idempotency-Key reused")
    detail = Texts(
        "此幂等键已用于内容不同的请求，请使用新的键。",
        "This key was used for a request with another body. Use a new key.",
    )


class IdempotencyKeyInUse(Problem):
    status = 409
    code = "IDEMPOTENCY_KEY_IN_USE"
    title = Texts("相同请求正在处理", "Request in work")
    detail = Texts(
        "带此幂等键的请求仍在处理中，请稍后重试。",
        "A request with this key is still in work. Try again shortly.",
    )


class ServiceUnavailable(Problem):
    """A part that we need does not answer, or is too busy. The same request may be sent again."""

    status = 503
    code = "SERVICE_UNAVAILABLE"
    title = Texts("服务暂时不可用", "Temporarily unavailable")
    detail = Texts(
        "系统繁忙，请稍后用同一个请求重试。",
        "The service is busy. Please send the same request again shortly.",
    )

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__(retry_after=retry_after)
