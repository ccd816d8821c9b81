"""Training by backpropagation: shuffle, gather a batch, forward, error, backward, update.

The loop is compiled once for every network, number format, activation and loss: buffers and kernels are known to it
by their addresses only (`nonlin.nn.network` lays them out). It does not hold Python's lock, so that trainings run
side by side in threads.
"""

from __future__ import annotations

import numpy as np

from nonlin.nn.calls import call, call_for_number
from nonlin.nn.compiling import compiled
from nonlin.nn.recording import after_update, before_update
from nonlin.nn.schedules import factor
from nonlin.nn.shuffling import shuffle
from nonlin.nn.stopping import improves_no_more
from nonlin.nn.updates import corrected

FIXED = -1  # in place of the number of a step: nothing is learnt, so no dropout, and running statistics as they are


@compiled
def train(layers, tasks, solvers, order, first_epoch, losses, held_losses, squares, dead, memory, best, watch):
    """Train for up to `len(losses)` epochs; return how many were done, fewer once the loss improves no more.

    Recorded per epoch: the loss, for each layer the sum of (dL/dz)^2, for each hidden layer the number of dead units.
    Where examples are held out, it is their loss that has to improve, and `best` keeps the bytes of `memory` from the
    epoch in which it was lowest. `watch` is what `step` takes.
    """
    for epoch in range(len(losses)):
        total = train_block(layers, tasks, solvers, order, first_epoch + epoch, squares[epoch], watch)
        examples = tasks[0].examples
        losses[epoch] = total / examples
        if end_epoch(layers, tasks, solvers, examples, losses[epoch], held_losses, epoch, dead[epoch], memory, best):
            return epoch + 1
    return len(losses)


@compiled
def train_block(layers, tasks, solvers, order, epoch, squares, watch):
    """See every example of the task once, a batch at a time; return the summed loss, penalty included."""
    task, total = tasks[0], 0.0
    if task.shuffle:
        shuffle(order, task.key, epoch)
    for start in range(0, task.examples, task.batch):
        rows = min(task.batch, task.examples - start)
        gather(task, start, rows)
        loss = step(layers, task, solvers[0], rows, squares, watch)
        if not np.isfinite(loss):
            return loss
        total += loss * rows
    return total


@compiled
def step(layers, task, solver, rows, squares, watch):
    """One step of the solver on the batch that was gathered; return its mean loss, penalty included.

    After a step whose loss is infinite or NaN nothing has changed. `watch` is (recorder, numbers of the steps to
    record, their records), see `nonlin.nn.recording`.
    """
    weight = np.float64(rows)
    if task.weighted:
        weight = call_for_number(task.total, (task.batch_sample_weights, rows))
        if weight == 0:
            return 0.0
    forward(layers, rows, np.int64(solver.steps))
    loss = error(layers[len(layers) - 1], task, task.batch_targets, task.batch_sample_weights, rows)
    if not np.isfinite(loss):
        return loss
    backward(layers, rows, squares)
    share = share_of_gradient(task, solver, weight)
    recorders, steps, records = watch
    due = task.recorded < len(steps) and steps[task.recorded] == solver.steps + 1
    if due:
        before_update(layers, recorders[0], rows, solver.alpha, share, records[task.recorded])
    penalty = update(task, solver, share)
    if due:
        after_update(layers, recorders[0], records[task.recorded])
        task.recorded += 1
    return (solver.loss_share * loss + penalty) / weight


@compiled
def end_epoch(layers, tasks, solvers, examples, loss, held_losses, epoch, dead, memory, best):
    """Count dead units, judge the epoch by its loss or that of the examples held out; True where it was the last."""
    task, solver = tasks[0], solvers[0]
    count_dead_units(layers, dead)
    judged = loss
    if task.held > 0:
        judged = held_losses[epoch] = solver.loss_share * held_out_loss(layers, task)
        if judged < solver.best_loss:
            for i in range(len(best)):
                best[i] = memory[i]
    return not np.isfinite(loss) or improves_no_more(solver, judged, loss, examples, task.held)


@compiled
def gather(task, start, rows):
    """Copy a batch's examples, targets and weights side by side."""
    chosen = task.order + 8 * start
    call(task.gather, (task.batch_inputs, task.inputs, chosen, rows, task.input_bytes))
    call(task.gather, (task.batch_targets, task.targets, chosen, rows, task.target_bytes))
    if task.weighted:
        call(task.gather, (task.batch_sample_weights, task.sample_weights, chosen, rows, task.number_bytes))


@compiled
def forward(layers, rows, step):
    """The values of every layer, with what the way back needs."""
    for i in range(len(layers)):
        weighted_sums(layers[i], rows)
        normalize(layers[i], rows, step)
        activate(layers[i], rows, step)


@compiled
def weighted_sums(this, rows):
    """z = a W."""
    call(this.product, (this.values, this.inputs, this.weights, rows, this.stride, this.fan_in, this.in_stride, 1))


@compiled
def normalize(this, rows, step):
    """z of mean 0 and variance 1 over a layer or a batch, times gamma, where the layer has that."""
    if this.normalize:
        kernel = this.normalize_fixed if step == FIXED else this.normalize
        buffers = (this.values, this.gammas, this.normalized, this.deviations, this.mean, this.variance)
        call(kernel, (*buffers, rows, this.width, this.stride, this.epsilon, this.momentum))


@compiled
def activate(this, rows, step):
    """a = f(z + b), with f'(z + b) for the way back; in training some of the units are dropped."""
    buffers = (this.values, this.biases, this.slopes, rows, this.width, this.stride)
    call(this.activation, (*buffers, this.thetas, this.theta_slopes, this.block))
    if this.keep < 1 and step != FIXED:
        call(this.dropout, (this.values, this.masks, rows, this.width, this.stride, this.dropout_key, step, this.keep))


@compiled
def error(last, task, targets, sample_weights, rows):
    """The summed loss of a batch; dL/da of the last layer takes the place of its values."""
    return call_for_number(task.loss, (last.values, targets, sample_weights, rows, last.width, last.stride))


@compiled
def backward(layers, rows, squares):
    """The gradient of the summed loss, from the last layer to the first."""
    for i in range(len(layers) - 1, -1, -1):
        squares[i] += error_of_sums(layers[i], rows)
        weight_gradient(layers[i], rows)
        if i > 0:
            pass_back(layers[i], rows)


@compiled
def error_of_sums(this, rows):
    """From dL/da to dL/dz = dL/da f'(z), in place; gradients of all but the weights on the way; returns its squares."""
    if this.keep < 1:
        call(this.multiply, (this.errors, this.masks, rows * this.stride))
    if this.theta_count > 0:
        buffers = (this.errors, this.theta_slopes, this.theta_gradient)
        call(this.theta_sums, (*buffers, this.theta_count, this.block, rows * this.stride))
    squares = call_for_number(
        this.slope, (this.errors, this.slopes, this.bias_gradient, this.largest, rows, this.stride)
    )
    if this.normalize:
        buffers = (this.errors, this.gammas, this.gamma_gradient, this.normalized, this.deviations)
        call(this.normalize_back, (*buffers, rows, this.width, this.stride))
    return squares


@compiled
def weight_gradient(this, rows):
    """dL/dW = a' dL/dz."""
    product = (this.weight_gradient, this.inputs, this.errors, this.fan_in, this.stride, rows, 1, this.in_stride)
    call(this.product, product)


@compiled
def pass_back(this, rows):
    """dL/da of the layer before = dL/dz W'."""
    call(this.transpose, (this.turned, this.weights, this.in_stride, this.stride))
    product = (this.input_errors, this.errors, this.turned, rows, this.in_stride, this.width, this.stride, 1)
    call(this.back_product, product)


@compiled
def share_of_gradient(task, solver, weight):
    """What makes the gradient of the summed loss that of the mean, cut to the norm `clip` where there is one."""
    share = 1 / weight
    if solver.clip > 0:
        weights = (task.weights, task.weights_gradient, task.weight_count, solver.alpha)
        others = (task.others, task.others_gradient, task.other_count, 0.0)
        norm = share * np.sqrt(call_for_number(task.squares, weights) + call_for_number(task.squares, others))
        if norm > solver.clip:
            share *= solver.clip / norm
    return share


@compiled
def update(task, solver, share):
    """One step of the solver on all parameters; return the L2 penalty of the sum, which is on the weights only."""
    weights = (task.weights, task.weights_gradient, task.weights_m, task.weights_v, task.weight_count)
    others = (task.others, task.others_gradient, task.others_m, task.others_v, task.other_count)
    rate = solver.rate * factor(solver.schedule, solver.steps, solver.steps_in_all, solver.warmup)
    solver.steps += 1
    decay = rate * solver.decay
    rate, c = corrected(rate, solver.c, solver.steps, solver.beta_1, solver.beta_2, solver.beta_c)
    numbers = (share, rate, decay, solver.a, solver.b, c)
    squares = call_for_number(task.update, (*weights, solver.alpha, *numbers))
    call_for_number(task.update, (*others, 0.0, share, rate, 0.0, solver.a, solver.b, c))
    return 0.5 * solver.alpha * squares


@compiled
def gradient(layers, tasks, rows, step, squares):
    """The gradient of the summed loss on the first `rows` examples gathered; returned is that loss."""
    forward(layers, rows, step)
    task = tasks[0]
    loss = error(layers[len(layers) - 1], task, task.batch_targets, task.batch_sample_weights, rows)
    backward(layers, rows, squares)
    return loss


@compiled
def held_out_loss(layers, task):
    """The mean loss of the examples held out, without penalty; the blocks of a batch serve for theirs."""
    first, last, total, weight = layers[0], layers[len(layers) - 1], 0.0, 0.0
    batch_inputs = first.inputs
    sample_weights = task.batch_sample_weights
    for start in range(0, task.held, task.batch):
        rows = min(task.batch, task.held - start)
        first.inputs = task.held_inputs + start * task.input_bytes
        forward(layers, rows, FIXED)
        targets = task.held_targets + start * task.target_bytes
        if task.weighted:
            sample_weights = task.held_sample_weights + start * task.number_bytes
        total += error(last, task, targets, sample_weights, rows)
        weight += call_for_number(task.total, (sample_weights, rows))
    first.inputs = batch_inputs
    return total / weight


@compiled
def count_dead_units(layers, dead):
    """For each hidden layer, the units whose |f'(z)| stayed at or below `dead_below` for all examples since last."""
    for i in range(len(layers) - 1):
        this = layers[i]
        dead[i] = call_for_number(this.count_dead, (this.largest, this.width, this.dead_below))


@compiled
def predict(layers, examples, batch, input_bytes, output_bytes):
    """The last layer's z for all examples, a block at a time; `layers` is used up."""
    first, last = layers[0], layers[len(layers) - 1]
    for start in range(0, examples, batch):
        rows = min(batch, examples - start)
        forward(layers, rows, FIXED)
        first.inputs += rows * input_bytes
        last.values += rows * output_bytes
