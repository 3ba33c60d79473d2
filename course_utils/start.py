"""The first lines of every lesson: which size, which machine, which seed."""

import contextlib
import os
import sys
import tempfile

from course_utils import machine, memory

SCALES = ("quick", "full")

# What every figure of the course shares. 72 dpi keeps a notebook under 1 MB.
FIGURE_STYLE = {
    "figure.dpi": 72,
    "figure.constrained_layout.use": True,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# Fonts of systems, for names in scripts that matplotlib's own font lacks.
FONTS = "Noto Sans CJK JP,Microsoft YaHei,Malgun Gothic,Nirmala UI,Leelawadee UI,Arial Unicode MS"


def begin_lesson(*, scale=None, seed=1):
    """Prepare TensorFlow, seeds and figure style, and say in one line what the lesson runs on.

    Args:
        scale: "quick" (about a minute on two cores) or "full" (all the data, trained to the end).
            None: the environment variable COURSE_SCALE; without it "full" where TensorFlow sees
            a GPU and "quick" elsewhere.
        seed: the seed of Python's, NumPy's and Keras's random numbers.
    Returns:
        "quick" or "full".
    Raises:
        ValueError: the scale is neither; the message says where it came from.
        NotReady: TensorFlow or Keras does not start, or memory is taken; it says what to do.
    Source: keras.utils.set_random_seed does the seeding.
    """
    requested = _check_scale(scale, "begin_lesson(scale=...)") or _check_scale(
        os.environ.get("COURSE_SCALE"), "the environment variable COURSE_SCALE"
    )
    keras = import_keras()
    import tensorflow

    prepare_figures()
    keras.utils.set_random_seed(seed)
    gpus = tensorflow.config.get_visible_devices("GPU")
    size = requested or ("full" if gpus else "quick")
    device = f"{len(gpus)} GPU" if gpus else f"CPU with {cpu_count()} core(s)"
    print(
        f"{size} size, seed {seed}, {device}, "
        f"TensorFlow {tensorflow.__version__}, Keras {keras.__version__}"
    )
    return size


def prepare_figures():
    """Show figures as pictures below their cells from here on, in the course's style."""
    import matplotlib
    from IPython import get_ipython
    from matplotlib import font_manager

    from course_utils import figures  # with NumPy, without which the doctor still speaks

    if shell := get_ipython():  # figures that no window owns aren't shown otherwise
        shell.run_line_magic("matplotlib", "inline")
        figures.show_with_words(shell)
    fonts = [name for name in FONTS.split(",") if name in font_manager.get_font_names()]
    matplotlib.rcParams.update(FIGURE_STYLE | {"font.family": ["sans-serif", *fonts]})


def import_tensorflow():
    """Import TensorFlow with as many threads as the session may use, and without its start-up log.

    TensorFlow writes to the process's error stream before any of its settings apply, and a
    notebook would show that in red. What it writes is held back, and shown if the import fails.

    Returns:
        the module `tensorflow`.
    Raises:
        NotReady: it does not start, or other notebooks have taken the memory that it needs.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, str(cpu_count()))
        text, stop = memory.shortage()
        if stop:
            raise machine.NotReady(f"{text} Then run this cell again.")
        if text:
            print(text)
    if "keras" not in sys.modules:  # TensorFlow imports it
        os.environ["KERAS_BACKEND"] = machine.KERAS["backend"]
        for name in [name for name in sys.modules if name.startswith("keras.")]:
            del sys.modules[name]  # of an import that failed, with another backend
    try:
        with _quiet_stderr():
            import tensorflow

            machine.settle_devices(tensorflow)
            # A network that learns from a handful of photos takes few steps for each it prepares.
            tensorflow.get_logger().addFilter(lambda log: "retracing" not in log.getMessage())
            tensorflow.constant(0)  # the devices' messages come with the first tensor
    except Exception as error:  # whatever a broken installation gives
        raise machine.not_started("TensorFlow", error) from error
    return tensorflow


def import_keras():
    """Import Keras with the settings that lessons need in this process; say if it had others.

    Returns:
        the module `keras`.
    Raises:
        NotReady: as for TensorFlow; or Keras is loaded already, with another backend.
    """
    outside = list(machine.keras_settings())
    import_tensorflow()
    otherwise = [f'backend "{value}"' for name, value, _ in outside if name == "backend"]
    otherwise += machine.settle_keras()
    if otherwise:
        places = " and ".join(dict.fromkeys(place for *_, place in outside)) or "this kernel"
        print(
            f"Keras was set to {', '.join(otherwise)} in {places}. "
            "This notebook uses the usual: TensorFlow, channels last, float32."
        )
    if machine.version(machine.METAL):
        print(f"{machine.METAL_SAYS}. This notebook uses the processor.")
    import keras

    return keras


def cpu_count():
    """Number of cores this process may use, at least 1.

    What joblib counts, which knows affinity and the quotas of containers, and no more than
    `CPU_LIMIT`, which Binder and JupyterHub set.

    Source: joblib.cpu_count.
    """
    import joblib

    cores = joblib.cpu_count()
    with contextlib.suppress(KeyError, ValueError, OverflowError):
        cores = min(cores, int(float(os.environ["CPU_LIMIT"])))
    return max(1, cores)


def _check_scale(scale, origin):
    if scale in (None, "") or scale in SCALES:
        return scale or None
    raise ValueError(
        f"{origin} is {scale!r}; it must be one of {', '.join(map(repr, SCALES))}. "
        "Leave it out to let the course choose."
    )


@contextlib.contextmanager
def _quiet_stderr():
    """Hold back what native code writes to file descriptor 2; let it out if the block raises."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
