"""A service manager as the daemon sees one: a socket that takes what sd_notify(3) sends."""

import socket

from program import wait_until


class ServiceManager:
    def __init__(self, folder, watchdog_seconds=None):
        self.file = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(str(self.file))
        self.env = {"NOTIFY_SOCKET": str(self.file)}
        if watchdog_seconds:
            self.env["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))
        self.messages = []  # each a dictionary

    def listen(self):
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append(dict(line.split("=", 1) for line in text.splitlines()))

    def heard(self, key, where=lambda value: True):
        """Messages that have the key, in order."""
        return [message for message in self.listen() if key in message and where(message[key])]

    def wait_for(self, key, count=1, where=lambda value: True):
        def enough():
            found = self.heard(key, where)
            return found if len(found) >= count else None
        return wait_until(enough, lambda: f"{count} {key}: {self.messages[-10:]}")

    def close(self):
        self.socket.close()
