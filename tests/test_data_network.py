"""What stands between the course and a host is told for what it is."""

import errno
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from faulty_server import FaultyServer

from course.data import download, network
from course.data.download import DataError, OfflineError

CONTENT = bytes(range(256)) * 40
V6, V4 = "2001:db8::1", "127.0.0.1"


@pytest.fixture
def server(faulty_server):
    faulty_server.files["file.bin"] = CONTENT
    return faulty_server


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "file.bin"


@pytest.fixture
def slept(monkeypatch):
    """The pauses before a second try, which take no time."""
    pauses = []
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    return pauses


def get(url, target, *, patient=False):
    with download.patient(patient):
        download.obtain(url + "file.bin", target, progress=False)


def refused(url, target, *, patient=False):
    with pytest.raises(DataError) as caught:
        get(url, target, patient=patient)
    assert not target.exists()
    return caught.value


# ---- addresses ----------------------------------------------------------------------------------


class Hosts:
    """A host "both.test" with two addresses; what happens at the first one is up to the test."""

    def __init__(self, monkeypatch, port):
        self.tried, self.at_v6 = [], threading.Event()
        hosts, usual, plain = self, socket.getaddrinfo, socket.socket
        self.addresses = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (V6, port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (V4, port)),
        ]

        def getaddrinfo(host, *args, **options):
            return hosts.addresses if host == "both.test" else usual(host, *args, **options)

        class Socket(plain):
            def __init__(self, family=socket.AF_INET, *args, **options):
                super().__init__(socket.AF_INET, *args, **options)  # there may be no IPv6 here

            def connect(self, address):
                hosts.tried.append(address[0])
                if address[0] == V6:
                    hosts.blackhole()
                super().connect(address)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket, "socket", Socket)

    def blackhole(self):
        self.at_v6.wait(30)
        raise TimeoutError


@pytest.fixture
def hosts(monkeypatch, server):
    hosts = Hosts(monkeypatch, server.port)
    yield hosts
    hosts.at_v6.set()


def test_an_address_that_does_not_answer_holds_nobody_up(hosts, server, target):
    get(f"http://both.test:{server.port}/", target)
    assert target.read_bytes() == CONTENT
    # The host was asked whether it is there, and then for the file: at once where it answered.
    assert hosts.tried == [V6, V4, V4]


def test_what_is_known_of_addresses_is_forgotten_when_they_fail(hosts, server, monkeypatch):
    network.connect("both.test", server.port, 5).close()
    server.close()
    with pytest.raises(OSError):
        network.connect("both.test", server.port, 0.5)
    hosts.tried.clear()
    with pytest.raises(OSError):
        network.connect("both.test", server.port, 0.5)
    assert hosts.tried[0] == V6  # looked up anew


def test_a_connection_that_comes_too_late_is_closed(hosts, server, monkeypatch):
    made = []

    def late():
        hosts.at_v6.wait(30)
        made.append(threading.current_thread())
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    hosts.blackhole = late
    connection = network.connect("both.test", server.port, 5)
    hosts.at_v6.set()
    while not made:
        threading.Event().wait(0.01)
    made[0].join(30)
    assert connection.getpeername() == (V4, server.port)
    connection.close()


def test_the_error_that_tells_most(hosts, server):
    def unreachable():
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    hosts.blackhole = unreachable
    port = server.port
    server.close()
    with pytest.raises(ConnectionRefusedError):
        network.connect("both.test", port, 5)


def test_the_families_take_turns(monkeypatch):
    addresses = [(family, 1, 6, "", (name, 80)) for family, name in
                 [(10, "a"), (10, "b"), (10, "c"), (2, "d"), (2, "e")]]  # fmt: skip
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses)
    found = network._look_up("x.test", 80, 5)
    assert [address[4][0] for address in found] == ["a", "d", "b", "e", "c"]


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "x..test"])
def test_a_name_that_no_host_can_have(host, target):
    fault = refused(f"http://{host}/", target)
    assert isinstance(fault, OfflineError) and host in fault.reason


@pytest.mark.parametrize("patient", [True, False])
def test_a_name_that_is_found_late(server, target, monkeypatch, patient):
    usual, done = socket.getaddrinfo, threading.Event()

    def late(host, *args, **options):
        if host == "late.test":
            done.wait(0.5 if patient else 30)
            host = V4
        return usual(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", late)
    monkeypatch.setattr(download, "PROBE_SECONDS", 0.1)
    url = f"http://late.test:{server.port}/"
    if patient:
        get(url, target, patient=True)
        assert target.read_bytes() == CONTENT
    else:
        fault = refused(url, target)
        assert isinstance(fault, OfflineError)
        assert "late.test did not answer" in fault.reason and "no network" not in str(fault)
    done.set()


def test_who_is_patient_asks_again(server, target):
    url, port = server.url, server.port
    server.close()
    assert "refuses connections" in refused(url, target).reason
    again = FaultyServer(port=port)
    again.files["file.bin"] = CONTENT
    assert "refuses connections" in refused(url, target).reason  # as it is remembered
    get(url, target, patient=True)
    again.close()


@pytest.mark.parametrize(
    ("error", "routed", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False, "no network"),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            True,
            "host.test cannot be found",
        ),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), True, "cannot be looked up"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), False, "no network"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), True, "host.test cannot be reached"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), False, "host.test refuses"),
        (TimeoutError("no address answered"), False, "host.test did not answer within 1.4 s"),
        (None, True, "host.test did not answer within 1.4 s"),
    ],
)
def test_no_network_is_said_where_there_is_none(monkeypatch, error, routed, words):
    monkeypatch.setattr(network, "_has_network", lambda: routed)
    fault = network.fault_of_connecting(error, network.Way("host.test", 80, "host.test"), 1.4)
    assert words in fault.reason and fault.advice


# ---- answers without the file -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "advice", "tries"),
    [
        (204, "sent nothing", "later", 1),
        (304, "does not give the file", "COURSE_MIRROR", 1),
        (401, "user name", "COURSE_MIRROR", 1),
        (403, "refuses", "another network", 1),
        (404, "no such file", "moved", 1),
        (407, "user name", "HTTPS_PROXY", 1),
        (410, "no longer", "COURSE_MIRROR", 1),
        (429, "too often", "later", 2),
        (451, "by law", "another network", 1),
        (500, "fault", "later", 2),
        (503, "busy", "later", 2),
        (511, "log in", "browser", 1),
    ],
)
def test_an_answer_without_the_file(server, target, status, reason, advice, tries):
    server.answers["file.bin"] = status, {"Connection": "close"}
    fault = refused(server.url, target)
    assert reason in fault.reason and str(status) in fault.reason
    assert advice in fault.advice
    assert ("moved" in fault.advice) == (status == 404)
    assert len(server.log) == tries


def in_an_hour():
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        (in_an_hour, 3500, 3600),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0, 0),
    ],
)
def test_how_long_a_host_asks_to_wait(header, least, most):
    header = header() if callable(header) else header
    assert least <= network._asked_to_wait(header) <= most


@pytest.mark.parametrize(
    "header", ["", "soon", "-5", "1.5", "9" * 400, "Wed, 99 Oct 2015 07:28:00"]
)
def test_a_wait_that_means_nothing(header):
    assert network._asked_to_wait(header) is None


def test_a_busy_host_is_given_the_time_that_it_asks_for(server, target, slept, capsys):
    server.answers["file.bin"] = 503, {"Retry-After": "12"}

    def sleep(seconds):
        slept.append(seconds)
        server.answers.clear()

    download.time.sleep = sleep
    with download.patient(True):
        download.obtain(server.url + "file.bin", target)
    assert target.read_bytes() == CONTENT and slept == [12]
    assert "waiting for 12 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("patient", "wait", "told"), [(True, "600", "10 min"), (False, "5", "5 s")]
)
def test_a_host_that_asks_for_more_time_than_there_is(server, target, slept, patient, wait, told):
    server.answers["file.bin"] = 429, {"Retry-After": wait}
    fault = refused(server.url, target, patient=patient)
    assert told in fault.advice and fault.wait == int(wait)
    assert slept == [] and len(server.log) == 1


@pytest.mark.parametrize(
    ("location", "reason"),
    [("/file.bin", "circles"), ("ftp://host.test/x", "not one of the web"), (None, "where to")],
)
def test_redirections(server, target, location, reason):
    server.answers["file.bin"] = 302, {"Location": location}
    assert reason in refused(server.url, target).reason


def test_a_redirection_to_a_host_that_is_not_there(server, target):
    with socket.socket() as free:
        free.bind((V4, 0))
        port = free.getsockname()[1]
    server.answers["file.bin"] = 302, {"Location": f"http://localhost:{port}/file.bin"}
    assert "localhost refuses connections" in refused(server.url, target).reason


# ---- proxies ------------------------------------------------------------------------------------


def proxy_at(monkeypatch, address, name="http_proxy"):
    monkeypatch.setenv(name, address)
    download.forget_unreachable()


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("http://p.test:3128", "p.test", 3128),
        ("p.test:3128", "p.test", 3128),
        ("http://ada:secret@p.test", "p.test", 80),
        ("https://p.test", "p.test", 443),
        ("http://[::1]:3128", "::1", 3128),
    ],
)
def test_the_way_through_a_proxy(monkeypatch, server, address, host, port):
    proxy_at(monkeypatch, address)
    way = network.way_to("http://host.test/file.bin")
    assert (way.host, way.port, way.proxied) == (host, port, True)
    assert f"{port} (http_proxy)" in way.name and "secret" not in way.name


def test_a_proxy_of_the_system(monkeypatch, server):
    found = {"http": "http://p.test:3128"}
    monkeypatch.setattr("requests.utils.get_environ_proxies", lambda url: found)
    way = network.way_to("http://host.test/x")
    assert way.name == "the proxy p.test:3128 (the system's settings)"
    found["http"] = "gopher://p.test"
    with pytest.raises(network.Unusable) as caught:
        network.way_to("http://host.test/x")
    assert "the system's settings" in caught.value.fault.advice


def test_the_way_without_a_proxy(monkeypatch, server):
    proxy_at(monkeypatch, "http://p.test:3128")
    monkeypatch.setenv("no_proxy", "host.test")
    assert network.way_to("http://host.test/x") == network.Way("host.test", 80, "host.test")
    assert network.way_to("https://other.test/x").port == 443


@pytest.mark.parametrize(
    "address",
    [
        "http://ada:secret@p.test:port",
        "http://ada:secret@:3128",
        "ftp://ada:secret@p.test",
        "http://ada:secret@[::1:3128",
    ],
)
def test_a_proxy_that_cannot_be_one(monkeypatch, server, target, address):
    proxy_at(monkeypatch, address)
    fault = refused("http://host.test/", target)
    assert "http_proxy" in fault.reason and "secret" not in str(fault)


def test_a_socks_proxy_needs_a_package(monkeypatch, server, target):
    monkeypatch.setattr(network.importlib.util, "find_spec", lambda name: None)
    proxy_at(monkeypatch, "socks5h://ada:secret@p.test", "ALL_PROXY")
    fault = refused("https://host.test/", target)
    assert "p.test:1080 (ALL_PROXY)" in fault.reason and "PySocks" in fault.reason
    assert "PySocks" in fault.advice and "secret" not in str(fault)


def test_a_dead_proxy_is_named(monkeypatch, server, target):
    port = server.port
    server.close()
    proxy_at(monkeypatch, f"http://ada:secret@127.0.0.1:{port}")
    fault = refused("http://host.test/", target)
    assert f"the proxy 127.0.0.1:{port} (http_proxy) refuses" in fault.reason
    assert "secret" not in str(fault)


def test_a_proxy_that_dies_meanwhile(monkeypatch, server, target):
    proxy_at(monkeypatch, server.url)
    monkeypatch.setattr(download, "check_reachable", lambda url: server.close())
    fault = refused("http://host.test/", target)
    assert f"the proxy 127.0.0.1:{server.port} (http_proxy) refuses" in fault.reason


@pytest.mark.parametrize("proxied", [False, True])
def test_who_takes_connections_and_says_nothing(monkeypatch, server, target, slept, proxied):
    """As a proxy that is half dead: it is waited for once, and told with the right time."""
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.25)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if proxied:
            proxy_at(monkeypatch, f"http://127.0.0.1:{port}", "https_proxy")
        fault = refused("https://host.test/" if proxied else f"https://127.0.0.1:{port}/", target)
    assert "for 0.25 s" in fault.reason and slept == []
    assert ("host.test" in fault.reason and f"127.0.0.1:{port} (https_proxy)" in fault.reason) or (
        not proxied and "127.0.0.1 takes connections" in fault.reason
    )
    assert ("proxy" in fault.advice) == proxied


@pytest.mark.parametrize(
    ("scheme", "status", "reason", "advice"),
    [
        ("http", 407, "wants a user name", "http://NAME:PASSWORD@127.0.0.1"),
        ("https", 407, "wants a user name", "http://NAME:PASSWORD@127.0.0.1"),
        ("https", 403, "lets nobody through to host.test", "Ask"),
        ("https", 502, "does not reach host.test", "later"),
    ],
)
def test_what_a_proxy_answers(monkeypatch, server, target, scheme, status, reason, advice):
    proxy_at(monkeypatch, server.url, f"{scheme}_proxy")
    server.answers["CONNECT"] = server.answers["http://host.test/file.bin"] = status, {}
    fault = refused(f"{scheme}://host.test/", target)
    assert f"the proxy 127.0.0.1:{server.port} ({scheme}_proxy) {reason}" in fault.reason
    assert str(status) in fault.reason and advice in fault.advice


def test_an_answer_that_came_through_a_proxy(monkeypatch, server, target):
    proxy_at(monkeypatch, server.url)
    server.answers["http://host.test/file.bin"] = 504, {}
    reason = refused("http://host.test/", target).reason
    assert "host.test" in reason and f"through the proxy 127.0.0.1:{server.port}" in reason


def test_a_file_that_comes_through_a_proxy(monkeypatch, server, target):
    proxy_at(monkeypatch, server.url)
    server.answers["http://host.test/file.bin"] = 200, {}, CONTENT
    get("http://host.test/", target)
    assert target.read_bytes() == CONTENT


# ---- passwords ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ada:secret@host/x", "http://***@host/x"),
        ("http://ada:se/c@ret@host:3128", "http://***@host:3128"),
        ("https://secret@host/x", "https://***@host/x"),
        ("socks5://ada:secret@[::1]:1080", "socks5://***@[::1]:1080"),
        ("no way to 'http://ada:secret@host/x'", "no way to 'http://***@host/x'"),
        ("https://host/package@1.0/x", "https://host/package@1.0/x"),
        ("https://host:8080/x", "https://host:8080/x"),
        ("https://host:8080/package@1.0/x", "https://host:8080/package@1.0/x"),
        ("/home/ada@host/x", "/home/ada@host/x"),
    ],
)
def test_passwords_are_masked(text, shown):
    assert network.masked(text) == shown


def test_no_password_is_kept_or_told(server, target):
    url = f"http://ada:secret@127.0.0.1:{server.port}/"
    server.faults["file.bin"] = ["short", "short", None]
    assert "secret" not in str(refused(url, target))
    kept = target.with_name("file.bin.part.json").read_text()
    assert "secret" not in kept
    get(url, target)  # goes on all the same
    assert target.read_bytes() == CONTENT
    assert server.gets("file.bin")[-1][1] == 206
    assert json.loads(target.with_name("file.bin.json").read_text())["source"] == \
        f"http://***@127.0.0.1:{server.port}/file.bin"  # fmt: skip


# ---- encryption ---------------------------------------------------------------------------------

CA = """[ca]
default_ca = it
[it]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Makes a certificate, signed by itself; returns its file and its key's."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    def make(begin="20200101000000Z", end="20990101000000Z", name="IP:127.0.0.1"):
        (folder / "index").write_text("")
        (folder / "serial").write_text("01\n")
        (folder / "ca.cnf").write_text(CA.format(folder=folder.as_posix()))
        number = len(list(folder.glob("*.key")))
        key, asked, made = (folder / f"{number}.{end}" for end in ("key", "csr", "pem"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", key, "-out", asked, "-subj", f"/CN={number}",
                "-addext", f"subjectAltName={name}")  # fmt: skip
        openssl("ca", "-batch", "-selfsign", "-config", folder / "ca.cnf", "-keyfile", key,
                "-in", asked, "-out", made, "-notext",
                "-startdate", begin, "-enddate", end)  # fmt: skip
        return made, key

    return make


@pytest.fixture
def secure(certificates):
    """Starts a server that speaks https with such a certificate; returns it, and its file."""
    servers = []

    def start(**settings):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made, key = certificates(**settings)
        context.load_cert_chain(made, key)
        servers.append(FaultyServer(tls=context))
        servers[-1].files["file.bin"] = CONTENT
        return servers[-1], made

    yield start
    for server in servers:
        server.close()


@needs_openssl
def test_a_certificate_that_is_trusted(server, secure, target, monkeypatch):
    https, made = secure()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made))
    get(https.url, target)
    assert target.read_bytes() == CONTENT


@needs_openssl
def test_an_encrypted_file_that_comes_through_a_proxy(server, secure, target, monkeypatch):
    https, made = secure()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made))
    proxy_at(monkeypatch, server.url, "https_proxy")
    get(https.url, target)
    assert target.read_bytes() == CONTENT
    assert server.log == [(f"127.0.0.1:{https.port}", None, 200)]


@needs_openssl
@pytest.mark.parametrize(
    ("settings", "trusted", "reason", "advice"),
    [
        ({}, False, "nobody but itself", "REQUESTS_CA_BUNDLE"),
        ({"end": "20210101000000Z"}, True, "has expired", "clock"),
        ({"begin": "20980101000000Z"}, True, "not valid yet", "clock"),
        ({"name": "DNS:other.test"}, True, "another host", "log in"),
    ],
)
def test_a_certificate_that_is_not_accepted(
    server, secure, target, monkeypatch, settings, trusted, reason, advice
):
    https, made = secure(**settings)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made))
    fault = refused(https.url, target)
    assert "certificate of 127.0.0.1" in fault.reason and reason in fault.reason
    assert advice in fault.advice and not fault.transient


def test_https_where_http_is_spoken(server, target):
    fault = refused(server.url.replace("http:", "https:"), target)
    assert "does not speak TLS" in fault.reason and "http://" in fault.advice


def test_a_proxy_of_the_wrong_scheme(monkeypatch, server, target):
    proxy_at(monkeypatch, server.url.replace("http:", "https:"), "https_proxy")
    fault = refused("https://host.test/", target)
    assert f"the proxy 127.0.0.1:{server.port} (https_proxy) does not speak TLS" in fault.reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert"), "in common"),
        (ssl.SSLError(1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert"), "in common"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "broke off"),
        (ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] mac"), "failed"),
    ],
)
def test_other_faults_of_encryption(error, reason):
    if named := re.match(r"\[SSL: (\w+)\]", error.args[1]):
        error.reason = named[1]  # as the ssl module sets it
    assert reason in network._fault_of_tls(error, "host.test", False).reason


@pytest.mark.parametrize("code", [2, 19, 20, 21])
def test_a_certificate_of_an_unknown_issuer(code):
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "unable to get local issuer certificate"
    fault = network._fault_of_tls(error, "host.test", False)
    assert "not known here" in fault.reason and "REQUESTS_CA_BUNDLE" in fault.advice


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read(server, target, tmp_path, monkeypatch, content):
    bundle = tmp_path / "bundle.pem"
    if content:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    assert "REQUESTS_CA_BUNDLE" in refused(server.url.replace("http:", "https:"), target).reason


def test_the_network_of_this_machine_is_only_looked_at(monkeypatch):
    families = []

    class Probe:
        def __init__(self, family, kind):
            assert kind == socket.SOCK_DGRAM
            families.append(family)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def connect(self, address):
            if families[-1] == socket.AF_INET:
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    monkeypatch.setattr(socket, "socket", Probe)
    assert network._has_network() is True
    assert families == [socket.AF_INET, socket.AF_INET6]
