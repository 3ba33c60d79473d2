"""The way to a host: by whichever address answers first, through a proxy, and what a fault means.

`session` gives requests connections made by `connect`; `way_to` tells whether a proxy stands on
the way; the `fault_...` functions put into words what went wrong. No word of theirs has a password
in it. `course.data.download` uses all this to bring files.
"""

import errno
import functools
import importlib.util
import os
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain, zip_longest
from typing import NamedTuple
from urllib.parse import urlsplit

from course_utils.texts import printable

__all__ = [
    "Fault",
    "Unusable",
    "Way",
    "connect",
    "fault_of",
    "fault_of_answer",
    "fault_of_connecting",
    "forget",
    "masked",
    "session",
    "way_to",
]

NEXT_SECONDS = 0.25  # after which the next address is tried as well: RFC 8305, section 5
KNOWN_SECONDS = 300.0  # for so long, a host's addresses are not looked up again
PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
NO_NAME = {getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA")} - {None}
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)

CLOCK = "Check this computer's clock, which says {now}; if that is right, use a copy, or try later"
FILTER = (
    "Where a school or a company looks into all traffic, set REQUESTS_CA_BUNDLE to its "
    "certificate, a .pem file"
)
PORTAL = "Open a browser, log in to the network, then try again"
COPY = "Try on another network, or set COURSE_MIRROR to a copy"
LATER = "Try again later"
LOGIN = "If it is COURSE_MIRROR, put them into it (https://NAME:PASSWORD@...); else use a copy"
# What OpenSSL's codes of a refused certificate mean, for learners.
CERTIFICATES = {
    9: ("is not valid yet", CLOCK),
    10: ("has expired", CLOCK),
    18: ("is signed by nobody but itself", FILTER),
    19: ("is signed by somebody who is not known here", FILTER),
    2: ("is signed by somebody who is not known here", FILTER),
    20: ("is signed by somebody who is not known here", FILTER),
    21: ("is signed by somebody who is not known here", FILTER),
    62: ("is that of another host", f"A login page may have answered. {PORTAL}"),
    64: ("is that of another host", f"A login page may have answered. {PORTAL}"),
}
# What an answer means, and what helps; "{}" stands for who gave it.
ANSWERS = {
    204: ("{} sent nothing", LATER),
    401: ("{} wants a user name and a password", LOGIN),
    403: ("{} refuses to give the file", COPY),
    404: ("{} has no such file", "The file may have moved; use a copy if you can"),
    410: ("{} no longer has the file", "Set COURSE_MIRROR to a copy if you can"),
    429: ("{} was asked too often from here", LATER),
    451: ("{} may not give the file here, by law", COPY),
    503: ("{} is too busy", LATER),
    511: ("this network wants you to log in first", PORTAL),
}
TRANSIENT = (408, 425, 429)  # besides those from 500 on, but for 511


class Fault(NamedTuple):
    """What went wrong on the way to a host.

    Args:
        reason: what was seen.
        advice: what to do about it.
        transient: whether a second try may help.
        wait: seconds for which the host asks to be left alone; 0 where it doesn't.
    """

    reason: str
    advice: str
    transient: bool = False
    wait: float = 0.0


class Unusable(ValueError):
    """An address, or that of the proxy on the way to it, can't be used: `fault` says why."""

    def __init__(self, fault: Fault):
        super().__init__(fault.reason)
        self.fault = fault


class Way(NamedTuple):
    """What a connection for an address goes to: its host, or the proxy before it.

    Args:
        host: name or number.
        port: of the host.
        name: the host for people, as in "the proxy proxy.example:3128 (https_proxy)".
        variable: of a proxy, the environment variable to set; "" of a host.
    """

    host: str
    port: int
    name: str
    variable: str = ""

    @property
    def proxied(self) -> bool:
        """Whether it is a proxy."""
        return bool(self.variable)


def masked(text: str) -> str:
    """Text with the user names and passwords in its addresses made unreadable.

    Example:
        >>> masked("http://ada:secret@example.org/file")
        'http://***@example.org/file'

    """
    # A password may have a slash in it; but "host:8080/" has none.
    return re.sub(r"(?<=://)(?:[^\s@/]*:(?!\d{1,5}/)\S*|[^\s/]+)@", "***@", str(text))


def way_to(url: str) -> Way:
    """What to connect to for a URL, as requests does it: its host, or a proxy.

    Raises:
        Unusable: the address, or the proxy's, can't be read, or needs what is not installed.
    """
    from requests.utils import get_environ_proxies, select_proxy

    try:
        host, port = _host_and_port(url)
    except ValueError as error:
        reason = f"{masked(url)} is no address of a file"
        raise Unusable(Fault(reason, "Correct it, for example in COURSE_MIRROR")) from error
    proxy = select_proxy(url, get_environ_proxies(url))
    if not proxy:
        return Way(host, port, host)
    variables = (name for name, value in os.environ.items() if value == proxy)
    variable = next((name for name in variables if name.lower().endswith("_proxy")), "")
    given = variable or "the system's settings"
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        scheme = urlsplit(proxy).scheme
        if scheme not in PORTS:
            raise ValueError(f"no proxy speaks {scheme}")
        host, port = _host_and_port(proxy)
    except ValueError as error:
        reason = f"the proxy's address {masked(proxy)} ({given}) cannot be used"
        advice = f"Put one like http://HOST:PORT into {given}, or remove it there"
        raise Unusable(Fault(reason, advice)) from error
    name = f"the proxy {f'[{host}]' if ':' in host else host}:{port} ({given})"
    if scheme.startswith("socks") and not importlib.util.find_spec("socks"):
        reason = f"{name} speaks SOCKS, which needs the package PySocks, and it is not installed"
        advice = f"Install PySocks, put a proxy that speaks http into {given}, or remove it there"
        raise Unusable(Fault(reason, advice))
    return Way(host, port, name, variable or "HTTPS_PROXY")


def _host_and_port(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    port = parts.port or PORTS.get(parts.scheme)
    if not parts.hostname or not port:
        raise ValueError("no host, or no port")
    return parts.hostname, port


# ---- connections --------------------------------------------------------------------------------

_KNOWN: dict[tuple[str, int], tuple[float, list]] = {}  # when, and which addresses a host has


def forget() -> None:
    """Drop what is remembered of hosts' addresses."""
    _KNOWN.clear()


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Connect to a host by whichever of its addresses answers first.

    An address that doesn't answer holds nobody up: the next one, of the other family where there
    is one, is tried beside it after NEXT_SECONDS. Names are looked up in a thread of its own,
    since that can take minutes.

    Args:
        host: name or number.
        port: where it listens.
        seconds: for the name and the connection together.
    Returns:
        a connected socket, whose timeout is `seconds`.
    Raises:
        TimeoutError: nothing answered in time.
        OSError: the name isn't known (socket.gaierror), or each address was refused.
    Source: RFC 8305, Happy Eyeballs.
    """
    until = time.monotonic() + seconds
    when, addresses = _KNOWN.get((host, port), (0.0, []))
    if not addresses or time.monotonic() - when > KNOWN_SECONDS:
        addresses = _look_up(host, port, seconds)
    try:
        connection, address = _first_of(addresses, until)
    except OSError:
        _KNOWN.pop((host, port), None)
        raise
    addresses = [address, *(other for other in addresses if other != address)]
    _KNOWN[host, port] = time.monotonic(), addresses
    connection.settimeout(seconds)
    return connection


def _look_up(host: str, port: int, seconds: float) -> list[tuple]:
    """A host's addresses as getaddrinfo gives them, the two families by turns."""
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def ask():
        try:
            answers.put(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # the latter: such as a label of 64 letters
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not found in time") from None
    if isinstance(found, UnicodeError):
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from found
    if isinstance(found, OSError):
        raise found
    first = [address for address in found if address[0] == found[0][0]]
    others = [address for address in found if address[0] != found[0][0]]
    by_turns = chain.from_iterable(zip_longest(first, others))
    return list(dict.fromkeys(address for address in by_turns if address))


def _first_of(addresses: list[tuple], until: float) -> tuple[socket.socket, tuple]:
    """A connection to the first address that answers, and that address."""
    answers: queue.SimpleQueue = queue.SimpleQueue()
    over, lock = threading.Event(), threading.Lock()

    def ask(address):
        connection, answer = None, None
        try:
            connection = socket.socket(*address[:3])
            connection.settimeout(max(0.01, until - time.monotonic()))
            connection.connect(address[4])
        except OSError as error:
            answer = error
        with lock:
            if connection and (answer or over.is_set()):  # it failed, or came too late
                connection.close()
            if not over.is_set():
                answers.put((connection, answer, address))

    waiting, running, errors = list(addresses), 0, []
    try:
        while waiting or running:
            if waiting:
                threading.Thread(target=ask, args=(waiting.pop(0),), daemon=True).start()
                running += 1
            left = until - time.monotonic()
            try:
                pause = min(NEXT_SECONDS, left) if waiting else left
                connection, error, address = answers.get(timeout=max(0.0, pause))
            except queue.Empty:
                if time.monotonic() >= until:
                    raise TimeoutError("no address answered in time") from None
                continue
            if not error:
                return connection, address
            running -= 1
            errors.append(error)
        # What a host said tells more than that one family has no way out of here.
        said = [error for error in errors if error.errno not in NO_ROUTE]
        raise (said or errors or [OSError("it has no address")])[0]
    finally:
        with lock:
            over.set()
        while not answers.empty():
            late, error, _ = answers.get()
            if not error:
                late.close()


def session():
    """A requests.Session, to be closed, whose connections are made by `connect`."""
    import requests

    made = requests.Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, _adapter()())
    return made


@functools.cache
def _adapter():
    """The transport adapter of `session`; a class, made here since it needs requests."""
    from requests.adapters import HTTPAdapter
    from urllib3 import connection, connectionpool, exceptions

    class SideBySide:
        """What a urllib3 connection does, but for the order of addresses."""

        def _new_conn(self):
            try:
                made = connect(self._dns_host, self.port, self.timeout)
            except socket.gaierror as error:
                raise exceptions.NameResolutionError(self.host, self, error) from error
            except TimeoutError as error:
                raise exceptions.ConnectTimeoutError(self, str(error)) from error
            except OSError as error:
                raise exceptions.NewConnectionError(self, str(error)) from error
            for option in self.socket_options or ():
                made.setsockopt(*option)
            return made

    class Plain(SideBySide, connection.HTTPConnection):
        pass

    class Secure(SideBySide, connection.HTTPSConnection):
        pass

    class PlainPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = Secure

    pools = {"http": PlainPool, "https": SecurePool}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args, **options):
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy, **options):
            manager = super().proxy_manager_for(proxy, **options)
            if not proxy.lower().startswith("socks"):  # these have connections of their own
                manager.pool_classes_by_scheme = pools
            return manager

    return Adapter


# ---- what a fault means -------------------------------------------------------------------------


def fault_of_connecting(error: Exception | None, way: Way, seconds: float) -> Fault:
    """Why there is no connection.

    Args:
        error: what `connect` raised; None if it was not waited for any longer.
        way: what was to be connected to.
        seconds: how long it was waited for.
    """
    if way.proxied:
        advice = "Check the proxy and its settings (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY)"
    else:
        advice = "Check the network (and whether it needs a proxy: HTTPS_PROXY), then try again"
    told = printable(str(getattr(error, "strerror", None) or error), most=200)
    if error is None or isinstance(error, TimeoutError):
        within = f"within {seconds:.1f} s" if seconds >= 0.05 else "at once"
        reason = f"{way.name} did not answer {within}"
    elif isinstance(error, ConnectionRefusedError):
        reason = f"{way.name} refuses connections"
    elif _is_local(error) and not _has_network():
        reason = "no network"
    elif isinstance(error, socket.gaierror) and error.errno in NO_NAME:
        reason = f"{way.name} cannot be found ({told})"
    elif isinstance(error, socket.gaierror):
        reason = f"the name of {way.name} cannot be looked up ({told})"
    else:
        reason = f"{way.name} cannot be reached ({told})"
    return Fault(reason, advice, transient=True)


def _is_local(error: Exception) -> bool:
    """Whether an error came from this machine, as it does where there is no network."""
    return isinstance(error, socket.gaierror) or getattr(error, "errno", None) in NO_ROUTE


def _has_network() -> bool:
    """Whether this machine knows a way out, of either family; nothing is sent."""
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))  # of a datagram's socket: only looks up the route
                return True
        except OSError:  # no such family, or no route
            continue
    return False


def fault_of(error: Exception, url: str, timeouts: tuple[float, float]) -> Fault:
    """What an error of requests or urllib3 means.

    Args:
        error: what was raised.
        url: what was asked for.
        timeouts: seconds for a connection, and of silence.
    """
    import requests
    import urllib3

    url = getattr(getattr(error, "request", None), "url", None) or url  # after redirections
    host = urlsplit(url).hostname or masked(url)
    causes = list(_causes(error))

    def cause(*kinds):
        return next((found for found in causes if isinstance(found, kinds)), None)

    try:
        way = way_to(url)
    except Unusable as unusable:
        return unusable.fault
    at_proxy = way.proxied and cause(urllib3.exceptions.ProxyError)
    name = way.name if at_proxy else host
    if secure := cause(ssl.SSLError):
        return _fault_of_tls(secure, name, bool(at_proxy))
    if refused := re.search(r"Tunnel connection failed: (\d+) ?([^'\")]*)", str(error)):
        return _fault_of_tunnel(int(refused[1]), refused[2], way, host)
    if cause(requests.TooManyRedirects):
        reason = f"{host} sends one round in circles"
        return Fault(reason, f"If the network has a login page, log in there first. {COPY}")
    if cause(requests.exceptions.InvalidSchema):
        return Fault(f"{host} leads to an address that is not one of the web", COPY)
    if "TLS CA certificate" in str(error):
        variable = next((name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
                         if os.environ.get(name)), "certifi")  # fmt: skip
        reason = f"the certificates that {variable} names are not there"
        return Fault(reason, f"Correct {variable}, or unset it")
    if cause(socket.gaierror, ConnectionRefusedError) or cause(
        urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError
    ):
        told = next((e for e in causes if type(e) in (socket.gaierror, ConnectionRefusedError)
                     or (isinstance(e, OSError) and e.errno)), None)  # fmt: skip
        to = way if at_proxy or not way.proxied else Way(host, 0, host)
        return fault_of_connecting(told, to, timeouts[0])
    if cause(requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        told = re.search(r"read timeout=([\d.]+)", str(error))
        if told and float(told[1]) == timeouts[0]:  # urllib3's, while TLS or a tunnel is begun
            reason = f"{way.name} takes connections, but nothing came from {host} for {told[1]} s"
            advice = "Check the proxy, or try" if way.proxied else "Try"
            return Fault(reason, f"{advice} on another network, or set COURSE_MIRROR to a copy")
        reason = f"nothing came from {name} for {timeouts[1]:g} s"
        return Fault(reason, "Try again: what has come is kept", transient=True)
    if cause(requests.ConnectionError, urllib3.exceptions.ProtocolError):
        reason = f"the connection to {name} broke"
        return Fault(reason, "Try again: what has come is kept", transient=True)
    reason = f"{host}: {printable(masked(str(error)), most=300)}"
    return Fault(reason, "Check the address and the proxy")


def _causes(error) -> Iterator[BaseException]:
    """An error and those it was made of, the outermost first."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and not any(found is other for other in seen):
            seen.append(found)
            yield found
            waiting += [getattr(found, "reason", None), *found.args]
            waiting += [found.__cause__, found.__context__]


def _fault_of_tls(error: ssl.SSLError, name: str, is_proxy: bool) -> Fault:
    """What is wrong with an encrypted connection."""
    code = getattr(error, "verify_code", None)
    kind = (getattr(error, "reason", None) or "").upper()
    told = getattr(error, "verify_message", "") or kind or str(error)
    told = printable(masked(told), most=200)
    if code is not None:
        what, advice = CERTIFICATES.get(code, ("was not accepted", FILTER))
        now = datetime.now(UTC).astimezone().strftime("%d %B %Y, %H:%M")
        return Fault(f"the certificate of {name} {what} ({told})", advice.format(now=now))
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or "EOF" in kind:
        reason = f"{name} broke off the encrypted connection ({told})"
        return Fault(reason, f"A filter may stand between. {COPY}", transient=True)
    if any(word in kind for word in ("WRONG_VERSION", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")):
        advice = "Write http:// in place of https:// if it is meant to be so"
        advice = f"{advice}, in the proxy's address" if is_proxy else f"{advice}. {PORTAL}"
        return Fault(f"{name} does not speak TLS there ({told})", advice)
    if any(word in kind for word in ("PROTOCOL", "HANDSHAKE", "CIPHER", "ALERT", "INSUFFICIENT")):
        return Fault(f"{name} and this computer have no encryption in common ({told})", COPY)
    if "CERTIFICATE_OR_CRL" in kind or "PEM" in kind:
        variable = "REQUESTS_CA_BUNDLE" if os.environ.get("REQUESTS_CA_BUNDLE") else "certifi"
        return Fault(f"the certificates of {variable} cannot be read ({told})", f"Mend {variable}")
    return Fault(f"the encrypted connection to {name} failed ({told})", COPY, transient=True)


def _fault_of_tunnel(status: int, phrase: str, way: Way, host: str) -> Fault:
    """Why a proxy made no way to a host."""
    told = f"({status} {printable(phrase, most=80)})".replace(" )", ")")
    if status == 407:
        return _fault_of_password(told, way)
    if status >= 500:
        return Fault(f"{way.name} does not reach {host} {told}", LATER, transient=True)
    reason = f"{way.name} lets nobody through to {host} {told}"
    return Fault(reason, "Ask whoever runs the proxy, or set COURSE_MIRROR to a copy")


def _fault_of_password(told: str, way: Way) -> Fault:
    advice = "A proxy on the way has answered: ask whoever runs the network how to set HTTPS_PROXY"
    if way.proxied:
        advice = f"Put them into {way.variable}: http://NAME:PASSWORD@{way.host}:{way.port}"
    return Fault(f"{way.name} wants a user name and a password {told}", advice)


def fault_of_answer(response) -> Fault | None:
    """What a `requests.Response` without the file means; None for one with it."""
    status = response.status_code
    if status in (200, 206, 416):
        return None
    told = f"({status} {printable(response.reason or '', most=80)})".replace(" )", ")")
    host = urlsplit(response.url).hostname
    try:
        way = way_to(response.url)
    except Unusable:  # the settings were changed meanwhile
        way = Way(host, 0, host)
    if status == 407:
        return _fault_of_password(told, way)
    reason, advice = ANSWERS.get(status, ("{} does not give the file", COPY))
    transient = status in TRANSIENT or (status >= 500 and status != 511)
    if transient and status not in ANSWERS:
        reason, advice = "{} has a fault", LATER
    elif status in (300, 301, 302, 303, 307, 308):
        reason = "{} leads on, and does not say where to"
    through = f", through {way.name}" * (way.proxied and response.url.startswith("http:"))
    wait = _asked_to_wait(response.headers.get("Retry-After", "")) if transient else None
    if wait:
        advice = f"It asks to be left alone for {_span(wait)}: try again after that"
    return Fault(f"{reason.format(host)} {told}{through}", advice, transient, wait or 0.0)


def _asked_to_wait(header: str) -> float | None:
    """The seconds of a Retry-After, which has them or a date; None for anything else."""
    try:
        if re.fullmatch(r"\s*\d{1,9}\s*", header):
            return float(header)
        when = parsedate_to_datetime(header)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)  # "-0000": UTC, by RFC 5322
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _span(seconds: float) -> str:
    """A time for people.

    Example:
        >>> _span(1.4), _span(120), _span(7200)
        ('2 s', '2 min', '2 hours')

    """
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "min")):
        if seconds > 1.5 * size:
            return f"{-(-seconds // size):.0f} {unit}"
    return f"{-(-seconds // 1):.0f} s"
