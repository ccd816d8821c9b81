"""The CPU backend: definitions compiled to vector loops and offered as NumPy ufuncs."""
