"""Small documents on the disk, in a folder that is a repository of its own: no configuration from above is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FLAWED = """\
openapi: 3.0.3
info:
  title: Pay
  version: '1'
paths:
  /payments:
    post:
      tags:
        - Payments
      responses:
        '201':
          description: ok
  /refunds:
    post:
      tags:
        - Refunds
      responses:
        '201':
          description: ok
"""

CLEAN = """\
openapi: 3.0.3
info:
  title: Pay
  version: '1'
paths:
  /payments:
    post:
      parameters:
        - name: Idempotency-Key
          in: header
          required: true
          schema:
            type: string
            format: uuid
      responses:
        '409':
          description: still at work
          content:
            application/json:
              schema:
                type: object
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`flawed.yaml` with four errors in two operations, `clean.yaml` with none."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "flawed.yaml").write_text(FLAWED, encoding="utf-8")
    (tmp_path / "clean.yaml").write_text(CLEAN, encoding="utf-8")
    return tmp_path
