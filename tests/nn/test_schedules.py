"""Learning rate schedules against their papers' formulas and PyTorch's schedulers, compiled and not."""

import numpy as np
import pytest

from nonlin.nn.compiling import compiled
from nonlin.nn.schedules import CODES, CONSTANT, COSINE, ONE_CYCLE, factor

LENGTHS = [2, 3, 7, 10, 97, 1000]


@compiled
def fill(factors, schedule, warmup):
    for step in range(len(factors)):
        factors[step] = factor(schedule, step, len(factors), warmup)


def compiled_factors(schedule, steps, warmup):
    factors = np.empty(steps)
    fill(factors, schedule, warmup)
    return factors


def torch_rates(torch, scheduler, count, arguments=lambda _: ()):
    """The learning rates of `count` steps of a scheduler that is made from an optimizer of rate 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    made, rates = scheduler(torch.optim.lr_scheduler, optimizer), []
    for step in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step(*arguments(step))
    return rates


@pytest.mark.parametrize("schedule", [CONSTANT, *CODES.values()])
@pytest.mark.parametrize("warmup", [0, 3])
def test_compiled_code_gets_the_same_factors(schedule, warmup):
    expected = [factor(schedule, step, 20, warmup) for step in range(20)]
    np.testing.assert_allclose(compiled_factors(schedule, 20, warmup), expected, rtol=1e-14)


@pytest.mark.parametrize("steps", LENGTHS)
def test_cosine_is_the_papers(steps):
    """Loshchilov and Hutter 2017, equation 5, from 1 to 0 without a restart."""
    expected = 0.5 * (1 + np.cos(np.arange(steps) / steps * np.pi))
    np.testing.assert_allclose(compiled_factors(COSINE, steps, 0), expected, rtol=1e-12)
    assert factor(COSINE, steps, steps, 0) == factor(COSINE, 10 * steps, steps, 0) == 0


@pytest.mark.parametrize("steps", LENGTHS)
def test_cosine_is_pytorchs(torch, steps):
    expected = torch_rates(torch, lambda schedulers, optimizer: schedulers.CosineAnnealingLR(optimizer, steps), steps)
    np.testing.assert_allclose(compiled_factors(COSINE, steps, 0), expected, rtol=1e-9)  # its recurrence adds up errors


def test_one_cycle_rises_for_three_tenths_and_falls():
    """Smith and Topin 2018, with PyTorch's shape: from 1/25 to 1 by half a cosine, then to 1/250,000 by another."""
    factors = compiled_factors(ONE_CYCLE, 101, 0)
    peak = 0.3 * 101 - 1
    rising, falling = np.arange(30), np.arange(30, 101)
    np.testing.assert_allclose(factors[:30], 0.04 + 0.96 * np.sin(rising / peak * np.pi / 2) ** 2, rtol=1e-12)
    share = (falling - peak) / (100 - peak)
    np.testing.assert_allclose(factors[30:], 4e-6 + (1 - 4e-6) * np.cos(share * np.pi / 2) ** 2, rtol=1e-9)
    assert factor(ONE_CYCLE, 0, 10, 0) == pytest.approx(1 / 25, rel=1e-15)
    assert factor(ONE_CYCLE, 2, 10, 0) == 1
    assert factor(ONE_CYCLE, 500, 10, 0) == pytest.approx(4e-6, rel=1e-12)


@pytest.mark.parametrize("steps", LENGTHS)
def test_one_cycle_is_pytorchs(torch, steps):
    expected = torch_rates(
        torch,
        lambda schedulers, optimizer: schedulers.OneCycleLR(optimizer, 1.0, total_steps=steps, cycle_momentum=False),
        steps - 1,  # a step more and it raises
    )
    np.testing.assert_allclose(compiled_factors(ONE_CYCLE, steps, 0)[:-1], expected, rtol=1e-9)


@pytest.mark.parametrize("schedule", [CONSTANT, *CODES.values()])
def test_warm_up_is_linear_and_the_schedule_takes_the_steps_after_it(schedule):
    factors, after = compiled_factors(schedule, 50, 5), compiled_factors(schedule, 45, 0)
    np.testing.assert_allclose(factors[:5], after[0] * np.array([0.2, 0.4, 0.6, 0.8, 1.0]), rtol=1e-14)
    np.testing.assert_allclose(factors[5:], after, rtol=1e-14)


@pytest.mark.parametrize("schedule", [CONSTANT, *CODES.values()])
@pytest.mark.parametrize(("steps", "warmup"), [(1, 0), (0, 0), (1, 1), (5, 5), (5, 9)])
def test_trainings_of_hardly_any_steps_have_factors_too(schedule, steps, warmup):
    assert all(0 <= factor(schedule, step, steps, warmup) <= 1 for step in range(12))
