"""What an estimator was set to, in words: so much as somebody needs to train the same again."""

from __future__ import annotations

import inspect
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from math import inf
from pathlib import Path
from typing import Any

_LIBRARIES = ("nonlin", "numpy", "scipy", "scikit-learn", "numba", "llvmlite", "pandas", "skrub")
_INSIDE = ("regressor", "classifier", "estimator")  # what scikit-learn's wrappers call the model that they wrap
# What is said of a network, and the parameters that say it.
_NETWORK = {
    "hidden layers": ("hidden_layer_sizes",),
    "loss": ("loss",),
    "solver": ("solver", "learning_rate", "learning_rate_init", "alpha"),
    "batch": ("batch_size",),
    "epochs": ("max_iter", "early_stopping", "validation_fraction", "n_iter_no_change", "tol", "scoring"),
}
_WITHOUT_EFFECT = {"verbose", "random_state", "n_jobs", "copy", "memory"}


def estimator_settings(estimator: Any, parameter: str = "") -> dict[str, str]:
    """The settings of an estimator, or of the last one of a pipeline, by name; the compared `parameter` left out.

    A multilayer perceptron (ours or scikit-learn's) is described whole, defaults too; of any other estimator, and of
    the steps before it, the settings that differ from the defaults.

    >>> from nonlin.nn import MLPClassifier
    >>> estimator_settings(MLPClassifier((64, 64)), "activation")["hidden layers"]
    '64, 64'
    """
    steps = _unwrapped(estimator)
    model, compared = steps[-1], parameter.rsplit("__", 1)[-1]
    settings = {"prepared by": ", ".join(_described(step, set()) for step in steps[:-1])}
    if hasattr(model, "hidden_layer_sizes"):
        told = {name for names in _NETWORK.values() for name in names}
        settings |= {"model": type(model).__name__, **_network(model, compared)}
        settings["further settings"] = _changed(model, {compared, *told})
    else:
        settings["model"] = _described(model, {compared})
    return {name: text for name, text in settings.items() if text}


def _unwrapped(estimator: Any) -> list[Any]:
    """The steps from the data to the model that learns: pipelines opened, wrappers taken off."""
    if hasattr(estimator, "steps"):
        inner = [step for _, step in estimator.steps if step is not None and not isinstance(step, str)]
        return [*inner[:-1], *_unwrapped(inner[-1])] if inner else [estimator]
    for name in _INSIDE:
        if hasattr(getattr(estimator, name, None), "fit"):
            target = getattr(estimator, "transformer", None)
            return [*([target] if target is not None else []), *_unwrapped(getattr(estimator, name))]
    return [estimator]


def _network(model: Any, compared: str) -> dict[str, str]:
    """What `_NETWORK` lists, in words; where one of its parameters is compared, the other ones as they are."""
    sizes, solver, batch = model.hidden_layer_sizes, model.solver, model.batch_size
    schedule = f" ({model.learning_rate})" if solver == "sgd" else ""
    said = {
        "hidden layers": ", ".join(map(str, [sizes] if isinstance(sizes, int) else sizes)) or "none",
        "loss": _loss(model),
        "solver": f"{solver}, learning rate {model.learning_rate_init:g}{schedule}, L2 penalty {model.alpha:g}",
        "batch": "the smaller of 200 and all examples" if batch == "auto" else f"{batch} examples",
        "epochs": _epochs(model),
    }
    for name, parameters in _NETWORK.items():
        if compared in parameters:
            said[name] = ", ".join(
                f"{p}={getattr(model, p)!r}" for p in parameters if p != compared and hasattr(model, p)
            )
    return said


def _loss(model: Any) -> str:
    loss = getattr(model, "loss", None) or getattr(model, "_default_loss", "")
    return str(getattr(loss, "name", loss))


def _epochs(model: Any) -> str:
    """How long a training takes: a fixed number of epochs, or until what improves no more."""
    if model.n_iter_no_change == inf:
        return f"{model.max_iter}"
    watched = "the training loss"
    if model.early_stopping:
        what = getattr(model, "scoring", None) or "score"
        watched = f"the {what} on {100 * model.validation_fraction:g} % of the training examples, held back,"
    patience = f"{model.n_iter_no_change:g} epochs"
    return f"at most {model.max_iter}; fewer where {watched} improves by less than {model.tol:g} for {patience}"


def _described(estimator: Any, without: set[str]) -> str:
    return f"{type(estimator).__name__}({_changed(estimator, without)})"


def _changed(estimator: Any, without: set[str]) -> str:
    """The settings that are not the defaults, as Python would take them."""
    if not hasattr(estimator, "get_params"):
        return ""
    usual = {name: p.default for name, p in inspect.signature(type(estimator)).parameters.items()}
    given = {k: v for k, v in estimator.get_params(deep=False).items() if k not in without | _WITHOUT_EFFECT}
    return ", ".join(f"{name}={value!r}" for name, value in given.items() if repr(value) != repr(usual.get(name)))


def versions() -> str:
    """Python and the installed libraries whose versions can change a number."""
    found = [f"Python {platform.python_version()}"]
    for library in _LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def machine() -> str:
    """Operating system, processor and the number of its cores."""
    cores = os.cpu_count() or 1
    processor = _processor() or platform.processor() or platform.machine()
    return f"{platform.system()} {platform.machine()}, {processor}, {cores} {'core' if cores == 1 else 'cores'}"


def _processor() -> str:
    """The processor's name where the system keeps it in a file (Linux)."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
