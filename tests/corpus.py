"""The real public documents that lie beside a checkout, where they do: third-party data that is measured, not shipped."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(os.environ.get("IDEMLINT_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus").resolve()

needs_corpus = pytest.mark.skipif(not FOLDER.is_dir(), reason="the public documents do not lie beside this checkout")


class Entry(NamedTuple):
    """A document and what its catalogue counts: POST and PATCH operations under `paths`, and what they declare."""

    path: Path
    operations: int
    key_required: int
    conflict: int
    conflict_schema: int


def entries() -> list[Entry]:
    """The rows of the catalogue's table; empty where there is none."""
    catalogue = FOLDER / "README.md"
    if not catalogue.is_file():
        return []
    rows = []
    header: list[str] = []
    for line in catalogue.read_text(encoding="utf-8").splitlines():
        if not line.startswith("| "):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "file":
            header = cells
        elif header and re.search(r"\.(ya?ml|json)$", cells[0]):
            row = dict(zip(header, cells, strict=True))
            counts = (int(row[name]) for name in ("PP", "req", "409", "409j"))
            rows.append(Entry(FOLDER / row["file"], *counts))
    return rows
