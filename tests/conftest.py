"""What every test stands on: an environment that says nothing about colours or CI, and the same luck for hypothesis."""

from __future__ import annotations

import os

import hypothesis
import pytest

# A shared machine stalls now and then; that is not what these tests are about.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")

TELLING = ("CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "IDEMLINT_DEBUG", "NO_COLOR")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TELLING:
        monkeypatch.delenv(name, raising=False)
