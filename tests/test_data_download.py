"""Whatever goes wrong on the way, a file is whole at its place or not there at all."""

import errno
import gzip
import hashlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest
from faulty_server import SilentNetwork

from course.data import download, network
from course.data.download import DataError, OfflineError, StorageError, UnsafeArchiveError

CONTENT = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(6000))  # 192 kB
HASH = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(faulty_server):
    faulty_server.files["file.bin"] = CONTENT
    return faulty_server


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "file.bin"


def get(server, target, *, known_hash=HASH, check=None, progress=False):
    url = server.url + "file.bin"
    download.obtain(url, target, known_hash=known_hash, check=check, progress=progress)


def assert_whole(target):
    """The file is complete and recorded, and nothing else is left beside it."""
    assert target.read_bytes() == CONTENT
    assert download.record_of(target)["size"] == len(CONTENT)
    assert {path.name for path in target.parent.iterdir()} == {"file.bin", "file.bin.json"}


def assert_absent(target, *, part=False):
    """Nothing is there that could be taken for the file; a part only if it can be resumed."""
    left = {path.name for path in target.parent.iterdir()} if target.parent.exists() else set()
    assert left == ({"file.bin.part", "file.bin.part.json"} if part else set())


def begin(server, target, *, size=None, etag=None):
    """Leave what a download that was cut off leaves."""
    target.parent.mkdir()
    part = target.with_name("file.bin.part")
    part.write_bytes(CONTENT[: len(CONTENT) // 2 if size is None else size])
    etag = etag or f'"{hashlib.md5(CONTENT).hexdigest()}"'
    note = {"url": server.url + "file.bin", "validator": etag}
    part.with_name(part.name + ".json").write_text(json.dumps(note))
    return part.stat().st_size


def test_good_download(server, target):
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin") == [(None, 200)]
    assert download.record_of(target)["source"] == server.url + "file.bin"


def test_progress_bar_is_shown_and_cleared(server, target, capsys):
    get(server, target, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "file.bin" in err and not err.endswith("\n")


def test_without_length_or_etag(server, target):
    server.faults["file.bin"] = ["no length"]
    get(server, target)
    assert_whole(target)


@pytest.mark.parametrize("fault", ["busy", "short", "no range"])
def test_one_fault_is_retried(server, target, fault):
    server.faults["file.bin"] = [fault, None]
    get(server, target)
    assert_whole(target)


def test_short_read_goes_on_where_it_stopped(server, target):
    server.faults["file.bin"] = ["short", None]
    get(server, target)
    assert server.gets("file.bin") == [(None, 200), (f"bytes={len(CONTENT) // 2}-", 206)]


@pytest.mark.parametrize(
    ("fault", "reason", "requests", "part"),
    [
        ("busy", "503", 2, False),
        ("missing", "404", 1, False),
        ("portal", "login page", 1, False),
        ("short", "connection", 2, True),
        ("flipped", "hash", 1, False),
    ],
)
def test_lasting_faults(server, target, fault, reason, requests, part):
    server.faults["file.bin"] = [fault]
    with pytest.raises(DataError) as caught:
        get(server, target)
    assert type(caught.value) is DataError
    assert server.url in caught.value.attempt and reason in caught.value.reason
    assert caught.value.advice  # what to do
    assert len(server.log) == requests
    assert_absent(target, part=part)


@pytest.mark.parametrize("fault", ["silent", "stall"])
def test_silence_ends(server, target, monkeypatch, fault):
    server.faults["file.bin"] = [fault]
    with monkeypatch.context() as patch:
        patch.setattr(download, "READ_SECONDS", 0.1)
        with pytest.raises(DataError, match="0.1 s"):
            get(server, target)
    assert_absent(target, part=fault == "stall")
    server.faults["file.bin"] = [None]
    get(server, target)
    assert_whole(target)


def test_trickle_counts_as_stalled(server, target, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(download, "STALL_BYTES", 10**6)
    server.faults["file.bin"] = ["trickle"]
    with pytest.raises(DataError, match="bytes came in 0.05 s"):
        get(server, target)
    assert_absent(target, part=True)


def test_slow_but_steady_is_not_stalled(server, target, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 0.05)
    monkeypatch.setattr(download, "STALL_BYTES", 100)
    server.faults["file.bin"] = ["slow"]
    get(server, target)
    assert_whole(target)


def test_resume_honoured(server, target):
    size = begin(server, target)
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin") == [(f"bytes={size}-", 206)]


def test_resume_ignored_by_the_server(server, target):
    size = begin(server, target)
    server.faults["file.bin"] = ["no range"]
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin") == [(f"bytes={size}-", 200)]


def test_file_changed_meanwhile(server, target):
    begin(server, target, etag='"of another version"')
    get(server, target)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [200]


def test_file_changed_meanwhile_and_server_ignores_if_range(server, target):
    begin(server, target, etag='"of another version"')
    server.faults["file.bin"] = ["stubborn range"]
    get(server, target, known_hash=None)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [206, 200]


def test_part_of_another_url_is_not_used(server, target):
    begin(server, target)
    server.files["elsewhere/file.bin"] = CONTENT
    download.obtain(server.url + "elsewhere/file.bin", target, progress=False)
    assert_whole(target)
    assert server.gets("elsewhere/file.bin") == [(None, 200)]


def test_part_without_note_is_not_used(server, target):
    begin(server, target)
    target.with_name("file.bin.part.json").unlink()
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin") == [(None, 200)]


def test_weak_etag_is_not_used_to_resume(server, target):
    server.etags["file.bin"] = 'W/"weak"'
    server.faults["file.bin"] = ["short", None]
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin") == [(None, 200), (None, 200)]


def test_cut_off_after_the_last_byte(server, target):
    begin(server, target, size=len(CONTENT))
    get(server, target)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [416]


def test_part_longer_than_the_file(server, target):
    begin(server, target)
    with target.with_name("file.bin.part").open("ab") as file:
        file.write(CONTENT)
    get(server, target)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [416, 200]


def test_wrong_bytes_in_the_part(server, target):
    begin(server, target)
    part = target.with_name("file.bin.part")
    part.write_bytes(bytes(part.stat().st_size))
    get(server, target)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [206, 200]


KILLED = """
    import sys
    from pathlib import Path
    from course.data import download
    download.PROBE_SECONDS = 60
    download.obtain(sys.argv[1], Path(sys.argv[2]), known_hash=sys.argv[3], progress=False)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_download_goes_on(server, target):
    server.faults["file.bin"] = ["stall", None]
    command = [sys.executable, "-c", textwrap.dedent(KILLED), server.url + "file.bin", target, HASH]
    child = subprocess.Popen(command)
    part, deadline = target.with_name("file.bin.part"), time.monotonic() + 30
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    size = part.stat().st_size
    assert 0 < size < len(CONTENT)
    assert not target.exists()
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin")[-1] == (f"bytes={size}-", 206)


def test_interrupt_leaves_the_part(server, target, monkeypatch):
    def interrupted(*_):
        yield CONTENT[:1000]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download, "_chunks", interrupted)
        with pytest.raises(KeyboardInterrupt):
            get(server, target)
    assert_absent(target, part=True)
    get(server, target)
    assert_whole(target)
    assert server.gets("file.bin")[-1] == ("bytes=1000-", 206)


def test_bytes_of_two_versions_never_mix(server, target, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    begin(server, target, etag='"of another version"')
    with monkeypatch.context() as patch:
        patch.setattr(download, "_receive", killed)  # just after the new version's note
        with pytest.raises(KeyboardInterrupt):
            get(server, target)
    assert not target.with_name("file.bin.part").exists()


def test_length_is_checked(server, target, monkeypatch):
    monkeypatch.setattr(download, "_chunks", lambda *_: iter([b"little"]))  # twice: it is retried
    with pytest.raises(DataError, match=f"12 of {len(CONTENT):,} bytes"):
        get(server, target, known_hash=None)
    assert_absent(target, part=True)


class FullDisk(io.BytesIO):
    def write(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_disk_full_while_writing(server, target, monkeypatch):
    usual = Path.open

    def full(path, mode="r"):
        return FullDisk() if path.suffix == ".part" else usual(path, mode)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageError, match="disk is full") as caught:
        get(server, target)
    assert "COURSE_DATA_DIR" in caught.value.advice
    assert not target.exists()
    monkeypatch.setattr(Path, "open", usual)
    get(server, target)
    assert_whole(target)


def test_disk_too_full_to_begin(server, target, monkeypatch):
    usage = namedtuple("usage", "free")(1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match="MB needed"):
        get(server, target)
    assert not target.exists()


def test_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")  # chmod would not stop root
    with pytest.raises(StorageError, match="cannot be written to"):
        get(server, tmp_path / "file" / "cache" / "file.bin")
    with pytest.raises(StorageError), download.locked(tmp_path / "file" / "cache"):
        pass
    assert server.log == []


@pytest.mark.parametrize("known_hash", [HASH, None])
def test_packed_unasked(server, target, known_hash):
    server.faults["file.bin"] = ["packed"]
    get(server, target, known_hash=known_hash)
    assert_whole(target)


def test_packed_unasked_and_cut_off(server, target, monkeypatch):
    """Half of it as it was sent, packed; the rest goes on from there."""
    packed = gzip.compress(CONTENT, mtime=0)
    begin(server, target, size=len(packed) // 2, etag=f'"{hashlib.md5(packed).hexdigest()}"')
    part = target.with_name("file.bin.part")
    part.write_bytes(packed[: part.stat().st_size])
    note = part.with_name("file.bin.part.json")
    note.write_text(json.dumps(json.loads(note.read_text()) | {"encoding": "gzip"}))
    server.faults["file.bin"] = ["packed"]
    get(server, target)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [206]


def test_packed_from_the_middle_on(server, target):
    """A part of the file itself, and now the rest of the packed one: they don't go together."""
    packed = gzip.compress(CONTENT, mtime=0)
    begin(server, target, size=1000, etag=f'"{hashlib.md5(packed).hexdigest()}"')
    server.faults["file.bin"] = ["packed", "packed", None]
    get(server, target)
    assert_whole(target)
    assert [status for _, status in server.gets("file.bin")] == [206, 200]


def test_packed_and_damaged(server, target):
    packed = gzip.compress(CONTENT)[:-100]
    server.answers["file.bin"] = 200, {"Content-Encoding": "gzip"}, packed
    with pytest.raises(DataError, match="packed the file .gzip., and it came damaged"):
        get(server, target)
    assert_absent(target)


@pytest.mark.parametrize(
    ("encoding", "name"), [("gzip", "file.bin"), ("br", "file.bin"), ("x-gzip", "file.bin.gz")]
)
def test_called_packed_and_sent_as_it_is(server, tmp_path, encoding, name):
    content = gzip.compress(CONTENT) if name.endswith(".gz") else CONTENT
    server.answers[name] = 200, {"Content-Encoding": encoding}, content
    for number, known in enumerate(["sha256:" + hashlib.sha256(content).hexdigest(), None]):
        target = tmp_path / str(number) / name
        download.obtain(server.url + name, target, known_hash=known, progress=False)
        assert target.read_bytes() == content


def test_packed_twice(server, tmp_path):
    content = gzip.compress(CONTENT)
    server.answers["file.gz"] = 200, {"Content-Encoding": "gzip"}, gzip.compress(content)
    download.obtain(server.url + "file.gz", tmp_path / "a" / "file.gz", progress=False)
    assert (tmp_path / "a" / "file.gz").read_bytes() == content


def test_packed_in_another_way(server, target):
    server.answers["file.bin"] = 200, {"Content-Encoding": "br"}, CONTENT[::-1]
    with pytest.raises(DataError, match="packed the file .br., unasked"):
        get(server, target)
    assert_absent(target)


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, b"", "sent an empty file"),
        ({"Content-Length": str(10**15), "Connection": "close"}, CONTENT, "cannot be"),
        ({"Content-Length": "999999", "Connection": "close"}, CONTENT, "connection"),
        ({"Content-Length": "999", "Connection": "close"}, CONTENT, "hash"),
        ({"Content-Type": "text/plain"}, b"\n<!DOCTYPE HTML><html>log in", "login page"),
        ({}, b"<html lang='en'>\n<head><title>Log in", "login page"),
    ],
)
def test_bodies_that_are_not_the_file(server, target, headers, body, reason):
    server.answers["file.bin"] = 200, headers, body
    with pytest.raises(DataError, match=reason) as caught:
        get(server, target)
    assert not isinstance(caught.value, StorageError)
    assert_absent(target, part="Length" in str(headers) and reason == "connection")


def test_content_check(server, target):
    def check(path):
        raise ValueError(f"{path.name} has three legs")

    with pytest.raises(DataError, match="file.bin has three legs"):
        get(server, target, known_hash=None, check=check)
    assert_absent(target)


def test_failed_fetch_leaves_the_old_file(server, target):
    get(server, target)
    server.faults["file.bin"] = ["flipped"]
    with pytest.raises(DataError):
        get(server, target)
    assert_whole(target)


def test_copy(tmp_path, target):
    source = tmp_path / "mirror.bin"
    source.write_bytes(CONTENT)
    download.obtain(source, target)
    assert_whole(target)


UNREADABLE = [errno.EIO, errno.EACCES, errno.ENXIO, errno.ESTALE, errno.ENOTCONN]


@pytest.mark.parametrize("code", UNREADABLE)
@pytest.mark.parametrize("when", ["opened", "read", "half read"])
def test_copy_of_what_cannot_be_read(tmp_path, target, monkeypatch, code, when):
    source, usual = tmp_path / "mirror.bin", Path.open
    source.write_bytes(CONTENT)

    class Stick(io.BytesIO):
        def read(self, size=-1):
            if when == "half read" and not self.tell():
                return super().read(len(CONTENT) // 2)
            raise OSError(code, os.strerror(code))

    def pulled_out(path, *mode):
        if path != source:
            return usual(path, *mode)
        if when == "opened":
            raise OSError(code, os.strerror(code))
        return Stick(CONTENT)

    monkeypatch.setattr(Path, "open", pulled_out)
    with pytest.raises(DataError) as caught:
        download.obtain(source, target)
    assert type(caught.value) is DataError
    assert caught.value.reason == f"the mirror's mirror.bin cannot be read ({os.strerror(code)})"
    assert_absent(target)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that gives EIO")
def test_copy_from_a_stick_that_was_pulled_out(tmp_path, target):
    (tmp_path / "mirror.bin").symlink_to("/proc/self/mem")
    with pytest.raises(DataError, match="the mirror's mirror.bin cannot be read") as caught:
        download.obtain(tmp_path / "mirror.bin", target)
    assert type(caught.value) is DataError
    assert_absent(target)


def test_disk_full_while_copying(tmp_path, target, monkeypatch):
    source, usual = tmp_path / "mirror.bin", Path.open
    source.write_bytes(CONTENT)
    monkeypatch.setattr(Path, "open", lambda path, mode="r": (
        FullDisk() if mode == "wb" else usual(path, mode)))  # fmt: skip
    with pytest.raises(StorageError, match="disk is full"):
        download.obtain(source, target)
    assert_absent(target)


def test_copy_of_nothing(tmp_path, target):
    with pytest.raises(DataError, match="the mirror has no mirror.bin"):
        download.obtain(tmp_path / "mirror.bin", target)
    assert_absent(target)


@pytest.mark.parametrize("damage", ["empty", "short", "flipped", "no record", "odd record", "gone"])
def test_damage_is_seen(tmp_path, damage):
    source, target = tmp_path / "mirror.bin", tmp_path / "file.bin"
    source.write_bytes(CONTENT)
    download.obtain(source, target)
    assert download.record_of(target)
    record = tmp_path / "file.bin.json"
    if damage == "no record":
        record.unlink()
    elif damage == "odd record":
        record.write_text('["not a record"]')
    elif damage == "gone":
        target.unlink()
    else:
        flipped = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
        target.write_bytes({"empty": b"", "short": CONTENT[:-1], "flipped": flipped}[damage])
    assert download.record_of(target) is None


def test_lock_is_waited_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(download, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(download, "LOCK_SECONDS", 0.1)
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with download.locked(tmp_path):
            entered.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(30)
    with pytest.raises(DataError, match="0.1 s"), download.locked(tmp_path):
        pass
    assert tmp_path.name in capsys.readouterr().err  # it was said that one waits
    leave.set()
    holder.join()
    with download.locked(tmp_path):
        pass


def test_offline_setting(server, target, monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(OfflineError, match="COURSE_OFFLINE"):
        get(server, target)
    assert server.log == []
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    get(server, target)
    assert_whole(target)


def test_unreachable_hosts_share_one_budget(monkeypatch):
    network = SilentNetwork(monkeypatch)
    for _ in range(2):
        for host in ("a.invalid", "b.invalid", "c.invalid"):
            with pytest.raises(OfflineError, match=f"{host} did not answer"):
                download.check_reachable(f"https://{host}/file")
    assert 0 < network.waited <= download.PROBE_SECONDS
    download.forget_unreachable()


def test_a_patient_one_gives_each_host_its_time_once(monkeypatch):
    network = SilentNetwork(monkeypatch)
    for _ in range(2):
        for host in ("a.invalid", "b.invalid"):
            silent = pytest.raises(OfflineError, match=f"{host} did not answer within 10.0 s")
            with silent, download.patient(True):
                download.check_reachable(f"https://{host}/file")
    assert network.waited == 2 * download.HOST_SECONDS
    download.forget_unreachable()


def test_late_connection_counts_later(monkeypatch):
    release = threading.Event()

    def connect(*_):
        release.wait(30)
        return io.BytesIO()

    monkeypatch.setattr(network, "connect", connect)
    monkeypatch.setattr(download, "PROBE_SECONDS", 0.05)
    download.forget_unreachable()
    with pytest.raises(OfflineError):
        download.check_reachable("https://a.invalid/file")
    release.set()
    (probe,) = download._PROBES.values()
    assert probe.done.wait(30)
    download.check_reachable("https://a.invalid/file")
    download.forget_unreachable()


def test_refused_connection_is_known_at_once(server):
    url = server.url
    server.close()
    with pytest.raises(OfflineError):
        download.check_reachable(url)
    (probe,) = download._PROBES.values()
    assert probe.done.is_set()  # that ended the waiting, not PROBE_SECONDS, a minute here


def test_the_proxy_is_what_is_probed(monkeypatch):
    asked = []

    def connect(host, port, _):
        asked.append((host, port))
        raise OSError

    monkeypatch.setattr(network, "connect", connect)
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    monkeypatch.setenv("no_proxy", "")
    download.forget_unreachable()
    with pytest.raises(OfflineError):
        download.check_reachable("https://a.invalid/file")
    assert asked == [("proxy.invalid", 3128)]
    download.forget_unreachable()


def make_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_extract_zip(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"cats/1.jpg": b"cat", "dogs/2.jpg": b"dog"})
    folder = tmp_path / "out" / "photos"
    download.extract_zip(archive, folder)
    assert (folder / "cats/1.jpg").read_bytes() == b"cat"
    assert (folder / "dogs/2.jpg").read_bytes() == b"dog"
    download.extract_zip(make_zip(tmp_path / "b.zip", {"birds/3.jpg": b"bird"}), folder)
    assert [path.name for path in folder.iterdir()] == ["birds"]  # replaced, not mixed
    assert [path.name for path in folder.parent.iterdir()] == ["photos"]


def link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    "member",
    [
        "../out.txt",
        "cats/../../out.txt",
        "/etc/out.txt",
        "C:/out.txt",
        "C:out.txt",
        "..\\out.txt",
        "\\\\host\\share\\out.txt",
        link("cats/link"),
    ],
    ids=str,
)
def test_unsafe_archive(tmp_path, member):
    archive = make_zip(tmp_path / "a.zip", {"cats/1.jpg": b"cat", member: b"../../out.txt"})
    folder = tmp_path / "out" / "photos"
    folder.mkdir(parents=True)
    (folder / "old.jpg").write_bytes(b"old")
    with pytest.raises(UnsafeArchiveError):
        download.extract_zip(archive, folder)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.zip", "old.jpg"]
    assert [path.name for path in folder.parent.iterdir()] == ["photos"]


@pytest.mark.parametrize("damage", ["truncated", "not a zip", "flipped", "gone"])
def test_damaged_archive(tmp_path, damage):
    archive = make_zip(tmp_path / "a.zip", {"1.jpg": b"cat" * 1000, "2.jpg": b"dog" * 1000})
    content = archive.read_bytes()
    if damage == "gone":
        archive.unlink()
    else:
        flipped = content[:4000] + b"X" + content[4001:]
        kinds = {"truncated": content[:-50], "not a zip": b"<html>", "flipped": flipped}
        archive.write_bytes(kinds[damage])
    folder = tmp_path / "out" / "photos"
    with pytest.raises(DataError, match="cannot be read") as caught:
        download.extract_zip(archive, folder)
    assert str(archive) in caught.value.advice
    assert list(folder.parent.iterdir()) == []


def test_archive_larger_than_the_disk(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")(1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage)
    archive = make_zip(tmp_path / "a.zip", {"1.jpg": b"cat" * 1000})
    with pytest.raises(StorageError, match="disk is full"):
        download.extract_zip(archive, tmp_path / "out" / "photos")
    assert list((tmp_path / "out").iterdir()) == []
