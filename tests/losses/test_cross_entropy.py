"""The fused cross-entropy: options of PyTorch, masked rows, in place, memory, rows along any axis."""

import itertools
import tracemalloc

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

cross_entropy = nl.loss.cross_entropy
INF = np.inf


def _batch(dtype="float32", rows=40, classes=7, seed=0):
    random = np.random.default_rng(seed)
    logits = random.normal(0, 3, (rows, classes)).astype(dtype)
    return random, logits, random.integers(0, classes, rows)


_OPTIONS = [
    options
    for options in itertools.product(["mean", "sum", "none"], [0.0, 0.1], [False, True], [None, 3], [False, True])
    if not (options[3] and options[4])  # an index to ignore is for class indices
]


@pytest.mark.parametrize(("reduction", "smoothing", "weighted", "ignored", "soft"), _OPTIONS)
def test_all_options_agree_with_torch(torch, reduction, smoothing, weighted, ignored, soft):
    random, logits, classes = _batch("float64")
    weights = random.uniform(0.5, 2, 7) if weighted else None
    targets = random.dirichlet(np.ones(7), 40) if soft else classes
    z = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(
        z,
        torch.tensor(targets),
        weight=None if weights is None else torch.tensor(weights),
        label_smoothing=smoothing,
        reduction=reduction,
        **({} if ignored is None else {"ignore_index": ignored}),
    )
    (slopes,) = torch.autograd.grad(expected.sum(), z)
    value, gradient = cross_entropy.value_and_gradient(
        logits, targets, class_weights=weights, label_smoothing=smoothing, reduction=reduction, ignore_index=ignored
    )
    np.testing.assert_allclose(value, expected.detach(), rtol=1e-12)
    np.testing.assert_allclose(gradient, slopes, atol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis_agrees_with_torch(torch, axis):
    random = np.random.default_rng(1)
    logits, classes = random.normal(size=(5, 6, 7)).astype(np.float32), random.integers(0, 5, (5, 6, 7)).take(0, axis)
    z = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(z.movedim(axis, 1), torch.tensor(classes))
    expected.backward()
    value, gradient = cross_entropy.value_and_gradient(logits, classes, axis=axis)
    assert value == pytest.approx(expected.item(), rel=1e-6)
    np.testing.assert_allclose(gradient, z.grad, atol=1e-8)


def test_masked_classes_and_rows():
    """A masked class takes no part; a row in which all are masked is as if all were equal, as for softmax."""
    value, gradient = cross_entropy.value_and_gradient([[1.0, -INF], [-INF, -INF]], [0, 1], reduction="none")
    np.testing.assert_array_equal(value, [0, np.log(2)])
    np.testing.assert_array_equal(gradient, [[0, 0], [0.5, -0.5]])
    assert cross_entropy([[1.0, -INF]], [1]) == INF
    np.testing.assert_array_equal(cross_entropy.gradient([[1.0, -INF]], [1]), [[1, -1]])
    assert cross_entropy([[1.0, -INF]], [0], label_smoothing=0.1) == INF


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_place_a_row_with_nan_stays_apart(dtype):
    _, logits, classes = _batch(dtype)
    logits[3, 4], logits[5, :] = np.nan, -INF
    expected = cross_entropy.gradient(logits, classes)
    value, gradient = cross_entropy.value_and_gradient(logits, classes, out=logits)
    assert gradient is logits
    assert np.isnan(value)
    np.testing.assert_array_equal(gradient, expected)
    assert np.isnan(gradient[3]).all()
    assert np.isfinite(np.delete(gradient, 3, axis=0)).all()


def test_a_refused_call_leaves_the_logits_as_they_are():
    _, logits, classes = _batch()
    before = logits.copy()
    for wrong in (np.where(classes == 2, 9, classes), np.full(logits.shape, 0.2)):
        with pytest.raises(InputError):
            cross_entropy.gradient(logits, wrong, out=logits)
    np.testing.assert_array_equal(logits, before)


def test_an_index_gives_the_bits_of_a_one_hot_row_in_float64():
    _, logits, classes = _batch("float64")
    for got, expected in zip(
        cross_entropy.value_and_gradient(logits, classes, reduction="none"),
        cross_entropy.value_and_gradient(logits, np.eye(7)[classes], reduction="none"),
        strict=True,
    ):
        np.testing.assert_array_equal(got, expected)


def test_float32_is_the_rounded_float64():
    _, logits, classes = _batch(rows=2000, classes=50)
    value, gradient = cross_entropy.value_and_gradient(logits, classes, reduction="none")
    wide, slopes = cross_entropy.value_and_gradient(logits.astype(float), classes, reduction="none")
    assert np.max(np.abs(value - wide) / np.spacing(wide.astype(np.float32))) < 0.52
    assert np.max(np.abs(gradient - slopes) / np.spacing(np.abs(slopes).astype(np.float32))) < 0.6


@pytest.mark.parametrize("axis", [0, 1])
def test_nothing_of_the_size_of_the_logits_is_made(axis):
    shape = (400, 20000) if axis else (20000, 400)
    logits = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    classes = np.zeros(400, int)
    cross_entropy.gradient(logits, classes, axis=axis, out=logits.copy())
    tracemalloc.start()
    try:
        cross_entropy.value_and_gradient(logits, classes, axis=axis, out=logits)
        assert tracemalloc.get_traced_memory()[1] < logits.nbytes / 6
    finally:
        tracemalloc.stop()
