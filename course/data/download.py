"""How a file gets here safely: whole and checked at its place, or not there at all.

`obtain` downloads or copies one file, `record_of` tells whether a cached file is still what it
was, `locked` keeps two processes from fetching the same thing, `extract_zip` unpacks an archive
that may be hostile. Which files there are is `course.data.arrays`'s business.

Beside a cached `file` lies `file.json` (sha256, size, source, date). A download under way, or
one that was cut off, is `file.part` and `file.part.json`; the next call goes on from there.
"""

import errno
import functools
import gzip
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

from course.data import network
from course.data.network import masked
from course_utils.files import write_whole
from course_utils.texts import printable

CONNECT_SECONDS = 3.0  # to open a connection for a download
READ_SECONDS = 15.0  # of silence after which a download has failed
STALL_SECONDS = 20.0  # a trickle of less than STALL_BYTES in so many seconds has failed too
STALL_BYTES = 20_000
RETRY_SECONDS = 1.0  # pause before the one retry ...
BUSY_SECONDS = 30.0  # ... and the longest one that a busy server is granted, if one is `patient`
PROBE_SECONDS = 2.0  # spent in all on finding out that hosts cannot be reached ...
PROBE_AGAIN_SECONDS = 300.0  # ... within so many seconds; but if one is `patient`,
HOST_SECONDS = 10.0  # each host is given so many
MOST_BYTES = 1e12  # that a server may announce
GZIP = b"\x1f\x8b"  # the beginning of what is packed so
PAGE = re.compile(rb"\s*<(!doctype html|html[^>]*>\s*<(head|body))", re.IGNORECASE)
LOCK_SECONDS = 900.0  # to wait for another process that fetches the same data ...
QUIET_SECONDS = 1.0  # ... of which so many in silence


class DataError(RuntimeError):
    """Data could not be had: `attempt` (what was tried), `reason` (what went wrong), `advice`.

    transient: whether a second try may help, after `wait` seconds.
    """

    def __init__(
        self, attempt: str, reason: str, advice: str, *, transient: bool = False, wait: float = 0.0
    ):
        super().__init__(attempt, reason, advice)
        self.attempt, self.reason, self.advice = attempt, reason, advice
        self.transient, self.wait = transient, wait

    def __str__(self) -> str:
        return f"{self.attempt}: {self.reason}. {self.advice}."


class OfflineError(DataError):
    """The network is not to be used (COURSE_OFFLINE), or the host cannot be reached."""


class StorageError(DataError):
    """A file could not be written: the disk is full, the folder is read-only, ..."""


class UnsafeArchiveError(DataError):
    """An archive would write outside its folder; nothing of it was unpacked."""


def obtain(
    source: str | Path,
    target: Path,
    *,
    known_hash=None,
    check=None,
    progress=True,
    owner: str = "the mirror",
) -> None:
    """Bring one file to `target`, whole and checked; what was there is replaced at the very end.

    Call it inside `locked(target.parent)`.

    Args:
        source: http(s) URL, or path of a mirror's file to copy.
        target: where the file goes; its folder is made.
        known_hash: published hash, "md5:..." or "sha256:...".
        check: function of a path that raises if the file's content is not as it should be.
        progress: show a progress bar while downloading.
        owner: whose a file to copy is, for the message.
    Raises:
        OfflineError: COURSE_OFFLINE is set, or the host cannot be reached.
        StorageError: the file cannot be written.
        DataError: anything else: no such file, one that cannot be read, a stalled or broken
            download, a wrong hash, ...
    Source: the download itself is `pooch.retrieve`, with a downloader that can resume.
    """
    attempt = f"Fetching {target.name} from {masked(source)}"
    incoming = target.parent / ".incoming" / target.name
    with storage_errors(attempt, target.parent):
        shutil.rmtree(incoming.parent, ignore_errors=True)  # of a process that was killed
        incoming.parent.mkdir(parents=True)
        try:
            if is_url(source):
                part = target.with_name(target.name + ".part")
                _download(str(source), incoming, part, attempt, known_hash, progress)
            else:
                _copy(Path(source), incoming, attempt, owner)
            _check(incoming, check, attempt)
            date = datetime.now(UTC).isoformat(timespec="seconds")
            record = {"size": incoming.stat().st_size, "source": masked(source), "date": date}
            record["sha256"] = _sha256(incoming)
            os.replace(incoming, target)
            write_whole(_beside(target), json.dumps(record, indent=1))
        finally:
            shutil.rmtree(incoming.parent, ignore_errors=True)


def record_of(target: Path) -> dict | None:
    """The record kept with a cached file (sha256, size, source, date).

    Returns:
        dict; or None if the file or its record is missing, cut short or changed in any way.
    """
    try:
        record = json.loads(_beside(target).read_text(encoding="utf-8"))
        intact = target.stat().st_size == record["size"] and _sha256(target) == record["sha256"]
        return record if intact else None
    except (OSError, ValueError, KeyError, TypeError):  # no file, or not a record: not verified
        return None


@contextmanager
def locked(folder: Path, *, progress: bool = True):
    """Hold `folder` (made if need be) for this process while something is fetched into it.

    Raises:
        StorageError: the folder cannot be made or locked.
        DataError: another process held it for LOCK_SECONDS.
    """
    import filelock

    attempt = f"Preparing the data folder {folder}"
    lock = filelock.FileLock(folder / ".lock")
    try:
        with storage_errors(attempt, folder):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=QUIET_SECONDS)
            except filelock.Timeout:
                if progress:
                    print(f"Another process is using {folder.name}; waiting.", file=sys.stderr)
                lock.acquire(timeout=LOCK_SECONDS)
    except filelock.Timeout as error:
        reason = f"another process has been using {folder.name} for {LOCK_SECONDS:g} s"
        raise DataError(attempt, reason, "Wait for it or end it, then try again") from error
    try:
        yield
    finally:
        lock.release()


# RuntimeError: encrypted, or compressed in a way that zipfile does not know.
_UNREADABLE = (FileNotFoundError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def extract_zip(archive: Path, folder: Path) -> None:
    """Unpack a zip so that `folder` is complete or, on any failure, as it was before.

    Args:
        archive: the zip file.
        folder: made, or replaced if it exists.
    Raises:
        UnsafeArchiveError: a member has an absolute path, a `..` or is a link.
        StorageError: it cannot be written, or needs more than the free space.
        DataError: the archive is damaged or encrypted.
    """
    attempt = f"Unpacking {archive.name}"
    with storage_errors(attempt, folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            with replacing(folder, f".{folder.name}-") as new, zipfile.ZipFile(archive) as zipped:
                _refuse_unsafe(zipped.infolist(), attempt)
                _check_space(new, sum(member.file_size for member in zipped.infolist()))
                zipped.extractall(new)
        except UnsafeArchiveError:
            raise
        except _UNREADABLE as error:
            advice = f"Delete {archive} and fetch it again"
            raise DataError(attempt, f"the archive cannot be read ({error})", advice) from error


@contextmanager
def replacing(folder: Path, prefix: str):
    """Make a folder anew beside itself; what was made takes `folder`'s place at the very end.

    If anything is raised, `folder` is as it was. After a kill between the last two renames, the
    old one is in PREFIX.../old-NAME.

    Args:
        folder: made, or replaced if it exists; its parent exists.
        prefix: of the scratch folder's name, which is in `folder.parent`.
    Yields:
        an empty folder to fill.
    """
    scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    old = scratch / f"old-{folder.name}"
    try:
        (scratch / "new").mkdir()
        yield scratch / "new"
        if folder.exists():
            os.rename(folder, old)
        os.rename(scratch / "new", folder)
    finally:
        if old.exists() and not folder.exists():
            os.rename(old, folder)
        shutil.rmtree(scratch, ignore_errors=True)


def is_url(source: str | os.PathLike) -> bool:
    """Whether `source` is an http(s) address rather than a path."""
    return str(source).lower().startswith(("http://", "https://"))


def host_of(url: str) -> str:
    """The host in a URL."""
    try:
        return urlsplit(url).hostname or masked(url)
    except ValueError:  # it is none
        return masked(url)


def offline() -> bool:
    """Whether COURSE_OFFLINE forbids the network."""
    return os.environ.get("COURSE_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


@dataclass
class _Probe:
    """What is known of a host: since when, and what came of asking it."""

    asked: float
    granted: bool = False  # whether it was given HOST_SECONDS
    waited: float = 0.0  # in vain, in seconds
    done: threading.Event = field(default_factory=lambda: threading.Event())  # looked up late
    ended: bool = False
    ok: bool = False
    way: network.Way | None = None
    fault: network.Fault | None = None


_PROBE_LOCK = threading.Lock()
_PROBES: dict[tuple, _Probe] = {}  # by scheme, host and port
_WAITS: list[tuple[float, float]] = []  # when, and for how long, we waited in vain
_PATIENT: ContextVar[bool] = ContextVar("patient", default=False)


@contextmanager
def patient(so: bool) -> Iterator[None]:
    """Give each host HOST_SECONDS inside, and a busy one BUSY_SECONDS, if it is `so`.

    For what somebody asked for by name. Without it, finding out that there is no network takes
    PROBE_SECONDS in all.
    """
    token = _PATIENT.set(so)
    try:
        yield
    finally:
        _PATIENT.reset(token)


def check_reachable(url: str) -> None:
    """Find out whether `url`'s host, or the proxy on the way to it, takes connections.

    Looking up a name and connecting can block for minutes, so both happen in a thread that is
    left alone after a while. Answers are kept for PROBE_AGAIN_SECONDS, in which all negative
    ones together cost at most PROBE_SECONDS; where one is `patient`, a host that was not given
    its time before is asked again.

    Raises:
        OfflineError: COURSE_OFFLINE is set, or there was no connection in time.
    """
    attempt, host = f"Reaching {host_of(url)}", tuple(url.split("/")[:3])
    if offline():
        raise OfflineError(attempt, "COURSE_OFFLINE is set", "Unset it to use the network")
    import requests.utils  # noqa: F401  here, not in the thread, whose time is short

    now = time.monotonic()
    with _PROBE_LOCK:
        probe = _PROBES.get(host)
        age = now - probe.asked if probe else 0.0
        grant = _PATIENT.get() and not (probe and (probe.ok or probe.granted))
        over = not probe or age > PROBE_AGAIN_SECONDS
        if over or (grant and (probe.ended or age > HOST_SECONDS)):
            probe = _PROBES[host] = _Probe(now)
            threading.Thread(target=_connect, args=(url, probe), daemon=True).start()
            if not _PATIENT.get():
                spent = sum(s for asked, s in _WAITS if now - asked <= PROBE_AGAIN_SECONDS)
                # The first host may use most of the time, and leaves some for a second and third.
                probe.done.wait(0.7 * max(0.0, PROBE_SECONDS - spent))
                if not probe.ok:
                    probe.waited = time.monotonic() - now
                    _WAITS.append((now, probe.waited))
    if grant or (over and _PATIENT.get()):
        probe.done.wait(HOST_SECONDS)
        probe.waited, probe.granted = time.monotonic() - now, True
    if not probe.ok:
        way = probe.way or network.Way(host_of(url), 0, host_of(url))
        fault = probe.fault or network.fault_of_connecting(None, way, probe.waited)
        raise OfflineError(attempt, fault.reason, fault.advice)


def forget_unreachable() -> None:
    """Drop what is remembered of hosts, so that the next download asks anew."""
    with _PROBE_LOCK:
        _PROBES.clear()
        _WAITS.clear()
    network.forget()


def _connect(url: str, probe: _Probe) -> None:
    """Open and close one connection; a late success still counts for the next caller."""
    try:
        probe.way = network.way_to(url)
        network.connect(probe.way.host, probe.way.port, READ_SECONDS).close()
        probe.ok = True
    except network.Unusable as error:
        probe.fault = error.fault
    except OSError as error:  # no name, no route, refused, ...
        probe.fault = network.fault_of_connecting(error, probe.way, READ_SECONDS)
    finally:
        probe.ended = True
        probe.done.set()


def _download(url, incoming, part, attempt, known_hash, progress) -> None:
    """`pooch.retrieve` with our downloader, and one retry where that may help."""
    import pooch

    check_reachable(url)
    fetch = functools.partial(
        _resume, part=part, attempt=attempt, known_hash=known_hash, progress=progress
    )
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # its INFO lines, with paths, would land in the notebook
    try:
        for last in (False, True):
            resumed = part.exists()
            try:
                pooch.retrieve(url, known_hash, incoming.name, incoming.parent, downloader=fetch)
                return
            except DataError as error:
                wait = max(RETRY_SECONDS, error.wait)
                granted = BUSY_SECONDS if _PATIENT.get() else RETRY_SECONDS
                if last or not error.transient or wait > granted:
                    raise
                if progress and wait > RETRY_SECONDS:
                    print(f"{error.reason}; waiting for {wait:.0f} s.", file=sys.stderr)
            except ValueError as error:  # pooch: the hash is another one
                if last or not resumed:
                    reason = "what came does not have the published hash"
                    advice = "Something on the way changed it: try later, or on another network"
                    raise DataError(attempt, reason, advice) from error
                wait = RETRY_SECONDS
            time.sleep(wait)
    finally:
        logger.setLevel(level)


def _resume(url, output_file, _pooch, *, part, attempt, known_hash, progress) -> None:
    """A pooch downloader that goes on where an earlier one was cut off."""
    start, note = _begun(part, url)
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": note["validator"]}
    timeouts = (HOST_SECONDS if _PATIENT.get() else CONNECT_SECONDS, READ_SECONDS)
    with network.session() as session:
        try:
            response = session.get(
                url, headers=headers, auth=_login(url), stream=True, timeout=timeouts
            )
        except (OSError, ValueError) as error:  # requests' own, and those of odd addresses
            raise _network_error(attempt, error, url) from error
        with response:
            _refuse_useless(response, attempt, part.stem)
            content_range = response.headers.get("Content-Range", "").removeprefix("bytes ")
            came = _note_of(response, url)
            if response.status_code != 416 or not start or content_range != f"*/{start}":
                if response.status_code == 200:  # all of it: the server ignores ranges, or has
                    start = 0  # another file by now
                elif came != note or not content_range.startswith(f"{start}-"):
                    _drop(part)
                    reason = "the file on the server is not the one begun earlier"
                    raise DataError(attempt, reason, "Try again", transient=True)
                if not start:
                    part.unlink(missing_ok=True)  # first, so that the note never fits other bytes
                    write_whole(_beside(part), json.dumps(came, indent=1))
                    note = came
                _receive(response, part, start, attempt, progress)
    _unpack(part, Path(output_file), note["encoding"], attempt, known_hash)
    _drop(part)


def _login(url: str) -> tuple[str, str] | None:
    """The user name and password that COURSE_MIRROR has for this host; `sources.mirror` has not."""
    scheme, _, rest = os.environ.get("COURSE_MIRROR", "").strip().partition("://")
    login, _, host = rest.partition("/")[0].rpartition("@")
    if not login or url.split("/")[:3] != [f"{scheme}:", "", host]:
        return None
    name, _, password = login.partition(":")
    return unquote(name), unquote(password)


def _drop(part: Path) -> None:
    """Delete a part and its note."""
    part.unlink(missing_ok=True)
    _beside(part).unlink(missing_ok=True)


def _begun(part: Path, url: str) -> tuple[int, dict]:
    """Size and note of a part that can be resumed, else (0, {})."""
    try:
        note = json.loads(_beside(part).read_text(encoding="utf-8"))
        note.setdefault("encoding", "")  # one that an earlier course wrote
        if note["url"] == masked(url) and note["validator"]:
            return part.stat().st_size, note
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none, or not ours: afresh
        pass
    return 0, {}


def _note_of(response, url: str) -> dict[str, str]:
    """What tells whether other bytes are of the same file, packed in the same way."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    encoding = {"identity": "", "x-gzip": "gzip"}.get(encoding, encoding)
    return {"url": masked(url), "validator": _validator(response), "encoding": encoding}


def _unpack(part: Path, output: Path, encoding: str, attempt: str, known_hash: str | None) -> None:
    """Move a part that is whole to its place, unpacked if the server packed it unasked.

    Some servers say that they did, and didn't: bytes with the published hash stay as they came.
    """
    if encoding and not _has_hash(part, known_hash):
        with part.open("rb") as file:
            packed = file.read(2) == GZIP
        if encoding == "gzip" and packed:
            try:
                with gzip.open(part) as file:
                    start = file.read(2)
                    # One that is itself a .gz: many servers call it packed, and send it so.
                    if not part.stem.endswith(".gz") or start == GZIP:
                        file.seek(0)
                        with output.open("wb") as unpacked:
                            shutil.copyfileobj(file, unpacked)
                        return
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                _drop(part)
                reason = f"the server packed the file (gzip), and it came damaged ({error})"
                raise DataError(attempt, reason, "Try again", transient=True) from error
        elif encoding != "gzip" and known_hash:
            _drop(part)
            reason = f"the server packed the file ({printable(encoding, most=40)}), unasked"
            raise DataError(attempt, reason, "Try on another network, or use a copy")
    os.replace(part, output)


def _has_hash(path: Path, known_hash: str | None) -> bool:
    """Whether a file has its published hash; not known, it has not."""
    import pooch

    algorithm, _, digest = (known_hash or "").partition(":")
    return bool(digest) and pooch.file_hash(path, algorithm) == digest


def _validator(response) -> str:
    """What tells one version of a file from another: a strong ETag, or else the date."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _refuse_useless(response, attempt: str, name: str) -> None:
    if fault := network.fault_of_answer(response):
        raise _error_of(fault, attempt)
    if response.status_code != 416 and "html" in response.headers.get("Content-Type", ""):
        raise _web_page(attempt, name)


def _web_page(attempt: str, name: str) -> DataError:
    reason = f"{name} came as a web page, perhaps a network's login page"
    return DataError(attempt, reason, network.PORTAL)


def _error_of(fault: network.Fault, attempt: str) -> DataError:
    reason, advice, transient, wait = fault
    return DataError(attempt, reason, advice, transient=transient, wait=wait)


def _network_error(attempt: str, error: Exception, url: str) -> DataError:
    timeouts = (HOST_SECONDS if _PATIENT.get() else CONNECT_SECONDS, READ_SECONDS)
    return _error_of(network.fault_of(error, url, timeouts), attempt)


def _receive(response, part: Path, start: int, attempt: str, progress: bool) -> None:
    from tqdm.auto import tqdm

    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    if total and total > MOST_BYTES:
        _drop(part)
        reason = f"{host_of(response.url)} announces {total / 1e6:,.0f} MB, which cannot be"
        raise DataError(attempt, reason, "Try again later, or use a copy")
    _check_space(part.parent, (total or start) - start)
    page = None
    bar = tqdm(
        desc=part.stem, initial=start, total=total, unit="B", unit_scale=True, leave=False,
        disable=not progress,
    )  # fmt: skip
    with bar, part.open("ab" if start else "wb") as file:
        for chunk in _chunks(response, attempt):
            page = not file.tell() and PAGE.match(chunk)
            if page:
                break
            file.write(chunk)
            bar.update(len(chunk))
        size = file.tell()
    if page:
        _drop(part)
        raise _web_page(attempt, part.stem)
    if not size and not total:
        _drop(part)
        reason = f"{host_of(response.url)} sent an empty file"
        raise DataError(attempt, reason, "Try again later, or use a copy", transient=True)
    if total is not None and size != total:
        reason = f"the connection ended after {size:,} of {total:,} bytes"
        raise DataError(attempt, reason, "Try again: it goes on from there", transient=True)


def _chunks(response, attempt: str):
    """The body as it comes in; an error if it stops, or all but stops, coming."""
    import urllib3

    since, arrived = time.monotonic(), 0
    while True:
        try:
            # read1 returns what is there; read(n) waits for n bytes, in a trickle for ever
            chunk = response.raw.read1(1 << 16, decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            raise _network_error(attempt, error, response.url) from error
        if not chunk:
            return
        yield chunk
        arrived += len(chunk)
        if time.monotonic() - since >= STALL_SECONDS:
            if arrived < STALL_BYTES:
                reason = f"only {arrived:,} bytes came in {STALL_SECONDS:g} s"
                raise DataError(attempt, reason, "Try again: it goes on from there", transient=True)
            since, arrived = time.monotonic(), 0


def _copy(source: Path, incoming: Path, attempt: str, owner: str) -> None:
    with incoming.open("wb") as copy:
        for piece in _pieces(source, attempt, owner):
            copy.write(piece)


def _pieces(source: Path, attempt: str, owner: str) -> Iterator[bytes]:
    """A file's content; what goes wrong with reading it is told as its owner's fault."""
    with reading_errors(attempt, owner, source.name), source.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


@contextmanager
def reading_errors(attempt: str, owner: str, name: str) -> Iterator[None]:
    """Turn what goes wrong with reading somebody's files into a DataError, never a StorageError.

    Args:
        attempt: what is being done.
        owner: whose files they are, such as "the mirror".
        name: the file's, or folder's.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(attempt, f"{owner} has no {name}", "Add it") from error
    except OSError as error:
        what = f"the mirror's {name}" if owner == "the mirror" else f"{name} in {owner}"
        reason = f"{what} cannot be read ({error.strerror or error})"
        raise DataError(attempt, reason, "Make it readable, or put it back") from error


def _check(path: Path, check, attempt: str) -> None:
    try:
        if check:
            check(path)
    except Exception as error:  # parsers of foreign files raise all sorts
        reason = f"{path.name} is not what it should be ({error})"
        raise DataError(attempt, reason, "Try again later, or from another source") from error


def _refuse_unsafe(members: list[zipfile.ZipInfo], attempt: str) -> None:
    for member in members:
        path = PureWindowsPath(member.filename)  # knows both separators, and drives
        link = stat.S_ISLNK(member.external_attr >> 16)
        if path.anchor or ".." in path.parts or link:
            kind = "a link" if link else "a path that leads out of its folder"
            reason = f"it contains {kind}, {member.filename!r}"
            raise UnsafeArchiveError(attempt, reason, "Do not use it; get it from its own site")


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB free")


@contextmanager
def storage_errors(attempt: str, folder: Path):
    """Turn what goes wrong with files in `folder` into a StorageError."""
    import filelock

    try:
        yield
    except filelock.Timeout:  # an OSError, but not of this kind
        raise
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else "the data folder cannot be written to"
        first = f"Free some space at {folder}" if full else f"Make {folder} writable"
        if isinstance(error, (NotADirectoryError, FileExistsError)):
            first = f"Move away the file that is where the folder {folder} should be"
        detail = getattr(error, "strerror", None) or error
        advice = f"{first}, or set COURSE_DATA_DIR to another folder; then try again"
        raise StorageError(attempt, f"{what} ({detail})", advice) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")
