"""The docstring of a loss, made from its record: its inputs by name, with their shapes and domains."""

from __future__ import annotations

import inspect
from typing import Any

DOMAIN_TEXTS = {
    "real": "any numbers",
    "positive": "numbers larger than 0",
    "non_negative": "numbers from 0",
    "above_minus_one": "numbers larger than -1",
    "nonzero": "numbers other than 0",
    "probability": "numbers from 0 to 1",
    "binary": "0 or 1",
    "sign": "-1 or 1",
}
_RAISES = """\
InputError
    For an empty batch, shapes that do not match, a number outside its domain, a negative weight or an unknown option;
    the first offender is named with its position."""


def loss_sections(loss: Any) -> dict[str, str]:
    """The sections of the docstring by their titles; the words that come first have none."""
    words = inspect.cleandoc(loss.function.__doc__ or "")
    if loss.kind == "algorithm":
        return {"": words, "References": loss.reference}
    ours = loss.__module__.split(".")[0] == "nonlin"  # a user's own has no place in `nl`
    return {
        "": words,
        "Parameters": "\n".join([*_inputs(loss), *_options(loss)]),
        "Returns": _returns(loss),
        "Raises": _RAISES,
        "References": loss.reference,
        "Examples": f">>> import nonlin as nl\n>>> nl.loss.{loss.name}({example(loss)})" if ours else "",
    }


def takes_class_indices(loss: Any) -> bool:
    """Whether the targets may be the indices of classes."""
    return loss.kind == "row" and "classification" in loss.tasks and loss.domain in ("probability", "binary")


def domain_text(loss: Any, name: str) -> str:
    """What numbers an input holds, in words."""
    text = DOMAIN_TEXTS[loss.domains.get(name, "real")]
    return f"{text} that sum to 1 in a row" if name in getattr(loss, "distributions", ()) else text


def _inputs(loss: Any) -> list[str]:
    if loss.kind == "similarity":
        return [
            "embeddings : array of shape (examples, features)\n"
            "    Rows of any length; their cosine similarities are compared. A row of zeros is similar to nothing.",
            "labels : integers, one for each row\n    Embeddings of one label are to be similar.",
        ]
    shape = "with one row an example" if loss.kind == "row" else "of any shape"
    return [f"{loss.inputs[0]} : array {shape}\n    {_sentence(domain_text(loss, loss.inputs[0]))}", *_others(loss)]


def _others(loss: Any) -> list[str]:
    first, found = loss.inputs[0], []
    for name in loss.inputs[1:]:
        if name in loss.optional:
            shape = f"number, one for each class, or array shaped like the {first}"
            shape = shape if loss.kind == "row" else f"array that broadcasts to the {first}"
            found.append(f"{name} : {shape}, optional\n    {_sentence(domain_text(loss, name))}")
        elif name == "targets" and takes_class_indices(loss):
            found.append(
                f"{name} : integers in the shape of the {first} without `axis`, or an array shaped like the {first}\n"
                f"    The indices of classes, or {domain_text(loss, name)}."
            )
        else:
            found.append(f"{name} : array shaped like the {first}\n    {_sentence(domain_text(loss, name))}")
    return found


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _options(loss: Any) -> list[str]:
    found = []
    for name, known in loss.parameters.items():
        text = _sentence(known.text or "a parameter")
        found.append(f"{name} : float, default {known.default:g}, {known.interval}\n    {text}")
    if loss.kind == "row" and loss.over_all:
        found.append("axis : int, optional\n    The axis along which rows run; without it the whole batch is one row.")
    elif loss.kind == "row":
        found.append("axis : int, default -1\n    The axis along which rows run.")
    if takes_class_indices(loss):
        found.append("ignore_index : int, optional\n    The class index of examples that count nothing.")
    if loss.kind != "summary":
        found.append(f'reduction : "mean" (default), "sum" or "none"\n    "none" gives the loss of each {_each(loss)}.')
    found.append(
        f"sample_weight : array, optional\n    A weight from 0 for each {_each(loss)}; a mean is divided by their sum."
    )
    if loss.has_gradient:
        found.append(
            f"out : NumPy array, optional\n    Where to write the gradient, shaped like the {loss.inputs[0]}, which "
            "it may be itself."
        )
    return found


def _each(loss: Any) -> str:
    return "entry" if loss.kind in ("elementwise", "summary") else "row"


def _returns(loss: Any) -> str:
    array = "" if loss.kind == "summary" else ', or an array for `reduction="none"`'
    text = f"A number{array}; floating dtypes are kept, and integers computed in float64."
    parts = [f"`{loss.name}.gradient`"] * loss.has_gradient
    parts += [f"`{loss.name}.value_and_gradient`"] * loss.has_gradient
    parts += [f"`{loss.name}.hessian_diagonal`"] * loss.has("hessian_diagonal")
    return f"{text}\n{', '.join(parts)} take the same arguments." if parts else text


_EXAMPLES = {
    "real": (2.0, -1.0, 0.1),
    "positive": (2.0, 0.5, 1.0),
    "non_negative": (2.0, 0.0, 1.0),
    "above_minus_one": (2.0, -0.5, 1.0),
    "nonzero": (2.0, -0.5, 1.0),
    "probability": (0.7, 0.2, 0.1),
    "binary": (1, 0, 0),
    "sign": (1, -1, 1),
}


def example(loss: Any) -> str:
    """The arguments of a call in the domains of the inputs, as text; the inputs differ from each other.

    >>> import nonlin as nl
    >>> example(nl.loss.binary_cross_entropy)
    '[2.0, -1.0, 0.1], [0.2, 0.1, 0.7]'
    """
    if loss.kind == "similarity":
        return "[[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], [0, 0, 1]"
    needed = [name for name in loss.inputs if name not in loss.optional]
    return ", ".join(_example_input(loss, name, place) for place, name in enumerate(needed))


def _example_input(loss: Any, name: str, place: int) -> str:
    if name == "targets" and takes_class_indices(loss):
        return "[0]"
    numbers = _EXAMPLES[loss.domains.get(name, "real")]
    turned = [*numbers[place:], *numbers[:place]]
    return str([turned] if loss.kind == "row" else turned)
