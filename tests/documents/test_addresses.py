"""Addresses as sources: a real web server on loopback, and the memory file system of fsspec."""

from __future__ import annotations

import asyncio
import gzip
import io
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import fsspec
import pytest

import docsum_nb as ds
from docsum_nb.documents import web
from docsum_nb.documents.addresses import is_address, local_path, shown_address
from docsum_nb.documents.load import load
from docsum_nb.documents.sources import find
from docsum_nb.errors import InputError, LoadError
from docsum_nb.events import FilesFetched, RunState, StageStarted, fold
from docsum_nb.views.status import status_of
from tests.documents.pdf_maker import at, made

LONG_S = 60.0
SHIPS = "Ships wait outside of the harbour for three days."
PAGE = f"<!doctype html><html><head><title>Log in</title></head><body><p>{SHIPS}</p></body></html>"


class Site:
    """A web server that answers each path with the bytes it is given."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, list[bytes]] = {}
        """By path: the head and body; an empty part stands for waiting without end."""
        self.asked: Counter[str] = Counter()
        self.heads: list[str] = []
        self.gone = threading.Event()
        """Set when a client has left before it had everything."""

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(
        self, path: str, body: bytes | str, kind: str = "", status: str = "200 OK", **more: str
    ) -> str:
        """Set the answer for a path, and return its address."""
        data = body.encode() if isinstance(body, str) else body
        head = {"Content-Length": str(len(data)), **({"Content-Type": kind} if kind else {})}
        head |= {name.replace("_", "-"): value for name, value in more.items()}
        lines = [
            f"HTTP/1.1 {status}",
            *(f"{name}: {value}" for name, value in head.items() if value),
        ]
        self.answers[path] = ["\r\n".join([*lines, "Connection: close", "", ""]).encode() + data]
        return self.at(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            path = head.split(" ")[1]
            self.asked[path] += 1
            missing = [b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"]
            for part in self.answers.get(urlsplit(path).path, missing):
                if part:
                    writer.write(part)
                    await writer.drain()
                elif not await reader.read(1):
                    self.gone.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    site = Site()
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(site.serve, "127.0.0.1", 0))
    site.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield site
    loop.call_soon_threadsafe(loop.stop)
    thread.join(LONG_S)
    listening.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


@pytest.fixture
def site(server: Site) -> Site:
    server.answers.clear()
    server.asked.clear()
    server.heads.clear()
    server.gone.clear()
    return server


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def refusal(source: object) -> str:
    with pytest.raises(InputError) as caught:
        load(source)
    return str(caught.value)


# --- what is an address -----------------------------------------------------------------------


def test_only_a_scheme_makes_an_address(tmp_path: Path) -> None:
    """Paths, drives of Windows, texts and globs are none; a path in file:// is a path."""
    assert is_address("s3://bucket/a.md")
    assert is_address("zip://a.md::https://host/x.zip")
    for none in (
        r"C:\a.md",
        "C://a.md",
        "a.md",
        "see https://host",
        "http://a\nA text.",
        Path("a"),
    ):
        assert not is_address(none)
    (tmp_path / "a b.md").write_text(SHIPS)
    for address in ((tmp_path / "a b.md").as_uri(), f"file://{tmp_path}/a b.md"):
        assert local_path(address) == str(tmp_path / "a b.md")
        assert [each.name for each in load(address).documents] == ["a b.md"]
    assert [each.name for each in load(f"file://{tmp_path}").documents] == ["a b.md"]
    assert "another machine" in refusal("file://server/share/a.md")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("s3://bucket/a.md", "pip install s3fs"),
        ("gs://bucket/*.md", "pip install gcsfs"),
        ("nosuch://host/a.md", "nosuch:// is no kind of address"),
        ("zip://a.md::nosuch://host/a.zip", "nosuch:// is no kind of address"),
        ("reference://a.md", "reference"),
        ("zip://a.md::simplecache::http://127.0.0.1:9/a.zip", "simplecache"),
        ("http://", "has no host"),
        ("http://[::1/a", "address"),
        ("http://127.0.0.1:9/a.md", "no connection"),
        ("memory://nothing/there.md", "was not found"),
        ("memory://nothing/*.md", "holds no file"),
    ],
)
def test_what_cannot_be_fetched_is_one_clear_error(source: str, says: str) -> None:
    """A package that is missing is named; so is what is wrong with an address."""
    said = refusal(source)
    assert says in said
    assert source in said


# --- folders at an address --------------------------------------------------------------------


def test_a_folder_at_an_address_is_read_like_one_on_the_disk(
    memory: fsspec.AbstractFileSystem,
) -> None:
    """Sorted, by the path below it, hidden files passed over, others in omitted; a file once."""
    for name in ("b.md", "a/c.txt", "a/LICENSE", ".git/x.md", "a/~$c.docx"):
        memory.pipe(f"/pile/{name}", SHIPS.encode())
    memory.pipe("/pile/p.png", b"\x89PNG\0")
    memory.pipe("/pile/binary", b"\0\1")

    loaded = load(["memory://pile/b.md", "memory:///pile/", "memory://pile"])
    assert [each.name for each in loaded.documents] == ["b.md", "a/LICENSE", "a/c.txt"]
    assert loaded.documents[2].path == "memory:///pile/a/c.txt"
    assert {(each.what, each.reason.partition("(")[2]) for each in loaded.omitted} == {
        ("p.png", ".png)"),
        ("binary", "no suffix, not text)"),
    }
    for pattern, names in {
        "memory://pile/**/*.[mt][dx]*": ["a/c.txt", "b.md"],
        "memory://pile/?.md": ["b.md"],
        "memory://pile/a/*": ["LICENSE", "c.txt"],
    }.items():
        assert [each.name for each in load(pattern).documents] == names
    memory.pipe("/other/b.md", SHIPS.encode())
    both = load(["memory://pile/b.md", "memory://other/b.md"]).documents
    assert [each.name for each in both] == ["pile/b.md", "other/b.md"]


def test_a_chain_of_addresses_reads_what_lies_in_an_archive(
    memory: fsspec.AbstractFileSystem, site: Site
) -> None:
    """zip:// in front of any address; names cannot leave the archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in ("a.md", "in/b.txt", "../../c.md"):
            archive.writestr(name, SHIPS)
    memory.pipe("/z.zip", data.getvalue())
    loaded = load("zip://**::memory://z.zip")
    assert [each.name for each in loaded.documents] == ["a.md", "c.md", "in/b.txt"]
    assert load("zip://in/b.txt::memory://z.zip").documents[0].text == SHIPS
    address = site.answer("/z.zip", data.getvalue(), Accept_Ranges="")
    assert len(load(address).documents) == 3  # it is an archive like others
    memory.pipe("/bad.zip", b"no archive")
    assert "cannot be fetched" in refusal("zip://*::memory://bad.zip")


# --- the web ----------------------------------------------------------------------------------


def test_a_web_address_is_one_file_of_the_kind_that_it_is(site: Site) -> None:
    """By its suffix, by what its server declares, else by its content; asked for once."""
    paper = made(at(72, 700, SHIPS))
    page = f"<html><body><h1>Port</h1><p>{SHIPS} <a href='/other.md'>more</a></p></body></html>"
    sources = [
        site.answer("/paper.pdf", paper),
        site.answer("/pdf/2401.12345", paper, "application/pdf"),
        site.answer("/get.php", paper, "application/octet-stream"),
        site.answer("/wiki/Port%20of%20call", page, "text/html; charset=utf-8"),
        site.answer("/plain", f"Plain: {SHIPS}", "text/plain"),
        site.answer("/", page),
        site.answer("/data?format=csv".partition("?")[0], "name,age\nJane Roe,41\n", "text/csv")
        + "?format=csv",
        site.at("/paper.pdf#page=3"),
    ]
    documents = load(sources).documents
    assert [each.name for each in documents] == [
        "paper.pdf", "2401.12345", "get.php", "Port of call", "plain", "127.0.0.1", "data",
    ]  # fmt: skip
    assert all(SHIPS in each.text for each in documents[:6])
    assert "Name: Jane Roe" in documents[6].text or "name: Jane Roe" in documents[6].text
    assert documents[0].path == site.at("/paper.pdf")
    assert set(site.asked.values()) == {1}
    assert "/other.md" not in site.asked
    assert site.heads[0].startswith("GET ")


def test_a_declared_charset_holds_unless_the_text_is_utf8(site: Site) -> None:
    """What a server declares is taken where a text does not say it itself."""
    text = "Übergrößenträger kosten 5 €. Die Straße führt über die Brücke zum Café."
    for charset in ("windows-1252", "iso-8859-15", "utf-8", "utf-16", "koi8-r"):
        raw = text if charset != "koi8-r" else "Корабли ждут у входа в гавань три дня."
        address = site.answer("/a.txt", raw.encode(charset), f"text/plain; charset={charset}")
        assert load(address).documents[0].text == raw
    assert load(site.answer("/b", text.encode(), "text/plain; charset=ascii")).documents


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("404 Not Found", "was not found"),
        ("401 Unauthorized", "wants a login"),
        ("403 Forbidden", "refuses it"),
        ("410 Gone", "has removed it"),
        ("429 Too Many Requests", "asked too often"),
        ("418 Teapot", "(HTTP status 418)"),
        ("503 Service Unavailable", "fails; try again later (HTTP status 503)"),
    ],
)
def test_what_a_server_refuses_is_one_line(site: Site, status: str, says: str) -> None:
    """It says what happened, where, and what to do; ``skip`` goes on."""
    good, bad = site.answer("/a.md", SHIPS), site.answer("/b.pdf", PAGE, "text/html", status)
    said = refusal([good, bad])
    assert said.startswith(f"{bad}: ")
    assert says in said
    loaded = load([bad, good], on_error="skip")
    assert [each.name for each in loaded.documents] == ["a.md"]
    assert says in loaded.omitted[0].reason


def test_a_web_page_in_place_of_a_file_is_refused(site: Site) -> None:
    """Logins and errors with status 200; a page is read where a page may be."""
    for name in ("a.pdf", "a.docx", "a.md", "a.zip", "a.csv", "a.json"):
        said = refusal(site.answer(f"/{name}", f"\n {PAGE}", "text/html"))
        assert "is a web page in place of" in said
    for name in ("a.html", "a", "a.php", "a.txt"):
        assert SHIPS in load(site.answer(f"/{name}", PAGE, "text/html")).documents[0].text
    assert "image/png" in refusal(site.answer("/p.png", b"\x89PNG\r\n\x1a\n\0\0\0", "image/png"))


def test_what_a_server_declares_is_not_trusted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A length that lies, a body that never ends, and a redirect without end."""
    data = SHIPS.encode()
    assert "broke off" in refusal(site.answer("/short.txt", data, Content_Length="5000"))
    huge = site.answer("/huge.txt", data, Content_Length=str(10**15))
    assert "more than 512 MB" in refusal(huge)
    odd = site.answer("/odd.txt", data, Content_Length="-1")
    assert odd in refusal(odd)
    chunked = site.answer("/cut.txt", b"40\r\nonly", Content_Length="", Transfer_Encoding="chunked")
    assert "broke off" in refusal(chunked)
    loop = site.answer("/loop", b"", status="302 Found", Location="/loop")
    assert "redirected without end" in refusal(loop)
    assert "no web address" in refusal(
        site.answer("/f", b"", status="302 Found", Location="file:///etc")
    )
    moved = site.answer("/old", b"", status="301 Moved", Location="/new.txt")
    site.answer("/new.txt", data)
    assert load(moved).documents[0].text == SHIPS
    packed = site.answer("/a.txt.gz", gzip.compress(data), "application/gzip")
    assert load(packed).documents[0].text == SHIPS

    monkeypatch.setattr("docsum_nb.documents.copies.MAX_BYTES", 300_000)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    site.answers["/endless.txt"] = [head, *[b"word " * 10_000] * 1_000]
    assert "split it" in refusal(site.at("/endless.txt"))


def test_a_silent_server_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of the time that a file has; the connection is closed."""
    monkeypatch.setattr("docsum_nb.documents.fetch.TIMEOUT_S", 0.5)
    site.answers["/silent.txt"] = [b"HTTP/1.1 200 OK\r\n\r\nShips", b""]
    assert "was not there after" in refusal(site.at("/silent.txt"))
    assert site.gone.wait(LONG_S)
    monkeypatch.setattr("docsum_nb.documents.fetch.TIMEOUT_S", 600.0)
    monkeypatch.setattr(web, "SILENCE_S", 0.3)
    assert "does not answer" in refusal(site.at("/silent.txt"))


def test_a_cancelled_run_ends_its_downloads(site: Site) -> None:
    """The run ends at once, and the server sees that nobody is there any more."""
    site.answers["/silent.txt"] = [b"HTTP/1.1 200 OK\r\n\r\nShips", b""]
    run = ds.summarize(site.at("/silent.txt"), show=False, ledger=False)
    until = time.monotonic() + LONG_S
    while not site.asked and time.monotonic() < until:
        time.sleep(0.02)
    run.cancel()
    with pytest.raises(ds.errors.RunCancelled):
        run.result(LONG_S)
    assert site.gone.wait(LONG_S)


def test_a_redirect_never_leads_into_a_private_network() -> None:
    """From a public server; what is there would be sent to a model."""

    def leads_inside(host: str) -> bool:
        return asyncio.run(web.leads_inside(host))

    for host in ("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"):
        assert leads_inside(host)
    for host in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"):
        assert not leads_inside(host)


# --- secrets ----------------------------------------------------------------------------------


def test_secrets_of_an_address_are_shown_nowhere(site: Site, tmp_path: Path) -> None:
    """Not in names, paths, plans, errors, the list of runs or the ledger's file."""
    key, word = "q7Zk2Vw9Lx4Rt8", "S3cret-Pa55word"
    site.answer("/a.md", f"# Port\n\n{SHIPS} Grain is cheap there.")
    address = site.at(f"/a.md?sig={key}").replace("//", f"//jane:{word}@")
    assert shown_address(address) == site.at("/a.md?sig=[secret]").replace("//", "//[secret]@")
    bare = site.at(f"/a.md?{key}")
    assert key not in shown_address(bare)

    ledger = tmp_path / "ledger.db"
    summary = ds.summarize(address, ledger=ledger, show=False).result(LONG_S)
    assert site.asked[f"/a.md?sig={key}"] == 1
    assert "Authorization: Basic" in site.heads[0]
    plan = ds.plan(address)
    assert plan.contents[0].path == shown_address(address)
    runs = ds.runs(ledger=ledger)
    seen = [repr(summary), summary.to_json(), repr(plan), plan.to_text(), repr(list(runs))]
    seen.append(refusal(address.replace("/a.md", "/b.md")))
    seen += [path.read_bytes().decode("latin-1") for path in tmp_path.glob("ledger*")]
    assert not [each for each in seen if key in each or word in each]
    assert any(site.at("/a.md") in each.replace("[secret]@", "") for each in seen)
    with pytest.raises(InputError, match="give source="):
        ds.resume(runs[0].id, ledger=ledger, show=False).result(LONG_S)
    again = ds.resume(runs[0].id, source=address, ledger=ledger, show=False).result(LONG_S)
    assert again.text == summary.text


def test_a_library_prunes_no_document_from_an_address(site: Site, tmp_path: Path) -> None:
    """An address is in no folder, so nothing of it is missing there."""
    (tmp_path / "pile").mkdir()
    (tmp_path / "pile" / "a.md").write_text(SHIPS)
    library = ds.Library(tmp_path / "library")
    library.add([tmp_path / "pile", site.answer("/b.md", SHIPS)])
    added = library.add(tmp_path / "pile", prune=True)
    assert added.removed == added.gone == ()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path / "pile")
        assert library.add(".", prune=True).removed == ()


def test_what_arrives_is_shown(site: Site) -> None:
    """Files and bytes so far, as events and in the state."""
    body = f"{SHIPS}\n" * 10_000
    arrived: list[tuple[int, int]] = []
    sources = [site.answer("/a.txt", body), site.answer("/b.txt", body)]
    load(sources, fetched=lambda files, size: arrived.append((files, size)))
    assert arrived
    assert arrived == sorted(arrived)
    assert arrived[-1][0] >= 1
    assert arrived[-1][1] > len(body) // 2
    state = fold(fold(RunState(), StageStarted("loading")), FilesFetched(1, 2_500_000))
    assert status_of(state) == "loading, 1 file fetched, 2.5 MB"


def test_a_text_causes_no_fetch(site: Site, tmp_path: Path) -> None:
    """Only what the caller names is fetched, not what a text or a page has in it."""
    address = site.answer("/other.md", SHIPS)
    page = f'<html><body><img src="{address}"><iframe src="{address}"></iframe><p>{SHIPS}</p>'
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "b.md").write_text(f"![x]({address})\n\n{address}\n\n{SHIPS}")
    load([tmp_path, site.answer("/page.html", page), {"text": f"{address} {SHIPS}"}])
    assert list(site.asked) == ["/page.html"]


def test_a_listing_takes_no_time_without_end(
    memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storage that does not answer, and a folder with too many files."""
    memory.pipe("/many/a.md", b"a")
    memory.pipe("/many/b.md", b"b")
    monkeypatch.setattr("docsum_nb.documents.addresses.MAX_FILES", 1)
    assert "more than 1; name a folder in it" in refusal("memory://many")

    class Silent(type(memory)):  # type: ignore[misc]
        protocol = "silent"
        cachable = False

        def info(self, path: str, **options: object) -> None:
            time.sleep(LONG_S)

    fsspec.register_implementation("silent", Silent, clobber=True)
    monkeypatch.setattr("docsum_nb.documents.addresses.LIST_TIMEOUT_S", 0.3)
    item = next(iter(find("silent://a/b")))
    assert isinstance(item, LoadError)
    assert "was not there after" in str(item)
