"""The definitions of activation functions, a file per family."""

from . import (
    exponentials,
    gated,
    learnable,
    normalizers,
    periodic,
    piecewise,
    rectifiers,
    self_gated,
    shapes,
    shrinkage,
    sigmoids,
)
from .exponentials import *
from .gated import *
from .learnable import *
from .normalizers import *
from .periodic import *
from .piecewise import *
from .rectifiers import *
from .self_gated import *
from .shapes import *
from .shrinkage import *
from .sigmoids import *

__all__: list[str] = []
__all__ += exponentials.__all__
__all__ += gated.__all__
__all__ += learnable.__all__
__all__ += normalizers.__all__
__all__ += periodic.__all__
__all__ += piecewise.__all__
__all__ += rectifiers.__all__
__all__ += self_gated.__all__
__all__ += shapes.__all__
__all__ += shrinkage.__all__
__all__ += sigmoids.__all__
