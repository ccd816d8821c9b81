"""Data that need not fit into memory, read a block at a time; `fit` takes them in place of arrays.

- A path to a `.npy` file: `fit("X.npy", "y.npy")`; `y` and `sample_weight` may be arrays too.
- A path to a table, `.parquet`, `.csv` or `.tsv`: `fit("data.parquet", "price")`, where `y` is the name of the target
  column or a list of names, `sample_weight` that of a column; all other columns are inputs and have to be numbers.
- An array mapped from a file (`numpy.memmap`, or a view of one) or a sparse matrix of SciPy that would take more than
  256 MB as an array in memory; smaller ones are taken as such.
- Batches (X, y) or (X, y, weights) of any sizes: `fit(batches)`, where `batches` is a list, another object that can be
  gone through anew each epoch, or a function that returns an iterator. An iterator itself serves one epoch.

Files of up to 256 MB are read once and then trained on as arrays are. Of larger ones each epoch reads blocks of 32 MB,
every one from several places of the file, which are drawn anew; text and batches keep their order, so that it should
not follow the targets. The rows of a block are shuffled. Classes are found in a first pass, through the targets alone
where they can be read without the rest; `classes` saves it. Early stopping holds out at most a block, drawn from all
rows in a further pass.
"""

from nonlin.nn.sources.blocks import Block, Source
from nonlin.nn.sources.classes import class_counts
from nonlin.nn.sources.held_out import hold_out
from nonlin.nn.sources.opening import source_of

__all__ = ["Block", "Source", "class_counts", "hold_out", "source_of"]
