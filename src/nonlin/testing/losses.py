"""Everything that the definition of a loss promises, checked against 50-digit arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

from ..definition import Loss, registry
from ..errors import InputError
from .checks import check_rules, require, require_agreement, worst
from .loss_facts import wrong_loss_facts
from .loss_points import demanding_inputs, input_names, inputs_at_kinks, ordinary_inputs
from .reference import exact_values, numerical_gradient, numerical_hessian_diagonal, one_sided_slopes
from .roots import excused_beside_roots
from .summaries import summary_part

LIMITS = {"float32": (2.0, 2.0), "float64": (2.0, 4.0)}  # ULP of a value, and of a gradient or second derivative


def check_loss(loss: Loss | str, *, points: int = 1000) -> None:
    """Hold a loss to its definition: source rules, gradients, facts, and the accuracy of everything it computes.

    Values are held to the textbook formula in 50-digit arithmetic, gradients and the Hessian's diagonal to their own
    formulas, and these to differences of the textbook formula. Inputs are ordinary, tiny, huge, equal, nearly equal
    and the ends of their domains; parameters are at their defaults, at the ends of their ranges, and inside. Values
    may err by 2 units in the last place, gradients by 2 in float32 and 4 in float64; beside a root or a kink more, but
    less than a change of the inputs in the last place of the arithmetic makes (2^-52 and 2^-100 of them).

    Parameters
    ----------
    loss : a record made with `@nonlin.loss_definition`, or its name
    points : about how many inputs the accuracy is measured at, for each dtype; fewer for parameters beside the default

    Raises
    ------
    AssertionError
        Naming the worst input and what was expected there.
    InputError
        For a loss without a formula, such as one that aligns sequences.

    Examples
    --------
    >>> import nonlin as nl
    >>> check_loss(nl.loss.mse, points=200)
    """
    record: Any = registry.losses.get(loss)
    if record.kind == "algorithm":
        raise InputError(f"{record.name} is an algorithm: there is no formula to hold it to")
    check_rules(record)
    for parameters in parameter_settings(record):
        check_gradients(record, parameters)
        check_kinks(record, parameters)
    problems = wrong_loss_facts(record)
    require(not problems, f"{record.name}: {'; '.join(problems)}")
    for dtype, limits in LIMITS.items():
        for parameters in parameter_settings(record):
            _check_accuracy(record, dtype, limits, points // (4 if parameters else 1), parameters)


def _check_accuracy(loss: Loss, dtype: str, limits: tuple[float, float], points: int, parameters: Any) -> None:
    for part, error, where in loss_accuracy(loss, dtype, points, parameters=parameters):
        asked = f"{loss.name} {part} in {dtype}{_described(parameters)}"
        require(error <= limits[part != "value"], f"{asked} is {error:.3g} ULP off at {where}")


def _described(parameters: dict[str, float]) -> str:
    return "".join(f", {name}={value:g}" for name, value in parameters.items())


def parameter_settings(loss: Loss) -> Iterator[dict[str, float]]:
    """The defaults, all parameters inside their ranges at once, and each at each end of its range."""
    yield {}
    inside = {name: _inside(known) for name, known in loss.parameters.items()}
    for name, known in loss.parameters.items():
        if known.up_to:
            inside[name] = min(inside[name], inside.get(known.up_to, math.inf))
    if inside:
        yield inside
    for name, known in loss.parameters.items():
        for end in {known.low, known.high} - {known.default}:
            if math.isfinite(end) and end > known.above:
                yield {name: end}


def _inside(known: Any) -> float:
    """A value inside the range of a parameter that is not its default."""
    low, high = max(known.low, known.above), known.high
    if math.isfinite(low) and math.isfinite(high):
        candidates = [low + (high - low) * share for share in (0.375, 0.75)]
    elif math.isfinite(low):
        candidates = [low + 0.375, low + 1.75]
    else:
        candidates = [0.375, -1.75] if math.isinf(high) else [high - 0.375, high - 1.75]
    return next(value for value in candidates if value != known.default)


def gradient_parts(loss: Loss) -> list[str]:
    """The gradients that the definition has, those with respect to further inputs too."""
    return [part for part in ("gradient", *(f"gradient_{name}" for name in loss.inputs)) if loss.has(part)]


def check_gradients(loss: Loss, parameters: dict[str, float]) -> None:
    """The formulas of gradients and of the Hessian's diagonal agree with differences of the definition to 1e-40."""
    require(
        loss.has("gradient") or not loss.has_gradient,
        f"{loss.name} has no gradient: define it with @{loss.name}.gradient",
    )
    inputs, names = ordinary_inputs(loss, (4, 4) if loss.reduces else (60,), seed=9), input_names(loss)
    for part in gradient_parts(loss):
        argument = 0 if part == "gradient" else names.index(part.removeprefix("gradient_"))
        expected = numerical_gradient(loss, argument, *inputs, parameters=parameters)
        require_agreement(loss, part, inputs, exact_values(loss, part, *inputs, parameters=parameters), expected)
    if loss.has("hessian_diagonal"):
        exact = exact_values(loss, "hessian_diagonal", *inputs, parameters=parameters)
        expected = numerical_hessian_diagonal(loss, *inputs, parameters=parameters)
        require_agreement(loss, "hessian_diagonal", inputs, exact, expected)


_JUMP = 1e20  # a slope beyond it is that of a jump
_NEAR = 1e-20


def check_kinks(loss: Loss, parameters: dict[str, float]) -> None:
    """Where slopes below and above differ, the gradient lies between them: at ties, zeros, and equal inputs."""
    if not loss.has("gradient") or loss.domains.get(loss.inputs[0], "real") != "real" or loss.kind == "similarity":
        return
    inputs = inputs_at_kinks(loss)
    slopes = exact_values(loss, "gradient", *inputs, parameters=parameters)
    below, above = one_sided_slopes(loss, *inputs, parameters=parameters)
    low, high = np.minimum(below, above), np.maximum(below, above)
    with mp.workdps(60):
        sizes = np.maximum(abs(low), abs(high))
        near = _NEAR * (1 + sizes)
        wrong = (sizes < _JUMP) & ((slopes < low - near) | (slopes > high + near))
    if wrong.any():
        at = tuple(int(place) for place in np.argwhere(wrong)[0])
        where = _shown(loss, inputs, at[:1] if loss.reduces else at)
        sides = f"{mpmath.nstr(below[at], 10)} below and {mpmath.nstr(above[at], 10)} above"
        raise AssertionError(f"the gradient of {loss.name} at {where} is {mpmath.nstr(slopes[at], 10)}, but {sides}")


def loss_accuracy(
    loss: Loss, dtype: str, points: int = 1000, *, parameters: dict[str, float] | None = None
) -> list[tuple[str, float, str]]:
    """The largest error of each part of the unreduced loss in ULP, with the inputs where it occurs.

    The parts are "value", "gradient", those with respect to further inputs, and "hessian_diagonal", as far as the
    definition has them.
    """
    numbers, inputs = parameters or {}, demanding_inputs(loss, dtype, points)
    parts = ["value", *gradient_parts(loss), *["hessian_diagonal"] * loss.has("hessian_diagonal")]
    if loss.kind == "summary":
        return [_summary_error(loss, part, inputs, numbers) for part in parts if part != "hessian_diagonal"]
    return [_part_error(loss, part, inputs, numbers) for part in parts]


def _part_error(loss: Loss, part: str, inputs: list[np.ndarray], numbers: dict[str, float]) -> tuple[str, float, str]:
    got = _computed(loss, part, inputs, numbers)
    if loss.reduces and part == "value":
        got = got.reshape(-1, 1)

    def formula(*arrays: np.ndarray) -> np.ndarray:
        found = exact_values(loss, "definition" if part == "value" else part, *arrays, parameters=numbers)
        return np.broadcast_to(found[..., : got.shape[-1]], (len(found), *got.shape[1:]))

    exact = formula(*inputs)
    got = excused_beside_roots(got, exact, inputs, formula, rows=loss.reduces)
    return worst(part, got, exact, lambda at: _shown(loss, inputs, at[:1] if loss.reduces else at))


def _computed(loss: Loss, part: str, inputs: list[np.ndarray], numbers: dict[str, float]) -> np.ndarray:
    """A part as the library computes it, by the kernel where a call takes something else than the formula."""
    if loss.kind == "similarity":
        from ..backends.numpy.row_kernels import run_rows

        return run_rows(loss, part, inputs, loss.check_parameters(numbers), [part == "value"])[0]
    return np.asarray(_call(loss, part)(*inputs, reduction="none", **_along_rows(loss), **numbers))


def _along_rows(loss: Loss) -> dict[str, Any]:
    return {"axis": -1} if loss.has_axis else {}


def _call(loss: Loss, part: str) -> Callable[..., Any]:
    if part.startswith("gradient_"):
        return lambda *arrays, **options: loss.gradient(
            *arrays, with_respect_to=part.removeprefix("gradient_"), **options
        )
    return loss if part == "value" else getattr(loss, part)


_BATCH = 8  # entries that a summary is taken of


def _summary_error(loss: Any, part: str, inputs: list[np.ndarray], numbers: Any) -> tuple[str, float, str]:
    """The worst error over many small batches."""
    batches = [[x[start : start + _BATCH] for x in inputs] for start in range(0, len(inputs[0]), _BATCH)]
    got = [np.atleast_1d(_call(loss, part)(*batch, **numbers)) for batch in batches]
    exact = [np.atleast_1d(summary_part(loss, part, *batch, parameters=numbers)) for batch in batches]
    return max(
        (
            worst(part, g, e, lambda at, batch=batch: _shown(loss, [x[np.newaxis] for x in batch], (0,)))
            for g, e, batch in zip(got, exact, batches, strict=True)
        ),
        key=lambda found: found[1],
    )


def _shown(loss: Loss, inputs: list[np.ndarray], at: tuple[int, ...]) -> str:
    """The inputs at a place, or their rows, by name."""

    def text(x: Any) -> str:
        return np.array2string(x, max_line_width=10_000, precision=17) if np.ndim(x) else repr(x)

    return ", ".join(f"{name} = {text(x[at])}" for name, x in zip(input_names(loss), inputs, strict=True))
