"""Training by backpropagation: shuffle, gather a batch, forward, error, backward, update.

The loop is compiled once for every network, number format, activation and loss: buffers and kernels are known to it
by their addresses only (`nonlin.nn.network` lays them out). It does not hold Python's lock, so that trainings run
side by side in threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nonlin.nn.calls import call, call_for_number

PLATEAU = 10  # times the patience, as long as the training loss stands still
FALL = 0.15  # of the training loss since the last improvement: it no longer stands still

compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def train(layers, tasks, solvers, order, first_epoch, losses, squares, dead, held_losses, parameters, best):
    """Train for up to `len(losses)` epochs; return how many were done, fewer once the loss improves no more.

    Recorded per epoch: the loss, for each layer the sum of (dL/dz)^2, for each hidden layer the number of dead units.
    Where examples are held out, it is their loss that has to improve, and `best` keeps the bytes of `parameters` from
    the epoch in which it was lowest.
    """
    task, solver = tasks[0], solvers[0]
    for epoch in range(len(losses)):
        if task.shuffle:
            shuffle(order, task.key, first_epoch + epoch)
        losses[epoch] = train_epoch(layers, task, solver, squares[epoch])
        count_dead_units(layers, dead[epoch])
        judged = losses[epoch]
        if task.held > 0:
            judged = held_losses[epoch] = held_out_loss(layers, task)
            if judged < solver.best_loss:
                best[:] = parameters
        if not np.isfinite(losses[epoch]) or improves_no_more(solver, judged, losses[epoch], task):
            return epoch + 1
    return len(losses)


@compiled
def train_epoch(layers, task, solver, squares):
    """See every example once, a batch at a time; return the mean loss, penalty included."""
    total = 0.0
    for start in range(0, task.examples, task.batch):
        rows = min(task.batch, task.examples - start)
        gather(task, start, rows)
        forward(layers, rows)
        total += error(layers[len(layers) - 1], task, rows)
        backward(layers, rows, squares)
        total += update(task, solver, rows)
    return total / task.examples


@compiled
def gather(task, start, rows):
    """Copy a batch's examples and targets side by side."""
    chosen = task.order + 8 * start
    call(task.gather, (task.batch_inputs, task.inputs, chosen, rows, task.input_bytes))
    call(task.gather, (task.batch_targets, task.targets, chosen, rows, task.target_bytes))


@compiled
def forward(layers, rows):
    """z = a W + b and a = f(z), layer by layer, with f'(z) for the way back."""
    for i in range(len(layers)):
        this = layers[i]
        call(
            this.product,
            (this.values, this.inputs, this.weights, rows, this.stride, this.fan_in, this.in_stride, 1),
        )
        call(this.activation, (this.values, this.biases, this.slopes, rows, this.width, this.stride))


@compiled
def error(last, task, rows):
    """The summed loss of a batch; dL/da of the last layer takes the place of its values."""
    return call_for_number(task.loss, (last.values, task.batch_targets, rows, last.width, last.stride))


@compiled
def backward(layers, rows, squares):
    """From dL/da of a layer to dL/dz = dL/da f'(z), to dL/dW = a' dL/dz, to dL/da = dL/dz W' of the layer before."""
    for i in range(len(layers) - 1, -1, -1):
        this = layers[i]
        squares[i] += call_for_number(
            this.slope, (this.errors, this.slopes, this.bias_gradient, this.largest, rows, this.stride)
        )
        call(
            this.product,
            (this.weight_gradient, this.inputs, this.errors, this.fan_in, this.stride, rows, 1, this.in_stride),
        )
        if i > 0:
            call(this.transpose, (this.turned, this.weights, this.in_stride, this.stride))
            call(
                this.product,
                (this.input_errors, this.errors, this.turned, rows, this.in_stride, this.width, this.stride, 1),
            )


@compiled
def update(task, solver, rows):
    """One step of the solver on all weights and all biases; return the L2 penalty, which is on the weights only."""
    solver.steps += 1
    rate = solver.rate * np.sqrt(1 - solver.beta_2**solver.steps) / (1 - solver.beta_1**solver.steps)
    share, a, b, c = 1 / rows, solver.a, solver.b, solver.c
    weights = (task.weights, task.weights_gradient, task.weights_m, task.weights_v, task.weight_count)
    biases = (task.biases, task.biases_gradient, task.biases_m, task.biases_v, task.bias_count)
    squares = call_for_number(task.update, weights + (solver.alpha, share, rate, a, b, c))  # noqa: RUF005
    call_for_number(task.update, biases + (0.0, share, rate, a, b, c))  # noqa: RUF005 (Numba knows no unpacking)
    return 0.5 * solver.alpha * squares


@compiled
def held_out_loss(layers, task):
    """The mean loss of the examples held out, without penalty; the blocks of a batch serve for theirs."""
    first, last, total = layers[0], layers[len(layers) - 1], 0.0
    batch_inputs = first.inputs
    for start in range(0, task.held, task.batch):
        rows = min(task.batch, task.held - start)
        first.inputs = task.held_inputs + start * task.input_bytes
        forward(layers, rows)
        targets = task.held_targets + start * task.target_bytes
        total += call_for_number(task.loss, (last.values, targets, rows, last.width, last.stride))
    first.inputs = batch_inputs
    return total / task.held


@compiled
def improves_no_more(solver, loss, training_loss, task):
    """Count epochs without an improvement of the loss by `tolerance`; after too many slow down, or say to stop.

    The improvement is on the best loss so far, as in scikit-learn's networks. The loss of examples held out is
    measured against the last improvement that counted, so that many small ones, of a slow learner, add up to one; and
    it has longer to improve while the loss in training stands still too: that is a plateau, not overfitting.
    """
    improved = loss <= solver.milestone - solver.tolerance
    solver.stale = 0 if improved else solver.stale + 1
    solver.best_loss = min(solver.best_loss, loss)
    if improved or task.held == 0:
        solver.milestone, solver.training_milestone = solver.best_loss, training_loss
    solver.examples_seen += task.examples
    if solver.power > 0:
        solver.rate = solver.first_rate / (solver.examples_seen + 1) ** solver.power
    fallen = solver.training_milestone - training_loss > FALL * abs(solver.training_milestone)
    if solver.stale <= solver.patience * (PLATEAU if task.held > 0 and not fallen else 1):
        return False
    if slow_down(solver):
        solver.stale = 0
        return False
    solver.settled = 1
    return True


@compiled
def slow_down(solver):
    """Divide the learning rate by 5 (schedule "adaptive"); False where it is not to be, or is too small already."""
    if not solver.adaptive or solver.rate <= 1e-6:
        return False
    solver.rate /= 5
    return True


@compiled
def count_dead_units(layers, dead):
    """For each hidden layer, the units whose |f'(z)| stayed at or below `dead_below` for all examples since last."""
    for i in range(len(layers) - 1):
        this = layers[i]
        dead[i] = call_for_number(this.count_dead, (this.largest, this.width, this.dead_below))


@compiled
def shuffle(order, key, epoch):
    """Fisher and Yates's shuffle, from the natural order: an epoch's order depends on its key and number only."""
    state = scramble(np.uint64(key) + scramble(np.uint64(epoch)))
    for i in range(len(order)):
        order[i] = i
    for i in range(len(order) - 1, 0, -1):
        state += np.uint64(0x9E3779B97F4A7C15)
        j = np.int64(((scramble(state) >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
        order[i], order[j] = order[j], order[i]


@compiled
def scramble(state):
    """The output function of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@compiled
def predict(layers, examples, batch, input_bytes, output_bytes):
    """The last layer's z for all examples, a block at a time; `layers` is used up."""
    first, last = layers[0], layers[len(layers) - 1]
    for start in range(0, examples, batch):
        rows = min(batch, examples - start)
        forward(layers, rows)
        first.inputs += rows * input_bytes
        last.values += rows * output_bytes
