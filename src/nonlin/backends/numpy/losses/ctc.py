"""Connectionist temporal classification: all alignments of labels with frames, summed forward and backward.

The labels with blanks around each are the states that an alignment passes through, in order: from frame to frame it
stays, goes on to the next, or leaves out a blank between different labels. Probabilities are kept as logarithms in
float64, relative to the largest of a frame, so that long sequences lose no digits. The gradient in a frame is the
softmax less the share of the alignments that have each class there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numba import njit

from ....errors import InputError
from ....losses.algorithm import AlgorithmLoss
from .checks import mean_weights, weights_or_ones
from .settings import Settings


def ctc(loss: AlgorithmLoss, parts: Sequence[str], arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The value and the gradient."""
    logits, targets, frames, lengths = arrays.values()
    labels, starts = _checked(logits, targets, frames, lengths, s.numbers["blank"])
    count = logits.shape[1]
    weights = weights_or_ones(s.sample_weight, (count,))
    if s.reduction == "mean":
        weights = mean_weights(loss, weights) / np.maximum(lengths, 1)
    losses = np.empty(count)
    wanted = "gradient" in parts
    gradient = np.zeros(logits.shape if wanted else (0, 0, 0), s.working)
    numbers = [np.ascontiguousarray(x, np.int64) for x in (labels, starts, frames, lengths)]
    logits = np.ascontiguousarray(logits, s.working)
    align(logits, tuple(numbers), int(s.numbers["blank"]), weights, losses, gradient)
    if s.numbers["zero_infinity"]:
        losses[np.isposinf(losses)] = 0
    weighted = np.where(weights > 0, weights, 0) * np.where(weights > 0, losses, 0)  # not 0 times infinity
    return {"value": weighted if s.reduction == "none" else weighted.sum(), "gradient": gradient}


def _checked(logits, targets, frames, lengths, blank) -> tuple[np.ndarray, np.ndarray]:
    """All labels one after another, and where those of each sequence start."""
    if logits.ndim != 3:
        raise InputError(f"logits of ctc must be (frames, sequences, classes), got shape {logits.shape}")
    longest, count, classes = logits.shape
    if blank not in range(classes):
        raise InputError(f"blank of ctc must be a class from 0 to {classes - 1}, got {blank:g}")
    _check_whole("targets", targets)
    _check_lengths("input_lengths", frames, count, longest)
    if targets.ndim == 2 and len(targets) == count:
        _check_lengths("target_lengths", lengths, count, targets.shape[1])
        starts, is_label = np.arange(count) * targets.shape[1], np.arange(targets.shape[1]) < lengths[:, np.newaxis]
    elif targets.ndim == 1:
        _check_lengths("target_lengths", lengths, count, len(targets))
        if lengths.sum() != len(targets):
            raise InputError(f"target_lengths of ctc sum to {lengths.sum()}, but there are {len(targets)} targets")
        starts, is_label = np.cumsum(lengths) - lengths, np.ones(len(targets), bool)
    else:
        raise InputError(
            f"targets of ctc must be (sequences, longest) for {count} sequences, or one after another, got shape "
            f"{targets.shape}"
        )
    wrong = is_label & ((targets < 0) | (targets >= classes) | (targets == blank))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise InputError(
            f"targets of ctc must be classes from 0 to {classes - 1} other than the blank {blank:g}, got {targets[at]} "
            f"at position {at}"
        )
    return targets.reshape(-1), starts


def _check_lengths(name: str, lengths: np.ndarray, count: int, most: int) -> None:
    _check_whole(name, lengths)
    if lengths.shape != (count,):
        raise InputError(f"{name} of ctc must be {count} numbers, one for each sequence, got shape {lengths.shape}")
    wrong = (lengths < 0) | (lengths > most)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(f"{name} of ctc must be from 0 to {most}, got {lengths[at]} at position {at}")


def _check_whole(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "iu":
        raise InputError(f"{name} of ctc must be integers, got {array.dtype}")


_compiled = njit(nogil=True, cache=True, error_model="numpy")


@_compiled
def align(logits, numbers, blank, scales, losses, gradient):
    """The loss of each sequence, and unless there is no room for it its gradient, times the sequence's scale."""
    targets, starts, frames, lengths = numbers
    for n in range(len(losses)):
        labels = targets[starts[n] : starts[n] + lengths[n]]
        powers, bests, rests = softmax(logits, n, frames[n])
        emitted = emissions(logits, n, bests, rests, labels, blank)
        alpha, total = forward(emitted, labels)
        losses[n] = 0.0 if total >= 0 else -total  # rounding may take a probability beyond 1
        if gradient.size > 0 and total != -np.inf:
            backward(powers, bests, rests, labels, blank, emitted, alpha, scales[n], gradient[:, n])


@_compiled
def softmax(logits, n, frames):
    """For each frame of a sequence exp(z) over that of the best class, which it is, and the sum over all others."""
    powers, bests, rests = np.empty((frames, logits.shape[2])), np.empty(frames, np.int64), np.zeros(frames)
    for t in range(frames):
        row, best = logits[t, n], 0
        for c in range(len(row)):
            if row[c] > row[best] or row[c] != row[c]:
                best = c
        top, bests[t] = np.float64(row[best]), best
        for c in range(len(row)):  # in a frame of minus infinities no class is possible
            powers[t, c] = 0.0 if top == -np.inf else 1.0 if row[c] == top else np.exp(row[c] - top)
            rests[t] += powers[t, c] if c != best else 0.0
    return powers, bests, rests


@_compiled
def state_class(state, labels, blank):
    """The class that is emitted in a state."""
    return labels[state // 2] if state % 2 else blank


@_compiled
def leaves_out(state, labels):
    """Whether the blank before a state may be left out: it is between different labels."""
    return state % 2 == 1 and state >= 3 and labels[state // 2] != labels[state // 2 - 1]


@_compiled
def emissions(logits, n, bests, rests, labels, blank):
    """The log-probability of each state's class in each frame."""
    table = np.empty((len(bests), 2 * len(labels) + 1))
    for t in range(len(bests)):
        top, log_sum_of_all = np.float64(logits[t, n, bests[t]]), np.log1p(rests[t])
        for k in range(table.shape[1]):
            z = np.float64(logits[t, n, state_class(k, labels, blank)])
            table[t, k] = -np.inf if top == -np.inf else (0.0 if z == top else z - top) - log_sum_of_all
    return table


@_compiled
def log_sum(a, b, c):
    """log(exp(a) + exp(b) + exp(c)); NaN if a is."""
    if b > a:
        a, b = b, a
    if c > a:
        a, c = c, a
    return a if a == -np.inf else a + np.log(1 + (np.exp(b - a) + np.exp(c - a)))


@_compiled
def forward(emitted, labels):
    """The log-probabilities of all beginnings of alignments by frame and state, less the largest of the frame.

    And that of all alignments together: they end in the last label or the blank behind it.
    """
    frames, states = emitted.shape
    alpha, total = np.full((frames, states), -np.inf), 0.0
    if frames == 0:
        return alpha, 0.0 if states == 1 else -np.inf
    for t in range(frames):
        for k in range(states):
            if t == 0:
                alpha[t, k] = emitted[t, k] if k < 2 else -np.inf
                continue
            before = alpha[t - 1, k - 1] if k > 0 else -np.inf
            left_out = alpha[t - 1, k - 2] if leaves_out(k, labels) else -np.inf
            alpha[t, k] = log_sum(alpha[t - 1, k], before, left_out) + emitted[t, k]
        top = alpha[t].max()
        if top == -np.inf:
            return alpha, top
        alpha[t] -= top
        total += top
    last = alpha[frames - 1]
    return alpha, total + log_sum(last[states - 1], last[states - 2] if states > 1 else -np.inf, -np.inf)


@_compiled
def backward(powers, bests, rests, labels, blank, emitted, alpha, scale, gradient):
    """Write the gradient of a sequence, from the last frame to the first."""
    frames, states = alpha.shape
    beta = np.full(states, -np.inf)  # the log-probability of all ends from a state on, its own frame left out
    beta[max(states - 2, 0) :] = 0.0
    for t in range(frames - 1, -1, -1):
        slopes = powers[t] / (1 + rests[t])
        likely = slopes[bests[t]] > 0.5
        shares = alpha[t] + beta
        shares = np.exp(shares - shares.max())
        shares /= shares.sum()
        for k in range(states):
            slopes[state_class(k, labels, blank)] -= shares[k]
        if likely:  # probabilities and shares have a sum of 1: what p - 1 would lose is the sum of the others
            slopes[bests[t]] = 0.0
            slopes[bests[t]] = -slopes.sum()
        for c in range(len(slopes)):
            gradient[t, c] = scale * slopes[c]
        beta += emitted[t]
        for k in range(states):
            after = beta[k + 1] if k + 1 < states else -np.inf
            left_out = beta[k + 2] if k + 2 < states and leaves_out(k + 2, labels) else -np.inf
            beta[k] = log_sum(beta[k], after, left_out)
        beta -= beta.max()
