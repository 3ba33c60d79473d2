"""Plain data: the only thing that crosses the border between a submission and whoever judges it.

None, bool, int, float, complex, str, list, tuple, dict with str or int keys, and numpy arrays of
numbers. Nothing is pickled; every size is checked before memory is taken.
"""

import json
import math
import re

import numpy as np

from course.exercises.errors import NotData

MAX_BYTES = 64 * 1024 * 1024
MAX_HEADER = 24 * 1024 * 1024  # of them, all but the arrays: as objects it can take four times that
MAX_DEPTH = 40
MAX_VALUES = 1_000_000  # entries of lists and dicts together
_LARGEST_KEY = 2**60  # of larger ones many have the same hash, and dicts of those are slow
_DTYPE = re.compile(r"[<>|=]?[biufc][0-9]{1,2}")


def encode(value):
    """Plain data as bytes.

    Args:
        value: plain data as in the module's text; numpy scalars and the tensors and variables of
            TensorFlow and Keras become arrays, subclasses of the plain types the plain types.
    Returns:
        bytes: four with the header's length, the header as JSON, then the arrays' bytes.
    Raises:
        NotData: a value of another kind, more than 64 MB, or nested too deeply.
    Example:
        >>> decode(encode({"size": (2, 3)}))
        {'size': (2, 3)}

    """
    blobs, counted = [], [0]
    tree = _as_tree(value, blobs, counted, 0)
    arrays = [[array.dtype.str, list(array.shape)] for array in blobs]
    try:
        header = json.dumps({"value": tree, "arrays": arrays}).encode()
    except ValueError as error:  # an int of more digits than Python turns into text
        raise NotData(f"a value that can't be written down: {error}") from None
    _check_header(header, len(header))
    size = 4 + len(header) + sum(array.nbytes for array in blobs)
    if size > MAX_BYTES:
        raise NotData(f"{size / 1e6:,.0f} MB, where at most {MAX_BYTES / 1e6:.0f} MB are expected")
    return b"".join([len(header).to_bytes(4, "big"), header, *(array.tobytes() for array in blobs)])


def decode(data):
    """The value that `encode` wrote. Arrays are fresh and can be changed.

    Args:
        data: bytes, from whomever; nothing in them is believed.
    Raises:
        NotData: the bytes aren't what `encode` writes.
    """
    try:
        return _decode(memoryview(data))
    except NotData:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        why = str(error)[:200]  # that of a UnicodeError has its bytes
        raise NotData(f"bytes that aren't plain data: {type(error).__name__}: {why}") from None
    except (RecursionError, OverflowError, MemoryError) as error:
        raise NotData(f"bytes that are too much: {type(error).__name__}") from None


def describe(value):
    """A few words on a value, for messages.

    Example:
        >>> describe(np.zeros((2, 3), "float32")), describe([1, 2]), describe(2.5)
        ('an array of shape (2, 3) and type float32', 'a list of 2', 'the number 2.5')

    """
    if value is None:
        return "nothing (None; is there a `return`?)"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, np.ndarray):
        return f"the number {value.item()!r}"
    if isinstance(value, bool | int | float | complex):
        return f"the number {value!r}" if not isinstance(value, bool) else repr(value)
    if isinstance(value, str):
        return f"the text {value[:60]!r}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def _check_header(header, size):
    """Refuse what would take far more memory as objects than it has bytes, such as [[],[],...]."""
    if size > MAX_HEADER:
        most = f"at most {MAX_HEADER / 1e6:.0f} MB"
        raise NotData(f"{size / 1e6:,.0f} MB of values beside arrays, where {most} are expected")
    marks = sum(header.count(mark) for mark in (b"[", b"{", b","))
    if marks > 4 * MAX_VALUES:
        raise NotData(f"over {MAX_VALUES:,} values in lists and dicts")


def _as_tree(value, blobs, counted, depth):
    counted[0] += 1
    if depth > MAX_DEPTH or counted[0] > MAX_VALUES:
        raise NotData(f"nested over {MAX_DEPTH} deep, or over {MAX_VALUES:,} values in lists")
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic) or _is_tensor(value):
        return {"a": _blob(value, blobs)}
    if isinstance(value, int | float | complex | str):
        return _scalar(value)
    if isinstance(value, list | tuple):
        items = [_as_tree(item, blobs, counted, depth + 1) for item in value]
        return {"t": items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        pairs = []
        for key, item in value.items():
            pairs.append([_key(key), _as_tree(item, blobs, counted, depth + 1)])
        return {"d": pairs}
    raise NotData(f"{describe(value)}, where numbers, text, lists, dicts or arrays are expected")


def _scalar(value):
    """Of a complex number, or of a subclass of int, float or str, what it stands for."""
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    plain = next(kind for kind in (int, float, str) if isinstance(value, kind))
    return plain.__str__(value) if plain is str else plain(value)


def _is_tensor(value):
    module = type(value).__module__ or ""
    return module.split(".")[0] in ("tensorflow", "keras") and hasattr(value, "__array__")


def _blob(value, blobs):
    array = np.asarray(value)
    array = np.ndarray.view(array, np.ndarray)  # no subclass's own ways
    if array.dtype.kind not in "biufc":
        raise NotData(f"an array of type {array.dtype}, where numbers are expected")
    blobs.append(np.ascontiguousarray(array).reshape(array.shape))
    return len(blobs) - 1


def _decode(data):
    if len(data) > MAX_BYTES or len(data) < 4:
        raise NotData(f"{len(data):,} bytes, where 4 to {MAX_BYTES:,} are expected")
    end = 4 + int.from_bytes(data[:4], "big")
    if end > len(data):
        raise NotData("a header that is longer than what holds it")
    if end - 4 > MAX_HEADER:
        _check_header(b"", end - 4)
    text = bytes(data[4:end])
    _check_header(text, len(text))
    header = json.loads(text.decode("ascii"))
    arrays = []
    for dtype, shape in header["arrays"]:
        if not _DTYPE.fullmatch(dtype):
            raise NotData(f"an array of type {dtype!r}")
        if len(shape) > 32 or any(type(n) is not int or n < 0 for n in shape):
            raise NotData("an array with an impossible shape")
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if end + size > len(data):
            raise NotData("an array that is longer than what holds it")
        array = np.frombuffer(data[end : end + size], dtype=dtype).reshape(shape)
        arrays.append(array.astype(array.dtype.newbyteorder("=")))
        end += size
    if end != len(data):
        raise NotData("more bytes than announced")
    return _from_tree(header["value"], arrays, 0)


def _from_tree(tree, arrays, depth):
    """The value of a tree. An array is taken out when it is named, so that it is named once."""
    if depth > 2 * MAX_DEPTH:
        raise NotData("values nested too deeply")
    if isinstance(tree, list):
        return [_from_tree(item, arrays, depth + 1) for item in tree]
    if not isinstance(tree, dict):
        return tree
    [(tag, content)] = tree.items()
    if tag == "a":
        array, arrays[content] = arrays[content], None
        if array is None:
            raise NotData("one array named many times")
        return array
    if tag == "c":
        return complex(*content)
    if tag == "t":
        return tuple(_from_tree(item, arrays, depth + 1) for item in content)
    if tag == "d":
        return {_key(key): _from_tree(item, arrays, depth + 1) for key, item in content}
    raise NotData(f"an unknown mark {tag!r}")


def _key(key):
    if type(key) not in (str, int):
        raise NotData(f"a dict with a key of type {type(key).__name__}; str or int is expected")
    if type(key) is int and abs(key) >= _LARGEST_KEY:
        raise NotData("a dict with a key of over 18 digits")
    return key
