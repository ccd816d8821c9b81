"""The definitions of activation functions, a file per family."""

from . import exponential, gated, normalizers, rectifiers, self_gated, sigmoids
from .exponential import *
from .gated import *
from .normalizers import *
from .rectifiers import *
from .self_gated import *
from .sigmoids import *

__all__: list[str] = []
__all__ += exponential.__all__
__all__ += gated.__all__
__all__ += normalizers.__all__
__all__ += rectifiers.__all__
__all__ += self_gated.__all__
__all__ += sigmoids.__all__
