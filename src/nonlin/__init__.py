"""The non-linearities of neural networks: exact functions, fast training, honest comparison."""

__version__ = "0.1.0"
