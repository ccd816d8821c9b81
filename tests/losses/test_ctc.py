"""CTC against PyTorch, a sum over all alignments in exact arithmetic, and what PyTorch gets wrong."""

from fractions import Fraction
from itertools import groupby, product

import mpmath
import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError


def all_alignments(probabilities, labels, blank=0):
    """The probability of a sequence of labels: that of each path that collapses to it, summed."""
    total = 0
    for path in product(range(len(probabilities[0])), repeat=len(probabilities)):
        if [c for c, _ in groupby(path) if c != blank] == list(labels):
            term = Fraction(1) if isinstance(probabilities[0][0], Fraction) else mpmath.mpf(1)
            for row, c in zip(probabilities, path, strict=True):
                term *= row[c]
            total += term
    return total


@pytest.mark.parametrize("labels", [(), (1,), (2, 1), (1, 1), (1, 2, 1), (2, 2, 2)])
@pytest.mark.parametrize("blank", [0, 2])
def test_a_sum_over_all_alignments_in_exact_fractions(labels, blank):
    """Logits log(k) make probabilities that are fractions."""
    weights = np.random.default_rng(len(labels)).integers(1, 9, (5, 3))
    labels = [0 if c == blank else c for c in labels]
    fractions = [[Fraction(int(w), int(row.sum())) for w in row] for row in weights]
    expected = all_alignments(fractions, labels, blank)
    targets = np.array([labels], int).reshape(1, -1)
    got = nl.loss.ctc(np.log(weights)[:, np.newaxis], targets, [5], [len(labels)], blank=blank, reduction="sum")
    assert got == pytest.approx(-float(mpmath.log(mpmath.mpf(expected.numerator) / expected.denominator)), rel=1e-14)


def test_gradient_by_differences_of_the_sum_over_all_alignments():
    logits, labels = np.random.default_rng(3).normal(0, 2, (4, 3)), [1, 1]

    def loss(shifted):
        rows = [[mpmath.exp(z) for z in row] for row in shifted]
        return -mpmath.log(all_alignments([[e / mpmath.fsum(row) for e in row] for row in rows], labels))

    got = nl.loss.ctc.gradient(logits[:, np.newaxis], [labels], [4], [2], reduction="sum")[:, 0]
    with mpmath.workdps(40):
        step = mpmath.mpf(10) ** -15
        for t, c in np.ndindex(logits.shape):
            up, down = ([[mpmath.mpf(z) for z in row] for row in logits] for _ in range(2))
            up[t][c] += step
            down[t][c] -= step
            assert got[t, c] == pytest.approx(float((loss(up) - loss(down)) / (2 * step)), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_agreement_with_torch(torch, reduction, padded, dtype):
    random = np.random.default_rng(0)
    frames, count, classes = 30, 6, 11
    logits = random.normal(0, 3, (frames, count, classes)).astype(dtype)
    lengths, inputs = np.array([0, 1, 4, 7, 7, 9]), np.array([10, 30, 20, 30, 25, 30])
    targets = random.integers(1, classes, (count, 9))
    targets[3, 2:5] = 4  # repeated labels
    if not padded:
        targets = np.concatenate([row[:n] for row, n in zip(targets, lengths, strict=True)])
    z = torch.tensor(logits.astype(float), requires_grad=True)
    given = [torch.tensor(x) for x in (targets, inputs, lengths)]
    expected = torch.nn.functional.ctc_loss(z.log_softmax(-1), *given, reduction=reduction)
    (slopes,) = torch.autograd.grad(expected.sum(), z)
    value, gradient = nl.loss.ctc.value_and_gradient(logits, targets, inputs, lengths, reduction=reduction)
    tolerance = 1e-12 if dtype == "float64" else 3e-7
    assert gradient.dtype == dtype
    assert np.asarray(value).dtype == dtype
    np.testing.assert_allclose(value, expected.detach(), rtol=tolerance)
    np.testing.assert_allclose(gradient, slopes, rtol=tolerance, atol=tolerance / 10)


def test_small_losses_and_gradients_keep_their_digits():
    """A label 17 ahead in its only frame: torch in float32 gives 0 for the loss and for the gradient."""
    exact = 4.1399375e-08
    logits = np.array([[[0, 17]]], np.float32)
    value, gradient = nl.loss.ctc.value_and_gradient(logits, [[1]], [1], [1])
    assert value == pytest.approx(exact, rel=2e-7)
    np.testing.assert_allclose(gradient[0, 0], [exact, -exact], rtol=2e-7)


def test_long_sequences_do_not_underflow():
    """The probability is about 10**-1700."""
    random = np.random.default_rng(1)
    logits, labels = random.normal(0, 1, (2000, 1, 30)), random.integers(1, 30, (1, 400))
    value, gradient = nl.loss.ctc.value_and_gradient(logits, labels, [2000], [400], reduction="sum")
    assert 3000 < value < 6000
    np.testing.assert_allclose(gradient.sum(axis=-1), 0, atol=1e-12)


@pytest.mark.parametrize(("labels", "frames"), [([1, 2], 1), ([1, 1], 2), ([1], 0)])
def test_what_cannot_be_aligned_has_an_infinite_loss_and_no_gradient(labels, frames):
    """torch's gradient is NaN without its zero_infinity."""
    logits = np.zeros((2, 2, 3))
    targets, lengths = [labels, [2] * len(labels)], [len(labels), 1]
    value, gradient = nl.loss.ctc.value_and_gradient(logits, targets, [frames, 2], lengths, reduction="none")
    assert value[0] == np.inf
    assert np.isfinite(value[1])
    np.testing.assert_array_equal(gradient[:, 0], 0)
    assert nl.loss.ctc(logits, targets, [frames, 2], lengths) == np.inf
    nothing = nl.loss.ctc(logits, targets, [frames, 2], lengths, zero_infinity=1, reduction="none")
    np.testing.assert_array_equal(nothing, [0, value[1]])


def test_weights_of_sequences():
    logits = np.random.default_rng(5).normal(size=(6, 3, 4))
    given = [[1, 2], [3, 0], [2, 2]], [6, 5, 2], [2, 1, 2]  # the last one cannot be aligned
    each = nl.loss.ctc(logits, *given, reduction="none")
    value, gradient = nl.loss.ctc.value_and_gradient(logits, *given, sample_weight=[1, 3, 0])
    assert value == pytest.approx((each[0] / 2 + 3 * each[1]) / 4, rel=1e-15)
    np.testing.assert_array_equal(gradient[:, 2], 0)


def test_impossible_classes_and_nan():
    """A class with a logit of minus infinity has no part; NaN stays NaN."""
    logits = np.zeros((3, 1, 3))
    without = nl.loss.ctc.value_and_gradient(logits[..., :2], [[1]], [3], [1])
    logits[..., 2] = -np.inf
    value, gradient = nl.loss.ctc.value_and_gradient(logits, [[1]], [3], [1])
    assert value == without[0]
    np.testing.assert_allclose(gradient, np.pad(without[1], [(0, 0), (0, 0), (0, 1)]), atol=1e-16)
    assert nl.loss.ctc(logits, [[2]], [3], [1]) == np.inf
    logits[1] = -np.inf
    assert nl.loss.ctc(logits, [[1]], [3], [1]) == np.inf
    logits[1, 0, 2] = np.nan
    assert np.isnan(nl.loss.ctc(logits, [[1]], [3], [1]))


def test_float16_and_strided_logits():
    logits = np.random.default_rng(6).normal(size=(5, 2, 4)).astype(np.float16)
    given = [[1, 2], [3, 3]], [5, 4], [2, 2]
    half = nl.loss.ctc.gradient(logits, *given)
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, nl.loss.ctc.gradient(logits.astype(np.float32), *given).astype(np.float16))
    turned = np.ascontiguousarray(logits.transpose(1, 0, 2)).transpose(1, 0, 2)
    np.testing.assert_array_equal(nl.loss.ctc.gradient(turned, *given), half)


LOGITS = np.zeros((4, 2, 3))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((LOGITS[0], [[1], [1]], [4, 4], [1, 1]), {}, r"\(frames, sequences, classes\), got shape \(2, 3\)"),
        ((LOGITS, [[1], [3]], [4, 4], [1, 1]), {}, r"other than the blank 0, got 3 at position \(1, 0\)"),
        ((LOGITS, [[1, 0], [2, 0]], [4, 4], [1, 2]), {}, r"from 0 to 2 .* got 0 at position \(1, 1\)"),
        ((LOGITS, [1, 2, -1], [4, 4], [1, 2]), {}, r"got -1 at position \(2,\)"),
        ((LOGITS, [[1], [2]], [4, 5], [1, 1]), {}, "input_lengths of ctc must be from 0 to 4, got 5 at position 1"),
        ((LOGITS, [[1], [2]], [4, 4], [1, 2]), {}, "target_lengths of ctc must be from 0 to 1, got 2 at position 1"),
        ((LOGITS, [1, 2], [4, 4], [1, 2]), {}, "sum to 3, but there are 2 targets"),
        ((LOGITS, [[1], [2]], [4], [1, 1]), {}, r"input_lengths of ctc must be 2 numbers, .* got shape \(1,\)"),
        ((LOGITS, [[1.0], [2.0]], [4, 4], [1, 1]), {}, "targets of ctc must be integers, got float64"),
        ((LOGITS, [[[1]]], [4, 4], [1, 1]), {}, r"\(sequences, longest\) for 2 sequences"),
        ((LOGITS, [[1], [2]], [4, 4], [1, 1]), {"blank": 3}, "class from 0 to 2, got 3"),
        ((LOGITS, [[1], [2]], [4, 4], [1, 1]), {"blank": 0.5}, r"class from 0 to 2, got 0\.5"),
        ((LOGITS, [[1], [2]], [4, 4]), {}, "target_lengths is missing"),
        ((LOGITS, [[1], [2]], [4, 4], [1, 1]), {"sample_weight": [1, -1]}, "0 or more and finite, got -1"),
    ],
)
def test_wrong_input_is_one_sentence(arguments, options, message):
    with pytest.raises(InputError, match=message):
        nl.loss.ctc(*arguments, **options)


def test_only_the_logits_have_a_gradient():
    with pytest.raises(InputError, match="ctc has gradients with respect to logits, not 'targets'"):
        nl.loss.ctc.gradient(LOGITS, [[1], [2]], [4, 4], [1, 1], with_respect_to="targets")
