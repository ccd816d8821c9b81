"""Data larger than memory: every source gives back exactly the data that were stored, in constant memory."""

import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse

import nonlin as nl
from nonlin.nn.sources import Block, blocks, class_counts, hold_out, opening, source_of, tables

ROWS, FEATURES = 1000, 6
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((ROWS, FEATURES)).astype(np.float32)
Y = RANDOM.integers(3, size=ROWS)
WEIGHTS = RANDOM.uniform(0, 2, ROWS).astype(np.float32)
NAMES = [f"x{i}" for i in range(FEATURES)]
TABLE = pd.DataFrame(X, columns=NAMES).assign(label=Y, weight=WEIGHTS)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 200 examples made of parts of 10, as if the data were large; all of them count as large."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 200 * FEATURES * 4)
    monkeypatch.setattr(blocks, "PART_BYTES", 10 * FEATURES * 4)
    monkeypatch.setattr(tables, "PART_BYTES", 10 * FEATURES * 4)
    monkeypatch.setattr(opening, "IN_MEMORY", 0)


def saved(path, array):
    np.save(path, array)
    return path


def parquet_file(folder, frame=TABLE, **options):
    path = folder / "data.parquet"
    frame.to_parquet(path, row_group_size=130, **options)
    return path


def text_file(folder, ending=".csv", frame=TABLE):
    path = folder / f"data{ending}"
    frame.to_csv(path, index=False, sep="\t" if ending == ".tsv" else ",")
    return path


def memory_map(folder, array=X, mode="r"):
    return np.load(saved(folder / "map.npy", array), mmap_mode=mode)


def batches(size=37):
    return [(X[i : i + size], Y[i : i + size], WEIGHTS[i : i + size]) for i in range(0, ROWS, size)]


MAKE = {
    "path": lambda folder: (str(saved(folder / "X.npy", X)), Y, WEIGHTS),
    "paths": lambda folder: [saved(folder / f"{i}.npy", array) for i, array in enumerate((X, Y, WEIGHTS))],
    "fortran": lambda folder: (saved(folder / "F.npy", np.asfortranarray(X)), Y, WEIGHTS),
    "map": lambda folder: (memory_map(folder), Y, WEIGHTS),
    "view": lambda folder: (np.asarray(memory_map(folder, np.hstack([X, X]))[:, FEATURES:]), Y, WEIGHTS),
    "private map": lambda folder: (memory_map(folder, mode="c"), Y, WEIGHTS),
    "parquet": lambda folder: (parquet_file(folder), "label", "weight"),
    "csv": lambda folder: (text_file(folder), "label", "weight"),
    "tsv": lambda folder: (text_file(folder, ".tsv"), "label", "weight"),
    "csr": lambda folder: (scipy.sparse.csr_matrix(X), Y, WEIGHTS),
    "csc": lambda folder: (scipy.sparse.csc_array(X), Y, WEIGHTS),
    "list": lambda folder: (batches(), None, None),
    "large batches": lambda folder: (batches(450), None, None),
    "sparse batches": lambda folder: ([(scipy.sparse.coo_array(x), *rest) for x, *rest in batches()], None, None),
    "function": lambda folder: (lambda: iter(batches()), None, None),
    "generator": lambda folder: ((batch for batch in batches()), None, None),
}
IN_ORDER = ("csv", "tsv", "list", "large batches", "sparse batches", "function", "generator")
EVERY = pytest.mark.parametrize("kind", MAKE)
REPEATABLE = pytest.mark.parametrize("kind", [kind for kind in MAKE if kind != "generator"])


def assert_equal_to_data(block, rows):
    np.testing.assert_array_equal(block.rows, rows)
    np.testing.assert_array_equal(block.inputs, X[rows])
    np.testing.assert_array_equal(block.targets, Y[rows])
    np.testing.assert_array_equal(block.weights, WEIGHTS[rows])


@EVERY
def test_the_blocks_are_the_data(tmp_path, kind):
    source = source_of(*MAKE[kind](tmp_path), np.float32)
    assert (source.features, source.target_shape, source.dtype) == (FEATURES, (), np.float32)
    assert source.examples in (ROWS, None)
    given = list(source.blocks())
    assert 1 < len(given) < 10
    for block in given:
        assert block.inputs.flags.c_contiguous
        assert block.inputs.dtype == block.weights.dtype == np.float32
        assert len(block.rows) <= 200
    assert_equal_to_data(Block.joined(given), np.arange(ROWS))


@REPEATABLE
def test_the_order_of_an_epoch_follows_from_the_seed_and_the_epoch(tmp_path, kind):
    source = source_of(*MAKE[kind](tmp_path), np.float32)
    orders = [Block.joined([*source.blocks(epoch, seed)]) for epoch, seed in [(0, 1), (0, 1), (1, 1), (0, 2)]]
    first, again, *others = (order.rows for order in orders)
    np.testing.assert_array_equal(np.sort(first), np.arange(ROWS))
    assert_equal_to_data(orders[0], first)
    np.testing.assert_array_equal(first, again)
    for other in others:
        assert np.array_equal(first, other) == (kind in IN_ORDER)


@pytest.mark.parametrize("kind", ["path", "parquet", "csr"])
def test_a_block_in_random_order_comes_from_all_over_sorted_data(tmp_path, kind):
    for block in source_of(*MAKE[kind](tmp_path), np.float32).blocks(0, seed=0):
        assert np.ptp(block.rows) > ROWS / 3


@EVERY
def test_inputs_of_float32_are_trained_on_in_float32_and_others_in_float64(tmp_path, kind):
    source = source_of(*MAKE[kind](tmp_path))
    assert source.dtype == (np.float64 if kind in ("csv", "tsv") else np.float32)
    assert source_of(*MAKE[kind](tmp_path), np.float64).dtype == np.float64
    assert source_of([(X.astype(int), Y)]).dtype == np.float64


@REPEATABLE
def test_the_classes_are_counted(tmp_path, kind):
    classes, counts = class_counts(source_of(*MAKE[kind](tmp_path)))
    np.testing.assert_array_equal(classes, [0, 1, 2])
    assert classes.dtype.kind == "i"
    np.testing.assert_array_equal(counts, np.bincount(Y))


def test_classes_may_be_text(tmp_path):
    labels = np.array(["no", "yes", "perhaps"])[Y]
    for frame in (TABLE.assign(label=labels), TABLE.assign(label=pd.Categorical(labels))):
        for path in (parquet_file(tmp_path, frame), text_file(tmp_path, frame=frame)):
            classes, counts = class_counts(source_of(path, "label", "weight"))
            assert dict(zip(classes, counts, strict=True)) == pd.Series(labels).value_counts().to_dict()


def test_only_the_columns_of_targets_are_read_for_the_classes(tmp_path, monkeypatch):
    source = source_of(parquet_file(tmp_path), "label", "weight")
    read = []
    original = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile, "iter_batches", lambda self, *a, **k: read.append(k["columns"]) or original(self, *a, **k)
    )
    class_counts(source)
    assert read == [["label"]]


def test_a_table_may_have_several_targets(tmp_path):
    for path in (parquet_file(tmp_path), text_file(tmp_path)):
        source = source_of(path, ["x1", "x0"])
        assert source.target_shape == (2,)
        assert source.feature_names == ["x2", "x3", "x4", "x5", "label", "weight"]
        np.testing.assert_array_equal(next(source.blocks()).targets[:50].astype(np.float32), X[:50, 1::-1])


def test_the_index_of_a_data_frame_is_no_input(tmp_path):
    path = parquet_file(tmp_path, TABLE.set_index(np.arange(ROWS) + 5.0))
    assert "__index_level_0__" in pq.read_schema(path).names
    assert source_of(path, "label", "weight").feature_names == NAMES


def test_numbers_of_every_kind_are_inputs(tmp_path):
    kinds = (pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.bool_(), pa.decimal128(5, 2))
    columns = {str(kind): pa.array([0, 1, 1], pa.int8()).cast(kind) for kind in kinds}
    pq.write_table(pa.table(columns | {"y": [1, 2, 3]}), tmp_path / "kinds.parquet")
    block = source_of(tmp_path / "kinds.parquet", "y").whole()
    np.testing.assert_array_equal(block.inputs, np.repeat([[0.0], [1.0], [1.0]], len(kinds), axis=1))


def test_a_fraction_among_whole_numbers_of_text_is_no_error(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("x,y\n" + "1,2\n" * 300 + "1.5,2.5\n")
    block = Block.joined([*source_of(path, "y").blocks()])
    assert block.inputs[-1, 0] == 1.5
    assert block.targets[-1] == 2.5


@pytest.mark.parametrize("kind", ["path", "parquet", "csr"])
def test_small_data_can_be_had_at_once_and_large_data_cannot(tmp_path, kind, monkeypatch):
    source = source_of(*MAKE[kind](tmp_path), np.float32)
    assert_equal_to_data(source.whole(), np.arange(ROWS))
    monkeypatch.setattr(blocks, "IN_MEMORY", X.nbytes - 1)
    assert source.whole() is None


def test_data_in_memory_are_no_source(tmp_path, monkeypatch):
    for inputs in (X, X.tolist(), TABLE, pd.DataFrame(X), [[1.0, 2.0]], [(1.0, 2.0)]):
        assert source_of(inputs, Y) is None
        assert source_of(inputs) is None

    for large in (memory_map(tmp_path), scipy.sparse.eye_array(ROWS, FEATURES, dtype=np.float32)):
        monkeypatch.setattr(opening, "IN_MEMORY", X.nbytes - 1)
        assert source_of(large, Y) is not None
        monkeypatch.setattr(opening, "IN_MEMORY", X.nbytes)
        assert source_of(large, Y) is None


@REPEATABLE
def test_examples_are_held_out_once_and_for_all(tmp_path, kind):
    source = source_of(*MAKE[kind](tmp_path), np.float32)
    remaining, held = hold_out(source, 0.1, seed=3)
    assert len(np.unique(held.rows)) == 100
    assert_equal_to_data(held, held.rows)
    assert remaining.examples == 900
    for epoch in range(2):
        trained = Block.joined([*remaining.blocks(epoch, seed=0)])
        np.testing.assert_array_equal(np.sort(np.concatenate([trained.rows, held.rows])), np.arange(ROWS))
        assert_equal_to_data(trained, trained.rows)
    np.testing.assert_array_equal(hold_out(source, 0.1, seed=3)[1].rows, held.rows)
    assert not np.array_equal(hold_out(source, 0.1, seed=4)[1].rows, held.rows)


def test_no_more_is_held_out_than_a_block(tmp_path):
    source = source_of(memory_map(tmp_path), Y)
    assert len(hold_out(source, 0.9, seed=0)[1].rows) == 200


def test_a_generator_serves_one_pass():
    source = source_of(batch for batch in batches())
    assert source.once
    source.check_passes(1)
    with pytest.raises(nl.InputError, match=r"X is an iterator, which gives its batches once.*with `classes`"):
        source.check_passes(2)
    with pytest.raises(nl.InputError, match="give a list of batches or a function"):
        class_counts(source)
    list(source.blocks())
    with pytest.raises(nl.InputError, match="X is an iterator"):
        list(source.blocks(1))


def test_a_function_that_returns_the_same_iterator_again_is_refused():
    iterator = iter(batches())
    source = source_of(lambda: iterator)
    assert sum(len(block.rows) for block in source.blocks()) == ROWS
    with pytest.raises(nl.InputError, match="X has no examples"):
        list(source.blocks(1))


def test_batches_are_asked_for_by_the_thread_that_trains():
    threads = set()

    def given():
        for batch in batches():
            threads.add(threading.get_ident())
            yield batch

    list(source_of(given).blocks())
    assert threads == {threading.get_ident()}


def test_a_reader_ends_with_its_consumer(tmp_path):
    before = threading.active_count()
    reading = source_of(memory_map(tmp_path), Y).blocks()
    next(reading)
    assert threading.active_count() == before + 1
    reading.close()
    assert threading.active_count() == before


SPOILT = X.copy()
SPOILT[537, 2] = np.nan
GAP = Y.astype(float)
GAP[538] = np.inf


@pytest.mark.parametrize("seed", [None, 5])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: (memory_map(folder, SPOILT), Y), "X has nan in row 537, column 2; expected finite numbers"),
        (lambda folder: (saved(folder / "X.npy", SPOILT), Y), "'X.npy' has nan in row 537, column 2"),
        (lambda folder: (parquet_file(folder, TABLE.assign(x4=SPOILT[:, 2])), "label"), "nan in row 537, column 'x4'"),
        (lambda folder: (text_file(folder, frame=TABLE.assign(x4=SPOILT[:, 2])), "label"), "row 537, column 'x4'"),
        (lambda folder: (scipy.sparse.csr_array(SPOILT), Y), "X has nan in row 537, column 2"),
        (lambda folder: ([(SPOILT[:500], Y[:500]), (SPOILT[500:], Y[500:])],), "X has nan in row 537, column 2"),
        (lambda folder: (memory_map(folder, X.astype(float) * 1e300), Y, None, np.float32), "X has inf in row"),
        (lambda folder: (memory_map(folder), GAP), "y has inf in row 538; "),
        (lambda folder: (memory_map(folder), np.column_stack([Y, GAP])), "y has inf in row 538, column 1; "),
        (lambda folder: (memory_map(folder), Y, GAP), "sample_weight has inf in row 538; expected finite numbers from"),
        (lambda folder: (memory_map(folder), Y, WEIGHTS - 1.999), "sample_weight has -"),
        (lambda folder: (parquet_file(folder, TABLE.assign(label=pd.Series(["a"] * 9))), "label"), "y has None in row"),
    ],
)
def test_numbers_that_are_not_finite_are_named(tmp_path, make, message, seed):
    source = source_of(*make(tmp_path))
    with pytest.raises(nl.InputError) as error:
        list(source.blocks(0, seed))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: (folder / "absent.npy", Y), "X: there is no file"),
        (lambda folder: (parquet_file(folder).with_suffix(".parqet"), "label"), "ends in '.parqet'; expected .npy, "),
        (lambda folder: (parquet_file(folder).with_stem("dat"), "label"), "did you mean 'data.parquet'?"),
        (lambda folder: (saved(folder / "X.npy", X), folder / "y.npy"), "y: there is no file"),
        (lambda folder: (saved(folder / "X.npy", X),), "y is missing; expected the targets of 'X.npy'"),
        (lambda folder: (saved(folder / "X.npy", X), Y[:-1]), "y has shape (999,), but 'X.npy' has 1000 rows"),
        (lambda folder: (saved(folder / "X.npy", X), Y, Y[:-1]), "sample_weight has shape (999,)"),
        (lambda folder: (saved(folder / "X.npy", X[0]), Y), "'X.npy' has shape (6,) and dtype float32; expected"),
        (lambda folder: (saved(folder / "X.npy", X[:0]), Y[:0]), "'X.npy' has shape (0, 6)"),
        (lambda folder: (saved(folder / "X.npy", X.astype(str)), Y), "and dtype <U"),
        (lambda folder: (scipy.sparse.csr_array(X), None), "y is missing; expected the targets of X"),
        (lambda folder: (parquet_file(folder), "lable"), "unknown column of 'data.parquet' 'lable'; did you mean 'la"),
        (
            lambda folder: (parquet_file(folder), ["label", "x9"]),
            "unknown column of 'data.parquet' 'x9'; expected one of x0",
        ),
        (lambda folder: (parquet_file(folder), "label", "wait"), "unknown column of 'data.parquet' 'wait'"),
        (
            lambda folder: (parquet_file(folder), ["label", "label"]),
            "column 'label' of 'data.parquet' is asked for twice",
        ),
        (
            lambda folder: (parquet_file(folder), "label", "label"),
            "column 'label' of 'data.parquet' is asked for twice",
        ),
        (lambda folder: (parquet_file(folder), Y), "y must be the name of a column of 'data.parquet' or a list of"),
        (lambda folder: (parquet_file(folder), None), "y must be the name of a column of 'data.parquet'"),
        (lambda folder: (parquet_file(folder), "label", WEIGHTS), "sample_weight must be the name of a column of"),
        (lambda folder: (parquet_file(folder, TABLE[:0]), "label"), "'data.parquet' has no rows"),
        (lambda folder: (parquet_file(folder, TABLE[["label"]]), "label"), "has no columns beside ['label']"),
        (lambda folder: (parquet_file(folder, TABLE.assign(x2="a")), "label"), "column 'x2' of 'data.parquet' holds"),
        (lambda folder: (text_file(folder, frame=TABLE.assign(x2="a")), "label"), "skrub.TableVectorizer, or use"),
        (lambda folder: ([],), None),
        (lambda folder: (lambda: 1,), "the function X must return something to go through, got int"),
        (lambda folder: (iter([]),), "X gives no batches; expected (X, y) or (X, y, weights)"),
        (lambda folder: (iter([X]),), "X gives ndarray as batch 0; expected (X, y) or"),
        (lambda folder: (iter([(X, Y[:-1])]),), "batch 0 has the shapes [(1000, 6), (999,)]; expected one target"),
        (lambda folder: (iter([(X[0], Y)]),), "batch 0 has X of shape (6,) and dtype float32"),
        (lambda folder: (iter([(X.astype(str), Y)]),), "batch 0 has X of shape (1000, 6) and dtype <U"),
        (lambda folder: (batches(), None, WEIGHTS), "sample_weight is not taken beside batches; give batches (X, y, w"),
    ],
)
def test_what_is_no_data_is_refused(tmp_path, make, message):
    if message is None:
        assert source_of(*make(tmp_path)) is None
        return
    with pytest.raises(nl.InputError) as error:
        source_of(*make(tmp_path))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ((X[:, :4], Y), "batch 1 has features: 4, but batch 0 had 6; make all batches alike"),
        ((X, np.column_stack([Y, Y])), "batch 1 has targets an example: (2,), but batch 0 had ()"),
        ((X, Y, WEIGHTS), "batch 1 has weights: True, but batch 0 had False"),
        ((X, Y[:5]), "batch 1 has the shapes [(1000, 6), (5,)]"),
        (5, "X gives int as batch 1"),
    ],
)
def test_batches_have_to_be_alike(second, message):
    with pytest.raises(nl.InputError) as error:
        list(source_of([(X, Y), second]).blocks())
    assert message in str(error.value)


@pytest.mark.parametrize("ending", [".npy", ".parquet", ".csv"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, ending):
    path = tmp_path / f"spoilt{ending}"
    path.write_bytes(b"\x93NUMPY" * 40)
    with pytest.raises(nl.InputError, match="spoilt"):
        source_of(path, "spoilt.npy" if ending == ".npy" else "y")


def test_text_that_is_no_number_further_down_is_refused(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("x,y\n" + "1,2\n" * 300 + "many,3\n")
    with pytest.raises(nl.InputError, match=r"'late.csv' cannot be read: .*many"):
        list(source_of(path, "y").blocks())


CONSTANT_MEMORY = """
import sys
from pathlib import Path
from nonlin.nn.sources import source_of
read = sum(len(block.rows) for block in source_of(*sys.argv[1:3]).blocks(0, seed=0))
status = Path("/proc/self/status").read_text()
print(read, status.split("VmHWM:")[1].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_file_is_read_in_constant_memory(tmp_path):
    rows = 2**21  # 512 MB
    for name, shape in (("X.npy", (rows, 64)), ("y.npy", (rows,))):
        np.lib.format.open_memmap(tmp_path / name, "w+", np.float32, shape)  # a file of holes
    paths = [str(tmp_path / name) for name in ("X.npy", "y.npy")]
    run = subprocess.run([sys.executable, "-c", CONSTANT_MEMORY, *paths], capture_output=True, text=True, check=True)
    read, peak = map(int, run.stdout.split())
    assert read == rows
    assert peak < 400_000  # kB, 130,000 of which are imports
