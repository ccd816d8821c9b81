import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from nonlin.visualization.labels import spread

TARGETS = st.lists(st.floats(0, 1), min_size=1, max_size=25)


@given(TARGETS, st.floats(0.001, 0.3))
def test_labels_keep_their_distance_their_order_and_their_room(targets, gap):
    places = spread(targets, gap, 0.0, 1.0)
    assert places.min() >= -1e-9
    assert places.max() <= 1 + 1e-9
    fitting = min(gap, 1 / max(len(targets) - 1, 1))
    assert (np.diff(np.sort(places)) >= fitting - 1e-9).all()
    order = np.argsort(targets, kind="stable")
    assert (np.diff(places[order]) > 0).all()


@given(st.lists(st.floats(0.2, 0.8), min_size=2, max_size=12))
def test_labels_that_do_not_collide_stay_where_they_are(targets):
    gaps = np.diff(np.sort(targets))
    if gaps.min() > 1e-6:
        np.testing.assert_allclose(spread(targets, gaps.min() * 0.99, 0.0, 1.0), targets, atol=1e-12)


def test_the_movement_is_the_least_that_a_general_optimizer_finds():
    targets, gap = np.array([0.02, 0.05, 0.5, 0.52, 0.53, 0.99, 0.99]), 0.06
    apart = [{"type": "ineq", "fun": lambda p, i=i: p[i + 1] - p[i] - gap} for i in range(len(targets) - 1)]
    start = np.linspace(0, 1, len(targets))
    best = minimize(lambda p: ((p - targets) ** 2).sum(), start, constraints=apart, bounds=[(0, 1)] * 7, method="SLSQP")
    np.testing.assert_allclose(spread(list(targets), gap, 0.0, 1.0), best.x, atol=1e-4)
