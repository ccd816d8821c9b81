"""The facts of a loss, derived again from its values and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..definition import Loss
from .loss_points import demanding_inputs, into_domain, ordinary_inputs

_PAIRS = 4000
_CLOSE = 1e-9
_WIDTHS = (1, 2, 10, 300)  # lengths of rows


def wrong_loss_facts(loss: Loss) -> list[str]:
    """Facts that a loss declares and its formula denies, a sentence each; empty when all hold."""
    if loss.kind == "similarity":
        return _tasks(loss)
    with np.errstate(all="ignore"):
        return [*_tasks(loss), *_convex(loss), *_lipschitz(loss), *_proper(loss)]


_CLASSES = ("probability", "binary", "sign")


def _tasks(loss: Loss) -> list[str]:
    """Classes are trained on targets that say which class it is, numbers on other ones."""
    wrong = []
    if "classification" in loss.tasks and loss.domain not in _CLASSES:
        wrong.append(f"it is declared for classification, but its targets are {loss.domain}")
    if "regression" in loss.tasks and loss.domain in ("binary", "sign"):
        wrong.append(f"it is declared for regression, but its targets are {loss.domain}")
    if loss.tasks and tuple(loss.inputs[1:2]) != ("targets",):
        wrong.append(f"it is declared for {' and '.join(loss.tasks)}, but its second input is not called targets")
    return wrong


def _needed(loss: Loss, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The inputs without the optional ones: facts hold at their defaults."""
    return inputs[: len(loss.inputs) - len(loss.optional)]


def values_of(loss: Loss, inputs: list[np.ndarray], **options: Any) -> np.ndarray:
    """The loss of each sample in float64: of each number, of each row, or of all together for a summary."""
    if loss.kind == "summary":
        return np.array([loss(*sample, **options) for sample in zip(*inputs, strict=True)])
    along = {"axis": -1} if loss.has_axis else {}
    return np.asarray(loss(*inputs, reduction="none", **along, **options))


def _convex(loss: Loss) -> list[str]:
    """The value in the middle of two predictions is at most the mean of theirs, and where that fails it shows."""
    found = _above_its_chord(loss)
    if loss.convex and found:
        return [f"it is declared convex, but is not {found}"]
    if not loss.convex and not found:
        return ["it is declared as not convex, but no chord lies below it: declare convex=True"]
    return []


def _above_its_chord(loss: Loss) -> str:
    """Where a value exceeds the mean of two that surround it, in words, or nothing."""
    shape = (_PAIRS,) if loss.kind == "elementwise" else (_PAIRS // 10, 5)
    first, second = (_spread_inputs(loss, shape, seed) for seed in (1, 2))
    for near in (1.0, 0.05):  # far apart, and neighbours, which show small dents
        a, rest = first[0], _with_classes(loss, first, every=2)[1:]
        b = a + near * (second[0] - a)
        if loss.domains.get(loss.inputs[0]) == "nonzero":
            b = np.copysign(b, a)
        low, middle, high = (values_of(loss, [x, *rest]) for x in (a, (a + b) / 2, b))
        chord = (low + high) / 2
        slack = _CLOSE * (np.abs(low) + np.abs(high))
        bent = np.isfinite(chord) & (middle > chord + slack)
        if bent.any():
            at = int(np.argmax(bent))
            return f"between {loss.inputs[0]} = {a[at]} and {b[at]} with {_named(loss, rest, at)}"
    return ""


def _named(loss: Loss, rest: list[np.ndarray], at: int) -> str:
    return ", ".join(f"{name} = {x[at]}" for name, x in zip(loss.inputs[1:], rest, strict=False)) or "the same rest"


def _spread_inputs(loss: Loss, shape: tuple[int, ...], seed: int) -> list[np.ndarray]:
    """Ordinary inputs, the first of them with scales from 1/8 to 8 where it may hold any number."""
    first, *rest = _needed(loss, ordinary_inputs(loss, shape, seed=seed))
    domain = loss.domains.get(loss.inputs[0], "real")
    if domain != "probability":
        scales = 2.0 ** np.random.default_rng(seed).uniform(-3, 3, (shape[0], *[1] * (len(shape) - 1)))
        first = into_domain(first * scales, domain)
    return [first, *rest]


def _lipschitz(loss: Loss) -> list[str]:
    """No entry of a gradient is larger than the constant, and one comes within a hundredth of it."""
    if not loss.has_gradient:
        return []
    steepest = max(float(np.nanmax(np.abs(slopes))) for slopes in _slopes(loss))
    if steepest > loss.lipschitz * (1 + _CLOSE):
        return [f"its Lipschitz constant is declared as {loss.lipschitz:g}, but a slope of {steepest:.6g} occurs"]
    if steepest < (0.99 * loss.lipschitz if math.isfinite(loss.lipschitz) else 1e3):
        return [f"its Lipschitz constant is declared as {loss.lipschitz:g}, but no slope exceeds {steepest:.6g}"]
    return []


def _slopes(loss: Loss) -> list[np.ndarray]:
    if loss.kind == "elementwise":
        return [loss.gradient(*_needed(loss, demanding_inputs(loss, "float64", 3000)), reduction="none")]
    if loss.kind == "summary":
        numbers = _needed(loss, demanding_inputs(loss, "float64", 500))
        return [loss.gradient(*([entry] for entry in entries)) for entries in zip(*numbers, strict=True)]
    samples = [_needed(loss, demanding_inputs(loss, "float64", 100 * width, width=width)) for width in _WIDTHS]
    samples += [_extreme_rows(loss, width) for width in _WIDTHS]
    return [loss.gradient(*sample, reduction="none", axis=-1) for sample in samples]


def _extreme_rows(loss: Any, width: int) -> list[np.ndarray]:
    """Rows with far too large and far too small predictions, and targets of one class where they are distributions."""
    first, *rest = _spread_inputs(loss, (60, width), 5)
    if loss.inputs[0] not in loss.distributions:
        first = into_domain(first * 30, loss.domains.get(loss.inputs[0], "real"))
    return _with_classes(loss, [first, *rest])


def _with_classes(loss: Any, inputs: list[np.ndarray], every: int = 1) -> list[np.ndarray]:
    """Inputs with targets of one class in every row, or every second, where they are distributions."""
    random = np.random.default_rng(4)
    for name, rows in zip(loss.inputs[1:], inputs[1:], strict=False):
        if name in getattr(loss, "distributions", ()):
            hard, width = rows[::every], rows.shape[-1]
            hard[:] = np.eye(width)[random.integers(0, width, len(hard))]
    return inputs


_SAMPLE = 201


def _proper(loss: Loss) -> list[str]:
    """The constant prediction with the least mean loss is what the loss is declared to be proper for."""
    if not loss.proper or loss.kind == "summary" or loss.output not in _INTO_INPUT:
        return []
    if loss.reduces:
        return _proper_rows(loss)
    targets = _skewed(loss.domain)
    best = _INTO_INPUT[loss.output](_PROPER[loss.proper](loss, targets))
    return _not_least(loss, targets, best, np.concatenate([d * np.array([-1, 1]) for d in (1e-3, 0.03, 0.2)]))


def _skewed(domain: str) -> np.ndarray:
    """A sample whose mean, median and quantiles differ."""
    random = np.random.default_rng(6)
    if domain in _CLASSES:
        low = -1.0 if domain == "sign" else 0.0
        return np.where(random.uniform(size=_SAMPLE) < 0.3, 1.0, low)
    return random.gamma(1.5, 1.0, _SAMPLE) - (0.7 if domain == "real" else 0)


def _share(loss: Loss, targets: np.ndarray) -> float:
    return float(np.mean(targets > 0))


_PROPER: dict[str, Callable[[Loss, np.ndarray], float]] = {
    "mean": lambda loss, targets: float(np.mean(targets)),
    "median": lambda loss, targets: float(np.median(targets)),
    "quantile": lambda loss, targets: float(
        np.quantile(targets, loss.parameters["quantile"].default, method="inverted_cdf")
    ),
    "probability": _share,
}
_INTO_INPUT: dict[str, Callable[[Any], Any]] = {
    "identity": lambda p: p,
    "exponential": np.log,
    "sigmoid": lambda p: np.log(p) - np.log1p(-p),
    "softmax": np.log,
    "sparsemax": lambda p: p,
    "entmax15": lambda p: 2 * np.sqrt(p),
    "sparse_sigmoid": lambda p: 2 * p - 1,
}


def _not_least(loss: Loss, targets: np.ndarray, best: float, steps: np.ndarray) -> list[str]:
    def mean_loss(prediction: float) -> float:
        first = np.full(_SAMPLE, prediction)
        rest = [np.ones(_SAMPLE) for _ in loss.inputs[2:]]
        return float(np.mean(values_of(loss, _needed(loss, [first, targets, *rest]))))

    least = mean_loss(best)
    better = [best + step for step in steps if mean_loss(best + step) <= least]
    return [
        f"it is declared proper for the {loss.proper}, but the constant {other:.6g} loses no more than {best:.6g}"
        for other in better[:1]
    ]


def _proper_rows(loss: Loss) -> list[str]:
    """For rows: of one-hot targets with shares q (or of targets with mean q), the best constant row is that of q."""
    random = np.random.default_rng(6)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    distributions = getattr(loss, "distributions", ())
    if "targets" in distributions:
        targets = np.repeat(np.eye(4), np.rint(20 * shares).astype(int), axis=0)
    else:
        targets = into_domain(random.gamma(1.5, 1.0, (_SAMPLE, 4)) - 0.7, loss.domain)
        shares = targets.mean(axis=0)
    best = _INTO_INPUT[loss.output](shares)

    def mean_loss(row: np.ndarray) -> float:
        rest = [np.ones_like(targets) for _ in loss.inputs[2:]]
        return float(np.mean(values_of(loss, _needed(loss, [np.tile(row, (len(targets), 1)), targets, *rest]))))

    least = mean_loss(best)
    for _ in range(20):
        other = best + 0.03 * random.standard_normal(4)
        if loss.inputs[0] in distributions:
            other = np.abs(other) / np.abs(other).sum()
        if mean_loss(other) < least:
            return [f"it is declared proper for the {loss.proper}, but {other} loses less than {best}"]
    return []
