"""Inputs of losses at which weak places show, drawn from the domains that a loss declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from ..definition import Loss
from .ulp import FORMATS, representative_points


def _folded(x: np.ndarray) -> np.ndarray:
    """Numbers as probabilities: tiny ones stay so, negative ones come to lie as far from 1."""
    size = np.abs(x)
    inside = np.where(size > 1, 1 / np.maximum(size, 1), size)
    return np.where(x < 0, 1 - inside, inside)


_INTO: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "real": lambda x: x,
    "positive": lambda x: np.where(x == 0, 1, np.abs(x)),
    "non_negative": np.abs,
    "above_minus_one": lambda x: np.where(x > -1, x, -x),
    "nonzero": lambda x: np.where(x == 0, 1, x),
    "probability": _folded,
    "binary": lambda x: np.where(x > 0, 1, 0),
    "sign": lambda x: np.where(x > 0, 1, -1),
}


def into_domain(x: np.ndarray, domain: str) -> np.ndarray:
    """Any real numbers as numbers of a domain, in their own dtype; those that lie in it mostly stay as they are.

    >>> into_domain(np.array([-2.0, 0.0, 0.25]), "positive")
    array([2.  , 1.  , 0.25])
    """
    return _INTO[domain](x).astype(x.dtype)


def input_names(loss: Loss) -> tuple[str, ...]:
    """The inputs of the formula, which for a similarity are not those of a call."""
    return loss.inputs_of("definition")


def ordinary_inputs(loss: Loss, shape: tuple[int, ...], dtype: Any = np.float64, seed: int = 0) -> list[np.ndarray]:
    """Inputs of the formula of about the size of 1, at which no loss has a kink; distributions are soft.

    Parameters
    ----------
    loss : the loss, whose domains say what is drawn
    shape : that of every input; rows lie along the last axis
    dtype : float32 or float64
    seed : the same seed, the same numbers

    Examples
    --------
    >>> import nonlin as nl
    >>> predictions, targets = ordinary_inputs(nl.loss.js_divergence, (2, 3))
    >>> bool((targets.sum(axis=-1) == 1).all())
    True
    """
    random = np.random.default_rng(seed)
    inputs = _in_domains(loss, [random.standard_normal(shape) for _ in input_names(loss)], dtype)
    for name, rows in zip(input_names(loss), inputs, strict=True):
        if name in getattr(loss, "distributions", ()) and loss.domains.get(name) != "binary":
            rows[:] = _dyadic(rows)
    return inputs


def inputs_at_kinks(loss: Loss) -> list[np.ndarray]:
    """Inputs of the formula at zeros, ties and numbers that are equal or apart by 1, where losses have their kinks."""
    random, shape = np.random.default_rng(5), ((12, 4) if loss.reduces else (80,))
    draws = [random.choice([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0], shape) for _ in input_names(loss)]
    ordinary = ordinary_inputs(loss, shape)
    distributions = getattr(loss, "distributions", ())
    return [
        ordinary[place] if name in distributions else _one_input(loss, name, draws[place])
        for place, name in enumerate(input_names(loss))
    ]


def extreme_inputs(loss: Loss, dtype: str) -> list[np.ndarray]:
    """Inputs of the formula of the largest and smallest numbers of a format, and some between, in all pairs or in rows.

    >>> import nonlin as nl
    >>> float(extreme_inputs(nl.loss.mse, "float32")[0].max()) > 3.4e38
    True
    """
    kind, names = FORMATS[dtype], input_names(loss)
    sizes = [0.0, 1.0, kind.smallest, kind.smallest_normal, kind.smallest_normal**0.5, kind.largest**0.5, kind.largest]
    both = [*sizes, *(-size for size in sizes)]
    if loss.reduces:
        random = np.random.default_rng(2)
        return _in_domains(loss, [random.choice(both, (200, 4)) for _ in names], dtype)
    pairs = np.array(list(product(both, repeat=2))).T
    return _in_domains(loss, [*pairs, *(np.ones(len(both) ** 2) for _ in names[2:])], dtype)


def _dyadic(rows: np.ndarray) -> np.ndarray:
    """Distributions near the given ones, of no zeros and whole parts of a power of two, so that sums are exact."""
    width = rows.shape[-1]
    whole = 8 << (width - 1).bit_length()
    parts = 1 + np.floor((whole - width) * rows.astype(np.float64))
    parts[..., 0] += whole - parts.sum(axis=-1)
    return parts / whole


def _in_domains(loss: Loss, draws: list[np.ndarray], dtype: Any) -> list[np.ndarray]:
    named = zip(input_names(loss), draws, strict=True)
    return [_one_input(loss, name, np.asarray(draw).astype(dtype)) for name, draw in named]


def _one_input(loss: Loss, name: str, x: np.ndarray) -> np.ndarray:
    domain = loss.domains.get(name, "real")
    if loss.kind == "similarity":  # cosines, and whether the labels are the same
        cosines = np.where(np.abs(x) > 1, np.sign(x) / np.maximum(np.abs(x), 1), x)
        return cosines if name == input_names(loss)[0] else into_domain(x, "binary")
    if name not in getattr(loss, "distributions", ()):
        return into_domain(x, domain)
    if domain == "binary":
        return np.eye(x.shape[-1], dtype=x.dtype)[np.argmax(x, axis=-1)]
    return _normalized(into_domain(x, "non_negative" if domain == "real" else domain))


def _normalized(rows: np.ndarray) -> np.ndarray:
    """Rows that sum to 1 as far as their dtype can."""
    wide = rows.astype(np.float64)
    sums = wide.sum(axis=-1, keepdims=True)
    return np.where(sums > 0, wide / np.where(sums > 0, sums, 1), 1 / rows.shape[-1]).astype(rows.dtype)


def demanding_inputs(loss: Loss, dtype: str, points: int = 1000, *, width: int = 10) -> list[np.ndarray]:
    """In-domain inputs that find the weak places of a loss: about so many numbers, or rows with as many in all.

    They are ordinary, tiny and huge, equal and nearly equal to each other, and the ends of a domain; distributions
    are soft, one-hot and sums of a few halves.
    """
    blocks_of = _rows(loss, dtype, points, width) if loss.reduces else _numbers(loss, dtype, points)
    random = np.random.default_rng(3)
    blocks = []
    for block in blocks_of:
        needed = len(block) - len(loss.optional)
        weights = [2.0 ** random.uniform(-7, 7, x.shape) for x in block[needed:]]  # what is optional is ordinary
        blocks.append(_in_domains(loss, [*block[:needed], *weights], dtype))
    inputs = [np.concatenate(column) for column in zip(*blocks, strict=True)]
    return _with_hard_targets(loss, inputs) if getattr(loss, "distributions", ()) else inputs


def _spread(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal numbers with a scale from 2^-20 to 2^7 for each row."""
    return random.standard_normal(shape) * 2.0 ** random.uniform(-20, 7, (shape[0], *[1] * (len(shape) - 1)))


def _wide(dtype: str, count: int) -> np.ndarray:
    """Numbers of all sizes; in float64 only those that have a fourth power too, to its last place."""
    x = representative_points(dtype, count).astype(np.float64)
    return x if dtype == "float32" else x[(x == 0) | ((np.abs(x) > 2.0**-240) & (np.abs(x) < 2.0**240))]


def _numbers(loss: Loss, dtype: str, points: int) -> Iterator[list[np.ndarray]]:
    random, count = np.random.default_rng(7), len(input_names(loss))
    part = max(points // 6, 8)
    wide = _wide(dtype, 4 * part)
    yield [_spread(random, (2 * part,)) for _ in range(count)]
    yield [random.choice(wide, part) for _ in range(count)]
    yield [random.choice(wide, part), *(_spread(random, (part,)) for _ in range(count - 1))]
    yield [_spread(random, (part,)), *(random.choice(wide, part) for _ in range(count - 1))]
    yield from _equal(random, dtype, _spread(random, (part,)), count)
    ends = product(_special(dtype), repeat=2)
    first, second = np.array(list(ends)).T
    yield [first, second, *(_spread(random, first.shape) for _ in range(count - 2))]


def _equal(random: np.random.Generator, dtype: str, x: np.ndarray, count: int) -> Iterator[list[np.ndarray]]:
    """All inputs the same number, and apart by a few of its last places to a thousandth of it."""
    x = x.astype(dtype)
    apart = 2.0 ** random.uniform(-FORMATS[dtype].digits, -10, x.shape) * random.choice([-1, 1], x.shape)
    yield [x] * count
    yield [x, *[(x * (1 + apart)).astype(dtype)] * (count - 1)]


def _special(dtype: str) -> list[float]:
    """Numbers where formulas change their form."""
    kind = FORMATS[dtype]
    sizes = [1.0, 2.0, 0.5, 2.0**-kind.digits, 2.0**-63, 1.0 - 2.0 ** -(kind.digits + 1), 30.0]
    return [0.0, *sizes, *(-size for size in sizes)]


def _rows(loss: Loss, dtype: str, points: int, width: int) -> Iterator[list[np.ndarray]]:
    random, count = np.random.default_rng(7), len(input_names(loss))
    part = max(points // (8 * width), 3)
    shape = (part, width)
    wide = _wide(dtype, 500)
    yield [_spread(random, (3 * part, width)) for _ in range(count)]
    yield [_spread(random, shape), *[random.standard_normal(shape) for _ in range(count - 1)]]
    yield [random.choice(wide, shape) for _ in range(count)]
    yield from _equal(random, dtype, _spread(random, shape), count)
    flat = np.array([0.0, 1.0, -1.0, 1e30 if dtype == "float32" else 1e150])[:, np.newaxis] * np.ones(width)
    yield [flat] * count
    yield [flat, *(random.standard_normal(flat.shape) for _ in range(count - 1))]
    yield [random.standard_normal(flat.shape), *[flat] * (count - 1)]
    yield [random.choice(_special(dtype), shape) for _ in range(count)]


def _with_hard_targets(loss: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Of every three rows of a distribution one one-hot, and one of a half, a quarter and two eighths in any places.

    The first input stays soft where it is a distribution itself, but for two rows of every nine.
    """
    random = np.random.default_rng(8)
    for name, rows in zip(loss.inputs, inputs, strict=True):
        if name not in loss.distributions or loss.domains.get(name) == "binary":
            continue
        step, width = (9 if name == loss.inputs[0] else 3), rows.shape[-1]
        hard, halves = rows[::step], rows[1::step]
        hard[:] = np.eye(width)[random.integers(0, width, len(hard))]
        if width > 3:
            parts = [1 / 2, 1 / 4, 1 / 8, 1 / 8, *[0.0] * (width - 4)]
            halves[:] = random.permuted(np.tile(parts, (len(halves), 1)), axis=1)
    return inputs
