"""Fitted networks as ONNX models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier

import nonlin as nl
from nonlin.nn.stack import Activate, Dense, Flatten, Normalize, Opposites, Shares, is_multilabel, stack_of

if TYPE_CHECKING:
    from onnx import ModelProto

    from nonlin.backends.onnx import Graph


def to_onnx(model: Any, path: str | Path | None = None) -> ModelProto:
    """A fitted network as an ONNX model of opset 18, in the precision of its weights.

    The input is named "X", of shape (N, features). A classifier gives "label", what `predict` gives, and
    "probabilities", what `predict_proba` gives, or "scores", its outputs, where it has no probabilities. A regressor
    gives "variable", what `predict` gives. Activations are written out of ONNX's elementary operations by the
    definition's formula.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted, ours or scikit-learn's.
    path : str or Path, optional
        Where to write the model as well.

    Raises
    ------
    NotFittedError
        For a model that is not fitted.
    ModuleNotFoundError
        Where ONNX is not installed; it names the command that installs it.

    Examples
    --------
    >>> from nonlin.nn import MLPRegressor
    >>> from nonlin.nn.exchange import to_onnx
    >>> model = MLPRegressor(hidden_layer_sizes=4, max_iter=1, n_iter_no_change=float("inf"))
    >>> model = model.fit([[0.0], [1.0]], [0.0, 1.0])
    >>> [value.name for value in to_onnx(model).graph.output]
    ['variable']
    """
    from nonlin.backends.onnx import Graph

    stack = stack_of(model)
    graph = Graph(stack.dtype)
    scores = _through(graph, "X", stack.layers)
    result = _through(graph, scores, stack.ending)
    ending = {type(part) for part in stack.ending}
    shape = ["N"] if Flatten in ending else ["N", 2 if Opposites in ending else model.n_outputs_]
    if is_classifier(model):
        _add_label(graph, scores, model)
        graph.output("probabilities" if stack.ending else "scores", result, graph.dtype, shape)
    else:
        graph.output("variable", result, graph.dtype, shape)
    made = graph.model({"X": ["N", len(stack.dense[0].weights)]}, f"A fitted {type(model).__name__}.")
    if path is not None:
        Path(path).write_bytes(made.SerializeToString())
    return made


def _add_label(graph: Graph, scores: str, model: Any) -> None:
    """What `predict` makes of a classifier's outputs, as "label"."""
    if is_multilabel(model):
        graph.output("label", _positive(graph, scores), np.int64, ["N", model.n_outputs_])
        return
    if model.n_outputs_ == 1:
        index = graph.add("Reshape", _positive(graph, scores), graph.constant([-1], np.int64))
    else:
        index = graph.add("ArgMax", scores, axis=-1, keepdims=0)
    classes = model.classes_
    label = graph.add("Gather", graph.constant(classes, classes.dtype), index)
    graph.output("label", label, classes.dtype, ["N"])


def _positive(graph: Graph, scores: str) -> str:
    """1 where a score is above 0, 0 elsewhere."""
    one, zero = graph.constant(1, np.int64), graph.constant(0, np.int64)
    return graph.add("Where", graph.add("Greater", scores, graph.constant(0)), one, zero)


def _through(graph: Graph, x: str, parts: tuple[Any, ...]) -> str:
    """The name of what a value becomes in these parts of a stack."""
    for part in parts:
        x = _ADD[type(part)](graph, x, *part)
    return x


def _dense(graph: Graph, x: str, weights: np.ndarray, bias: np.ndarray | None) -> str:
    return graph.add("Gemm", x, graph.constant(weights), *([] if bias is None else [graph.constant(bias)]))


def _normalize(
    graph: Graph,
    x: str,
    kind: str,
    gamma: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray | None,
    variance: np.ndarray | None,
    epsilon: float,
) -> str:
    """Layer or batch normalization in the precision of the graph, which ONNX's own operations do not keep."""
    if kind == "batch":
        scale = gamma / np.sqrt(np.asarray(variance) + epsilon)
        return graph.add(
            "Add", graph.add("Mul", x, graph.constant(scale)), graph.constant(bias - np.asarray(mean) * scale)
        )
    row = graph.constant([-1], np.int64)
    centered = graph.add("Sub", x, graph.add("ReduceMean", x, row))
    spread = graph.add("ReduceMean", graph.add("Mul", centered, centered), row)
    deviation = graph.add("Sqrt", graph.add("Add", spread, graph.constant(epsilon)))
    scaled = graph.add("Mul", graph.add("Div", centered, deviation), graph.constant(gamma))
    return graph.add("Add", scaled, graph.constant(bias))


def _activate(graph: Graph, x: str, record: Any, parameters: Mapping[str, float]) -> str:
    return graph.call(record, x, **parameters)


def _opposites(graph: Graph, x: str) -> str:
    return graph.add("Concat", graph.add("Neg", x), x, axis=-1)


def _shares(graph: Graph, x: str, record: Any) -> str:
    each = graph.call(record, x)
    total = graph.add("ReduceSum", each, graph.constant([-1], np.int64))
    positive = graph.add("Greater", total, graph.constant(0))
    shares = graph.add("Div", each, graph.add("Where", positive, total, graph.constant(1)))
    return graph.add("Where", positive, shares, graph.call(nl.get("softmax"), x))


def _flatten(graph: Graph, x: str) -> str:
    return graph.add("Reshape", x, graph.constant([-1], np.int64))


_ADD: dict[type, Callable[..., str]] = {
    Dense: _dense,
    Normalize: _normalize,
    Activate: _activate,
    Opposites: _opposites,
    Shares: _shares,
    Flatten: _flatten,
}
