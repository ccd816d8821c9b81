"""The docstring of a definition, made from its record."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .definition.records import Definition

_DTYPES = """\
float16, bfloat16 (of ml_dtypes), float32 and float64 keep their dtype; integers promote as in `np.exp`."""
_ARRAYS = {
    "elementwise": f"""\
x : array of any shape, or a number
    {_DTYPES}""",
    "row": f"""\
x : array with at least one axis
    {_DTYPES}
axis : int, default -1
    The axis along which a row runs.""",
    "random row": f"""\
x : array with at least one axis
    {_DTYPES}
sample : array that broadcasts to the shape of x
    Random numbers, given by the caller so that a result can be repeated: `rng.random(x.shape, x.dtype)`.
axis : int, default -1
    The axis along which a row runs.""",
    "concatenated": f"""\
x : array with at least one axis
    {_DTYPES}
axis : int, default -1
    The axis along which the results are laid one after another.""",
    "pooled": f"""\
x : array whose `axis` is a whole number of groups of `pieces` entries
    {_DTYPES}
axis : int, default -1
    The axis that is pooled: each group of neighbours becomes one number.
pieces : int, default 2
    The length of a group.""",
    "gated": f"""\
x : array whose `axis` has even length: the two halves
    Or two arrays that broadcast, the gate and the value. {_DTYPES}
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
    "summary loss": """\
predictions, targets : arrays of one shape
sample_weight : a weight for each entry, optional""",
    "similarity loss": """\
embeddings : array of shape (examples, features)
    Rows of any length; their cosine similarities are compared. A row of zeros is similar to nothing.
labels : integers, one for each row
    Embeddings of one label are to be similar; one that is alone with its label is none that the mean is over.
reduction : "mean" (default), "sum" or "none\"""",
}
_RAISES = """\
InputError
    For a parameter outside its range, or shapes and targets that do not fit.
TypeError
    For what is no array of real numbers."""
_OUT = """\
out : NumPy array, optional
    Where to write the result, of its shape; else a new array, or for pandas, xarray and dask one of their kind."""
_OPTIONS = """\
out, where, dtype, casting, order, subok
    As for NumPy's ufuncs."""


def document(definition: Definition) -> str:
    """First the function in words, then arguments, what comes back, errors, source and an example."""
    if definition.kind == "algorithm":
        written = inspect.cleandoc(definition.function.__doc__ or "")
        return f"{written}\n\n{_section('References', definition.reference)}\n"
    loss = definition._registry_name == "losses"
    ours = definition.__module__.split(".")[0] == "nonlin"  # a user's own has no place in `nl`
    kind = f"{definition.kind} loss" if loss else definition.kind
    if kind == "row" and len(definition.inputs) == 2:
        kind = "random row"
    arguments = [_ARRAYS[kind]]
    for name, known in definition.parameters.items():
        text = known.text or "A parameter."
        arguments.append(f"{name} : float, default {known.default:g}, {known.interval}\n    {text}")
    if not loss:
        arguments.append(_OPTIONS if definition.kind == "elementwise" else _OUT)
    sections = {
        "Parameters": "\n".join(arguments),
        "Returns": _returns(definition, loss),
        "Raises": _RAISES,
        "References": definition.reference,
        "Examples": f">>> import nonlin as nl\n>>> {_CALLS[kind].format(definition.name)}" if ours else "",
    }
    parts = [definition.summary]
    parts += [_section(title, text) for title, text in sections.items() if text]
    return "\n\n".join(parts) + "\n"


def _section(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{text}"


def _returns(definition: Definition, loss: bool) -> str:
    if loss:
        return 'A number, or an array for `reduction="none"`; floating dtypes are kept.'
    shapes = {
        "gated": "half as long along the axis",
        "concatenated": "as many times longer along the axis as there are results",
        "pooled": "shorter along the axis by the factor `pieces`",
    }
    shape = shapes.get(definition.kind, "of the shape of x")
    return f"An array {shape}; NaN gives NaN, infinities the limit."


_CALLS = {
    "elementwise": "nl.{}([-1.0, 0.0, 2.0])",
    "row": "nl.{}([[2.0, 1.0, 0.1]])",
    "random row": "nl.{}([[2.0, 1.0, 0.1]], [[0.3, 0.5, 0.9]])",
    "concatenated": "nl.{}([1.0, -2.0])",
    "pooled": "nl.{}([1.0, 2.0, 3.0, 4.0])",
    "gated": "nl.{}([1.0, 2.0, 3.0, 4.0])",
    "elementwise loss": "nl.loss.{}([0.5, 2.0], [0.0, 1.0])",
    "row loss": "nl.loss.{}([[2.0, 1.0, 0.1]], [0])",
    "summary loss": "nl.loss.{}([0.5, 2.0], [0.0, 1.0])",
    "similarity loss": "nl.loss.{}([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], [0, 0, 1])",
}
