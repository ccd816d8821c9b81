"""Up to where the fast form of a float32 loop keeps its promise, measured against the float64 loop.

An error bound by analysis would have to know each formula; a measurement takes a few milliseconds and holds for a
user's own formula too. It looks where things go wrong: in every binade, at zeros and infinities, and beside the roots
of the function, where what rounding left behind is all there is.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...definition import Parameter
from .fast_forms import LEAST_INPUT, FastForm

_FARTHEST = 6  # the fast form is tried up to inputs of 2**6, and then everywhere
_LEAST = 2  # and used if it holds at least up to 2**2: the usual inputs of a layer
_TOLERANCE = 0.85  # ULP of the fast form at the inputs that are tried, so that all stay below 1
_SAMPLE = 1500  # random inputs that are tried between two powers of two
_LINE = 600  # points of a line along which roots are looked for


_INSIDE: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # numbers of any kind made such as an input may hold
    "real": lambda x: x,
    "positive": lambda x: np.where(x == 0, np.float32(1), np.abs(x)),
    "non_negative": np.abs,
    "above_minus_one": lambda x: np.where(x <= -1, -1 / x, x),
    "nonzero": lambda x: np.where(x == 0, np.float32(1), x),
    "probability": lambda x: np.minimum(np.abs(x), 1 / np.abs(x)),
    "binary": lambda x: np.where(x > 0, np.float32(1), np.float32(0)),
    "sign": lambda x: np.copysign(np.float32(1), x),
}


class _Trial(NamedTuple):
    """Inputs and parameters to try, an array each, all of one length."""

    inputs: list[np.ndarray]
    numbers: list[np.ndarray]


def measure(
    function: np.ufunc,
    facts: ctypes.Array[ctypes.c_double],
    forms: Sequence[FastForm | None],
    domains: Sequence[str],
    parameters: Mapping[str, Parameter],
    *,
    zeros_have_signs: bool = True,
) -> None:
    """Write into the facts of a float32 loop how far each output's fast form holds, at parameters near their defaults.

    That is the largest power of two, infinity, or -1 where it is of no use. Without a bound no input is looked at, so
    that tiny ones must give the same bits as ever: of doubles no sample could tell. `domains` are those of the inputs.
    The sign of a zero counts, unless `zeros_have_signs` is false: that of a loss says nothing.
    """
    for place, known in enumerate(parameters.values()):
        facts[len(forms) + 2 * place], facts[len(forms) + 2 * place + 1] = near(known)
    for k, form in enumerate(forms):
        facts[k] = -1.0 if form is None else math.inf
    random, inputs = np.random.default_rng(0), len(domains)
    with np.errstate(all="ignore"):
        trials = [_random_points(random, inputs, parameters), *_extreme_points(random, inputs, parameters)]
        trials += _beside_roots(function, random, inputs, parameters)
        points = [np.concatenate(columns) for columns in zip(*(trial.inputs for trial in trials), strict=True)]
        points = [_INSIDE[domain](x) for domain, x in zip(domains, points, strict=True)]
        numbers = [np.concatenate(columns) for columns in zip(*(trial.numbers for trial in trials), strict=True)]
        results = function(*points, *numbers), function(*(x.astype(float) for x in points), *numbers)
        size = np.max(np.abs(points), axis=0)
        is_tiny = np.any([(np.abs(x) < LEAST_INPUT) & (x != 0) for x in points], axis=0)
        for k, (got, exact) in enumerate(zip(*map(_as_tuple, results), strict=True)):
            right = _is_right(got, exact, zeros_have_signs)
            tried = right | is_tiny
            reached = [2.0**step for step in range(_LEAST, _FARTHEST + 1) if tried[size <= 2.0**step].all()]
            to_the_bit = ~is_tiny | (got == exact.astype(np.float32)) | (np.isnan(got) & np.isnan(exact))
            form = forms[k]
            reached += [math.inf] if (right & to_the_bit).all() and form is not None and not form.may_cancel else []
            facts[k] = -1.0 if form is None else max(reached, default=-1.0)


def near(known: Parameter) -> tuple[float, float]:
    """A range of usual values of a parameter: from 0 to several times its default, and to 1 at least.

    Usual slopes of a leaky rectifier are 0.01, 0.2 and 0.3, whichever of them is the default.
    """
    reach = max(8 * abs(known.default), 1.0)
    ends = {-1: (-reach, 0.0), 0: (-8.0, 8.0), 1: (0.0, reach)}[int(np.sign(known.default))]
    low = max(known.low, ends[0])
    if math.isfinite(known.above):
        low = max(low, known.above + (known.default - known.above) / 8)
    return low, min(known.high, ends[1])


def _as_tuple(results: object) -> tuple[np.ndarray, ...]:
    return results if isinstance(results, tuple) else (results,)  # type: ignore[return-value]


def _random_points(random: np.random.Generator, inputs: int, parameters: Mapping[str, Parameter]) -> _Trial:
    """Inputs of all sizes, a tenth of them exactly 0, infinite ones and NaN."""
    usual = np.repeat([2.0**k for k in range(-6, _FARTHEST + 1)], _SAMPLE)
    size = np.concatenate([usual, 2.0 ** random.uniform(-149, 128, _SAMPLE), [math.inf, math.nan] * 8])
    points = []
    for _ in range(inputs):
        x = (size * random.uniform(-1, 1, size.size)).astype(np.float32)
        points.append(np.where(random.uniform(size=size.size) < 0.1, np.copysign(np.float32(0), x), x))
    return _Trial(points, _numbers(random, parameters, size.size))


def _extreme_points(random: np.random.Generator, inputs: int, parameters: Mapping[str, Parameter]) -> list[_Trial]:
    """Every pair of extreme inputs, at the defaults and at other parameters that a float holds exactly."""
    extreme = np.array([0.0, 1.0, 2.0**-149, 3e38, math.inf, math.nan], np.float32)
    extreme = np.concatenate([extreme, -extreme])
    points = [x.ravel() for x in np.meshgrid(*[extreme] * inputs)]
    trials = [_Trial(points, [np.full(points[0].size, known.default) for known in parameters.values()])]
    for _ in range(4 if parameters else 0):
        few_bits = [number.astype(np.float16).astype(float) for number in _numbers(random, parameters, 1)]
        trials.append(_Trial(points, [np.full(points[0].size, number) for number in few_bits]))
    return trials


def _numbers(random: np.random.Generator, parameters: Mapping[str, Parameter], count: int) -> list[np.ndarray]:
    """Values of each parameter near its default, and the default itself."""
    spread = [random.uniform(*near(known), count) for known in parameters.values()]
    is_default = random.uniform(size=count) < 0.2
    defaults = [known.default for known in parameters.values()]
    return [np.where(is_default, default, values) for default, values in zip(defaults, spread, strict=True)]


def _beside_roots(
    function: np.ufunc, random: np.random.Generator, inputs: int, parameters: Mapping[str, Parameter]
) -> list[_Trial]:
    """Points beside the places other than 0 where an output changes its sign, along some lines."""
    grid = np.unique(np.concatenate([np.linspace(-20, 20, _LINE), *(s * 2.0 ** np.arange(-40, 7.0) for s in (-1, 1))]))
    trials = []
    for line in range(1 if inputs == 1 and not parameters else 6):
        moved = line % inputs
        others = [np.full(1, random.normal()) for _ in range(inputs)]
        first = [np.full(1, known.default) for known in parameters.values()]
        numbers = _numbers(random, parameters, 1) if line else first

        def at(
            x: np.ndarray, others: list[np.ndarray] = others, moved: int = moved, numbers: list[np.ndarray] = numbers
        ) -> tuple[np.ndarray, ...]:
            arrays = [x if place == moved else other for place, other in enumerate(others)]
            return _as_tuple(function(*arrays, *numbers))

        for output in range(function.nout):
            roots = _roots(lambda x, output=output, at=at: at(x)[output], grid)
            steps = np.concatenate([[0.0], *(s * 2.0 ** np.arange(-26.0, -2, 0.25) for s in (-1, 1))])
            x = (roots[:, None] * (1 + steps)).ravel().astype(np.float32)
            arrays = [
                x if place == moved else np.full(x.shape, other, np.float32) for place, other in enumerate(others)
            ]
            trials.append(_Trial(arrays, [np.full(x.shape, number) for number in numbers]))
    return trials


def _roots(f: Callable[[np.ndarray], np.ndarray], grid: np.ndarray) -> np.ndarray:
    """The places between points of a grid where f changes its sign, by bisection."""
    signs = np.sign(f(grid))
    change = (signs[:-1] * signs[1:] < 0) & (grid[:-1] * grid[1:] > 0)
    low, high, sign = grid[:-1][change], grid[1:][change], signs[:-1][change]
    for _ in range(40 if low.size else 0):
        middle = (low + high) / 2
        same = np.sign(f(middle)) == sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return low


def _is_right(got: np.ndarray, exact: np.ndarray, zeros_have_signs: bool) -> np.ndarray:
    """Where a result is near enough to the exact one, or the same infinity, NaN or zero."""
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(float)
    rounded = exact.astype(np.float32)
    zero = (rounded == 0) & (got == 0)
    near_enough = np.abs(got - exact) <= _TOLERANCE * unit
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    same_zero = (np.signbit(got) == np.signbit(exact)) | (not zeros_have_signs)
    return np.where(zero, same_zero, near_enough | same)
