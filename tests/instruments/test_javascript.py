"""The instruments' modules: Node's tests of them, and that each is sound in one piece."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.colors
import numpy as np
import playwright
import pytest

from course import instruments
from course.instruments import base
from course_utils import figures

HERE = Path(__file__).parent
KINDS = [getattr(instruments, name) for name in instruments.__all__ if name[0].isupper()]
NODE_OLDEST = 20
BUNDLED = Path(playwright.__file__).parent / "driver" / ("node.exe" if os.name == "nt" else "node")


@pytest.fixture(scope="module")
def node():
    """A Node that has a test runner: this machine's, or the one that playwright carries."""
    for program in filter(None, (shutil.which("node"), str(BUNDLED))):
        version = run(program, "--version").stdout  # like v20.1.0
        if version.startswith("v") and int(version[1:].split(".")[0]) >= NODE_OLDEST:
            return program
    raise AssertionError(f"no Node {NODE_OLDEST} or newer, neither on the PATH nor {BUNDLED}")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def loaded(node, tmp_path_factory):
    """What one Node makes of all modules: of each its `render`'s type, or why it has none; and the
    tables of colours."""
    addresses = {"elements": (base.FOLDER / "elements.mjs").as_uri()}
    for kind in KINDS:
        path = tmp_path_factory.mktemp(kind.module) / "module.mjs"
        path.write_text(base.module_text(kind.module), encoding="utf-8")
        addresses[kind.module] = path.as_uri()
    code = """
        const types = {};
        for (const [name, address] of Object.entries(ADDRESSES))
            types[name] = await import(address).then(
                (module) => module.COLOURS ?? typeof module.default.render, String);
        console.log(JSON.stringify(types));
    """.replace("ADDRESSES", json.dumps(addresses))
    return json.loads(run(node, "--input-type=module", "-e", code).stdout)


def test_node_agrees(node):
    paths = sorted(HERE.glob("*.test.mjs"))
    written = [path.read_text("utf-8").count("test(") for path in paths]
    assert min(written) >= 3
    done = run(node, "--test", *map(str, paths))
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"pass (\d+)", done.stdout)
    assert int(passed) >= sum(written)


def test_each_instrument_has_its_tests_and_its_table():
    for kind in KINDS:
        assert (base.FOLDER / f"{kind.module}.mjs").exists()
        assert (HERE / f"{kind.module}.test.mjs").exists(), kind
        if kind is not instruments.Prediction:  # Python computes nothing of it
            assert (HERE.parent / "vectors" / f"{kind.module}.json").exists(), kind
        assert (HERE.parent / "browser" / f"test_browser_{kind.module}.py").exists(), kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.module)
def test_a_module_in_one_piece_is_sound(loaded, kind):
    text = base.module_text(kind.module)
    assert "import " not in re.sub(r"//.*|/\*[\s\S]*?\*/|`[^`]*`|\"[^\"]*\"", "", text)
    assert len(re.findall(r"^export ", text, re.MULTILINE)) == 1
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "two modules use one name"
    assert loaded[kind.module] == "function"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.module)
def test_a_module_asks_for_nothing_but_a_model_and_a_document(kind):
    """No network, and of the model only what the page's shim has; there, no manager."""
    text = base.module_text(kind.module)
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|https?://(?!www\.w3\.org)", text)
    asked = set(re.findall(r"\bmodel\.(\w+)", text)) - {"widget_manager"}
    assert asked <= {"get", "set", "on", "off", "save_changes"}


def test_the_colours_are_those_of_the_figures(loaded):
    """To the bit at the anchors, which matplotlib gives; between them they are straight lines."""
    text = (base.FOLDER / "elements.mjs").read_text(encoding="utf-8")
    for name, anchors in (("RED_BLUE", figures.SIGNED), ("VIRIDIS", figures.MAGNITUDE)):
        written = re.findall(r"[0-9a-f]{6}", re.search(rf"{name} = \[(.*)\]", text)[1])
        theirs = matplotlib.colormaps[anchors](np.linspace(0, 1, len(written)))
        assert written == [matplotlib.colors.to_hex(colour)[1:] for colour in theirs]
    tables = {"signed": figures.SIGNED, "magnitude": figures.MAGNITUDE, "grey": "gray"}
    assert loaded["elements"].keys() == tables.keys()
    for name, theirs in tables.items():
        ours = [loaded["elements"][name][str(i)] for i in range(768)]
        expected = 255 * matplotlib.colormaps[theirs](np.arange(256))[:, :3]
        away = np.abs(np.reshape(ours, (256, 3)) - expected)
        assert away.max() < 8, f"{name} is {away.max():.0f} of 255 away from {theirs}"


def test_arrays_travel_unchanged():
    for dtype in ("float32", "uint8"):
        array = np.arange(24).reshape(2, 3, 4).astype(dtype)
        assert np.array_equal(base.unpacked(base.packed(array[:, ::2], dtype)), array[:, ::2])


def test_importing_the_instruments_is_cheap():
    heavy = "{'tensorflow', 'keras', 'matplotlib', 'scipy.signal'} & {*sys.modules}"
    done = run(sys.executable, "-c", f"import sys, course.instruments; print({heavy})")
    assert done.stdout.strip() == "set()", done
