"""File patterns of a ruleset's `overrides`, with the semantics of minimatch (`matchBase`, no dot files by `*`)."""

from __future__ import annotations

import re
from functools import lru_cache

_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_MAX_ALTERNATIVES = 256


def matches(path: str, pattern: str) -> bool:
    """Whether `path` (relative, separated by `/`) matches; a pattern without a slash looks at the file name alone."""
    negated = len(pattern) - len(pattern.lstrip("!"))
    pattern = pattern[negated:]
    subject = path if "/" in pattern else path.rpartition("/")[2]
    hit = any(_compile(alternative).fullmatch(subject) for alternative in alternatives(pattern))
    return hit != bool(negated % 2)


def alternatives(pattern: str) -> list[str]:
    """Expand `{a,b}`, the innermost first."""
    pending = [pattern]
    done: list[str] = []
    while pending and len(pending) + len(done) <= _MAX_ALTERNATIVES:
        current = pending.pop()
        found = _BRACES.search(current)
        if found is None:
            done.append(current)
        else:
            pending += [current[: found.start()] + part + current[found.end() :] for part in found[1].split(",")]
    return done


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    while pattern.startswith("./"):
        pattern = pattern[2:]
    segments = pattern.split("/")
    expression = ""
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "**":
            # any number of folders, none of them hidden; at the end: whatever lies below
            expression += r"(?:(?!\.)[^/]+(?:/(?!\.)[^/]+)*)?" if last else r"(?:(?!\.)[^/]+/)*"
        else:
            expression += _segment(segment) + ("" if last else "/")
    return re.compile(expression)


def _segment(segment: str) -> str:
    expression = r"(?!\.)" if segment[:1] in ("*", "?", "[") else ""
    position = 0
    while position < len(segment):
        character = segment[position]
        position += 1
        if character == "*":
            expression += "[^/]*?"
            while segment[position : position + 1] == "*":
                position += 1
        elif character == "?":
            expression += "[^/]"
        elif character == "[" and (end := segment.find("]", position + 1)) > 0:
            members = segment[position:end].replace("\\", "\\\\").replace("[", "\\[")
            expression += f"[^{members[1:]}]" if members[0] in "!^" else f"[{members}]"
            position = end + 1
        elif character == "\\" and position < len(segment):
            expression += re.escape(segment[position])
            position += 1
        else:
            expression += re.escape(character)
    return expression
