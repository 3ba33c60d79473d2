"""`same` and `equal`: what is compared first, and what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax

from course.exercises import Wrong, check, equal, mutant, same

EXPECTED = np.array([[1.0, 2, 3], [4, 5, 6]])


def says(compare, *args, **options):
    """The sentence of the Wrong that a comparison raises."""
    with pytest.raises(Wrong) as caught:
        compare(*args, **options)
    return str(caught.value)


def missing(words, sentence):
    return [word for word in words.split() if word not in sentence]


@pytest.mark.parametrize(
    "got, words",
    [
        (None, "None (2, 3)"),
        ("text", "'text' (2, 3)"),
        ({}, "dict (2, 3)"),
        ([[1], [2, 3]], "list (2, 3)"),
        (np.full((3, 2), np.nan), "shape (3, 2) (2, 3)"),
        (5.0, "shape () (2, 3)"),
        (np.full((2, 3), np.nan), "type float64 float32"),
        (np.full((2, 3), np.nan, "float32"), "NaN"),
        (np.full((2, 3), np.inf, "float32"), "infinite"),
        (np.zeros((2, 3), "float32"), "other values [1, 2] 0 6"),
    ],
)
def test_kind_then_shape_then_type_then_finite_then_values(got, words):
    assert missing(words, says(same, got, EXPECTED, dtype="float32")) == []


@given(hnp.arrays("float64", (3, 4), elements=st.floats(-1e6, 1e6)))
def test_an_array_is_the_same_as_itself_and_as_its_list(array):
    same(array, array)
    same(array.tolist(), array)
    same(tuple(map(tuple, array)), array)


@given(st.floats(-1e3, 1e3), st.floats(1e-6, 1e-1))
def test_tolerance_is_of_the_largest_or_of_one(value, tolerance):
    expected = np.array([value, 0.0])
    allowed = tolerance * max(1, abs(value))
    same(expected + 0.99 * allowed, expected, tolerance=tolerance)
    assert "other values" in says(same, expected + 1.01 * allowed, expected, tolerance=tolerance)


@pytest.mark.parametrize(
    "dtype, fits, fails",
    [("float", "float32", "int64"), ("int", "uint8", "float64"), ("bool", "bool", "int8"),
     ("complex", "complex64", "float64"), ("float32", "float32", "float64")],
)  # fmt: skip
def test_types_by_kind_or_exactly(dtype, fits, fails):
    same(np.ones(2, fits), np.ones(2), dtype=dtype)
    assert missing(f"{fails} {dtype}", says(same, np.ones(2, fails), np.ones(2), dtype=dtype)) == []


def test_numbers():
    same(2, 2.0)
    same(True, 1)
    assert says(same, 2.5, 2, what="the sum") == "the sum is 2.5; expected is 2."
    assert missing("'2' number", says(same, "2", 2)) == []


def test_bytes_dont_wrap_round_and_complex_parts_count():
    assert "other values" in says(same, np.array([254], "uint8"), np.array([-2]))
    assert "other values" in says(same, np.array([255], "uint8"), np.array([0], "uint8"))
    assert "other values" in says(same, np.array([1 + 1j]), np.array([1.0]))


def test_what_is_expected_may_be_infinite():
    same(np.array([np.inf, 1]), np.array([np.inf, 1]))
    same(np.array([np.nan, 1]), np.array([np.nan, 1]))
    assert "other values" in says(same, np.array([1, 1.0]), np.array([np.inf, 1]))
    assert "other values" in says(same, np.array([np.nan, 1.0]), np.array([np.inf, 1]))
    assert "other values" in says(same, np.array([np.inf, 2]), np.array([np.inf, 1]))


def test_empty_arrays_are_compared_by_shape():
    same(np.zeros((0, 3)), np.zeros((0, 3)))
    assert "(3, 0)" in says(same, np.zeros((3, 0)), np.zeros((0, 3)))


def test_an_expected_value_that_is_no_number_is_the_checks_fault():
    with pytest.raises(TypeError, match="'one'"):
        same(1, "one")


def test_the_share_that_differs_is_as_large_as_the_tolerance_says():
    got = EXPECTED + np.array([[1e-3, 0, 0], [0, 0, 3]])
    assert "17%" in says(same, got, EXPECTED, tolerance=1e-2)


def test_pictures_are_kept_where_asked_for():
    for got in (EXPECTED + 1, EXPECTED.T, EXPECTED * np.nan):
        with pytest.raises(Wrong) as caught:
            same(got, EXPECTED, picture=True)
        np.testing.assert_array_equal(caught.value.got, got)
        assert caught.value.expected is EXPECTED
        with pytest.raises(Wrong) as caught:
            same(got, EXPECTED)
        assert caught.value.got is None


@pytest.mark.parametrize(
    "one, other",
    [((3, 4), [3, 4]), (np.array([3, 4]), [3, 4]), (True, 1), (2.0, 2), ("a", "a"), (None, None),
     ({"a": (1, [2])}, {"a": [1, (2,)]}), (np.array(3), 3), ([], ())],
)  # fmt: skip
def test_equal(one, other):
    equal(one, other)
    equal(other, one)


@pytest.mark.parametrize(
    "got, expected, words",
    [
        ("3", 3, "'3' number 3"),
        (None, [1], "None list"),
        ([1, 2], [2, 1], "[1, 2] [2, 1]"),
        ([1, 2], [1, 2, 3], "[1, 2] [1, 2, 3]"),
        ({"a": 1}, {"a": 2}, "{'a': 1} {'a': 2}"),
        ([], 0, "list 0"),
        (float("nan"), 1, "nan 1"),
        (list(range(999)), [0], "11, ...] [0]"),
    ],
)
def test_not_equal(got, expected, words):
    assert missing(words, says(equal, got, expected)) == []
    assert "the list" in says(equal, got, expected, what="the list")


def test_check_and_mutant_are_for_the_files_of_exercises_alone():
    with pytest.raises(RuntimeError):
        check("task", points=1, hint="h", more="m")(lambda student, reference, rng: None)
    with pytest.raises(RuntimeError):
        mutant("name", "says", replace="this", by="that", loses=["check"])


def test_equal_takes_no_time_over_a_large_answer():
    assert "(5000000,)" in says(equal, np.zeros(5_000_000), (1, 2))
    assert len(says(equal, [1.5] * 900_000, [1, 2])) < 500


@given(st.integers(0, 10**6), st.floats(10, 1e5))
def test_who_computes_in_float32_is_right_however_large_the_numbers(seed, magnitude):
    logits = magnitude + np.random.default_rng(seed).normal(size=(4, 3))
    expected = softmax(logits, axis=1)
    same(softmax(logits.astype("float32"), axis=1), expected, magnitude=logits.max())
    off = expected + 1e-5 + 1e-6 * magnitude
    assert "other values" in says(same, off, expected, magnitude=logits.max())
