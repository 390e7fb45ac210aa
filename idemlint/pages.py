"""The Markdown pages that come along: where they lie, and how they are taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def bundled_pages(folder: str) -> Path:
    """A folder of `rules/`: in the wheel beside this module, in a checkout at the top level."""
    package = Path(__file__).resolve().parent
    packed = package / "_rules"
    return (packed if packed.is_dir() else package.parent / "rules") / folder


def sections(text: str) -> Iterator[tuple[str, str]]:
    """`## ` headings with their text; the lead under the title comes first, under an empty name."""
    heading = ""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines()[1:]:
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            yield heading, "\n".join(lines).strip()
            heading, lines = line[3:], []
        else:
            lines.append(line)
    yield heading, "\n".join(lines).strip()


def fenced_text(section: str) -> str:
    """What stands in the first fenced block; empty if there is none."""
    parts = section.split("```")
    return parts[1].partition("\n")[2] if len(parts) > 2 else ""


def one_deeper(text: str) -> str:
    """Each heading a level lower, so that the page fits below another's."""
    lines = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        lines.append(f"#{line}" if line.startswith("#") and not fenced else line)
    return "\n".join(lines)
