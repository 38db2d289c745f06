"""The BERT of six layers as an ONNX graph, written from its weights.

The package that holds the weights has no graph, and exporting one takes torch. ONNX is a protobuf
message of few kinds, so it is written here (``onnx.proto``, IR version 9, operators of version 20).
Refuses nothing; a weight that is missing is a ``KeyError``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["bert_graph"]

_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_EPSILON = 1e-12
_FLOAT, _INT64 = 1, 7

Array = np.ndarray[Any, np.dtype[np.float32]]


def bert_graph(weights: Mapping[str, Array]) -> bytes:
    """Return an ONNX model.

    Its inputs are ``ids`` (texts by tokens), ``positions`` (tokens) and ``hidden`` (texts by 1 by 1
    by tokens: a large negative number for a token that is padding); its output is ``states``.
    """
    graph = _Graph()
    table = weights["embeddings.position_embeddings.weight"]
    table = table + weights["embeddings.token_type_embeddings.weight"][0]
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    word = graph.node("Gather", [words, "ids"])
    position = graph.node("Gather", [graph.constant("positions table", table), "positions"])
    whole = graph.node("Add", [word, position])
    states = _normalized(graph, weights, whole, "embeddings.LayerNorm")
    for layer in range(_LAYERS):
        states = _layer(graph, weights, states, f"encoder.layer.{layer}.")
    graph.node("Identity", [states], output="states")
    return graph.model(
        inputs={"ids": (_INT64, 2), "positions": (_INT64, 1), "hidden": (_FLOAT, 4)},
        outputs={"states": (_FLOAT, 3)},
    )


def _layer(graph: _Graph, weights: Mapping[str, Array], states: str, name: str) -> str:
    split = graph.integers("split", [0, 0, _HEADS, _WIDTH // _HEADS])
    joined = graph.integers("joined", [0, 0, _WIDTH])

    def heads(part: str, order: Sequence[int], scale: float = 1.0) -> str:
        whole = _linear(graph, weights, states, f"{name}attention.self.{part}", scale)
        return graph.node("Transpose", [graph.node("Reshape", [whole, split])], perm=order)

    query = heads("query", (0, 2, 1, 3), (_WIDTH / _HEADS) ** -0.5)
    scores = graph.node("MatMul", [query, heads("key", (0, 2, 3, 1))])
    shares = graph.node("Softmax", [graph.node("Add", [scores, "hidden"])], axis=-1)
    context = graph.node("MatMul", [shares, heads("value", (0, 2, 1, 3))])
    context = graph.node("Transpose", [context], perm=(0, 2, 1, 3))
    context = graph.node("Reshape", [context, joined])
    output = _linear(graph, weights, context, f"{name}attention.output.dense")
    output = graph.node("Add", [output, states])
    states = _normalized(graph, weights, output, f"{name}attention.output.LayerNorm")
    inner = graph.node("Gelu", [_linear(graph, weights, states, f"{name}intermediate.dense")])
    output = graph.node("Add", [_linear(graph, weights, inner, f"{name}output.dense"), states])
    return _normalized(graph, weights, output, f"{name}output.LayerNorm")


def _linear(
    graph: _Graph, weights: Mapping[str, Array], states: str, name: str, scale: float = 1.0
) -> str:
    factor = np.float32(scale)
    matrix = graph.constant(f"{name}.weight", weights[f"{name}.weight"].T * factor)
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"] * factor)
    return graph.node("Add", [graph.node("MatMul", [states, matrix]), bias])


def _normalized(graph: _Graph, weights: Mapping[str, Array], states: str, name: str) -> str:
    parts = [graph.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in _AFFINE]
    return graph.node("LayerNormalization", [states, *parts], axis=-1, epsilon=_EPSILON)


_AFFINE = ("weight", "bias")


class _Graph:
    """Nodes and constants that are gathered, and written as a message."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}

    def constant(self, name: str, values: Array) -> str:
        """Add an array of numbers; return its name."""
        content = np.ascontiguousarray(values, np.float32).tobytes()
        self._constants[name] = _tensor(name, values.shape, _FLOAT, content)
        return name

    def integers(self, name: str, values: Sequence[int]) -> str:
        """Add a list of integers; return its name."""
        self._constants[name] = _tensor(
            name, (len(values),), _INT64, np.array(values, np.int64).tobytes()
        )
        return name

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        *,
        output: str = "",
        **attributes: float | Sequence[int],
    ) -> str:
        """Add an operation; return the name of its output."""
        output = output or f"{operator} {len(self._nodes)}"
        self._nodes.append(
            b"".join(_text(1, each) for each in inputs)
            + _text(2, output)
            + _text(4, operator)
            + b"".join(_bytes(5, _attribute(*each)) for each in attributes.items())
        )
        return output

    def model(
        self, *, inputs: Mapping[str, tuple[int, int]], outputs: Mapping[str, tuple[int, int]]
    ) -> bytes:
        """Return the whole message; inputs and outputs have a type and a number of dimensions."""
        graph = b"".join(
            (
                *(_bytes(1, node) for node in self._nodes),
                _text(2, "bert"),
                *(_bytes(5, constant) for constant in self._constants.values()),
                *(_bytes(11, _value(name, *kind)) for name, kind in inputs.items()),
                *(_bytes(12, _value(name, *kind)) for name, kind in outputs.items()),
            )
        )
        return _number(1, 9) + _bytes(7, graph) + _bytes(8, _number(2, 20))


def _attribute(name: str, value: float | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return _text(1, name) + b"\x15" + struct.pack("<f", value) + _number(20, 1)
    return _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _tensor(name: str, shape: Sequence[int], kind: int, content: bytes) -> bytes:
    dimensions = b"".join(_number(1, size) for size in shape)
    return dimensions + _number(2, kind) + _text(8, name) + _bytes(9, content)


def _value(name: str, kind: int, dimensions: int) -> bytes:
    shape = b"".join(_bytes(1, _text(2, f"{name} {index}")) for index in range(dimensions))
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, shape)))


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
