"""`course doctor`: every check, on a machine that is well and on each kind that is not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from control_groups import control_groups
from printed import numbers_in

from course import data
from course.cli import doctor
from course.cli.doctor import GB, NOTE, OK, PROBLEM, Finding
from course.workspace import copies
from course_utils import machine, memory

ROOT = Path(__file__).parent.parent
needs_posix = pytest.mark.skipif(os.name == "nt", reason="uses signals, links or shell scripts")
RUNS_HERE = doctor._runs_here
STARTED = {
    "outcome": "started",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "gpus": [],
    "cuda_build": False,
}


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch, tmp_path):
    """No setting in force, no card, no control groups, and nothing remembered from another test."""
    for name in list(os.environ):
        if name.startswith(("COURSE_", "CPU_", "MEM_", "CUDA_", "KERAS_", "JUPYTER", "COLAB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(memory, "OWN_CGROUPS", tmp_path / "no such file")
    monkeypatch.setattr(doctor, "_runs_here", bool)  # whatever other tests have loaded
    caches = doctor._probe, doctor._nvidia_cards
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def only(findings, level, *, says=(), remedy=()):
    """The only finding, of that level, that has those words. Whatever is not well has a remedy."""
    (finding,) = findings
    assert finding.level == level, finding
    assert all(word in finding.text for word in says), finding
    assert all(word in finding.remedy for word in remedy), finding
    assert (finding.level == OK) == (not finding.remedy), finding
    return finding


# ---- the report ----------------------------------------------------------------------------


def test_marks_are_told_apart_without_colour_and_without_unicode():
    for encoding, marks in (("utf-8", doctor.MARKS), ("cp1252", doctor.ASCII_MARKS)):
        assert len(set(marks.values())) == 4
        for level in doctor.LEVELS:
            first, second = doctor.report(
                Finding(level, "disk", "full", "empty it"), encoding=encoding
            ).splitlines()
            assert first.split() == [marks[level], "disk", "full"]
            assert second.split() == [marks["remedy"], "empty", "it"]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", None])
def test_report_fits_any_console(encoding):
    finding = Finding(PROBLEM, "disk", "nothing fits in /home/Zoë", "ask Ω")
    told = doctor.report(finding, encoding=encoding)
    assert told.encode(encoding or "ascii").decode(encoding or "ascii") == told
    assert "nothing fits in /home/Zo" in told


@pytest.mark.parametrize(
    ("levels", "status", "last"),
    [
        ([OK, OK], 0, "Ready."),
        ([OK, NOTE], 0, "Ready: lessons run, with 1 note."),
        ([NOTE, PROBLEM, PROBLEM], 1, "2 problems."),
    ],
)
def test_exit_status_is_1_for_problems_only(monkeypatch, capsys, levels, status, last):
    checks = [lambda level=level: [Finding(level, "x", "y", "z")] for level in levels]
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert doctor.run_doctor() == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)
    assert doctor.run_doctor(as_json=True) == status
    content = json.loads(capsys.readouterr().out)
    assert content["ready"] is (status == 0)
    assert content["findings"] == [
        {"level": level, "topic": "x", "text": "y", "remedy": "z"} for level in levels
    ]


def test_a_check_that_fails_does_not_stop_the_others(monkeypatch):
    def check_weather():
        raise RuntimeError("rain")

    monkeypatch.setattr(doctor, "CHECKS", [check_weather, lambda: [Finding(OK, "x", "y")]])
    first, second = doctor.examine()
    assert (first.level, first.topic) == (NOTE, "weather")
    assert "rain" in first.text
    assert second.level == OK


def test_a_visit_tells_what_is_in_order_in_a_line_and_the_rest_in_full(monkeypatch, capsys):
    checks = [
        lambda: [Finding(OK, "disk", "9 GB free in /home/ada"), Finding(OK, "disk", "in /tmp")],
        lambda: [Finding(OK, "memory", "8 GB")],
        list,
        lambda: [Finding(OK, "data", "here"), Finding(NOTE, "data", "damaged", "fetch it")],
    ]
    monkeypatch.setattr(doctor, "CHECKS", checks)
    doctor.visit()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["disk", "memory", "data", "fetch"]
    assert "/home" not in lines[0] and "8 GB" in lines[1] and "damaged" in lines[2]


# ---- Python and the packages -----------------------------------------------------------------


def test_which_course_on_which_system(monkeypatch, tmp_path):
    version, system = metadata.version(machine.DISTRIBUTION), doctor.platform.system()
    only(doctor.check_course(), OK, says=[version, str(ROOT), system])
    monkeypatch.setattr(doctor, "LOCK", tmp_path / "requirements.lock")
    (finding,) = doctor.check_course()
    assert version in finding.text and str(ROOT) not in finding.text


def test_this_python_will_do():
    only(doctor.check_python(), OK)


@pytest.mark.parametrize("version", ["3.11.0", "3.12.0rc1", "3.13.2+"])
def test_python_in_range(monkeypatch, version):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: version)
    only(doctor.check_python(), OK, says=[version.rstrip("+")])


@pytest.mark.parametrize("version", ["3.10.14", "3.14.0", "3.14.0rc1"])
@pytest.mark.parametrize("copy", [True, False])
def test_python_out_of_range(monkeypatch, tmp_path, version, copy):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: version)
    monkeypatch.setattr(doctor, "COPY", ROOT if copy else tmp_path)
    says = [version, ">=3.11", "TensorFlow"]
    finding = only(doctor.check_python(), PROBLEM, says=says, remedy=["3.12"])
    assert ("make lab" in finding.remedy) == (copy and os.name != "nt")


def test_python_of_another_make(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_implementation", lambda: "PyPy")
    only(doctor.check_python(), PROBLEM, says=["PyPy"])


def test_python_of_32_bits(monkeypatch):
    monkeypatch.setattr(doctor.sys, "maxsize", 2**31 - 1)
    only(doctor.check_python(), PROBLEM, says=["32 bits"], remedy=["64-bit"])


def write(path, text="x = 1\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_files_that_hide_modules(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "COPY", tmp_path / "copy")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "notes.py")
    only(doctor.check_files(), OK)
    here = write(tmp_path / "random.py")
    only(doctor.check_files(), PROBLEM, says=[str(here), "module random"], remedy=["rename"])
    there = write(tmp_path / "copy" / "notebooks" / "exercises" / "keras" / "__init__.py").parent
    monkeypatch.setattr(copies, "CLONE", tmp_path / "copy")
    write(tmp_path / "copy" / "notebooks" / "00_start_here.ipynb")
    own = write(tmp_path / "copy" / "my_course" / "json.py")
    _, *others = doctor.check_files()
    for finding, path, module in zip(others, (there, own), ("keras", "json"), strict=True):
        only([finding], PROBLEM, says=[str(path), f"module {module}"], remedy=["rename"])


@pytest.mark.parametrize(
    "folder", [ROOT, ROOT.parent, ROOT / "tests", ROOT / "tools", ROOT / "lessons"]
)
def test_the_courses_own_folders_hide_nothing(monkeypatch, folder):
    monkeypatch.chdir(folder)
    only(doctor.check_files(), OK)


@pytest.fixture
def packages(monkeypatch, tmp_path):
    """A made-up environment: what is installed, what is declared, and the lock."""
    installed = {"keras": "3.15.1", "tensorflow-cpu": "2.21.0", "numpy": "2.4.6"}
    installed["jupyterlab"] = "4.6.6"
    declared = [
        "tensorflow-cpu==2.21.*; sys_platform != 'nowhere' and extra == 'tensorflow'",
        "tensorflow==2.21.*; sys_platform == 'nowhere' and extra == 'tensorflow'",
        "keras>=3.13,<4",
        "numpy>=2",
        "jupyterlab>=4.4; extra == 'lab'",
        "tensorflow[and-cuda]==2.21.*; extra == 'gpu'",
        "ruff>=0.9; extra == 'dev'",
    ]
    monkeypatch.setattr(doctor.metadata, "requires", lambda _name: declared)
    monkeypatch.setattr(doctor, "_version", installed.get)
    lock = tmp_path / "requirements.lock"
    lock.touch()
    monkeypatch.setattr(doctor, "LOCK", lock)
    monkeypatch.setattr(doctor, "COPY", tmp_path)
    return SimpleNamespace(installed=installed, lock=lock, declared=declared)


def test_packages_as_wanted(packages):
    only(doctor.check_packages(), OK, says=["all 4"])


def test_packages_missing(packages):
    packages.installed.clear()
    says = ["tensorflow-cpu, keras, numpy, jupyterlab"]
    only(doctor.check_packages(), PROBLEM, says=says, remedy=[f"pip install -r {packages.lock}"])


def test_packages_missing_in_an_install_without_the_lock(packages):
    """As from a wheel: the command names what is missing, with its range."""
    packages.lock.unlink()
    del packages.installed["keras"], packages.installed["tensorflow-cpu"]
    remedy = [f'{sys.executable} -m pip install "tensorflow-cpu==2.21.*" "keras>=3.13,<4"']
    only(doctor.check_packages(), PROBLEM, says=["tensorflow-cpu, keras"], remedy=remedy)


def test_commands_where_uv_made_the_environment(packages, monkeypatch):
    """Without pip in it, unless it was asked for."""
    del packages.installed["keras"]
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: None)
    remedy = [f"uv pip install --python {sys.executable} -r {packages.lock}"]
    only(doctor.check_packages(), PROBLEM, says=["keras"], remedy=remedy)
    assert doctor._pip("uninstall") == f"uv pip uninstall --python {sys.executable}"


@pytest.mark.parametrize("own", [True, False])
def test_a_platform_with_a_notebook_and_a_tensorflow_of_its_own(packages, monkeypatch, own):
    if own:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    packages.lock.unlink()
    packages.installed["tensorflow"] = packages.installed.pop("tensorflow-cpu")
    del packages.installed["jupyterlab"]
    monkeypatch.setitem(sys.modules, "jupyterlab.commands", None)
    if own:
        only(doctor.check_packages(), OK, says=["all 3"])
        only(doctor.check_widgets(), OK, says=["JupyterLab"])
    else:
        remedy = ['"jupyterlab>=4.4"']
        only(doctor.check_packages(), PROBLEM, says=["jupyterlab"], remedy=remedy)
        only(doctor.check_widgets(), PROBLEM, says=["JupyterLab"], remedy=remedy)


@pytest.mark.parametrize(
    ("system", "processor", "says", "remedy"),
    [("darwin", "x86_64", "Intel", "arm64"), ("win32", "ARM64", "Windows on Arm", "WSL2")],
)
@pytest.mark.parametrize("version", [None, "2.16.2"])
def test_a_machine_for_which_there_is_no_tensorflow(
    packages, monkeypatch, system, processor, says, remedy, version
):
    monkeypatch.setattr(doctor.sys, "platform", system)
    monkeypatch.setattr(doctor.platform, "machine", lambda: processor)
    packages.installed["tensorflow-cpu"] = version
    addresses = []
    fields = SimpleNamespace(get_all=lambda _name: addresses or None)
    monkeypatch.setattr(doctor.metadata, "metadata", lambda _name: fields)
    finding = only(doctor.check_packages(), PROBLEM, says=[says], remedy=[remedy, "docs/hosts.md"])
    assert "install -r" not in finding.remedy
    addresses += ["Changes, https://example.org", "Repository, https://example.org/course"]
    only(doctor.check_packages(), PROBLEM, remedy=[remedy, "https://example.org/course"])


def test_jupyterlab_asks_for_more_than_another_front_end(packages, monkeypatch):
    """Colab's ipywidgets does there; the command that is named brings what is needed here."""
    packages.declared += ["ipywidgets>=7.7", "ipywidgets>=8.1; extra == 'lab'"]
    packages.installed["ipywidgets"] = "7.7.1"
    packages.lock.unlink()
    says, remedy = ["ipywidgets 7.7.1 (needed: >=8.1)"], ['"ipywidgets>=8.1"']
    only(doctor.check_packages(), PROBLEM, says=says, remedy=remedy)
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    del packages.installed["jupyterlab"]
    only(doctor.check_packages(), OK)
    packages.installed["ipywidgets"] = "7.6.5"
    says, remedy = ["ipywidgets 7.6.5 (needed: >=7.7)"], ['"ipywidgets>=7.7"']
    only(doctor.check_packages(), PROBLEM, says=says, remedy=remedy)


def test_packages_of_other_versions(packages):
    packages.installed |= {"tensorflow-cpu": "2.15.0", "keras": "2.15.0"}
    says = ["tensorflow-cpu 2.15.0 (needed: ==2.21.*)", "keras 2.15.0"]
    only(doctor.check_packages(), PROBLEM, says=says, remedy=["pip install -r"])


def test_the_cuda_build_stands_in_for_tensorflow_cpu(packages):
    packages.installed["tensorflow"] = packages.installed.pop("tensorflow-cpu")
    packages.lock.write_text("tensorflow-cpu==2.21.0 \\\n    --hash=sha256:0\n")
    only(doctor.check_packages(), OK, says=["as in requirements.lock"])


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize("card", [False, True])
def test_both_builds_of_tensorflow(packages, monkeypatch, card, copy):
    if copy:
        write(packages.lock.with_name("Makefile"))
    packages.installed["tensorflow"] = "2.21.0"
    monkeypatch.setattr(doctor, "_nvidia_cards", lambda: ("RTX",) * card)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    remedy = ["uninstall --yes tensorflow tensorflow-cpu", "install"]
    if card:
        remedy = ["make gpu"] if copy else [*remedy, '"tensorflow[and-cuda]==2.21.*"']
    only(doctor.check_packages(), PROBLEM, says=["both installed"], remedy=remedy)


def test_packages_not_as_in_the_lock(packages):
    packages.lock.write_text(
        "keras==3.15.1 \\\n    --hash=sha256:0\nnumpy==2.4.5 ; sys_platform != 'nowhere' \\\n"
        "    --hash=sha256:0\nnumpy==2.0 ; sys_platform == 'nowhere' \\\n    --hash=sha256:0\n"
        "tqdm==4.70.1 \\\n    --hash=sha256:0\n"
    )
    says = ["numpy 2.4.6 (lock: 2.4.5), tqdm missing (lock: 4.70.1)"]
    only(doctor.check_packages(), NOTE, says=says, remedy=[f"-r {packages.lock}"])


def test_the_lock_is_read_whole():
    assert doctor._locked()["keras"]
    names = [
        line.split("==")[0]
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if line and line[0].isalnum() and ";" not in line
    ]
    assert set(names) <= set(doctor._locked())


def test_course_utils_not_installed(packages, monkeypatch):
    def absent(name):
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "requires", absent)
    remedy = [f'--no-deps --editable "{packages.lock.parent}"']
    only(doctor.check_packages(), PROBLEM, says=["deep-vision-course"], remedy=remedy)
    packages.lock.unlink()
    only(doctor.check_packages(), PROBLEM, says=["deep-vision-course"], remedy=["anew"])


def test_packaging_not_installed(packages, monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    only(doctor.check_packages(), PROBLEM, says=["packaging is not"], remedy=["pip install -r"])


# ---- TensorFlow: the other process really runs, with something else in TensorFlow's place -----


def test_tensorflow_starts(monkeypatch):
    monkeypatch.setattr(
        doctor, "_PROBE", f"print('noise'); print({json.dumps(json.dumps(STARTED))})"
    )
    only(doctor.check_tensorflow(), OK, says=["2.21.0 with Keras 3.15.1"])


def signalled(name, words=""):
    number = int(getattr(signal, name, 0))  # Windows has not all of them, and skips these tests
    write = f"sys.stderr.write({words!r}); sys.stderr.flush()"  # a signal leaves it unwritten
    return f"import os, sys; {write}; os.kill(os.getpid(), {number})"


@pytest.mark.parametrize(
    ("probe", "says", "remedy"),
    [
        pytest.param(signalled("SIGILL"), "AVX", "newer computer", marks=needs_posix),
        pytest.param(
            signalled("SIGABRT", "TensorFlow was compiled to use AVX instructions"),
            "AVX",
            "newer computer",
            marks=needs_posix,
        ),
        pytest.param(signalled("SIGKILL"), "memory", "close", marks=needs_posix),
        pytest.param(
            signalled("SIGSEGV", "ouch"), "SIGSEGV, ouch", "install -r", marks=needs_posix
        ),
        ("raise ImportError('DLL load failed while importing x')", "DLL", "Visual C++"),
        ("import no_such_module_here", "no_such_module_here", "uninstall"),
        ("raise SystemExit(3)", "exit status 3): no message", "install -r"),
        ("print('no report')", "exit status 0", "install -r"),
    ],
)
def test_tensorflow_does_not_start(monkeypatch, probe, says, remedy):
    monkeypatch.setattr(doctor, "_PROBE", probe)
    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor, "_nvidia_cards", lambda: ())
    only(doctor.check_tensorflow(), PROBLEM, says=[says], remedy=[remedy])


def test_illegal_instruction_on_windows_and_on_a_mac(monkeypatch):
    monkeypatch.setattr(doctor.sys, "platform", "win32")
    assert "AVX" in doctor._diagnose(3221225501, "")[0]
    monkeypatch.setattr(doctor.sys, "platform", "darwin")
    assert "arm64" in doctor._diagnose(-4, "")[1]


def test_tensorflow_hangs(monkeypatch):
    monkeypatch.setattr(doctor, "_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.3)
    only(doctor.check_tensorflow(), PROBLEM, says=["0.3 s"], remedy=["course doctor"])


def test_tensorflow_absent_is_said_once(packages, monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: None)
    only(doctor.check_tensorflow(), PROBLEM, says=["files are gone"], remedy=["uninstall"])
    del packages.installed["tensorflow-cpu"]
    assert doctor.check_tensorflow() == []
    only(doctor.check_packages(), PROBLEM, says=["tensorflow-cpu"])


def test_keras_set_otherwise(monkeypatch, tmp_path):
    """Lessons set it right for themselves; what is in the file is told."""
    monkeypatch.setattr(doctor, "_probe", lambda: STARTED)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    place = tmp_path / "keras.json"
    for content in ('{"floatx": "float32"}', "[]", "no JSON", b"\xff"):
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        only(doctor.check_tensorflow(), OK)
    write_json(place, {"backend": "jax", "image_data_format": "channels_first", "floatx": 16})
    _, *others = doctor.check_tensorflow()
    for finding, words in zip(others, ("jax", "channels_first", "16"), strict=True):
        only([finding], NOTE, says=[words], remedy=[str(place)])
    write_json(place, {})
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    _, *others = doctor.check_tensorflow()
    only(others, NOTE, says=["torch"], remedy=["environment variable KERAS_BACKEND"])
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    only(doctor.check_tensorflow(), OK)


@pytest.mark.parametrize(
    "place", ["keras/src/backend/config.py", "tensorflow/python/keras/backend.py"]
)
def test_keras_stops_at_its_settings(monkeypatch, tmp_path, place):
    """The two that read keras.json, and don't start with a wrong one."""
    write(tmp_path / place, "raise ValueError('Invalid floatx: bfloat16')")
    monkeypatch.setattr(
        doctor, "_PROBE", f"import runpy; runpy.run_path({str(tmp_path / place)!r})"
    )
    remedy = [str(machine.keras_json())]
    only(doctor.check_tensorflow(), PROBLEM, says=["bfloat16"], remedy=remedy)


@pytest.mark.parametrize(("outcome", "level"), [("started", NOTE), ("failed", PROBLEM)])
def test_tensorflow_metal(monkeypatch, outcome, level):
    probe = STARTED | {"outcome": outcome, "status": 1, "stderr": "Symbol not found"}
    monkeypatch.setattr(doctor, "_probe", lambda: probe)
    monkeypatch.setattr(doctor, "_version", {machine.METAL: "1.2.0"}.get)
    _, metal = doctor.check_tensorflow()
    only([metal], level, says=["tensorflow-metal"], remedy=["uninstall --yes tensorflow-metal"])


def test_a_file_in_the_folder_does_not_get_into_the_other_process(monkeypatch, tmp_path):
    write(tmp_path / "random.py", "raise ImportError('mine')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "_PROBE", 'import random; print(\'{"outcome": "well"}\')')
    assert doctor._probe() == {"outcome": "well"}


def test_where_tensorflow_runs_already_it_is_not_started_again(monkeypatch):
    """What `_describe` says of the real one, the other process is asked for in the last section."""
    monkeypatch.setattr(doctor, "_runs_here", RUNS_HERE)
    monkeypatch.setattr(doctor, "_PROBE", "raise SystemExit(3)")
    for name, version in (("tensorflow", "9.1"), ("keras", "9.2")):
        monkeypatch.setitem(sys.modules, name, MagicMock(__version__=version))
    only(doctor.check_tensorflow(), OK, says=["9.1 with Keras 9.2"])


def test_the_other_process_always_runs_on_tensorflow(monkeypatch):
    """Keras with the backend `torch` would not load at all where there is no torch."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    asks = "import json, os; print(json.dumps({'outcome': os.environ['KERAS_BACKEND']}))"
    monkeypatch.setattr(doctor, "_PROBE", asks)
    assert doctor._probe() == {"outcome": "tensorflow"}


# ---- the machine ------------------------------------------------------------------------------


def test_gpu_in_use_and_none(monkeypatch):
    monkeypatch.setattr(doctor, "_nvidia_cards", lambda: ())
    monkeypatch.setattr(doctor, "_probe", lambda: STARTED)
    only(doctor.check_gpu(), OK, says=["none"])
    monkeypatch.setattr(doctor, "_probe", lambda: STARTED | {"gpus": ["RTX 4090"]})
    only(doctor.check_gpu(), OK, says=["RTX 4090"])


@pytest.mark.parametrize(
    ("platform", "probe", "visible", "remedy"),
    [
        ("linux", {}, None, "make gpu"),
        ("linux", {"cuda_build": True}, None, "driver"),
        ("linux", {"cuda_build": True}, "-1", "CUDA_VISIBLE_DEVICES"),
        ("linux", {"cuda_build": True}, "", "CUDA_VISIBLE_DEVICES"),
        ("win32", {}, None, "WSL2"),
    ],
)
def test_gpu_not_seen(monkeypatch, platform, probe, visible, remedy):
    monkeypatch.setattr(doctor, "_nvidia_cards", lambda: ("RTX 4090",))
    monkeypatch.setattr(doctor, "_probe", lambda: STARTED | probe)
    monkeypatch.setattr(doctor.sys, "platform", platform)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    only(doctor.check_gpu(), NOTE, says=["RTX 4090"], remedy=[remedy])


@needs_posix
@pytest.mark.parametrize(
    ("script", "cards"),
    [
        ("echo NVIDIA A; echo NVIDIA B", ("NVIDIA A", "NVIDIA B")),
        ("echo no driver; exit 9", ()),
        ("exit 0", ()),
        (None, ()),
    ],
)
def test_cards_are_asked_of_the_driver(monkeypatch, tmp_path, script, cards):
    if script:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor._nvidia_cards() == cards


def test_processor(monkeypatch):
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(doctor, "cpu_count", lambda: 3)
    finding = only(doctor.check_cpu(), OK)
    assert finding.topic == "processor" and numbers_in(finding.text) == [8, 3]
    monkeypatch.setenv("CPU_LIMIT", "2.0")
    only(doctor.check_cpu(), OK, says=["CPU_LIMIT=2.0"])


def test_cores_cannot_be_counted(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    only(doctor.check_cpu(), NOTE, says=["joblib"], remedy=["pip install"])


def with_memory(monkeypatch, total, available):
    fake = SimpleNamespace(total=total * GB, available=available * GB)
    monkeypatch.setattr("psutil.virtual_memory", lambda: fake)
    monkeypatch.setattr("psutil.process_iter", lambda: iter([]))


def test_memory(monkeypatch, tmp_path):
    with_memory(monkeypatch, 16, 8)
    only(doctor.check_memory(), OK, says=["16.0 GB, 8.0 GB available"])
    monkeypatch.setenv("MEM_LIMIT", str(2 * GB))
    only(doctor.check_memory(), OK, says=["2.0 GB available", "MEM_LIMIT: 2.0 GB"])
    control_groups(monkeypatch, tmp_path, "0::/\n", {"memory.max": str(GB // 2)})
    only(doctor.check_memory(), PROBLEM, says=["container's limit: 0.5 GB"], remedy=["2 GB"])


@pytest.mark.parametrize("limit", ["garbage", "0", "-1", "", str(99 * GB)])
def test_memory_limits_that_limit_nothing(monkeypatch, limit):
    with_memory(monkeypatch, 16, 8)
    monkeypatch.setenv("MEM_LIMIT", limit)
    assert "MEM_LIMIT" not in only(doctor.check_memory(), OK).text


def test_memory_in_use_by_others(monkeypatch):
    with_memory(monkeypatch, 16, 1.4)
    only(doctor.check_memory(), NOTE, remedy=["close"])
    monkeypatch.setattr(memory, "other_kernels", lambda: [("02_mnist.ipynb", 1.0 * GB)])
    only(doctor.check_memory(), NOTE, says=["1.4 GB"], remedy=["02_mnist.ipynb (1.0 GB)"])


def test_memory_cannot_be_measured(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    only(doctor.check_memory(), NOTE, says=["psutil"], remedy=["pip install"])


# ---- disk, data and settings ------------------------------------------------------------------


def test_disk(monkeypatch, tmp_path):
    for_data, for_temporary = doctor.check_disk()
    only([for_data], OK, says=[str(tmp_path)])
    only([for_temporary], OK)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _folder: SimpleNamespace(free=0.4e9))
    for_data, for_temporary = doctor.check_disk()
    only([for_data], NOTE, says=["0.4 GB"], remedy=["500 MB", "COURSE_DATA_DIR"])
    only([for_temporary], NOTE, remedy=["TMPDIR"])


def test_no_folder_for_temporary_files(monkeypatch):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(doctor.tempfile, "gettempdir", none)
    only(doctor.check_disk(), PROBLEM, remedy=["TMPDIR"])


def record(here, name="mnist", source="a.org"):
    return data.Status(name, here, source, 11.5, True, "a download")


@pytest.mark.parametrize(
    ("here", "level", "says", "remedy"),
    [
        ("all", OK, "here, 12 MB from a.org", ""),
        ("part", OK, "in part here; a lesson would use a download", ""),
        ("none", OK, "not here; a lesson would use a download", ""),
        ("damaged", NOTE, "damaged", "course data fetch mnist"),
    ],
)
def test_data(monkeypatch, here, level, says, remedy):
    monkeypatch.setattr(data, "status", lambda: [record(here)])
    only(doctor.check_data(), level, says=["mnist", says], remedy=[remedy])


def test_own_photos_that_are_damaged(monkeypatch):
    damaged = record("damaged", name="pets-own", source="/home/me/photos")
    monkeypatch.setattr(data, "status", lambda: [damaged])
    remedy = ["course data add pets /home/me/photos"]
    only(doctor.check_data(), NOTE, says=["pets-own"], remedy=remedy)


def test_every_data_set_is_told(tmp_path):
    findings = doctor.check_data()
    assert [finding.level for finding in findings] == [OK] * len(data.status())
    told = " ".join(finding.text for finding in findings)
    usual = [name for name, dataset in data.DATASETS.items() if not dataset.on_request]
    assert all(f"{name}: not here" in told for name in usual)
    assert not (tmp_path / "data").exists()  # looking leaves nothing behind


def test_data_folder_takes_no_files(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "folder"))
    monkeypatch.setattr(data, "status", list)
    only(doctor.check_data(), PROBLEM, says=[str(tmp_path)], remedy=["COURSE_DATA_DIR"])


def test_data_cannot_be_looked_at(monkeypatch):
    monkeypatch.setattr(data, "data_folder", None)  # so that the attribute is put back
    monkeypatch.delattr("course.data")
    monkeypatch.setitem(sys.modules, "course.data", None)
    only(doctor.check_data(), NOTE, remedy=["pip install"])


def test_no_settings(monkeypatch):
    monkeypatch.delenv("COURSE_DATA_DIR")
    only(doctor.check_settings(), OK, says=["none"])


@pytest.mark.parametrize(
    ("name", "value", "level", "word"),
    [
        ("COURSE_SCALE", "quick", OK, "quick"),
        ("COURSE_SCALE", "fast", PROBLEM, "quick or full"),
        ("COURSE_BASE", "vgg16", OK, "COURSE_BASE=vgg16"),
        ("COURSE_BASE", "alexnet", PROBLEM, "mobilenetv2, vgg16"),
        ("COURSE_MIRROR", str(ROOT), OK, str(ROOT)),
        ("COURSE_MIRROR", "https://example.org/data", OK, "example.org"),
        ("COURSE_MIRROR", "https://ada:secret@example.org/data", OK, "https://***@example.org"),
        ("COURSE_MIRROR", "~nobody-of-this-name/data", NOTE, "remove it"),
        ("COURSE_MIRROR", str(ROOT / "nowhere"), NOTE, "remove it"),
        ("COURSE_DATA_DIR", str(ROOT.resolve()), OK, "COURSE_DATA_DIR"),
        ("COURSE_DATA_DIR", "data", NOTE, "whole path"),
        ("COURSE_OFFLINE", "1", OK, "nothing is downloaded"),
        ("COURSE_OFFLINE", "0", OK, "downloads are allowed"),
        ("KERAS_MAX_EPOCHS", "1", NOTE, "remove it"),
        ("KERAS_MAX_STEPS_PER_EPOCH", "3", NOTE, "remove it"),
    ],
)
def test_settings(monkeypatch, name, value, level, word):
    monkeypatch.delenv("COURSE_DATA_DIR")
    monkeypatch.setenv(name, value)
    if level == OK:
        only(doctor.check_settings(), OK, says=[word])
    else:
        only(doctor.check_settings(), level, says=[f"{name}={value}"], remedy=[word])


# ---- JupyterLab: its own search paths, pointed at folders made here -----------------------------


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_widgets_work_here():
    only(doctor.check_widgets(), OK, says=["ipywidgets", "jupyterlab_widgets"])


def test_widgets_not_installed(monkeypatch):
    monkeypatch.setattr(doctor, "_version", {"ipywidgets": "8.1.9"}.get)
    only(doctor.check_widgets(), PROBLEM, says=["jupyterlab_widgets"], remedy=["pip install"])


def test_jupyterlab_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab.commands", None)
    only(doctor.check_widgets(), PROBLEM, says=["JupyterLab"], remedy=["pip install"])


def test_labextension_not_found(monkeypatch, tmp_path):
    import jupyter_core.paths

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *_parts: [str(tmp_path)])
    only(doctor.check_widgets(), PROBLEM, says=["no sliders"], remedy=["jupyterlab_widgets=="])


def test_labextension_of_another_version_hides_ours(monkeypatch, tmp_path):
    folder = tmp_path / "labextensions" / doctor.WIDGETS
    write_json(folder / "package.json", {"name": doctor.WIDGETS, "version": "3.1.0"})
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    only(doctor.check_widgets(), PROBLEM, says=["3.1.0"], remedy=[str(folder)])


@pytest.mark.parametrize("name", [doctor.WIDGETS, f"{doctor.WIDGETS}:plugin"])
def test_labextension_disabled(monkeypatch, tmp_path, name):
    page_config = {"disabledExtensions": {name: True, "something-else": True}}
    write_json(tmp_path / "labconfig" / "page_config.json", page_config)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    says, remedy = ["disabled", name], [f"labextension enable {name}"]
    only(doctor.check_widgets(), PROBLEM, says=says, remedy=remedy)


def test_kernel_is_this_python():
    only(doctor.check_kernel(), OK, says=[sys.executable])


def with_kernel(monkeypatch, tmp_path, *argv):
    spec = {"argv": [*argv], "display_name": "Python 3", "language": "python"}
    write_json(tmp_path / "kernels" / "python3" / "kernel.json", spec)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))


def test_kernel_by_name_and_by_path(monkeypatch, tmp_path):
    beside = Path(sys.executable).with_name(f"python3{Path(sys.executable).suffix}")
    programs = ["python", "python3", sys.executable, *([str(beside)] if beside.exists() else [])]
    for program in programs:
        with_kernel(monkeypatch, tmp_path, program, "-m", "ipykernel_launcher")
        only(doctor.check_kernel(), OK)


def test_kernel_of_another_python(monkeypatch, tmp_path):
    with_kernel(monkeypatch, tmp_path, str(tmp_path / "gone" / "python"))
    remedy = ["JUPYTER_PREFER_ENV_PATH=1", str(tmp_path / "kernels" / "python3")]
    only(doctor.check_kernel(), PROBLEM, says=["gone"], remedy=remedy)
    with_kernel(monkeypatch, tmp_path)
    only(doctor.check_kernel(), PROBLEM, says=["nothing"])


@needs_posix
def test_kernel_of_an_environment_made_from_the_same_python(monkeypatch, tmp_path):
    """Its `bin/python` is a link to the same file as ours, yet it has other packages."""
    other = tmp_path / "other" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.symlink_to(Path(sys.executable).resolve())
    with_kernel(monkeypatch, tmp_path, str(other))
    only(doctor.check_kernel(), PROBLEM, says=[str(other)])


def test_kernel_of_this_environment_gone_wrong(monkeypatch, tmp_path):
    with_kernel(monkeypatch, tmp_path, str(tmp_path / "gone" / "python"))
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    only(doctor.check_kernel(), PROBLEM, remedy=["ipykernel install --sys-prefix"])


def test_kernel_unreadable(monkeypatch, tmp_path):
    with_kernel(monkeypatch, tmp_path, "python")
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text("{")
    only(doctor.check_kernel(), PROBLEM, says=["unreadable"], remedy=["ipykernel install"])


def test_kernel_absent(monkeypatch):
    from jupyter_client import kernelspec

    def none(_self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    only(doctor.check_kernel(), PROBLEM, says=["no kernel"], remedy=["ipykernel install"])
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: None)
    only(doctor.check_kernel(), PROBLEM, says=["ipykernel is not"], remedy=["pip install"])
    monkeypatch.setitem(sys.modules, "jupyter_client.kernelspec", None)
    only(doctor.check_kernel(), PROBLEM, says=["Jupyter"], remedy=["pip install"])


# ---- the whole --------------------------------------------------------------------------------


def test_course_doctor_finds_this_environment_well(tmp_path):
    """The command itself, TensorFlow started and all, on a console without Unicode."""
    command = shutil.which("course", path=Path(sys.executable).parent)
    assert command, "the package is not installed: pip install --no-deps --editable ."
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [command, "doctor"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("Ready")
    marks = set(doctor.ASCII_MARKS.values())
    assert {line.split()[0] for line in lines[:-2]} <= marks
    assert any(line.split()[1] == "TensorFlow" and "starts" in line for line in lines[:-2])


def test_doctor_speaks_where_nothing_is_installed():
    """Without site-packages there is no TensorFlow, no Jupyter, no psutil: nine tenths missing."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    code += "from course.cli.doctor import run_doctor; sys.exit(run_doctor(as_json=True))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    findings = json.loads(done.stdout)["findings"]
    levels = {(finding["topic"], finding["level"]) for finding in findings}
    assert {("packages", PROBLEM), ("widgets", PROBLEM), ("kernel", PROBLEM)} <= levels
    assert not [finding for finding in findings if "could not be checked" in finding["text"]]
    assert all(finding["remedy"] for finding in findings if finding["level"] != OK)


def test_importing_the_doctor_is_cheap():
    code = (
        "import sys; before = set(sys.modules); import course.cli.doctor; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(done.stdout.split()) - sys.stdlib_module_names
    loaded = {name for name in loaded if not name.startswith("_sysconfigdata")}  # of sysconfig
    assert loaded == {"course", "course_utils"}
