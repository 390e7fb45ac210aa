"""The payments that the FastAPI apps of this folder sell: two accounts, everything in memory, 10 ms of work a payment.

`app.py` beside each of them puts the package under test around it, as that package's own documentation shows.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from typing import TYPE_CHECKING, Annotated, Literal

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNTS = {"Bearer alice-token": "alice", "Bearer bob-token": "bob"}
WORK = 0.01
"""Seconds: long enough for concurrent requests to meet."""


class NewPayment(BaseModel):
    amount: int = Field(ge=1, le=1_000_000)
    currency: Literal["EUR", "USD", "GBP"]
    description: str = Field(default="", max_length=200)


class NewRefund(BaseModel):
    cents: int = Field(ge=1, le=1_000_000)
    reason: str = Field(max_length=200)


def account_of(authorization: Annotated[str, Header()] = "") -> str:
    """Whose request it is. HTTPException 401: nobody's."""
    account = ACCOUNTS.get(authorization)
    if account is None:
        raise HTTPException(401, "who is asking?", {"WWW-Authenticate": "Bearer"})
    return account


def caller(request: Request) -> str:
    """`account_of`, for packages that hand over a request."""
    return account_of(request.headers.get("authorization", ""))


def payments_api(app: FastAPI, protect: Callable[..., object] = lambda endpoint: endpoint) -> FastAPI:
    """Adds the routes; `protect` decorates those that create."""
    payments: dict[str, dict[str, object]] = {}

    async def create_payment(
        new: NewPayment, account: Annotated[str, Depends(account_of)], response: Response
    ) -> dict[str, object]:
        await asyncio.sleep(WORK)
        payment = {"id": f"pay_{uuid.uuid4().hex}", **new.model_dump(), "account": account, "status": "accepted"}
        payments[str(payment["id"])] = payment
        response.headers["Location"] = f"/payments/{payment['id']}"
        return payment

    async def create_refund(new: NewRefund, account: Annotated[str, Depends(account_of)]) -> dict[str, object]:
        await asyncio.sleep(WORK)
        return {"refund_id": f"re_{uuid.uuid4().hex}", **new.model_dump(), "owner": account, "state": "pending"}

    async def list_payments(account: Annotated[str, Depends(account_of)]) -> JSONResponse:
        return JSONResponse([each for each in payments.values() if each["account"] == account])

    async def get_payment(identifier: str, account: Annotated[str, Depends(account_of)]) -> dict[str, object]:
        payment = payments.get(identifier)
        if payment is None or payment["account"] != account:
            raise HTTPException(404, "no such payment")
        return payment

    app.post("/payments", status_code=201)(protect(create_payment))
    app.post("/refunds", status_code=201)(protect(create_refund))
    app.get("/payments")(list_payments)
    app.get("/payments/{identifier}")(get_payment)
    return app


def serve(app: FastAPI) -> None:
    """On a free port of loopback, which a line on standard output names."""
    # asyncio turns Nagle's algorithm off just for sockets that name their protocol, and with it each answer waits 40 ms
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, backlog=512)).run(sockets=[listening])
