"""Learning rates that change with the steps, as factors of `learning_rate_init`; usable in compiled code.

What changes with the epochs is decided in `nonlin.nn.stopping`.
"""

from __future__ import annotations

import numpy as np

CONSTANT, COSINE, ONE_CYCLE = range(3)
CODES = {"cosine": COSINE, "one_cycle": ONE_CYCLE}  # of a `learning_rate`; all others are constant within an epoch

_RISE, _DIVIDED, _DIVIDED_LAST = 0.3, 25.0, 1e4  # PyTorch's pct_start, div_factor and final_div_factor


def factor(schedule: int, step: int, steps: int, warmup: int) -> float:
    """The factor of the learning rate at `step` = 0, 1, ... of `steps`, the first `warmup` of them rising linearly.

    The schedule proper takes the steps after the warm-up. "cosine" falls to 0 (Loshchilov and Hutter 2017,
    arXiv:1608.03983), "one_cycle" rises from 1/25 and falls to 4e-6 (Smith and Topin 2018, arXiv:1708.07120); behind
    the last step they stay where they ended.

    >>> [factor(CONSTANT, step, 4, 2) for step in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    """
    risen = min(1.0, (step + 1) / warmup) if warmup > 0 else 1.0
    done, length = max(step - warmup, 0), max(steps - warmup, 1)
    if schedule == COSINE:
        return risen * _eased(1.0, 0.0, done / length)
    if schedule == ONE_CYCLE:
        return risen * _one_cycle(done, length)
    return risen


def _one_cycle(step: int, steps: int) -> float:
    """The peak lies at PyTorch's place, which is between two steps where `steps` is no multiple of 10."""
    peak, low = _RISE * steps - 1, 1 / _DIVIDED
    if step <= peak:
        return _eased(low, 1.0, step / peak)
    return _eased(1.0, low / _DIVIDED_LAST, (step - peak) / (steps - 1 - peak))


def _eased(start: float, end: float, share: float) -> float:
    """Half a cosine from `start` to `end`."""
    return end + (start - end) / 2 * (1 + np.cos(np.pi * min(share, 1.0)))
