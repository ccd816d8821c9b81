"""Everything that a definition promises, checked against 50-digit arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from ..definition import Activation, Elementwise, Gated, Loss, Row, registry
from .facts import wrong_facts
from .reference import exact_values, numerical_gradient
from .rules import broken_rules
from .ulp import representative_points, ulp_error

VALUE_ULP = {"float32": 1.0, "float64": 2.0}


def check_activation(activation: Activation | str, *, points: int = 1000) -> None:
    """Hold an activation to its definition: source rules, derivative, facts, limits and accuracy.

    Parameters
    ----------
    activation : a record made with `@nonlin.activation`, or its name
    points : about how many inputs the accuracy is measured at, for each dtype

    Raises
    ------
    AssertionError
        Naming the worst input and what was expected there.

    Examples
    --------
    >>> import nonlin as nl
    >>> check_activation(nl.silu, points=200)
    """
    record: Any = registry.activations.get(activation)
    check_rules(record)
    check_derivative(record)
    if isinstance(record, Elementwise):
        problems = wrong_facts(record)
        _require(not problems, f"{record.name}: {'; '.join(problems)}")
    _check_accuracy(record.name, lambda dtype: accuracy(record, dtype, points))


def check_loss(loss: Loss | str, *, points: int = 1000) -> None:
    """Hold a loss to its definition: source rules, gradient, and the accuracy of both.

    Parameters
    ----------
    loss : a record made with `@nonlin.loss_definition`, or its name
    points : about how many inputs the accuracy is measured at, for each dtype

    Raises
    ------
    AssertionError
        Naming the worst input and what was expected there.

    Examples
    --------
    >>> import nonlin as nl
    >>> check_loss(nl.loss.mse, points=200)
    """
    record: Any = registry.losses.get(loss)
    check_rules(record)
    check_derivative(record)
    _check_accuracy(record.name, lambda dtype: loss_accuracy(record, dtype, points))


def _require(holds: Any, message: str) -> None:
    """An assertion that `python -O` does not remove."""
    if not holds:
        raise AssertionError(message)


def _check_accuracy(name: str, measured: Callable[[str], list[tuple[str, float, str]]]) -> None:
    for dtype, limit in VALUE_ULP.items():
        for part, error, where in measured(dtype):
            _require(error <= limit, f"{name} {part} in {dtype} is {error:.3g} ULP off at {where}")


def check_rules(definition: Activation | Loss) -> None:
    """Every formula of the definition is straight-line code over the primitives."""
    for part, function in definition._formulas.items():
        broken = broken_rules(function)
        _require(not broken, f"{definition.name} ({part}): {'; '.join(broken)}")


_PARTS = {"elementwise": "derivative", "row": "vjp", "gated": "derivative"}


def check_derivative(definition: Activation | Loss) -> None:
    """The formula of the derivative agrees with differences of the definition to 1e-40, on both sides of every kink.

    For a gated function these are both partial derivatives, for a row function its vector-Jacobian product.
    """
    part = "gradient" if isinstance(definition, Loss) else _PARTS[definition.kind]
    _require(part in definition._formulas, f"{definition.name} has no {part}: define it with @{definition.name}.{part}")
    inputs, weights = _differentiated_at(definition)
    given = (*inputs, weights) if part == "vjp" else inputs
    formulas = exact_values(definition, part, *given)
    formulas = formulas if isinstance(formulas, tuple) else (formulas,)
    for argument, formula in enumerate(formulas):
        expected = numerical_gradient(definition, argument, *inputs, weights=weights)
        errors = np.abs(formula - expected) / np.maximum(np.abs(expected), mpmath.mpf(10) ** -30)
        at = np.unravel_index(int(np.argmax(errors)), errors.shape)
        _require(
            errors[at] < 1e-40,
            f"the {part} of {definition.name} at {', '.join(str(x[at]) for x in inputs)} is "
            f"{mpmath.nstr(expected[at], 20)} by differences, but its formula gives {mpmath.nstr(formula[at], 20)}",
        )


def _differentiated_at(definition: Activation | Loss) -> tuple[list[np.ndarray], Any]:
    """Inputs at which to differentiate, and the weights of the results."""
    random = np.random.default_rng(9)
    if isinstance(definition, Elementwise):
        beside = [kink + side * 2.0**-k for kink in definition.kinks for side in (-1, 1) for k in range(1, 20, 3)]
        spread = random.uniform(-1, 1, 100) * np.repeat([0.01, 3.0, 10.0, 40.0], 25)
        return [np.array([*spread, *beside])], 1
    rows = 3 * random.standard_normal((3, 4))
    if isinstance(definition, Loss):
        return [rows, _targets(definition, rows)], 1
    if isinstance(definition, Row):
        return [rows], random.standard_normal((3, 4))
    return [rows, random.standard_normal((3, 4))], 1


def accuracy(activation: Activation, dtype: str, points: int = 1000) -> list[tuple[str, float, str]]:
    """The largest error of each part in ULP, with the input where it occurs."""
    if isinstance(activation, Elementwise):
        x = representative_points(dtype, points)
        return [
            _worst("value", activation(x), exact_values(activation, "definition", x), x),
            _worst("derivative", activation.derivative(x), exact_values(activation, "derivative", x), x),
        ]
    rows = _rows(dtype, points // 50)
    if isinstance(activation, Row):
        cotangent = np.roll(rows, 1, axis=0) / 64
        value = _worst("value", activation(rows), exact_values(activation, "definition", rows), rows)
        exact = exact_values(activation, "vjp", rows, cotangent)
        return [value, _worst_scaled("vjp", activation.vjp(rows, cotangent), exact, cotangent, rows)]
    assert isinstance(activation, Gated)
    gate, other = np.split(rows, 2, axis=-1)
    exact = np.concatenate(exact_values(activation, "derivative", gate, other), axis=-1)
    return [
        _worst("value", activation(rows), exact_values(activation, "definition", gate, other), gate),
        _worst("derivative", activation.derivative(rows), exact, rows),
    ]


def loss_accuracy(loss: Loss, dtype: str, points: int = 1000) -> list[tuple[str, float, str]]:
    """The largest error of value and gradient of the unreduced loss in ULP, with the input where it occurs."""
    predictions = _rows(dtype, points // 50)
    targets = _targets(loss, predictions)
    value = loss(predictions, targets, reduction="none")
    gradient = loss.gradient(predictions, targets, reduction="none")
    truth = exact_values(loss, "definition", predictions, targets)
    if loss.kind == "row":
        truth = truth[..., 0]
    return [
        _worst("value", value, truth, np.arange(value.size).reshape(value.shape)),
        _worst("gradient", gradient, exact_values(loss, "gradient", predictions, targets), predictions),
    ]


def _rows(dtype: str, count: int) -> np.ndarray:
    """Rows of ten numbers with margins from tiny to beyond where exp underflows."""
    random = np.random.default_rng(7)
    scales = 2.0 ** random.uniform(-20, 7, (max(count, 8), 1))
    return (scales * random.standard_normal((scales.size, 10))).astype(dtype)


def _targets(loss: Loss, predictions: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(8)
    if loss.kind == "row":
        classes = predictions.shape[-1]
        targets = np.eye(classes, dtype=predictions.dtype)[random.integers(0, classes, len(predictions))]
        targets[::3] = [0.5 ** min(k, classes - 1) for k in range(1, classes + 1)]  # soft, with a sum of exactly 1
        return targets
    if loss.domain == "probability":
        return random.integers(0, 2, predictions.shape).astype(predictions.dtype)
    return np.roll(predictions, 1, axis=-1)


def _worst(part: str, got: Any, exact: Any, x: np.ndarray) -> tuple[str, float, str]:
    errors = ulp_error(got, exact)
    at = np.unravel_index(int(np.argmax(errors)), errors.shape)
    truth = str(mpmath.nstr(exact[at], 20))
    where = f"{x[at]!r}: got {got[at]!r}, exactly {truth if len(truth) < 40 else 'too small for a float'}"
    return part, float(errors[at]), where


def _worst_scaled(part: str, got: Any, exact: Any, cotangent: np.ndarray, x: np.ndarray) -> tuple[str, float, str]:
    """The error of a vector-Jacobian product in ULP of the result or of the largest cotangent: its sums may cancel."""
    largest = np.max(np.abs(cotangent), axis=-1, keepdims=True)
    unit = np.spacing(np.maximum(largest, np.abs(exact).astype(cotangent.dtype))).astype(float)
    errors = np.asarray(np.abs(got.astype(object) - exact), float) / unit
    at = np.unravel_index(int(np.argmax(errors)), errors.shape)
    return part, float(errors[at]) if math.isfinite(errors[at]) else math.inf, f"row {x[at[:-1]]!r}, entry {at[-1]}"
