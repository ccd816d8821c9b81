"""What is measured inside a network, against NumPy, and when."""

import ctypes
from itertools import pairwise

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import recording
from nonlin.nn.architecture import Architecture, Hidden
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.network import LAYER, Network, aligned_zeros
from nonlin.nn.recording import QUANTITIES, Recorder, check_record
from nonlin.nn.solver import Solver
from nonlin.nn.training import Data, Training
from nonlin.nn.vectors import lanes, padded

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
DEAD = 1e-6


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


class Layers:
    """Blocks of a batch and weights as a network has them, with values that are known, and their addresses."""

    def __init__(self, sizes, rows, dtype):
        strides = [sizes[0], *(padded(size, dtype) for size in sizes[1:])]
        shapes = [*pairwise(strides)]
        starts = np.cumsum([0, *(before * after for before, after in shapes)])
        self.rows, self.widths, self.starts = rows, sizes[1:], starts
        self.weights, self.gradients = (aligned_zeros(int(starts[-1]), dtype) for _ in range(2))
        self.records = np.zeros(len(shapes), LAYER)
        self.blocks = []
        for i, (before, after) in enumerate(shapes):
            record = self.records[i]
            record["fan_in"], record["width"], record["in_stride"], record["stride"] = *sizes[i : i + 2], before, after
            blocks = {name: aligned_zeros(rows * after, dtype) for name in ("values", "slopes", "errors")}
            for seed, (name, block) in enumerate(blocks.items()):
                block.reshape(rows, after)[:, : sizes[i + 1]] = normal(10 * i + seed, rows, sizes[i + 1])
                record[name] = block.ctypes.data
            self.blocks.append({name: block.reshape(rows, after) for name, block in blocks.items()})
            for name, vector in {"weights": self.weights, "weight_gradient": self.gradients}.items():
                part = vector[starts[i] : starts[i + 1]].reshape(before, after)
                part[: sizes[i], : sizes[i + 1]] = normal(7 + i, sizes[i], sizes[i + 1])
                record[name] = part.ctypes.data
            record["dead_below"] = DEAD

    def block(self, i, name):
        return self.blocks[i][name][:, : self.widths[i]].astype(float)

    def weight(self, i, vector):
        return vector[self.starts[i] : self.starts[i + 1]].astype(float)


def recorded(layers, dtype, step=lambda: None, penalty=0.0, share=1.0):
    recorder = Recorder(1, layers.records, dtype, 5)
    _, room = recorder.plan(0, 1)
    recording.before_update(layers.records, recorder.task[0], layers.rows, penalty, share, room[0])
    step()
    recording.after_update(layers.records, recorder.task[0], room[0])
    return recorder.arrays()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("widths", [(1, 2), (7, 3), (16, 16), (70, 33)])
def test_a_step_is_measured_as_numpy_does(dtype, widths):
    layers = Layers((5, *widths, 2), 13, dtype)
    for i, width in enumerate(widths):
        layers.blocks[i]["slopes"][:, :width] *= 0.05
        layers.blocks[i]["slopes"][:, width // 2] = DEAD / 2
        layers.blocks[i]["slopes"][3, 0] = DEAD / 2  # one example does not make a unit dead
        layers.blocks[i]["slopes"][4, 0] = 1.0
    before = layers.weights.copy()

    def step():
        layers.weights[:] *= dtype.type(0.75)

    found = recorded(layers, dtype, step, penalty=0.3, share=0.25)
    close = {"rtol": 1e-5 if dtype == np.float32 else 1e-12}
    for i in range(3):
        errors = layers.block(i, "errors")
        np.testing.assert_allclose(found["gradient_norm"][0, i], np.sqrt(np.mean(errors**2)), **close)
        gradient = 0.25 * (layers.weight(i, layers.gradients) + 0.3 * layers.weight(i, before))
        np.testing.assert_allclose(found["weight_gradient_norm"][0, i], np.linalg.norm(gradient), **close)
        np.testing.assert_allclose(found["update_ratio"][0, i], 0.25, **close)
    for i in range(2):
        values, slopes = layers.block(i, "values"), np.abs(layers.block(i, "slopes"))
        np.testing.assert_allclose(found["activation_mean"][0, i], values.mean(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found["activation_std"][0, i], values.std(), **close)
        np.testing.assert_allclose(found["dead_share"][0, i], np.mean(slopes.max(axis=0) <= DEAD))
        np.testing.assert_allclose(found["saturated_share"][0, i], np.mean(slopes < 0.05), **close)


def test_activations_far_from_zero_keep_their_deviation():
    """The difference of mean square and squared mean would lose it: 1e-3 squared is less than a rounding of 1000^2."""
    layers = Layers((3, 20, 1), 50, DTYPES[0])
    block = layers.blocks[0]["values"]
    block[:, :20] = 1000 + 0.01 * block[:, :20]
    expected = block[:, :20].astype(float)
    found = recorded(layers, DTYPES[0])
    np.testing.assert_allclose(found["activation_std"][0, 0], expected.std(), rtol=1e-4)
    np.testing.assert_allclose(found["activation_mean"][0, 0], expected.mean(), rtol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_what_lies_beyond_the_width_is_not_measured(dtype):
    layers = Layers((3, lanes(dtype) + 1, 1), 6, dtype)
    before = recorded(layers, dtype)
    for block in layers.blocks[0].values():
        block[:, lanes(dtype) + 1 :] = 7.0
    after = recorded(layers, dtype)
    for name in QUANTITIES:
        np.testing.assert_array_equal(before[name], after[name])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_difference_and_keeping_against_numpy(dtype):
    x, y, kept = (normal(seed, 5 * lanes(dtype)).astype(dtype) for seed in range(3))
    shape = ctypes.CFUNCTYPE(ctypes.c_double, *3 * [ctypes.c_int64])
    difference = shape(recording.difference_kernel(dtype))(x.ctypes.data, y.ctypes.data, len(x))
    squares = shape(recording.keep_kernel(dtype))(x.ctypes.data, kept.ctypes.data, len(x))
    np.testing.assert_allclose(difference, np.sum((x.astype(float) - y) ** 2), rtol=1e-5)
    np.testing.assert_allclose(squares, np.sum(x.astype(float) ** 2), rtol=1e-5)
    np.testing.assert_array_equal(kept, x)


LAYERS = Layers((3, 4, 4, 2), 2, DTYPES[1]).records


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, []),
        ("epoch", [10, 20, 30]),
        (7, [7, 14, 21, 28]),
        (np.int32(16), [16]),
        ([25, 1, 8, 8, 99], [1, 8, 25]),
        ([], []),
    ],
)
@pytest.mark.parametrize("at_once", [1, 7, 30])
def test_steps_are_planned_whatever_part_of_the_training_runs_at_once(record, expected, at_once):
    recorder = Recorder(record, LAYERS, DTYPES[1], 10)
    planned = [recorder.plan(done, min(at_once, 30 - done))[0] for done in range(0, 30, at_once)]
    assert np.concatenate(planned).tolist() == expected
    arrays = recorder.arrays()
    assert arrays["step"].tolist() == expected
    shapes = {name: array.shape for name, array in arrays.items() if name != "step"}
    assert shapes == {name: (len(expected), 2 if quantity.hidden else 3) for name, quantity in QUANTITIES.items()}


def test_what_training_did_not_come_to_is_forgotten():
    recorder = Recorder(5, LAYERS, DTYPES[1], 10)
    recorder.plan(0, 10)
    recorder.plan(10, 20)
    recorder.cut(17)
    assert recorder.arrays()["step"].tolist() == [5, 10, 15]
    recorder.plan(13, 5)
    assert recorder.arrays()["step"].tolist() == [5, 10, 15]


@pytest.mark.parametrize("record", ["epochs", 0, -3, 2.5, True, [0, 1], [1.5], [True], {"a"}])
def test_what_names_no_steps_is_refused(record):
    with pytest.raises(InputError, match="record must be None, 'epoch', a number of steps or a list of step numbers"):
        check_record(record)


@pytest.mark.parametrize("record", [None, "epoch", 1, np.int64(5), [3], range(1, 5), np.array([1, 2])])
def test_what_names_steps_is_taken(record):
    check_record(record)


def test_records_of_a_training_are_those_of_backpropagation_in_numpy():
    """Gradient descent on all examples at once: step 3 is the third in NumPy too."""
    rows, rate, alpha = 20, 0.01, 0.3
    X, y, coefs = normal(0, rows, 5), normal(1, rows, 2), [normal(2, 5, 6), normal(3, 6, 4), normal(4, 4, 2)]
    network = Network(Architecture(5, (Hidden(6, nl.tanh), Hidden(4, nl.relu)), 2), X.dtype, rows)
    biases = [np.zeros(6), np.array([0.0, 0.0, -100.0, 9.0]), np.zeros(2)]  # a unit that is dead, and one that is on
    network.assign(coefs, biases)
    solver = Solver(name="sgd", momentum=0.0, learning_rate_init=rate, alpha=alpha, n_iter_no_change=np.inf)
    loss = loss_kernel(nl.loss.mse, X.dtype)
    training = Training(network, Data(X, y), solver, loss=loss, shuffle=False, record=[3])
    training.run(2)
    training.run(2)
    for _ in range(3):
        one = np.tanh(X @ coefs[0] + biases[0])
        slopes = [1 - one**2, (one @ coefs[1] + biases[1] > 0).astype(float)]
        two = slopes[1] * (one @ coefs[1] + biases[1])
        errors = [2 * (two @ coefs[2] + biases[2] - y)]
        errors.insert(0, errors[0] @ coefs[2].T * slopes[1])
        errors.insert(0, errors[0] @ coefs[1].T * slopes[0])
        gradients = [(a.T @ e + alpha * w) / rows for a, e, w in zip((X, one, two), errors, coefs, strict=True)]
        ratios = [rate * np.linalg.norm(g) / np.linalg.norm(w) for g, w in zip(gradients, coefs, strict=True)]
        coefs = [w - rate * g for w, g in zip(coefs, gradients, strict=True)]
        biases = [b - rate * e.mean(axis=0) for b, e in zip(biases, errors, strict=True)]
    expected = {
        "activation_mean": [one.mean(), two.mean()],
        "activation_std": [one.std(), two.std()],
        "dead_share": [0.0, 0.25],
        "saturated_share": [np.mean(slope < 0.05) for slope in slopes],
        "gradient_norm": [np.sqrt(np.mean(error**2)) for error in errors],
        "weight_gradient_norm": [np.linalg.norm(gradient) for gradient in gradients],
        "update_ratio": ratios,
    }
    found = training.records()
    assert found.pop("step").tolist() == [3]
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name][0], values, rtol=1e-9, err_msg=name)
    assert 0 < expected["saturated_share"][0] < 0.9  # nothing has diverged
