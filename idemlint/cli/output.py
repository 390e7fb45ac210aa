"""Where results go: format options, streams, files written whole or not at all, colour, and how errors are printed."""

from __future__ import annotations

import os
import sys

from idemlint.errors import IdemlintError, UsageError
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

PEOPLE = ("text", "concise")
"""Formats that are read on a screen: encoded as the terminal wants it. All others are UTF-8 always."""
MACHINES = ("json", "sarif", "junit", "github", "gitlab")


class Target(NamedTuple):
    """One `-f NAME[=PATH]`; no path means standard output."""

    format: str
    path: str | None


def parse_targets(values: Iterable[str], base: str = "", names: Sequence[str] = (), group: str = "") -> list[Target]:
    """Read `-f` values; paths are relative to `base`, `names` are the formats that come with idemlint and `group` is the
    entry point group of others (those of check by default).

    UsageError for an unknown name or two formats on one target.
    """
    if not names:
        from idemlint import reporters

        names, group = reporters.NAMES, reporters.GROUP
    targets = []
    for value in values:
        name, equals, path = value.partition("=")
        if name not in names:
            _look_for_installed(name, names, group)
        if equals and not path:
            raise UsageError(f"no path after {value!r}", hint=f"write it as -f {name}=report.{name}")
        to_file = bool(path) and path != "-"
        targets.append(Target(name, os.path.join(base, os.path.expanduser(path)) if to_file else None))
    places = [target.path for target in targets]
    for place in places:
        if places.count(place) > 1:
            what = place or "standard output"
            raise UsageError(
                f"several formats are to be written to {what}", hint="give others a file: -f json=out.json"
            )
    return targets


def _look_for_installed(name: str, names: Sequence[str], group: str) -> None:
    """Here, so that a format that is missing or broken is told of before the run and not at its end."""
    from idemlint.reporters.installed import renderer

    try:
        renderer(group, name)
    except KeyError:
        from idemlint import entry_points
        from idemlint.cli.suggestions import did_you_mean

        hint = did_you_mean(name, (*names, *entry_points.names(group)), label="formats")
        raise UsageError(f"unknown format {name!r}", hint=hint) from None


def default_format() -> str:
    return "text" if sys.stdout is not None and sys.stdout.isatty() else "concise"


def wants_color(explicit: bool | None, stream: IO[str] | None) -> bool:
    """--color/--no-color, else NO_COLOR, else FORCE_COLOR, else whether the stream is a terminal that can."""
    if explicit is not None:
        return explicit
    if os.environ.get("NO_COLOR"):
        return False
    force = os.environ.get("FORCE_COLOR")
    if force:
        return force != "0"
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width(stream: IO[str] | None) -> int:
    """Columns of the terminal behind `stream`; COLUMNS wins, 80 where there is none."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return max(40, min(int(columns), 1000))
    if stream is None or not stream.isatty():
        return 80
    try:
        return max(40, os.get_terminal_size(stream.fileno()).columns or 80)
    except (OSError, ValueError):
        return 80


def speaks_unicode(stream: IO[str] | None) -> bool:
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("_", "-")
    return encoding.startswith(("utf-8", "utf8", "utf-16", "utf-32", "gb18030"))


def write_stdout(text: str, *, people: bool) -> None:
    """Write all of it. A reader that has gone (`| head`) is no error; anything else raises UsageError."""
    if not text:
        return
    stream = sys.stdout
    if stream is None:
        raise UsageError("standard output is closed", hint="write to a file instead: -f json=report.json")
    encoding = (stream.encoding or "utf-8") if people else "utf-8"
    try:
        stream.flush()
        raw = getattr(stream, "buffer", None)
        if raw is None:  # a stream put in place by whoever embeds us
            stream.write(text)
        else:
            # lone surrogates from JSON documents become escapes (\ud800), which is right in JSON and harmless elsewhere
            raw.write(text.encode(encoding, "backslashreplace"))
        stream.flush()
    except BrokenPipeError:
        _abandon_stdout()
    except (OSError, ValueError) as error:
        _abandon_stdout()
        raise UsageError(f"cannot write to standard output: {_reason(error)}") from None


def _abandon_stdout() -> None:
    """Send whatever is still buffered nowhere, so that the flush at the end does not fail once more."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def ensure_writable(path: str) -> None:
    """UsageError if a report could not be written there: known before the work, not after it."""
    real = os.path.realpath(path)
    if os.path.isdir(real):
        raise UsageError(f"cannot write {display(path)}: Is a directory")
    folder = os.path.dirname(real)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        reason = "Permission denied" if os.path.isdir(folder) else "Not a directory"
        raise UsageError(f"cannot write {display(path)}: {reason}")


def write_file(path: str, text: str) -> None:
    """Write a report beside its place and move it there: nobody ever reads half of it. UsageError when it cannot be."""
    real = os.path.realpath(path)
    if os.path.exists(real) and not os.path.isfile(real):
        _write_special(real, path, text)
        return
    import tempfile

    folder = os.path.dirname(real)
    temporary = ""
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".idemlint-", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        os.chmod(temporary, _mode_for(real))
        os.replace(temporary, real)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise UsageError(f"cannot write {display(path)}: {_reason(error)}") from None


def _write_special(real: str, path: str, text: str) -> None:
    """A device or a pipe, say /dev/stderr, cannot be replaced; it is written to."""
    try:
        with open(real, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"cannot write {display(path)}: {_reason(error)}") from None


def _mode_for(path: str) -> int:
    """The mode of the file that is replaced, else what the umask leaves of 0666."""
    try:
        return os.stat(path).st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def display(path: str) -> str:
    """A path as a person wants to read it: relative where that is shorter, control characters shown."""
    from idemlint.reporters.escaping import terminal
    from idemlint.reporters.places import relative

    return terminal(relative(path, os.getcwd()))


def print_error(error: IdemlintError, *, color: bool | None = None) -> None:
    """`error: place: what` and the mend, to stderr."""
    from idemlint.reporters.escaping import terminal

    place = display(error.source) if error.source else ""
    if place and error.position is not None:
        place += f":{error.position.line + 1}:{error.position.character + 1}"
    text = f"error: {place}: {terminal(error.message)}" if place else f"error: {terminal(error.message)}"
    hint = f"\n  hint: {terminal(error.hint)}" if error.hint else ""
    say(f"{text}{hint}", bold=("error", "31"), color=color)


def say(text: str, *, bold: tuple[str, str] | None = None, color: bool | None = None, end: str = "\n") -> None:
    """A line for people on stderr; its loss is no reason to fail. `bold`: leading word and the ANSI colour for it."""
    stream = sys.stderr
    if stream is None:
        return
    if bold is not None and wants_color(color, stream):
        word, paint = bold
        text = f"\x1b[1;{paint}m{word}\x1b[0m{text.removeprefix(word)}"
    try:
        encoding = stream.encoding or "utf-8"
        stream.write(f"{text}{end}".encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        return
