import os
import subprocess
import sys

import pytest

from course_utils import start


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("COURSE_SCALE", "CPU_LIMIT"):
        monkeypatch.delenv(name, raising=False)


def test_seed_makes_runs_repeat(capsys):
    import keras

    start.begin_lesson(seed=5)
    first = keras.layers.Dense(2)
    first.build((None, 3))
    weights = first.get_weights()[0]
    start.begin_lesson(seed=5)
    second = keras.layers.Dense(2)
    second.build((None, 3))
    assert (second.get_weights()[0] == weights).all()
    start.begin_lesson(seed=6)
    third = keras.layers.Dense(2)
    third.build((None, 3))
    assert (third.get_weights()[0] != weights).any()


@pytest.mark.parametrize(
    ("argument", "variable", "expected"),
    [
        ("quick", "full", "quick"),
        ("full", None, "full"),
        (None, "full", "full"),
        (None, "", "quick"),
    ],
)
def test_scale_comes_from_argument_then_environment(
    monkeypatch, capsys, argument, variable, expected
):
    if variable is not None:
        monkeypatch.setenv("COURSE_SCALE", variable)
    assert start.begin_lesson(scale=argument) == expected
    assert capsys.readouterr().out.startswith(f"{expected} size, seed 1, ")


def test_full_is_the_default_on_a_gpu(monkeypatch):
    import tensorflow

    monkeypatch.setattr(tensorflow.config, "get_visible_devices", lambda kind: ["a card"])
    assert start.begin_lesson() == "full"


def test_unknown_scale_says_where_it_came_from(monkeypatch):
    with pytest.raises(ValueError, match=r"begin_lesson\(scale=...\) is 'huge'.*'quick', 'full'"):
        start.begin_lesson(scale="huge")
    monkeypatch.setenv("COURSE_SCALE", "Quick")
    with pytest.raises(ValueError, match="COURSE_SCALE is 'Quick'"):
        start.begin_lesson()


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("1.0", 1), ("0.5", 1), ("3.7", 3), ("-2", 1), ("64", 8), ("inf", 8), ("much", 8), (None, 8)],
)
def test_cores_are_those_of_joblib_within_the_limit(monkeypatch, limit, cores):
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    monkeypatch.delenv("CPU_LIMIT", raising=False)
    if limit is not None:
        monkeypatch.setenv("CPU_LIMIT", limit)
    assert start.cpu_count() == cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_cores_are_those_that_this_process_may_use():
    """As under `taskset`, where os.cpu_count() still counts the machine's."""
    core = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{core}}})\n"
    ran = run(code + "from course_utils import start; print(start.cpu_count())", CPU_LIMIT="")
    assert ran.stdout.strip() == "1", ran.stderr


def run(code, **settings):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_start_up_is_silent_and_takes_the_limit():
    code = (
        "from course_utils import start; start.begin_lesson(); import tensorflow as tf;"
        "import os; threads = tf.config.threading.get_intra_op_parallelism_threads();"
        "print(threads, os.environ['OMP_NUM_THREADS'])"
    )
    ran = run(code, CPU_LIMIT="1.0")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[-1].endswith(" 1")


def test_a_failing_import_shows_what_was_held_back():
    code = (
        "import os\nfrom course_utils import start\n"
        "with start._quiet_stderr():\n    os.write(2, b'the reason')\n"
        "    raise ImportError('broken')"
    )
    ran = run(code)
    assert ran.returncode == 1
    assert "the reason" in ran.stderr and "broken" in ran.stderr


def test_importing_the_package_is_light():
    modules = ["course.cli.doctor", "course.data", "course.drawn"]
    modules += [f"course_utils.{name}" for name in ("figures", "recorded", "sliders", "start")]
    heavy = ("tensorflow", "keras", "scipy", "matplotlib", "skimage", "ipywidgets", "requests")
    imports = "".join(f"import {module}\n" for module in modules)
    code = f"import sys\n{imports}print([name for name in {heavy} if name in sys.modules])"
    assert run(code).stdout.strip() == "[]"
