"""Where the course can be installed: every computer in docs/learners.md, and Colab.

What asks the package index needs uv and a network: `make platforms` runs all of it.
"""

import itertools
import os
import re
import sys
from pathlib import Path

import project
import pytest
from packaging.specifiers import SpecifierSet

from tools import colab_versions, oldest, uv
from tools.declared import pins

ROOT = Path(__file__).parent.parent
REQUIRED = os.environ.get("COURSE_PLATFORMS") == "required"
QUICK = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1"}

LEARNERS = (ROOT / "docs" / "learners.md").read_text(encoding="utf-8")
SYSTEMS = {
    "Linux": "unknown-linux-gnu",
    "Mac": "apple-darwin",
    "macOS": "apple-darwin",
    "Windows": "pc-windows-msvc",
}
PROCESSORS = {"Intel": "x86_64", "AMD": "x86_64", "Arm": "aarch64", "Apple silicon": "aarch64"}
BUILDS = {"tensorflow", "tensorflow-cpu"}


def computers():
    """The learners' table "Which computers": {uv's name of a platform: it installs there}."""
    (section,) = re.findall(r"(?ms)^## Which computers$(.*?)^## ", LEARNERS)
    found = {}
    for computer, how in re.findall(r"(?m)^\| (?!your )(.+) \| (.+?) \|$", section):
        system = re.match(r"\w+", computer)[0]
        processors = {
            PROCESSORS[word] for word in PROCESSORS if re.search(rf"\b{word}\b", computer)
        }
        assert processors, computer
        for processor in sorted(processors):  # so that every test process has one order
            platform = f"{processor}-{SYSTEMS[system]}"
            assert platform not in found, f"{platform} is there twice"
            found[platform] = how.startswith("as the README says")
    return found


def pythons(pattern):
    """The versions in the one sentence of the learners' page that the pattern finds."""
    (sentence,) = re.findall(pattern, LEARNERS)
    return re.findall(r"3\.\d+", sentence)


COMPUTERS = computers()
INSTALLS = [platform for platform, installs in COMPUTERS.items() if installs]
PYTHONS = pythons(r"must be (3\.\d+(?:(?:, | or | and )3\.\d+)*)")
LAST_FOR_INTEL_MACS = re.findall(r"no TensorFlow for it since (\d+\.\d+)", LEARNERS)
TOO_NEW = pythons(r"for (3\.\d+) there is no TensorFlow")


def dry_run(platform, python, *requirements):
    """What uv would install there, from wheels alone and without looking further.

    Returns:
        ({name: version}, what it wrote to its error stream if it can't).
    """
    done = uv.run(
        *("pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:"),
        *("--target", ROOT / "build" / "nothing"),  # which isn't there: nothing is installed
        *("--python-platform", platform, "--python-version", python, "--python", sys.executable),
        *requirements,
        **QUICK,
    )
    if done.returncode:
        return {}, done.stderr
    return dict(re.findall(r"(?m)^ \+ ([\w.-]+)==(\S+)$", done.stderr)), ""


def has_no_wheel(error, names):
    """Whether uv gave up because of wheels, and for one of these packages."""
    text = " ".join(re.sub(r"\{.*?\}", "", error).split())  # markers stand in braces after a name
    return any(re.search(rf"\b{name}[<>=~!]\S* has no (usable )?wheels", text) for name in names)


@pytest.fixture(scope="module")
def index():
    """Skips, or fails where it is required, what needs uv and a package index."""
    trouble = uv.MISSING
    if uv.find():
        found, trouble = dry_run("x86_64-unknown-linux-gnu", PYTHONS[0], "packaging==24.0")
        assert found or trouble
    if trouble:
        (pytest.fail if REQUIRED else pytest.skip)(f"no package index: {trouble}")


# It takes longer, or depends on what others publish: that mustn't stop those who test their work.
in_full = pytest.mark.skipif(not REQUIRED, reason="for make platforms")


# ---- computers --------------------------------------------------------------------------------


def test_the_learners_page_names_every_kind_of_computer():
    every = {f"{processor}-{system}" for processor in PROCESSORS.values()
             for system in SYSTEMS.values()}  # fmt: skip
    assert set(COMPUTERS) == every
    assert {"x86_64-unknown-linux-gnu"} < set(INSTALLS) < every


def test_the_learners_page_names_the_pythons_of_the_package():
    assert PYTHONS == project.PYTHONS
    last = int(PYTHONS[-1].removeprefix("3."))
    assert [f"3.{last + 1}"] == TOO_NEW


@pytest.mark.parametrize(("platform", "python"), [*itertools.product(INSTALLS, PYTHONS)])
def test_all_that_is_locked_has_a_wheel(platform, python, index):
    """Learners' lock and makers': nothing has to be compiled, which few computers are ready for."""
    locks = "-r", "requirements.lock", "-r", "tools/dev.lock"
    found, error = dry_run(platform, python, *locks)
    assert not error
    assert BUILDS & set(found)
    assert len(found) > 150


def test_a_package_without_a_wheel_is_noticed(index):
    """One that exists as source code alone, at this version and for ever."""
    found, error = dry_run("x86_64-unknown-linux-gnu", PYTHONS[0], "docopt==0.6.2")
    assert not found
    assert has_no_wheel(error, {"docopt"})
    assert not has_no_wheel(error, BUILDS)


@in_full
@pytest.mark.parametrize(
    ("platform", "python"),
    [
        *itertools.product([name for name in COMPUTERS if name not in INSTALLS], PYTHONS),
        *itertools.product(INSTALLS, TOO_NEW),
    ],
)
def test_there_is_no_tensorflow_where_the_learners_page_says_so(platform, python, index):
    """None of our range, and no later one. If it comes: docs/learners.md, the ranges, make lock."""
    builds = project.PROJECT["optional-dependencies"]["tensorflow"]
    later = "--prerelease=disallow", *(re.sub(r",?<[\d.]+", "", build) for build in builds)
    for place, version, wanted in (INSTALLS[0], PYTHONS[0], 1), (platform, python, 0):
        found, error = dry_run(place, version, *later)
        assert len(BUILDS & set(found)) == len(found) == wanted, found
    assert has_no_wheel(error, BUILDS), error


@in_full
def test_the_last_tensorflow_for_a_mac_with_an_intel_processor(index):
    (last,) = LAST_FOR_INTEL_MACS
    platform = "x86_64-apple-darwin"
    assert set(dry_run(platform, PYTHONS[0], f"tensorflow=={last}.*")[0]) == {"tensorflow"}
    following = f"{last.split('.')[0]}.{int(last.split('.')[1]) + 1}"
    found, error = dry_run(
        platform, PYTHONS[0], "--prerelease=disallow", f"tensorflow>={following}"
    )
    assert not found
    assert has_no_wheel(error, BUILDS), error


# ---- the oldest versions, which `make oldest` runs ---------------------------------------------


def test_the_oldest_python_and_one_tensorflow_are_tried():
    assert oldest.oldest_python() == PYTHONS[0]
    asked = {need.name: need.specifier for need in oldest.declared()}
    (build,) = BUILDS & asked.keys()
    assert asked.keys() >= {need.name for need in colab_versions.needs()} - BUILDS
    for name in (build, "keras", "ipykernel"):  # a range that begins nowhere would bring anything
        assert [part.version for part in asked[name] if part.operator == ">="], name


# ---- Colab ------------------------------------------------------------------------------------

COLAB_TEXT = colab_versions.FILE.read_text(encoding="utf-8")
COLAB = dict(pins(COLAB_TEXT))


def test_colab_has_versions_in_our_ranges():
    """TensorFlow's, too: there the package is installed without its own."""
    ranges = {need.name: need.specifier for need in colab_versions.needs()}
    assert ranges.keys() >= {"tensorflow", "keras", "numpy", "ipywidgets"}
    assert COLAB.keys() >= {"tensorflow", "keras", "numpy", "ipywidgets"}
    there = {name: COLAB[name] for name in ranges if name in COLAB}
    outside = {name: version for name, version in there.items() if version not in ranges[name]}
    assert not outside, "an install on Colab would replace these"


def test_what_came_from_an_address_has_no_version():
    text = "# a list\nJinja2==3.1.6\ntorch @ https://host/torch-2.11.0.whl\nml_dtypes==0.6.0\n"
    assert dict(pins(text)) == {"jinja2": "3.1.6", "ml-dtypes": "0.6.0"}


def test_colab_runs_a_python_of_ours():
    (python,) = re.findall(r"(?m)^# python: (\S+)$", COLAB_TEXT)
    assert python in SpecifierSet(project.PROJECT["requires-python"])


@in_full
def test_an_install_on_colab_replaces_nothing(index):
    """With all of Colab's versions held, there is a way to have what the course needs."""
    (python,) = re.findall(r"(?m)^# python: (\S+)$", COLAB_TEXT)
    resolved = colab_versions.resolve(COLAB, python)
    assert {name: version for name, version in resolved.items() if name in COLAB} == COLAB
    new = set(resolved) - set(COLAB)
    assert not new & BUILDS
    assert len(new) < 5, f"much would come with the course: {sorted(new)}"


@in_full
def test_a_colab_that_is_too_old_is_noticed(index):
    with pytest.raises(RuntimeError, match="keras"):
        colab_versions.resolve(COLAB | {"keras": "2.15.0"}, "3.12")


@in_full
def test_a_clash_among_its_packages_is_noticed(index):
    """Protobuf is no requirement of the course's own; this one is too old for TensorFlow."""
    with pytest.raises(RuntimeError, match="protobuf"):
        colab_versions.resolve({"tensorflow": COLAB["tensorflow"], "protobuf": "4.25.0"}, "3.12")
