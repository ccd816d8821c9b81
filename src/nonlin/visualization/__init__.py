"""Pictures and reports: figure data first, then drawing on Matplotlib axes.

Nothing heavy is imported here; Matplotlib and Jinja2 load when the first picture is drawn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nonlin.visualization.curves import curves_data, draw_curve_panel, plot_curves
    from nonlin.visualization.functions import functions_data, plot_functions
    from nonlin.visualization.history import history_data, plot_history
    from nonlin.visualization.profile import draw_profile_panel, plot_profile, profile_data
    from nonlin.visualization.ranking import ranking_data
    from nonlin.visualization.ranking_drawing import draw_ranking
    from nonlin.visualization.report import save_report
    from nonlin.visualization.saving import save_figure
    from nonlin.visualization.settings import estimator_settings
    from nonlin.visualization.terminal import functions_text

_HOMES = {
    "curves_data": "curves",
    "draw_curve_panel": "curves",
    "draw_profile_panel": "profile",
    "draw_ranking": "ranking_drawing",
    "estimator_settings": "settings",
    "functions_data": "functions",
    "functions_text": "terminal",
    "history_data": "history",
    "plot_curves": "curves",
    "plot_functions": "functions",
    "plot_history": "history",
    "plot_profile": "profile",
    "profile_data": "profile",
    "ranking_data": "ranking",
    "save_figure": "saving",
    "save_report": "report",
}

__all__ = [
    "curves_data",
    "draw_curve_panel",
    "draw_profile_panel",
    "draw_ranking",
    "estimator_settings",
    "functions_data",
    "functions_text",
    "history_data",
    "plot_curves",
    "plot_functions",
    "plot_history",
    "plot_profile",
    "profile_data",
    "ranking_data",
    "save_figure",
    "save_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
