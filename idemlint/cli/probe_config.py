"""What the options of `idemlint probe` are once the configuration has filled in what the command line leaves out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.config import Config

_DEFAULTS: Final = {"suite": "core", "timeout": 10.0, "max_wait": 30.0, "burst": 10, "rounds": 20, "fail_on": "error"}
_NAMES: Final = {"header": "headers", "except": "excepted"}
"""Keys of the configuration that the options call otherwise."""


def read_config(options: Mapping[str, Any]) -> Config:
    """The configuration that holds; an empty one with `--isolated`, or where there is none."""
    from idemlint.config import Config, find, load

    folder = os.getcwd()
    path = options["config"] or (None if options["isolated"] else find(folder))
    return Config() if path is None else load(os.path.abspath(path))


def with_config(options: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """The command line first, then the section `probe`, then what holds for all commands, then the defaults.

    A target on the command line stands for itself: of `url` and `app` the configuration gives neither then.
    """
    given = {_NAMES.get(name, name.replace("-", "_")): value for name, value in config.probe.items()}
    if options["url"] is not None or options["app"] is not None:
        given = {name: value for name, value in given.items() if name not in ("url", "app")}
    wide = {"profile": config.profile, "only": (*config.only, *(f"tag:{tag}" for tag in config.tags))}
    wide["excepted"] = config.excepted
    filled = dict(options)
    for source in (given, wide, _DEFAULTS):
        for name, value in source.items():
            if name in filled and filled[name] in (None, (), False):
                filled[name] = value
    filled["operations"] = given.get("operations", {})
    filled["formats_base"] = config.folder if config.folder and not options["format"] else os.getcwd()
    return filled
