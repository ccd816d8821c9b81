"""Whole trainings by the compiled loop: step by step PyTorch's, and the same bits however they are run."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nonlin as nl
from nonlin.nn.architecture import Architecture, Hidden
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.network import Network
from nonlin.nn.solver import Solver
from nonlin.nn.training import Data, Training

EXAMPLES, INPUTS, CLASSES, BATCH, EPOCHS = 44, 5, 3, 16, 4  # the last batch is a smaller one
STEPS = EPOCHS * -(-EXAMPLES // BATCH)
PRELU = Hidden(9, nl.prelu, {"weight": 0.2})
DROPPING = (Hidden(9, nl.gelu, {}, "batch", 0.3), Hidden(6, nl.prelu, {"weight": 0.2}, "layer", 0.2))
SOLVERS = ["adam", "adamw", "sgd", "nesterov", "rmsprop", "lion"]


def network_of(*hidden, dtype="f8", seed=0):
    """A network with random parameters."""
    random = np.random.default_rng(seed)
    network = Network(Architecture(INPUTS, hidden, CLASSES), np.dtype(dtype), BATCH)
    for part in network.views(network.parameters)[:3]:
        for array in part:
            array += random.normal(size=array.shape) / 2
    return network


def examples(weighted=False):
    random = np.random.default_rng(1)
    weights = random.uniform(0.5, 2, EXAMPLES) if weighted else None
    return Data(
        random.normal(size=(EXAMPLES, INPUTS)), np.eye(CLASSES)[random.integers(CLASSES, size=EXAMPLES)], weights
    )


def training_of(network, solver, *, data=None, shuffle=False, **options):
    loss = loss_kernel(nl.get_loss("cross_entropy"), network.dtype)
    keys = range(7, 7 + len(network.architecture.hidden))
    data = examples() if data is None else data
    return Training(network, data, solver, loss=loss, shuffle=shuffle, key=3, dropout_keys=keys, **options)


class Peer:
    """The same network in PyTorch, and its training."""

    def __init__(self, torch, network, alpha=0.0):
        self.torch, self.alpha, modules = torch, alpha, []
        parts = network.views(network.parameters)
        self.weights = [torch.nn.Parameter(torch.tensor(coef.T.copy())) for coef in parts.coefs]
        for i, hidden in enumerate(network.architecture.hidden):
            modules += [self.linear(i, None if hidden.normalization else parts.intercepts[i])]
            if hidden.normalization:
                modules.append(self.normalization(hidden, parts.gammas[i], parts.intercepts[i]))
            modules.append(self.activation(hidden, parts.thetas[i]))
        self.model = torch.nn.Sequential(*modules, self.linear(-1, parts.intercepts[-1]))

    def linear(self, i, bias):
        made = self.torch.nn.Linear(*self.weights[i].T.shape, bias=bias is not None)
        made.weight = self.weights[i]
        return made if bias is None else self.with_values(made, bias=bias)

    def normalization(self, hidden, gamma, bias):
        kind = {"layer": self.torch.nn.LayerNorm, "batch": self.torch.nn.BatchNorm1d}[hidden.normalization]
        return self.with_values(kind(hidden.width).double(), weight=gamma, bias=bias)

    def activation(self, hidden, theta):
        nn = self.torch.nn
        made = {"tanh": nn.Tanh, "gelu": nn.GELU, "prelu": nn.PReLU}[hidden.activation.name]()
        return self.with_values(made, weight=theta) if theta.size else made

    def with_values(self, module, **values):
        for name, value in values.items():
            setattr(module, name, self.torch.nn.Parameter(self.torch.tensor(value.copy())))
        return module

    def train(self, data, optimizer, scheduler=None, clip=None):
        """As `Training.run`; returned is the loss of each epoch."""
        torch, losses = self.torch, []
        for _ in range(EPOCHS):
            total = 0.0
            for start in range(0, EXAMPLES, BATCH):
                X, y, weights = (None if a is None else torch.tensor(a[start : start + BATCH]) for a in data)
                weights = torch.ones(len(X), dtype=X.dtype) if weights is None else weights
                each = torch.nn.functional.cross_entropy(self.model(X), y, reduction="none")
                penalty = self.alpha / 2 * sum((weight**2).sum() for weight in self.weights)
                loss = (weights @ each + penalty) / weights.sum()
                optimizer.zero_grad()
                loss.backward()
                if clip:
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), clip)
                optimizer.step()
                if scheduler:
                    scheduler.step()
                total += loss.item() * len(X)
            losses.append(total / EXAMPLES)
        return losses

    def groups(self, decay=0.0):
        """Weights decay, all else does not."""
        others = [p for p in self.model.parameters() if not any(p is weight for weight in self.weights)]
        return [{"params": self.weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def assert_same(network, peer, losses, training, tolerance=1e-9):
    """The losses, the outputs in eval mode and all that was learnt are equal."""
    close = {"rtol": tolerance, "atol": tolerance}
    np.testing.assert_allclose(training.history()["loss"], losses, **close)
    coefs, intercepts, gammas, thetas = network.views(network.parameters)
    for ours, theirs in zip(coefs, peer.weights, strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy().T, **close)
    norms = [module for module in peer.model if hasattr(module, "eps")]
    hidden_biases = norms or [module for module in peer.model if hasattr(module, "in_features")][:-1]
    biases = [module.bias.detach().numpy() for module in (*hidden_biases, peer.model[-1])]
    scales = [module.weight.detach().numpy() for module in norms]
    slopes = [module.weight.detach().numpy() for module in peer.model if hasattr(module, "num_parameters")]
    gammas, thetas = ([array for array in part if array.size] for part in (gammas, thetas))
    for mine, theirs in (intercepts, biases), (gammas, scales), (thetas, slopes):
        for ours, other in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(ours, other, **close)
    for module, mean, variance in zip(norms, network.means, network.variances, strict=False):
        if hasattr(module, "running_mean"):
            np.testing.assert_allclose(mean, module.running_mean.numpy(), **close)
            np.testing.assert_allclose(variance, module.running_var.numpy(), **close)
    X = np.random.default_rng(2).normal(size=(70, INPUTS))
    expected = peer.model.eval()(peer.torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(network.outputs(X), expected, rtol=10 * tolerance, atol=10 * tolerance)


def both(torch, hidden, settings, make, *, weighted=False, schedule=None):
    """Train both for some epochs and compare; `make` and `schedule` make PyTorch's optimizer and scheduler."""
    network, data = network_of(*hidden), examples(weighted)
    common = {"alpha": 0.0, "learning_rate_init": 0.02, "n_iter_no_change": np.inf, "steps_in_all": STEPS}
    settings = common | settings
    peer = Peer(torch, network, settings["alpha"])
    training = training_of(network, Solver(**settings), data=data)
    training.run(EPOCHS)
    optimizer = make(peer.groups(settings.get("weight_decay", 0.0)))
    scheduler = schedule(torch.optim.lr_scheduler, optimizer) if schedule else None
    clip = settings.get("gradient_clip_norm")
    losses = peer.train(data, optimizer, scheduler, clip)
    assert_same(network, peer, losses, training, 1e-5 if clip else 1e-9)  # PyTorch adds 1e-6 to the norm


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["adamw", "rmsprop", "nesterov"])
def test_solvers_take_torchs_steps(torch, solver, weighted):
    made = {
        "adamw": lambda groups: torch.optim.AdamW(groups, 0.02),
        "rmsprop": lambda groups: torch.optim.RMSprop(groups, 0.02),
        "nesterov": lambda groups: torch.optim.SGD(groups, 0.02, momentum=0.9, nesterov=True),
    }
    settings = {"name": solver, "alpha": 0.5, "weight_decay": 0.3 if solver == "adamw" else 0.0}
    both(torch, (PRELU, Hidden(6, nl.tanh)), settings, made[solver], weighted=weighted)


@pytest.mark.parametrize("activation", [nl.tanh, nl.prelu], ids=lambda record: record.name)
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_normalized_networks_are_torchs_in_training_and_in_prediction(torch, normalization, activation):
    parameters = {"weight": 0.2} if activation is nl.prelu else {}
    hidden = [Hidden(width, activation, parameters, normalization) for width in (9, 16)]
    both(torch, hidden, {"name": "adamw", "weight_decay": 0.1}, lambda groups: torch.optim.AdamW(groups, 0.02))


@pytest.mark.parametrize("clip", [0.05, 1e3])
def test_clipping_is_torchs(torch, clip):
    settings = {"name": "nesterov", "alpha": 0.5, "gradient_clip_norm": clip, "learning_rate_init": 0.1}
    hidden = (Hidden(9, nl.gelu, {}, "layer"), Hidden(6, nl.prelu, {"weight": 0.2}, "layer"))
    both(torch, hidden, settings, lambda groups: torch.optim.SGD(groups, 0.1, momentum=0.9, nesterov=True))


def cosine(schedulers, optimizer):
    return schedulers.CosineAnnealingLR(optimizer, STEPS)


def one_cycle(schedulers, optimizer):
    return schedulers.OneCycleLR(optimizer, 0.02, total_steps=STEPS + 1, cycle_momentum=False)


def warm_up(schedulers, optimizer):
    return schedulers.LinearLR(optimizer, 0.2, 1.0, total_iters=4)


def warm_up_and_cosine(schedulers, optimizer):
    after = schedulers.CosineAnnealingLR(optimizer, STEPS - 5)
    return schedulers.SequentialLR(optimizer, [warm_up(schedulers, optimizer), after], milestones=[5])


SCHEDULES = [
    (cosine, {"learning_rate": "cosine"}),
    (one_cycle, {"learning_rate": "one_cycle", "steps_in_all": STEPS + 1}),
    (warm_up, {"warmup_steps": 5}),
    (warm_up_and_cosine, {"learning_rate": "cosine", "warmup_steps": 5}),
]


@pytest.mark.parametrize(("schedule", "settings"), SCHEDULES, ids=[schedule.__name__ for schedule, _ in SCHEDULES])
@pytest.mark.filterwarnings("ignore:The epoch parameter in")  # of SequentialLR's own making
def test_schedules_are_torchs(torch, schedule, settings):
    settings = {"name": "adamw", "weight_decay": 0.3, **settings}  # the decay follows the rate too
    both(torch, (PRELU,), settings, lambda groups: torch.optim.AdamW(groups, 0.02), schedule=schedule)


def solver_of(name, **settings):
    rest = {"learning_rate_init": 0.01, "weight_decay": 0.1, "gradient_clip_norm": 0.5, "warmup_steps": 3}
    return Solver(name=name, steps_in_all=STEPS, **{"n_iter_no_change": np.inf, **rest, **settings})


def assert_same_bits(first, second):
    np.testing.assert_array_equal(first.network.memory, second.network.memory)
    for name, record in first.history().items():
        np.testing.assert_array_equal(record, second.history()[name], err_msg=name)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_stream_of_one_block_is_the_data_in_memory(solver, dtype):
    data = examples(weighted=True)
    whole, stream = (training_of(network_of(*DROPPING, dtype=dtype), solver_of(solver), data=data) for _ in range(2))
    whole.run(EPOCHS)
    for _ in range(EPOCHS):
        stream.run_blocks([data])
    assert_same_bits(whole, stream)


def test_a_stream_of_whole_batches_is_the_data_in_memory():
    data = examples(weighted=True)
    whole, stream = (training_of(network_of(*DROPPING), solver_of("adam"), data=data) for _ in range(2))
    whole.run(EPOCHS)
    blocks = [Data(*(array[start : start + 2 * BATCH] for array in data)) for start in range(0, EXAMPLES, 2 * BATCH)]
    for _ in range(EPOCHS):
        stream.run_blocks(iter(blocks))
    np.testing.assert_array_equal(whole.network.memory, stream.network.memory)
    np.testing.assert_allclose(stream.history()["loss"], whole.history()["loss"], rtol=1e-14)
    for name in ("dead_share", "gradient_norm"):
        np.testing.assert_allclose(stream.history()[name], whole.history()[name], rtol=1e-14)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_training_that_went_on_from_its_state_is_the_one_never_interrupted(solver, schedule, dtype):
    settings = {"learning_rate": schedule}
    if schedule == "plateau":
        settings |= {"tol": 10.0, "n_iter_no_change": 1}  # no epoch is good enough
    whole = training_of(network_of(*DROPPING, dtype=dtype), solver_of(solver, **settings), shuffle=True)
    first = training_of(network_of(*DROPPING, dtype=dtype), solver_of(solver, **settings), shuffle=True)
    whole.run(6)
    first.run(3)
    network = network_of(*DROPPING, dtype=dtype, seed=9)
    network.memory[:] = first.network.memory
    second = training_of(
        network, solver_of(solver, **settings), shuffle=True, first_epoch=first.epochs_done, state=first.state()
    )
    second.run(3)
    np.testing.assert_array_equal(network.memory, whole.network.memory)
    for name, record in whole.history().items():
        parts = [first.history()[name], second.history()[name]]
        np.testing.assert_array_equal(np.concatenate(parts), record, err_msg=name)
    assert second.state()["steps"] == whole.state()["steps"]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_trainings_side_by_side_have_the_bits_of_trainings_one_after_the_other(dtype):
    def trained(seed):
        network = network_of(*DROPPING, Hidden(40, nl.mish, {}, "batch", 0.5), dtype=dtype, seed=seed)
        training = training_of(network, solver_of("adam"), shuffle=True)
        training.run(50)
        return training

    alone = [trained(seed) for seed in range(6)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(trained, reversed(range(6))))[::-1]
    for first, second in zip(alone, together, strict=True):
        assert_same_bits(first, second)
    assert not np.array_equal(alone[0].network.memory, alone[1].network.memory)
