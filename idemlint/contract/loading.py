"""Profiles from files: the 28 that come along and those of installed packages, by name, and the user's own, by path,
which may extend another.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import ConfigError

if TYPE_CHECKING:
    from idemlint.contract.profile import Profile

GROUP: Final = "idemlint.profiles"
"""Entry points of other distributions: the name is the profile's, the object the path of its file."""

_FOLDER: Final = Path(__file__).parent / "profiles"
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_MAX_EXTENDS: Final = 10


def profile_names() -> tuple[str, ...]:
    """Names of the bundled profiles and of those that installed packages bring, sorted."""
    from idemlint.entry_points import names

    return tuple(sorted({*_bundled(), *names(GROUP)}))


def _bundled() -> set[str]:
    return {file.stem for file in _FOLDER.glob("*.yaml")}


def load_profile(name_or_path: str, *, folder: str = "") -> Profile:
    """A bundled or installed profile by name, or a file by path (relative to `folder`).

    What has a slash, or ends in `.yaml`, `.yml` or `.json`, is a path. ConfigError: not there, not readable, or wrong,
    with the place and a "did you mean".
    """
    from idemlint.contract.profile_reader import read_profile

    source = _find(name_or_path, Path(folder))
    data, origin = _merged(source)
    name = source.stem if _is_path(name_or_path) else name_or_path
    return read_profile(data, name=name, source=str(source), origin=origin)


def _is_path(name_or_path: str) -> bool:
    return "/" in name_or_path or "\\" in name_or_path or name_or_path.endswith(_SUFFIXES)


def _find(name_or_path: str, folder: Path) -> Path:
    if _is_path(name_or_path):
        file = (folder / Path(name_or_path).expanduser()).resolve()
        if not file.is_file():
            raise ConfigError(f"there is no profile file {name_or_path!r}", hint="`idemlint profiles` lists the names")
        return file
    if name_or_path in _bundled():
        return _FOLDER / f"{name_or_path}.yaml"
    from idemlint.entry_points import broken, load

    installed = load(GROUP, name_or_path)
    if isinstance(installed, str | Path) and Path(installed).is_file():
        return Path(installed).resolve()
    if installed is not None:
        raise broken(GROUP, name_or_path, f"{installed!r} is not the path of a file")
    from difflib import get_close_matches

    names = profile_names()
    word = name_or_path.lower()
    close = [name for name in names if word and name.startswith(word)] or get_close_matches(word, names, 1)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "`idemlint profiles` lists the names"
    raise ConfigError(f"there is no profile {name_or_path!r}", hint=hint)


def _merged(source: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The file's members over those that it extends, member by member in each section; and which file each is from."""
    chain: list[tuple[Path, dict[str, Any]]] = []
    place = source
    while True:
        data = _read(place)
        chain.append((place, data))
        base = data.get("extends")
        if base is None:
            break
        if not isinstance(base, str) or not base:
            raise ConfigError("profile: extends must be the name or path of one profile", source=str(place))
        try:
            following = _find(base, place.parent)
        except ConfigError as error:
            raise ConfigError(f"profile: extends: {error.message}", source=str(place), hint=error.hint) from None
        if following in {each for each, _ in chain} or len(chain) > _MAX_EXTENDS:
            raise ConfigError(f"profile: extends {base!r} leads back to itself", source=str(place))
        place = following
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for place, data in reversed(chain):
        for key, value in data.items():
            if key == "extends":
                continue
            before = merged.get(key)
            # A list or a word replaces; a section's members are laid over those below.
            merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
            origin[key] = str(place)
    return merged, origin


def _read(source: Path) -> dict[str, Any]:
    from idemlint.errors import DocumentError
    from idemlint.openapi.document import read

    try:
        data = read(str(source)).data
    except DocumentError as error:
        raise ConfigError(
            f"profile: {error.message}", source=error.source, position=error.position, hint=error.hint
        ) from error
    if not isinstance(data, dict):
        raise ConfigError(
            "a profile is a mapping", source=str(source), hint="its sections are carrier, key, missing ..."
        )
    return data
