"""What pyproject.toml declares."""

from packaging.specifiers import SpecifierSet

from tools.declared import project

PROJECT = project()
_RANGE = SpecifierSet(PROJECT["requires-python"])
PYTHONS = [f"3.{minor}" for minor in range(50) if f"3.{minor}" in _RANGE]
