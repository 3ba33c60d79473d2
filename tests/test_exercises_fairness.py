"""Right solutions that once lost points, and functions that do nothing and once won some.

They are handed in as notebooks and graded as a class is: running a notebook from top to bottom and
being graded give the same definitions.
"""

import dataclasses
import json

import pytest
from sandbox import needs_strong_isolation
from small_class import SMALL

from course.exercises import Here, Memo, Variant, load_exercise, run_check
from course.exercises.reach import is_aside
from course.exercises.selftest import NOTHING, float32_cells, stub_cells
from course.grader.hand_ins import collect
from course.grader.submission import Grader

QUICK = {"cell_seconds": 2, "submission_seconds": 20}


@pytest.fixture(scope="module")
def graders():
    """graders(folder or id): a Grader of an exercise that gives a cell two seconds."""
    needs_strong_isolation()
    opened = {}

    def grader(name):
        if name not in opened:
            exercise = load_exercise(name)
            if name == SMALL:
                exercise.limits = dataclasses.replace(exercise.limits, **QUICK)
            opened[name] = Grader(exercise, seed=7919)
        return opened[name]

    yield grader
    for one in opened.values():
        one.close()


@pytest.fixture
def points(graders, tmp_path):
    """points(id, task=code, ...): what a notebook earns that solves some tasks so; (sum, lost)."""

    def points(name, cells=None, **tasks):
        grader = graders(name)
        cells = cells or grader.exercise.variant_cells(Variant("", tasks, 0))
        cells = [
            {
                "cell_type": "code",
                "source": cell.partition("\n")[2] if is_aside(cell) else cell,
                "metadata": {"tags": ["try"]} if is_aside(cell) else {},
            }
            for cell in cells
        ]
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        (tmp_path / "ada.ipynb").write_text(json.dumps(book), encoding="utf-8")
        (hand_in,) = collect(grader.exercise, [tmp_path])
        outcomes = grader.grade(hand_in.cells).outcomes
        lost = {o.check: o.message for o in outcomes if o.status != "passed"}
        return sum(outcome.earned for outcome in outcomes), lost

    return points


SMALL_NETWORK = """
import tensorflow as tf

def small_network():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        OUT
    ])

def train_small(images, labels):
    n = small_network()
    n.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
    n.fit(images, labels, batch_size=32, epochs=6, verbose=0)
    return n
"""


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "out",
    [
        'layers.Dropout(0.1, seed=20241231), layers.Dense(10, activation="softmax")',
        "layers.Dense(10, activation=tf.nn.softmax)",
    ],
)
def test_a_date_as_seed_and_tensorflows_softmax_lose_nothing(out, points):
    code = SMALL_NETWORK.replace("OUT", out)
    float32 = "def softmax(logits):\n    return layers.Softmax()(logits).numpy()"
    assert points("02_mnist", small_convnet=code, softmax=float32) == (25, {})


def test_float32_loses_nothing_whatever_the_seed():
    exercise = load_exercise("02_mnist")
    checks = [check for check in exercise.checks if check.task in ("softmax", "cross_entropy")]
    student = Here(float32_cells(exercise), exercise.probes)
    reference = Memo(Here(exercise.solution_cells(), exercise.probes))
    for seed in range(1, 101):
        outcomes = [run_check(check, student, reference, seed) for check in checks]
        assert [o.message for o in outcomes if o.status != "passed"] == []


@pytest.mark.sandbox
@pytest.mark.parametrize("gives", ["None", list(NOTHING)[-2]])
def test_functions_that_do_nothing_earn_nothing(gives, points):
    cells = stub_cells(load_exercise("01_convolution"), gives)
    assert points("01_convolution", cells)[0] == 0


@pytest.mark.sandbox
def test_zeros_of_the_right_shape_earn_nothing(points):
    nothing = {
        "changes": "def changes(before, after):\n    return np.zeros(before.shape, 'float32')",
        "slide": "def correlate(image, kernel, padding=0, stride=1):\n    return 0\n"
        "def convolve(*a): return 0",
        "stack": "def map_size(n, layers): return 0\ndef receptive_field(layers): return 0",
        "bank": "def gabor(wavelength, degrees, sigma):\n    r = int(np.ceil(3 * sigma))\n"
        "    return np.zeros((2 * r + 1, 2 * r + 1))\n"
        "def gabor_bank(wavelength, n, sigma):\n    r = int(np.ceil(3 * sigma))\n"
        "    return np.zeros((n, 2 * r + 1, 2 * r + 1))",
        "useless": "def energy_shares(images, bank): return np.zeros(len(bank))\n"
        "def useless_filters(images, bank): return [], []",
        "separate": "def separate(kernel): return None",
        "layer": "def conv_forward(images, kernels, bias, stride=1, padding=0):\n"
        "    sides = zip(images.shape[1:3], kernels.shape)\n"
        "    n = [(m + 2 * padding - k) // stride + 1 for m, k in sides]\n"
        "    return np.zeros((len(images), *n, len(bias)))\n"
        "def numerical_gradient(f, x, step=1e-5): return np.zeros(x.shape)\n"
        "def conv_backward(error, images, kernels, stride=1, padding=0):\n"
        "    return np.zeros(images.shape), np.zeros(kernels.shape), np.zeros(error.shape[-1])",
    }
    assert points("01_convolution", **nothing)[0] == 0


# ---- cells that Jupyter runs -------------------------------------------------------------------

FRAME = "def add_frame(image, width):\n    return np.pad(image, width)"
DEMO = "for _ in iter(int, 1):\n    add_frame(np.ones((2, 2)), 1)"
STYLES = {
    "a helper and an import in tagged cells": f"""
# %% tags=["check"]
check("add_frame")

def pad_it(image, p):
    return numbers.pad(image, p)
# %% tags=["try"]
import numpy as numbers
print(1)
# %%
{FRAME.replace("np.pad", "pad_it")}""",
    "an answer in a tagged cell": f'# %% tags=["try"]\n{FRAME}\nprint(add_frame)',
    "a better answer in a tagged cell": f"""
# %%
def add_frame(image, width):
    return image
# %% tags=["expected"]
{FRAME}""",
    "a demo that takes for ever below the answer": f"# %%\n{FRAME}\n{DEMO}",
    "such a demo in a tagged cell": f'# %%\n{FRAME}\n# %% tags=["try"]\n{DEMO}',
    "a demo that ends the process": f"# %%\n{FRAME}\nimport os\nos.abort()\nnever = 1",
    "a cell that raises in its last line": f"# %%\n{FRAME}\nassert add_frame([1], 1) is None",
    "magics": f"%matplotlib inline\n!pip list\n# %%\n%%time\n{FRAME}\n# %%\n%timeit -n1 1",
    "what one types": f"name = input('Your name?')\nprint('Hello', name)\n{FRAME}",
    "a program": f"{FRAME}\nif __name__ == '__main__':\n    edge = 1\n    add_frame([1], edge)",
    "a plot and a widget": f"""
import matplotlib.pyplot as plt
from IPython.display import display as show
{FRAME}
plt.imshow(add_frame(np.ones((2, 3)), 1))
plt.show()
show("a picture")
display(plt.gcf())""",
    "a name that is deleted again": f"edge = 1\n{FRAME}\ndel edge",
    "a definition after its use": f"""
# %%
{FRAME.replace("np.pad", "later")}
# %%
def later(image, width):
    return np.pad(image, width)""",
    "an error in a cell of no use": f"# %%\nno Python\n# %%\n{FRAME}\n# %%\nraise SystemExit",
    "what waits": f"""
# %%
import asyncio
await asyncio.sleep(0)
async def one():
    yield 1
ones = [n async for n in one()]
# %% tags=["try"]
async with asyncio.timeout(5):
    edge = await asyncio.sleep(0, np.pad)
# %%
assert ones == [1]
{FRAME.replace("np.pad", "edge")}""",
    "a file of one's own": f"""
# %%
%%writefile mine.py
import numpy as np
{FRAME}
# %%
from mine import add_frame""",
    "such a file in a tagged cell, and one that is run": f"""
# %% tags=["try"]
%%writefile mine.py
import numpy as np
# %%
%%writefile -a mine.py
{FRAME}
# %%
%run mine.py""",
    "what was printed, and the shell's answers": f"""
# %%
%%capture seen
print("a line")
# %%
assert seen.stdout == "a line\\n"
files = !ls
here = %pwd
# %%
assert list(files) == []
get_ipython().run_cell({FRAME!r})
assert get_ipython().user_ns["add_frame"] is add_frame""",
    "types that don't exist yet": f"""
# %%
from __future__ import annotations
# %%
{FRAME.replace("(image, width):", "(image: Picture, width):")}
# %%
Picture = np.ndarray""",
    "newer syntax": """
from __future__ import annotations
import functools
from dataclasses import dataclass, field
from numpy import *

@dataclass
class Frame:
    width: int = 1
    sides: list[int] = field(default_factory=list)

    @property
    def pads(self):
        match self.width:
            case 0:
                return 0
            case int(n) if (twice := 2 * n):
                return twice // 2

def counted(function):
    @functools.wraps(function)
    def inner(*values, **named):
        global calls
        calls += 1
        return function(*values, **named)
    return inner

@counted
def add_frame(image: ndarray, width: int) -> ndarray:
    for frame in (Frame(n) for n in [width]):
        return (lambda picture: pad(picture, frame.pads))(image)
# %%
calls = 0
if __name__ == "__main__":
    print(calls)""",
    "a function that reads itself": f"""
{FRAME}
import inspect
assert "np.pad" in inspect.getsource(add_frame)""",
    "another language": f"%%html\n<b>mine</b>\n# %%\n{FRAME}",
}


@pytest.mark.sandbox
@pytest.mark.parametrize("style", STYLES)
def test_a_notebook_that_runs_in_jupyter_gives_the_same_when_graded(style, points):
    assert points(SMALL, add_frame=STYLES[style]) == (10, {})


@pytest.mark.sandbox
def test_names_that_were_deleted_are_gone(points):
    earned, lost = points(SMALL, add_frame=f"{FRAME}\ndel add_frame")
    assert earned == 5 and set(lost) == {"zeros_all_around", "any_width"}
