"""Find the files at an address, such as ``s3://bucket/folder/*.md`` or ``https://host/paper.pdf``.

Decides what an address is: a string that begins with a scheme and ``://``, and nothing else; what
may stand behind ``::`` is the archive or file that it lies in. A folder is listed with all below
it, sorted by name; a web address is one file, since a web server lists none. Nothing is read from
the text of a document. Invariant: what is shown of an address has no user, no password and no
value of a query, which are secrets from then on. Refuses schemes that are not known, that need a
package which is missing, or that would fetch what a file says.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from docsum_nb.documents.blocking import Wait
from docsum_nb.documents.folders import is_hidden
from docsum_nb.documents.web import client_options, fault_of
from docsum_nb.errors import InputError, LoadError
from docsum_nb.paths import visible
from docsum_nb.secrets import masked, remember_settings, without_login

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Addresses", "Remote", "Storage", "is_address", "local_path", "shown_address"]

LIST_TIMEOUT_S = 120.0
"""Seconds that listing one folder may take."""
MAX_FILES = 10_000
"""Files in one folder at an address."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,30}://")
_QUERY = re.compile(r"\?[\w.\-]{1,100}=")
_MAGIC = re.compile(r"[*?\[]")
_WEB = ("http", "https")
_LOCAL = ("file", "local")
_IN_ARCHIVES = ("zip", "tar", "libarchive")
_REFUSED = frozenset(
    (
        *("asynclocal", "async_wrapper", "asyncwrapper", "blockcache", "cached", "dask", "data"),
        *("dir", "filecache", "generic", "pyscript", "reference", "simplecache"),
    )
)
"""They keep copies, or fetch what a file says."""
_PACKAGES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), "adlfs"),
    **dict.fromkeys(("sftp", "ssh"), "paramiko"),
    **dict.fromkeys(("github", "gist", "dbfs", "webhdfs", "jupyter", "jlab"), "requests"),
    **{"smb": "smbprotocol", "git": "pygit2", "webdav": "webdav4", "hf": "huggingface_hub"},
    **{"box": "boxfs", "dropbox": "dropboxdrivefs", "gdrive": "gdrive_fsspec", "oci": "ocifs"},
    **{"oss": "ossfs", "dvc": "dvc", "lakefs": "lakefs-spec", "wandb": "wandbfs"},
    **{"libarchive": "libarchive-c", "http": "aiohttp", "https": "aiohttp"},
}
"""The package to install for a scheme."""


@dataclass(frozen=True)
class Storage:
    """A file system that was opened for addresses."""

    files: Any = field(repr=False)
    """Of ``fsspec``."""
    is_web: bool = False
    lock: threading.Lock | None = field(default=None, repr=False)
    """Held while a file is read, if only one at a time can be; ``None`` if several can."""

    @contextmanager
    def turn(self, wait: Wait) -> Iterator[None]:
        """Wait until a file may be read, and keep others waiting until it was.

        Raises:
            LoadError: As ``Wait.check``.
        """
        if self.lock is None:
            yield
            return
        while not self.lock.acquire(timeout=0.1):
            wait.check()
        try:
            yield
        finally:
            self.lock.release()


@dataclass(frozen=True)
class Remote:
    """A file at an address that shall be read."""

    storage: Storage = field(repr=False)
    path: str = field(repr=False)
    """Where it is in its storage; of a web page, the whole address."""
    place: str = field(repr=False)
    """The same for the same file."""
    shown: str
    """Its address without secrets."""
    name: str
    """What to call it, unless another is called so too."""
    size: int | None = None
    """Bytes, if its storage says so."""
    named: bool = False
    """Whether the caller named this very file."""
    kind: str = ""
    """The module that reads it, by its suffix; empty if only its content shows it."""

    @property
    def suffix(self) -> str:
        """The suffix of its name, in small letters."""
        return PurePosixPath(self.name).suffix.lower()


def is_address(given: object) -> bool:
    """Check whether a source is an address; a path of Windows and a text are none."""
    return isinstance(given, str) and "\n" not in given and bool(_ADDRESS.match(given.lstrip()))


def local_path(address: str) -> str | None:
    """Return the path that a ``file://`` address names; ``None`` for any other address.

    Raises:
        InputError: It names a file of another machine.
    """
    scheme, _, rest = address.strip().partition("://")
    if scheme.lower() not in _LOCAL or "::" in rest:
        return None
    host, slash, _ = rest.partition("/")
    if slash and host and host != "localhost" and scheme.lower() == "file":
        raise InputError(f"{shown_address(address)}: is on another machine; give its path here")
    plain = rest.removeprefix("localhost") if scheme.lower() == "file" else rest
    from urllib.request import url2pathname  # it imports much

    # A path may be written plainly, or quoted as ``Path.as_uri`` does.
    return plain if Path(plain).exists() else url2pathname(plain)


def shown_address(address: str) -> str:
    """Return an address with masks for users, passwords and the values of queries."""
    return "::".join(map(_shown_link, address.strip().split("::")))


def _shown_link(link: str) -> str:
    head, mark, tail = link.partition("?")
    if mark and not _has_query(link):
        return visible(f"{_without_login(head)}?{masked(tail)}")
    return visible(_without_login(link))


def _without_login(link: str) -> str:
    return without_login(link) if "@" in link or "?" in link else masked(link)


def _has_query(link: str) -> bool:
    """Check whether a question mark begins a query; it may be a wildcard."""
    return _scheme(link) in _WEB or bool(_QUERY.search(link))


def _scheme(link: str) -> str:
    head, mark, _ = link.partition("://")
    return (head if mark else link).strip().lower()


def _links(address: str) -> list[str]:
    return address.strip().split("::")


class Addresses:
    """Finds files at addresses, for one loading; several addresses share a connection.

    Args:
        stopped: Set once the loading is to end.
    """

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._web: dict[str, Storage] = {}

    def find(self, given: str) -> Iterator[Remote | LoadError]:
        """Find the files at an address, sorted by name.

        Raises:
            InputError: The scheme is not known, is refused, or needs a package that is missing.
        """
        address = given.strip()
        for link in _links(address):
            remember_settings(address=link if _has_query(link) else link.partition("?")[0])
        _check_schemes(address)
        if _scheme(address) in _WEB:
            yield self._page(address)
            return
        wait = Wait(shown_address(address), self._stopped, LIST_TIMEOUT_S)
        try:
            yield from wait.call(_listed, address)
        except LoadError as error:
            yield error
        except Exception as error:  # noqa: BLE001  # each storage has errors of its own
            yield LoadError(wait.shown, fault_of(error))

    def _page(self, address: str) -> Remote | LoadError:
        address = address.partition("#")[0]
        shown = shown_address(address)
        try:
            parts = urlsplit(address)
        except ValueError:
            return LoadError(shown, "is no usable address; check how it is written")
        if not parts.hostname:
            return LoadError(shown, "has no host; write it as https://host/file.pdf")
        scheme = _scheme(address)
        if scheme not in self._web:
            self._web[scheme] = Storage(_opened(f"{scheme}://")[0], is_web=True)
        last = unquote(PurePosixPath(parts.path).name)
        name = masked(_plain(last) or parts.hostname)
        return Remote(self._web[scheme], address, address, shown, name, named=True)


def _check_schemes(address: str) -> None:
    """Check that the schemes of an address can be used.

    Raises:
        InputError: One of them cannot.
    """
    from fsspec.registry import get_filesystem_class

    shown = shown_address(address)
    for link in _links(address):
        scheme = _scheme(link)
        if scheme in _REFUSED:
            raise InputError(f"{shown}: addresses with {scheme} in them are not read")
        try:
            if "://" in link or scheme in _IN_ARCHIVES:
                get_filesystem_class(scheme)
        except ValueError:
            raise InputError(_unknown(shown, scheme)) from None
        except ImportError as error:
            package = _PACKAGES.get(scheme, "")
            how = f"pip install {package}" if package else visible(str(error))
            raise InputError(
                f"{shown}: reading {scheme}:// needs a package that is not installed: {how}"
            ) from None


def _unknown(shown: str, scheme: str) -> str:
    return (
        f"{shown}: {visible(scheme)}:// is no kind of address that is read; https://, s3://, "
        "gs://, ftp:// and what else fsspec knows are, or give the path of a file"
    )


def _opened(address: str) -> tuple[Any, str]:
    """Open the file system of an address; returns it with the path in it."""
    from fsspec.core import url_to_fs

    schemes = {_scheme(link) for link in _links(address)} & set(_WEB)
    options = {scheme: client_options() for scheme in schemes}
    # A file system that was opened before may list what was there then.
    return url_to_fs(address, skip_instance_cache=True, **options)  # type: ignore[no-any-return]


def _listed(address: str) -> list[Remote | LoadError]:
    """List the files at an address; blocking."""
    files, path = _opened(address)
    links = _links(address)
    first = links[0]
    one_by_one = _scheme(first) in _IN_ARCHIVES
    storage = Storage(files, lock=threading.Lock() if one_by_one else None)
    at = _At(storage, first, "::".join(links[1:]))
    found = _info(files, path)
    if found is not None and found.get("type") != "directory":
        return [at.remote(found, _plain(PurePosixPath(str(found["name"])).name), first, named=True)]
    if found is not None:
        return at.remotes(files.find(path, detail=True), str(found["name"]), first)
    if not _MAGIC.search(path):
        return [LoadError(at.shown(first), "was not found; check the address")]
    return at.remotes(files.glob(path, detail=True), _before_magic(path), _before_magic(first))


def _info(files: Any, path: str) -> dict[str, Any] | None:
    try:
        return dict(files.info(path))
    except (FileNotFoundError, KeyError, NotADirectoryError):
        return None


def _before_magic(path: str) -> str:
    """Return the folder that a pattern begins with."""
    match = _MAGIC.search(path)
    return path[: match.start() if match else None].rpartition("/")[0]


@dataclass(frozen=True)
class _At:
    """Where files are listed."""

    storage: Storage
    first: str
    """The address, without what it lies in."""
    rest: str
    """What it lies in; empty if in nothing."""

    def shown(self, first: str) -> str:
        return shown_address(f"{first}::{self.rest}" if self.rest else first)

    def remotes(self, found: Any, root: str, first: str) -> list[Remote | LoadError]:
        """Return the files of a listing, sorted by name, without hidden ones."""
        if len(found) > MAX_FILES:
            reason = f"holds {len(found):,} files, more than {MAX_FILES:,}; name a folder in it"
            return [LoadError(self.shown(first), reason)]
        remotes: list[Remote] = []
        for path, info in found.items():
            name = _plain(_below(str(path), root))
            if info.get("type") != "directory" and not path.endswith("/") and not is_hidden(name):
                remotes.append(self.remote(info, name, f"{first.rstrip('/')}/{name}"))
        if not remotes:
            return [LoadError(self.shown(self.first), "holds no file; check the address")]
        return [*sorted(remotes, key=lambda remote: remote.name)]

    def remote(self, info: Any, name: str, first: str, *, named: bool = False) -> Remote:
        path, size = str(info["name"]), info.get("size")
        place = "::".join(filter(None, (f"{_scheme(self.first)}://{path}", self.rest)))
        return Remote(
            self.storage,
            path,
            place,
            self.shown(first),
            masked(name),
            size if isinstance(size, int) else None,
            named,
        )


def _below(path: str, root: str) -> str:
    path, root = path.strip("/"), root.strip("/")
    return path.removeprefix(root).lstrip("/") if root else path


def _plain(name: str) -> str:
    """Return a name that leads nowhere else."""
    kept = (part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    return visible("/".join(kept))
