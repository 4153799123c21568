"""Processes of a test: each leads a group of its own, writes to files, and is never left behind."""

import os
import re
import signal
import subprocess
import time

# Generous: the machine may be slow and shared. Nothing waits so long when all is well.
DEADLINE_SECONDS = 60
POLL_SECONDS = 0.05


def wait_until(condition, what, seconds=DEADLINE_SECONDS):
    """Polls until `condition` gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(POLL_SECONDS)


class Program:
    """A running program with its output in `folder`. The kernel ends it with the test run."""

    def __init__(self, arguments, folder, name, env=None, cwd=None, stdin=subprocess.DEVNULL,
                 executable=None, last_words=True):
        self.name = name
        self.out_file = folder / f"{name}.out"
        self.err_file = folder / f"{name}.err"
        if last_words:
            # setpriv becomes the program, with its pid: it ends even when the tests are killed.
            arguments = ["setpriv", "--pdeathsig", "KILL", "--", *arguments]
        with open(self.out_file, "ab") as out, open(self.err_file, "ab") as err:
            self.process = subprocess.Popen(
                [str(word) for word in arguments], stdin=stdin, stdout=out, stderr=err, env=env,
                cwd=cwd, executable=executable, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    @property
    def out(self):
        return self.out_file.read_text(errors="surrogateescape")

    @property
    def err(self):
        return self.err_file.read_text(errors="surrogateescape")

    def running(self):
        return self.process.poll() is None

    def wait_for(self, pattern, stream="out", seconds=DEADLINE_SECONDS):
        """Waits for a line in the output and returns the match."""
        def found():
            match = re.search(pattern, getattr(self, stream), re.MULTILINE)
            if not match and not self.running():
                match = re.search(pattern, getattr(self, stream), re.MULTILINE)
                assert match, f"{self.name} ended without {pattern!r}: {self.out} {self.err}"
            return match
        return wait_until(found, lambda: f"{pattern!r} from {self.name}: {self.err[-2000:]}", seconds)

    def send(self, signal_number):
        self.process.send_signal(signal_number)

    def wait(self, seconds=DEADLINE_SECONDS):
        """The exit status; negative: the signal that killed it."""
        return self.process.wait(seconds)

    def stop(self, signal_number=signal.SIGTERM, seconds=DEADLINE_SECONDS):
        if self.running():
            self.send(signal_number)
        return self.wait(seconds)

    def kill(self):
        return self.stop(signal.SIGKILL)

    def clean_up(self):
        """The program and what it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Programs:
    """All that one fixture started."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def start(self, arguments, name, **options):
        name = f"{len(self.started):02d}-{name}"
        program = Program(arguments, self.folder, name, **options)
        self.started.append(program)
        return program

    def clean_up(self):
        for program in self.started:
            program.clean_up()
