"""The docstring of a definition, made from its record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Definition

_ARRAYS = {
    "elementwise": """\
x : array of any shape, or a number
    float16, float32 and float64 keep their dtype; integers promote as in `np.exp`.""",
    "row": """\
x : array with at least one axis
    float16, float32 and float64 keep their dtype; integers promote as in `np.exp`.
axis : int, default -1
    The axis along which a row runs.""",
    "gated": """\
x : array whose `axis` has even length: the two halves
    Or two arrays of one shape, the gate and the value.
axis : int, default -1
    The axis that is split.""",
    "elementwise loss": """\
predictions, targets : arrays of one shape
reduction : "mean" (default), "sum" or "none\"""",
    "row loss": """\
logits : array, one row of logits an example
targets : class indices (integers, the shape of logits without `axis`), or probabilities shaped like the logits
axis : int, default -1
    The axis of the classes.
reduction : "mean" (default), "sum" or "none\"""",
}
_OPTIONS = """\
out, where, dtype, casting, order, subok
    As for NumPy's ufuncs."""


def document(definition: Definition) -> str:
    """First the function in words, then arguments, what comes back, errors, source and an example."""
    loss = definition._registry_name == "losses"
    ours = definition.__module__.split(".")[0] == "nonlin"  # a user's own has no place in `nl`
    kind = f"{definition.kind} loss" if loss else definition.kind
    arguments = [_ARRAYS[kind]]
    for name, known in definition.parameters.items():
        bounded = math.isfinite(known.low) or math.isfinite(known.high)
        interval = f"from {known.low:g} to {known.high:g}" if bounded else "any number"
        arguments.append(f"{name} : float, default {known.default:g}, {interval}\n    {known.text or 'A parameter.'}")
    if definition.kind == "elementwise" and not loss:
        arguments.append(_OPTIONS)
    sections = {
        "Parameters": "\n".join(arguments),
        "Returns": _returns(definition, loss),
        "Raises": "InputError\n    For a parameter outside its range, or shapes and targets that do not fit.",
        "References": definition.reference,
        "Examples": f">>> import nonlin as nl\n>>> {_CALLS[kind].format(definition.name)}" if ours else "",
    }
    parts = [definition.summary]
    parts += [f"{title}\n{'-' * len(title)}\n{text}" for title, text in sections.items() if text]
    return "\n\n".join(parts) + "\n"


def _returns(definition: Definition, loss: bool) -> str:
    if loss:
        return 'A number, or an array for `reduction="none"`; float16, float32 and float64 are kept.'
    shape = "half as long along the axis" if definition.kind == "gated" else "of the shape of x"
    return f"An array {shape}; NaN gives NaN, infinities the limit."


_CALLS = {
    "elementwise": "nl.{}([-1.0, 0.0, 2.0])",
    "row": "nl.{}([[2.0, 1.0, 0.1]])",
    "gated": "nl.{}([1.0, 2.0, 3.0, 4.0])",
    "elementwise loss": "nl.loss.{}([0.5, 2.0], [0.0, 1.0])",
    "row loss": "nl.loss.{}([[2.0, 1.0, 0.1]], [0])",
}
