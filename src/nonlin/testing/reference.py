"""Definitions in 50-digit arithmetic: the backend that every other one is measured against."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..definition import Definition
from ..definition.constants import DIGITS
from ..definition.expression import Expression, evaluate, nodes_of

try:
    import mpmath
    from mpmath import mp
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("nonlin.testing needs mpmath: pip install 'nonlin[test]'") from missing

_DIGITS = (60, 75, 300, 1000)  # a little more than the 50 that are claimed, and what a formula that cancels may need


def _elementwise(function: Callable[..., Any], arity: int = 1) -> Callable[..., Any]:
    return np.frompyfunc(function, arity, 1)


def _erfcx(x: Any) -> Any:
    return mpmath.exp(x * x) * mpmath.erfc(x) if abs(x) < 1e4 else _erfcx_far(x)


def _erfcx_far(x: Any) -> Any:
    """The asymptotic series, exact to 60 digits beyond 10,000."""
    total = term = mpmath.mpf(1)
    for k in range(1, 12):
        term *= -(2 * k - 1) / (2 * x * x)
        total += term
    return total / (x * mpmath.sqrt(mpmath.pi))


def _erfc(x: Any) -> Any:
    return mpmath.exp(-x * x) * _erfcx(x) if x > 1e4 else mpmath.erfc(x)


def _divide(x: Any, y: Any) -> Any:
    """As IEEE 754 has it: a number divided by 0 is infinite."""
    if y != 0:
        return x / y
    return mpmath.nan if x == 0 or mpmath.isnan(x) else mpmath.sign(x) * mpmath.inf


def _log(x: Any) -> Any:
    return mpmath.log(x) if x >= 0 else mpmath.nan


def _number(value: Any) -> Any:
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value)


def _first_largest(x: np.ndarray) -> np.ndarray:
    mask = np.zeros(x.shape, object)
    np.put_along_axis(mask, np.argmax(x, axis=-1, keepdims=True), True, axis=-1)
    return mask


def _row_threshold(x: np.ndarray, power: Any) -> np.ndarray:
    """Newton's steps from the left: the sum is convex and falls, so that they never pass the root."""
    p, found = np.ravel(power)[0], []
    for row in x.reshape(-1, x.shape[-1]):
        t, step = max(row) - 1, mpmath.mpf(1)
        while step > mpmath.eps * 4 * (1 + abs(t)):
            above = [z - t for z in row if z > t]
            slope = p * mpmath.fsum(d ** (p - 1) for d in above)
            step = (mpmath.fsum(d**p for d in above) - 1) / slope
            t += max(step, 0)
        found.append(t)
    return np.array(found, object).reshape(*x.shape[:-1], 1)


TABLE: dict[str, Callable[..., Any]] = {
    "number": _number,
    "constant": lambda name: mpmath.mpf(DIGITS[name]),
    "add": _elementwise(operator.add, 2),
    "subtract": _elementwise(operator.sub, 2),
    "multiply": _elementwise(operator.mul, 2),
    "divide": _elementwise(_divide, 2),
    "negative": _elementwise(operator.neg),
    "abs": _elementwise(abs),
    "less": _elementwise(operator.lt, 2),
    "less_equal": _elementwise(operator.le, 2),
    "exp": _elementwise(mpmath.exp),
    "expm1": _elementwise(mpmath.expm1),
    "log": _elementwise(_log),
    "log1p": _elementwise(lambda x: mpmath.log1p(x) if x > -1 else _log(1 + x)),
    "tanh": _elementwise(mpmath.tanh),
    "sin": _elementwise(mpmath.sin),
    "cos": _elementwise(mpmath.cos),
    "arctan": _elementwise(mpmath.atan),
    "erf": _elementwise(mpmath.erf),
    "erfc": _elementwise(_erfc),
    "erfcx": _elementwise(_erfcx),
    "sqrt": _elementwise(lambda x: mpmath.sqrt(x) if x >= 0 else mpmath.nan),
    "sign": _elementwise(mpmath.sign),
    "maximum": _elementwise(max, 2),
    "minimum": _elementwise(min, 2),
    "where": _elementwise(lambda condition, a, b: a if condition else b, 3),
    "row_max": lambda x: np.max(x, axis=-1, keepdims=True),
    "row_sum": lambda x: np.sum(x, axis=-1, keepdims=True),
    "is_row_argmax": _first_largest,
    "row_threshold": _row_threshold,
}


def to_exact(x: Any) -> np.ndarray:
    """Floats, or numbers of mpmath, as an object array of the same numbers in 60-digit arithmetic."""
    return _elementwise(lambda v: v if isinstance(v, mpmath.mpf) else mpmath.mpf(float(v)))(np.asarray(x, object))


def exact_values(record: Definition, part: str, *inputs: Any, parameters: Mapping[str, float] | None = None) -> Any:
    """A part of a definition ("definition", "derivative", ...) at the given floats, to 60 digits.

    Returns an object array of mpmath numbers, or a tuple of them for a part with several results. Rows lie along
    the last axis.

    >>> import nonlin as nl
    >>> print(mpmath.nstr(exact_values(nl.sigmoid, "definition", 17.0).item(), 15))
    0.999999958600625
    >>> [mpmath.nstr(p, 5) for p in exact_values(nl.softmax, "definition", [0.0, 0.0])]
    ['0.5', '0.5']
    """
    numbers = record.check_parameters(dict(parameters or {}))
    names, outputs = record.inputs_of(part), record.expressions(part)
    row = any(node.operation.startswith(("row_", "is_row_")) for node in nodes_of(outputs))
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(x, dtype=object)) for x in inputs))
    shape_of_result = np.broadcast_shapes(*(np.shape(x) for x in inputs))
    single = row and arrays[0].ndim == 1
    if single:
        arrays = [x[np.newaxis] for x in arrays]

    def at(digits: int, chosen: Any = ...) -> list[np.ndarray]:
        with mp.workdps(digits):
            values: dict[str, Any] = {name: to_exact(x[chosen]) for name, x in zip(names, arrays, strict=True)}
            values |= {name: mpmath.mpf(value) for name, value in numbers.items()}
            shape = arrays[0][chosen].shape
            results = evaluate(outputs, TABLE, values)
            return [np.array(r, object) if np.shape(r) else np.full(shape, r, object) for r in results]

    found = at(_DIGITS[0])
    doubtful = settled = np.ones(arrays[0].shape[:-1] if row else arrays[0].shape, bool)
    for digits in _DIGITS[1:]:  # a textbook formula may cancel: more digits, until they no longer matter
        if digits == _DIGITS[2]:
            doubtful = doubtful & ~_flat(found, doubtful & settled, at)
        better = at(digits, doubtful)
        wrong = [_differ(old[doubtful], new) for old, new in zip(found, better, strict=True)]
        other_than_zero = [w & ~np.equal(new, 0).astype(bool) for w, new in zip(wrong, better, strict=True)]
        for old, new in zip(found, better, strict=True):
            old[doubtful] = new
        settled = _within(doubtful, ~_anywhere(other_than_zero, row))
        doubtful = _within(doubtful, _anywhere(wrong, row))
        if not doubtful.any():
            break
    if not row:
        found = [result.reshape(shape_of_result) for result in found]
    if single:
        found = [result[0] for result in found]
    return tuple(found) if len(found) > 1 else found[0]


def _anywhere(masks: list[np.ndarray], row: bool) -> np.ndarray:
    """Where any of the masks holds, for a row in any of its entries."""
    return np.logical_or.reduce([mask.any(axis=-1) if row else mask for mask in masks])


_PROBES = 16


def _flat(found: list[np.ndarray], zero: np.ndarray, at: Callable[[int, Any], list[np.ndarray]]) -> np.ndarray:
    """Where a formula is zero for good, as relu is: judged with all digits, at some of the places that seem so.

    Zeros that come from cancellation lie in tails: far out, or all around a point, where the probes lie too.
    """
    places = np.flatnonzero(zero)
    probes = np.zeros(zero.shape, bool)
    probes.flat[places[np.linspace(0, places.size - 1, min(places.size, _PROBES)).astype(int)]] = True
    if places.size <= _PROBES:
        return np.zeros(zero.shape, bool)
    stay = [
        np.equal(old[probes], 0) == np.equal(new, 0) for old, new in zip(found, at(_DIGITS[-1], probes), strict=True)
    ]
    return zero if all(np.all(part) for part in stay) else np.zeros(zero.shape, bool)


_NEGLIGIBLE = mpmath.mpf(10) ** -10_000


def _differ(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Where two results disagree by 1e-50, or are both zero, which may be cancellation.

    Numbers far below every format, such as exp(-1e600), are left as they are: more digits would be wasted on them.
    """

    def test(a: Any, b: Any) -> bool:
        if 0 < abs(a) < _NEGLIGIBLE and 0 < abs(b) < _NEGLIGIBLE:
            return False
        return bool(abs(a - b) > abs(b) * mpmath.mpf(10) ** -50 or (a == 0 and b == 0))

    return np.asarray(np.frompyfunc(test, 2, 1)(old, new), bool)


def _within(mask: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The places of a mask that are chosen among those that it holds."""
    narrowed = mask.copy()
    narrowed[mask] = chosen
    return narrowed


_STEP = mpmath.mpf(10) ** -30  # the five-point formula is then right to about 100 digits


def _slope(at: Callable[[Any], np.ndarray]) -> np.ndarray:
    """The derivative of a function at 0 by the five-point formula."""
    near, far = (at(k * _STEP) - at(-k * _STEP) for k in (1, 2))
    return (8 * near - far) / (12 * _STEP)


def numerical_gradient(
    record: Definition,
    argument: int,
    *inputs: Any,
    weights: Any = 1,
    parameters: Mapping[str, float] | None = None,
) -> np.ndarray:
    """The gradient of sum(weights * definition) with respect to one argument, by differences in 160-digit arithmetic.

    The last axis is a row for a row function; other functions are taken entry by entry.

    >>> import nonlin as nl
    >>> print(mpmath.nstr(numerical_gradient(nl.silu, 0, [0.0, 1.0])[1], 15))
    0.927670511871487
    """
    at = _moved(record, "definition", argument, inputs, parameters)
    weights = to_exact(np.asarray(weights, dtype=object))

    def total(shift: np.ndarray) -> np.ndarray:
        terms = weights * at(shift)
        return np.sum(terms, axis=-1) if record.reduces else terms

    with mp.workdps(160):
        slopes = [_slope(lambda step, d=d: total(step * d)) for d in _directions(record, inputs[argument])]
        return np.stack(slopes, axis=-1) if record.reduces else slopes[0]


def one_sided_slopes(
    record: Definition, *inputs: Any, parameters: Mapping[str, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The slopes of a loss in the entries of its first input, below and above, in 160-digit arithmetic.

    >>> import nonlin as nl
    >>> [float(slope.item()) for slope in one_sided_slopes(nl.loss.mae, [1.0], [1.0])]
    [-1.0, 1.0]
    """
    at = _moved(record, "definition", 0, inputs, parameters)
    with mp.workdps(160):
        directions = _directions(record, inputs[0])
        step = mpmath.mpf(10) ** -40
        here = at(0 * directions[0])
        sides = [[(at(side * step * d) - here) / (side * step) for d in directions] for side in (-1, 1)]
        below, above = (np.concatenate(slopes, axis=-1) if record.reduces else slopes[0] for slopes in sides)
    return below, above


def numerical_hessian_diagonal(
    record: Definition, *inputs: Any, parameters: Mapping[str, float] | None = None
) -> np.ndarray:
    """The derivative of each entry of a loss's gradient in the same entry of its first input, as above.

    >>> import nonlin as nl
    >>> print(mpmath.nstr(numerical_hessian_diagonal(nl.loss.mse, [3.0], [1.0]).item(), 15))
    2.0
    """
    at = _moved(record, "gradient", 0, inputs, parameters)
    with mp.workdps(160):
        slopes = [d * _slope(lambda step, d=d: at(step * d)) for d in _directions(record, inputs[0])]
        return np.sum(slopes, axis=0)


def _moved(
    record: Definition, part: str, argument: int, inputs: Sequence[Any], parameters: Mapping[str, float] | None
) -> Callable[[np.ndarray], np.ndarray]:
    """A part of a definition as a function of what is added to one of its inputs."""
    output = record.expressions(part)[:1]
    numbers = {name: mpmath.mpf(value) for name, value in record.check_parameters(dict(parameters or {})).items()}
    arrays = [to_exact(np.atleast_1d(np.asarray(x, dtype=object))) for x in inputs]

    def at(shift: np.ndarray) -> np.ndarray:
        moved = [x + shift if place == argument else x for place, x in enumerate(arrays)]
        values = {**numbers, **dict(zip(record.inputs_of(part), moved, strict=True))}
        found = np.asarray(evaluate(output, TABLE, values)[0], object)
        return found if found.ndim else np.full(moved[0].shape, found)

    return at


def _directions(record: Definition, x: Any) -> list[np.ndarray]:
    """Every entry of a row on its own, or all numbers at once where they do not depend on each other."""
    length = np.shape(np.atleast_1d(x))[-1]
    return [to_exact(row) for row in (np.eye(length) if record.reduces else np.ones((1, length)))]


def numerical_derivatives(record: Definition, x: Any, *, parameter: str = "") -> list[np.ndarray]:
    """The derivative of each result of a definition, in x or in a parameter, by differences in 160-digit arithmetic.

    >>> import nonlin as nl
    >>> print(mpmath.nstr(numerical_derivatives(nl.elu, [-1.0], parameter="alpha")[0].item(), 15))
    -0.632120558828558
    """
    outputs = record.expressions("definition")
    numbers = {name: mpmath.mpf(known.default) for name, known in record.parameters.items()}
    name = parameter or record.inputs[0]

    def at(shift: Any, output: Expression) -> np.ndarray:
        values = {**numbers, record.inputs[0]: to_exact(np.atleast_1d(np.asarray(x, dtype=object)))}
        values[name] = values[name] + shift
        return np.asarray(evaluate((output,), TABLE, values)[0], object)

    with mp.workdps(160):
        return [_slope(lambda step, output=output: at(step, output)) for output in outputs]
