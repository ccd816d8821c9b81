"""`MLPClassifier`: scikit-learn's interface, any activation and classification loss of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.metaestimators import available_if

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import checks
from nonlin.nn.base import Perceptron, Targets, has_batches
from nonlin.nn.labels import Labels, check_class_weight, checked_labels, class_indices, class_weights
from nonlin.nn.outputs import gives_probabilities
from nonlin.nn.sources import Source, class_counts
from nonlin.nn.stack import probabilities_ending, through


def _is_probable(classifier: MLPClassifier) -> bool:
    """Whether the classifier's loss trains probabilities; one that cannot train is refused by `fit`."""
    try:
        return gives_probabilities(classifier._loss()[0])
    except InputError:
        return False


@dataclass(eq=False, repr=False)
class MLPClassifier(ClassifierMixin, Perceptron):
    """A multilayer perceptron that tells classes apart, with any activation, trained by backpropagation.

    A drop-in for scikit-learn's class of that name: its parameters, their meaning and defaults, its attributes and
    methods are here too. What is more:

    Parameters
    ----------
    activation : str, record or a list of them, one for each hidden layer
        Any elementwise activation of the registry by name or alias, or an activation of your own. Its learnable
        parameters are trained with the weights.
    solver : "adam", "sgd", "lbfgs", "adamw", "nesterov", "rmsprop" or "lion"
    learning_rate : "constant", "invscaling", "adaptive", "cosine", "one_cycle" or "plateau"
        The second and third are scikit-learn's, for "sgd" only; "plateau" divides by 10 where "adaptive" does by 5.
    loss : str or record, default cross-entropy
        Any classification loss of predictions and targets. One of rows has an output a class; an elementwise one a
        single output for two classes, and for more of them one a class, each against the rest. A loss of probabilities
        follows a softmax or a sigmoid. `predict` takes the class of the largest output, or the second one where a
        single output is above 0; `predict_proba` is there for a loss that trains probabilities. The default has a
        single output for two classes, as in scikit-learn, where "cross_entropy" has two.
    class_weight : None, "balanced" or dict
        How much the examples of each class count, besides `sample_weight`.
    loss_parameters, activation_parameters : dict, optional
        Parameters by name, such as `{"gamma": 1.5}`; those of activations also as a list, one for each hidden layer.
    scoring : None or "loss"
        What early stopping judges by: the estimator's score on the examples held out, as scikit-learn's class does, or
        the loss on them. With "loss", improvements below `tol` add up, `n_iter_no_change` is ten times as long while
        the training loss stands still too (a plateau, not overfitting), and nothing but compiled code runs.
    dtype : None, "float32" or "float64"
        What is computed in; by default float32 for examples in float32 and float64 for all others.
    initialization : str
        The rule of the starting weights by name, such as "he_normal", "orthogonal", "critical" or "sklearn".
    normalization : None, "layer" or "batch"
        Of the weighted sums of each hidden layer.
    dropout : float or list of floats, one for each hidden layer
        The share of units that is left out at each step.
    weight_decay : float, optional
        What is taken off the weights at each step, times the learning rate; 0.01 for "adamw" and "lion", otherwise 0.
    gradient_clip_norm : float, optional
        The length that longer gradients are cut to.
    warmup_steps : int
        Steps over which the learning rate rises to its full size.
    record : None, "epoch", a number n or a list of step numbers
        At which steps each layer is measured: at the last of an epoch, at each n-th, or at those listed.
    verbose : bool
        Whether to show the progress: a bar on a terminal, a line an epoch elsewhere.

    Attributes
    ----------
    coefs_, intercepts_ : lists of arrays (fan_in, width) and (width,)
        The layers. They can be assigned, and with `warm_start=True` training goes on from them.
    activation_parameters_ : list of dicts
        The parameters of each hidden layer's activation, learnable ones as they were learnt.
    history_ : dict of arrays with an entry an epoch
        "loss" (epochs,), "gradient_norm" (epochs, layers): the rms of dL/dz, "dead_share" (epochs, hidden layers): the
        share of units whose slope |f'(z)| was at most 1e-6 of the largest slope for every example of the epoch; with
        early stopping by the loss also "validation_loss" (epochs,).
    records_ : dict of arrays
        With `record`, what was measured: `nonlin.nn.recording.QUANTITIES` says what the numbers are.

    Notes
    -----
    By default weights start from standard normal draws times the activation's gain (He et al. 2015, arXiv:1502.01852)
    over the root of the mean of fan_in and fan_out, those of the last layer from small ones, biases from zero. One
    `random_state` means the same draws, batches and examples held out for every activation, and the same bits however
    many trainings run side by side.

    Examples
    --------
    >>> from nonlin.nn import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> xor = MLPClassifier((16,), "tanh", learning_rate_init=0.05, random_state=0, max_iter=500).fit(X, y)
    >>> xor.predict(X).tolist()
    [0, 1, 1, 0]
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    loss: Any = None
    class_weight: Mapping[Any, float] | str | None = None

    _task = "classification"
    _default_loss = "cross_entropy"

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, *, classes: Any = None, callbacks: Any = None
    ) -> Self:
        """Train on examples `X` of shape (examples, features) and their classes `y`.

        Parameters
        ----------
        X : array, table or sparse matrix (examples, features), also a mapped one, or data larger than memory: the path
            of a .npy, Parquet or text file, or batches (X, y) or (X, y, weights); `nonlin.nn.sources` says how
        y : (examples,), labels of any kind, or (examples, classes) of 0 and 1, where an example is of several classes
        sample_weight : (examples,), how much each example counts
        classes : all classes there are, where `y` may not hold every one
        callbacks : functions of an `Epoch` or `Callback` objects, told after each epoch; True stops the training

        Raises
        ------
        InputError
            When a parameter or the data cannot be used.
        DivergedError
            When the loss or a weight becomes infinite or NaN.
        """
        return self._fit(X, y, sample_weight, classes=classes, callbacks=callbacks)

    @available_if(has_batches)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on these examples, from where the call before ended; the solver keeps its momentum.

        A "cosine" or "one_cycle" learning rate is at its end after `max_iter` calls.

        Parameters
        ----------
        X, y, sample_weight : as `fit` takes them, in memory
        classes : all classes that will ever come; needed in the first call only

        Raises
        ------
        InputError
            When a parameter or the data cannot be used, `classes` are missing or others than before.
        DivergedError
            When the loss or a weight becomes infinite or NaN.

        Examples
        --------
        >>> from nonlin.nn import MLPClassifier
        >>> model = MLPClassifier((4,), random_state=0)
        >>> model.partial_fit([[0.0], [1.0]], [0, 1], classes=[0, 1, 2]).partial_fit([[2.0]], [2]).t_
        3
        """
        known = getattr(self, "classes_", None)
        if classes is None and known is None:
            raise InputError("the first call of partial_fit needs classes=, all those that will ever come")
        if not (classes is None or known is None or np.array_equal(np.unique(classes), known)):
            raise InputError(f"classes must be those of the first call, {known}, got {classes!r}")
        if self.class_weight == "balanced":
            raise InputError("class_weight='balanced' needs all examples at once; give partial_fit a dictionary")
        return self._fit(X, y, sample_weight, classes=classes, incremental=True)

    def _validate_params(self) -> None:
        """Refuse parameters that no data could make right; raises `InputError`."""
        super()._validate_params()
        check_class_weight(self.class_weight)

    def _loss(self, single: bool = False) -> tuple[Any, dict[str, float]]:
        """The record and the parameters of the loss; by default it is of rows unless an output is a class, `single`."""
        default = "binary_cross_entropy" if single else self._default_loss
        return checks.training_loss(self.loss, self.loss_parameters, self._task, default)

    def _encode(self, y: np.ndarray, weights: np.ndarray | None, classes: Any, fresh: bool) -> Targets:
        y = checked_labels(y)
        labels = Labels.of(y, classes) if fresh or not hasattr(self, "classes_") else self._labels
        rows = labels.rows(y)
        loss, parameters = self._loss(labels.single)
        if labels.marked and loss.kind == "row" and loss.decision != "threshold":
            raise InputError(
                f"loss {loss.name!r} is for one class an example, but y marks any number of them; "
                "choose one such as 'binary_cross_entropy'"
            )
        self.classes_, self.multilabel_ = labels.classes, labels.marked
        rows = rows[:, 1:] if labels.single and not labels.marked and loss.kind != "row" else rows
        values = np.where(rows, 1.0, -1.0 if loss.domain == "sign" else 0.0)
        return Targets(values, class_weights(self.class_weight, labels, y, weights), loss, parameters, 1.0)

    @property
    def _labels(self) -> Labels:
        return Labels(self.classes_, self.multilabel_)

    def _check_goes_on(self, targets: Targets) -> None:
        found = np.unique(self._labels.chosen(targets.values))
        if not self.multilabel_ and len(found) < len(self.classes_):
            raise InputError(
                f"with warm_start=True y must have the classes of the fit before, {self.classes_}, got {found}"
            )

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's facts about the estimator."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _sample(self, source: Source, classes: Any, fresh: bool) -> tuple[np.ndarray, None, Any]:
        if self.class_weight == "balanced":
            raise InputError("class_weight='balanced' needs all examples in memory at once; give a dictionary")
        if source.target_shape not in ((), (1,)):
            return np.zeros((1, *source.target_shape), int), None, None
        if classes is None:
            classes = class_counts(source)[0] if fresh or not hasattr(self, "classes_") else self.classes_
        return np.unique(np.asarray(classes))[:1], None, classes

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        return None if self.multilabel_ else class_indices(targets)

    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        if not np.isfinite(outputs).all():
            return np.nan
        right, found = self._labels.chosen(targets), self._labels.chosen(outputs)
        return float(accuracy_score(right, found, sample_weight=weights))

    def predict(self, X: Any) -> np.ndarray:
        """The class that the loss decides for, the most probable one where there are probabilities, (examples,).

        Where `y` was a matrix, so is this: 1 for each class that an example is of, (examples, classes). Classes have
        the dtype of `classes_`. Raises NotFittedError before `fit`, ValueError for other features than were learnt
        from.
        """
        outputs = self._outputs(X)
        return self._labels.chosen(outputs)

    @available_if(_is_probable)
    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class in the order of `classes_`, (examples, classes) in the dtype of the weights.

        Raises as `predict`.
        """
        outputs = self._outputs(X)
        return through(probabilities_ending(self), outputs)

    @available_if(_is_probable)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of the probabilities, exact where they underflow, (examples, classes) in the weights' dtype.

        Raises as `predict`.
        """
        outputs = self._outputs(X)
        if self.out_activation_ == "softmax":
            return nl.get("log_softmax")(outputs)
        if self.out_activation_ == "logistic":
            single, log_sigmoid = self.n_outputs_ == 1, nl.get("logsigmoid")
            logs = log_sigmoid(np.hstack([-outputs, outputs]) if single else outputs)
            return logs if single or self.multilabel_ else nl.get("log_softmax")(logs)
        with np.errstate(divide="ignore"):  # a sparse output gives some classes no probability at all
            return np.log(self.predict_proba(X))
