"""What a first cell does on a machine that isn't as it should be: it works, or says why not."""

import ast
import json
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

from course_utils import machine, start
from course_utils.machine import NotReady
from tools.staleness import EXERCISES, lessons

CHECK = "import course_utils; print('went on')"


def first_cell(source):
    """The first cell of code."""
    _, code, *_ = source.read_text(encoding="utf-8").split("\n# %%", 2)
    return code.split("\n", 1)[1].split("\n# %% [markdown]")[0]


def write(path, text="x = 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A function that starts a kernel in tmp_path with these variables, and runs cells in it."""
    started = []

    def run(*cells, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        client = NotebookClient(
            notebook,
            timeout=120,
            allow_errors=True,
            resources={"metadata": {"path": str(tmp_path)}},
        )
        client.create_kernel_manager()
        started.append(client.km)
        client.execute()
        return [cell.outputs for cell in notebook.cells]

    yield run
    for manager in started:
        if manager.has_kernel:
            run_sync(manager.shutdown_kernel)(now=True)


def lines(outputs):
    """What a cell has printed."""
    assert all(output.output_type == "stream" for output in outputs), outputs
    return "".join(output.text for output in outputs).splitlines()


# ---- the first cell, in a kernel ---------------------------------------------------------------


def test_a_lesson_sets_keras_right_for_itself_and_says_so(kernel, tmp_path):
    """Backend, channels and floats from outside, a policy from inside, 1.2 GB free, and an import
    of Keras that has failed before."""
    settings = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 1e-7}
    place = write(tmp_path / "keras" / "keras.json", json.dumps(settings))
    little = "import psutil; memory = psutil.virtual_memory()._replace(available=1.2 * 2**30)\n"
    little += "psutil.virtual_memory = lambda: memory\n"
    little += "import os; os.environ['KERAS_BACKEND'] = 'nonsense'\n"
    little += "try: import keras\nexcept Exception: print('no keras')\n"
    little += "os.environ['KERAS_BACKEND'] = 'torch'"
    lesson = first_cell(lessons()[2])
    live = "print(keras.config.backend(), keras.config.image_data_format(), keras.config.floatx(), "
    live += "keras.config.dtype_policy().name, layers.Dense(1).compute_dtype, SCALE)"
    mixed = "keras.config.set_dtype_policy('mixed_float16')"
    before, first, after, _, again, last = kernel(
        little,
        lesson,
        live,
        mixed,
        lesson,
        live,
        KERAS_HOME=str(place.parent),
        KERAS_BACKEND="torch",
    )
    assert lines(before) == ["no keras"]
    memory, keras, ready = lines(first)
    assert "1.2 GB" in memory
    for word in ("torch", "KERAS_BACKEND", "channels_first", "float16", str(place)):
        assert word in keras
    assert ready.startswith("quick size, seed 2")
    usual = "tensorflow channels_last float32 float32 float32 quick"
    assert lines(after) == [usual]
    keras, ready = lines(again)
    assert "mixed_float16" in keras and "channels_first" not in keras
    assert lines(last) == [usual]
    assert json.loads(place.read_text()) == settings


@pytest.mark.parametrize(
    ("source", "file"),
    [(lessons()[4], "course.py"), (EXERCISES / "01_convolution" / "exercise.py", "numpy.py")],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_file_beside_the_notebook_is_named(kernel, tmp_path, source, file):
    """Not only before TensorFlow: before whatever the file hides. Without a traceback."""
    place = write(tmp_path / file)
    ((error,),) = kernel(first_cell(source))
    assert error.ename == "NotReady"
    (line,) = error.traceback
    assert str(place) in line and "Rename" in line


@pytest.mark.parametrize("source", [*lessons(), *sorted(EXERCISES.glob("*/exercise.py"))], ids=str)
def test_course_utils_is_imported_before_anything_else(source):
    first = ast.parse(first_cell(source)).body[0]
    assert isinstance(first, ast.ImportFrom) and first.module == "course_utils"


# ---- files that hide modules -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("random.py", "random"),
        ("types.py", "types"),
        ("keras.py", "keras"),
        ("numpy/__init__.py", "numpy"),
        ("tensorflow.py", "tensorflow"),
        ("course.py", "course"),
        ("course/__init__.py", "course"),
        ("PIL.py", "PIL"),  # its package has another name
        ("absl.py", "absl"),  # what the course needs needs it
        ("google.py", "google"),  # hides a folder that several packages fill
        ("ipykernel.py", "ipykernel"),
    ],
)
def test_what_hides_a_module(tmp_path, file, module):
    path = write(tmp_path / file)
    own = path.parent if path.stem == "__init__" else path
    assert list(machine.hiding(tmp_path)) == [(own, module)]


def test_what_hides_nothing(tmp_path):
    for name in ("notes.py", "test.py", "turtle.py", "data/__init__.py", "tests/__init__.py"):
        write(tmp_path / name)
    for name in ("statistics.py", "wave.py", "yaml.py", "jupyter.py", "networkx/__init__.py"):
        write(tmp_path / name)  # Python's and libraries', which no lesson comes to import
    for name in ("keras/data.csv", "random/picture.png", "test/x.txt", "numpy.txt", "keras.ipynb"):
        write(tmp_path / name)  # such folders are no packages
    for name in ("sys.py", "time.py", "os.py", "site.py"):  # Python has these before it looks
        write(tmp_path / name)
    write(tmp_path / "pytest.py")  # is installed here, but no lesson needs it
    for name in ("course", "course_utils"):  # another copy of the course, which belongs together
        write(tmp_path / name / "__init__.py")
    assert list(machine.hiding(tmp_path)) == []
    assert list(machine.hiding(tmp_path / "no such folder")) == []


@pytest.mark.parametrize("folder", [nbformat.__path__[0] + "/..", os.path.dirname(os.__file__)])
def test_folders_of_modules_hide_nothing(folder):
    assert list(machine.hiding(folder)) == []


def python(*words, cwd, **variables):
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_folder_that_is_no_package_hides_the_course_where_it_does(tmp_path):
    """A copy in a folder called `course`, and a notebook beside it: installed in place, or not."""
    write(tmp_path / "course" / "README.md")
    hidden = python("-c", "import course.data", cwd=tmp_path).returncode
    assert python("-c", CHECK, cwd=tmp_path).returncode == hidden


def test_only_where_imports_are_looked_up(tmp_path):
    folder, program = tmp_path / "here", tmp_path / "there" / "program.py"
    write(folder / "keras.py")
    write(program, CHECK)
    ran = python("-c", CHECK, cwd=folder)
    assert ran.returncode == 1 and str(folder / "keras.py") in ran.stderr
    for words in (["-P", "-c", CHECK], [program]):  # don't look in this folder
        assert python(*words, cwd=folder).stdout == "went on\n"
    write(program.with_name("keras.py"))
    ran = python(program, cwd=folder)
    assert ran.returncode == 1 and str(program.with_name("keras.py")) in ran.stderr


def test_a_user_without_a_home(monkeypatch):
    """As in a container that gives its user a number alone: Keras takes the ~ as it stands."""
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert list(machine.keras_settings()) == []
    monkeypatch.setenv("KERAS_HOME", "~nobody at all/keras")
    assert list(machine.keras_settings()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder in use")
def test_a_folder_that_is_gone_hides_nothing(tmp_path):
    code = f"import os; os.rmdir({str(tmp_path / 'gone')!r}); {CHECK}"
    (tmp_path / "gone").mkdir()
    assert python("-c", code, cwd=tmp_path / "gone").stdout == "went on\n"


# ---- TensorFlow and Keras that don't start, with something in their place ------------------------


def test_a_wrong_keras_json_is_named(tmp_path):
    """With the real TensorFlow, whose import reads that file, and stops."""
    place = write(tmp_path / "keras.json", '{"floatx": "bfloat16"}')
    code = (
        "from course_utils import start\ntry: start.begin_lesson()\nexcept ImportError as error: "
    )
    code += "print(type(error).__name__, type(error.__cause__).__name__, error)"
    ran = python("-c", code, cwd=tmp_path, KERAS_HOME=str(tmp_path))
    assert ran.stdout.startswith("NotReady AssertionError "), ran.stderr
    assert str(place) in ran.stdout


@pytest.mark.parametrize("name", ["tensorflow", "keras"])
def test_what_is_not_installed(monkeypatch, name):
    import tensorflow  # noqa: F401  (so that its place in sys.modules is put back)

    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotReady, match="course doctor") as caught:
        start.import_keras()
    assert sys.executable in str(caught.value)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def failing(tmp_path, monkeypatch, name, text):
    """Put a module in place of a library."""
    write(tmp_path / f"{name}.py", text)
    monkeypatch.syspath_prepend(tmp_path)
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)


def test_a_library_that_does_not_start(monkeypatch, tmp_path):
    failing(tmp_path, monkeypatch, "keras", "raise AttributeError('no attribute x in tensorflow')")
    with pytest.raises(
        NotReady, match="Keras .*AttributeError: no attribute x.*course doctor"
    ) as e:
        machine.settle_keras()
    assert isinstance(e.value.__cause__, AttributeError)


def test_a_keras_of_old(monkeypatch, tmp_path):
    """Keras 2 has no `config`."""
    failing(tmp_path, monkeypatch, "keras", "__version__ = '2.15.0'")
    with pytest.raises(NotReady, match="Keras.*course doctor"):
        machine.settle_keras()


def test_keras_that_is_loaded_with_another_backend(monkeypatch):
    config = SimpleNamespace(backend=lambda: "torch")
    monkeypatch.setitem(sys.modules, "keras", SimpleNamespace(config=config, backend=config))
    with pytest.raises(NotReady, match=r'"torch".*[Rr]estart the kernel'):
        machine.settle_keras()


# ---- graphics cards ----------------------------------------------------------------------------


class TensorFlow:
    """A stand-in with two cards, which keeps what is asked of it, in order."""

    def __init__(self, *, initialised=False):
        self.asked, self._initialised = [], initialised
        self.config = SimpleNamespace(
            list_physical_devices=lambda kind: [f"{kind}:0", f"{kind}:1"],
            set_visible_devices=lambda devices, kind: self._ask("visible", devices, kind),
            experimental=SimpleNamespace(
                set_memory_growth=lambda card, grow: self._ask("grow", card, grow)
            ),
        )

    def _ask(self, *what):
        if self._initialised:
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        self.asked.append(what)

    def constant(self, value):
        self.asked.append("tensor")

    def get_logger(self):
        return logging.getLogger("tensorflow's stand-in")


def test_memory_grows_before_the_first_tensor(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", fake := TensorFlow())
    assert start.import_tensorflow() is fake
    assert fake.asked == [("grow", "GPU:0", True), ("grow", "GPU:1", True), "tensor"]


def test_cards_that_are_in_use_already(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", fake := TensorFlow(initialised=True))
    start.import_tensorflow()
    assert fake.asked == ["tensor"]


def test_metal_is_left_alone_and_named(monkeypatch, capsys):
    monkeypatch.setattr(machine, "version", {machine.METAL: "1.2.0"}.get)
    machine.settle_devices(fake := TensorFlow())
    assert fake.asked[0] == ("visible", [], "GPU")
    start.import_keras()
    assert "tensorflow-metal" in capsys.readouterr().out
    with pytest.raises(OSError) as caught:
        raise OSError("Symbol not found")
    text = str(machine.not_started("TensorFlow", caught.value))
    assert "Symbol not found" in text and "uninstall tensorflow-metal" in text
