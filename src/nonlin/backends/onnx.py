"""The ONNX backend: definitions as nodes of a graph.

A graph is written down, not computed: here "numbers" are names of values. ONNX has no expm1, log1p, erfc or erfcx; they
are made of what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..definition import Activation
from ..definition.constants import exact
from ..definition.expression import evaluate
from .formulas import formula
from .numbers import within
from .numpy.error_functions import erf, erfc, erfcx
from .row_threshold import row_threshold

try:
    import onnx
    from onnx import helper, numpy_helper
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("ONNX is not installed: pip install 'nonlin[onnx]'") from missing

OPSET = 18


class Graph:
    """A graph that grows node by node, in one floating dtype; values go by their names."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = np.dtype(dtype)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple, str] = {}
        self._initializers: list[onnx.TensorProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """A node of one operation; returns the name of its result."""
        name = f"{operation}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    def output(self, name: str, value: str, dtype: Any, shape: Sequence[int | str]) -> None:
        """Make a value an output of the model."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(_declared(name, dtype, shape))

    def constant(self, value: Any, dtype: Any = None) -> str:
        """The name of a number or an array, in the dtype of the graph if none is given; equal ones share it."""
        array = np.asarray(value, self.dtype if dtype is None else dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = f"constant_{len(self._constants)}"
            stored = array.astype(object) if array.dtype.kind == "U" else array
            self._initializers.append(numpy_helper.from_array(stored, self._constants[key]))
        return self._constants[key]

    def call(self, record: Activation, x: str, **parameters: float) -> str:
        """An activation of a value, elementwise or of the rows along its last axis."""
        numbers = {name: self.constant(number) for name, number in record.check_parameters(parameters).items()}
        (result,) = evaluate(formula(record, "value"), table(self), {record.inputs[0]: x, **numbers})
        return result

    def model(self, inputs: dict[str, Sequence[int | str]], text: str) -> onnx.ModelProto:
        """The checked model, of inputs by name with their shapes."""
        declared = [_declared(name, self.dtype, shape) for name, shape in inputs.items()]
        graph = helper.make_graph(self._nodes, "nonlin", declared, self._outputs, self._initializers)
        opset = [helper.make_opsetid("", OPSET)]
        version = helper.find_min_ir_version_for(opset)  # what older runtimes read too
        made = helper.make_model(
            graph, opset_imports=opset, ir_version=version, producer_name="nonlin", doc_string=text
        )
        onnx.checker.check_model(made, full_check=True)
        return made


def _declared(name: str, dtype: Any, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    kind = np.dtype(object if np.dtype(dtype).kind == "U" else dtype)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(kind), shape)


_OPERATIONS = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "negative": "Neg",
    "abs": "Abs",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "exp": "Exp",
    "log": "Log",
    "tanh": "Tanh",
    "sin": "Sin",
    "cos": "Cos",
    "arctan": "Atan",
    "sqrt": "Sqrt",
    "sign": "Sign",
    "maximum": "Max",
    "minimum": "Min",
    "where": "Where",
}


def table(graph: Graph) -> dict[str, Callable[..., str]]:
    """The primitives of the definitions, adding nodes to a graph."""
    a = _arithmetic(graph)

    def exp(_: Any, x: str) -> str:
        return graph.add("Exp", x)

    def over_row(operation: str, x: str) -> str:
        return graph.add(operation, x, graph.constant([-1], np.int64))

    primitives: dict[str, Callable[..., str]] = {
        **{name: partial(graph.add, operation) for name, operation in _OPERATIONS.items()},
        "number": a.number,
        "constant": lambda name: a.number(exact(name)),
        "expm1": partial(_expm1, a),
        "log1p": partial(_log1p, a),
        "erf": partial(erf, a, exp=exp),
        "erfc": partial(erfc, a, exp=exp),
        "erfcx": partial(erfcx, a),
        "row_max": partial(over_row, "ReduceMax"),
        "row_sum": partial(over_row, "ReduceSum"),
        "is_row_argmax": partial(_is_row_argmax, graph),
    }
    power = partial(graph.add, "Pow")
    primitives["row_threshold"] = lambda x, exponent: row_threshold(primitives, power, x, exponent, a.precision)
    return primitives


def _arithmetic(graph: Graph) -> Any:
    """What the NumPy backend's error functions ask of their arithmetic, adding nodes to a graph.

    ONNX's own `Erf` is no choice: runtimes compute it in float32.
    """
    limits = np.finfo(graph.dtype)
    a = SimpleNamespace(**{name: partial(graph.add, operation) for name, operation in _OPERATIONS.items()})
    a.precision = limits.nmant + 1
    a.number = lambda value: graph.constant(within(value, float(limits.max)))
    a.fma = lambda x, y, z: a.add(a.multiply(x, y), z)
    a.copysign = lambda x, y: a.where(a.less(y, a.number(0)), a.negative(a.abs(x)), a.abs(x))
    return a


def _expm1(a: Any, x: str) -> str:
    """tanh(x / 2) (exp(x) + 1): nothing cancels."""
    return a.multiply(a.tanh(a.multiply(x, a.number(0.5))), a.add(a.exp(x), a.number(1)))


def _log1p(a: Any, x: str) -> str:
    """log(1 + x), and near 0 less what the rounding of 1 + x adds."""
    y = a.add(a.number(1), x)
    logarithm = a.log(y)
    rounding = a.divide(a.subtract(a.subtract(y, a.number(1)), x), y)
    return a.where(a.less(a.abs(x), a.number(0.5)), a.subtract(logarithm, rounding), logarithm)


def _is_row_argmax(graph: Graph, x: str) -> str:
    width = graph.add("Gather", graph.add("Shape", x), graph.constant(-1, np.int64))
    place = graph.add("ArgMax", x, axis=-1, keepdims=0)
    marks = graph.add("OneHot", place, width, graph.constant([0, 1], np.float32), axis=-1)
    return graph.add("Greater", marks, graph.constant(0, np.float32))
