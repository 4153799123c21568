"""What the tests share: the programs under test, the target that leaks, a daemon of one's own."""

import os
import random
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from database import Database
from program import DEADLINE_SECONDS, Programs

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SOAKWATCH_BUILD") or ROOT / "build/dev")
TARGETS = Path(os.environ.get("SOAKWATCH_TARGETS") or ROOT / "build/targets")
SOAKWATCHD = BUILD / "daemon/soakwatchd"
SOAKWATCH = BUILD / "cli/soakwatch"
LEAKY = TARGETS / "leaky"

# So short that a test sees many rounds; the daemon takes nothing shorter.
FAST = """
sampling:
  interval: 100ms
  discovery_interval: 100ms
pprof:
  heap_interval: 100ms
  heap_latency_factor: 0
"""


def pytest_sessionstart():
    # Under nohup the programs would inherit that it is ignored, and never reload.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    missing = [str(file) for file in (SOAKWATCHD, SOAKWATCH, LEAKY) if not file.is_file()]
    if missing:
        pytest.exit("not built: " + ", ".join(missing)
                    + " (tests/run.sh builds them; see SOAKWATCH_BUILD, SOAKWATCH_TARGETS)", 3)


class Bench:
    """A folder and the programs that run in it."""

    def __init__(self, folder):
        self.folder = folder
        self.programs = Programs(folder)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC",
                    "XDG_STATE_HOME": str(folder / "state"),
                    "XDG_CONFIG_HOME": str(folder / "config")}
        # What a build with sanitizers is to do with its reports.
        self.env |= {name: value for name, value in os.environ.items()
                     if name.endswith("SAN_OPTIONS")}

    def leaky(self, *arguments, name=None, **options):
        """The Go program, set up; `url` is where its pprof server is. Alone of its name."""
        executable = self.folder / (name or self.unique_name())
        if not executable.exists():
            executable.symlink_to(LEAKY)
        program = self.programs.start([executable, "-for", "5m", *arguments], "leaky",
                                      env=self.env, **options)
        program.url = program.wait_for(r"^pprof (\S+)$")[1]
        program.comm = executable.name
        return program

    def run_program(self, arguments, name, **options):
        return self.programs.start(arguments, name, **{"env": self.env, **options})

    def unique_name(self):
        """At most 15 bytes, which the kernel keeps of a process's name."""
        return f"lk{random.SystemRandom().getrandbits(40):010x}"

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def daemon(self, *targets, config=FAST, arguments=(), database="soak.db", ready=True,
               wrap=(), **options):
        """soakwatchd on a database of this folder; `db` reads it. SPECs go to the command line, `wrap`
        in front of it."""
        # Its watch on itself would be one target more; who wants it says so.
        if "self:" not in config:
            config += "\nself: {enabled: false}\n"
        db = Database(self.folder / database)
        file = self.write(f"config-{len(self.programs.started)}.yaml", config)
        words = [*wrap, SOAKWATCHD, "--config", file, "--db", db.file, *arguments]
        for target in targets:
            words += ["--target", target]
        program = self.run_program(words, "soakwatchd", cwd=self.folder, **options)
        program.db = db
        if ready:
            program.wait_for("daemon_started", "err")
        return program

    def soakwatch(self, *arguments, env=None, cwd=None, seconds=DEADLINE_SECONDS, program=SOAKWATCH,
                  stdin=""):
        """Runs to the end; bytes that are no UTF-8 stay visible as surrogates."""
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", "--", str(program), *map(str, arguments)],
            env={**self.env, **(env or {})}, cwd=cwd or self.folder, timeout=seconds,
            input=stdin.encode(), capture_output=True)
        text = [data.decode("utf-8", "surrogateescape") for data in (done.stdout, done.stderr)]
        return SimpleNamespace(status=done.returncode, out=text[0], err=text[1])

    def soakwatchd(self, *arguments, **options):
        """The daemon where it ends by itself: --check-config and the like."""
        return self.soakwatch(*arguments, program=SOAKWATCHD, **options)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.programs.clean_up()


@pytest.fixture(scope="module")
def module_bench(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    bench.programs.clean_up()
