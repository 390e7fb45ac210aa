"""A small bank on a real socket, with what makes requests hard: parents that must exist, unique values, pages, balances."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENT = """
openapi: 3.1.0
info: {title: Bank, version: '1'}
components:
  parameters:
    Key: {name: Idempotency-Key, in: header, required: true, schema: {type: string, format: uuid}}
    customer_id: {name: customer_id, in: path, required: true, schema: {type: string}}
    account_id: {name: account_id, in: path, required: true, schema: {type: string}}
    payment_id: {name: payment_id, in: path, required: true, schema: {type: string}}
paths:
  /customers:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 4}}, {name: cursor, in: query, schema: {type: string}}]
      responses: {'200': {description: list}}
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [email]
              properties: {email: {type: string, format: email}, note: {type: string, maxLength: 60}}
            example: {email: ada@example.com, note: hello}
      responses: {'201': {description: made}}
  /customers/{customer_id}:
    parameters: [{$ref: '#/components/parameters/customer_id'}]
    delete: {responses: {'204': {description: gone}}}
  /customers/{customer_id}/accounts:
    parameters: [{$ref: '#/components/parameters/customer_id'}]
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {currency: {enum: [EUR, USD]}}}}}}
      responses: {'201': {description: made}}
  /accounts/{account_id}:
    parameters: [{$ref: '#/components/parameters/account_id'}]
    get: {responses: {'200': {description: one}}}
    patch:
      requestBody: {content: {application/merge-patch+json: {schema: {type: object, properties: {label: {type: string}}}}}}
      responses: {'200': {description: changed}}
  /accounts/{account_id}/deposits:
    parameters: [{$ref: '#/components/parameters/account_id'}, {$ref: '#/components/parameters/Key'}]
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [amount], properties: {amount: {type: integer, minimum: 1}}}
            example: {amount: 500}
      responses: {'200': {description: done}}
  /payments:
    get:
      parameters:
      - {name: page, in: query, schema: {type: integer}}
      - {name: per_page, in: query, schema: {type: integer, maximum: 3}}
      responses: {'200': {description: list}}
    post:
      parameters: [{$ref: '#/components/parameters/Key'}, {name: X-Channel, in: header, required: true, schema: {enum: [web]}}]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [account_id, amount]
              properties:
                account_id: {type: string}
                amount: {type: integer, minimum: 1}
                description: {type: string}
      responses: {'201': {description: made}}
  /payments/{payment_id}:
    parameters: [{$ref: '#/components/parameters/payment_id'}]
    delete: {responses: {'204': {description: gone}}}
  /payments/{payment_id}/capture:
    parameters: [{$ref: '#/components/parameters/payment_id'}, {$ref: '#/components/parameters/Key'}]
    post: {responses: {'200': {description: done}}}
  /refunds:
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [payment, amount]
              properties:
                payment: {type: object, required: [id], properties: {id: {type: string}}}
                amount: {type: integer, minimum: 1}
      responses: {'201': {description: made}}
  /sites:
    post:
      responses:
        '201':
          description: made
          links:
            sell:
              operationId: sellTicket
              parameters: {code: $response.body#/assigned/code}
  /venues/{code}/tickets:
    parameters: [{name: code, in: path, required: true, schema: {type: string}, example: NOWHERE}]
    post:
      operationId: sellTicket
      parameters: [{$ref: '#/components/parameters/Key'}]
      responses: {'201': {description: sold}}
  /widgets:
    get: {responses: {'200': {description: those there are}}}
  /orders:
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [widget_id], properties: {widget_id: {type: integer}}}
      responses: {'201': {description: made}}
  /boxes/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    put:
      requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {size: {type: integer}}}}}}
      responses: {'201': {description: made}}
  /boxes/{name}/open:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      responses: {'200': {description: open}}
  /ledgers/{ledger_id}/entries:
    parameters: [{name: ledger_id, in: path, required: true, schema: {type: string}}, {$ref: '#/components/parameters/Key'}]
    post: {responses: {'201': {description: made}}}
  /parcels:
    get: {responses: {'200': {description: list}}}
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [weight]
              properties: {weight: {type: integer}, value: {type: integer}}
            example: {weight: 3, value: 100}
      responses: {'201': {description: made}}
  /reviews:
    post:
      parameters: [{$ref: '#/components/parameters/Key'}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [film_id], properties: {film_id: {type: string}, stars: {type: integer}}}
      responses: {'201': {description: made}}
"""


class Bank:
    """Its state. Nothing here heeds keys: each request that is fit is carried out."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, Any]] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.parcels: list[dict[str, Any]] = []
        self.boxes: dict[str, Any] = {}
        self.sites: set[str] = set()
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        """Method, target, headers in lower case, body."""
        self.url = ""

    def count(self, method: str, target: str) -> int:
        """How many requests of the method went to targets that match the pattern."""
        return sum(each[0] == method and re.fullmatch(target, each[1]) is not None for each in self.seen)

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> Any:
        """Status, headers and JSON value."""
        for pattern, function in _ROUTES:
            wanted, _, template = pattern.partition(" ")
            found = re.fullmatch(template, path)
            if found is not None and wanted == method:
                return function(self, *found.groups(), query=query, headers=headers, body=body)
        return 404, {}, {"detail": "no such path"}


def _customers(bank: Bank, *, query: dict[str, str], **_: Any) -> Any:
    size = min(int(query.get("limit", 2)), 4)
    start = int(query.get("cursor", 0))
    items = list(bank.customers.values())
    more = str(start + size) if start + size < len(items) else None
    return 200, {}, {"data": items[start : start + size], "next_cursor": more}


def _new_customer(bank: Bank, *, body: Any, **_: Any) -> Any:
    if any(each["email"] == body["email"] for each in bank.customers.values()):
        return 409, {}, {"detail": "email is taken"}
    name = f"cus_{len(bank.customers) + 1}"
    bank.customers[name] = {"id": name, **body}
    return 201, {}, {"customer": bank.customers[name]}


def _new_account(bank: Bank, customer: str, **_: Any) -> Any:
    if customer not in bank.customers:
        return 404, {}, {"detail": "no such customer"}
    name = f"acc_{len(bank.accounts) + 1}"
    bank.accounts[name] = {"account_id": name, "balance": 0, "customer_id": customer, "ledger": {"id": f"led_{name}"}}
    return 201, {}, bank.accounts[name]


def _account(bank: Bank, name: str, **_: Any) -> Any:
    return (200, {}, bank.accounts[name]) if name in bank.accounts else (404, {}, {})


def _change_account(bank: Bank, name: str, *, body: Any, **_: Any) -> Any:
    if name not in bank.accounts:
        return 404, {}, {}
    bank.accounts[name] |= body
    return 200, {}, bank.accounts[name]


def _deposit(bank: Bank, name: str, *, body: Any, **_: Any) -> Any:
    if name not in bank.accounts:
        return 404, {}, {"detail": "no such account"}
    bank.accounts[name]["balance"] += body["amount"]
    return 200, {}, {"result": "done"}


def _payments(bank: Bank, *, query: dict[str, str], **_: Any) -> Any:
    size = min(int(query.get("per_page", 2)), 3)
    start = (int(query.get("page", 1)) - 1) * size
    return 200, {}, list(bank.payments.values())[start : start + size]


def _new_payment(bank: Bank, *, headers: dict[str, str], body: Any, **_: Any) -> Any:
    if headers.get("x-channel") != "web" or not headers.get("idempotency-key"):
        return 400, {}, {"detail": "a header is missing"}
    if body.get("account_id") not in bank.accounts:
        return 422, {}, {"detail": "account_id must exist"}
    name = f"pay_{len(bank.payments) + 1}"
    bank.payments[name] = {"id": name, **body}
    return 201, {"Location": f"/payments/{name}"}, None


def _capture(bank: Bank, name: str, **_: Any) -> Any:
    return (200, {}, {"state": "captured"}) if name in bank.payments else (404, {}, {})


def _refund(bank: Bank, *, body: Any, **_: Any) -> Any:
    known = body["payment"]["id"] in bank.payments
    return (201, {}, {"id": "ref_1"}) if known else (422, {}, {"detail": "payment must exist"})


def _site(bank: Bank, **_: Any) -> Any:
    code = f"S{len(bank.sites)}"
    bank.sites.add(code)
    return 201, {}, {"assigned": {"code": code}}


def _ticket(bank: Bank, code: str, **_: Any) -> Any:
    return (201, {}, {"id": 1}) if code in bank.sites else (404, {}, {})


def _widgets(bank: Bank, **_: Any) -> Any:
    return 200, {}, {"items": [{"id": 41}, {"id": 42}]}


def _order(bank: Bank, *, body: Any, **_: Any) -> Any:
    return (201, {}, {"id": 9}) if body["widget_id"] in (41, 42) else (422, {}, {"detail": "no such widget"})


def _parcel(bank: Bank, *, body: Any, **_: Any) -> Any:
    if "value" in body:
        return 422, {}, {"detail": "valuables are not carried"}
    bank.parcels.append({"id": f"par_{len(bank.parcels)}", **body})
    return 201, {}, bank.parcels[-1]


def _box(bank: Bank, name: str, *, body: Any, **_: Any) -> Any:
    bank.boxes[name] = body
    return 201, {}, None


def _open(bank: Bank, name: str, **_: Any) -> Any:
    return (200, {}, {}) if name in bank.boxes else (404, {}, {})


def _gone(kind: str) -> Callable[..., Any]:
    def delete(bank: Bank, name: str, **_: Any) -> Any:
        return (204, {}, None) if getattr(bank, kind).pop(name, None) is not None else (404, {}, {})

    return delete


_ROUTES: list[tuple[str, Callable[..., Any]]] = [
    ("GET /customers", _customers),
    ("POST /customers", _new_customer),
    ("DELETE /customers/([^/]+)", _gone("customers")),
    ("POST /customers/([^/]+)/accounts", _new_account),
    ("GET /accounts/([^/]+)", _account),
    ("PATCH /accounts/([^/]+)", _change_account),
    ("POST /accounts/([^/]+)/deposits", _deposit),
    ("GET /payments", _payments),
    ("POST /payments", _new_payment),
    ("DELETE /payments/([^/]+)", _gone("payments")),
    ("POST /payments/([^/]+)/capture", _capture),
    ("POST /refunds", _refund),
    ("POST /sites", _site),
    ("POST /venues/([^/]+)/tickets", _ticket),
    ("GET /widgets", _widgets),
    ("POST /orders", _order),
    ("POST /ledgers/led_([^/]+)/entries", lambda bank, name, **_: (201 if name in bank.accounts else 404, {}, {})),
    ("GET /parcels", lambda bank, **_: (200, {}, bank.parcels)),
    ("POST /parcels", _parcel),
    ("PUT /boxes/([^/]+)", _box),
    ("POST /boxes/([^/]+)/open", _open),
    ("POST /reviews", lambda _bank, **_: (422, {}, {"detail": "film_id must exist"})),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bank: Bank

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(text) if text else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.bank.seen.append((self.command, self.path, headers, body))
        status, more, value = self.bank.answer(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        content = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, line in more.items():
            self.send_header(name, line)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def bank() -> Iterator[Bank]:
    """A bank that is open."""
    state = Bank()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bank": state}))
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
