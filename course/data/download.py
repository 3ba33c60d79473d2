"""How a file gets here safely: whole and checked at its place, or not there at all.

`obtain` downloads or copies one file, `record_of` tells whether a cached file is still what it
was, `locked` keeps two processes from fetching the same thing, `extract_zip` unpacks an archive
that may be hostile. Which files there are is `course.data.arrays`'s business.

Beside a cached `file` lies `file.json` (sha256, size, source, date). A download under way, or
one that was cut off, is `file.part` and `file.part.json`; the next call goes on from there.
"""

import errno
import functools
import hashlib
import json
import os
import shutil
import socket
import stat
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from urllib.parse import urlsplit

from course_utils.files import write_whole

CONNECT_SECONDS = 3.0  # to open a connection for a download
READ_SECONDS = 15.0  # of silence after which a download has failed
STALL_SECONDS = 20.0  # a trickle of less than STALL_BYTES in so many seconds has failed too
STALL_BYTES = 20_000
RETRY_SECONDS = 1.0  # pause before the one retry
PROBE_SECONDS = 2.0  # spent in all on finding out that hosts cannot be reached ...
PROBE_AGAIN_SECONDS = 300.0  # ... within so many seconds
LOCK_SECONDS = 900.0  # to wait for another process that fetches the same data ...
QUIET_SECONDS = 1.0  # ... of which so many in silence


class DataError(RuntimeError):
    """Data could not be had: `attempt` (what was tried), `reason` (what went wrong), `advice`."""

    def __init__(self, attempt: str, reason: str, advice: str, *, transient: bool = False):
        super().__init__(attempt, reason, advice)
        self.attempt, self.reason, self.advice = attempt, reason, advice
        self.transient = transient

    def __str__(self) -> str:
        return f"{self.attempt}: {self.reason}. {self.advice}."


class OfflineError(DataError):
    """The network is not to be used (COURSE_OFFLINE), or the host cannot be reached."""


class StorageError(DataError):
    """A file could not be written: the disk is full, the folder is read-only, ..."""


class UnsafeArchiveError(DataError):
    """An archive would write outside its folder; nothing of it was unpacked."""


def obtain(source: str | Path, target: Path, *, known_hash=None, check=None, progress=True) -> None:
    """Bring one file to `target`, whole and checked; what was there is replaced at the very end.

    Call it inside `locked(target.parent)`.

    Args:
        source: http(s) URL, or path of a mirror's file to copy.
        target: where the file goes; its folder is made.
        known_hash: published hash, "md5:..." or "sha256:...".
        check: function of a path that raises if the file's content is not as it should be.
        progress: show a progress bar while downloading.
    Raises:
        OfflineError: COURSE_OFFLINE is set, or the host cannot be reached.
        StorageError: the file cannot be written.
        DataError: anything else: no such file, a stalled or broken download, a wrong hash, ...
    Source: the download itself is `pooch.retrieve`, with a downloader that can resume.
    """
    attempt = f"Fetching {target.name} from {source}"
    incoming = target.parent / ".incoming" / target.name
    with storage_errors(attempt, target.parent):
        shutil.rmtree(incoming.parent, ignore_errors=True)  # of a process that was killed
        incoming.parent.mkdir(parents=True)
        try:
            if is_url(source):
                part = target.with_name(target.name + ".part")
                _download(str(source), incoming, part, attempt, known_hash, progress)
            else:
                _copy(Path(source), incoming, attempt)
            _check(incoming, check, attempt)
            date = datetime.now(UTC).isoformat(timespec="seconds")
            record = {"size": incoming.stat().st_size, "source": str(source), "date": date}
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
    return urlsplit(url).hostname or url


def offline() -> bool:
    """Whether COURSE_OFFLINE forbids the network."""
    return os.environ.get("COURSE_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


_PROBE_LOCK = threading.Lock()
_PROBES: dict[tuple, dict] = {}  # (scheme, host and port) -> asked, done, ok
_WAITS: list[tuple[float, float]] = []  # when, and for how long, we waited in vain


def check_reachable(url: str) -> None:
    """Find out quickly whether `url`'s host, or the proxy on the way to it, takes connections.

    Looking up a name and connecting can block for minutes, so both happen in a thread that is
    left alone after a while. Answers are kept for PROBE_AGAIN_SECONDS, in which all negative
    ones together cost at most PROBE_SECONDS.

    Raises:
        OfflineError: COURSE_OFFLINE is set, or there was no connection in time.
    """
    attempt, host = f"Reaching {host_of(url)}", urlsplit(url)[:2]
    if offline():
        raise OfflineError(attempt, "COURSE_OFFLINE is set", "Unset it to use the network")
    import requests.utils  # noqa: F401  here, not in the thread, whose time is short

    now = time.monotonic()
    with _PROBE_LOCK:
        if host not in _PROBES or now - _PROBES[host]["asked"] > PROBE_AGAIN_SECONDS:
            spent = sum(s for asked, s in _WAITS if now - asked <= PROBE_AGAIN_SECONDS)
            probe = _PROBES[host] = {"asked": now, "done": threading.Event(), "ok": False}
            threading.Thread(target=_connect, args=(url, probe), daemon=True).start()
            # The first host may use most of the time, and leaves some for a second and a third.
            probe["done"].wait(0.7 * max(0.0, PROBE_SECONDS - spent))
            if not probe["ok"]:
                _WAITS.append((now, time.monotonic() - now))
        if not _PROBES[host]["ok"]:
            others = any(probe["ok"] for probe in _PROBES.values())
            reason = f"{host_of(url)} cannot be reached" if others else "no network"
            advice = "Check the network (and the proxy's settings, if any), then try again"
            raise OfflineError(attempt, reason, advice)


def forget_unreachable() -> None:
    """Drop what is remembered of hosts, so that the next download asks anew."""
    with _PROBE_LOCK:
        _PROBES.clear()
        _WAITS.clear()


def _connect(url: str, probe: dict) -> None:
    """Open and close one connection; a late success still counts for the next caller."""
    from requests.utils import get_environ_proxies, select_proxy

    try:
        goal = select_proxy(url, get_environ_proxies(url)) or url
        parts = urlsplit(goal if "://" in goal else f"http://{goal}")
        port = parts.port or {"https": 443}.get(parts.scheme, 80)
        socket.create_connection((parts.hostname, port), timeout=READ_SECONDS).close()
        probe["ok"] = True
    except (OSError, ValueError):  # no name, no route, refused, a malformed proxy: unreachable
        probe["ok"] = False
    finally:
        probe["done"].set()


def _download(url, incoming, part, attempt, known_hash, progress) -> None:
    """`pooch.retrieve` with our downloader, and one retry where that may help."""
    import pooch

    check_reachable(url)
    fetch = functools.partial(_resume, part=part, attempt=attempt, progress=progress)
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
                if last or not error.transient:
                    raise
            except ValueError as error:  # pooch: the hash is another one
                if last or not resumed:
                    reason = "what came does not have the published hash"
                    advice = "Something on the way changed it: try later, or on another network"
                    raise DataError(attempt, reason, advice) from error
            time.sleep(RETRY_SECONDS)
    finally:
        logger.setLevel(level)


def _resume(url, output_file, _pooch, *, part, attempt, progress) -> None:
    """A pooch downloader that goes on where an earlier one was cut off."""
    import requests

    start, validator = _begun(part, url)
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=timeout)
    except OSError as error:  # every requests exception is one
        raise _network_error(attempt, error) from error
    with response:
        _refuse_useless(response, attempt)
        content_range = response.headers.get("Content-Range", "").removeprefix("bytes ")
        if response.status_code != 416 or not start or content_range != f"*/{start}":
            if response.status_code == 200:  # all of it: the server ignores ranges, or has
                start = 0  # another file by now
            elif _validator(response) != validator or not content_range.startswith(f"{start}-"):
                part.unlink(missing_ok=True)
                reason = "the file on the server is not the one begun earlier"
                raise DataError(attempt, reason, "Try again", transient=True)
            if not start:
                part.unlink(missing_ok=True)  # first, so that the note never fits other bytes
                note = {"url": url, "validator": _validator(response)}
                write_whole(_beside(part), json.dumps(note, indent=1))
            _receive(response, part, start, attempt, progress)
    os.replace(part, output_file)
    _beside(part).unlink(missing_ok=True)


def _begun(part: Path, url: str) -> tuple[int, str]:
    """Size and validator of a part that can be resumed, else (0, "")."""
    try:
        note = json.loads(_beside(part).read_text(encoding="utf-8"))
        if note["url"] == url and note["validator"]:
            return part.stat().st_size, note["validator"]
    except (OSError, ValueError, KeyError, TypeError):  # no note, or not one of ours: afresh
        pass
    return 0, ""


def _validator(response) -> str:
    """What tells one version of a file from another: a strong ETag, or else the date."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _refuse_useless(response, attempt: str) -> None:
    status = response.status_code
    if status not in (200, 206, 416):
        busy = status in (408, 425, 429) or status >= 500
        reason = f"{host_of(response.url)} answered {status} {response.reason}"
        advice = "Try again later" if busy else "The file may have moved; use a copy if you can"
        raise DataError(attempt, reason, advice, transient=busy)
    if status != 416 and "html" in response.headers.get("Content-Type", ""):
        reason = "a web page came instead of the file, perhaps a network's login page"
        raise DataError(attempt, reason, "Open a browser, log in to the network, then try again")


def _receive(response, part: Path, start: int, attempt: str, progress: bool) -> None:
    from tqdm.auto import tqdm

    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    _check_space(part.parent, (total or start) - start)
    bar = tqdm(
        desc=part.stem, initial=start, total=total, unit="B", unit_scale=True, leave=False,
        disable=not progress,
    )  # fmt: skip
    with bar, part.open("ab" if start else "wb") as file:
        for chunk in _chunks(response, attempt):
            file.write(chunk)
            bar.update(len(chunk))
        size = file.tell()
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
            raise _network_error(attempt, error) from error
        if not chunk:
            return
        yield chunk
        arrived += len(chunk)
        if time.monotonic() - since >= STALL_SECONDS:
            if arrived < STALL_BYTES:
                reason = f"only {arrived:,} bytes came in {STALL_SECONDS:g} s"
                raise DataError(attempt, reason, "Try again: it goes on from there", transient=True)
            since, arrived = time.monotonic(), 0


def _network_error(attempt: str, error: Exception) -> DataError:
    import requests
    import urllib3

    advice, transient = "Try again: what has come is kept", True
    if isinstance(error, requests.exceptions.SSLError):
        reason, transient = "the server's certificate was not accepted", False
        advice = "Behind a company's proxy, set REQUESTS_CA_BUNDLE to its certificate"
    elif isinstance(error, requests.exceptions.ProxyError):
        reason, advice = "the proxy refused", "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"
    elif isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        reason = f"nothing came for {READ_SECONDS:g} s"
    elif isinstance(error, (requests.ConnectionError, urllib3.exceptions.ProtocolError)):
        reason = "the connection broke"
    else:
        reason, advice, transient = str(error), "Check the address and the proxy", False
    return DataError(attempt, reason, advice, transient=transient)


def _copy(source: Path, incoming: Path, attempt: str) -> None:
    try:
        file = source.open("rb")
    except FileNotFoundError as error:
        raise DataError(attempt, f"the mirror has no {source.name}", "Add it") from error
    except OSError as error:
        reason = f"the mirror's {source.name} cannot be read ({error.strerror})"
        raise DataError(attempt, reason, "Make it readable") from error
    with file, incoming.open("wb") as copy:
        shutil.copyfileobj(file, copy)


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
        detail = getattr(error, "strerror", None) or error
        advice = f"{first}, or set COURSE_DATA_DIR to another folder; then try again"
        raise StorageError(attempt, f"{what} ({detail})", advice) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")
