"""scikit-learn's fitted networks as ours."""

from __future__ import annotations

from copy import deepcopy

from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.utils.validation import check_is_fitted

from nonlin.errors import InputError
from nonlin.nn.classifier import MLPClassifier
from nonlin.nn.regressor import MLPRegressor
from nonlin.nn.stack import is_multilabel


def from_sklearn(model: TheirClassifier | TheirRegressor) -> MLPClassifier | MLPRegressor:
    """A fitted network of scikit-learn as ours, with the same parameters, weights and predictions.

    Arrays are copied. With `warm_start=True` training goes on from the weights, with the solver's memory empty.

    Parameters
    ----------
    model : sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted, by any of its solvers.

    Raises
    ------
    InputError
        For what is no `MLPClassifier` or `MLPRegressor` of scikit-learn.
    NotFittedError
        For a model that is not fitted.

    Examples
    --------
    >>> from sklearn.neural_network import MLPRegressor
    >>> from nonlin.nn.exchange import from_sklearn
    >>> theirs = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> from_sklearn(theirs).predict([[0.5]]).round(6) == theirs.predict([[0.5]]).round(6)
    array([ True])
    """
    kinds = {TheirClassifier: MLPClassifier, TheirRegressor: MLPRegressor}
    kind = next((ours for theirs, ours in kinds.items() if isinstance(model, theirs)), None)
    if kind is None:
        raise InputError(f"model must be an MLPClassifier or MLPRegressor of scikit-learn, got {model!r}")
    check_is_fitted(model, "coefs_")
    given = model.get_params()
    ours = kind(**{name: given[name] for name in kind().get_params() if name in given})
    learned = {name: value for name, value in vars(model).items() if name.endswith("_") and not name.startswith("_")}
    vars(ours).update(deepcopy(learned), multilabel_=is_multilabel(model))
    return ours
