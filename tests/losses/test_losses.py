"""Every registered loss against 50-digit arithmetic, and what a call of any loss keeps to; worked values."""

import re

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.loss_documentation import takes_class_indices
from nonlin.testing import check_loss
from nonlin.testing.loss_points import extreme_inputs, ordinary_inputs

F32 = np.float32
RECORDS = {name: nl.get_loss(name) for name in nl.losses()}


def of_kind(*kinds):
    return [name for name, loss in RECORDS.items() if loss.kind in kinds]


FORMULAS = of_kind("elementwise", "row", "summary", "similarity")
CALLED = of_kind("elementwise", "row", "summary")  # those that are called with what their formulas see
REDUCED = of_kind("elementwise", "row")
TRAINED = [name for name in CALLED if RECORDS[name].has_gradient]


def given(name, shape=(6, 5), dtype=np.float64, seed=0):
    """In-domain inputs of a call without the optional ones, about as large as 1."""
    loss = RECORDS[name]
    return ordinary_inputs(loss, shape, dtype, seed)[: len(loss.inputs) - len(loss.optional)]


def along(name):
    """Options with which rows are rows, of losses of the whole batch too."""
    return {"axis": -1} if RECORDS[name].has_axis else {}


@pytest.mark.parametrize("name", FORMULAS)
def test_definition(name):
    """Source rules, gradients, facts, and errors in ULP at inputs from tiny to huge and at the ends of parameters."""
    check_loss(name, points=300)


# float32 rows that mix entries more than 2^52 apart lose the small ones, since sums over them are in float64.
MIXED_SIZES = {"sparsemax_loss", "triplet"}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMULAS)
def test_definition_at_many_points(name, request):
    if name in MIXED_SIZES:
        request.applymarker(pytest.mark.xfail(strict=True, raises=AssertionError, reason="beyond float64 sums"))
    check_loss(name, points=4000)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", REDUCED)
def test_no_number_gives_nan(name, dtype):
    """Overflow to the right infinity is no fault, an infinity minus an infinity or zero times infinity is."""
    loss = RECORDS[name]
    inputs = extreme_inputs(loss, dtype)[: len(loss.inputs) - len(loss.optional)]
    for part in (loss, loss.gradient):
        assert not np.isnan(part(*inputs, reduction="none", **along(name))).any()


@pytest.mark.parametrize("name", FORMULAS)
def test_the_example_in_its_documentation_runs(name):
    example = RECORDS[name].__doc__.rpartition(">>> ")[2]
    assert example.startswith(f"nl.loss.{name}(")
    assert np.isfinite(eval(example, {"nl": nl}))


@pytest.mark.parametrize("name", nl.losses())
def test_the_documentation_names_every_input_and_parameter(name):
    loss = RECORDS[name]
    for argument in (*loss.inputs, *loss.parameters):
        assert re.search(rf"^[a-z_, ]*\b{argument}\b[a-z_, ]* : ", loss.__doc__, re.MULTILINE), argument


@pytest.mark.parametrize("name", REDUCED)
def test_reductions_agree(name):
    loss, inputs = RECORDS[name], given(name)
    each = loss(*inputs, reduction="none", **along(name))
    assert each.shape == ((6,) if loss.kind == "row" else (6, 5))
    assert loss(*inputs, reduction="sum", **along(name)) == pytest.approx(each.sum(), rel=1e-13)
    assert loss(*inputs, **along(name)) == pytest.approx(each.mean(), rel=1e-13)
    slopes = loss.gradient(*inputs, reduction="none", **along(name))
    assert slopes.shape == inputs[0].shape
    np.testing.assert_array_equal(loss.gradient(*inputs, reduction="sum", **along(name)), slopes)
    np.testing.assert_allclose(loss.gradient(*inputs, **along(name)), slopes / each.size, rtol=1e-13)


@pytest.mark.parametrize("name", [name for name in of_kind("row") if RECORDS[name].over_all])
def test_a_batch_taken_whole_is_one_row(name):
    loss, inputs = RECORDS[name], given(name)
    row = [x.reshape(1, -1) for x in inputs]
    assert loss(*inputs) == loss(*row, axis=-1)
    np.testing.assert_array_equal(loss.gradient(*inputs).reshape(1, -1), loss.gradient(*row, axis=-1))


@pytest.mark.parametrize("name", CALLED)
def test_a_weight_counts_as_so_many_samples(name):
    loss, inputs, times = RECORDS[name], given(name, seed=1), np.array([1, 2, 0, 3, 1, 1])
    repeated = [np.repeat(x, times, axis=0) for x in inputs]
    weighted = loss(*inputs, sample_weight=times.astype(float), **along(name))
    assert weighted == pytest.approx(loss(*repeated, **along(name)), rel=1e-13)
    if loss.has_gradient:
        slopes = loss.gradient(*inputs, sample_weight=times, **along(name))
        expected = loss.gradient(*repeated, **along(name))
        starts = np.cumsum(times) - times
        for sample in np.flatnonzero(times):
            np.testing.assert_allclose(slopes[sample], times[sample] * expected[starts[sample]], rtol=1e-12)
        assert not slopes[times == 0].any()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", TRAINED)
def test_value_and_gradient_are_those_computed_alone(name, dtype):
    loss, inputs = RECORDS[name], given(name, dtype=dtype)
    value, slopes = loss.value_and_gradient(*inputs, **along(name))
    assert value.dtype == slopes.dtype == dtype
    assert value == loss(*inputs, **along(name))
    np.testing.assert_array_equal(slopes, loss.gradient(*inputs, **along(name)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TRAINED)
def test_a_gradient_can_be_written_over_the_predictions(name, dtype):
    loss, inputs = RECORDS[name], given(name, dtype=dtype)
    expected = loss.gradient(*inputs, **along(name))
    predictions = inputs[0].copy()
    assert loss.gradient(predictions, *inputs[1:], out=predictions, **along(name)) is predictions
    np.testing.assert_array_equal(predictions, expected)
    predictions = inputs[0].copy()
    value, slopes = loss.value_and_gradient(predictions, *inputs[1:], out=predictions, **along(name))
    assert slopes is predictions
    assert value == loss(*inputs, **along(name))
    np.testing.assert_array_equal(predictions, expected)


@pytest.mark.parametrize("name", CALLED)
def test_nan_stays_nan_and_stays_where_it_is(name):
    loss, inputs = RECORDS[name], given(name)
    inputs[0][1, 2] = np.nan
    assert np.isnan(loss(*inputs, **along(name)))
    if loss.kind == "summary":
        return
    for part in (loss, loss.gradient):
        result = part(*inputs, reduction="none", **along(name))
        assert np.isnan(result[(1, 2)[: result.ndim]]), part
        assert np.isfinite(np.delete(result, 1, axis=0)).all()


@pytest.mark.parametrize("name", CALLED)
def test_float16_is_the_rounded_float64(name):
    loss, inputs = RECORDS[name], given(name, dtype="float16")
    wide = [x.astype(float) for x in inputs]
    got, exact = loss(*inputs, **along(name)), loss(*wide, **along(name))
    assert got.dtype == np.float16
    assert abs(float(got) - exact) <= np.spacing(np.float16(abs(exact)))


_WHOLE = {
    "positive": [[3, 1], [2, 1]],
    "non_negative": [[3, 1], [2, 0]],
    "nonzero": [[3, -1], [-2, 1]],
    "above_minus_one": [[3, 0], [2, 1]],
    "real": [[3, -1], [0, 2]],
    "probability": [[1, 0], [0, 1]],
    "binary": [[1, 0], [0, 1]],
    "sign": [[1, -1], [-1, 1]],
}


@pytest.mark.parametrize("name", CALLED)
def test_lists_and_integers_are_computed_in_float64(name):
    loss = RECORDS[name]
    needed = [n for n in loss.inputs if n not in loss.optional]
    whole = [_WHOLE[loss.domains.get(n, "real")][:: 1 - 2 * (k % 2)] for k, n in enumerate(needed)]
    expected = loss(*(np.array(rows, float) for rows in whole), **along(name))
    got = loss(*whole, **along(name))
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(loss(*(np.array(rows, np.int8) for rows in whole), **along(name)), expected)


@pytest.mark.parametrize("name", TRAINED)
def test_layout_does_not_change_results(name):
    loss, inputs = RECORDS[name], given(name, (8, 6))
    spread = [np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3] for x in inputs]
    turned = [np.asfortranarray(x) for x in inputs]
    for other in (spread, turned):
        for x in other:
            x.flags.writeable = False
        for mine, expected in zip(
            loss.value_and_gradient(*other, **along(name)), loss.value_and_gradient(*inputs, **along(name)), strict=True
        ):
            np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TRAINED)
def test_numbers_at_even_distances_are_read_where_they_lie(name, dtype):
    """Every second one, or backwards: such an array is still a view when it is flat."""
    loss, inputs = RECORDS[name], given(name, (6, 5), dtype)
    expected = loss.value_and_gradient(*inputs, **along(name))
    for step in (2, -1):
        views = [np.repeat(x.reshape(-1)[:: np.sign(step)], abs(step))[::step].reshape(x.shape) for x in inputs]
        assert not any(x.flags.c_contiguous for x in views)
        for mine, other in zip(loss.value_and_gradient(*views, **along(name)), expected, strict=True):
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["mse", "log_cosh", "cross_entropy"])
def test_a_gradient_can_be_written_over_neighbours_of_what_is_read(name, dtype):
    loss, shape = RECORDS[name], (2**17 + 1, 5)  # more than a block
    inputs = given(name, shape, dtype)
    for read, written in ((slice(1, None), slice(-1)), (slice(-1), slice(1, None)), (slice(None, 0, -1), slice(-1))):
        memory = inputs[0].copy()
        expected = loss.gradient(memory[read].copy(), inputs[1][1:])
        got = loss.gradient(memory[read], inputs[1][1:], out=memory[written])
        np.testing.assert_array_equal(got, expected)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), size=9).astype(dtype)
    expected = nl.loss.brier.gradient(probabilities[1:], probabilities[:-1])
    np.testing.assert_array_equal(
        nl.loss.brier.gradient(probabilities[1:], probabilities[:-1], out=probabilities[1:]), expected
    )


@pytest.mark.parametrize("name", ["mse", "log_cosh", "cross_entropy"])
def test_a_gradient_can_be_written_over_targets_and_weights(name):
    loss, (x, targets) = RECORDS[name], given(name)
    weights = np.random.default_rng(3).uniform(size=x.shape[: 1 if loss.kind == "row" else 2])
    expected = loss.gradient(x, targets, sample_weight=weights)
    if weights.shape == x.shape:
        out = weights.copy()
        np.testing.assert_array_equal(loss.gradient(x, targets, sample_weight=out, out=out), expected)
    np.testing.assert_array_equal(loss.gradient(x, targets, sample_weight=weights, out=targets), expected)


@pytest.mark.parametrize("name", [name for name in of_kind("row") if RECORDS[name].has_gradient])
def test_a_row_of_no_weight_counts_nothing_were_it_nan(name):
    loss, inputs = RECORDS[name], given(name)
    inputs[0][2] = np.nan
    weights = np.array([1, 2, 0, 3, 1, 1])
    value, slopes = loss.value_and_gradient(*inputs, sample_weight=weights, **along(name))
    assert np.isfinite(value)
    assert np.isfinite(slopes).all()
    assert not slopes[2].any()


@pytest.mark.parametrize("loss", ["binary_cross_entropy_from_probabilities", "cross_entropy_from_probabilities"])
def test_what_has_no_weight_counts_nothing_were_it_infinite(loss):
    certain, even = [0.0, 1.0], [0.5, 0.5]
    inputs = np.array([certain, even]), np.array([[1.0, 0.0], [1.0, 0.0]])
    value, slopes = nl.get_loss(loss).value_and_gradient(*inputs, sample_weight=[0, 1])
    alone, slope = nl.get_loss(loss).value_and_gradient(inputs[0][1:], inputs[1][1:])
    assert value == alone
    np.testing.assert_array_equal(slopes, [[0, 0], slope[0]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TRAINED)
def test_a_mean_needs_the_ratios_of_weights_only(name, dtype):
    loss, inputs = RECORDS[name], given(name, dtype=dtype)
    weights = np.array([1, 2, 0, 3, 1, 1])
    expected = loss.value_and_gradient(*inputs, sample_weight=weights, **along(name))
    for unit in (2.0**1021, 2.0**-120, 2.0**-1074):
        for mine, other in zip(
            loss.value_and_gradient(*inputs, sample_weight=unit * weights, **along(name)), expected, strict=True
        ):
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", of_kind("summary"))
def test_one_number_for_all_keeps_nan_and_refuses_weights_of_nothing(name, dtype):
    loss, inputs = RECORDS[name], given(name, dtype=dtype)
    weights = np.random.default_rng(0).uniform(size=inputs[0].shape)
    weights[2, 1] = 0
    counted = [x[weights > 0] for x in inputs]
    parts = [loss, loss.gradient] if loss.has_gradient else [loss]
    for part in parts:
        expected = part(*counted, sample_weight=weights[weights > 0])
        inputs[0][2, 1] = np.nan
        got = part(*inputs, sample_weight=weights)
        np.testing.assert_array_equal(got[weights > 0] if np.ndim(got) else got, expected)
        inputs[0][2, 2] = np.nan
        for options in ({}, {"sample_weight": weights}):
            got = part(*inputs, **options)
            assert np.isnan(got[2, 2] if np.ndim(got) else got)
        inputs[0][2, 1:3] = given(name, dtype=dtype)[0][2, 1:3]
    with pytest.raises(InputError, match=f"the weights of {name} sum to 0"):
        loss(*inputs, sample_weight=np.zeros_like(weights))


def test_a_single_number_or_row_takes_a_single_weight():
    assert nl.loss.mse(3.0, 1.0, sample_weight=2.0, reduction="sum") == 8
    assert nl.loss.cross_entropy([0.0, 0.0], 1, sample_weight=2.0) == pytest.approx(np.log(2), rel=1e-15)


def test_sums_beyond_the_range_are_infinite_without_a_warning():
    many = np.zeros((2**17, 4))
    many[[0, 1, -1], 0] = 1e308
    targets = np.zeros_like(many)
    targets[:, 1] = 1
    for loss, options in (("mae", {"reduction": "sum"}), ("cross_entropy", {"reduction": "sum"}), ("max_error", {})):
        assert nl.get_loss(loss)(many, targets, **options) == (1e308 if loss == "max_error" else np.inf)
    with np.errstate(all="raise"):
        assert nl.loss.mae(many, targets, reduction="sum") == np.inf
        assert nl.loss.cross_entropy(many[2:3] - 1000 * targets[:1], targets[:1]) == pytest.approx(1000 + np.log(3))


@pytest.mark.parametrize("name", CALLED)
def test_pandas_is_taken(name):
    pandas = pytest.importorskip("pandas")
    loss, inputs = RECORDS[name], given(name)
    tables = [pandas.DataFrame(x) for x in inputs]
    assert loss(*tables, **along(name)) == loss(*inputs, **along(name))


@pytest.mark.parametrize("name", of_kind("row"))
def test_any_axis(name):
    loss, inputs = RECORDS[name], given(name, (2, 3, 4))
    moved = [np.moveaxis(x, -1, 1) for x in inputs]
    expected = loss(*inputs, axis=-1, reduction="none")
    np.testing.assert_array_equal(loss(*moved, axis=1, reduction="none"), expected)
    slopes = loss.gradient(*inputs, axis=-1)
    np.testing.assert_array_equal(loss.gradient(*moved, axis=1), np.moveaxis(slopes, -1, 1))


@pytest.mark.parametrize("name", [name for name in of_kind("row") if takes_class_indices(RECORDS[name])])
def test_class_indices_are_one_hot_rows(name):
    loss, predictions = RECORDS[name], given(name)[0]
    classes = np.array([0, 4, 2, 2, 1, 3])
    rest = given(name)[2:]
    for part in (loss, loss.gradient):
        one_hot = part(predictions, np.eye(5)[classes], *rest, reduction="none", axis=-1)
        np.testing.assert_array_equal(part(predictions, classes, *rest, reduction="none", axis=-1), one_hot)
    kept = classes != 2
    with_holes = loss(predictions, classes, *rest, ignore_index=2, axis=-1)
    assert with_holes == pytest.approx(
        loss(predictions[kept], classes[kept], *(x[kept] for x in rest), axis=-1), rel=1e-14
    )
    with pytest.raises(InputError, match="from 0 to 4, got 5 at position 1"):
        loss(predictions, [0, 5, 0, 0, 0, 0], *rest, axis=-1)
    with pytest.raises(InputError, match="nothing is left"):
        loss(predictions, np.full(6, -1), *rest, ignore_index=-1, axis=-1)


@pytest.mark.parametrize("name", CALLED)
def test_shapes_that_do_not_match_are_refused(name):
    """Broadcasting n numbers and n x 1 silently gives n x n in NumPy, and so in scikit-learn's and PyTorch's losses."""
    loss, (first, second, *rest) = RECORDS[name], given(name, (6, 6))
    for wrong in (second[:, :1][:5], second[:, :5], second[..., np.newaxis], np.stack([second, second])):
        with pytest.raises(InputError, match=re.escape(str(wrong.shape))):
            loss(first, wrong, *rest, **along(name))
    if loss.kind != "row":
        with pytest.raises(InputError, match=r"\(6, 1\) and \(6,\)"):
            loss(first[:, :1], second[:, 0], *(x[:, :1] for x in rest))
    with pytest.raises(InputError, match="empty batch"):
        loss(*(x[:0] for x in (first, second, *rest)), **along(name))


_OUTSIDE = {
    "positive": 0.0,
    "non_negative": -1.0,
    "above_minus_one": -1.0,
    "nonzero": 0.0,
    "probability": 1.5,
    "binary": 0.5,
    "sign": 0.0,
}


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, k) for name in CALLED for k, n in enumerate(RECORDS[name].inputs) if n in RECORDS[name].domains],
)
def test_the_first_number_outside_a_domain_is_named(name, place):
    loss = RECORDS[name]
    inputs = ordinary_inputs(loss, (6, 5))[: max(place + 1, len(loss.inputs) - len(loss.optional))]
    outside = _OUTSIDE[loss.domains[loss.inputs[place]]]
    inputs[place][2, 3] = inputs[place][4, 0] = outside
    with pytest.raises(
        InputError, match=rf"{loss.inputs[place]} of {name} must be .*, got {outside} at position \(2, 3\)"
    ):
        loss(*inputs, **along(name))


@pytest.mark.parametrize("name", CALLED)
def test_options_that_make_no_sense_are_refused(name):
    loss, inputs = RECORDS[name], given(name)
    for wrong, message in {
        "sample_weight": (
            np.array([1, 1, -1, 1, 1, 1]),
            r"sample_weight must be 0 or more and finite, got -1.* \(2,\)",
        ),
        "reduction": ("men", "unknown reduction 'men'; did you mean 'mean'"),
        "reducton": ("mean", f"{name} has no parameter 'reducton'"),
    }.items():
        with pytest.raises(InputError, match=message[1]):
            loss(*inputs, **{wrong: message[0]}, **along(name))
    for parameter, known in loss.parameters.items():
        with pytest.raises(InputError, match=f"{parameter[:-1]}.*; did you mean"):
            loss(*inputs, **{parameter[:-1] if len(parameter) > 2 else parameter * 2: known.default}, **along(name))
    for size in (np.ones(3), np.ones((5, 6)), np.float64(2)):
        with pytest.raises(InputError, match="sample_weight"):
            loss(*inputs, sample_weight=size, **along(name))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda loss: loss.mse([1.0], [1.0], targets=[1.0]), "mse takes predictions, targets, each once"),
        (lambda loss: loss.cross_entropy([[1.0, 2.0]], [0], weight=[1, 2]), "did you mean 'class_weights'"),
        (lambda loss: loss.cross_entropy([[1.0, 2.0]], [0], [1, 2, 3]), "class_weights of .* must have the shape"),
        (lambda loss: loss.mse.gradient([1.0], [1.0], with_respect_to="targets"), 'mse.gradient.with_respect_to="targ'),
        (lambda loss: nl.get_loss("no such thing"), "unknown loss 'no such thing'; see .* `nonlin list losses`$"),
    ],
)
def test_an_error_names_the_mend(call, message):
    with pytest.raises(InputError, match=message):
        call(nl.loss)


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(14, 8.3152838e-07), (17, 4.1399375e-08), (50, 1.9287498e-22), (90, 8.194013e-40)],
)
def test_cross_entropy_keeps_small_losses(margin, expected):
    """log(sum(exp)) - logit in float32 is exactly 0 from margin 17 (torch, optax)."""
    assert nl.loss.cross_entropy(np.array([[margin, 0]], F32), [0]) == pytest.approx(expected, rel=2e-7)


def test_cross_entropy_of_distributions():
    """H(p, q) in nats for p = [.5, .125, .125, .25], with log q as logits."""
    p = np.array([[0.5, 0.125, 0.125, 0.25]])
    assert nl.loss.cross_entropy(np.zeros((1, 4)), p) == pytest.approx(1.3863, abs=5e-5)
    q = np.log([[0.5, 0.25, 0.125, 0.125]])
    assert nl.loss.cross_entropy(q, p) == pytest.approx(1.2997, abs=5e-5)


def test_agreement_with_torch(torch):
    functional = torch.nn.functional
    random = np.random.default_rng(0)
    logits, classes = random.normal(0, 3, (40, 7)), random.integers(0, 7, 40)
    z = torch.tensor(logits, requires_grad=True)
    for reduction in ("mean", "sum"):
        expected = functional.cross_entropy(z, torch.tensor(classes), reduction=reduction)
        (gradient,) = torch.autograd.grad(expected, z)
        value, got = nl.loss.cross_entropy.value_and_gradient(logits, classes, reduction=reduction)
        assert value == pytest.approx(expected.item(), rel=1e-13)
        np.testing.assert_allclose(got, gradient, atol=1e-14)
    targets = random.integers(0, 2, logits.shape).astype(float)
    binary = functional.binary_cross_entropy_with_logits(z, torch.tensor(targets))
    assert nl.loss.binary_cross_entropy(logits, targets) == pytest.approx(binary.item(), rel=1e-13)
    squared = functional.mse_loss(z, torch.tensor(targets))
    assert nl.loss.mse(logits, targets) == pytest.approx(squared.item(), rel=1e-13)


def test_class_indices_agree_with_one_hot_rows_along_any_axis():
    random = np.random.default_rng(1)
    logits, classes = random.normal(size=(4, 5, 6)), random.integers(0, 5, (4, 6))
    one_hot = np.moveaxis(np.eye(5)[classes], -1, 1)
    by_index = nl.loss.cross_entropy(logits, classes, axis=1, reduction="none")
    assert by_index.shape == (4, 6)
    np.testing.assert_array_equal(by_index, nl.loss.cross_entropy(logits, one_hot, axis=1, reduction="none"))


def test_masked_classes_do_not_matter():
    """torch gives NaN for a probability target of 0 on a logit of minus infinity."""
    value, gradient = nl.loss.cross_entropy.value_and_gradient([[1.0, -np.inf]], [[1.0, 0.0]])
    assert value == 0
    np.testing.assert_array_equal(gradient, [[0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.cross_entropy(np.zeros((2, 3)), [0, 3]), "from 0 to 2, got 3 at position 1"),
        (lambda: nl.loss.cross_entropy(np.zeros((2, 3)), [[0.5, 0.4, 0.0], [1, 0, 0]]), "row 0 sums to 0.9"),
        (lambda: nl.loss.cross_entropy(np.zeros((2, 3)), [0.0, 1.0]), "class indices"),
        (lambda: nl.loss.binary_cross_entropy([0.0, 1.0], [0, 2]), r"from 0 to 1, got 2 at position \(1,\)"),
        (lambda: nl.loss.mse(np.zeros((3, 1)), np.zeros(3)), r"one shape, got \(3, 1\) and \(3,\)"),
        (lambda: nl.loss.cosine_distance(np.zeros((3, 3)), np.zeros(3)), r"one shape, got \(3, 3\) and \(3,\)"),
        (lambda: nl.loss.cosine_distance(np.zeros((3, 2)), np.zeros((3, 1))), r"one shape, got \(3, 2\) and \(3, 1\)"),
        (lambda: nl.loss.cosine_embedding(np.ones((3, 2)), np.ones((3, 2)), [1, 1]), r"shape \(3,\), got \(2,\)"),
        (lambda: nl.loss.cross_entropy(np.zeros((1, 2)), [0], ignore_index=0.5), "ignore_index must be a whole number"),
        (lambda: nl.loss.mse([1.0], [1.0], out=np.zeros(1)), "out of mse is for a gradient"),
        (lambda: nl.loss.huber([1.0], [1.0], delta="a"), "delta of huber must be a number or an array of numbers"),
        (lambda: nl.loss.huber([1.0, 2.0], [1.0, 1.0], delta=[1.0, 0.0]), "got 0.0 at position 1"),
        (lambda: nl.loss.cross_entropy([[0.0]], [0], label_smoothing=None), "must be a number or an array of numbers"),
        (
            lambda: nl.loss.cross_entropy([[0.0]], [0], label_smoothing=[0.1]),
            "label_smoothing .* must be a single number",
        ),
        (lambda: nl.loss.cross_entropy([[0.0]], [0], label_smoothing=np.array(5.0)), "at most 1, got 5.0"),
        (lambda: nl.loss.mse([], []), "empty batch"),
        (lambda: nl.loss.cross_entropy.decide(np.zeros((2, 0))), r"no classes to choose from, got shape \(2, 0\)"),
        (lambda: nl.loss.mse([1.0], [1.0], reduction="average"), "unknown reduction 'average'"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_mean_of_many_float32_values_is_accumulated_in_float64():
    predictions = np.full(2**24 + 2**20, 1.0, F32)
    assert nl.loss.mse(predictions, np.zeros_like(predictions)) == 1


def test_float16_terms_and_their_sum_do_not_overflow():
    """The squared error of 300 is beyond float16 (torch, jax, Keras: infinite); the mean over four is not."""
    predictions = np.array([300, 0, 0, 0], np.float16)
    assert nl.loss.mse(predictions, np.zeros(4, np.float16)) == 22500
    many = np.ones(70000, np.float16)
    np.testing.assert_allclose(nl.loss.mse.gradient(many, np.zeros_like(many)), 2 / 70000, rtol=1e-2)
    assert nl.loss.mse(np.array([60000], np.float16), np.zeros(1, np.float16)) == np.inf


def test_integers_are_computed_in_float64():
    assert nl.loss.mse(np.array([255], np.uint8), np.array([0], np.uint8)) == 65025
    assert nl.loss.mse([3], [1]) == 4


def test_arguments_may_be_named():
    p, t = np.array([1.0, 2.0]), np.zeros(2)
    assert nl.loss.mse(predictions=p, targets=t) == nl.loss.mse(p, targets=t) == 2.5
    z = np.zeros((1, 2))
    assert nl.loss.cross_entropy(logits=z, targets=[0]) == nl.loss.cross_entropy(z, [0])
    np.testing.assert_array_equal(nl.loss.mse.gradient(predictions=p, targets=t), [1, 2])
    with pytest.raises(InputError, match="mse needs predictions and targets; targets is missing"):
        nl.loss.mse(p)
