"""What every test starts from."""

import os
import tempfile

import pytest
from faulty_server import FaultyServer
from hypothesis import settings

from course.data import download
from course.workspace import places
from course_utils.start import cpu_count

collect_ignore = ["small_exercise"]  # files of an exercise, which load_exercise reads

# The same cases on every machine, however slow; HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("course", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "course"))


def pytest_configure(config):
    """Notebooks run in quick size and offline, unless a mirror for the real data is named.

    Nor do they see the weights that Keras downloaded for the person who runs them. What one draws
    or imports the others find, in whichever process they run, as a learner's lessons do.
    """
    os.environ["COURSE_SCALE"] = "quick"
    os.environ[places.VARIABLE] = os.devnull  # no workspace: nobody's progress is written to
    os.environ.pop("COURSE_BASE", None)
    if jobs := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)):  # they share the cores
        os.environ.setdefault("CPU_LIMIT", str(max(1, cpu_count() // jobs)))
    if hasattr(config, "workerinput"):  # its folder is the one that all workers were started with
        return
    folder = tempfile.TemporaryDirectory(prefix="course-data-")
    config.add_cleanup(folder.cleanup)
    os.environ["COURSE_DATA_DIR"] = folder.name
    if "COURSE_MIRROR" not in os.environ:
        os.environ["COURSE_OFFLINE"] = "1"
        os.environ["KERAS_HOME"] = os.path.join(folder.name, "keras")


def pytest_report_header():
    from own_sets import chosen_pairs

    chosen = ", ".join(f"lesson {source.stem[:2]} on {name!r}" for source, name in chosen_pairs())
    return f"photos of one's own: {chosen}"


def pytest_collection_modifyitems(items):
    """Mark by place what a job can take. What takes longest begins.

    Of the lessons those with even numbers: 3 and 4 draw the same photos, and needn't wait for
    each other.
    """
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker("notebook")
        if "browser" in item.path.parts:
            item.add_marker("browser")
    order = ("proof", "own", "notebook", "browser", "sandbox")

    def turn(item):
        odd = item.path.suffix == ".ipynb" and int(item.path.stem[:2]) % 2
        return *(not item.get_closest_marker(kind) for kind in order), odd

    items.sort(key=turn)


@pytest.fixture(autouse=True)
def own_data_folder(request, tmp_path, monkeypatch):
    """Give each test an empty cache and no settings of the person who runs it."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    for name in ("COURSE_BASE", "COURSE_OFFLINE", "COURSE_SCALE"):
        monkeypatch.delenv(name, raising=False)
    if not request.node.get_closest_marker("real"):
        monkeypatch.delenv("COURSE_MIRROR", raising=False)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.fixture
def faulty_server(monkeypatch):
    """A server on this machine that misbehaves when told to; no proxy, short waits, no memory."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(download, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(download, "PROBE_SECONDS", 60)  # however busy this machine is
    download.forget_unreachable()
    server = FaultyServer()
    yield server
    server.close()
    download.forget_unreachable()
