"""The yardstick of a comparison of losses: one that none of them is trained for, chosen by the facts of the losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import nonlin as nl
from nonlin.errors import InputError
from nonlin.study.numbers import listing, short_parameter


class Yardstick(NamedTuple):
    """The name of a scoring, and why it was taken, as a sentence without its full stop."""

    name: str
    reason: str = ""


def compared_losses(parameter: str, models: Mapping[str, Any]) -> dict[str, Any]:
    """The losses that are compared, by arm; nothing where another parameter is, or a loss that is not known here."""
    if short_parameter(parameter) != "loss":
        return {}
    try:
        return {arm: nl.get_loss(model.get_params()[parameter]) for arm, model in models.items()}
    except InputError:
        return {}


def neutral(task: str, losses: Mapping[str, Any], mute: list[str]) -> Yardstick:
    """The default scoring of losses that are compared with each other; `mute` arms give no probabilities.

    Log loss favours losses that are proper for probabilities, R² those for the mean, absolute error those for the
    median or another quantile.
    """
    if task == "classification":
        return _of_classes(_trained(losses, "probability"), mute)
    means, medians = _trained(losses, "mean"), _trained(losses, "median", "quantile")
    if not means:
        return Yardstick("r2", "Judged by R², which none of them is trained for")
    if not medians:
        return Yardstick(
            "neg_mean_absolute_error",
            f"Judged by mean absolute error and not by R², as that rewards the mean, which {_are(means)} trained for",
        )
    quantile = "a quantile" if _trained(losses, "quantile") else "the median"
    return Yardstick(
        "hit_rate",
        "Judged by the hit rate, the share of errors of at most a quarter of the target's standard deviation, as R² "
        f"rewards the mean, which {_are(means)} trained for, and mean absolute error {quantile}, which "
        f"{_are(medians)} trained for",
    )


def _of_classes(probabilities: list[str], mute: list[str]) -> Yardstick:
    if mute:
        gives = "gives" if len(mute) == 1 else "give"
        return Yardstick("accuracy", f"Judged by accuracy, as {listing(mute)} {gives} no probabilities")
    if probabilities:
        return Yardstick(
            "accuracy",
            f"Judged by accuracy and not by log loss, as that rewards probabilities, which {_are(probabilities)} "
            "trained for",
        )
    return Yardstick("neg_log_loss", "Judged by log loss, which none of them is trained for")


def _trained(losses: Mapping[str, Any], *proper: str) -> list[str]:
    return [arm for arm, loss in losses.items() if loss.proper in proper]


def _are(arms: list[str]) -> str:
    return f"{listing(arms)} {'is' if len(arms) == 1 else 'are'}"
