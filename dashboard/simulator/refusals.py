"""How Genesys Cloud words a refusal: the JSON of its API and of its login host."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.transport.listener import Reply

_CONTEXT_ID = "00000000-0000-4000-8000-000000000000"
_CODES = {
    400: ("bad.request", "The request could not be understood."),
    401: ("bad.credentials", "Invalid login credentials."),
    403: ("missing.permissions", "Unable to perform the requested action. You are missing a permission."),
    404: ("not.found", "The requested resource could not be found."),
    429: ("too.many.requests", "Rate limit exceeded the maximum. Retry the request later."),
    503: ("service.unavailable", "Service Unavailable - The server is currently unavailable."),
}


def refuse(status: int, message: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an error of the API."""
    code, usual = _CODES.get(status, ("error", "The request was refused."))
    body = {
        "message": message or usual,
        "code": code,
        "status": status,
        "messageParams": {},
        "contextId": _CONTEXT_ID,
        "details": [],
        "errors": [],
    }
    return Reply.of_json(body, status, {"ININ-Correlation-Id": _CONTEXT_ID, **(headers or {})})


def refuse_login(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an error of the login host (RFC 6749, 5.2)."""
    return Reply.of_json(
        {"error": error, "description": description, "error_description": description}, status, headers
    )
