"""What keeps a lesson from starting. With the standard library only: `course_utils` begins here."""

import contextlib
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import FrozenImporter, PathFinder, all_suffixes
from pathlib import Path

DISTRIBUTION = "deep-vision-course"  # as in pyproject.toml
KERAS = {"backend": "tensorflow", "image_data_format": "channels_last", "floatx": "float32"}
# Last release: January 2025. TensorFlow 2.20 doesn't start (tensorflow #126360); tf-keras #140.
METAL = "tensorflow-metal"
METAL_SAYS = f"{METAL} is old: with it new TensorFlows don't start, and networks may train wrongly"
SETTINGS_READ = re.compile(r"keras/(src/)?backend(/config)?\.py")  # by Keras, and by TensorFlow
# No lesson needs these, and files of one's own may well be called so.
HARMLESS = {"antigravity", "docs", "examples", "test", "tests", "this", "turtle", "turtledemo"}
HARMLESS |= {"chunk", "imp", "networkx", "profile", "sched", "statistics", "trace", "wave", "yaml"}
HARMLESS |= {"cgi", "clang", "imageio", "jupyter", "pylab", "setuptools", "webbrowser", "wheel"}


class NotReady(ImportError):
    """A lesson can't start here as things are; a notebook shows the message alone."""

    def _render_traceback_(self):
        return [str(self)]


def check_hiding() -> None:
    """Make sure that no file beside the notebook, or the program, hides a module.

    Raises:
        NotReady: one does; the message says which, and what to do.
    """
    program = getattr(sys.modules.get("__main__"), "__file__", None) or os.devnull
    with contextlib.suppress(FileNotFoundError):  # the folder is gone
        folders = [os.getcwd()] if {"", os.getcwd()} & set(sys.path) else []
        folders += {os.path.dirname(os.path.abspath(program))} & set(sys.path[:1])
        for path, module in (found for folder in folders for found in hiding(folder)):
            raise NotReady(
                f"{path} hides the module {module}, which the course needs. Rename it, or keep "
                "your notebook elsewhere. Then restart the kernel, and run this cell again."
            )


def hiding(folder: str | Path) -> Iterator[tuple[Path, str]]:
    """What hides a module where a folder is searched first, as by what a notebook there starts.

    Args:
        folder: where a notebook or a program is.
    Returns:
        pairs of a file, or a folder, and the name of the module that it hides: one of Python's
        own, one that the course needs, or the course.
    """
    folder, home = os.path.abspath(folder), Path(__file__).resolve().parents[1]
    if os.path.basename(folder) in ("site-packages", "dist-packages"):
        return  # the libraries' own
    entries, suffixes = [], tuple(all_suffixes())
    with contextlib.suppress(OSError):
        entries = [e.name for e in os.scandir(folder) if e.is_dir() or e.name.endswith(suffixes)]
    others = [entry for entry in sys.path if os.path.abspath(entry) != folder]
    for name in sorted({entry.split(".")[0] for entry in entries} - HARMLESS):
        spec = PathFinder.find_spec(name, [folder, *others])
        file = (spec and spec.origin) or ""  # none of a folder that is no package
        own = Path(folder, name) if not file or Path(file).stem == "__init__" else Path(file)
        if name == "course" and "course_utils" not in entries:  # with it, this is another copy
            if Path(file).resolve() != home / name / "__init__.py":
                yield own, name
        elif name in ("course", "course_utils") or not file.startswith(os.path.join(folder, "")):
            continue
        elif PathFinder.find_spec(name, others) and _needed(name):
            yield own, name


def _needed(module: str) -> bool:
    """Whether a module is Python's own, or comes with what the course needs, directly or not."""
    if module in sys.stdlib_module_names:  # those that Python holds itself can't be hidden
        return module not in sys.builtin_module_names and not FrozenImporter.find_spec(module)
    ahead, seen = [DISTRIBUTION], set()
    while ahead:
        seen.add(name := ahead.pop())
        with contextlib.suppress(metadata.PackageNotFoundError):
            for line in metadata.requires(name) or ():
                extra = re.search(r"extra == .([\w-]+)", line)
                if not extra or (name == DISTRIBUTION and extra[1] in ("tensorflow", "lab")):
                    ahead += {re.match(r"[\w.-]+", line)[0].replace("_", "-").lower()} - seen
    brings = metadata.packages_distributions().get(module, ())
    return any(name.replace("_", "-").lower() in seen for name in brings)


def keras_json() -> Path:
    """The file that Keras takes its settings from."""
    folder = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")  # as Keras takes it
    return Path(folder, "keras.json")


def keras_settings() -> Iterator[tuple[str, object, str]]:
    """Settings of Keras that lessons don't work with, found without Keras: name, value, place."""
    content = {}
    with contextlib.suppress(OSError, ValueError):  # Keras passes over it, or doesn't start
        content = json.loads(keras_json().read_text(encoding="utf-8"))
    content = content if isinstance(content, dict) else {}
    for name, wanted in KERAS.items():
        value, place = content.get(name, wanted), str(keras_json())
        if name == "backend" and os.environ.get("KERAS_BACKEND"):
            value, place = os.environ["KERAS_BACKEND"], "the environment variable KERAS_BACKEND"
        if value != wanted:
            yield name, value, place


def settle_keras() -> list[str]:
    """Import Keras, and give it the settings of the lessons in this process.

    Returns:
        what was set otherwise, such as 'floatx "float16"'.
    Raises:
        NotReady: Keras does not start, or is loaded already with another backend.
    """
    try:
        import keras

        config, backend = keras.config, keras.backend.backend()
    except Exception as error:  # whatever a broken installation gives
        raise not_started("Keras", error) from error
    if backend != KERAS["backend"]:
        raise NotReady(
            f'Keras is loaded already, with the backend "{backend}"; lessons need "tensorflow". '
            "Restart the kernel (Kernel > Restart Kernel), and run this cell first."
        )
    found = {"image_data_format": config.image_data_format(), "floatx": config.floatx()}
    if (policy := config.dtype_policy().name) != found["floatx"]:
        found["dtype_policy"] = policy
    config.set_image_data_format(KERAS["image_data_format"])
    config.set_floatx(KERAS["floatx"])
    config.set_dtype_policy(KERAS["floatx"])
    usual = {**KERAS, "dtype_policy": KERAS["floatx"]}
    return [f'{name} "{value}"' for name, value in found.items() if value != usual[name]]


def settle_devices(tensorflow) -> None:
    """Before the first tensor: let graphics memory grow with need, and leave Metal's card alone."""
    gpus = tensorflow.config.list_physical_devices("GPU")
    with contextlib.suppress(RuntimeError, ValueError):  # too late: earlier cells have used it
        if version(METAL):
            tensorflow.config.set_visible_devices([], "GPU")
        for gpu in gpus:
            tensorflow.config.experimental.set_memory_growth(gpu, True)


def not_started(name: str, error: Exception) -> NotReady:
    """The error for "TensorFlow" or "Keras", whose import raised one: what it said, what to do."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    reason = f"{type(error).__name__}: {str(error).split(chr(10))[0] or last.line}"
    says = f"{name} does not start ({reason}). "
    if isinstance(error, ModuleNotFoundError) and error.name == name.lower():
        says = f"{name} isn't installed in this Python, {sys.executable}. Choose the course's "
        says += "kernel (Kernel > Change Kernel), or install what is missing. "
    elif SETTINGS_READ.search(Path(last.filename).as_posix()):
        says += f"It is set so in {keras_json()}, or in an environment variable KERAS_...: "
        return NotReady(f"{says}remove that, and restart the kernel.")
    elif version(METAL):
        says += f"{METAL_SAYS}. Remove it: `pip uninstall {METAL}`. "
    return NotReady(
        f"{says}In a terminal, `course doctor` says what to do; then restart the kernel."
    )


def version(name: str) -> str | None:
    """The installed version of a package."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None
