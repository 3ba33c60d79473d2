"""An integer is an integer, in range or not."""

import numpy as np
import pytest

from course_utils.arguments import check_integer


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_integers_come_back_as_int(value):
    number = check_integer("n", value, least=3, most=3)
    assert number == 3 and type(number) is int


@pytest.mark.parametrize("value", [True, 3.0, "3", None, (3,), np.float32(3), np.array([3, 4])])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(ValueError) as caught:
        check_integer("side", value)
    assert "side" in str(caught.value) and repr(value) in str(caught.value)


@pytest.mark.parametrize("limits", [{"least": 4}, {"most": 2}, {"least": 4, "most": 9}])
def test_out_of_range(limits):
    with pytest.raises(ValueError) as caught:
        check_integer("side", 3, **limits)
    assert all(str(limit) in str(caught.value) for limit in limits.values())


def test_the_message_tells_what_to_do():
    with pytest.raises(ValueError) as caught:
        check_integer("size", 96.0, least=32, most=1024, advice="the images' side in pixels")
    assert str(caught.value) == (
        "size is 96.0 (float); give an integer from 32 to 1,024, the images' side in pixels"
    )
