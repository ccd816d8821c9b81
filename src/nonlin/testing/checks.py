"""Everything that a definition promises, checked against 50-digit arithmetic."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np

from ..definition import Activation, Elementwise, Gated, Loss, Row
from .facts import wrong_facts
from .reference import exact_values, numerical_derivative
from .rules import broken_rules
from .ulp import representative_points, ulp_error

VALUE_ULP = {"float32": 1.0, "float64": 2.0}


def check_activation(activation: Activation, *, points: int = 1000) -> None:
    """Hold an activation to its definition: source rules, derivative, facts, limits and accuracy.

    Parameters
    ----------
    activation : a record made with `@nonlin.activation`
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
    check_rules(activation)
    if isinstance(activation, Elementwise):
        check_derivative(activation)
        problems = wrong_facts(activation)
        assert not problems, f"{activation.name}: {'; '.join(problems)}"
    for dtype, limit in VALUE_ULP.items():
        for part, error, where in accuracy(activation, dtype, points):
            assert error <= limit, f"{activation.name} {part} in {dtype} is {error:.3g} ULP off at {where}"


def check_loss(loss: Loss, *, points: int = 1000) -> None:
    """Hold a loss to its definition: source rules and the accuracy of value and gradient.

    Raises
    ------
    AssertionError
        Naming the worst input and what was expected there.

    Examples
    --------
    >>> import nonlin as nl
    >>> check_loss(nl.loss.mse, points=200)
    """
    check_rules(loss)
    for dtype, limit in VALUE_ULP.items():
        for part, error, where in loss_accuracy(loss, dtype, points):
            assert error <= limit, f"{loss.name} {part} in {dtype} is {error:.3g} ULP off at {where}"


def check_rules(definition: Activation | Loss) -> None:
    """Every formula of the definition is straight-line code over the primitives."""
    for part, function in definition._formulas.items():
        broken = broken_rules(function)
        assert not broken, f"{definition.name} ({part}): {'; '.join(broken)}"


def check_derivative(activation: Elementwise) -> None:
    """The derivative's formula agrees with differences of the definition to 1e-40, away from kinks."""
    for x in (-37.25, -8.5, -2.125, -1.0, -0.375, -1e-6, 1e-6, 0.375, 1.0, 2.125, 8.5, 37.25):
        if any(abs(x - kink) < 1e-9 for kink in activation.kinks):
            continue
        expected = numerical_derivative(activation, x)
        formula = exact_values(activation, "derivative", x).item()
        error = abs(formula - expected) / max(abs(expected), mpmath.mpf(10) ** -30)
        assert error < 1e-40, (
            f"the derivative of {activation.name} at {x} is {mpmath.nstr(expected, 20)} by differences, "
            f"but its formula gives {mpmath.nstr(formula, 20)}"
        )


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
        return np.eye(predictions.shape[-1], dtype=predictions.dtype)[random.integers(0, 10, len(predictions))]
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
