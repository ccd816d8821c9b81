"""Compiled functions against the same functions run by Python."""

import numpy as np
import pytest

from nonlin.nn.calls import fields
from nonlin.nn.compiling import compiled
from nonlin.nn.shuffling import shuffle
from nonlin.nn.solver import SOLVER
from nonlin.nn.stopping import improves_no_more


@compiled
def arithmetic(a, b, x, y, found):
    found[0] = a + b - a * b
    found[1] = a / b + x / y
    found[2] = x**a + (-x) ** 2 - abs(-y)
    found[3] = min(x, a) + max(y, b) - max(2.0, x)
    found[4] = np.sqrt(x) + np.cos(y)
    found[5] = np.float64(a) + np.int64(x)
    found[6] = np.float64(a > b) + np.float64(x <= y) + np.float64(a != b)
    found[7] = 1.0 if np.isfinite(x / 0.0) else -1.0


@compiled
def sum_of_steps(start, stop):
    total, count = 0.0, 0
    for i in range(start, stop, 3):
        if i == 10 or (i > 20 and not i < 24):
            count += 1
        for j in range(i, 0, -2):
            total += j * 0.5
    return total * 1000 + count


@compiled
def first_above(numbers, limit):
    for i in range(len(numbers)):
        if numbers[i] > limit:
            return i
    return -1


POINT = fields("count", "x y")


@compiled
def move(points, table, bounds):
    low, (high,) = bounds
    for i in range(len(points)):
        point = points[i]
        x, y = (point.x, point.y) if i > 0 else (point.y, point.x)
        point.x = point.y = min(max(x, low), high)
        point.count += len(table[i])
        table[i][1] = y


@compiled
def becomes_a_float(x):
    total = 0
    for _ in range(3):
        total += x
    return total


@compiled
def becomes_a_count(x):
    found = False
    for _ in range(3):
        found = len(x)
    return found


@compiled
def calls_by_name(x):
    return first_above(x, limit=0.0)


@pytest.mark.parametrize(("x", "y"), [(2.5, -0.75), (0.0, 3.0), (-1.0, -1.0)])
def test_numbers_are_pythons(x, y):
    expected, found = np.zeros(8), np.zeros(8)
    with np.errstate(all="ignore"):
        arithmetic.python(3, 7, np.float64(x), np.float64(y), expected)
        arithmetic(3, 7, x, y, found)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("bounds", [(0, 40), (1, 27), (5, 5), (9, 2)])
def test_loops_and_conditions_are_pythons(bounds):
    assert sum_of_steps(*bounds) == sum_of_steps.python(*bounds)


@pytest.mark.parametrize("limit", [-1.0, 2.5, 9.0, np.nan])
def test_a_return_ends_loops(limit):
    numbers = np.arange(5.0)
    assert first_above(numbers, limit) == first_above.python(numbers, limit)


def test_records_and_rows_are_views():
    points, table = np.zeros(4, POINT).view(np.recarray), np.arange(12.0).reshape(4, 3)
    points.x, points.y = np.arange(4), -np.arange(4.0)
    expected = points.copy(), table.copy()
    move(points.view(np.ndarray), table, (0.5, (2.0,)))
    move.python(*expected, (0.5, (2.0,)))
    np.testing.assert_array_equal(points, expected[0])
    np.testing.assert_array_equal(table, expected[1])


def test_an_order_is_that_of_python():
    found, expected = np.zeros(50, np.int64), np.zeros(50, np.int64)
    shuffle(found, 12345, 3)
    with np.errstate(over="ignore"):
        shuffle.python(expected, 12345, 3)
    np.testing.assert_array_equal(found, expected)
    assert sorted(found) == list(range(50))


@pytest.mark.parametrize("loss", [0.5, 1.0, 2.0])
def test_the_judgement_of_an_epoch_is_that_of_python(loss):
    solvers = np.zeros(2, SOLVER).view(np.recarray)
    solvers.milestone = solvers.best_loss = solvers.training_milestone = 1.0
    solvers.tolerance, solvers.power, solvers.first_rate, solvers.stale = 1e-4, 0.5, 0.1, 3
    solvers.rate, solvers.slower = 0.1, 5.0
    assert improves_no_more(solvers.view(np.ndarray)[0], loss, 1.0, 10, 0) == improves_no_more.python(
        solvers[1], loss, 1.0, 10, 0
    )
    np.testing.assert_array_equal(solvers.view(np.ndarray)[0], solvers.view(np.ndarray)[1])


def test_refusals_name_the_line():
    with pytest.raises(TypeError, match="began as int becomes number") as caught:
        becomes_a_float(1.5)
    assert "becomes_a_float: total += x" in caught.value.__notes__[0]
    with pytest.raises(TypeError, match="began as bool becomes int"):
        becomes_a_count(np.arange(3.0))
    with pytest.raises(TypeError, match="by their place"):
        calls_by_name(np.arange(3.0))
    with pytest.raises(ValueError, match="contiguous"):
        first_above(np.arange(10.0)[::2], 1.0)
