"""A server that stands where a program's pprof server should be, and behaves badly."""

import gzip
import itertools
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


BEHAVIOURS = [silence, endless_body, one_byte_a_second, reset, other_page, not_found, truncated,
              wrong_length, no_http, gzip_bomb, redirect]


def flapping():
    """A behaviour: every other connection is served, the rest are reset."""
    served = itertools.count()

    def behave(connection, gone):
        if next(served) % 2:
            connection.sendall(answer("200 OK", INDEX, "Connection: close"))
        else:
            reset(connection, gone)
    return behave
