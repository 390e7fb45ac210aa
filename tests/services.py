"""Services that tests speak to: those that the environment names, else ones of our own on free ports of loopback.

`IDEMLINT_REDIS_URL` and `IDEMLINT_POSTGRES_URL` name running ones. Without them a server is started if its program is
installed; without that, the tests that need it are skipped and say what to install, unless `IDEMLINT_REQUIRE_SERVICES` is
set: then they fail.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_WITHIN = 20.0

# One request at a time: DynamoDB changes an item atomically, moto's own server has its threads run into one another. And for
# the case that a transaction fails, moto copies the whole table, every time: here just the items that it touches.
MOTO = """
import copy
import sys
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

class Quiet(WSGIRequestHandler):
    def log(self, *arguments):
        pass

touched = []
transact = DynamoDBBackend.transact_write_items

def noting(backend, transact_items):
    touched[:] = [operation for item in transact_items for operation in item.values()]
    return transact(backend, transact_items)

def as_it_was(table, memo):
    kept = copy.copy(table)
    kept.items = table.items.copy()
    for operation in touched:
        key = operation.get("Key") or operation["Item"]
        partition = DynamoType(key[table.hash_key_attr])
        if partition not in kept.items:
            continue
        if not table.has_range_key:
            kept.items[partition] = copy.deepcopy(table.items[partition], memo)
            continue
        place = DynamoType(key[table.range_key_attr])
        kept.items[partition] = items = kept.items[partition].copy()
        if place in items:
            items[place] = copy.deepcopy(items[place], memo)
    return kept

DynamoDBBackend.transact_write_items = noting
Table.__deepcopy__ = as_it_was

application = DomainDispatcherApplication(create_backend_app)
make_server("127.0.0.1", int(sys.argv[1]), application, threaded=False, request_handler=Quiet).serve_forever()
"""


def missing(service: str, mend: str) -> NoReturn:
    """Skip, and say what would have this test run; fail where everything has to be there."""
    message = f"{service} is not there: {mend}"
    if os.environ.get("IDEMLINT_REQUIRE_SERVICES"):
        pytest.fail(message)
    pytest.skip(message)


def need(library: str, extra: str) -> None:
    """A client library that an extra brings."""
    if find_spec(library) is None:
        missing(f"the library {library}", f"pip install 'idemlint[{extra}]'")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def end(process: subprocess.Popen[bytes], how: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(how)
    process.wait(timeout=READY_WITHIN)


class RedisServer:
    """A Redis of our own, which a test may stop and start as it likes. What it held goes with it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = tempfile.mkdtemp(prefix="idemlint-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            missing("Redis", "install redis-server or valkey-server, or set IDEMLINT_REDIS_URL")
        self._process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        wait_until_listening(self.port, self._process)

    def stop(self) -> None:
        """As a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=READY_WITHIN)
            self._process = None

    def signal(self, which: int) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def redis_url() -> Iterator[str]:
    need("redis", "redis")
    if url := os.environ.get("IDEMLINT_REDIS_URL"):
        yield url
        return
    server = RedisServer()
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


@contextmanager
def postgres_url() -> Iterator[str]:
    need("psycopg", "postgres")
    if url := os.environ.get("IDEMLINT_POSTGRES_URL"):
        yield url
        return
    programs = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None, key=lambda path: path.parts[-3])
    initdb = shutil.which("initdb") or (str(programs) if programs else None)
    if initdb is None:
        missing("PostgreSQL", "install postgresql, or set IDEMLINT_POSTGRES_URL")
    folder = Path(tempfile.mkdtemp(prefix="idemlint-postgres-"))
    port = free_port()
    # PostgreSQL refuses to run as root.
    other = (
        {"user": "postgres", "group": "postgres", "extra_groups": []}
        if getattr(os, "geteuid", int)() == 0 and os.name == "posix"
        else {}
    )
    if other:
        shutil.chown(folder, "postgres", "postgres")
    options = ["--pgdata", str(folder / "data"), "--auth", "trust", "--username", "idemlint", "--no-sync"]
    subprocess.run([initdb, *options], check=True, stdout=subprocess.DEVNULL, cwd="/", **other)
    command = [str(Path(initdb).resolve().with_name("postgres")), "-D", str(folder / "data"), "-h", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "-p", str(port), "-k", str(folder)], stderr=subprocess.DEVNULL, cwd="/", **other
    )
    try:
        wait_until_listening(port, process)
        url = f"postgresql://idemlint@127.0.0.1:{port}/postgres"
        _wait_until_it_takes_connections(url)
        yield url
    finally:
        end(process, signal.SIGINT)  # at once, without waiting for those who are connected
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_takes_connections(url: str) -> None:
    import psycopg

    until = time.monotonic() + READY_WITHIN
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:  # it listens before it has started
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def dynamodb_url() -> Iterator[str]:
    """DynamoDB as moto plays it, in a process of its own."""
    need("boto3", "dynamodb")
    if find_spec("moto") is None or find_spec("flask") is None:
        missing("moto's DynamoDB", "pip install 'moto[server]'")
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", MOTO, str(port)], stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(port, process)
        yield f"dynamodb://127.0.0.1:{port}/idemlint?region=us-east-1"
    finally:
        end(process)
