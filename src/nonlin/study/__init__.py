"""Honest comparison of the values of one parameter of any scikit-learn estimator.

Data flows through the modules in this order: `checks` and `arms` judge what was given, `plan` lays out the runs,
`execution` and `run` carry them out, `store` keeps them, `baseline` scores guessing, `statistics` and `ranking` weigh
them, `verdict` says it in the words of `wording`, and `comparison` holds the result. `comparing.compare`
strings them together.
"""

from nonlin.study.comparing import Progress, compare
from nonlin.study.comparison import Comparison
from nonlin.study.run import Run

__all__ = ["Comparison", "Progress", "Run", "compare"]
