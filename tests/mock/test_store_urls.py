"""Which store a URL names, and what is said about one that names none."""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from services import need

from idemlint.errors import ConfigError, UsageError
from idemlint.mock import stores
from idemlint.mock.stores import masked, open_store
from idemlint.mock.stores.memory import MemoryStore


@pytest.mark.parametrize(
    ("url", "library", "name", "shared"),
    [
        ("memory", "sys", "MemoryStore", False),
        ("sqlite:mock.db", "sqlite3", "SqliteStore", True),
        ("sqlite:///var/mock.db", "sqlite3", "SqliteStore", True),
        ("redis://localhost", "redis", "RedisStore", True),
        ("rediss://user:secret@localhost:6380/3?prefix=mine:&ssl_cert_reqs=none", "redis", "RedisStore", True),
        ("valkey://localhost:6379/0", "redis", "RedisStore", True),
        ("dynamodb:///table?region=eu-central-1", "boto3", "DynamoDbStore", True),
        ("dynamodb://localhost:8000/table", "boto3", "DynamoDbStore", True),
        ("postgresql://user:secret@localhost/db?sslmode=require&schema=mine", "psycopg", "PostgresStore", True),
        ("postgres://localhost/db", "psycopg", "PostgresStore", True),
    ],
)
def test_a_url_names_a_store_without_connecting_to_it(url: str, library: str, name: str, shared: bool) -> None:
    need(library, "all")
    store = open_store(url)
    assert type(store).__name__ == name
    assert store.shared is shared


@pytest.mark.parametrize(
    ("url", "library", "said"),
    [
        ("mongodb://user:secret@host/db", "sys", "no store is called mongodb://user:***@host/db"),
        ("", "sys", "no store is called"),
        ("memory:somewhere", "sys", "takes no place"),
        ("sqlite:", "sqlite3", "names no file"),
        ("sqlite::memory:", "sqlite3", "names no file"),
        ("redis://", "redis", "names no host"),
        ("redis://:secret@host:many/0", "redis", "--store redis://:***@host:many/0"),
        ("redis://host/0?prefix=", "redis", "prefix is empty"),
        ("redis://host/0?nonsense=1", "redis", "nonsense"),
        ("dynamodb:///a", "boto3", "3 to 255"),
        ("dynamodb://host:many/table", "boto3", "dynamodb://host:many/table"),
        ("postgresql://user:secret@host/db?schema=Robert'); DROP", "psycopg", "schema"),
        ("postgresql://user:secret@[::1/db", "psycopg", "IPv6"),
        ("postgresql://host/db?nonsense=1", "psycopg", "cannot read it"),
    ],
)
def test_a_wrong_url_is_a_usage_error_that_shows_the_right_form_and_no_secret(
    url: str, library: str, said: str
) -> None:
    need(library, "all")
    with pytest.raises(UsageError) as raised:
        open_store(url)
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "hint: " in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:p@ss:w/rd@host:6379/0", "redis://:***@host:6379/0"),
        ("postgresql://user:secret@host/db?sslpassword=secret&sslmode=require", None),
        ("postgresql://host/db?user=me&password=secret", "postgresql://host/db?user=me&password=***"),
        ("dynamodb://KEY:secret@host:8000/table?region=r", "dynamodb://KEY:***@host:8000/table?region=r"),
        ("redis://host:6379/0?prefix=mine:", "redis://host:6379/0?prefix=mine:"),
        ("sqlite:C:/data/mock.db", "sqlite:C:/data/mock.db"),
    ],
)
def test_secrets_are_masked(url: str, shown: str | None) -> None:
    assert "secret" not in masked(url)
    if shown is not None:
        assert masked(url) == shown


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [
        ("redis://localhost", "redis", "redis"),
        ("postgresql://localhost", "psycopg", "postgres"),
        ("dynamodb:///table", "boto3", "dynamodb"),
    ],
)
def test_a_missing_client_says_which_extra_brings_it(
    url: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name == library or name.startswith((f"{library}.", f"idemlint.mock.stores.{extra}")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=rf"pip install 'idemlint\[{extra}\]'"):
        open_store(url)


def test_another_distribution_brings_a_store_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("etcd", f"{Path(__file__).stem}:EtcdStore", stores.GROUP)
    module = type(sys)(Path(__file__).stem)
    vars(module)["EtcdStore"] = EtcdStore
    monkeypatch.setitem(sys.modules, module.__name__, module)
    known = {("idemlint.stores", "etcd"): [entry]}
    monkeypatch.setattr(metadata, "entry_points", lambda group, name: known.get((group, name), []))
    store = open_store("etcd://somewhere")
    assert isinstance(store, EtcdStore)
    assert store.url == "etcd://somewhere"


def test_a_broken_distribution_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("etcd", "no_such_module:Store", stores.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group, name: [entry])
    with pytest.raises(ConfigError, match=r"the entry point .etcd. of idemlint\.stores cannot be used"):
        open_store("etcd://somewhere")


class EtcdStore(MemoryStore):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
