"""The instruments' modules: Node's tests of them, and that each is sound in one piece."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import playwright
import pytest

from course import instruments
from course.instruments import base

HERE = Path(__file__).parent
KINDS = [getattr(instruments, name) for name in instruments.__all__ if name[0].isupper()]
NODE_OLDEST = 20
BUNDLED = Path(playwright.__file__).parent / "driver" / ("node.exe" if os.name == "nt" else "node")


@pytest.fixture(scope="module")
def node():
    """A Node that has a test runner: this machine's, or the one that playwright carries."""
    for found in filter(None, (shutil.which("node"), str(BUNDLED))):
        version = run(found, "--version").stdout  # like v20.1.0
        if version.startswith("v") and int(version[1:].split(".")[0]) >= NODE_OLDEST:
            return found
    raise AssertionError(f"no Node {NODE_OLDEST} or newer, neither on the PATH nor {BUNDLED}")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_node_agrees(node, path):
    done = run(node, "--test", str(path))
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"pass (\d+)", done.stdout)
    assert int(passed) >= 3


def test_each_instrument_has_its_tests_and_its_table():
    for kind in KINDS:
        assert (base.FOLDER / f"{kind.module}.mjs").exists()
        assert (HERE / f"{kind.module}.test.mjs").exists(), kind
        assert (HERE.parent / "vectors" / f"{kind.module}.json").exists(), kind
        assert (HERE.parent / "browser" / f"test_browser_{kind.module}.py").exists(), kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.module)
def test_a_module_in_one_piece_is_sound(node, kind, tmp_path):
    text = base.module_text(kind.module)
    assert "import " not in re.sub(r"//.*|/\*[\s\S]*?\*/|`[^`]*`|\"[^\"]*\"", "", text)
    assert len(re.findall(r"^export ", text, re.MULTILINE)) == 1
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "two modules use one name"
    module = tmp_path / "module.mjs"
    module.write_text(text, encoding="utf-8")
    code = f"console.log(typeof (await import({json.dumps(module.as_uri())})).default.render)"
    assert run(node, "--input-type=module", "-e", code).stdout.strip() == "function"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.module)
def test_a_module_asks_for_nothing_but_a_model_and_a_document(kind):
    """No network, and of the model only what the page's shim has."""
    text = base.module_text(kind.module)
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|https?://(?!www\.w3\.org)", text)
    assert set(re.findall(r"\bmodel\.(\w+)", text)) <= {"get", "set", "on", "off", "save_changes"}


def test_the_colours_are_those_of_the_figures(node):
    path = json.dumps((base.FOLDER / "elements.mjs").as_uri())
    code = f"const {{ COLOURS }} = await import({path}); console.log(JSON.stringify(COLOURS))"
    tables = json.loads(run(node, "--input-type=module", "-e", code).stdout)
    for name, ours in tables.items():
        theirs = {"signed": "RdBu_r", "magnitude": "viridis", "grey": "gray"}[name]
        expected = 255 * matplotlib.colormaps[theirs](np.arange(256))[:, :3]
        away = np.abs(np.array([ours[str(i)] for i in range(768)]).reshape(256, 3) - expected)
        assert away.max() < 8, f"{name} is {away.max():.0f} of 255 away from {theirs}"


def test_arrays_travel_unchanged():
    for dtype in ("float32", "uint8"):
        array = np.arange(24).reshape(2, 3, 4).astype(dtype)
        assert np.array_equal(base.unpacked(base.packed(array[:, ::2], dtype)), array[:, ::2])


def test_importing_the_instruments_is_cheap():
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'scipy.signal'} & {*sys.modules}"
    done = run(sys.executable, "-c", f"import sys, course.instruments; print({heavy})")
    assert done.stdout.strip() == "set()", done
