"""Distributions over a row: against 50-digit arithmetic, other libraries, and the definitions solved in other ways."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import optimize, special

import nonlin as nl
from nonlin.testing import exact_values, ulp_error

INF, NAN = np.inf, np.nan
PLAIN = ["softmax", "log_softmax", "softmin", "sparsemax", "entmax15", "entmax", "hardmax"]
DISTRIBUTIONS = [name for name in PLAIN if name != "log_softmax"]
TEMPERED = ["softmax", "log_softmax", "softmin"]
SPARSE = ["sparsemax", "entmax15", "entmax"]
FLOATS = ["float16", "float32", "float64"]
LENGTHS = [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100]

LOGITS = st.floats(-100, 100, width=32, allow_subnormal=False)
ROWS = arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 40)), elements=LOGITS)


def _rows(shape, scale=3.0, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(0, scale, shape).astype(dtype)


# ---------------------------------------------------------------------------------------------- accuracy


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("scale", [1e-4, 1.0, 10.0, 60.0, 300.0])
@pytest.mark.parametrize("name", TEMPERED)
def test_softmax_and_its_relatives_are_right_to_one_unit(name, scale, length):
    record, x = nl.get(name), _rows((4, length), scale, seed=length)
    for dtype, units in (("float32", 0.6), ("float16", 0.51), ("float64", 1)):
        given_rows = np.clip(x, -60000, 60000).astype(dtype)
        exact = exact_values(record, "definition", given_rows)
        assert ulp_error(record(given_rows), exact).max() <= units, dtype


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("scale", [1e-4, 0.3, 1.0, 10.0, 300.0])
@pytest.mark.parametrize("name", SPARSE)
def test_sparse_distributions_are_right_to_half_a_unit_of_one(name, scale, length):
    """Results beside 0 are differences from the threshold: their error is one of the entries, not of themselves."""
    record, x = nl.get(name), _rows((4, length), scale, seed=length)
    for dtype in ("float32", "float64"):
        exact = exact_values(record, "definition", x.astype(dtype))
        errors = np.abs(record(x.astype(dtype)) - exact).astype(float)
        assert errors.max() <= np.finfo(dtype).eps / 3.9


@pytest.mark.parametrize("temperature", [1e-3, 0.1, 0.7, 3.0, 1e3])
@pytest.mark.parametrize("name", TEMPERED)
def test_any_temperature_is_as_exact(name, temperature):
    record, x = nl.get(name), _rows((6, 40))
    for dtype, units in (("float32", 0.6), ("float64", 1)):
        given_rows = x.astype(dtype)
        exact = exact_values(record, "definition", given_rows, parameters={"temperature": temperature})
        assert ulp_error(record(given_rows, temperature=temperature), exact).max() <= units


@pytest.mark.parametrize("alpha", [1.05, 1.2, 1.5, 1.8, 2.0])
def test_any_alpha_is_as_exact(alpha):
    x = _rows((6, 17), 1.5)
    for dtype, allowed in (("float32", 3e-8 * 1.01), ("float64", 2e-16)):
        exact = exact_values(nl.entmax, "definition", x.astype(dtype), parameters={"alpha": alpha})
        assert np.abs(nl.entmax(x.astype(dtype), alpha=alpha) - exact).astype(float).max() <= allowed


@pytest.mark.parametrize("length", [1000, 65536, 128256])
@pytest.mark.parametrize("name", TEMPERED)
def test_long_rows_are_as_exact(name, length):
    """float32 against the float64 kernel, which the tests above hold to 50 digits."""
    x = _rows((3, length), 4.0)
    assert ulp_error(nl.get(name)(x), nl.get(name)(x.astype(float))).max() <= 0.6


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gumbel_softmax_is_as_exact_as_softmax(dtype):
    x, sample = _rows((20, 9), 5.0, dtype), np.random.default_rng(1).uniform(1e-6, 1 - 1e-6, (20, 9)).astype(dtype)
    assert ulp_error(nl.gumbel_softmax(x, sample), exact_values(nl.gumbel_softmax, "definition", x, sample)).max() <= 1


# ---------------------------------------------------------------------------------------------- other ways to compute


def _sparsemax_by_sorting(row):
    """Algorithm 1 of Martins & Astudillo 2016."""
    ordered = np.sort(row)[::-1]
    sums, counts = np.cumsum(ordered), np.arange(1, row.size + 1)
    support = counts[1 + counts * ordered > sums][-1]
    return np.maximum(row - (sums[support - 1] - 1) / support, 0)


def _entmax_by_bisection(row, alpha):
    """Equation 7 of Peters, Niculae & Martins 2019, the threshold from a solver."""
    z = (alpha - 1) * row

    def powers(t):
        return np.maximum(z - t, 0) ** (1 / (alpha - 1))

    return powers(optimize.brentq(lambda t: powers(t).sum() - 1, z.max() - 1, z.max(), xtol=1e-15))


@pytest.mark.parametrize("length", [1, 2, 8, 50, 1000])
@pytest.mark.parametrize("scale", [0.01, 1.0, 5.0])
def test_sparsemax_is_the_projection_by_sorting(scale, length):
    x = _rows((5, length), scale, float)
    np.testing.assert_allclose(nl.sparsemax(x), [_sparsemax_by_sorting(row) for row in x], atol=1e-14)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    """No other point of a fine grid over the simplex of three corners is nearer."""
    first, second = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    grid = np.stack([first, second, 1 - first - second], axis=-1)[first + second <= 1 + 1e-12]
    for row in _rows((30, 3), 1.0, float):
        distances = np.sum((grid - row) ** 2, axis=-1)
        found = nl.sparsemax(row)
        assert np.sum((found - row) ** 2) <= distances.min() + 1e-12
        assert np.abs(grid[np.argmin(distances)] - found).max() <= 0.02


@pytest.mark.parametrize("alpha", [1.1, 1.3, 1.5, 1.9, 2.0])
def test_entmax_is_the_root_that_a_solver_finds(alpha):
    x = _rows((10, 12), 1.0, float)
    expected = [_entmax_by_bisection(row, alpha) for row in x]
    np.testing.assert_allclose(nl.entmax(x, alpha=alpha), expected, atol=1e-11)


def test_entmax15_maximises_its_regularised_product():
    """p.x plus Tsallis' entropy: no other point near by gives more (Peters et al. 2019, equation 5)."""

    def objective(p, x):
        return np.sum(p * x, axis=-1) + np.sum(p - np.maximum(p, 0) ** 1.5, axis=-1) / 0.75

    random = np.random.default_rng(3)
    for row in _rows((10, 5), 1.0, float):
        p = nl.entmax15(row)
        others = random.dirichlet(np.ones(5), 2000)
        for step in (1.0, 0.1, 0.01):
            assert objective(p + step * (others - p), row).max() <= objective(p, row) + 1e-12


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_softmin_and_temperature_agree_with_scipy(axis):
    x = _rows((4, 7, 9), 3.0, float)
    np.testing.assert_allclose(nl.softmin(x, axis=axis), special.softmax(-x, axis=axis), rtol=1e-13)
    np.testing.assert_allclose(
        nl.softmax(x, axis=axis, temperature=0.3), special.softmax(x / 0.3, axis=axis), rtol=1e-12
    )


def test_values_and_gradients_agree_with_pytorch(torch):
    x, weights = _rows((6, 11), 3.0, float), _rows((6, 11), 1.0, float, seed=5)
    for name, formula in {
        "softmax": lambda torch, F, x: F.softmax(x, -1) * torch.tensor(weights),
        "log_softmax": lambda torch, F, x: F.log_softmax(x, -1) * torch.tensor(weights),
        "softmin": lambda torch, F, x: F.softmin(x, -1) * torch.tensor(weights),
    }.items():
        value, gradient = torch(formula, x)
        np.testing.assert_allclose(nl.get(name)(x) * weights, value, rtol=1e-13)
        np.testing.assert_allclose(nl.get(name).vjp(x, weights), gradient, rtol=1e-12, atol=1e-15)


def test_gumbel_softmax_agrees_with_pytorch(torch):
    x, sample = _rows((6, 11), 3.0, float), np.random.default_rng(2).uniform(size=(6, 11))
    noise = -np.log(-np.log(sample))
    value, gradient = torch(lambda torch, F, x: F.softmax((x + torch.tensor(noise)) / 0.5, -1)[:, :1], x)
    np.testing.assert_allclose(nl.gumbel_softmax(x, sample, temperature=0.5)[:, :1], value, rtol=1e-12)
    first = np.eye(11)[np.zeros(6, int)]
    found = nl.gumbel_softmax.vjp(x, sample, first, temperature=0.5)
    np.testing.assert_allclose(found, gradient, rtol=1e-11, atol=1e-16)


def test_gumbel_noise_picks_each_entry_with_its_probability():
    """The Gumbel-max trick: the largest entry of the relaxed choice is distributed as softmax."""
    x = np.log([0.1, 0.2, 0.3, 0.4])
    sample = np.random.default_rng(4).uniform(size=(100_000, 4))
    chosen = np.argmax(nl.gumbel_softmax(np.broadcast_to(x, sample.shape), sample, temperature=0.1), axis=-1)
    np.testing.assert_allclose(np.bincount(chosen) / chosen.size, [0.1, 0.2, 0.3, 0.4], atol=0.006)  # 4 deviations


@pytest.mark.parametrize("name", [*PLAIN, "gumbel_softmax"])
def test_products_with_the_jacobian_against_differences(name):
    record, x, cotangent = nl.get(name), _rows((4, 6), 1.0, float), _rows((4, 6), 1.0, float, seed=6)
    others = [np.random.default_rng(7).uniform(0.1, 0.9, x.shape)] if name == "gumbel_softmax" else []
    expected = np.empty_like(x)
    for i in range(6):
        step = 1e-6 * np.eye(6)[i]
        change = record(x + step, *others) - record(x - step, *others)
        expected[:, i] = (change * cotangent).sum(-1) / 2e-6
    np.testing.assert_allclose(record.vjp(x, *others, cotangent), expected, atol=1e-8)


# ---------------------------------------------------------------------------------------------- properties


@given(x=ROWS)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_row_sums_to_one_and_keeps_the_order(name, x):
    p = nl.get(name)(x)
    np.testing.assert_allclose(p.astype(float).sum(-1), 1, atol=6e-8 * np.sqrt(x.shape[-1]) + 1e-7)
    assert ((p >= 0) & (p <= 1)).all()
    order = np.argsort(-x if name == "softmin" else x, axis=-1, kind="stable")
    in_order = np.take_along_axis(p, order, -1)
    if name != "hardmax":  # of equal entries hardmax takes the first
        assert (np.diff(in_order, axis=-1) >= 0).all()


@given(x=ROWS, shift=st.integers(-1000, 1000))
@pytest.mark.parametrize("name", PLAIN)
def test_a_shift_of_the_row_changes_nothing(name, x, shift):
    x = np.round(x.astype(float) * 64) / 64  # so that the shift is exact
    np.testing.assert_array_equal(nl.get(name)(x + shift), nl.get(name)(x))


@given(x=ROWS, temperature=st.floats(0.01, 100))
def test_relations_between_the_functions(x, temperature):
    np.testing.assert_array_equal(nl.softmin(x), nl.softmax(-x))
    wide = x.astype(float)
    np.testing.assert_allclose(nl.entmax(wide, alpha=1.5), nl.entmax15(wide), atol=1e-15)
    np.testing.assert_allclose(nl.entmax(wide, alpha=2), nl.sparsemax(wide), atol=1e-15)
    cold = nl.softmax(wide, temperature=temperature)
    np.testing.assert_allclose(cold, nl.softmax(wide / temperature), rtol=2e-16 * (8 + 200 / temperature))
    np.testing.assert_allclose(np.exp(nl.log_softmax(wide)), nl.softmax(wide), rtol=1e-13)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(5, 6, 7), (1, 40, 3), (33, 2, 9)])
@pytest.mark.parametrize("name", PLAIN)
def test_every_axis_gives_what_the_last_one_does(name, shape, dtype):
    record, x = nl.get(name), _rows(shape, 2.0, dtype)
    for axis in (0, 1, 2, -1, -2):
        expected = np.moveaxis(record(np.moveaxis(x, axis, -1).copy()), -1, axis)
        np.testing.assert_array_equal(record(x, axis=axis), expected)


# ---------------------------------------------------------------------------------------------- stated answers


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("length", [1, 2, 8, 15, 16, 17, 32, 70])
@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax15", "entmax"])
def test_a_row_of_minus_infinities_is_uniform(name, length, dtype):
    """No entry is better than another. torch, jax and SciPy give NaN."""
    x = np.full((2, length), -INF, dtype)
    np.testing.assert_allclose(nl.get(name)(x), 1 / length, rtol=np.finfo(dtype).eps)
    np.testing.assert_allclose(nl.softmin(-x), 1 / length, rtol=np.finfo(dtype).eps)
    np.testing.assert_allclose(nl.log_softmax(x), -np.log(length), rtol=np.finfo(dtype).eps, atol=1e-7)
    product = nl.get(name).vjp(x, np.arange(2.0 * length).reshape(x.shape).astype(dtype))
    assert np.isfinite(product).all()  # that of the uniform distribution, not NaN
    np.testing.assert_allclose(product.sum(-1, dtype=float), 0, atol=length * np.finfo(dtype).eps * length)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax15", "entmax"])
def test_infinite_entries_share_equally(name, dtype):
    x = np.array([[INF, 0, INF, -INF, 5], [1, INF, 2, 3, -INF]], dtype)
    np.testing.assert_array_equal(nl.get(name)(x), [[0.5, 0, 0.5, 0, 0], [0, 1, 0, 0, 0]])
    assert np.isfinite(nl.get(name).vjp(x, np.ones_like(x))).all()
    expected = [[-np.log(2), -INF, -np.log(2), -INF, -INF], [-INF, 0, -INF, -INF, -INF]]
    np.testing.assert_allclose(nl.log_softmax(x), expected, rtol=np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [*PLAIN, "gumbel_softmax"])
@pytest.mark.parametrize("place", [0, 7, 8, 32, 39])
def test_a_nan_reaches_its_whole_row_and_no_other(name, dtype, place):
    record, x = nl.get(name), _rows((3, 40), 1.0, dtype)
    x[0, 3], x[1, place] = -INF, NAN
    others = [np.full_like(x, 0.5)] if name == "gumbel_softmax" else []
    for got in (record(x, *others), record.vjp(x, *others, np.ones_like(x))):
        assert np.isnan(got).all(axis=-1).tolist() == [False, True, False]
        assert not np.isnan(got[::2]).any()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("length", [4, 40])
def test_masked_entries_get_exactly_nothing(dtype, length):
    """Masks of minus infinity, -1e9 and the lowest number; what is left is as if the rest were not there."""
    x, masked = _rows((3, length), 1.0, dtype), np.arange(length) % 3 == 1
    masks = [-INF, np.finfo(dtype).min] + ([-1e9] if dtype != "float16" else [])
    for name in ("softmax", "sparsemax", "entmax15", "entmax", "hardmax"):
        expected = nl.get(name)(x[:, ~masked])
        for mask in masks:
            got = nl.get(name)(np.where(masked, np.asarray(mask, dtype), x))
            assert (got[:, masked] == 0).all()
            np.testing.assert_allclose(got[:, ~masked], expected, rtol=2 * np.finfo(dtype).eps)
            product = nl.get(name).vjp(np.where(masked, np.asarray(mask, dtype), x), np.ones_like(x))
            assert (product[:, masked] == 0).all()
            assert np.isfinite(product).all()
    logarithms = nl.log_softmax(np.where(masked, np.asarray(-INF, dtype), x))
    assert (logarithms[:, masked] == -INF).all()
    np.testing.assert_allclose(logarithms[:, ~masked], nl.log_softmax(x[:, ~masked]), rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_probabilities_below_the_normal_numbers_are_exact(dtype):
    """torch and jax flush them to 0 or lose digits."""
    x = np.array([[0, -200, -90, -87.5, -88, -103.2, -103.9, -104.1, -709, -744, -745, -746]], dtype)
    exact = [mpmath.exp(mpmath.mpf(float(v))) / (1 + mpmath.exp(-87.5)) for v in x[0]]
    got = nl.softmax(x)[0]
    assert ulp_error(got, np.array(exact)).max() <= 1
    assert got[2] > 0
    assert got[5] > 0
    assert (got[7] > 0) == (dtype == "float64")


@pytest.mark.parametrize("classes", [65536, 100_000, 128256])
def test_so_many_classes_in_float16_lose_none(classes):
    """torch's log_softmax gives -inf in float16 there, jax's softmax 0: their sums overflow at 65,504."""
    x = np.zeros((2, classes), np.float16)
    x[1, 5] = 3
    exact = exact_values(nl.softmax, "definition", np.array([[3.0, *[0.0] * 3]]))  # a check of the formula below
    assert float(exact[0, 0]) == pytest.approx(np.exp(3) / (np.exp(3) + 3))
    total = classes - 1 + np.exp(3)
    np.testing.assert_array_equal(nl.softmax(x)[0], np.float16(1 / classes))
    np.testing.assert_array_equal(nl.log_softmax(x)[0], np.float16(-np.log(classes)))
    assert nl.softmax(x)[1, 5] == np.float16(np.exp(3) / total)
    assert nl.log_softmax(x)[1, 4] == np.float16(-np.log(total))
    assert nl.log_softmax(x)[1, 5] == np.float16(3 - np.log(total))
    np.testing.assert_array_equal(nl.softmin(x)[0], np.float16(1 / classes))
    for name in SPARSE:
        np.testing.assert_array_equal(nl.get(name)(x)[0], np.float16(1 / classes))
    product = nl.log_softmax.vjp(x[:1], np.ones((1, classes), np.float16))
    np.testing.assert_allclose(product.astype(float), 0, atol=1e-6)


@pytest.mark.parametrize("name", PLAIN)
def test_rows_of_one_and_of_none(name):
    x = np.array([[3.0], [-INF], [INF], [-1e30]], np.float32)
    expected = 0 if name == "log_softmax" else 1
    np.testing.assert_array_equal(nl.get(name)(x), np.full((4, 1), expected))
    for shape, axis in (((0, 5), -1), ((5, 0), -1), ((2, 0, 3), 1)):
        assert nl.get(name)(np.empty(shape), axis=axis).shape == shape
        assert nl.get(name).vjp(np.empty(shape), np.empty(shape), axis=axis).shape == shape


def test_extreme_temperatures():
    """Towards 0 the largest entry takes all; far above all share. Logarithms become infinite only beyond the range."""
    x = np.array([[1, 2, 3, 4]], np.float32)
    for cold in (1e-3, 1e-30, 1e-300):
        np.testing.assert_array_equal(nl.softmax(x, temperature=cold), [[0, 0, 0, 1]])
        np.testing.assert_array_equal(nl.softmin(x, temperature=cold), [[1, 0, 0, 0]])
        assert (nl.softmax.vjp(x, x, temperature=cold) == 0).all()
    np.testing.assert_array_equal(nl.log_softmax(x, temperature=1e-3), [[-3000, -2000, -1000, 0]])
    np.testing.assert_array_equal(nl.log_softmax(x, temperature=1e-300), [[-INF, -INF, -INF, 0]])
    for hot in (1e30, 1e300):
        np.testing.assert_array_equal(nl.softmax(x, temperature=hot), np.full((1, 4), 0.25))
        np.testing.assert_allclose(nl.log_softmax(x, temperature=hot), -np.log(4), rtol=1e-7)


@pytest.mark.parametrize("dtype", FLOATS)
def test_samples_of_exactly_0_and_1_are_noise_without_bound(dtype):
    """A sample of 0, which generators draw, rules its entry out; of 1, which rounding makes, takes all."""
    x = np.array([[1, 2, 3, 4]] * 5, dtype)
    sample = np.array([[0, 0.5, 0.5, 0.5], [1, 0.5, 0.5, 0.5], [1, 1, 0.5, 0], [0] * 4, [1] * 4], dtype)
    got = nl.gumbel_softmax(x, sample)
    rest = special.softmax([2.0, 3.0, 4.0])
    np.testing.assert_allclose(got[0], [0, *rest], rtol=np.finfo(dtype).eps)
    expected = [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0.25] * 4]
    np.testing.assert_array_equal(got[1:], expected)
    assert np.isfinite(nl.gumbel_softmax.vjp(x, sample, x)).all()
    for outside in (-0.1, 1.1):  # no probability
        assert np.isnan(nl.gumbel_softmax(x, np.full_like(x, outside))).all()


def test_hardmax_takes_the_first_of_the_largest():
    """ONNX: "the first maximum value along the specified axis"."""
    x = np.array([[3, 0, 1, 2], [2, 5, 1, 0], [0, 1, 3, 2], [0, 1, 2, 3], [3, 3, 3, 1], [-INF] * 4, [1, INF, 0, INF]])
    expected = np.eye(4)[[0, 1, 2, 3, 0, 0, 1]]
    np.testing.assert_array_equal(nl.hardmax(x), expected)
    assert (nl.hardmax.vjp(x, np.ones_like(x)) == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: nl.softmax(x, temperature=0), "temperature"),
        (lambda x: nl.log_softmax(x, temperature=-1), "temperature"),
        (lambda x: nl.entmax(x, alpha=1), "alpha"),
        (lambda x: nl.entmax(x, alpha=2.5), "alpha"),
        (lambda x: nl.gumbel_softmax(x, np.ones((3, 7))), "sample"),
    ],
)
def test_what_is_no_temperature_alpha_or_sample_is_refused(call, message):
    with pytest.raises(nl.InputError, match=message):
        call(np.ones((3, 4)))
