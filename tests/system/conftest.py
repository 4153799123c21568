"""What the tests share: a booted container, and units in it that each test has for itself."""

import os
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from container import Container  # noqa: E402
from database import Database  # noqa: E402

BUILD = Path(os.environ.get("SOAKWATCH_BUILD") or ROOT / "build/release")
TARGETS = Path(os.environ.get("SOAKWATCH_TARGETS") or ROOT / "build/targets")
SYSTEM = Path(os.environ.get("SOAKWATCH_SYSTEM") or ROOT / "build/system-root")
LEAKY_PROGRAM = TARGETS / "leaky"
PROGRAMS = [BUILD / "daemon/soakwatchd", BUILD / "cli/soakwatch", LEAKY_PROGRAM]

# So short that a test sees many rounds; the daemon takes nothing shorter.
FAST = """
sampling:
  interval: 100ms
  discovery_interval: 100ms
pprof:
  heap_interval: 100ms
  heap_latency_factor: 0
self: {enabled: false}
"""

LEAKY = "/usr/local/bin/leaky -mode goroutine -leak-rate-goroutines 100 -for 10m"


def pytest_sessionstart():
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # fixtures clean up then as well
    missing = [str(path) for path in [LEAKY_PROGRAM, SYSTEM] if not path.exists()]
    if os.geteuid() != 0 or missing:
        pytest.exit(f"run one of the scripts in tests/system, as root; missing: {missing}", 3)


def quoted(word):
    """For a command line in a unit file, see systemd.service(5)."""
    text = str(word).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"'


class Daemon:
    def __init__(self, unit, folder):
        self.unit = unit
        self.db = Database(folder / f"{unit}.db")
        self.err_file = folder / f"{unit}.err"

    @property
    def err(self):
        return self.err_file.read_text()


class Machine:
    """The container, as one test uses it."""

    def __init__(self, container):
        self.container = container
        self.run = container.run
        self.files = []
        self.started = []

    def systemctl(self, *words, **options):
        return self.run("systemctl", *words, **options).out.strip()

    def unit(self, name, *lines, start=LEAKY, folder="/run/systemd/system"):
        """A unit file of a service; each of `lines` is one of its section [Service]."""
        # With version 1 of the control groups, systemd in a container may not hear of a group's end.
        limit = "TimeoutStopSec=10"
        file = self.container.path(folder) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(["[Service]", f"ExecStart={start}", limit, *lines, ""]))
        self.files.append(file)
        self.systemctl("daemon-reload")
        return name

    def start(self, name):
        """Starts the unit and returns the pid of its main process, as its processes see it."""
        self.started.append(name)
        self.systemctl("start", "--", name)
        return self.main_pid(name)

    def leaky(self, name, *lines, **options):
        """A unit that runs the Go program, started."""
        return self.start(self.unit(name, *lines, **options))

    def main_pid(self, name):
        return int(self.systemctl("show", "--property=MainPID", "--value", "--", name))

    def pids(self, name):
        """All processes of the unit."""
        root = "/sys/fs/cgroup" if self.container.unified else "/sys/fs/cgroup/systemd"
        procs = self.run("cat", f"{root}{self.control_group(name)}/cgroup.procs")
        return sorted(map(int, procs.out.split()))

    def control_group(self, name):
        return self.systemctl("show", "--property=ControlGroup", "--value", "--", name)

    def daemon(self, *targets, config=FAST):
        """soakwatchd as a service of the container, once it says that it is ready."""
        name = f"soakwatchd-{len(self.files)}.service"
        shared = self.container.shared
        daemon = Daemon(name, shared)
        (shared / f"{name}.yaml").write_text(config)
        words = ["--config", f"/shared/{name}.yaml", "--db", f"/shared/{name}.db"]
        for target in targets:
            words += ["--target", target]
        self.unit(name, "Type=notify", "TimeoutStartSec=30",
                  f"StandardError=append:/shared/{name}.err",
                  start="/usr/local/bin/soakwatchd " + " ".join(map(quoted, words)))
        self.start(name)
        return daemon

    def clean_up(self):
        for name in reversed(self.started):
            # All of its processes, whatever KillMode= says; and once more what Restart= started.
            self.systemctl("kill", "--kill-who=all", "--signal=KILL", "--", name, check=False)
            self.systemctl("stop", "--", name, check=False)
        for file in self.files:
            file.unlink()
        for file in self.container.shared.iterdir():
            file.unlink()
        self.systemctl("daemon-reload")
        self.systemctl("reset-failed")


@pytest.fixture(scope="session", params=["cgroup-v2", "cgroup-v1"])
def container(request, tmp_path_factory):
    missing = [str(path) for path in PROGRAMS if not path.exists()]
    assert not missing, f"run tests/system/unit_target.sh; missing: {missing}"
    folder = tmp_path_factory.mktemp("container")
    container = Container(SYSTEM, folder, request.param == "cgroup-v2", PROGRAMS)
    try:
        container.boot()
        yield container
    finally:
        container.clean_up()


@pytest.fixture
def machine(container):
    machine = Machine(container)
    try:
        yield machine
    finally:
        machine.clean_up()
