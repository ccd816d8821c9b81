"""Callbacks and progress."""

import io
import re
import sys
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from nonlin.errors import InputError
from nonlin.nn import MLPClassifier
from nonlin.nn.watching import Callback, Watching, check_callbacks

EPOCH = {"loss": 0.5, "validation_score": None, "learning_rate": 1e-3, "records": {}}


class Diary(Callback):
    def __init__(self, name, notes):
        self.name, self.notes = name, notes

    def on_fit_begin(self, model):
        self.notes.append(f"{self.name} begins with {model}")

    def on_epoch_end(self, epoch):
        self.notes.append(f"{self.name} hears {epoch.number}")

    def on_fit_end(self, model):
        self.notes.append(f"{self.name} ends with {model}")


def test_callbacks_are_told_of_begin_epochs_and_end():
    notes = []
    with Watching("m", [Diary("a", notes), lambda epoch: notes.append(epoch.model), Diary("b", notes)], False, 9) as w:
        assert not w.epoch_ended(1, **EPOCH)
        assert not w.epoch_ended(2, **EPOCH)
    begin, end = ["a begins with m", "b begins with m"], ["b ends with m", "a ends with m"]
    assert notes == [*begin, "a hears 1", "m", "b hears 1", "a hears 2", "m", "b hears 2", *end]


def test_an_epoch_holds_what_it_was_told():
    seen = []
    with Watching("m", [seen.append], False, 9) as watch:
        watch.epoch_ended(3, loss=0.25, validation_score=0.75, learning_rate=0.125, records={"step": np.arange(2)})
    (epoch,) = seen
    assert (epoch.number, epoch.loss, epoch.validation_score, epoch.learning_rate) == (3, 0.25, 0.75, 0.125)
    assert epoch.records["step"].tolist() == [0, 1]
    assert 0 <= epoch.seconds < 60
    with pytest.raises(AttributeError):
        epoch.loss = 0.0


@pytest.mark.parametrize(
    ("answers", "stops"),
    [([True], True), ([np.True_], True), ([None, True, None], True), ([False, None], False), ([1], False), ([], False)],
)
def test_true_and_nothing_else_stops_and_everybody_is_told_first(answers, stops):
    asked = []
    callbacks = [lambda epoch, answer=answer: (asked.append(epoch), answer)[1] for answer in answers]
    with Watching(None, callbacks, False, 9) as watch:
        assert watch.wanted == bool(answers)
        assert watch.epoch_ended(1, **EPOCH) is stops
    assert len(asked) == len(answers)


def test_an_exception_stops_and_is_raised_when_every_callback_is_told_of_the_end():
    notes = []

    def fails(epoch):
        raise LookupError("no such experiment")

    def fit():
        with Watching("m", [Diary("a", notes), fails, Diary("b", notes)], False, 9) as watch:
            assert watch.epoch_ended(1, **EPOCH)
            notes.append("what was learnt is kept")

    with pytest.raises(LookupError, match="no such experiment"):
        fit()
    assert notes == [
        "a begins with m",
        "b begins with m",
        "a hears 1",
        "what was learnt is kept",
        "b ends with m",
        "a ends with m",
    ]


def test_an_exception_at_the_end_does_not_hide_that_of_an_epoch():
    class Broken(Callback):
        def on_epoch_end(self, epoch):
            raise LookupError("first")

        def on_fit_end(self, model):
            raise OSError("second")

    watch = Watching("m", [Broken()], False, 9)
    with pytest.raises(LookupError, match="first") as raised, watch:
        watch.epoch_ended(1, **EPOCH)
    assert str(raised.value.__context__) == "second"


X = np.random.default_rng(0).standard_normal((60, 3))
Y = np.arange(60) % 3


def test_a_failing_callback_leaves_the_best_weights_and_all_attributes():
    """As a fit that ends with the same epoch, by its settings."""

    def fails(epoch):
        if epoch.number == 8:
            raise LookupError("no such experiment")

    settings = {"early_stopping": True, "learning_rate_init": 0.3, "random_state": 0}
    model = MLPClassifier((5,), **settings)
    with pytest.raises(LookupError, match="no such experiment"):
        model.fit(X, Y, callbacks=[fails])
    with pytest.warns(ConvergenceWarning):
        ended = MLPClassifier((5,), max_iter=8, **settings).fit(X, Y)
    scores = model.validation_scores_
    assert np.argmax(scores) < 7, "the last epoch must not be the best"
    assert scores == ended.validation_scores_
    assert model.loss_curve_ == ended.loss_curve_
    np.testing.assert_array_equal(model.coefs_[0], ended.coefs_[0])
    assert model.score(X, Y) == ended.score(X, Y)


@pytest.mark.parametrize(
    ("error", "seen"),
    [(LookupError, lambda: pytest.raises(LookupError)), (KeyboardInterrupt, lambda: pytest.warns(match="interrupted"))],
)
def test_a_failing_callback_leaves_what_lbfgs_reached(error, seen):
    def fails(epoch):
        if epoch.number == 3:
            raise error

    model = MLPClassifier((5,), solver="lbfgs", random_state=0)
    with seen():
        model.fit(X, Y, callbacks=[fails])
    with pytest.warns(ConvergenceWarning):
        ended = MLPClassifier((5,), solver="lbfgs", max_iter=3, random_state=0).fit(X, Y)
    assert (model.n_iter_, model.loss_) == (ended.n_iter_, ended.loss_)
    np.testing.assert_array_equal(model.coefs_[0], ended.coefs_[0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_shows_a_bar_for_every_solver(monkeypatch, solver):
    terminal = on_a_terminal(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        MLPClassifier((5,), solver=solver, max_iter=4, random_state=0, verbose=True).fit(X, Y)
    last = plain(terminal).splitlines()[-1]
    assert "4/4" in last
    assert "loss " in last
    assert ("learning rate 0.001" in last) == (solver == "adam")


def test_those_that_began_are_told_of_the_end_where_another_cannot_begin():
    notes = []

    class Broken(Callback):
        def on_fit_begin(self, model):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Watching("m", [Diary("a", notes), Broken()], False, 9):
        pytest.fail("the fit must not begin")
    assert notes == ["a begins with m", "a ends with m"]


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        (print, "callbacks must be a list of functions or Callback objects, got <built-in function print>"),
        ([print, 3], r"callbacks\[1\] must be a function of an Epoch or a Callback object, got 3"),
        ([Diary], r"callbacks\[0\] is the class Diary; give an object of it: Diary\(\)"),
    ],
)
def test_what_cannot_be_called_is_refused(callbacks, message):
    with pytest.raises(InputError, match=message):
        check_callbacks(callbacks)


def test_nothing_is_shown_without_verbose(capsys):
    with Watching(None, None, False, 5) as watch:
        assert not watch.wanted
        watch.epoch_ended(1, **EPOCH)
    assert capsys.readouterr() == ("", "")


def test_lines_are_scikit_learns_where_the_output_is_no_terminal(capsys):
    with Watching(None, None, True, 5) as watch:
        assert watch.wanted
        watch.epoch_ended(1, **EPOCH)
        watch.epoch_ended(2, **(EPOCH | {"loss": 0.123456789, "validation_score": 0.975}))
    assert capsys.readouterr().out.splitlines() == [
        "Iteration 1, loss = 0.50000000",
        "Iteration 2, loss = 0.12345679",
        "Validation score: 0.975000",
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_a_terminal(monkeypatch):
    """Let standard output be a wide terminal, and give what is written to it."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("TERM", "xterm")
    return terminal


def plain(terminal):
    """What was written, without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).rstrip()


def test_a_terminal_gets_a_bar_that_is_full_at_the_end(monkeypatch):
    terminal = on_a_terminal(monkeypatch)
    with Watching(None, None, True, 200) as watch:
        for number in range(1, 38):
            watch.epoch_ended(number, **(EPOCH | {"loss": 1 / number, "validation_score": 0.9}))
    assert "0/200" in plain(terminal)
    last = plain(terminal).splitlines()[-1]
    assert "37/37" in last
    assert last.endswith("loss 0.02703, validation score 0.9, learning rate 0.001")
