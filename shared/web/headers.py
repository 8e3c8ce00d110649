"""Headers that every answer carries: its id, and CORS for the configured web origins."""

from chalice.app import Request

from shared.settings import settings

_EXPOSED = "X-Request-Id, Idempotency-Replayed, Retry-After, X-App-Update"
_ACCEPTED = (
    "Authorization, Content-Type, Accept-Language, Idempotency-Key, Step-Up, "
    "X-App-Platform, X-App-Version"
)


def common_headers(request: Request, request_id: str) -> dict[str, str]:
    headers = {
        "X-Request-Id": request_id,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Origin, Accept-Language",
    }
    origin = request.headers.get("origin")
    if origin and origin in allowed_origins():
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
    return headers


def preflight_headers(methods: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": _ACCEPTED,
        "Access-Control-Max-Age": "600",
    }


def allowed_origins() -> list[str]:
    return [origin.strip() for origin in settings().web_origins.split(",") if origin.strip()]
