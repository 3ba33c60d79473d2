"""Control groups of Linux, as files: limits that this process then seems to have."""

from course_utils import memory


def control_groups(monkeypatch, folder, lines, files):
    """Put them in place of the machine's own.

    Args:
        folder: an empty folder, or one with groups from here.
        lines: what stands in /proc/self/cgroup.
        files: dict of path -> content, below /sys/fs/cgroup.
    """
    monkeypatch.setattr(memory, "CGROUP", folder / "cgroup")
    monkeypatch.setattr(memory, "OWN_CGROUPS", folder / "own")
    (folder / "own").write_text(lines)
    for name, content in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(content))
