"""A system bus with nobody on it but a logind that gives locks: D-Bus as far as one call needs it
(https://dbus.freedesktop.org/doc/dbus-specification.html)."""

import os
import socket
import struct
import threading

METHOD_RETURN = 2
REPLY_SERIAL, SIGNATURE, UNIX_FDS = 5, 8, 9


def align(data, size):
    return data + b"\0" * (-len(data) % size)


def field(code, kind, value):
    return bytes([code, len(kind)]) + kind.encode() + b"\0" + value


def reply(serial, signature, body, fds=0):
    fields = field(REPLY_SERIAL, "u", struct.pack("<I", serial))
    fields = align(fields, 8) + field(SIGNATURE, "g", bytes([len(signature)]) + signature.encode() + b"\0")
    if fds:
        fields = align(fields, 8) + field(UNIX_FDS, "u", struct.pack("<I", fds))
    head = struct.pack("<BBBBIII", ord("l"), METHOD_RETURN, 0, 1, len(body), serial, len(fields))
    return align(head + fields, 8) + body


class LoginManager:
    """`calls` are the arguments of Inhibit. A lock is held until released() says so."""

    def __init__(self, folder, answers=True):
        self.path = folder / "bus"
        self.calls = []
        self.answers = answers
        self.ours, self.theirs = os.pipe()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(self.path))
        self.server.listen()
        self.address = f"unix:path={self.path}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        bus, _ = self.server.accept()
        if not self.answers:
            self.kept = bus
            return
        data = b""
        while b"BEGIN\r\n" not in data:
            data += bus.recv(4096)
            if b"NEGOTIATE_UNIX_FD" in data and b"OK " not in getattr(self, "said", b""):
                self.said = b"DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n"
                bus.sendall(self.said)
        data = data.partition(b"BEGIN\r\n")[2]
        while True:
            while len(data) >= 16 and len(data) >= self.length(data):
                message, data = data[:self.length(data)], data[self.length(data):]
                self.answer(bus, message)
            more = bus.recv(4096)
            if not more:
                return
            data += more

    @staticmethod
    def length(data):
        body, _, fields = struct.unpack_from("<III", data, 4)
        return 16 + fields + (-fields % 8) + body

    def answer(self, bus, message):
        body_length, serial = struct.unpack_from("<II", message, 4)
        if b"Hello\0" in message:
            bus.sendall(reply(serial, "s", struct.pack("<I", 4) + b":1.1\0"))
        elif b"Inhibit\0" in message:
            body = message[-body_length:]
            self.calls.append([text.decode() for text in body.split(b"\0") if len(text) > 3])
            socket.send_fds(bus, [reply(serial, "h", struct.pack("<I", 0), 1)], [self.theirs])
            os.close(self.theirs)

    def released(self):
        """Waits until nobody holds the lock."""
        return os.read(self.ours, 1) == b""

    def held(self):
        os.set_blocking(self.ours, False)
        try:
            return os.read(self.ours, 1) != b""
        except BlockingIOError:
            return True
        finally:
            os.set_blocking(self.ours, True)
