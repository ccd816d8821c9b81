"""Arms: the values that are compared, each with a name and a place in the estimator."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator, clone

from nonlin.errors import InputError, suggestion, unknown
from nonlin.study.numbers import short_parameter

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True)
class Arm:
    """One value of the compared parameter and the name it has in every table."""

    name: str
    value: Any


def arm_name(value: Any) -> str:
    """The name of a value: itself if a string, its `.name` if it has one, else how Python writes it.

    >>> arm_name("relu"), arm_name(0.5), arm_name((64, 64)), arm_name(abs)
    ('relu', '0.5', '(64, 64)', 'abs')
    """
    if isinstance(value, str):
        return str(value)
    for attribute in ("name", "__name__"):
        name = getattr(value, attribute, None)
        if isinstance(name, str):
            return name
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    return _ADDRESS.sub("", repr(value))


def make_arms(values: Iterable[Any]) -> tuple[Arm, ...]:
    """Named arms in the order given; raises `InputError` for fewer than two values or two of one name."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InputError(f"values must be a list of values to compare, like ['relu', 'gelu'], got {values!r}")
    arms = tuple(Arm(arm_name(value), value) for value in values)
    if len(arms) < 2:
        raise InputError(
            f"values must hold at least 2 values, got {[arm.name for arm in arms]}; add one to compare with"
        )
    names = [arm.name for arm in arms]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise InputError(f"values holds {repeated!r} more than once; give every value once")
    return arms


def reference_name(reference: Any, arms: tuple[Arm, ...]) -> str:
    """The name of the arm that the others are compared with: the first one unless another is named."""
    if reference is None:
        return arms[0].name
    names = [arm.name for arm in arms]
    name = arm_name(reference)
    if name not in names:
        raise unknown("reference", name, names)
    return name


def check_parameter(estimator: Any, parameter: str) -> None:
    """Raise `InputError`, with the nearest name, unless `parameter` is one of the estimator's (nested with `__`)."""
    names = list(estimator.get_params())
    if parameter in names:
        return
    nested = [name for name in names if name.endswith(f"__{parameter}")]
    ending = f"; did you mean {nested[0]!r}?" if nested else suggestion(str(parameter), names)
    own = ", ".join(estimator.get_params(deep=False))
    raise InputError(f"{type(estimator).__name__} has no parameter {parameter!r}{ending or f'; it has {own}'}")


def configured(estimator: Any, parameter: str, value: Any, seed: int | None = None) -> Any:
    """A fresh, unfitted copy of `estimator` with the value set, and `seed` as its every `random_state`."""
    # An estimator given as a value is fitted, and so must not be shared by runs; anything else is left as it is.
    value = clone(value) if hasattr(value, "get_params") and not isinstance(value, type) else value
    model: Any = clone(estimator)
    model.set_params(**{parameter: value})
    seeds = [] if seed is None else random_state_parameters(model)
    if seeds:
        model.set_params(**dict.fromkeys(seeds, seed))
    return model


def random_state_parameters(estimator: Any) -> list[str]:
    """The names of all parameters, nested ones too, that seed the estimator."""
    return [name for name in estimator.get_params() if short_parameter(name) == "random_state"]


def check_arms(estimator: Any, parameter: str, arms: tuple[Arm, ...]) -> list[Any]:
    """Set every value and let the estimator check its parameters, without training; returns the configured copies.

    An estimator that has `_validate_params`, as scikit-learn's have, refuses a wrong value here, before any work.
    Others refuse it in their first run: the plan begins with one run of every arm.
    """
    models = []
    for arm in arms:
        try:
            model = configured(estimator, parameter, arm.value)
            _validate(model)
        except InputError:
            raise
        except (TypeError, ValueError) as error:
            raise InputError(f"{parameter}={arm.name!r} was refused: {_first_line(error)}") from error
        models.append(model)
    return models


def _validate(model: Any) -> None:
    parts = [part for part in model.get_params().values() if hasattr(part, "get_params") and not isinstance(part, type)]
    for part in [*parts, model]:
        validate = getattr(part, "_validate_params", None)
        inherited = getattr(type(part), "_validate_params", None) is BaseEstimator._validate_params
        if validate is not None and (hasattr(part, "_parameter_constraints") or not inherited):
            validate()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
