"""Facts that follow from a definition by computation: matched initialisation, slopes, fixed points.

Each is a function of an elementwise activation, a user's own too, and of its parameters by name; with the default
parameters they are attributes of the activation.

>>> import nonlin as nl
>>> lipschitz(nl.leaky_relu, negative_slope=2.0), nl.leaky_relu.lipschitz
(2.0, 1.0)
"""

from .edge_of_chaos import EdgeOfChaos, critical_initialization, edge_of_chaos
from .fixed import fixed_points
from .gain import centered_gain, matched_gain
from .interval import Interval
from .mean_field import chi, variance_fixed_point, variance_map
from .plain import plain_values
from .shape import found_range, never_decreases, trainable
from .slopes import dead, lipschitz, saturation

__all__ = [
    "EdgeOfChaos",
    "Interval",
    "centered_gain",
    "chi",
    "critical_initialization",
    "dead",
    "edge_of_chaos",
    "fixed_points",
    "found_range",
    "lipschitz",
    "matched_gain",
    "never_decreases",
    "plain_values",
    "saturation",
    "trainable",
    "variance_fixed_point",
    "variance_map",
]
