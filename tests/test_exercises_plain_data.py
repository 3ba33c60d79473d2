"""What crosses the border: plain data comes back as it went, anything else is refused."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course.exercises import NotData, decode, encode, plain_data

KEYS = st.integers(min_value=-(2**60) + 1, max_value=2**60 - 1)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text()
DTYPES = st.one_of(
    hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(),
    hnp.floating_dtypes(), hnp.complex_number_dtypes(),
)  # fmt: skip
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)


def assert_alike(one, other):
    """The same kind and the same values, NaN included."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype.newbyteorder("=") and one.shape == other.shape
        assert one.astype(other.dtype).tobytes() == other.tobytes()
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_alike(left, right)
    elif isinstance(one, dict):
        assert list(one) == list(other) and list(map(type, one)) == list(map(type, other))
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, float | complex):
        np.testing.assert_equal(one, other)
    else:
        assert one == other


@given(VALUES)
def test_plain_data_comes_back_as_it_went(value):
    try:
        written = encode(value)
    except NotData as error:  # text that is half a character, say, is still written down
        pytest.fail(f"{value!r}: {error}")
    assert_alike(decode(written), value)


@given(st.binary(max_size=200))
def test_bytes_from_anywhere_are_read_or_refused(written):
    try:
        decode(written)
    except NotData:
        return
    assert len(written) >= 4  # the few that are well formed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "c", "t", "d", "value", "arrays"]), inner)
    ),
)


def framed(header, rest=b""):
    header = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return len(header).to_bytes(4, "big") + header + rest


@given(JSON, JSON, st.binary(max_size=20))
def test_a_header_from_anywhere_is_read_or_refused(value, arrays, rest):
    for header in ({"value": value, "arrays": arrays}, {"value": value, "arrays": []}, value):
        try:
            encode(decode(framed(header, rest)))
        except NotData:
            continue


@given(VALUES, st.data())
def test_changed_bytes_are_read_or_refused(value, draw):
    written = bytearray(encode(value))
    place = draw.draw(st.integers(0, len(written) - 1))
    written[place] = draw.draw(st.integers(0, 255))
    for changed in (bytes(written), bytes(written[:place])):
        try:
            decode(changed)
        except NotData:
            continue


def array_header(dtype, shape):
    return {"value": {"a": 0}, "arrays": [[dtype, shape]]}


@pytest.mark.parametrize(
    "header",
    [
        array_header("<f8", [10**6, 10**6]),
        array_header("<f8", [2**62, 2**62]),
        array_header("<f8", [10**400]),
        array_header("<f8", [-1]),
        array_header("<f8", [True]),
        array_header("<f8", [1.0]),
        array_header("<f8", [1] * 65),
        array_header("|O8", [0]),
        array_header("<U9", [0]),
        array_header("<V8", [0]),
        array_header("<f99", [0]),
        array_header("<M8[s]", [0]),
        array_header("f8,f8", [0]),
        array_header(None, [0]),
        array_header("<f8", None),
        array_header("<f8", {"0": 1}),
        {"value": {"a": 1}, "arrays": []},
        {"value": {"a": "0"}, "arrays": []},
        {"value": {"c": ["0", "0"]}, "arrays": []},
        {"value": {"d": [[1.5, 0]]}, "arrays": []},
        {"value": {"d": [[[], 0]]}, "arrays": []},
        {"value": {"x": 0}, "arrays": []},
        {"value": {"t": 1, "d": []}, "arrays": []},
        {"value": {"t": 5}, "arrays": []},
        {"value": 0, "arrays": 5},
        {"value": 0},
        [],
        b"[" * 100_000,
        b"\xff\xfe",
        b"9" * 100_000,
        b'{"value": NaN, "arrays": [}',
    ],
)
def test_what_no_encoder_writes_is_refused(header):
    with pytest.raises(NotData):
        decode(framed(header))


def test_more_than_what_was_announced_is_refused():
    with pytest.raises(NotData, match="bytes"):
        decode(encode([1]) + b"x")
    with pytest.raises(NotData, match="header"):
        decode(b"\xff\xff\xff\xff" + b"{}")
    for short in (b"", b"\0\0\0"):
        with pytest.raises(NotData, match=r"\b[03] bytes"):
            decode(short)


@pytest.mark.parametrize("claim", [[2**40], [2**20, 2**20], [4 * 2**20]])
def test_announced_sizes_take_no_memory(claim):
    written = framed(array_header("<f8", claim), b"\0" * 64)
    tracemalloc.start()
    try:
        with pytest.raises(NotData):
            decode(written)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("item", [b"[],", b"{},", b"0,"])
def test_a_long_list_of_nothing_takes_little_memory(item):
    written = framed(b'{"arrays": [], "value": [' + 10_000_000 * item + b"0]}")
    tracemalloc.start()
    try:
        with pytest.raises(NotData, match="values"):
            decode(written)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(written)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("times", [2, 250_000])
def test_an_array_can_be_named_once(times):
    array = np.zeros(100_000)
    header = {"value": [{"a": 0}] * times, "arrays": [["<f8", [100_000]]]}
    tracemalloc.start()
    try:
        with pytest.raises(NotData, match="many times"):
            decode(framed(header, array.tobytes()))
        assert tracemalloc.get_traced_memory()[1] < 400e6
    finally:
        tracemalloc.stop()


def test_letters_of_four_bytes_are_refused_or_bounded():
    text = "\U0001f600" + "x" * 3_000_000
    raw = json.dumps({"value": text, "arrays": []}, ensure_ascii=False).encode()
    with pytest.raises(NotData):
        decode(len(raw).to_bytes(4, "big") + raw)
    with pytest.raises(NotData, match="MB of values"):
        encode("x" * (plain_data.MAX_HEADER + 1))
    assert decode(encode(text)) == text


def test_decoded_arrays_can_be_changed_and_are_their_own():
    array = np.arange(3.0)
    written = encode([array, array])
    one, other = decode(written)
    one += 1
    assert other.tolist() == [0, 1, 2] and array.tolist() == [0, 1, 2]
    assert_alike(decode(written)[0], array)


class Sly(np.ndarray):
    """An array that says yes to every comparison."""

    def __eq__(self, other):
        return True

    def astype(self, *args, **kwargs):
        raise AssertionError("a subclass's own ways were used")


class Number(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


def test_subclasses_become_plain():
    assert type(decode(encode(np.arange(4).view(Sly)))) is np.ndarray
    assert type(decode(encode(Number(2)))) is float
    assert_alike(decode(encode(np.float32(2))), np.array(2, "float32"))
    assert_alike(decode(encode(np.arange(3, dtype=">i4"))), np.arange(3, dtype="<i4"))
    turned = np.arange(12).reshape(3, 4)[::2, ::-1]
    assert_alike(decode(encode(turned)), np.array([[3, 2, 1, 0], [11, 10, 9, 8]]))


@pytest.mark.parametrize(
    "value",
    [object(), {1.5: 0}, {(1,): 0}, {True: 0}, b"x", {1, 2}, np.array([object()]), np.array(["a"]),
     np.zeros(2, "M8[s]"), print, np.zeros(2, [("a", "f8")]), [lambda: 0], [10**5000]],
)  # fmt: skip
def test_other_values_are_refused(value):
    with pytest.raises(NotData):
        encode(value)


def test_too_deep_too_many_too_large_are_refused(monkeypatch):
    nested = []
    nested.append(nested)
    with pytest.raises(NotData, match="nested"):
        encode(nested)
    with pytest.raises(NotData, match="values"):
        encode([0] * (plain_data.MAX_VALUES + 1))
    monkeypatch.setattr(plain_data, "MAX_BYTES", 1000)
    with pytest.raises(NotData, match="MB"):
        encode(np.zeros(200))
    with pytest.raises(NotData, match="bytes"):
        decode(b"\0" * 1001)


def test_tensors_become_arrays():
    keras = pytest.importorskip("keras")
    for tensor in (keras.ops.ones((2, 3)), keras.Variable(np.ones((2, 3), "float32"))):
        assert_alike(decode(encode(tensor)), np.ones((2, 3), "float32"))


@pytest.mark.parametrize("key", [2**60, -(2**61) + 1, 1.5, None, (1,), b"1"])
def test_keys_that_no_dict_of_data_has(key):
    with pytest.raises(NotData, match="key"):
        encode({key: 1})
