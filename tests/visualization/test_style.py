import subprocess
import sys
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonlin.visualization.style import PETROFF, log_ticks, series_styles


@pytest.mark.parametrize("count", [1, 2, 6, 7, 20])
def test_at_most_six_colors_are_used_and_no_two_of_the_first_six_look_alike(count):
    styles = list(series_styles([f"a{i}" for i in range(count)]).values())
    assert len({style.color for style in styles}) == min(count, 6)
    assert len({style.dash for style in styles[:6]}) == min(count, 6)
    assert {style.color for style in styles[6:]} <= {PETROFF[-1]}


@given(st.floats(1e-9, 1e6), st.floats(1.5, 1e12))
def test_log_ticks_are_round_few_and_inside(low, factor):
    ticks = log_ticks(low, low * factor)
    assert len(ticks) <= 5
    assert all(low <= tick <= low * factor for tick in ticks)
    assert all(isclose(tick, float(f"{tick:.0e}"), rel_tol=1e-12) for tick in ticks)


def test_the_package_loads_no_drawing_library():
    code = "import sys, nonlin.visualization as v; dir(v); print({'matplotlib', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_public_name_can_be_had():
    import nonlin.visualization as visualization

    assert all(callable(getattr(visualization, name)) for name in visualization.__all__)
    with pytest.raises(AttributeError):
        _ = visualization.no_such_name


def test_pyplot_is_never_loaded_by_drawing():
    code = (
        "import sys; from nonlin.visualization import plot_functions, save_figure; plot_functions(['relu']);"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
