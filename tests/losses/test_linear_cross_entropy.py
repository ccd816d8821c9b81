"""The fused linear cross-entropy against PyTorch's two steps, and the memory that it takes."""

import tracemalloc

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

INPUTS = ("features", "weight", "bias")
loss = nl.loss.linear_cross_entropy


@pytest.fixture
def small_chunks(monkeypatch):
    """Five rows of eleven classes in float64 at a time."""
    from nonlin.backends.numpy.losses import linear_cross_entropy

    monkeypatch.setattr(linear_cross_entropy, "_BYTES", 5 * 11 * 8)


def layer(dtype="float64", rows=23, width=6, classes=11):
    random = np.random.default_rng(0)
    shapes = (rows, width), (classes, width), (classes,)
    return [random.normal(size=shape).astype(dtype) for shape in shapes], random.integers(0, classes, rows)


OPTIONS = [
    {},
    {"reduction": "sum"},
    {"reduction": "none"},
    {"label_smoothing": 0.1},
    {"ignore_index": 3},
    {"class_weights": True},
    {"class_weights": True, "ignore_index": -100, "label_smoothing": 0.2},
    {"class_weights": True, "reduction": "sum"},
]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("indices", [True, False])
def test_agreement_with_torch(torch, options, dtype, indices):
    (features, weight, bias), targets = layer(dtype)
    random, options = np.random.default_rng(1), dict(options)
    if not indices:
        options.pop("ignore_index", None)
        targets = random.dirichlet(np.ones(11), 23)
    if "ignore_index" in options:
        targets[::4] = options["ignore_index"]
    tensors = [torch.tensor(x.astype(float), requires_grad=True) for x in (features, weight, bias)]
    theirs = {("weight" if name == "class_weights" else name): value for name, value in options.items()}
    if "class_weights" in options:
        options["class_weights"] = random.random(11)
        theirs["weight"] = torch.tensor(options["class_weights"])
    expected = torch.nn.functional.cross_entropy(torch.nn.functional.linear(*tensors), torch.tensor(targets), **theirs)
    slopes = torch.autograd.grad(expected.sum(), tensors)
    value, gradients = loss.value_and_gradient(features, weight, targets, bias, with_respect_to=INPUTS, **options)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(value, expected.detach(), rtol=tolerance)
    for gradient, slope in zip(gradients, slopes, strict=True):
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, slope, rtol=tolerance, atol=tolerance)


def test_agreement_with_the_loss_of_all_logits():
    (features, weight, _), targets = layer()
    value, gradient = nl.loss.cross_entropy.value_and_gradient(features @ weight.T, targets)
    assert loss(features, weight, targets) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(loss.gradient(features, weight, targets), gradient @ weight, rtol=1e-12, atol=1e-16)


def test_ways_of_asking_for_gradients():
    (features, weight, bias), targets = layer()
    value, every = loss.value_and_gradient(features, weight, targets, bias, with_respect_to=INPUTS)
    assert value == loss(features, weight, targets, bias)
    for name, expected in zip(INPUTS, every, strict=True):
        np.testing.assert_array_equal(loss.gradient(features, weight, targets, bias, with_respect_to=name), expected)
    np.testing.assert_array_equal(loss.value_and_gradient(features, weight, targets, bias)[1], every[0])
    (alone,) = loss.gradient(features, weight, targets, bias, with_respect_to=("bias",))
    np.testing.assert_array_equal(alone, every[2])
    with pytest.raises(InputError, match="gradients with respect to features and weight and bias, not 'targets'"):
        loss.gradient(features, weight, targets, with_respect_to="targets")


@pytest.mark.usefixtures("small_chunks")
def test_weights_of_rows_and_leading_axes():
    (features, weight, bias), targets = layer(rows=24)
    random = np.random.default_rng(2)
    weights = np.where(random.random(24) < 0.3, 0, random.random(24))
    each = loss(features, weight, targets, bias, reduction="none")
    value, gradient = loss.value_and_gradient(features, weight, targets, bias, sample_weight=weights)
    assert value == pytest.approx(np.average(each, weights=weights), rel=1e-14)
    assert not gradient[weights == 0].any()
    shaped = {"sample_weight": weights.reshape(2, 3, 4)}
    other = loss.value_and_gradient(features.reshape(2, 3, 4, -1), weight, targets.reshape(2, 3, 4), bias, **shaped)
    assert other[0] == value
    np.testing.assert_array_equal(other[1], gradient.reshape(2, 3, 4, -1))


def test_peak_memory_is_one_chunk():
    """The logits of all rows would take 256 MB."""
    (features, weight, bias), targets = layer("float32", rows=4096, width=4, classes=1 << 14)
    loss.value_and_gradient(features[:9], weight, targets[:9], bias, with_respect_to=INPUTS)  # compiles
    tracemalloc.start()
    loss.value_and_gradient(features, weight, targets, bias, with_respect_to=INPUTS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 36e6


def test_float16_does_not_overflow():
    """A logit of 90,000, beyond float16, and the sum of 70,000 losses."""
    features, weight = np.full((70000, 1), 300, np.float16), np.array([[300], [0]], np.float16)
    value, gradient = loss.value_and_gradient(features, weight, np.zeros(70000, int))
    assert value == 0
    assert gradient.dtype == np.float16
    assert loss(features, 0 * weight, np.zeros(70000, int)) == np.float16(np.log(2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"weight": np.ones((11, 5))},
            r"features \(..., width\) and weight \(classes, width\), got \(23, 6\) and \(11, 5\)",
        ),
        ({"bias": np.ones(6)}, r"bias of linear_cross_entropy must have the shape \(11,\), got \(6,\)"),
        (
            {"class_weights": np.ones(6)},
            r"class_weights of linear_cross_entropy must have the shape \(11,\), got \(6,\)",
        ),
        ({"targets": np.full(23, 11)}, "from 0 to 10, got 11 at position 0"),
        ({"targets": np.zeros(22, int)}, r"class indices of shape \(23,\)"),
        ({"targets": np.full((23, 11), 0.1)}, "row 0 sums to 1.1"),
        ({"targets": np.full((23, 11), -0.1)}, r"from 0 to 1, got -0.1 at position \(0, 0\)"),
        ({"targets": np.full(23, 4), "ignore_index": 4}, "nothing is left to average"),
        ({"sample_weight": np.zeros(23)}, "weights of linear_cross_entropy sum to 0"),
    ],
)
def test_wrong_input_is_one_sentence(change, message):
    (features, weight, bias), targets = layer()
    given = {"features": features, "weight": weight, "bias": bias, "targets": targets, **change}
    with pytest.raises(InputError, match=message):
        loss(**given)
