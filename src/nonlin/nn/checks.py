"""What a network can be made of: every refusal in one sentence that names the argument, its value and the mend."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight  # what scikit-learn itself and its friends check with

import nonlin as nl
from nonlin.backends.numpy.losses.checks import check_domains
from nonlin.definition import Definition
from nonlin.errors import InputError
from nonlin.nn import randomness, updates
from nonlin.nn.schedules import CODES

SOLVERS = (*updates.SOLVERS[:2], "lbfgs", *updates.SOLVERS[2:])  # scikit-learn's first
_TRAINED = ("elementwise", "row", "summary")  # kinds of losses
SCHEDULES = ("constant", "invscaling", "adaptive", *CODES, "plateau")
AUTO_BATCH = 200  # as in scikit-learn

# Bounds of numbers: (low, high, low itself allowed, high itself allowed)
_NUMBERS = {
    "alpha": (0, np.inf, True, False),
    "learning_rate_init": (0, np.inf, False, False),
    "power_t": (0, np.inf, True, False),
    "tol": (0, np.inf, True, False),
    "momentum": (0, 1, True, True),
    "validation_fraction": (0, 1, True, False),
    "beta_1": (0, 1, True, False),
    "beta_2": (0, 1, True, False),
    "epsilon": (0, np.inf, False, False),
    "weight_decay": (0, np.inf, True, False),
    "gradient_clip_norm": (0, np.inf, False, False),
}
_COUNTS = {"max_iter": 1, "n_iter_no_change": 1, "max_fun": 1, "warmup_steps": 0}
_SWITCHES = ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping")
_CHOICES = {
    "solver": SOLVERS,
    "learning_rate": SCHEDULES,
    "normalization": (None, "layer", "batch"),
    "dtype": (None, "float32", "float64"),
}
_OPTIONAL = ("weight_decay", "gradient_clip_norm")  # numbers that may be None


def check_settings(estimator: Any) -> None:
    """Check the numbers, switches and choices among an estimator's parameters; raises `InputError`."""
    settings = vars(estimator)
    for name, choices in _CHOICES.items():
        check_choice(name, settings[name], choices)
    for name, bounds in _NUMBERS.items():
        if not (settings[name] is None and name in _OPTIONAL):
            _check_number(name, settings[name], *bounds)
    for name, least in _COUNTS.items():
        if not (settings[name] == np.inf and name == "n_iter_no_change"):
            check_count(name, settings[name], least=least)
    for name in _SWITCHES:
        if not isinstance(settings[name], (bool, np.bool_)):
            raise InputError(f"{name} must be True or False, got {settings[name]!r}")
    if not isinstance(settings["verbose"], (bool, np.bool_)):
        check_count("verbose", settings["verbose"], " or True or False", least=0)
    if settings["scoring"] not in (None, "loss"):
        raise InputError(f"scoring must be None (the estimator's score) or 'loss', got {settings['scoring']!r}")
    if settings["batch_size"] != "auto":
        check_count("batch_size", settings["batch_size"], " or 'auto'")
    randomness.check_random_state(settings["random_state"])
    _check_batches(settings)


def _check_number(name: str, value: Any, low: float, high: float, with_low: bool, with_high: bool) -> None:
    inside = _is_number(value) and low <= value <= high
    if not inside or (value == low and not with_low) or (value == high and not with_high):
        interval = f"{'[' if with_low else '('}{low}, {high}{']' if with_high else ')'}"
        raise InputError(f"{name} must be a number in {interval}, got {value!r}")


def _check_batches(settings: Mapping[str, Any]) -> None:
    """Raise `InputError` for what needs batches, or larger ones, than the solver takes."""
    by_batch = settings["normalization"] == "batch"
    if settings["solver"] == "lbfgs" and (by_batch or np.any(settings["dropout"])):
        raise InputError(
            "solver='lbfgs' minimises one function of all examples, which dropout and normalization='batch' have not; "
            "choose a solver of batches such as 'adam'"
        )
    if settings["solver"] == "lbfgs" and settings["record"] is not None:
        raise InputError(
            f"record={settings['record']!r} measures steps on batches, which solver='lbfgs' does not take; "
            "choose another such as 'adam', or record=None"
        )
    if by_batch and settings["batch_size"] == 1:
        raise InputError(
            "normalization='batch' leaves nothing of batches of one example, got batch_size=1; "
            "choose larger batches or normalization='layer'"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def check_choice(name: str, value: Any, choices: Iterable[str | None]) -> None:
    """Raise `InputError` unless `value` is among the choices."""
    choices = tuple(choices)
    if not isinstance(value, str | None) or value not in choices:
        raise InputError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def check_count(name: str, value: Any, ending: str = "", least: int = 1) -> int:
    """The value as an int; raises `InputError` unless it is a whole number from `least` on."""
    if not isinstance(value, Integral) or isinstance(value, (bool, np.bool_)) or value < least:
        raise InputError(f"{name} must be a whole number from {least} on{ending}, got {value!r}")
    return int(value)


def shares(name: str, values: Sequence[Any]) -> None:
    """Raise `InputError` unless all values are numbers from 0 on and below 1."""
    for value in values:
        _check_number(name, value, 0, 1, True, False)


def check_in_memory(X: Any) -> None:
    """Raise `InputError` for the path of a file."""
    if isinstance(X, (str, os.PathLike)):
        raise InputError(f"X must be an array or a table of examples, got the path {str(X)!r}; only fit reads files")


def example_weights(sample_weight: Any, X: np.ndarray) -> np.ndarray | None:
    """The weights of the examples `X` in their dtype, None for none; raises for what cannot weigh."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, X, dtype=X.dtype)
    if (weights < 0).any():
        place = int(np.argmax(weights < 0))
        raise InputError(f"sample_weight must not be negative, got {weights[place]} at position {place}")
    return weights


def batch_rows(batch_size: int | str, examples: int) -> int:
    """The examples of a batch: as many as asked for, or 200 for "auto", and never more than there are.

    >>> batch_rows("auto", 1000), batch_rows("auto", 150), batch_rows(32, 150)
    (200, 150, 32)
    """
    return min(AUTO_BATCH if batch_size == "auto" else int(batch_size), examples)


def hidden_sizes(hidden_layer_sizes: Any) -> tuple[int, ...]:
    """The widths of the hidden layers, given as one number or a sequence of them.

    >>> hidden_sizes(16), hidden_sizes([64, 32]), hidden_sizes(())
    ((16,), (64, 32), ())
    """
    several = np.iterable(hidden_layer_sizes) and not isinstance(hidden_layer_sizes, str)
    sizes = hidden_layer_sizes if several else (hidden_layer_sizes,)
    return tuple(check_count("hidden_layer_sizes", size, " for each layer") for size in sizes)


def hidden_activation(
    name: Any, parameters: Mapping[str, Any] | None, hidden: bool = True
) -> tuple[Any, dict[str, float]]:
    """The record of a hidden layers' activation and its parameters; raises `InputError` where it cannot serve."""
    _check_definition("activation", name, "activation")
    record = nl.get(name)
    if record.kind != "elementwise":
        raise InputError(
            f"activation {record.name!r} works on {'whole rows' if record.kind == 'row' else 'two halves of a row'}, "
            "not on single units; choose an elementwise one such as 'relu' for the hidden layers"
        )
    if not record.derivative_formula:
        raise InputError(f"activation {record.name!r} has no derivative; define it with @{record.name}.derivative")
    if hidden and not record.trainable:
        raise InputError(
            f"activation {record.name!r} cannot learn: its gradient is zero everywhere, so no error passes back "
            "through a hidden layer; choose a smooth relative such as 'sigmoid'"
        )
    return record, _checked_parameters(record, "activation_parameters", parameters)


def _check_definition(argument: str, value: Any, decorator: str) -> None:
    """Raise `InputError` for what is neither a name nor a record, such as a plain function."""
    if not isinstance(value, (str, Definition)):
        raise InputError(
            f"{argument} must be a name or a record, got {value!r}; "
            f"a function of yours becomes a record with @nonlin.{decorator}"
        )


def training_loss(
    name: Any, parameters: Mapping[str, Any] | None, task: str, default: str
) -> tuple[Any, dict[str, float]]:
    """The record of a loss that can train `task`, "classification" or "regression", and its parameters.

    Raises `InputError` for a loss that cannot.
    """
    if isinstance(name, (tuple, list, int)):
        raise InputError(
            f"loss must be the name of a loss or a record, got {name!r}; scikit-learn's regressor takes the loss first "
            f"too: write hidden_layer_sizes={name!r}"
        )
    name = default if name is None else name
    _check_definition("loss", name, "loss_definition")
    record = nl.get_loss(name)
    reason = _unfit(record, task)
    if reason:
        fitting = [other for other in nl.losses() if not _unfit(nl.get_loss(other), task)]
        raise InputError(f"loss {record.name!r} {reason}; choose one of {', '.join(map(repr, fitting))}")
    return record, _checked_parameters(record, "loss_parameters", parameters)


def _unfit(loss: Any, task: str) -> str:
    """Why a loss cannot train a network for `task`; nothing where it can."""
    if not loss.has_gradient or loss.lipschitz == 0:
        return "is a metric: it has no gradient to learn from"
    if loss.kind not in _TRAINED or len(loss.inputs) - len(loss.optional) != 2:
        return f"takes {', '.join(loss.inputs)}, not predictions and targets"
    if task not in loss.tasks:
        return f"is for {' and '.join(loss.tasks)}, not for {task}" if loss.tasks else f"is not made for {task}"
    return ""


def check_numbers(loss: Any, y: np.ndarray, default: str) -> None:
    """Raise `InputError` where a regression loss is not defined for the targets `y`, naming the first offender."""
    if y.dtype.kind not in "biuf":
        raise InputError(f"y must hold numbers, got an array of {y.dtype}; for classes take MLPClassifier")
    check_domains(loss, {loss.inputs[1]: y})
    if loss.kind == "row" and (y.ndim == 1 or y.shape[1] == 1):
        raise InputError(
            f"loss {loss.name!r} compares rows of several numbers, but y has one for each example; "
            f"choose an elementwise one such as {default!r}"
        )


def _checked_parameters(record: Any, argument: str, parameters: Mapping[str, Any] | None) -> dict[str, float]:
    """All parameters of a record by name; raises `InputError` for what is no mapping of names to numbers."""
    if not isinstance(parameters, Mapping | None):
        raise InputError(f"{argument} must be a dictionary such as {{'name': 1.0}} or None, got {parameters!r}")
    for parameter, value in (parameters or {}).items():
        if not isinstance(value, Real):
            raise InputError(f"{argument}[{parameter!r}] must be a number, got {value!r}")
    return record.check_parameters({name: float(value) for name, value in (parameters or {}).items()})


def check_shapes(coefs: Any, intercepts: Any, sizes: tuple[int, ...]) -> None:
    """Raise `InputError` unless assigned weights and biases fit layers of these sizes."""
    expected = [*pairwise(sizes)]
    shapes = [np.shape(coef) for coef in coefs]
    if shapes != expected:
        raise InputError(
            f"coefs_ must have the shapes {expected} for these data and layers, got {shapes}; assign such ones, or fit "
            "anew with warm_start=False"
        )
    shapes = [np.shape(intercept) for intercept in intercepts]
    if shapes != [(width,) for width in sizes[1:]]:
        raise InputError(f"intercepts_ must have the lengths {list(sizes[1:])}, got the shapes {shapes}")
