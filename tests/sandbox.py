"""For tests that need the sandbox."""

import os

import pytest

from course.grader.jail import isolation


def needs_strong_isolation():
    """Skip a test where there is no sandbox; fail it where there must be one (as in CI)."""
    kind, why = isolation()
    if kind == "strong":
        return
    if os.environ.get("COURSE_SANDBOX") == "required":
        pytest.fail(f"COURSE_SANDBOX=required, but isolation is only weak: {why}")
    pytest.skip(f"needs strong isolation: {why}")
