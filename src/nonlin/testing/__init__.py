"""Tools that hold a definition to outside truth; for users' own functions too. Needs mpmath (extra `test`)."""

from .checks import check_activation
from .losses import check_loss, loss_accuracy
from .reference import exact_values
from .ulp import representative_points, ulp_error

__all__ = ["check_activation", "check_loss", "exact_values", "loss_accuracy", "representative_points", "ulp_error"]
