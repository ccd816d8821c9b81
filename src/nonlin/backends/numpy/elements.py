"""The kinds of number in arrays: LLVM's names of them, and NumPy's."""

ELEMENTS = ("half", "float", "double")
DTYPES = {"half": "float16", "float": "float32", "double": "float64", "bfloat": "bfloat16"}
ELEMENT_OF = {dtype: element for element, dtype in DTYPES.items()}
NATIVE = {"float32": "float", "float64": "double"}  # what processors compute in
BYTES = {"half": 2, "bfloat": 2, "float": 4, "double": 8}


def memory_type(element: str) -> str:
    """LLVM's type of an element in memory: bfloat16 numbers travel as bits, which every processor can do."""
    return "i16" if element == "bfloat" else element
