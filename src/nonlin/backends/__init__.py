"""Array libraries: each backend turns definitions into functions on its own arrays."""
