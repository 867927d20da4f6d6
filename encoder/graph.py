"""Writes the encoder as an ONNX graph: BERT (6 layers, 12 heads), weighted mean pooling, length 1.

Architecture after Devlin et al. 2019 and the release's config.json; standard ONNX operators,
in the patterns that onnxruntime fuses, and its product with 8-bit weights for the quicker one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LAYERS = 6
HEADS = 12
HIDDEN = 384
HEAD_SIZE = HIDDEN // HEADS
EPSILON = 1e-12
OPSET = 17
IR_VERSION = 8
# 8-bit weights: as many share a scale, and integers are what they are multiplied as
BLOCK = 64
AS_INTEGERS = 4
CONTRIB = "com.microsoft"


class GraphWriter:
    """Collects nodes and initializers; each method adds an operation and returns its output's
    name.

    Args:
        quantised: keep the weights of linear layers in 8 bits, each block with a scale of its own.
    """

    def __init__(self, quantised: bool = False) -> None:
        self.quantised = quantised
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar.{value}", np.array(value, dtype=np.float32))

    def integers(self, *values: int) -> str:
        name = "ints." + ".".join(map(str, values))
        return self.constant(name, np.array(values, dtype=np.int64))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def linear(self, x: str, name: str, weights: dict[str, np.ndarray]) -> str:
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        if self.quantised:
            return self.op("Add", self._product_in_blocks(x, name, weights), bias)
        weight = self.constant(f"{name}.weight", weights[f"{name}.weight"].T)
        return self.op("Add", self.op("MatMul", x, weight), bias)

    def _product_in_blocks(self, x: str, name: str, weights: dict[str, np.ndarray]) -> str:
        """The product with rounded weights: a quarter of the memory to go through."""
        quantised, scales = in_blocks(weights[f"{name}.weight"])
        outputs, inputs = weights[f"{name}.weight"].shape
        return self.op(
            "MatMulNBits",
            x,
            self.constant(f"{name}.quantised", quantised),
            self.constant(f"{name}.scales", scales),
            domain=CONTRIB,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=BLOCK,
            accuracy_level=AS_INTEGERS,
        )

    def layer_norm(self, x: str, name: str, weights: dict[str, np.ndarray]) -> str:
        scale = self.constant(f"{name}.weight", weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def gelu(self, x: str) -> str:
        erf = self.op("Erf", self.op("Div", x, self.scalar(math.sqrt(2.0))))
        return self.op(
            "Mul", self.op("Mul", x, self.op("Add", erf, self.scalar(1.0))), self.scalar(0.5)
        )


def in_blocks(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of shape (outputs, inputs) as uint8 around 128, of shape (outputs, blocks, BLOCK),
    and the scale of each block, float32 of shape (outputs * blocks,).
    """
    blocks = weight.reshape(len(weight), -1, BLOCK)
    scales = np.maximum(np.abs(blocks).max(axis=2, keepdims=True) / 127, EPSILON)
    quantised = (np.round(blocks / scales) + 128).astype(np.uint8)
    return quantised, scales.reshape(-1).astype(np.float32)


def build_graph(weights: dict[str, np.ndarray], quantised: bool = False) -> onnx.ModelProto:
    """The encoder's graph; with `quantised` weights it needs onnxruntime's own operators.

    Inputs `input_ids` and `attention_mask`, int64 of shape (batch, tokens), and `token_weights`,
    float32 of that shape: how much each token counts in the mean, 0 where it is padding. Output
    `embedding`, float32 of shape (batch, 384) with rows of length 1.
    """
    g = GraphWriter(quantised)
    hidden = _embeddings(g, weights)
    bias = _attention_bias(g)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        attended = _attention(g, hidden, bias, prefix, weights)
        hidden = g.layer_norm(
            g.op("Add", attended, hidden), f"{prefix}.attention.output.LayerNorm", weights
        )
        inner = g.gelu(g.linear(hidden, f"{prefix}.intermediate.dense", weights))
        outer = g.linear(inner, f"{prefix}.output.dense", weights)
        hidden = g.layer_norm(g.op("Add", outer, hidden), f"{prefix}.output.LayerNorm", weights)
    _pool(g, hidden)
    return _model(g)


def _embeddings(g: GraphWriter, weights: dict[str, np.ndarray]) -> str:
    words = g.op(
        "Gather",
        g.constant("words", weights["embeddings.word_embeddings.weight"]),
        "input_ids",
    )
    length = g.op("Gather", g.op("Shape", "input_ids"), g.integers(1))
    # Every token is of segment 0, so its embedding is added to the positions once and for all.
    positions = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    used = g.op("Slice", g.constant("positions", positions), g.integers(0), length, g.integers(0))
    return g.layer_norm(g.op("Add", words, used), "embeddings.LayerNorm", weights)


def _attention_bias(g: GraphWriter) -> str:
    """0 for tokens, a large negative number for padding, of shape (batch, 1, 1, tokens)."""
    mask = g.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    mask = g.op("Unsqueeze", mask, g.integers(1, 2))
    return g.op("Mul", g.op("Sub", g.scalar(1.0), mask), g.scalar(-10000.0))


def _attention(
    g: GraphWriter, hidden: str, bias: str, prefix: str, weights: dict[str, np.ndarray]
) -> str:
    def heads(which: str, perm: list[int]) -> str:
        projected = g.linear(hidden, f"{prefix}.attention.self.{which}", weights)
        split = g.op("Reshape", projected, g.integers(0, 0, HEADS, HEAD_SIZE))
        return g.op("Transpose", split, perm=perm)

    query, value = heads("query", [0, 2, 1, 3]), heads("value", [0, 2, 1, 3])
    key = heads("key", [0, 2, 3, 1])
    scores = g.op("Div", g.op("MatMul", query, key), g.scalar(math.sqrt(HEAD_SIZE)))
    shares = g.op("Softmax", g.op("Add", scores, bias), axis=-1)
    context = g.op("Transpose", g.op("MatMul", shares, value), perm=[0, 2, 1, 3])
    merged = g.op("Reshape", context, g.integers(0, 0, HIDDEN))
    return g.linear(merged, f"{prefix}.attention.output.dense", weights)


def _pool(g: GraphWriter, hidden: str) -> None:
    """The weighted mean over the tokens, scaled to length 1, as `embedding`."""
    weights = g.op("Unsqueeze", "token_weights", g.integers(2))
    # The sum's direction is the mean's, so dividing by the count is left to the normalisation.
    total = g.op("ReduceSum", g.op("Mul", hidden, weights), g.integers(1), keepdims=0)
    norm = g.op("ReduceL2", total, axes=[1], keepdims=1)
    g.nodes.append(
        helper.make_node("Div", [total, g.op("Max", norm, g.scalar(EPSILON))], ["embedding"])
    )


def _model(g: GraphWriter) -> onnx.ModelProto:
    shape = ["batch", "tokens"]
    graph = helper.make_graph(
        g.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape),
            helper.make_tensor_value_info("token_weights", TensorProto.FLOAT, shape),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", HIDDEN])],
        list(g.initializers.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model
