"""The mock's own time: the computer's, moved on by whoever tests expiry."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
from time import time
from typing import Final

_OFFSET: Final = struct.Struct("=d")


class Clock:
    """Seconds since 1970, plus what the clock was moved by. All processes of a server share it through a file."""

    __slots__ = ("_map", "_offset")

    def __init__(self, path: str | None = None) -> None:
        """`path`: from `shared_clock`; None: the clock of one process."""
        self._offset = 0.0
        self._map: mmap.mmap | None = None
        if path is not None:
            with open(path, "r+b") as file:
                self._map = mmap.mmap(file.fileno(), _OFFSET.size)

    def now(self) -> float:
        return time() + (self._offset if self._map is None else _OFFSET.unpack_from(self._map)[0])

    @property
    def offset(self) -> float:
        """Seconds by which it is ahead."""
        return self._offset if self._map is None else float(_OFFSET.unpack_from(self._map)[0])

    def move(self, seconds: float) -> None:
        self._set(self.offset + seconds)

    def reset(self) -> None:
        self._set(0.0)

    def _set(self, offset: float) -> None:
        if self._map is None:
            self._offset = offset
        else:
            _OFFSET.pack_into(self._map, 0, offset)


def shared_clock(folder: str) -> str:
    """A new file in `folder` that the clocks of several processes can share."""
    handle, path = tempfile.mkstemp(dir=folder, prefix="clock-")
    with os.fdopen(handle, "wb") as file:
        file.write(_OFFSET.pack(0.0))
    return path
