"""The cosine of rows against PyTorch, SciPy, scikit-learn and worked values."""

import mpmath
import numpy as np
import pytest
from scipy.spatial import distance
from sklearn.metrics.pairwise import paired_cosine_distances

import nonlin as nl

F32 = np.float32
RANDOM = np.random.default_rng(0)
P, T = RANDOM.normal(size=(2, 30, 6))
LOSSES = [nl.loss.cosine_similarity, nl.loss.cosine_distance]


def test_agreement_with_scipy_and_scikit_learn():
    got = nl.loss.cosine_distance(P, T, reduction="none")
    np.testing.assert_allclose(got, paired_cosine_distances(P, T), rtol=1e-12)
    np.testing.assert_allclose(got, [distance.cosine(p, t) for p, t in zip(P, T, strict=True)], rtol=1e-12)
    np.testing.assert_allclose(nl.loss.cosine_similarity(P, T, reduction="none"), got - 1, rtol=1e-12, atol=1e-15)


def test_keras_formula():
    """Keras divides both by their lengths and negates the product."""
    p, t = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (P, T))
    assert nl.loss.cosine_similarity(P, T) == pytest.approx(-(p * t).sum(-1).mean(), rel=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("loss", LOSSES)
def test_value_and_derivatives_are_those_of_torch(torch, loss, axis):
    p = torch.tensor(P, requires_grad=True)
    cosine = torch.nn.functional.cosine_similarity(p, torch.tensor(T), dim=axis)
    expected = float(loss is nl.loss.cosine_distance) - cosine
    (slope,) = torch.autograd.grad(expected.mean(), p)
    value, gradient = loss.value_and_gradient(P, T, axis=axis)
    assert value == pytest.approx(expected.mean().item(), rel=1e-12)
    np.testing.assert_allclose(gradient, slope, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("loss", LOSSES)
def test_second_derivatives_are_those_of_torch(torch, loss):
    row = torch.tensor(P[0])
    hessian = torch.autograd.functional.hessian(
        lambda p: -torch.nn.functional.cosine_similarity(p, torch.tensor(T[0]), dim=0), row
    )
    np.testing.assert_allclose(loss.hessian_diagonal(P, T)[0], hessian.diagonal(), rtol=1e-10)


@pytest.mark.parametrize(("dtype", "size"), [(F32, 1e20), (F32, 1e-30), (F32, 1e-44), (float, 1e307), (float, 1e-310)])
def test_vectors_whose_squares_leave_the_range(torch, dtype, size):
    """torch's similarity of two equal vectors of the size 1e20 is 0."""
    if size == 1e20:
        large = torch.full((1, 4), size)
        assert torch.nn.functional.cosine_similarity(large, large).item() == 0
    row = np.array([[3, 4, 0, 0]], dtype) * dtype(size)
    other = np.array([[0, 1, 0, 0]], dtype) * dtype(size)
    assert nl.loss.cosine_similarity(row, row) == -1
    assert nl.loss.cosine_distance(row, row) == 0
    exact = float(mpmath.mpf(float(row[0, 1])) / mpmath.sqrt(sum(mpmath.mpf(float(x)) ** 2 for x in row[0])))
    for a, b in ((row, other), (other, row), (row, other / dtype(size))):
        assert nl.loss.cosine_similarity(a, b) == pytest.approx(-exact, rel=1e-6 if dtype == F32 else 1e-15)


@pytest.mark.parametrize("loss", LOSSES)
def test_rows_of_zeros(loss):
    """torch's gradient there is that of a division by its eps; optax gives NaN."""
    rows, zeros = np.ones((2, 3)), np.zeros((2, 3))
    for p, t in ((zeros, rows), (rows, zeros), (zeros, zeros)):
        value, gradient = loss.value_and_gradient(p, t)
        assert value == (loss is nl.loss.cosine_distance)
        np.testing.assert_array_equal(gradient, zeros)


@pytest.mark.parametrize("dtype", [F32, np.float64])
def test_small_angles_are_not_lost(dtype):
    """1 - cos(1e-9) is 5e-19, of which 1 - 0.99... keeps nothing in float64."""
    angle = dtype(1e-9)
    value, gradient = nl.loss.cosine_distance.value_and_gradient(np.array([[1, angle]]), np.array([[1, 0]], dtype))
    assert value == pytest.approx(5e-19, rel=1e-6)
    np.testing.assert_allclose(gradient, [[-1e-18, 1e-9]], rtol=1e-6)
    assert nl.loss.cosine_distance(np.array([[-1, angle]]), np.array([[1, 0]], dtype)) == 2


@pytest.mark.parametrize("scale", [1.0, 0.5, 1024.0, -4.0])
def test_rows_along_each_other_have_no_gradient(scale):
    rows = P.astype(F32)
    np.testing.assert_array_equal(nl.loss.cosine_similarity.gradient(rows, rows * F32(scale)), np.zeros_like(rows))


def test_integers_and_weights():
    p, t = np.array([[1, 0], [1, 1]]), np.array([[0, 1], [1, 1]])
    assert nl.loss.cosine_distance(p, t) == pytest.approx(0.5)
    assert nl.loss.cosine_distance(p, t, sample_weight=[3.0, 1.0]) == pytest.approx(0.75)
