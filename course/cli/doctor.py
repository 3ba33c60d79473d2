"""What stands between this machine and the lessons: the checks behind `course doctor`.

Each `check_...` function looks at one thing and returns what it found; CHECKS lists them in the
order of the report. Only the standard library is imported at the top, and TensorFlow is started
only in another process: with anything missing or broken, the doctor still speaks.
"""

import contextlib
import functools
import importlib.util
import inspect
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

from course_utils import machine, memory
from course_utils.machine import DISTRIBUTION
from course_utils.machine import version as _version
from course_utils.memory import GB
from course_utils.start import SCALES, cpu_count
from course_utils.texts import counted, fitting

__all__ = ["CHECKS", "Finding", "examine", "report", "run_doctor", "visit"]

OK, NOTE, PROBLEM = LEVELS = "ok", "note", "problem"
# Marks differ in shape, not only in colour; the second set is for consoles without Unicode.
MARKS = {OK: "✓", NOTE: "!", PROBLEM: "✗", "remedy": "→"}
ASCII_MARKS = {OK: "ok", NOTE: "!!", PROBLEM: "XX", "remedy": "->"}

# What `visit` says of a topic in order; of others, what the check says.
PLAINLY = {
    "course": "installed",
    "Python": "of a version that the course runs on",
    "disk": "room for the data",
    "data": "to see which sets are here: !course data status",
    "settings": "none that stops a lesson",
    "widgets": "sliders and other instruments will work",
    "kernel": "notebooks run on the Python that the course is installed in",
}

PROBE_SECONDS = 120  # to import TensorFlow; 6 s are usual, a busy Binder machine takes a minute
DATA_BYTES = 500e6  # the data sets of the quick size, and room to unpack them
LITTLE_MEMORY = 1.0 * GB  # in all: a quick lesson peaks at about 0.9 GB
# An extra, but no lesson runs without it.
NEEDED = ({"extra": ""}, {"extra": "tensorflow"})
COPY = Path(__file__).parents[2]  # the folder of the course, where it isn't installed as a wheel
LOCK = COPY / "requirements.lock"  # there in a copy of the course only
NOTEBOOKS = ("notebooks", "notebooks/exercises")  # in a copy
ANEW = "install the course anew, the way it was installed here"
TENSORFLOWS = ("tensorflow", "tensorflow-cpu")  # two builds that install into one folder
WIDGETS = "@jupyter-widgets/jupyterlab-manager"
ILLEGAL_INSTRUCTION = {-4, 0xC000001D}  # exit statuses: SIGILL, and what Windows calls it


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        level: "ok"; "note": worth knowing, lessons run; "problem": some lesson cannot run.
        topic: what was looked at, in a word.
        text: what was seen.
        remedy: what to do about it; "" where there is nothing to do.
    """

    level: str
    topic: str
    text: str
    remedy: str = ""


def run_doctor(*, as_json: bool = False) -> int:
    """Examine this machine, print the report, and return the exit status of `course doctor`.

    Args:
        as_json: print one JSON object, {"ready": ..., "findings": [...]}, instead of lines.
    Returns:
        1 where there is a problem, else 0.
    """
    if as_json:
        findings = list(examine())
        ready = all(finding.level != PROBLEM for finding in findings)
        print(json.dumps({"ready": ready, "findings": list(map(asdict, findings))}, indent=2))
        return int(not ready)
    levels = []
    encoding = getattr(sys.stdout, "encoding", None)
    for finding in examine():
        print(report(finding, encoding=encoding), flush=True)
        levels.append(finding.level)
    problems, notes = levels.count(PROBLEM), levels.count(NOTE)
    print()
    if problems:
        mark = _marks(encoding)[PROBLEM]
        print(
            f"{counted(problems, 'problem')}. Put right what is marked {mark}, then: course doctor"
        )
    else:
        print("Ready." if not notes else f"Ready: lessons run, with {counted(notes, 'note')}.")
    return int(problems > 0)


def report(finding: Finding, *, encoding: str | None = "utf-8") -> str:
    """The lines that tell a finding, in characters that the encoding has.

    Args:
        finding: what to tell.
        encoding: of the stream it goes to; None counts as ASCII.
    Returns:
        one line, and a second with the remedy if there is one.
    Example:
        >>> print(report(Finding("note", "disk", "300 MB free", "empty the bin")))
        ! disk         300 MB free
                       → empty the bin
    """
    marks = _marks(encoding)
    width = max(map(len, (marks[level] for level in LEVELS)))
    lines = f"{marks[finding.level]:{width}} {finding.topic:12} {finding.text}"
    if finding.remedy:
        lines += f"\n{'':{width}} {'':12} {marks['remedy']} {finding.remedy}"
    return fitting(lines, encoding or "ascii")


def visit() -> None:
    """Examine this machine from a notebook: each check's result is printed at once.

    What is in order is said in plain words, and without this machine's folders, for a page that
    others will read; what is not, as `run_doctor` says it.
    """
    for check in CHECKS:
        findings = _findings_of(check)
        trouble = [finding for finding in findings if finding.level != OK]
        well = [replace(f, text=PLAINLY.get(f.topic, f.text)) for f in findings[:1]]
        for finding in trouble or well:
            print(report(finding), flush=True)


def examine() -> Iterator[Finding]:
    """Yield the findings of all checks, in order. A check that fails becomes a note itself."""
    for check in CHECKS:
        yield from _findings_of(check)


def _findings_of(check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except Exception as error:  # the other checks are still worth having
        topic = check.__name__.removeprefix("check_").replace("_", " ")
        return [Finding(NOTE, topic, f"could not be checked: {error!r}")]


def check_course() -> list[Finding]:
    """Which version of the course this is, in which form, and the system: for whoever helps."""
    version = machine.version(DISTRIBUTION)
    form = f"the whole course, in {COPY}" if LOCK.exists() else "installed as a package"
    text = f"{version or 'of no version'}, {form}; {platform.platform()}"
    return [Finding(OK, "course", text)]  # check_packages says what to do where it isn't installed


def check_python() -> list[Finding]:
    """Python's version against what the package declares; CPython, 64 bits."""
    version = platform.python_version().removesuffix("+")  # of a build between two releases
    kind = platform.python_implementation()
    wanted = ""
    with contextlib.suppress(ImportError, metadata.PackageNotFoundError):
        from packaging.specifiers import SpecifierSet

        wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"] or ""
        if not SpecifierSet(wanted).contains(version, prereleases=True):
            text = f"{version} runs here; the course, and TensorFlow, need {wanted}"
            remedy = "install Python 3.12, and the course there"
            if _has_make():
                remedy = "install uv, or Python 3.12; remove the folder .venv, then: make lab"
            return [Finding(PROBLEM, "Python", text, remedy)]
    if kind != "CPython" or sys.maxsize < 2**32:
        bits = 64 if sys.maxsize > 2**32 else 32
        text = f"{kind} with {bits} bits; TensorFlow exists for CPython with 64 bits only"
        return [Finding(PROBLEM, "Python", text, "install the 64-bit Python of python.org")]
    return [Finding(OK, "Python", f"{version}" + (f" (needed: {wanted})" if wanted else ""))]


def check_files() -> list[Finding]:
    """Files that hide modules: in this folder, and where notebooks are."""
    folders = [Path.cwd(), *(COPY / place for place in NOTEBOOKS)]
    with contextlib.suppress(ImportError):  # a Python without SQLite
        from course.workspace import copies

        folders.append(copies.home())
    findings = []
    for folder in dict.fromkeys(folders):
        for path, module in machine.hiding(folder):
            if COPY.is_relative_to(path):
                continue  # this copy's own folder: it harms no notebook in it
            text = f"{path} hides the module {module}, which the course needs"
            remedy = "rename it, then restart the kernels of the notebooks in that folder"
            findings.append(Finding(PROBLEM, "files", text, remedy))
    return findings or [Finding(OK, "files", "none hides a module that the course needs")]


def check_packages() -> list[Finding]:
    """The installed versions against pyproject.toml's ranges and, in a copy, requirements.lock."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        text = "packaging is not installed, so versions cannot be compared"
        return [Finding(PROBLEM, "packages", text, _install("packaging"))]
    try:
        declared = map(Requirement, metadata.requires(DISTRIBUTION) or [])
    except metadata.PackageNotFoundError:
        remedy = ANEW
        if LOCK.exists():
            remedy = f'{_pip("install")} --no-deps --editable "{COPY}"'
        text = f"the course itself ({DISTRIBUTION}) is not installed"
        return [Finding(PROBLEM, "packages", text, remedy)]
    wanted = [
        requirement
        for requirement in declared
        if not requirement.marker or any(map(requirement.marker.evaluate, _needed_extras()))
    ]
    missing, wrong = [], {}
    for requirement in wanted:
        version = _version_of(requirement.name)
        if version is None:
            missing.append(requirement.name)
        elif not requirement.specifier.contains(version, prereleases=True):
            wrong[requirement.name] = f"{version} (needed: {requirement.specifier})"
    findings = []
    trouble, remedy = _no_tensorflow()
    if trouble and set(TENSORFLOWS) & {*missing, *wrong}:
        findings.append(Finding(PROBLEM, "TensorFlow", trouble, remedy))
        missing = [name for name in missing if name not in TENSORFLOWS]
        wrong = {name: what for name, what in wrong.items() if name not in TENSORFLOWS}
    if missing:
        text = f"not installed: {', '.join(missing)}"
        findings.append(Finding(PROBLEM, "packages", text, _install(*missing)))
    if wrong:
        text = ", ".join(f"{name} {what}" for name, what in wrong.items())
        text = f"of another version than needed: {text}"
        findings.append(Finding(PROBLEM, "packages", text, _install(*wrong)))
    if all(_version(name) for name in TENSORFLOWS):
        text = "tensorflow and tensorflow-cpu are both installed: each overwrites the other's files"
        findings.append(Finding(PROBLEM, "packages", text, _reinstall_tensorflow()))
    if findings:
        return findings
    locked = _locked()
    strays = [
        f"{name} {_version_of(name) or 'missing'} (lock: {version})"
        for name, version in locked.items()
        if _version_of(name) != version
    ]
    if strays:
        more = f" and {len(strays) - 4} more" if len(strays) > 4 else ""
        text = f"usable, but not as in requirements.lock: {', '.join(strays[:4])}{more}"
        return [Finding(NOTE, "packages", text, _install())]
    text = f"all {len(wanted)} that the course needs"
    return [Finding(OK, "packages", text + (", as in requirements.lock" if locked else ""))]


def check_tensorflow() -> list[Finding]:
    """Whether TensorFlow starts, and how Keras is set."""
    probe = _probe()
    if probe["outcome"] == "absent":
        there = [name for name in TENSORFLOWS if _version(name)]
        if not there:
            return []  # check_packages has said so
        text = f"{there[0]} is on pip's list, but its files are gone"
        return [Finding(PROBLEM, "TensorFlow", text, _reinstall_tensorflow())]
    if probe["outcome"] == "silent":
        text = f"had not started after {PROBE_SECONDS} s"
        remedy = "close other programs, then: course doctor (the first start can be the slowest)"
        return [Finding(PROBLEM, "TensorFlow", text, remedy)]
    started = probe["outcome"] == "started"
    if not started:
        findings = [Finding(PROBLEM, "TensorFlow", *_diagnose(probe["status"], probe["stderr"]))]
    else:
        text = f"{probe['tensorflow']} with Keras {probe['keras']} starts"
        findings = [Finding(OK, "TensorFlow", text)]
    if _version(machine.METAL):
        level = NOTE if started else PROBLEM
        remedy = f"{_pip('uninstall')} {machine.METAL}"
        findings.append(Finding(level, "TensorFlow", machine.METAL_SAYS, remedy))
    for name, value, place in machine.keras_settings():
        text = (
            f'is set to {name} "{value}"; lessons set it to "{machine.KERAS[name]}" for themselves'
        )
        remedy = f"nothing, for lessons; for notebooks of your own, change or remove it in {place}"
        findings.append(Finding(NOTE, "Keras", text, remedy))
    return findings


def check_gpu() -> list[Finding]:
    """The graphics cards TensorFlow uses, and an NVIDIA card that it does not see."""
    probe, cards = _probe(), _nvidia_cards()
    if probe.get("gpus"):
        return [Finding(OK, "GPU", f"{', '.join(probe['gpus'])}: TensorFlow uses it")]
    if not cards:
        return [Finding(OK, "GPU", "none needed: the quick size is meant for a processor")]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if sys.platform != "linux":
        remedy = "TensorFlow uses NVIDIA cards on Linux only; on Windows, work inside WSL2"
    elif visible is not None and visible.strip() in ("", "-1"):
        remedy = f'the environment variable CUDA_VISIBLE_DEVICES is "{visible}": remove it'
    elif probe.get("cuda_build"):
        remedy = f"this TensorFlow is built for it: update the card's driver, then: {_cuda()}"
    else:
        remedy = f"{_cuda()} (lessons run without it, only slower)"
    return [Finding(NOTE, "GPU", f"{', '.join(cards)} is here; TensorFlow does not see it", remedy)]


def check_cpu() -> list[Finding]:
    """The cores of the machine, and those that lessons use."""
    text = counted(os.cpu_count() or 1, "core")
    try:
        text += f", lessons use {cpu_count()}"
    except ImportError:
        text += "; joblib is not installed, so how many lessons use is not known"
        return [Finding(NOTE, "processor", text, _install("joblib"))]
    if os.environ.get("CPU_LIMIT"):
        text += f" (CPU_LIMIT={os.environ['CPU_LIMIT']})"
    return [Finding(OK, "processor", text)]


def check_memory() -> list[Finding]:
    """Memory in all and available, within what the container and JupyterHub allow."""
    try:
        import psutil
    except ImportError:
        text = "psutil is not installed, so memory cannot be measured"
        return [Finding(NOTE, "memory", text, _install("psutil"))]
    total = psutil.virtual_memory().total
    limits = memory.limits(total)
    usable = min([total, *limits.values()])
    text = f"{total / GB:.1f} GB, {memory.available() / GB:.1f} GB available"
    for name, limit in limits.items():
        text += f"; {name}: {limit / GB:.1f} GB"
    if usable < LITTLE_MEMORY:
        text += "; a lesson needs about 1 GB"
        return [Finding(PROBLEM, "memory", text, "use a machine or a container with 2 GB or more")]
    if remedy := memory.shortage()[0].partition(": ")[2]:
        return [Finding(NOTE, "memory", text, remedy)]
    return [Finding(OK, "memory", text)]


def check_disk() -> list[Finding]:
    """Room for the data and for temporary files."""
    try:
        folders = {"temporary files": Path(tempfile.gettempdir())}
    except FileNotFoundError:
        remedy = "free some disk space, or point the environment variable TMPDIR at a folder"
        return [Finding(PROBLEM, "disk", "no folder takes temporary files", remedy)]
    with contextlib.suppress(ImportError):
        from course import data

        folders = {"data": data.data_folder(), **folders}
    findings = []
    for use, folder in folders.items():
        free = shutil.disk_usage(_existing(folder)).free
        text = f"{free / 1e9:,.1f} GB free for {use} in {folder}"
        if free >= DATA_BYTES:
            findings.append(Finding(OK, "disk", text))
            continue
        variable = "COURSE_DATA_DIR" if use == "data" else "TMPDIR"
        remedy = f"free {DATA_BYTES / 1e6:.0f} MB, or set {variable} to a folder on another disk"
        findings.append(Finding(NOTE, "disk", text, remedy))
    return findings


def check_data() -> list[Finding]:
    """Whether the data folder takes files, which data sets are here, and where from."""
    try:
        from course import data

        folder = data.data_folder()
    except ImportError as error:
        return [Finding(NOTE, "data", f"cannot be looked at: {error}", _install(error.name))]
    findings = []
    said, remedy = data.said_of_place()
    if said:
        findings.append(Finding(NOTE, "data", said, remedy))
    elif why := data.why_no_files(folder):
        text = f"nothing can be stored in {folder} ({why}), and lessons on photos stop at that"
        findings.append(Finding(PROBLEM, "data", text, "set COURSE_DATA_DIR to a folder of yours"))
    for record in data.status():
        if record.here == "damaged":
            text, remedy = f"{record.name}: a file is damaged", f"course data fetch {record.name}"
            if record.name == "pets-own":  # one's own photos, which no server has
                place = shlex.quote(record.source) if record.source else "FOLDER"
                remedy = f"course data add pets {place}"
            findings.append(Finding(NOTE, "data", text, remedy))
            continue
        if record.here == "all":
            text = f"{record.name}: here, {record.megabytes:,.0f} MB from {record.source}"
        else:
            part = "in part" if record.here == "part" else "not"
            text = f"{record.name}: {part} here; a lesson would use {record.would_use}"
        findings.append(Finding(OK, "data", text))
    return findings


def check_settings() -> list[Finding]:
    """The environment variables that change what a lesson does."""
    findings, topic = [], "settings"
    scale = os.environ.get("COURSE_SCALE")
    if scale and scale not in SCALES:
        text = f"COURSE_SCALE={scale} is not a size, and lessons stop at it"
        remedy = f"set it to {' or '.join(SCALES)}, or remove it to let the course choose"
        findings.append(Finding(PROBLEM, topic, text, remedy))
    elif scale:
        findings.append(Finding(OK, topic, f"COURSE_SCALE={scale}"))
    findings += _check_base(topic)
    mirror = os.environ.get("COURSE_MIRROR", "").strip()
    if mirror:
        text, fault = "COURSE_MIRROR is set", ""
        with contextlib.suppress(ImportError):
            from course import data

            text, fault = data.said_of_mirror()
        remedy = "correct it, or remove it: data is downloaded then" if fault else ""
        findings.append(Finding(NOTE if fault else OK, topic, f"{text} {fault}".strip(), remedy))
    folder = os.environ.get("COURSE_DATA_DIR", "").strip()
    if folder:
        text = f"COURSE_DATA_DIR={folder}"
        if os.path.isabs(os.path.expanduser(folder)):
            findings.append(Finding(OK, topic, text))
        else:
            remedy = "give the whole path: each notebook would look beside itself"
            findings.append(Finding(NOTE, topic, f"{text} is relative", remedy))
    if os.environ.get("COURSE_OFFLINE"):
        text = f"COURSE_OFFLINE={os.environ['COURSE_OFFLINE']}"
        with contextlib.suppress(ImportError):
            from course import data

            text += ": nothing is downloaded" if data.offline() else ": downloads are allowed"
        findings.append(Finding(OK, topic, text))
    for name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        if os.environ.get(name):
            text = f"{name}={os.environ[name]} cuts every training short"
            findings.append(Finding(NOTE, topic, text, "remove it to see the lessons' figures"))
    return findings or [Finding(OK, topic, "none in force: the course chooses")]


def _check_base(topic: str) -> list[Finding]:
    """Whether COURSE_BASE, if it is set, names a pretrained network."""
    name = os.environ.get("COURSE_BASE", "").strip()
    with contextlib.suppress(ImportError):
        from course.data import bases

        if name and name not in bases.NAMES:
            text = f"COURSE_BASE={name} is not a pretrained network, and lessons on them stop at it"
            remedy = f"set it to one of {', '.join(bases.NAMES)}, or remove it"
            return [Finding(PROBLEM, topic, text, remedy)]
    return [Finding(OK, topic, f"COURSE_BASE={name}")] if name else []


def check_widgets() -> list[Finding]:
    """Whether JupyterLab will show sliders: both halves of ipywidgets, found and not disabled."""
    try:
        from jupyter_core.paths import jupyter_path
        from jupyterlab.commands import get_app_dir
        from jupyterlab_server.config import get_federated_extensions, get_page_config
    except ImportError as error:
        text = f"JupyterLab cannot be loaded: {error}"
        if _other_front_end():
            return [Finding(OK, "widgets", f"{text}; here, notebooks are shown by something else")]
        return [Finding(PROBLEM, "widgets", text, _install("jupyterlab"))]
    versions = {name: _version(name) for name in ("ipywidgets", "jupyterlab_widgets")}
    missing = [name for name, version in versions.items() if not version]
    if missing:
        text = f"no sliders: {' and '.join(missing)} not installed"
        return [Finding(PROBLEM, "widgets", text, _install(*missing))]
    folders = jupyter_path("labextensions")
    used = get_federated_extensions(folders).get(WIDGETS)
    own = get_federated_extensions([f"{sys.prefix}/share/jupyter/labextensions"]).get(WIDGETS)
    if not used:
        text = f"no sliders: JupyterLab does not find its extension {WIDGETS}"
        remedy = f"{_pip('install', anew=True)} --no-deps jupyterlab_widgets=="
        return [Finding(PROBLEM, "widgets", text, remedy + versions["jupyterlab_widgets"])]
    if own and used["version"] != own["version"]:
        text = f"an extension of another version, {used['version']}, hides {own['version']}"
        return [Finding(PROBLEM, "widgets", text, f"remove the folder {used['ext_path']}")]
    disabled = get_page_config(folders, f"{get_app_dir()}/settings")["disabledExtensions"]
    for name in disabled:
        if name.split(":")[0] == WIDGETS:
            text = f"no sliders: the extension {name} is disabled"
            remedy = f"{_python()} -m jupyter labextension enable {name}"
            return [Finding(PROBLEM, "widgets", text, remedy)]
    text = ", ".join(f"{name} {version}" for name, version in versions.items())
    return [Finding(OK, "widgets", f"{text}, and JupyterLab's extension {used['version']}")]


def check_kernel() -> list[Finding]:
    """Whether the kernel `python3`, on which notebooks run, is this environment's Python."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError as error:
        return [
            Finding(PROBLEM, "kernel", f"Jupyter cannot be loaded: {error}", _install("ipykernel"))
        ]
    renew = f"{_python()} -m ipykernel install --sys-prefix --name python3"
    if not importlib.util.find_spec("ipykernel"):
        return [Finding(PROBLEM, "kernel", "ipykernel is not installed", _install("ipykernel"))]
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return [Finding(PROBLEM, "kernel", 'there is no kernel "python3"', renew)]
    except (OSError, ValueError) as error:
        text = f'the kernel "python3" is unreadable: {error}'
        return [Finding(PROBLEM, "kernel", text, renew)]
    program = spec.argv[0] if spec.argv else ""
    if not _is_this_python(program):
        text = f"notebooks would run on {program or 'nothing'}, not on {sys.executable}"
        if Path(sys.prefix).resolve() in Path(spec.resource_dir).resolve().parents:
            return [Finding(PROBLEM, "kernel", text, renew)]
        remedy = f"set JUPYTER_PREFER_ENV_PATH=1, or remove the folder {spec.resource_dir}"
        return [Finding(PROBLEM, "kernel", text, remedy)]
    return [Finding(OK, "kernel", f'"python3" is this Python, {sys.executable}')]


CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    check_course,
    check_python,
    check_files,
    check_packages,
    check_tensorflow,
    check_gpu,
    check_cpu,
    check_memory,
    check_disk,
    check_data,
    check_settings,
    check_kernel,
    check_widgets,  # last: JupyterLab takes two seconds to load
)


def _describe() -> dict:
    """What TensorFlow says of itself, once it has computed something, in the process it runs in."""
    import keras
    import tensorflow as tf

    tf.linalg.matmul(tf.ones((2, 2)), tf.ones((2, 2))).numpy()
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return {
        "outcome": "started",
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "gpus": [str(card.get("device_name", "GPU")) for card in details],
        "cuda_build": bool(tf.sysconfig.get_build_info().get("is_cuda_build")),
    }


# What the other process does, which starts a TensorFlow of its own.
_PROBE = f"{inspect.getsource(_describe)}\nimport json\nprint()\nprint(json.dumps(_describe()))"


@functools.cache
def _probe() -> dict:
    """Start TensorFlow in another process; the key "outcome" says what came of it.

    In a notebook that has started it already, it is asked there: nothing is started twice.
    """
    if _runs_here():
        return _describe()
    if not importlib.util.find_spec("tensorflow"):
        return {"outcome": "absent"}
    try:
        process = subprocess.run(
            # not from this folder, whatever files are in it: see check_files
            [sys.executable, *(["-P"] if sys.version_info >= (3, 11) else []), "-c", _PROBE],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PROBE_SECONDS,
            # as a lesson does it, whatever the backend is set to: see check_tensorflow
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"},
        )
    except subprocess.TimeoutExpired:
        return {"outcome": "silent"}
    with contextlib.suppress(ValueError, IndexError):
        if process.returncode == 0:
            return json.loads(process.stdout.splitlines()[-1])
    return {"outcome": "failed", "status": process.returncode, "stderr": process.stderr}


def _runs_here() -> bool:
    """Whether TensorFlow and Keras are loaded in this process."""
    return {"tensorflow", "keras"} <= set(sys.modules)


def _diagnose(status: int, stderr: str) -> tuple[str, str]:
    """What the exit status and the last words of a TensorFlow that did not start mean."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    if status in ILLEGAL_INSTRUCTION or "compiled to use" in stderr:
        if sys.platform == "darwin":
            remedy = "on an Apple chip, install Python for arm64 (this one is for Intel)"
        else:
            remedy = f"use a newer computer, or {_elsewhere()}"
        return "stops: this processor lacks instructions that it is built for (AVX)", remedy
    if status == -9:
        return "was ended by the system, most likely for want of memory", "close other programs"
    if "DLL load failed" in stderr:
        remedy = "install Microsoft's Visual C++ Redistributable (x64), then restart"
        return f"does not load: {last}", remedy
    files = re.findall(r'File "(.+)", line', stderr)
    if files and machine.SETTINGS_READ.search(Path(files[-1]).as_posix()):
        remedy = f"remove it from {machine.keras_json()}, or the environment variable KERAS_..."
        return f"does not start, because of how Keras is set: {last}", remedy
    if status < 0:
        with contextlib.suppress(ValueError):
            last = f"{signal.Signals(-status).name}, {last}"
    return f"does not start (exit status {status}): {last}", _reinstall_tensorflow()


@functools.cache
def _nvidia_cards() -> tuple[str, ...]:
    """Names of the NVIDIA cards, as the driver's own program tells them."""
    program = shutil.which("nvidia-smi")
    if not program:
        return ()
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        process = subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    names = process.stdout.splitlines() if process.returncode == 0 else []
    return tuple(name.strip() for name in names if name.strip())


def _version_of(name: str) -> str | None:
    """The version of a package; either build of TensorFlow will do for the other."""
    builds = (name, *TENSORFLOWS) if name in TENSORFLOWS else (name,)
    return next((version for build in builds if (version := _version(build))), None)


def _locked() -> dict[str, str]:
    """The versions in requirements.lock that are meant for this platform; {} without that file."""
    from packaging.markers import Marker

    locked = {}
    with contextlib.suppress(FileNotFoundError):
        text = LOCK.read_text(encoding="utf-8")
        for name, version, marker in re.findall(
            r"(?m)^([\w.-]+)==([^\s;\\]+)(?: *; *([^\\\n]+))?", text
        ):
            if not marker or Marker(marker.strip()).evaluate():
                locked[name] = version
    return locked


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    folder = Path(folder).absolute()
    return next(place for place in (folder, *folder.parents) if os.path.exists(place))


def _is_this_python(program: str) -> bool:
    """Whether a kernel's program is this environment's Python.

    Two environments' `bin/python` may link to one file, so the folder counts, and then the file.
    Jupyter runs a bare `python` as its own Python, wherever the search path would lead.
    """
    version = sys.version_info
    if program in ("python", f"python{version[0]}", f"python{version[0]}.{version[1]}"):
        return True
    place = shutil.which(program)
    if not place:
        return False
    its, own = Path(place).absolute(), Path(sys.executable).absolute()
    return its.parent.resolve() == own.parent.resolve() and its.resolve() == own.resolve()


def _python() -> str:
    """This Python, as a command."""
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable


def _pip(verb: str, *, anew: bool = False) -> str:
    """The command that installs into this Python, or uninstalls: uv's where there is no pip."""
    if importlib.util.find_spec("pip"):
        options = " --yes" * (verb == "uninstall") + " --force-reinstall" * anew
        return f"{_python()} -m pip {verb}{options}"
    return f"uv pip {verb} --python {_python()}{' --reinstall' * anew}"


def _install(*names: str | None) -> str:
    """The command that installs what the course needs.

    Args:
        names: what is missing, for an install without the lock; None or none: not known.
    """
    if LOCK.exists():
        lock = f'"{LOCK}"' if " " in str(LOCK) else LOCK
        return f"{_pip('install')} -r {lock}"
    wanted = " ".join(f'"{_requirement(name)}"' for name in names if name)
    return f"{_pip('install')} {wanted}" if wanted else ANEW


def _requirement(name: str) -> str:
    """What the course asks for by this name, with its range; the name where it asks for none."""
    found = name
    with contextlib.suppress(metadata.PackageNotFoundError):
        for line in metadata.requires(DISTRIBUTION) or ():
            wanted, _, marker = line.partition(";")
            if re.search("extra == .lab", marker) and _other_front_end():
                continue
            if re.match(rf"{re.escape(name)}(?![\w.[-])", wanted):
                found = wanted.strip()  # the last one: extras come later, and ask for more
    return found


def _reinstall_tensorflow() -> str:
    if sys.platform == "linux" and _nvidia_cards():
        return _cuda()
    both = f"{_pip('uninstall')} {' '.join(TENSORFLOWS)}"
    build = next((name for name in TENSORFLOWS if _version(name)), TENSORFLOWS[0])
    return f"{both}, then: {_install(build)}"


def _cuda() -> str:
    """The command that brings the TensorFlow for NVIDIA cards."""
    if _has_make():
        return "make gpu"
    both = f"{_pip('uninstall')} {' '.join(TENSORFLOWS)}"
    return f'{both}, then: {_pip("install")} "{_requirement("tensorflow[and-cuda]")}"'


def _has_make() -> bool:
    """Whether commands such as `make lab` work here: in a copy of the course, not on Windows."""
    return os.name != "nt" and (COPY / "Makefile").exists()


def _needed_extras() -> tuple[dict[str, str], ...]:
    """Environments for markers: what lessons need, and JupyterLab unless something else is used."""
    return NEEDED if _other_front_end() else (*NEEDED, {"extra": "lab"})


def _other_front_end() -> bool:
    """Whether notebooks are shown without a JupyterLab in this environment: Colab, VS Code."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    in_kernel = hasattr(shell, "kernel") or "COLAB_RELEASE_TAG" in os.environ
    return in_kernel and not _version("jupyterlab")


def _no_tensorflow() -> tuple[str, str]:
    """Why there is no TensorFlow for this machine, and what to do; two empty texts elsewhere."""
    processor = platform.machine().lower()
    if sys.platform == "darwin" and processor == "x86_64":
        text = "is no longer made for Macs with an Intel processor"
        return text, f"{_elsewhere()}. On an Apple chip: install a Python for arm64"
    if sys.platform == "win32" and processor == "arm64":
        text = "is not made for Windows on Arm"
        return text, f"work inside WSL2, for whose Linux it is made; or {_elsewhere()}"
    return "", ""


def _elsewhere() -> str:
    """Where the course can be opened when this machine can't run it."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for line in metadata.metadata(DISTRIBUTION).get_all("Project-URL") or ():
            if line.startswith("Repository, "):
                return f"open the course in a browser: links in {line.split()[1]}#readme"
    return "use another computer, or a server of your school: docs/hosts.md says what it needs"


def _marks(encoding: str | None) -> dict[str, str]:
    try:
        "".join(MARKS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII_MARKS
    return MARKS
