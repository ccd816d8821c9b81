"""One activation on one array, by this package and by its peers, as functions without arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

import nonlin as nl
from _peers import Peer, peer
from nonlin.backends.numpy.parallel import core_count, limit_threads

Call = Callable[[], object]


class Ours(NamedTuple):
    """This package's function into a given array and into a new one, and the bytes that it reads and writes."""

    into: Call
    new: Call
    size: int


class Theirs(NamedTuple):
    """A peer's function, and whether it makes a new array for its result: such a one is compared with our `new`."""

    call: Call
    is_new: bool


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """This package's and PyTorch's functions in so many threads; None for one a core. JAX cannot be told."""
    count = count or core_count()
    with limit_threads(count):
        try:
            import torch
        except ModuleNotFoundError:
            yield
            return
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def ours(name: str, part: str, x: np.ndarray, **options: Any) -> Ours:
    """This package's function."""
    record = nl.get(name)
    if part == "value":
        function, arrays = record, (x,)
    elif hasattr(record, "vjp"):
        function, arrays = record.vjp, (x, np.ones_like(record(x, **options)))
    else:
        function, arrays = record.derivative, (x,)
    if options:
        function = partial(function, **options)
    out = np.empty_like(function(*arrays))
    size = sum(array.nbytes for array in arrays) + out.nbytes
    return Ours(lambda: function(*arrays, out=out), lambda: function(*arrays), size)


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(core_count())


def copying(x: np.ndarray, in_threads: bool) -> Call:
    """np.copyto, in one thread or in one piece a core: the floor."""
    flat, target = x.reshape(-1), np.empty_like(x).reshape(-1)
    if not in_threads or x.size < 1 << 18:  # below that a second thread of Python's costs more than it brings
        return lambda: np.copyto(target, flat)
    pieces = list(zip(np.array_split(target, core_count()), np.array_split(flat, core_count()), strict=True))
    return lambda: list(_workers().map(lambda pair: np.copyto(*pair), pieces))


def theirs(library: str, name: str, part: str, x: np.ndarray) -> Theirs | None:
    """A peer's function in its fastest form, or None where it has none."""
    known = peer(library, name)
    if known is None:
        return None
    return {"torch": _torch, "jax": _jax, "scipy": _plain, "numpy": _plain}[library](known, part, x)


def _plain(known: Peer, part: str, x: np.ndarray) -> Theirs | None:
    if part != "value":
        return None
    into, function = known.into, known.function
    if into is None:
        return Theirs(lambda: function(x), is_new=True)
    out = np.empty_like(x)
    return Theirs(lambda: into(x, out), is_new=False)


def _torch(known: Peer, part: str, x: np.ndarray) -> Theirs:
    import torch

    given = torch.from_numpy(x)
    if part == "value":
        return _torch_value(known, given)
    if known.backward is None:
        return _torch_autograd(known, given)
    backward, out = known.backward, torch.empty_like(given)
    ones = torch.ones_like(known.function(given))
    saves = known.saves or (lambda x: None)
    return Theirs(lambda: backward(ones, given, saves(given), out), known.slope_is_new)


def _torch_value(known: Peer, given: Any) -> Theirs:
    import torch

    into, function = known.into, known.function
    if into is None:
        return Theirs(lambda: function(given), is_new=True)
    out = torch.empty_like(function(given))
    return Theirs(lambda: into(given, out), is_new=False)


def _torch_autograd(known: Peer, given: Any) -> Theirs:
    """The backward pass alone; the forward pass is not charged."""
    import torch

    leaf = given.clone().requires_grad_()
    value = known.function(leaf)
    ones = torch.ones_like(value)
    return Theirs(lambda: torch.autograd.grad(value, leaf, ones, retain_graph=True), is_new=True)


def _jax(known: Peer, part: str, x: np.ndarray) -> Theirs:
    import jax

    given, function = jax.device_put(x), known.function

    def slope(v: Any) -> Any:
        value, pull = jax.vjp(function, v)
        return pull(jax.numpy.ones_like(value))[0]

    compiled = jax.jit(function if part == "value" else slope)
    return Theirs(lambda: compiled(given).block_until_ready(), is_new=True)
