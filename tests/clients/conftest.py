from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from dropping_proxy import dropping_proxy
from served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dropping_proxy import DroppingProxy

ROOT = Path(__file__).parents[2]

sys.path.insert(0, str(ROOT / "fixtures" / "clients" / "python"))  # they are made to be copied, so they are no package


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """URL of a mock of the demo's document."""
    with served(ROOT / "idemlint" / "cli" / "demo.yaml") as server:
        yield server.url


@pytest.fixture
def proxy(mock: str) -> Iterator[DroppingProxy]:
    """In front of the mock, which has forgotten everything."""
    httpx.post(f"{mock}/_idemlint/reset").raise_for_status()
    with dropping_proxy(int(mock.rpartition(":")[2]), seed=8191) as between:
        yield between
