"""The course's own exercises: each is proved, and each is fair."""

from functools import cache

import numpy as np
import pytest
from sandbox import needs_strong_isolation

from course.exercises import Here, exercise_ids, load_exercise
from course.exercises.selftest import FEWEST_MUTANTS, FEWEST_VARIANTS, selftest
from course.grader.submission import Grader
from tools.staleness import LESSONS

every_exercise = pytest.mark.parametrize("name", exercise_ids())
every_grader = pytest.mark.parametrize("grader", exercise_ids(), indirect=True)
QUICK = "01_convolution"  # NumPy alone: here many seeds are tried

load = cache(load_exercise)


@pytest.fixture(scope="module")
def grader(request):
    """A sandbox for submissions of one exercise, with one TensorFlow for all its tests."""
    needs_strong_isolation()
    with Grader(load(request.param), seed=7919) as opened:
        yield opened


def test_there_is_a_set_for_each_lesson_from_1_to_6():
    assert exercise_ids() == sorted(path.stem for path in LESSONS.glob("0[1-6]_*.py"))


@every_exercise
def test_a_set_is_of_the_agreed_size(name):
    exercise = load(name)
    assert exercise.lesson == name
    assert 4 <= len(exercise.tasks) <= 7
    assert len(exercise.mutants) >= FEWEST_MUTANTS
    assert len(exercise.variants) >= FEWEST_VARIANTS


@pytest.mark.proof
@every_exercise
def test_every_proof_holds(name):
    assert selftest(load(name)).problems == []


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 2), (2, 0), (2, 1), (3, 1), (5, 2)])
def test_the_layer_that_learners_write_is_that_of_keras(stride, padding):
    """Forward and backward, also where pixels are in no window; what is measured is the same."""
    import keras
    import tensorflow as tf

    rng = np.random.default_rng([stride, padding])
    images, kernels = rng.normal(size=(2, 8, 9, 3)), rng.normal(size=(3, 4, 3, 2))
    bias = rng.normal(size=2)
    names = {"__name__": "__main__"}
    Here(load(QUICK).solution_cells(), namespace=names)
    forward, backward = names["conv_forward"], names["conv_backward"]
    inputs = [tf.Variable(array) for array in (images, kernels, bias)]
    with tf.GradientTape() as tape:
        padded = keras.ops.pad(inputs[0], [(0, 0), (padding,) * 2, (padding,) * 2, (0, 0)])
        output = keras.ops.conv(padded, inputs[1], stride, "valid") + inputs[2]
        error = rng.normal(size=output.shape)
        loss = tf.reduce_sum(output * error)
    np.testing.assert_allclose(forward(images, kernels, bias, stride, padding), output, atol=1e-10)
    gradients = backward(error, images, kernels, stride, padding)
    for got, expected in zip(gradients, tape.gradient(loss, inputs), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10)
    measured = names["numerical_gradient"](
        lambda x: np.sum(error * forward(images, x, bias, stride, padding)), kernels
    )
    np.testing.assert_allclose(measured, gradients[1], atol=1e-6)


@pytest.mark.sandbox
@every_grader
def test_a_right_solution_gets_all_points_whatever_the_seed(grader):
    """The grader has tried one already, when it started; `make selftest` tries 20 on each set."""
    for number in range(2, 21 if grader.exercise.id == QUICK else 3):
        graded = grader.grade(grader.exercise.solution_cells(), seed=number * 7919)
        assert graded.trouble == []
        assert sum(outcome.earned for outcome in graded.outcomes) == grader.exercise.points


@pytest.mark.sandbox
@every_grader
def test_the_same_submission_gets_the_same_marks_every_time(grader):
    times = 20 if grader.exercise.id == QUICK else 2
    cells = grader.exercise.mutant_cells(grader.exercise.mutants[0])
    assert len({_said(grader.grade(cells)) for _ in range(times)}) == 1


def _said(graded):
    outcomes = tuple((o.check, o.earned, o.status, o.message) for o in graded.outcomes)
    return graded.status, tuple(graded.trouble), outcomes
