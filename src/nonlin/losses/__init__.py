"""The definitions of loss functions, a file per theme."""

from . import (
    binary,
    contrastive,
    cosine,
    deviances,
    divergences,
    fenchel_young,
    focusing,
    linear,
    margins,
    metric_learning,
    multilabel,
    overlap,
    regression,
    relative_errors,
    sequences,
    softmax,
)
from .binary import *
from .contrastive import *
from .cosine import *
from .deviances import *
from .divergences import *
from .fenchel_young import *
from .focusing import *
from .linear import *
from .margins import *
from .metric_learning import *
from .multilabel import *
from .overlap import *
from .regression import *
from .relative_errors import *
from .sequences import *
from .softmax import *

__all__: list[str] = []
__all__ += binary.__all__
__all__ += contrastive.__all__
__all__ += cosine.__all__
__all__ += deviances.__all__
__all__ += divergences.__all__
__all__ += fenchel_young.__all__
__all__ += focusing.__all__
__all__ += linear.__all__
__all__ += margins.__all__
__all__ += metric_learning.__all__
__all__ += multilabel.__all__
__all__ += overlap.__all__
__all__ += regression.__all__
__all__ += relative_errors.__all__
__all__ += sequences.__all__
__all__ += softmax.__all__
