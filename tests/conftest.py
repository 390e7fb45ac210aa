"""What every test stands on: an environment that says nothing about colours or CI, and the same luck for hypothesis.

Services are started once for all tests that need them.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest
import services

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shared machine stalls now and then; that is not what these tests are about.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")

# Who runs in the background ignores Ctrl-C, as a worker of pytest-xdist does, and whatever it starts would inherit that; yet
# some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

TELLING = ("CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "IDEMLINT_DEBUG", "NO_COLOR")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TELLING:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with services.redis_url() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with services.postgres_url() as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    with services.dynamodb_url() as url:
        yield url
