"""Containers of any origin: what they unpack to is bounded, whatever they say of themselves."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from docsum_nb.documents.zipped import Container
from docsum_nb.errors import LoadError

MB = 2**20


def _zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def _open(folder: Path, data: bytes, *, max_unpacked: int = 8 * MB) -> Container:
    path = folder / "a.zip"
    path.write_bytes(data)
    return Container(path, kind="ZIP file", max_unpacked=max_unpacked)


def test_members_are_read_by_their_names(tmp_path: Path) -> None:
    with _open(tmp_path, _zip(("a/", b""), ("a/b.txt", b"text"), ("../c.txt", b""))) as container:
        assert container.names() == ("a/b.txt", "../c.txt")
        assert container.read("a/b.txt") == b"text"
        assert "../c.txt" in container
        assert container.repeated() == ()
        with pytest.raises(LoadError, match=r"a\.zip: is not a whole ZIP file: it has no part x"):
            container.read("x")


def test_what_is_unpacked_is_counted_over_all_members(tmp_path: Path) -> None:
    with _open(tmp_path, _zip(("a", bytes(5 * MB)), ("b", bytes(5 * MB)))) as container:
        assert len(container.read("a")) == 5 * MB
        with pytest.raises(LoadError, match="unpacks to more than the 8 MB that are read"):
            container.read("b")


def test_a_member_has_a_bound_of_its_own(tmp_path: Path) -> None:
    with (
        _open(tmp_path, _zip(("a", bytes(3 * MB)))) as container,
        pytest.raises(LoadError, match="more than the 1 MB"),
    ):
        container.read("a", most=MB)


def test_a_member_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    data = bytearray(_zip(("a", bytes(5 * MB))))
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, entry + 24, 10)
    struct.pack_into("<L", data, 22, 10)
    with _open(tmp_path, bytes(data)) as container, pytest.raises(LoadError, match="damaged"):
        container.read("a")


def test_a_flipped_bit_is_damage(tmp_path: Path) -> None:
    data = bytearray(_zip(("a", b"some text " * 50), method=zipfile.ZIP_STORED))
    data[60] ^= 1
    with (
        _open(tmp_path, bytes(data)) as container,
        pytest.raises(LoadError, match="is a damaged ZIP file: its part a cannot be unpacked"),
    ):
        container.read("a")


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    data = bytearray(_zip(("a", b"text")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with (
        _open(tmp_path, bytes(data)) as container,
        pytest.raises(LoadError, match="is encrypted; save it without a password"),
    ):
        container.read("a")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_take_unbounded_memory_are_refused(tmp_path: Path, method: int) -> None:
    with (
        _open(tmp_path, _zip(("a", bytes(MB)), method=method)) as container,
        pytest.raises(LoadError, match="packed by a method that is not read"),
    ):
        container.read("a")


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"garbage" * 100, _zip(("a", b"b" * 999))[:-30]],
    ids=["empty", "mark", "garbage", "cut"],  # an archive holds the time it was made
)
def test_what_is_no_container_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(LoadError, match="is not a ZIP file, or is cut off"):
        _open(tmp_path, data)


def test_a_directory_of_too_many_members_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Half a million members, whose list takes 300 MB once it is read."""
    member = b"PK\x01\x02" + bytes(42)
    count = 500_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(member) * count, 0, 0)
    with pytest.raises(LoadError, match="lists more members than are read"):
        _open(tmp_path, member * count + end)
    # The same by the records for large files.
    end64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(member) * count, 0
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(member) * count, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with pytest.raises(LoadError, match="lists more members than are read"):
        _open(tmp_path, member * count + end64 + locator + end)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_of_several_members_are_reported(tmp_path: Path) -> None:
    with _open(tmp_path, _zip(("a", b"first"), ("a", b"last"))) as container:
        assert container.repeated() == ("a",)
        assert container.read("a") == b"last"


def test_a_member_before_the_file_begins_is_damage(tmp_path: Path) -> None:
    # Found by fuzzing: the distance to the directory makes the member's place negative.
    data = bytearray(_zip(("a", b"text")))
    (start,) = struct.unpack_from("<L", data, data.index(b"PK\x05\x06") + 16)
    struct.pack_into("<L", data, data.index(b"PK\x05\x06") + 16, start + 20)
    with (
        _open(tmp_path, bytes(data)) as container,
        pytest.raises(LoadError, match="its part a cannot be unpacked"),
    ):
        container.read("a")


def test_a_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    # Found by fuzzing.
    data = bytearray(_zip(("a", b"text"), ("b", b"more")))
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<HH", data, entry + 28, 0, 1)  # its name becomes an extra field
    with _open(tmp_path, bytes(data)) as container:
        assert container.names() == ("b",)
