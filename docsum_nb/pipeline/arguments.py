"""The arguments of a run as JSON, so that another process can go on with them.

Invariant: nothing in it can be a secret. Keys are dropped, and so is all that might hold one: what
has such a name, is long and random, or is a secret known to this process. The names of what was
dropped are stored, so that it can be asked for again.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docsum_nb.documents.addresses import is_address, local_path, shown_address
from docsum_nb.documents.sources import Content, find
from docsum_nb.errors import InputError
from docsum_nb.models import Model
from docsum_nb.options import Group, Option, Options, options_of, without_password
from docsum_nb.paths import user_path
from docsum_nb.records import Document
from docsum_nb.secrets import NO_KEY, SECRET_NAME, masked

__all__ = ["class_at", "in_words", "packed", "unpacked"]

_LONG = re.compile(r"[A-Za-z0-9_\-+/=.]{20,}")
_DIGIT = re.compile(r"\d")
_IN_ENVIRONMENT = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def packed(options: Options) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the arguments of a run as JSON.

    Returns:
        The arguments, and by their keys the texts in them that are in no file.
    """
    texts: dict[str, bytes] = {}
    arguments: dict[str, Any] = {
        each.name: _path(getattr(options, each.name))
        if each.kind == "path"
        else getattr(options, each.name)
        for each in _stored(type(options))
        if each.name != "library"
    }
    arguments["source"] = _source(options.source, texts)
    arguments["library"] = _library(options.library)
    arguments["model"] = _model(options.model)
    arguments["vision"] = None if options.vision is None else _model(options.vision)
    asked = options.response_model
    arguments["response_model"] = asked and [asked.__module__, asked.__qualname__]
    arguments["cwd"] = os.getcwd()  # noqa: PTH109  # a plain string is stored
    return arguments, texts


def unpacked(
    arguments: Mapping[str, Any],
    texts: Mapping[str, bytes],
    *,
    run_id: str,
    given: Mapping[str, Any],
    table: type[Options] = Options,
) -> Options:
    """Return the options of a run from their JSON.

    Args:
        arguments: As ``packed`` returned them.
        texts: The texts that are in no file, by their keys.
        run_id: The run's, for the errors.
        given: Options that replace those of the run, by name.
        table: The options that there are.

    Raises:
        InputError: if something is missing and not given.
    """
    if "source" not in arguments:
        raise InputError(
            f"run {run_id} was recorded without its arguments; call summarize again with the same "
            "ones: what is stored is not paid for again"
        )
    # An earlier version stored fewer options: those that are missing have their defaults.
    options = {each.name: arguments[each.name] for each in _stored(table) if each.name in arguments}
    if "source" not in given:
        here = arguments["cwd"] == os.getcwd()  # noqa: PTH109
        cwd = None if here else arguments["cwd"]
        options["source"] = _unpacked_source(arguments["source"], texts, cwd)
    for name in ("model", "vision"):
        if name not in given and arguments.get(name) is not None:
            options[name] = _unpacked_model(arguments[name], run_id, name)
    if "library" not in given:
        options["library"] = _unpacked_library(arguments.get("library"), run_id)
    if "response_model" not in given:
        options["response_model"] = _response_model(arguments.get("response_model"), run_id)
    return table(**{**options, **given})


def _stored(table: type[Options]) -> Iterator[Option]:
    return (each for each in options_of(table) if each.group is not Group.CALL)


def in_words(options: Options) -> str:
    """Return a short text of the sources of a run, for a list of runs."""
    source = options.source
    parts = source if isinstance(source, list | tuple) else [source]
    words = []
    for part in parts[:3]:
        if isinstance(part, Document | Content):
            words.append(part.name)
        elif is_address(part):
            words.append(shown_address(part))
        elif isinstance(part, str | os.PathLike):
            words.append(os.fspath(part))
        else:
            names = [str(name) for name, _ in part.items()] if hasattr(part, "items") else []
            words.append(", ".join(names[:3]) + (f" … {len(names)} texts" * (len(names) > 3)))
    if len(parts) > 3:
        words.append(f"… {len(parts)} sources")
    return ", ".join(words)[:500]


def _response_model(stored: Any, run_id: str) -> Any:
    """Return the pydantic class of a name; one of a notebook exists if its cell was run."""
    if not stored:
        return None
    module, name = stored
    found = class_at(module, name)
    if found is None:
        raise InputError(
            f"run {run_id} was given response_model={name} of {module}, which is not defined "
            "here: define or import it first, or give response_model="
        )
    return found


def class_at(module: str, name: str) -> Any:
    """Return what is defined under a name; ``None`` if it is missing or not imported."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


# --- sources -----------------------------------------------------------------------------------


def _source(source: Any, texts: dict[str, bytes]) -> Any:
    if is_address(source):
        shown, path = shown_address(source), local_path(source)
        return {"address": shown, "complete": shown == source} if path is None else path
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, list | tuple):
        return [_source(part, texts) for part in source]
    return {"documents": [_document(each, texts) for each in find(source)]}


def _document(document: Any, texts: dict[str, bytes]) -> dict[str, Any]:
    if isinstance(document, Content):
        key = hashlib.sha256(b"bytes\0" + document.data).hexdigest()
        texts[key] = document.data
        return {"name": document.name, "text": key, "is_file": True}
    content = document.text.encode("utf-8", "surrogatepass")
    key = hashlib.sha256(b"text\0" + content).hexdigest()
    texts[key] = content
    return {
        "name": document.name,
        "path": document.path,
        "pages": list(document.pages),
        "text": key,
    }


def _unpacked_source(stored: Any, texts: Mapping[str, bytes], cwd: str | None) -> Any:
    if isinstance(stored, str):
        return stored if cwd is None else str(Path(cwd) / user_path(stored))
    if isinstance(stored, list):
        return [_unpacked_source(part, texts, cwd) for part in stored]
    if "address" in stored:
        if not stored["complete"]:
            raise InputError(
                f"the address {stored['address']} held what may be a secret, which is not stored; "
                "give source="
            )
        return stored["address"]
    return [
        Content(each["name"], texts[each["text"]])
        if each.get("is_file")
        else Document(
            each["name"],
            texts[each["text"]].decode("utf-8", "surrogatepass"),
            each["path"],
            tuple(each["pages"]),
        )
        for each in stored["documents"]
    ]


def keys_in(stored: Any) -> Iterator[str]:
    """Yield the keys of the texts that a stored source needs."""
    if isinstance(stored, list):
        for part in stored:
            yield from keys_in(part)
    elif isinstance(stored, dict):
        yield from (each["text"] for each in stored.get("documents", ()))


def _path(given: Any) -> str | None:
    """Return the absolute path of a folder, or of a library; ``None`` if there is none."""
    return None if given is None else str(user_path(given).absolute())


# --- libraries ---------------------------------------------------------------------------------


def _library(given: Any) -> Any:
    """Return a library as JSON: its folder, its folder and embedder, or the name of a search."""
    if given is None or isinstance(given, str | os.PathLike):
        return _place(given)
    embedder = getattr(given, "embedder", None)
    if isinstance(path := getattr(given, "path", None), str | Path):
        folder = _place(path)
        return folder if embedder is None else {"folder": folder, "embedder": _named(embedder)}
    name = getattr(given, "__qualname__", None) or getattr(given, "name", type(given).__name__)
    return {"search": [str(getattr(given, "__module__", "")), str(name)]}


def _place(given: Any) -> str | None:
    """Return the absolute path of a folder, or the address of a server without its password."""
    is_address = isinstance(given, str) and "://" in given
    return without_password(given) if is_address else _path(given)


def _named(embedder: Any) -> Any:
    if isinstance(embedder, Model):
        return {"model": _model(embedder)}
    if isinstance(embedder, str):
        return embedder
    return [str(getattr(embedder, "__module__", "")), str(getattr(embedder, "__qualname__", ""))]


def _unpacked_library(stored: Any, run_id: str) -> Any:
    if not isinstance(stored, Mapping):
        return stored
    if "search" in stored:
        module, name = stored["search"]
        if callable(found := class_at(module, name)):
            return found
        raise InputError(
            f"run {run_id} was given library={name}, a search that the ledger does not keep: write "
            f"docsum_nb.resume({run_id!r}, library=...)"
        )
    from docsum_nb.library import Library

    folder, embedder = stored["folder"], stored["embedder"]
    if isinstance(embedder, Mapping):
        return Library(folder, embedder=_unpacked_model(embedder["model"], run_id, "library"))
    found = class_at(*embedder) if isinstance(embedder, list) else embedder
    if found is None:
        raise InputError(
            f"run {run_id} was given a library with the embedder {embedder[1]}, a function that "
            f"the ledger does not keep: write docsum_nb.resume({run_id!r}, library="
            f"docsum_nb.Library({folder!r}, embedder=...)), or library={folder!r} to search by "
            "words alone"
        )
    return Library(folder, embedder=found)


# --- models ------------------------------------------------------------------------------------


def _model(model: Model) -> dict[str, Any]:
    keyless = model.api_key in (None, "", NO_KEY)
    dropped: list[str] = [] if keyless else ["api_key"]
    stored: dict[str, Any] = {
        each.name: getattr(model, each.name)
        for each in fields(model)
        if each.name not in ("api_key", "base_url", "params", "fallbacks")
    }
    # A model that was made to send no key must not find one in the environment later.
    stored["api_key"] = NO_KEY if model.api_key == NO_KEY else None
    stored["base_url"] = model.base_url
    if model.base_url and not _is_plain_address(model.base_url):
        stored["base_url"] = None
        dropped.append("base_url")
    stored["params"] = {
        name: value for name, value in model.params.items() if _is_plain(name, value)
    }
    dropped += [f"params[{name!r}]" for name in model.params if name not in stored["params"]]
    stored["fallbacks"] = [
        each if isinstance(each, str) else _model(each) for each in model.fallbacks
    ]
    return {**stored, "dropped": dropped}


def _looks_random(text: str) -> bool:
    """Whether a word of a text is long and holds a digit, as keys do and words do not."""
    return any(
        (long := _LONG.search(word)) and _DIGIT.search(word, long.start()) for word in text.split()
    )


def _is_plain_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    return bare and masked(url) == url and not _looks_random(parts.path)


def _is_plain(name: str, value: Any) -> bool:
    """Return whether a parameter can be stored: a plain value that cannot hold a secret."""
    if value is None or isinstance(value, bool | int | float):
        # A number of tokens, as in max_tokens.
        return True
    if SECRET_NAME.search(name) or masked(name) != name:
        return False
    if isinstance(value, str):
        return not (masked(value) != value or _looks_random(value) or "://" in value)
    if isinstance(value, list):
        return all(_is_plain(name, each) for each in value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(k, v) for k, v in value.items())
    return False


def _unpacked_model(stored: Mapping[str, Any], run_id: str, option: str) -> Model:
    missing = [what for what in stored["dropped"] if what != "api_key" or not _key_is_set(stored)]
    if missing:
        address = f", base_url={stored['base_url']!r}" if stored["base_url"] else ""
        names = dict.fromkeys(what.partition("[")[0] for what in missing)
        shown = address + "".join(f", {name}=..." for name in names)
        model = f"docsum_nb.Model({stored['name']!r}{shown})"
        raise InputError(
            f"run {run_id} was given {' and '.join(missing)}, which the ledger does not keep; "
            f"write docsum_nb.resume({run_id!r}, {option}={model}), and what else it was given"
        )
    settings = {name: value for name, value in stored.items() if name != "dropped"}
    settings["fallbacks"] = tuple(
        each if isinstance(each, str) else _unpacked_model(each, run_id, option)
        for each in stored["fallbacks"]
    )
    return Model(settings.pop("name"), **settings)


def _key_is_set(stored: Mapping[str, Any]) -> bool:
    """Return whether the environment may have the key; opening the model checks it.

    At an address of the user's own, a missing key would be noticed by the server only.
    """
    if not stored["base_url"]:
        return True
    provider = str(stored["name"]).partition("/")[0].upper()
    return any(
        value and name.startswith(provider) and name.endswith(_IN_ENVIRONMENT)
        for name, value in os.environ.items()
    )
