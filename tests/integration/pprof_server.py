"""A server that stands where a program's pprof server should be, and behaves badly."""

import gzip
import itertools
import re
import socket
import struct
import threading

INDEX = b"""<html><head><title>/debug/pprof/</title></head><body>
<table><tr><td>7</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table></body></html>"""


def answer(status, body, *headers, length=None):
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html; charset=utf-8",
             f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class BadServer:
    """Each connection is served by `behave(connection, gone)` on a thread; `gone` is set at the end.

    `asked` counts the requests that were read.
    """

    def __init__(self, behave):
        self.behave = behave
        self.gone = threading.Event()
        self.asked = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.gone.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(120)
            try:
                if connection.recv(65536):
                    self.asked += 1
                    self.behave(connection, self.gone)
            except OSError:
                pass  # the client has had enough

    def close(self):
        self.gone.set()
        self.listener.close()


def silence(_, gone):
    gone.wait(120)


def endless_body(connection, gone):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not gone.is_set():
        connection.sendall(b"x" * 65536)


def one_byte_a_second(connection, gone):
    for byte in answer("200 OK", INDEX):
        connection.sendall(bytes([byte]))
        if gone.wait(1):
            return


def reset(connection, _):
    # To close with SO_LINGER of 0 seconds sends RST.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def other_page(connection, _):
    connection.sendall(answer("200 OK", b"<html><h1>Welcome to the shop: 12 goroutines</h1></html>"))


def not_found(connection, _):
    connection.sendall(answer("404 Not Found", b"404 page not found\n"))


def truncated(connection, _):
    connection.sendall(answer("200 OK", INDEX)[:-40])


def wrong_length(connection, _):
    connection.sendall(answer("200 OK", INDEX, length=20))


def no_http(connection, _):
    connection.sendall(b"\x00\x01SSH-2.0-\xff\xfe\r\n" * 20)


def gzip_bomb(connection, _):
    body = gzip.compress(bytes(64 << 20))
    connection.sendall(answer("200 OK", body, "Content-Encoding: gzip"))


def redirect(connection, _):
    connection.sendall(answer("302 Found", b"", "Location: http://127.0.0.1:9/debug/pprof/"))


def wants_a_login(connection, _):
    connection.sendall(answer("401 Unauthorized", b"", "WWW-Authenticate: Basic realm=shop"))


def bad_chunks(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + INDEX)


def closed_in_a_chunk(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\n1000\r\n" + INDEX)


def huge_headers(connection, _):
    many = [f"X-{i}: {'x' * 4000}" for i in range(100)]
    connection.sendall(answer("200 OK", INDEX, *many))


def endless_header(connection, gone):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while not gone.is_set():
        connection.sendall(b"x" * 65536)


def nul_bytes(connection, _):
    connection.sendall(answer("200 OK", INDEX.replace(b">7<", b">\x007\x00<")))


def with_count(count):
    return INDEX.replace(b">7<", b">" + count + b"<")


def negative_count(connection, _):
    connection.sendall(answer("200 OK", with_count(b"-7")))


def absurd_count(connection, _):
    """More goroutines than an address space has room for; and more than a number has room for."""
    connection.sendall(answer("200 OK", with_count(b"9007199254740992")))


def overflowing_count(connection, _):
    connection.sendall(answer("200 OK", with_count(b"9" * 400)))


def fractional_count(connection, _):
    connection.sendall(answer("200 OK", with_count(b"1e6")))


BEHAVIOURS = [silence, endless_body, one_byte_a_second, reset, other_page, not_found, truncated,
              wrong_length, no_http, gzip_bomb, redirect, wants_a_login, bad_chunks,
              closed_in_a_chunk, huge_headers, endless_header, nul_bytes, negative_count,
              absurd_count, overflowing_count, fractional_count]


def switching():
    """A behaviour: another one of the bad ones at each request."""
    one_after_the_other = itertools.cycle(BEHAVIOURS)

    def behave(connection, gone):
        next(one_after_the_other)(connection, gone)
    return behave


class Refused:
    """A port on which nobody listens, and which nobody else gets."""

    asked = None  # nobody counts

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def close(self):
        self.socket.close()


class NeverAccepts(Refused):
    """Listens, and takes no connection; its queue is full, so that the kernel answers nobody."""

    def __init__(self):
        super().__init__()
        self.socket.listen(0)
        self.crowd = [socket.socket() for _ in range(4)]
        for one in self.crowd:
            one.setblocking(False)
            one.connect_ex(self.socket.getsockname())

    def close(self):
        for one in self.crowd:
            one.close()
        super().close()


class CaptureServer(BadServer):
    """Its index and its heap figures are fine; `captures` says what it answers for profiles.

    A name of `captures` is the last word of the path, such as "heap" or "trace"; others get 404.
    """

    HEAP = b"heap profile: 0: 0 [0: 0] @ heap/1048576\n\n# runtime.MemStats\n"

    def __init__(self, captures):
        self.captures = captures
        self.pages = []  # asked for, without what follows a "?"
        super().__init__(None)

    def times(self, page):
        return self.pages.count(page)

    def serve(self, connection):
        with connection:
            connection.settimeout(120)
            try:
                request = connection.recv(65536)
                if request:
                    self.asked += 1
                    connection.sendall(self.answer_to(request))
            except OSError:
                pass  # the client has had enough

    def answer_to(self, request):
        page = re.match(rb"GET \S*?/debug/pprof/(\S*) ", request)
        if not page:
            return answer("404 Not Found", b"")
        name = page[1].decode()
        if not name:
            return answer("200 OK", INDEX, "Connection: close")
        if name == "heap?debug=1":
            return answer("200 OK", self.HEAP, "Connection: close")
        self.pages.append(name.split("?")[0])
        body = self.captures.get(self.pages[-1])
        if body is None:
            return answer("404 Not Found", b"404 page not found\n", "Connection: close")
        return answer("200 OK", body, "Connection: close")


def flapping():
    """A behaviour: every other connection is served, the rest are reset."""
    served = itertools.count()

    def behave(connection, gone):
        if next(served) % 2:
            connection.sendall(answer("200 OK", INDEX, "Connection: close"))
        else:
            reset(connection, gone)
    return behave
