"""Which files a `$ref` may reach: the document comes from anyone, the disk is the user's."""

from __future__ import annotations

import os
import stat

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.pointers import has_scheme, percent_decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from idemlint.openapi.limits import Limits

STDIN = "<stdin>"


class Policy(NamedTuple):
    """What a document may pull in. The defaults suit a document that nobody vouches for."""

    root: str | None = None
    """Folder that no file may lie outside of; None: the git repository of the root document, else its folder."""
    allow_remote: bool = False
    """Whether `http:` and `https:` targets are fetched."""
    stdin_path: str | None = None
    """Where a document read from stdin is said to stand; None: in the working folder."""
    limits: Limits | None = None
    """Limits for each document that is pulled in; None: those of the loader."""
    max_remote_documents: int = 32
    max_remote_bytes: int = 10_000_000
    """For one remote document, after its content was decoded."""
    remote_timeout: float = 10.0
    """Seconds for one remote document, name look-up and redirects included."""
    max_files: int = 20_000


class ReferenceRefusedError(Exception):
    """A target that cannot be had; the text says why, in words for the `invalid-ref` finding."""


def is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


class Sandbox:
    """Turns the URI part of a `$ref` into a file that may be read."""

    __slots__ = ("_folders", "_policy", "_root", "_source")

    def __init__(self, policy: Policy, source: str) -> None:
        self._policy = policy
        self._source = source
        self._root: str | None = None
        self._folders: dict[str, str] = {}

    @property
    def root(self) -> str:
        """The folder that holds all that may be read, symlinks followed; worked out when it is first needed."""
        if self._root is None:
            if self._policy.root is not None:
                self._root = os.path.realpath(self._policy.root)
            else:
                self._root = _repository(os.path.realpath(os.path.dirname(self.absolute(self._source))))
        return self._root

    def absolute(self, source: str) -> str:
        """The path against which relative references of `source` are read."""
        if source == STDIN:
            source = self._policy.stdin_path or os.path.join(os.getcwd(), STDIN)
        return os.path.abspath(source)

    def real(self, path: str) -> str:
        """`os.path.realpath`, at one system call a file: folders are remembered."""
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        path = os.path.join(real, name)
        return os.path.realpath(path) if os.path.islink(path) else path

    def file(self, base: str, uri: str) -> str:
        """The absolute path (symlinks not followed, for people to read) of a regular file inside the root.

        `base` is the file with the `$ref`, `uri` a relative or absolute path or a `file:` URL. Percent escapes are
        decoded, unless only the undecoded name exists.
        """
        candidates = self._candidates(base, uri)
        for path in candidates:
            try:
                # Judged before it is looked at: not even whether a file outside exists is to be told.
                real = self.real(path)
                if not self._inside(real):
                    raise ReferenceRefusedError(
                        f"'{uri}' is outside of '{self.root}', and files there are not read (--root sets the folder)"
                    )
                mode = os.stat(real).st_mode
            except (OSError, ValueError):
                continue
            if stat.S_ISREG(mode):
                return path
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise ReferenceRefusedError(f"'{uri}' is {kind}")
        raise ReferenceRefusedError(f"'{uri}' does not exist (looked for '{candidates[0]}')")

    def _inside(self, real: str) -> bool:
        root = self.root
        return real == root or real.startswith(root if root.endswith(os.sep) else root + os.sep)

    def _candidates(self, base: str, uri: str) -> list[str]:
        if uri[:5].lower() == "file:":
            uri = _file_url(uri)
        elif has_scheme(uri):
            raise ReferenceRefusedError(f"'{uri}': only files, http and https can be read")
        if uri[:2] in ("//", "\\\\", "/\\", "\\/"):
            raise ReferenceRefusedError(f"'{uri}' names another host, which is not asked")
        folder = os.path.dirname(self.absolute(base))
        names = [percent_decode(uri)]
        if names[0] != uri:
            names.append(uri)
        if os.sep == "/" and "\\" in names[0]:
            names.append(names[0].replace("\\", "/"))
        return [os.path.normpath(os.path.join(folder, name)) for name in names]


def _file_url(uri: str) -> str:
    """`file:///a/b`, `file:/a/b`, `file://localhost/a/b` -> `/a/b`, still percent-encoded."""
    rest = uri[5:]
    if rest.startswith("//"):
        host, _, path = rest[2:].partition("/")
        if host not in ("", "localhost"):
            raise ReferenceRefusedError(f"'{uri}' names another host, which is not asked")
        rest = "/" + path
    if os.name == "nt" and len(rest) > 2 and rest[2] in ":|":
        rest = rest[1] + ":" + rest[3:]
    return rest


def _repository(folder: str) -> str:
    """The nearest folder upwards with a `.git`, or the folder itself."""
    here = folder
    while True:
        if os.path.exists(os.path.join(here, ".git")):
            return here
        above = os.path.dirname(here)
        if above == here:
            return folder
        here = above
