"""What of a notebook is run when it is graded: the definitions are those that Jupyter gives."""

import pytest

from course.exercises.reach import is_aside, set_aside, to_run

ANSWER = "def twice(x):\n    return both(x, x)"


def definitions(cells, asked=("twice",), again=()):
    """What is there once a notebook has been run as a grader does."""
    names = {}
    for cell in to_run(cells, asked, again):
        exec(cell, names)
    return names


def test_cells_that_are_not_set_aside_are_run_as_they_are():
    cells = ["x = 1  # a comment", "%magic", "no python ("]
    assert to_run(cells, ("x",)) == cells


@pytest.mark.parametrize(
    "helper",
    [
        "def both(a, b):\n    return a + b",
        "both = lambda a, b: a + b",
        "from operator import add as both",
        "import operator\nboth = operator.add",
        "from operator import *\nboth = add",
        "class Both:\n    pass\nBoth.of = lambda a, b: a + b\nboth = Both.of",
        "table = {}\ntable['+'] = lambda a, b: a + b\ndef both(a, b):\n    return table['+'](a, b)",
        "kept = []\nkept.append(lambda a, b: a + b)\nboth = kept[0]",
        "try:\n    import no_such as both\nexcept ImportError:\n    from operator import add\n"
        "    both = add",
        "if True:\n    def both(a, b):\n        return a + b",
        "with open('/dev/null') as file:\n    both = lambda a, b: a + b",
        "both, other = (lambda a, b: a + b), 1 / 0 if False else 2",
        "%matplotlib inline\ndef both(a, b):\n    return a + b",
        "%%time\ndef both(a, b):\n    return a + b",
        "!pip list\nboth = lambda a, b: a + b\nboth?",
        "@__import__('functools').cache\ndef both(a, b):\n    return a + b",
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_helper_is_run_wherever_it_stands(helper, after):
    cells = [set_aside(helper), ANSWER]
    assert definitions(cells[::-1] if after else cells)["twice"](3) == 6


def test_what_nobody_needs_is_left_out():
    demo = "for _ in iter(int, 1):\n    pass\nraise SystemExit\nx = twice(1 / 0)\nprint(twice(2))"
    assert to_run([set_aside(demo), ANSWER], ("twice",)) == ["", ANSWER]


def test_helpers_of_helpers_are_needed_too():
    cells = [
        set_aside("import operator\nunneeded = 1 / 0"),
        set_aside("def added(a, b):\n    return operator.add(a, b)\ncheck('twice')"),
        set_aside("both = added"),
        ANSWER,
    ]
    assert definitions(cells)["twice"]("a") == "aa"


def test_an_answer_in_a_cell_for_a_look_counts():
    cells = [set_aside(f"both = max\n{ANSWER}\nprint(undefined)"), "x = 1"]
    assert definitions(cells)["twice"](3) == 3


def test_the_last_definition_counts():
    cells = ["def twice(x):\n    return None", set_aside("def twice(x):\n    return 2 * x")]
    assert definitions(cells)["twice"](3) == 6
    assert definitions(cells[::-1])["twice"](3) is None


def test_names_that_mean_something_else_are_not_needed():
    """A parameter or an attribute isn't the variable of that name."""
    answer = (
        "import math\ndef twice(photo):\n    return photo * math.labels if photo is None else photo"
    )
    aside = "photo = 1 / 0\nlabels = 1 / 0\ntrained = fit(photo)"
    assert to_run([set_aside(aside), answer], ("twice",))[0] == ""


def test_a_cell_that_cannot_be_run_whole_keeps_its_definitions():
    cell = f"from operator import add as both\n{ANSWER}\nfor _ in iter(int, 1):\n    twice(1)"
    assert definitions([cell], again={0})["twice"](3) == 6
    assert to_run([cell], ("twice",)) == [cell]


@pytest.mark.parametrize("code", ["if (", "def bot(a", "\0", "%%bash\nrm -r x", ""])
def test_what_is_no_python_defines_nothing(code):
    assert to_run([set_aside(code), ANSWER], ("twice",)) == ["", ANSWER]
    assert to_run([code, set_aside("both = 1 / 0")], ("twice",))[1] == ""


def test_a_cell_that_is_no_python_may_need_what_it_names():
    """Its magics are known where it runs."""
    cells = ["%%some magic\nprint(both)", set_aside("both = 5")]
    assert to_run(cells)[1] == "both = 5"


def test_a_cell_set_aside_says_so():
    assert is_aside(set_aside("x = 1")) and not is_aside("x = 1")
