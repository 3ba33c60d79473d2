"""What every test starts from."""

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(request, tmp_path, monkeypatch):
    """Give each test an empty cache and no settings of the person who runs it."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    if not request.node.get_closest_marker("real"):
        monkeypatch.delenv("COURSE_MIRROR", raising=False)
