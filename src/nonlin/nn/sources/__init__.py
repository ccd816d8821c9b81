"""Data that need not fit into memory: files, mapped arrays, sparse matrices and batches, read a block at a time."""

from nonlin.nn.sources.blocks import Block, Source
from nonlin.nn.sources.classes import class_counts
from nonlin.nn.sources.held_out import hold_out
from nonlin.nn.sources.opening import source_of

__all__ = ["Block", "Source", "class_counts", "hold_out", "source_of"]
