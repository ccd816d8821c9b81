"""Labelled and lazy arrays: what goes in as a pandas, xarray or dask object comes out as one.

The libraries are found by the type of an argument; none is imported before it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...definition import Activation
from ...errors import InputError
from . import functions
from .refusals import broadcast_shape


def takes(record: Activation, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> bool:
    """Whether a call goes through this module: where the ufunc protocol does not do it, or not for more machines."""
    x = inputs[0]
    if _kind(x) not in _CALLERS:
        return False
    if _along_an_axis(record, inputs):
        return True
    lazy = _kind(x) == "dask.Array" or getattr(x, "chunks", None) is not None
    return lazy and not {"out", "where"} & options.keys() and not any(_is_labelled(v) for v in options.values())


def call_inside(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compute a part on what the first input contains, and put the result into one of its kind.

    Labels of an axis whose length changes are dropped. Other inputs are taken by position, and must have the same
    labels as far as they have any.

    Raises
    ------
    InputError
        For `out`, which is for NumPy arrays, and for labels that differ.
    """
    if options.get("out") is not None:
        raise InputError(
            f"{record.name} takes out= with NumPy arrays only, got x as {type(inputs[0]).__name__}; leave out= out"
        )
    return _CALLERS[_kind(inputs[0])](record, part, inputs, options)


def _along_an_axis(record: Activation, inputs: tuple[Any, ...]) -> bool:
    """Whether entries of an array depend on each other; a gate and a value given apart do not."""
    return record.kind != "elementwise" and not (record.kind == "gated" and len(inputs) == 2)


def _kind(x: Any) -> str:
    return f"{type(x).__module__.partition('.')[0]}.{type(x).__name__}"


def _is_labelled(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] in ("pandas", "xarray")


def _pandas(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    import pandas

    x = inputs[0]
    for other in inputs[1:]:
        same_kind = isinstance(other, type(x)) and other.shape == x.shape
        if same_kind and not all(a.equals(b) for a, b in zip(x.axes, other.axes, strict=True)):
            raise InputError(f"the arrays of {record.name} have different labels; give one .reindex_like() the other")
    result = functions.call(record, part, tuple(map(_values, inputs)), options)
    labels = [known if len(known) == length else None for known, length in zip(x.axes, result.shape, strict=True)]
    if isinstance(x, pandas.Series):
        return pandas.Series(result, index=labels[0], name=x.name)
    return pandas.DataFrame(result, index=labels[0], columns=labels[1])


def _values(x: Any) -> Any:
    """The numbers of a pandas object, missing ones as NaN; anything else as it is."""
    from pandas import DataFrame, Series
    from pandas.api.types import is_numeric_dtype

    if not isinstance(x, Series | DataFrame):
        return x
    values = x.to_numpy()
    columns = [x.dtype] if isinstance(x, Series) else x.dtypes
    nullable = values.dtype == object and all(map(is_numeric_dtype, columns))
    return x.to_numpy(dtype=float, na_value=np.nan) if nullable else values


def _xarray(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    x = inputs[0]
    result = functions.call(record, part, tuple(_data(other, x.dims) for other in inputs), options)
    return tuple(_labelled(x, array) for array in result) if isinstance(result, tuple) else _labelled(x, result)


def _data(x: Any, dims: tuple[Any, ...]) -> Any:
    """The array in a DataArray, its dimensions in the given order."""
    if not hasattr(x, "dims"):
        return x
    return x.transpose(*dims).data if set(x.dims) == set(dims) else x.data


def _labelled(x: Any, result: Any) -> Any:
    if result.shape == x.shape:
        return x.copy(data=result)
    changed = {dim for dim, before, after in zip(x.dims, x.shape, result.shape, strict=True) if before != after}
    kept = {name: known for name, known in x.coords.items() if not changed & set(known.dims)}
    return type(x)(result, dims=x.dims, coords=kept, name=x.name, attrs=x.attrs)


@dataclass(frozen=True)
class _OnBlocks:
    """A part as a function of blocks; pickled by name, so that the blocks may be on other machines."""

    record: Activation
    part: str
    count: int  # of inputs; parameters that are arrays follow them
    options: dict[str, Any] = field(hash=False)
    names: tuple[str, ...] = ()
    output: int | None = None  # which one of several outputs

    def __call__(self, *blocks: Any) -> Any:
        numbers = dict(zip(self.names, blocks[self.count :], strict=True))
        result = functions.call(self.record, self.part, blocks[: self.count], self.options | numbers)
        return result if self.output is None else result[self.output]


def _dask(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    x = inputs[0]
    arrays = (*inputs, *(options[name] for name in record.parameters if name in options))
    if any(np.isnan(length) for other in arrays for length in np.shape(other)):
        raise InputError(
            f"{record.name} needs to know the shape of x, got {x.shape}; call x.compute_chunk_sizes() first"
        )
    along = _along_an_axis(record, inputs)
    return (_dask_along if along else _dask_elementwise)(record, part, inputs, options)


def _dask_elementwise(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    import dask.array

    arrays = {name: value for name, value in options.items() if name in record.parameters and np.ndim(value)}
    others = {name: value for name, value in options.items() if name not in arrays}
    blocks = [dask.array.asarray(value) for value in (*inputs, *arrays.values())]
    shape = broadcast_shape(record.name, blocks)
    indexed = [part for block in blocks for part in (block, _axes(block.ndim))]  # blockwise cuts them all alike
    empty = [np.empty((0,) * block.ndim, block.dtype) for block in blocks]
    single = _OnBlocks(record, part, len(inputs), others, tuple(arrays))
    probe = single(*empty)

    def output(place: int | None, like: np.ndarray) -> Any:
        function = _OnBlocks(record, part, len(inputs), others, tuple(arrays), place)
        return dask.array.blockwise(function, _axes(len(shape)), *indexed, dtype=like.dtype, meta=like)

    return tuple(output(i, like) for i, like in enumerate(probe)) if isinstance(probe, tuple) else output(None, probe)


def _axes(count: int) -> tuple[int, ...]:
    """The axes as numbers that mean the same axis for arrays of fewer dimensions: the last one is 0."""
    return tuple(reversed(range(count)))


def _dask_along(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Whole rows to a block: each block is computed by itself."""
    import dask.array

    x, *others = (dask.array.asarray(x) for x in inputs)
    names = record.inputs_of(part)[1:]
    blocks = [x, *(y if name == "cotangent" else _broadcast(y, x) for name, y in zip(names, others, strict=False))]
    # What NumPy says of one row tells the length, the dtype and whatever is wrong, before anything is computed.
    axis = options.get("axis", -1)
    one_row = [np.zeros(_only_along(block.shape, axis), block.dtype) for block in blocks]
    probe = functions.call(record, part, tuple(one_row), options)
    axis = range(blocks[0].ndim)[axis]
    blocks[0] = blocks[0].rechunk({axis: -1})
    chunks = list(blocks[0].chunks)
    blocks[1:] = [_with_chunks(block, blocks[0], axis) for block in blocks[1:]]
    chunks[axis] = (probe.shape[axis],)
    function = _OnBlocks(record, part, len(inputs), options)
    return dask.array.map_blocks(function, *blocks, dtype=probe.dtype, chunks=tuple(chunks), meta=probe[..., :0])


def _only_along(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape of one row along an axis; for an axis that is none, of nothing."""
    try:
        kept = range(len(shape))[axis]
    except (TypeError, IndexError):
        kept = None
    return tuple(length if place == kept else min(length, 1) for place, length in enumerate(shape))


def _broadcast(sample: Any, x: Any) -> Any:
    """A sample in the shape of x; one that does not fit is left to be refused."""
    import dask.array

    try:
        return dask.array.broadcast_to(sample, x.shape)
    except ValueError:
        return sample


def _with_chunks(block: Any, x: Any, axis: int) -> Any:
    """A second array cut as the first one is, whole along the axis."""
    return block.rechunk({i: block.shape[i] if i == axis else known for i, known in enumerate(x.chunks)})


_CALLERS: dict[str, Callable[..., Any]] = {
    "pandas.Series": _pandas,
    "pandas.DataFrame": _pandas,
    "xarray.DataArray": _xarray,
    "dask.Array": _dask,
}
