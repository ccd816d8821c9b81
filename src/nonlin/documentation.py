"""The docstring of a definition, made from its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .loss_documentation import loss_sections

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
    sections = loss_sections(definition) if definition._registry_name == "losses" else _sections(definition)
    return "\n\n".join(_section(title, text) for title, text in sections.items() if text) + "\n"


def _section(title: str, text: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{text}" if title else text


def _sections(definition: Definition) -> dict[str, str]:
    ours = definition.__module__.split(".")[0] == "nonlin"  # a user's own has no place in `nl`
    kind = "random row" if definition.kind == "row" and len(definition.inputs) == 2 else definition.kind
    arguments = [_ARRAYS[kind]]
    for name, known in definition.parameters.items():
        text = known.text or "A parameter."
        arguments.append(f"{name} : float, default {known.default:g}, {known.interval}\n    {text}")
    arguments.append(_OPTIONS if definition.kind == "elementwise" else _OUT)
    return {
        "": definition.summary,
        "Parameters": "\n".join(arguments),
        "Returns": _returns(definition),
        "Raises": _RAISES,
        "References": definition.reference,
        "Examples": f">>> import nonlin as nl\n>>> {_CALLS[kind].format(definition.name)}" if ours else "",
    }


def _returns(definition: Definition) -> str:
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
}
