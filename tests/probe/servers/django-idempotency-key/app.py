"""django-idempotency-key as its README wires it: the middleware that protects every view, all settings left alone."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import waitress
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ACCOUNTS = {"Bearer alice-token": "alice", "Bearer bob-token": "bob"}
WORK = 0.01
PAYMENTS: dict[str, dict[str, Any]] = {}

settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY="for tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=["idempotency_key.middleware.IdempotencyKeyMiddleware"],
)


def problem(status: int, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail}, status=status)


def account_of(request: HttpRequest) -> str | None:
    return ACCOUNTS.get(request.headers.get("Authorization", ""))


def body_of(request: HttpRequest, number: str, **texts: int) -> dict[str, Any] | None:
    """The new resource; None if it is not valid. `texts` are members and their greatest length."""
    try:
        value = json.loads(request.body)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get(number), int) or not 1 <= value[number] <= 1_000_000:
        return None
    if any(not isinstance(value.get(name, ""), str) or len(value.get(name, "")) > most for name, most in texts.items()):
        return None
    return {name: value.get(name, "") for name in (number, *texts)}


def payments(request: HttpRequest) -> HttpResponse:
    account = account_of(request)
    if account is None:
        return problem(401, "who is asking?")
    if request.method == "GET":
        return JsonResponse([each for each in PAYMENTS.values() if each["account"] == account], safe=False)
    if request.method != "POST":
        return problem(405, "GET or POST")
    new = body_of(request, "amount", currency=3, description=200)
    if new is None or new["currency"] not in ("EUR", "USD", "GBP"):
        return problem(422, "no payment")
    time.sleep(WORK)
    payment = {"id": f"pay_{uuid.uuid4().hex}", **new, "account": account, "status": "accepted"}
    PAYMENTS[payment["id"]] = payment
    return JsonResponse(payment, status=201, headers={"Location": f"/payments/{payment['id']}"})


def payment(request: HttpRequest, identifier: str) -> HttpResponse:
    found = PAYMENTS.get(identifier)
    account = account_of(request)
    if account is None:
        return problem(401, "who is asking?")
    if found is None or found["account"] != account:
        return problem(404, "no such payment")
    return JsonResponse(found)


def refunds(request: HttpRequest) -> HttpResponse:
    account = account_of(request)
    if account is None:
        return problem(401, "who is asking?")
    if request.method != "POST":
        return problem(405, "POST")
    new = body_of(request, "cents", reason=200)
    if new is None:
        return problem(422, "no refund")
    time.sleep(WORK)
    return JsonResponse(
        {"refund_id": f"re_{uuid.uuid4().hex}", **new, "owner": account, "state": "pending"}, status=201
    )


urlpatterns = [path("payments", payments), path("payments/<str:identifier>", payment), path("refunds", refunds)]

if __name__ == "__main__":
    server = waitress.create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=16, backlog=512)
    print(f"listening on http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()
