"""When a training slows down, and when it ends: judged after each epoch, in compiled code."""

from __future__ import annotations

from nonlin.nn.compiling import compiled

PLATEAU = 10  # times the patience, as long as the training loss stands still
FALL = 0.15  # of the training loss since the last improvement: it no longer stands still


@compiled
def improves_no_more(solver, loss, training_loss, examples, held):
    """Count epochs without an improvement of the loss by `tolerance`; after too many slow down, or say to stop.

    The improvement is on the best loss so far, as in scikit-learn's networks. The loss of examples held out is
    measured against the last improvement that counted, so that many small ones, of a slow learner, add up to one; and
    it has longer to improve while the loss in training stands still too: that is a plateau, not overfitting.
    """
    improved = loss <= solver.milestone - solver.tolerance
    solver.stale = 0 if improved else solver.stale + 1
    solver.best_loss = min(solver.best_loss, loss)
    if improved or held == 0:
        solver.milestone, solver.training_milestone = solver.best_loss, training_loss
    solver.examples_seen += examples
    if solver.power > 0:
        solver.rate = solver.first_rate / (solver.examples_seen + 1) ** solver.power
    fallen = solver.training_milestone - training_loss > FALL * abs(solver.training_milestone)
    if solver.stale <= solver.patience * (PLATEAU if held > 0 and not fallen else 1):
        return False
    if slow_down(solver):
        solver.stale = 0
        return False
    solver.settled = 1
    return True


@compiled
def slow_down(solver):
    """Divide the learning rate ("adaptive" by 5, "plateau" by 10); False where it is not to be, or is too small."""
    if solver.slower <= 1 or solver.rate <= 1e-6:
        return False
    solver.rate /= solver.slower
    return True
