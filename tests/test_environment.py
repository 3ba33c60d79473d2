"""One place for each version: all that names a Python or a package agrees with pyproject.toml."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project import PROJECT, PYTHONS

from course.cli import lab

ROOT = Path(__file__).parent.parent
EXTRAS = PROJECT["optional-dependencies"]
LEARNERS = PROJECT["dependencies"] + EXTRAS["tensorflow"] + EXTRAS["lab"]
# What each lock is made for, besides what stands in those before it.
DECLARED = {
    "requirements.lock": [Requirement(line) for line in LEARNERS],
    "tools/dev.lock": [Requirement(line) for line in EXTRAS["dev"]],
}
PLATFORMS = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_machine": "x86_64"},
    "linux, arm": {"os_name": "posix", "sys_platform": "linux", "platform_machine": "aarch64"},
    "mac": {"os_name": "posix", "sys_platform": "darwin", "platform_machine": "arm64"},
    "mac, intel": {"os_name": "posix", "sys_platform": "darwin", "platform_machine": "x86_64"},
    "windows": {"os_name": "nt", "sys_platform": "win32", "platform_machine": "AMD64"},
}
TENSORFLOWS = {"tensorflow", "tensorflow-cpu"}

needs_bash = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what Binder runs")


def entries(text):
    """The requirements of a lock, each with its hashes; comments and line breaks do not count."""
    text = re.sub(r"(?m)^\s*#.*$|\s+#.*$", "", text).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        requirement, *options = re.split(r"\s+(?=--)", line)
        found.append((requirement, options))
    return found


TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in DECLARED}
LOCKS = {
    name: [(Requirement(requirement), hashes) for requirement, hashes in entries(text)]
    for name, text in TEXTS.items()
}
LOCK = [entry for lock in LOCKS.values() for entry in lock]


def environment(platform, python):
    implementation = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    version = {"python_version": python, "python_full_version": f"{python}.9"}
    return PLATFORMS[platform] | implementation | version | {"extra": ""}


def locked(environment=None, names=tuple(DECLARED)):
    """{name: version} of the entries that apply there; here, if no environment is given.

    Of all locks or those named: what stands in two of them is locked twice.
    """
    versions = {}
    for requirement, _ in (entry for name in names for entry in LOCKS[name]):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in versions, f"{name} is locked twice"
            (pin,) = requirement.specifier
            assert pin.operator == "==", requirement
            versions[name] = pin.version
    return versions


def read(path):
    """A text file's lines, less comments and empty ones."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


# ---- the locks --------------------------------------------------------------------------------


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_locks_hold_every_declared_dependency(platform, python):
    where = environment(platform, python)
    reached = []
    for lock, requirements in DECLARED.items():
        reached.append(lock)
        versions = locked(where, reached)
        for requirement in requirements:
            if requirement.marker is None or requirement.marker.evaluate(where):
                version = versions.get(canonicalize_name(requirement.name))
                assert version, f"{requirement} is not in {lock}: make lock"
                assert requirement.specifier.contains(version), f"{requirement}, locked: {version}"


def test_no_package_is_in_two_locks():
    """Each has its place; a makers' package in the learners' lock would be on every disk."""
    learners, makers = ({requirement.name for requirement, _ in lock} for lock in LOCKS.values())
    assert not learners & makers
    assert {"pytest", "playwright", "sphinx", "sqlalchemy", "dask", "hypothesis", "ruff"} <= makers


def test_makers_declare_nothing_that_learners_declare():
    learners, makers = ({each.name for each in declared} for declared in DECLARED.values())
    assert not learners & makers


def test_the_package_alone_brings_no_tensorflow_and_no_jupyterlab():
    """Beside a platform's own, it must not touch them."""
    names = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert not names & {*TENSORFLOWS, "jupyterlab", "notebook", "ipykernel"}
    assert {Requirement(line).name for line in EXTRAS["tensorflow"]} == TENSORFLOWS


def test_learners_have_what_they_need():
    """Beginning with what is declared, through what each package says it needs: all is locked."""
    learners = locked(names=["requirements.lock"])
    waiting, seen = [Requirement(line) for line in LEARNERS], set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        assert name in learners, f"{requirement} is not in requirements.lock: make lock"
        for extra in extras - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            build = next(filter(_installed, (name, *TENSORFLOWS)))  # after `make gpu`, the other
            for line in metadata.requires(build) or []:
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    needed.marker = None
                    waiting.append(needed)
    assert {name for name, _ in seen} == set(learners), "locked, but nothing needs it: make lock"


def test_the_course_is_built_with_the_locked_setuptools():
    """Without isolation, and so without a network: see tools/set_up.sh and binder/postBuild."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    (requirement,) = map(Requirement, build["requires"])
    for platform in PLATFORMS:
        for python in PYTHONS:
            versions = locked(environment(platform, python), ["requirements.lock"])
            assert requirement.specifier.contains(versions[requirement.name])


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_one_build_of_tensorflow_everywhere(platform, python):
    (build,) = TENSORFLOWS & set(locked(environment(platform, python), ["requirements.lock"]))
    small = platform in ("linux", "windows")
    assert build == ("tensorflow-cpu" if small else "tensorflow")


def test_both_builds_of_tensorflow_are_locked_at_one_version():
    """`make gpu` takes the one at the other's version."""
    pins = {
        str(requirement.specifier) for requirement, _ in LOCK if requirement.name in TENSORFLOWS
    }
    assert len(pins) == 1
    (command,) = re.findall(
        r"version=\$\((sed .*?requirements\.lock)\)", text_of("tools/set_up.sh")
    )
    if shutil.which("sed"):
        done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, check=True)
        assert {done.stdout.decode().strip()} == pins


def test_every_entry_has_hashes():
    assert len(LOCK) > 100
    for requirement, hashes in LOCK:
        assert hashes, f"{requirement} has no hash"
        for option in hashes:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option), (str(requirement), option)


def test_the_locks_name_no_index():
    """No address, and no option, which is where one would stand; nor a package by its address."""
    for text in TEXTS.values():
        assert "://" not in text
        assert not [line for line, _ in entries(text) if line.startswith("-")]
    assert not [str(requirement) for requirement, _ in LOCK if requirement.url]


def test_annotations_of_a_lock_do_not_matter():
    annotated = (
        "# by a tool\na-b==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00 \\\n"
        "    --hash=sha256:11\n    # via\n    #   c\n    # from a place\nc==2  # via a-b\n"
    )
    assert entries(annotated) == [
        ("a-b==1.0 ; sys_platform == 'win32'", ["--hash=sha256:00", "--hash=sha256:11"]),
        ("c==2", []),
    ]


def test_this_environment_is_the_locked_one():
    strays = {}
    for name, version in locked().items():
        candidates = TENSORFLOWS if name in TENSORFLOWS else {name}  # after `make gpu`, the other
        installed = {_installed(candidate) for candidate in candidates} - {None}
        if installed != {version}:
            strays[name] = f"{installed or 'missing'}, locked: {version}"
    assert not strays, "python -m pip install -r requirements.lock -r tools/dev.lock"


def _installed(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


# ---- what else names a Python or a package ------------------------------------------------------


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def test_set_up_takes_the_same_pythons():
    text = text_of("tools/set_up.sh")
    (bounds,) = re.findall(r"(\(.*?\)) <= sys\.version_info\[:2\] <= (\(.*?\))", text)
    assert [".".join(re.findall(r"\d+", bound)) for bound in bounds] == [PYTHONS[0], PYTHONS[-1]]
    (tried,) = re.findall(r"for name in (.*?); do", text)
    assert sorted(re.findall(r"python(3\.\d+)", tried)) == PYTHONS
    (message,) = re.findall(r"needs Python (.*?) \(", text)
    assert re.findall(r"3\.\d+", message) == PYTHONS
    (fetched,) = re.findall(r"PYTHON:-(3\.\d+)", text)
    assert fetched in PYTHONS
    assert set(re.findall(r"--python-version (3\.\d+)", text_of("Makefile"))) == {PYTHONS[0]}


def test_environment_yml_installs_the_lock():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert content["channels"] == ["conda-forge"]
    python, pip, from_pip = content["dependencies"]
    assert pip == "pip"
    assert from_pip == {"pip": ["-r requirements.lock"]}  # conda and pip read it from this folder
    assert python.removeprefix("python=") in PYTHONS
    assert content["name"] == "deep-vision-course"  # as in its comment, and the data folder's


def test_binder_installs_the_lock():
    assert not (ROOT / ".binder").exists()  # repo2docker refuses to choose
    present = {path.name for path in (ROOT / "binder").iterdir()}
    assert present == {"requirements.txt", "runtime.txt", "postBuild", "start"}
    (line,) = read("binder/requirements.txt")
    flag, path = line.split()
    assert flag == "-r"  # repo2docker sees by this that it needs the whole repository first
    assert (ROOT / "binder" / path).resolve() == (ROOT / "requirements.lock").resolve()


def test_binder_and_conda_run_the_same_python():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    name, version = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().split("-")
    assert name == "python"
    assert version in PYTHONS
    assert content["dependencies"][0] == f"python={version}"


def test_readme_agrees():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for words in re.findall(
        r"Python[\s*`]+(3\.\d+(?:(?:[\s,–—-]|to|or|and|through)+3\.\d+)*)", text
    ):
        versions = re.findall(r"3\.\d+", words)
        assert set(versions) <= set(PYTHONS), words
        if len(versions) > 1:
            assert [versions[0], versions[-1]] == [PYTHONS[0], PYTHONS[-1]], words
    for name, version in re.findall(r"(?i)\b(tensorflow|keras)[ =]+(\d+\.\d+)", text):
        locked_version = locked(environment("linux", PYTHONS[0]))[
            {"tensorflow": "tensorflow-cpu"}.get(name.lower(), name.lower())
        ]
        assert locked_version.startswith(version), f"{name} {version}, locked: {locked_version}"


# ---- Binder's two scripts, really run ---------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="no executable bit")
@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binder_scripts_can_be_run(name):
    path = ROOT / "binder" / name
    assert os.access(path, os.X_OK)
    assert path.read_bytes().startswith(b"#!/bin/bash\n")  # and no carriage return
    subprocess.run(["bash", "-n", path], check=True)


@needs_bash
@pytest.mark.parametrize(
    ("limit", "threads"),
    [
        ("0.5", "1"),
        ("1.0", "1"),
        ("2.0", "2"),
        ("3.9", "3"),
        ("08", "8"),
        (None, "1"),
        ("", "1"),
        ("garbage", "1"),
        ("-2", "1"),
        ("a[$(echo 1)]", "1"),
    ],
)
def test_binder_start_sets_the_threads(limit, threads):
    limits = {} if limit is None else {"CPU_LIMIT": limit}
    done = subprocess.run(
        [ROOT / "binder" / "start", "env"],
        env={"PATH": os.environ["PATH"], **limits},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    variables = dict(line.split("=", 1) for line in done.stdout.splitlines())
    names = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
    assert [variables[name] for name in names] == [threads] * 3
    assert variables["TF_CPP_MIN_LOG_LEVEL"] == "2"
    assert variables["JUPYTER_CONFIG_PATH"] == str(lab.SETTINGS)  # as `course lab` has it


@needs_bash
def test_binder_start_becomes_the_command():
    """With `exec`, signals reach JupyterLab and its exit status comes back; words stay whole."""
    assert read("binder/start")[-1] == 'exec "$@"'
    command = [ROOT / "binder" / "start", "bash", "-c", 'echo $$ "$1"; exit 7', "_", "two words"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        out, _ = process.communicate()
    assert out == f"{process.pid} two words\n"
    assert process.returncode == 7


@pytest.fixture
def post_build(tmp_path):
    """Run binder/postBuild in an empty repository, with commands that only note their arguments."""
    commands, home = tmp_path / "bin", tmp_path / "home"
    for folder in (commands, home / ".cache" / "pip", home / ".cache" / "deep-vision-course"):
        folder.mkdir(parents=True)

    def run(**scripts):
        for name, script in {"pip": "", "course": "", **scripts}.items():
            path = commands / name
            path.write_text(f'#!/bin/bash\necho "{name} $*" >> "{tmp_path}/log"\n{script}\n')
            path.chmod(0o755)
        done = subprocess.run(
            [ROOT / "binder" / "postBuild"],
            cwd=home,
            env={"PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, (tmp_path / "log").read_text().splitlines(), home

    return run


@needs_bash
def test_binder_post_build(post_build):
    done, log, home = post_build()
    assert (done.returncode, done.stderr) == (0, "")
    fetch = "course data fetch mnist mobilenetv2 imagenet-classes"
    options = "--no-cache-dir --no-deps --no-build-isolation --editable"
    assert log == [f"pip install {options} .", "course lab --prepare", fetch]
    assert re.search(r"home folder takes \d+ MB", done.stdout)
    assert [path.name for path in (home / ".cache").iterdir()] == ["deep-vision-course"]


@needs_bash
def test_binder_post_build_without_the_data(post_build):
    done, _, _ = post_build(course='test "$1" != data')
    assert done.returncode == 0
    assert "not all data could be fetched" in done.stderr


@needs_bash
def test_binder_post_build_without_the_package(post_build):
    done, log, _ = post_build(pip="exit 1")
    assert done.returncode != 0
    assert len(log) == 1  # nothing after what failed


@needs_bash
def test_binder_post_build_says_when_home_grows(post_build):
    done, _, _ = post_build(du='printf "200\\t$HOME\\n"')
    assert done.returncode == 0
    assert "more than 150 MB" in done.stderr
