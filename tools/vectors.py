"""Write the tables of test vectors that Python and JavaScript are both tested against.

    python -m tools.vectors [convolution_stepper ...]

Each tests/instruments/test_<module>.py has a function `vectors()` that computes its table with
well-kept libraries; tests on both sides read what is stored in tests/vectors/<module>.json.
"""

import argparse
import importlib.util
import json

from tools.staleness import ROOT

TESTS = ROOT / "tests" / "instruments"
TABLES = ROOT / "tests" / "vectors"


def compute(module):
    """The table of one instrument, from its tests."""
    path = TESTS / f"test_{module}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    tests = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tests)
    return tests.vectors()


def load(module):
    """The stored table of one instrument."""
    return json.loads((TABLES / f"{module}.json").read_text(encoding="utf-8"))


def main():
    known = sorted(
        path.stem.removeprefix("test_")
        for path in TESTS.glob("test_*.py")
        if "def vectors(" in path.read_text(encoding="utf-8")
    )
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", nargs="*", choices=[*known, []], help="none: all of them")
    for module in parser.parse_args().module or known:
        text = json.dumps(compute(module), ensure_ascii=False)
        (TABLES / f"{module}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{module}.json: {len(text) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
