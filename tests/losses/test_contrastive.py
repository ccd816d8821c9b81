"""Contrastive losses against the formulas of optax and Keras, and differences in 50-digit arithmetic."""

import mpmath
import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.testing.reference import exact_values, numerical_gradient

LOSSES = [nl.loss.info_nce, nl.loss.circle]


def cosines(embeddings):
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return (embeddings / lengths) @ (embeddings / lengths).T


def optax_ntxent(embeddings, labels, temperature=0.07):
    """optax.losses.ntxent of optax 0.2.8, in NumPy."""
    scaled = cosines(embeddings) / temperature
    same = labels[:, None] == labels
    pairs = same & ~np.eye(len(labels), dtype=bool)
    shifted = scaled - np.max(scaled, axis=1, keepdims=True)
    denominator = np.sum(np.where(same, 0, np.exp(shifted)), axis=1, keepdims=True) + np.exp(shifted)
    return -np.where(pairs, shifted - np.log(denominator), 0).sum() / pairs.sum()


def keras_circle(embeddings, labels, gamma=80, margin=0.4):
    """keras.losses.circle of Keras 3.15.1, of normalised embeddings: a loss for each row."""
    distances = np.maximum(1 - cosines(embeddings), 0)
    same = labels[:, None] == labels
    positive = same & ~np.eye(len(labels), dtype=bool)
    pulled = -gamma * np.maximum(margin + distances, 0) * (margin - distances)
    pushed = gamma * np.maximum(1 + margin - distances, 0) * (1 - margin - distances)
    with np.errstate(divide="ignore"):
        p = np.logaddexp.reduce(np.where(positive, pulled, -np.inf), axis=1)
        n = np.logaddexp.reduce(np.where(~same, pushed, -np.inf), axis=1)
    return np.logaddexp(0, p + n)


def batch(seed=0, count=12, width=5):
    """Embeddings and labels: one is alone with its label, others are two, three and more."""
    random = np.random.default_rng(seed)
    labels = np.array([7, 1, 1, -2, -2, -2, *[3] * (count - 6)])
    return random.normal(size=(count, width)), random.permutation(labels)


@pytest.mark.parametrize("temperature", [0.07, 0.5, 2.0])
def test_agreement_with_optax(temperature):
    embeddings, labels = batch()
    expected = optax_ntxent(embeddings, labels, temperature)
    assert nl.loss.info_nce(embeddings, labels, temperature=temperature) == pytest.approx(expected, rel=1e-13)


def test_the_example_of_optax():
    """In its documentation: embeddings of one number, whose cosines are all 1."""
    embeddings = np.array([[0.08969027], [1.6291292], [0.8622629], [0.13612625]], np.float32)
    assert nl.loss.info_nce(embeddings, [0, 0, 1, 1]) == pytest.approx(1.0986123, rel=1e-7)


@pytest.mark.parametrize(("gamma", "margin"), [(80, 0.4), (5, 0.1), (1, 0)])
def test_agreement_with_keras(gamma, margin):
    embeddings, labels = batch(1)
    expected = keras_circle(embeddings, labels, gamma, margin)
    got = nl.loss.circle(embeddings, labels, gamma=gamma, margin=margin, reduction="none")
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    mean = nl.loss.circle(embeddings, labels, gamma=gamma, margin=margin)
    assert mean == pytest.approx(expected[labels != 7].mean(), rel=1e-12)  # Keras counts the lonely one as 0


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_formulas_in_50_digits(loss):
    """Kernels and gradients of rows of similarities, all positive and all negative ones too."""
    random = np.random.default_rng(2)
    similarities = np.clip(random.normal(0, 0.6, (6, 8)), -1, 1)
    positives = random.integers(0, 2, similarities.shape).astype(float)
    positives[0], positives[1] = 0, 1
    with mpmath.workdps(50):
        exact = exact_values(loss, "definition", similarities, positives)
        np.testing.assert_allclose(
            exact_values(loss, "value", similarities[2:], positives[2:]).astype(float),
            exact[2:].astype(float),
            rtol=1e-14,
        )
        slopes = exact_values(loss, "gradient", similarities[2:], positives[2:]).astype(float)
        differences = numerical_gradient(loss, 0, similarities[2:], positives[2:]).astype(float)
    np.testing.assert_allclose(slopes, differences, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradient_by_differences(loss, reduction):
    embeddings, labels = batch(3)
    weights = np.random.default_rng(4).random(len(labels))
    options = {"reduction": reduction, "sample_weight": weights}
    value, gradient = loss.value_and_gradient(embeddings, labels, **options)
    assert value == loss(embeddings, labels, **options)
    np.testing.assert_array_equal(gradient, loss.gradient(embeddings, labels, **options))
    step = 1e-6
    for at in np.ndindex(embeddings.shape):
        shift = np.zeros_like(embeddings)
        shift[at] = step
        slope = loss(embeddings + shift, labels, **options) - loss(embeddings - shift, labels, **options)
        assert gradient[at] == pytest.approx(slope / (2 * step), rel=1e-5, abs=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_lengths_do_not_matter_and_the_gradient_is_across(loss):
    """Also lengths whose squares are beyond the range."""
    embeddings, labels = batch(5)
    scales = 10.0 ** np.random.default_rng(6).uniform(-200, 200, (len(labels), 1))
    value, gradient = loss.value_and_gradient(embeddings, labels)
    scaled, other = loss.value_and_gradient(embeddings * scales, labels)
    assert scaled == pytest.approx(value, rel=1e-11)
    np.testing.assert_allclose(other * scales, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())
    np.testing.assert_allclose((embeddings * gradient).sum(axis=1), 0, atol=1e-13 * np.abs(gradient).max())


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_extremes_stay_finite(loss):
    """Equal and opposite embeddings, zeros, one label only, low temperatures and large scales."""
    embeddings, labels = (
        np.array([[1, 0], [1, 0], [-1, 0], [-1, 0], [0, 0], [0, 1]], float),
        np.array([0, 0, 0, 1, 1, 1]),
    )
    sharp = {"temperature": 1e-3} if loss.name == "info_nce" else {"gamma": 1e4}
    for options in ({}, sharp):
        for given in (labels, 0 * labels):
            value, gradient = loss.value_and_gradient(embeddings, given, **options)
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()
            np.testing.assert_array_equal(gradient[4], 0)
    assert loss(embeddings, 0 * labels) == 0  # nothing to be told from


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nan_stays_nan(loss, number):
    embeddings, labels = batch(9)
    embeddings[3, 1] = number
    value, gradient = loss.value_and_gradient(embeddings, labels)
    assert np.isnan(value)
    assert np.isnan(gradient[3]).all()


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_float32_is_computed_in_float64(loss):
    embeddings, labels = batch(7)
    single = embeddings.astype(np.float32)
    value, gradient = loss.value_and_gradient(single, labels)
    exact = loss.value_and_gradient(single.astype(float), labels)
    assert gradient.dtype == value.dtype == np.float32
    assert value == np.float32(exact[0])
    np.testing.assert_array_equal(gradient, exact[1].astype(np.float32))
    assert loss.gradient(single, labels, out=single) is single  # in place
    np.testing.assert_array_equal(single, gradient)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_blocks_of_rows_give_the_same(loss, monkeypatch):
    from nonlin.backends.numpy.losses import similarities

    embeddings, labels = batch(8, count=30)
    whole = loss.value_and_gradient(embeddings, labels)
    monkeypatch.setattr(similarities, "_BLOCK", 100)
    value, gradient = loss.value_and_gradient(embeddings, labels)
    assert value == pytest.approx(whole[0], rel=1e-14)
    np.testing.assert_allclose(gradient, whole[1], rtol=1e-10, atol=1e-13 * np.abs(gradient).max())


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((np.ones((3, 2)), [0, 1, 2]), "needs two embeddings of one label, got 3 different labels"),
        ((np.ones((3, 2)), [0, 1]), r"must be 3 integers, one for each embedding, got shape \(2,\) of int64"),
        ((np.ones((3, 2)), [0.0, 1.0, 1.0]), r"must be 3 integers, .* of float64"),
        ((np.ones(3), [0, 1, 1]), r"must be \(examples, features\), got shape \(3,\)"),
    ],
)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_wrong_input_is_one_sentence(loss, arrays, message):
    with pytest.raises(InputError, match=message):
        loss(*arrays)


def test_only_class_indices_can_be_ignored():
    with pytest.raises(InputError, match="info_nce has no parameter 'ignore_index'"):
        nl.loss.info_nce(*batch(), ignore_index=1)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_layout_of_embeddings_does_not_change_results(loss):
    embeddings, labels = np.random.default_rng(2).normal(size=(60, 37)), np.arange(60) % 7
    for mine, other in zip(
        loss.value_and_gradient(np.asfortranarray(embeddings), labels),
        loss.value_and_gradient(embeddings, labels),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, other)
