"""Everything that a definition promises, checked against 50-digit arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from ..definition import Activation, Concatenated, Definition, Elementwise, Gated, Pooled, Row, registry
from ..signature import learnable_names
from .facts import wrong_facts
from .reference import exact_values, numerical_derivatives, numerical_gradient
from .rules import broken_rules
from .ulp import representative_points, ulp_error

LIMITS = {"float32": (1.0, 1.0), "float64": (2.0, 4.0)}  # ULP of a value, and of a derivative


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
        require(not problems, f"{record.name}: {'; '.join(problems)}")
    for dtype, limits in LIMITS.items():
        for part, error, where in accuracy(record, dtype, points):
            limit = limits[part != "value"]
            require(error <= limit, f"{record.name} {part} in {dtype} is {error:.3g} ULP off at {where}")


def require(holds: Any, message: str) -> None:
    """An assertion that `python -O` does not remove."""
    if not holds:
        raise AssertionError(message)


def check_rules(definition: Definition) -> None:
    """Every formula of the definition is straight-line code over the primitives."""
    for part, function in definition._formulas.items():
        broken = broken_rules(function)
        require(not broken, f"{definition.name} ({part}): {'; '.join(broken)}")


def learnable_parts(activation: Activation) -> list[str]:
    """The parts that are derivatives with respect to learnable parameters."""
    return [f"derivative_{name}" for name in learnable_names(activation)]


def check_derivative(definition: Activation) -> None:
    """The formula of the derivative agrees with differences of the definition to 1e-40, on both sides of every kink.

    For a gated function these are both partial derivatives, for a row function its vector-Jacobian product, for a
    function with learnable parameters the derivatives with respect to them too.
    """
    part = "vjp" if isinstance(definition, Row) else "derivative"
    require(part in definition._formulas, f"{definition.name} has no {part}: define it with @{definition.name}.{part}")
    inputs, weights = _differentiated_at(definition)
    given = (*inputs, weights) if part == "vjp" else inputs
    formulas = exact_values(definition, part, *given)
    formulas = formulas if isinstance(formulas, tuple) else (formulas,)
    if isinstance(definition, Concatenated):
        differences = numerical_derivatives(definition, *inputs)
    else:
        differences = [numerical_gradient(definition, k, *inputs, weights=weights) for k in range(len(formulas))]
    for formula, expected in zip(formulas, differences, strict=True):
        require_agreement(definition, part, inputs, formula, expected)
    for part in learnable_parts(definition):
        require(part in definition._formulas, f"{definition.name} has no {part.replace('_', ' with respect to ', 1)}")
        expected = numerical_derivatives(definition, *inputs, parameter=part.removeprefix("derivative_"))[0]
        require_agreement(definition, part, inputs, exact_values(definition, part, *inputs), expected)


def require_agreement(
    definition: Definition, part: str, inputs: list[np.ndarray], formula: Any, expected: np.ndarray
) -> None:
    """A formula gives what differences give, to 1e-40."""
    errors = np.abs(formula - expected) / np.maximum(np.abs(expected), mpmath.mpf(10) ** -30)
    at = np.unravel_index(int(np.argmax(errors)), errors.shape)
    require(
        errors[at] < 1e-40,
        f"the {part} of {definition.name} at {', '.join(str(x[at]) for x in inputs)} is "
        f"{mpmath.nstr(expected[at], 20)} by differences, but its formula gives {mpmath.nstr(formula[at], 20)}",
    )


def _differentiated_at(definition: Activation) -> tuple[list[np.ndarray], Any]:
    """Inputs at which to differentiate, and the weights of the results."""
    random = np.random.default_rng(9)
    if isinstance(definition, Elementwise | Concatenated):
        beside = [kink + side * 2.0**-k for kink in definition.kinks for side in (-1, 1) for k in range(1, 20, 3)]
        spread = random.uniform(-1, 1, 100) * np.repeat([0.01, 3.0, 10.0, 40.0], 25)
        return [np.array([*spread, *beside])], 1
    rows = 3 * random.standard_normal((3, 4))
    if isinstance(definition, Row):
        weights = random.standard_normal((3, 1 if isinstance(definition, Pooled) else 4))
        return [rows, *_sample(definition, rows)], weights
    return [rows, random.standard_normal((3, 4))], 1


def accuracy(activation: Activation, dtype: str, points: int = 1000) -> list[tuple[str, float, str]]:
    """The largest error of each part in ULP, with the input where it occurs."""
    if isinstance(activation, Elementwise):
        return _elementwise_accuracy(activation, representative_points(dtype, points))
    if isinstance(activation, Concatenated):
        return _concatenated_accuracy(activation, representative_points(dtype, points))
    rows = _rows(dtype, points // 50)
    if isinstance(activation, Row):
        return _row_accuracy(activation, rows)
    assert isinstance(activation, Gated)
    in_order = slice(None) if activation.gate == "first" else slice(None, None, -1)
    gate, other = np.split(rows, 2, axis=-1)[in_order]
    slopes = np.concatenate(exact_values(activation, "derivative", gate, other)[in_order], axis=-1)
    values, lost = exact_values(activation, "definition", gate, other), _lost(other)
    both = np.concatenate([lost, lost], axis=-1)
    return [
        _worst("value", _forgiven(activation(rows), values, lost), values, gate),
        _worst("derivative", _forgiven(activation.derivative(rows), slopes, both), slopes, rows),
    ]


def _lost(other: np.ndarray) -> np.ndarray:
    """What a gate below the smallest normal number may cost: two of its units, times the other half."""
    return 2 * np.abs(other).astype(float) * np.finfo(float).smallest_subnormal


def _forgiven(got: np.ndarray, exact: np.ndarray, slack: np.ndarray) -> np.ndarray:
    return np.where(np.abs(got.astype(object) - exact) <= slack, exact.astype(got.dtype), got)


def _elementwise_accuracy(activation: Elementwise, x: np.ndarray) -> list[tuple[str, float, str]]:
    measured = [
        _worst("value", activation(x), exact_values(activation, "definition", x), x),
        _worst("derivative", activation.derivative(x), exact_values(activation, "derivative", x), x),
    ]
    for part in learnable_parts(activation):
        got = activation.derivative(x, with_respect_to=part.removeprefix("derivative_"))
        measured.append(_worst(part, got, exact_values(activation, part, x), x))
    return measured


def _concatenated_accuracy(activation: Concatenated, x: np.ndarray) -> list[tuple[str, float, str]]:
    column = x[:, np.newaxis]  # so that the results of a number come to lie in its row
    exact = [np.stack(exact_values(activation, part, x), axis=-1) for part in ("definition", "derivative")]
    numbers = np.broadcast_to(column, exact[0].shape)
    return [
        _worst("value", activation(column), exact[0], numbers),
        _worst("derivative", activation.derivative(column), exact[1], numbers),
    ]


def _row_accuracy(activation: Row, rows: np.ndarray) -> list[tuple[str, float, str]]:
    inputs, cotangent = [rows, *_sample(activation, rows)], np.roll(rows, 1, axis=0) / 64
    options: dict[str, Any] = {}
    if isinstance(activation, Pooled):
        cotangent, options = cotangent[:, :1], {"pieces": rows.shape[-1]}
    value = activation(*inputs, **options)
    shown = rows if value.shape == rows.shape else rows[:, :1]
    exact = exact_values(activation, "vjp", *inputs, cotangent)
    return [
        _worst("value", value, exact_values(activation, "definition", *inputs), shown),
        _worst_scaled("vjp", activation.vjp(*inputs, cotangent, **options), exact, cotangent, rows),
    ]


def _sample(activation: Row, rows: np.ndarray) -> list[np.ndarray]:
    """What a random function takes as its second argument."""
    if len(activation.inputs) == 1:
        return []
    return [np.random.default_rng(11).uniform(0.01, 0.99, rows.shape).astype(rows.dtype)]


def _rows(dtype: str, count: int) -> np.ndarray:
    """Rows of ten numbers with margins from tiny to beyond where exp underflows."""
    random = np.random.default_rng(7)
    scales = 2.0 ** random.uniform(-20, 7, (max(count, 8), 1))
    return (scales * random.standard_normal((scales.size, 10))).astype(dtype)


def _worst(part: str, got: Any, exact: Any, x: np.ndarray) -> tuple[str, float, str]:
    return worst(part, got, exact, lambda at: repr(x[at]))


def worst(part: str, got: Any, exact: Any, shown: Callable[[Any], str]) -> tuple[str, float, str]:
    """The largest error in ULP, and where it is: `shown` tells the inputs of a place."""
    errors = ulp_error(got, exact)
    at = np.unravel_index(int(np.argmax(errors)), errors.shape)
    truth = str(mpmath.nstr(exact[at], 20))
    where = f"{shown(at)}: got {got[at]!r}, exactly {truth if len(truth) < 40 else 'too small for a float'}"
    return part, float(errors[at]), where


def _worst_scaled(part: str, got: Any, exact: Any, cotangent: np.ndarray, x: np.ndarray) -> tuple[str, float, str]:
    """The error of a vector-Jacobian product in ULP of the result or of the largest cotangent: its sums may cancel."""
    largest = np.max(np.abs(cotangent), axis=-1, keepdims=True)
    unit = np.spacing(np.maximum(largest, np.abs(exact).astype(cotangent.dtype))).astype(float)
    errors = np.asarray(np.abs(got.astype(object) - exact), float) / unit
    at = np.unravel_index(int(np.argmax(errors)), errors.shape)
    return part, float(errors[at]) if math.isfinite(errors[at]) else math.inf, f"row {x[at[:-1]]!r}, entry {at[-1]}"
