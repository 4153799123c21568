"""The Debian package on a system that booted: what it installs does its work there, and goes again."""

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from conftest import LEAKY_PROGRAM, SYSTEM
from container import Container
from program import wait_until

DEBS = Path(os.environ.get("SOAKWATCH_DEBS") or "build/deb-test")
STATE = "/var/lib/soakwatch"
DATABASE = f"{STATE}/soakwatch.db"
CONFIG = "/etc/soakwatch/soakwatch.yaml"
DROP_INS = "/etc/systemd/system/soakwatch.service.d"
# linux/capability.h
CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_PERFMON = 1 << 2, 1 << 19, 1 << 38

# So short that an alert comes within seconds.
EAGER = """
sampling:
  interval: 200ms
  detail_interval: 1s
  detail_budget: 1
  discovery_interval: 500ms
pprof:
  heap_interval: 200ms
detection:
  block: 2s
  warm_up: 2s
  cold_start_span: 0s
  levels: 3
"""
TARGETS = """
targets:
  - unit:leaky.service,pprof=http://127.0.0.1:6061
"""

LEAKY_UNIT = """
[Service]
User=nobody
ExecStart=/usr/local/bin/leaky -listen 127.0.0.1:6061 -mode goroutine -leak-rate-goroutines 100 -for 30m
"""


class Machine:
    """The container with the package in it."""

    def __init__(self, container):
        self.container = container
        self.run = container.run

    def systemctl(self, *words, **options):
        return self.run("systemctl", *words, **options).out.strip()

    def show(self, *properties):
        """Properties of the service, as text."""
        lines = self.systemctl("show", f"--property={','.join(properties)}", "soakwatch")
        values = dict(line.split("=", 1) for line in lines.splitlines())
        return values[properties[0]] if len(properties) == 1 else values

    def pid(self):
        return int(self.show("MainPID"))

    def install(self, which):
        package, = (DEBS / which).glob("soakwatch_*.deb")
        shutil.copy(package, self.container.shared)
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--install",
                        f"/shared/{package.name}")

    def write(self, path, text):
        file = self.container.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def exists(self, path):
        return self.run("test", "-e", path, check=False).status == 0

    def status(self):
        return json.loads(self.run("soakwatch", "status", "--json").out)

    def target(self, name):
        return next((row for row in self.status()["targets"] if row["target"] == name), {})

    def alerts(self):
        alerts = json.loads(self.run("soakwatch", "alerts", "--json").out)
        return alerts["alerts"] if isinstance(alerts, dict) else alerts

    def firing(self):
        return [alert for alert in self.alerts() if alert["state"] == "firing"]

    def reload(self, config):
        self.write(CONFIG, config)
        self.systemctl("reload", "soakwatch")

    def log(self):
        return self.run("journalctl", "--unit=soakwatch", "--output=cat", check=False).out

    def records(self):
        """What the journal has of the daemon's own words."""
        lines = self.run("journalctl", "--unit=soakwatch", "--output=json", "_COMM=soakwatchd").out
        return [json.loads(line) for line in lines.splitlines()]

    def drop_in(self, name, text):
        self.write(f"{DROP_INS}/{name}", text)
        self.systemctl("daemon-reload")
        self.systemctl("restart", "soakwatch")

    def remove_drop_ins(self):
        self.run("rm", "-rf", DROP_INS)
        self.systemctl("daemon-reload")
        self.systemctl("restart", "soakwatch")

    def file_mode(self, path):
        return self.run("stat", "--format=%U %a", path).out.strip()


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    container = Container(SYSTEM, tmp_path_factory.mktemp("container"), True, [LEAKY_PROGRAM],
                          ["CAP_PERFMON"])
    try:
        container.boot()
        yield Machine(container)
    finally:
        container.clean_up()


@pytest.fixture(scope="module")
def installed(machine):
    """The package as it comes, just installed."""
    machine.install("first")
    return machine


@pytest.fixture(scope="module")
def watching(installed):
    """It watches a Go program of another user, which leaks."""
    installed.write("/run/systemd/system/leaky.service", LEAKY_UNIT)
    installed.systemctl("daemon-reload")
    installed.systemctl("start", "leaky")
    installed.reload(EAGER + TARGETS)
    wait_until(lambda: installed.target("leaky").get("goroutines"), lambda: installed.log()[-3000:])
    return installed


# The tests go through the life of the package, in this order.


def test_the_service_runs_and_watches_something(installed):
    state = installed.show("ActiveState", "UnitFileState", "Type", "NotifyAccess", "WatchdogUSec")
    assert state == {"ActiveState": "active", "UnitFileState": "enabled", "Type": "notify",
                     "NotifyAccess": "main", "WatchdogUSec": "2min"}
    wait_until(lambda: installed.target("systemd-journald").get("rss_bytes"), "a sample")
    status = installed.status()
    assert status["daemon_running"] and status["daemon_pid"] == installed.pid()
    wait_until(lambda: installed.show("StatusText") == "watching 1 of 1 targets, 0 alerts fire",
               lambda: installed.show("StatusText"))


def test_it_may_do_as_little_as_it_says(installed):
    text = installed.run("cat", f"/proc/{installed.pid()}/status").out
    fields = dict(line.split(":", 1) for line in text.splitlines())
    uid = installed.run("id", "-u", "soakwatch").out.strip()
    assert fields["Uid"].split() == [uid] * 4 and uid != "0"
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, name
    assert fields["NoNewPrivs"].strip() == "1" and fields["Seccomp"].strip() == "2"
    assert installed.file_mode(STATE) == "soakwatch 750"
    assert installed.file_mode(DATABASE) == "soakwatch 600"
    assert installed.file_mode(CONFIG) == "root 644"


def test_a_leak_of_another_users_program_is_found(watching):
    wait_until(watching.firing, lambda: watching.log()[-3000:])
    alert = watching.firing()[0]
    assert alert["target"] == "leaky" and alert["metric"] == "goroutines"
    row = watching.target("leaky")
    # Without any capability: memory, descriptors and threads; not what belongs to its owner.
    assert row["rss_bytes"] > 0 and row["open_fds"] > 0 and row["threads"] > 0
    assert "pss_bytes" not in row


def test_the_journal_has_priorities_and_no_second_time(watching):
    def alerts():
        return [record for record in watching.records() if "goroutine" in record["MESSAGE"]
                and record["PRIORITY"] in ("3", "4")]
    record = wait_until(alerts, lambda: watching.log()[-3000:])[0]
    assert not record["MESSAGE"].startswith("<") and not re.match(r"\d{4}-", record["MESSAGE"])
    assert any(record["PRIORITY"] == "6" for record in watching.records())


def test_the_journal_has_an_alert_with_its_fields(watching):
    def firing():
        return watching.run("journalctl", "--unit=soakwatch", "--output=json", "SOAKWATCH_STATE=firing",
                            "SOAKWATCH_DETECTOR=goroutine_growth").out
    record = json.loads(wait_until(firing, lambda: watching.log()[-3000:]).splitlines()[0])
    assert record["MESSAGE"] == record["SOAKWATCH_TEXT"] and record["MESSAGE"].startswith("FIRING")
    assert record["SOAKWATCH_METRIC"] == "goroutines" and int(record["SOAKWATCH_PID"]) > 1
    assert record["_COMM"] == "soakwatchd" and record["PRIORITY"] in ("3", "4")


def test_a_bad_configuration_is_refused_and_the_old_one_goes_on(watching):
    pid = watching.pid()
    watching.reload("samplingg: {}\n")
    wait_until(lambda: "the newest configuration is refused" in watching.show("StatusText"),
               lambda: watching.show("StatusText"))
    assert watching.show("ActiveState") == "active" and watching.pid() == pid
    refusal = [record for record in watching.records() if "is refused" in record["MESSAGE"]]
    assert refusal[-1]["PRIORITY"] == "3" and "did you mean" in refusal[-1]["MESSAGE"]
    last = watching.target("leaky")["last_sample"]
    wait_until(lambda: watching.target("leaky")["last_sample"] > last, "more samples")
    watching.reload(EAGER + TARGETS)
    wait_until(lambda: "refused" not in watching.show("StatusText"),
               lambda: watching.show("StatusText"))
    assert watching.pid() == pid and len(watching.firing()) >= 1


def test_a_bad_configuration_at_the_start_is_not_tried_again(watching):
    watching.write(CONFIG, "samplingg: {}\n")
    assert watching.run("systemctl", "restart", "soakwatch", check=False).status != 0
    state = watching.show("ActiveState", "Result", "ExecMainStatus", "NRestarts")
    assert state == {"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "2",
                     "NRestarts": "0"}
    watching.write(CONFIG, EAGER + TARGETS)
    watching.systemctl("start", "soakwatch")
    assert watching.show("ActiveState") == "active"


def test_a_daemon_that_does_nothing_any_more_is_started_again(watching):
    watching.drop_in("hasty.conf", "[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\nRestartSec=100ms\n")
    try:
        pid = watching.pid()
        # It goes on without help for longer than the watchdog waits.
        begin = watching.target("leaky")["last_sample"]
        wait_until(lambda: watching.target("leaky")["last_sample"] > begin, "samples")
        assert watching.pid() == pid
        watching.systemctl("kill", "--kill-who=main", "--signal=STOP", "soakwatch")
        wait_until(lambda: watching.pid() not in (0, pid), lambda: watching.log()[-3000:])
        assert int(watching.show("NRestarts")) == 1
        assert "Watchdog timeout" in watching.log()
    finally:
        watching.remove_drop_ins()


def test_a_stop_is_quick(watching):
    begin = time.monotonic()
    watching.systemctl("stop", "soakwatch")
    assert time.monotonic() - begin < 5
    state = watching.show("Result", "ExecMainStatus")
    assert state["Result"] == "success" and state["ExecMainStatus"] == "0"
    watching.systemctl("start", "soakwatch")


def deeper(machine, level):
    """The drop-in with one of its levels; the other is commented out."""
    text = machine.run("cat", "/usr/share/doc/soakwatch/examples/deeper.conf").out
    if level == 1:
        return text
    return "\n".join(line.removeprefix("#") if re.match(r"#\w+=", line) else line
                     for line in text.splitlines() if not re.match(r"\w+=", line)) + "\n"


def capabilities(machine):
    text = machine.run("cat", f"/proc/{machine.pid()}/status").out
    return int(re.search(r"CapEff:\s*(\w+)", text)[1], 16)


def test_the_first_deeper_level(watching):
    watching.drop_in("deeper.conf", deeper(watching, 1))
    try:
        assert capabilities(watching) == CAP_PERFMON
        if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 15):
            pytest.skip("this kernel gives nothing for CAP_PERFMON")
        wait_until(lambda: watching.target("leaky").get("pss_bytes"), lambda: watching.log()[-3000:])
        wait_until(lambda: watching.target("leaky").get("mappings"), "the memory maps")
    finally:
        watching.remove_drop_ins()


def test_the_second_deeper_level(watching):
    """Sockets have an owner then, so that the pprof server is found without a hint."""
    without_hint = EAGER + TARGETS.replace(",pprof=http://127.0.0.1:6061", "")
    watching.reload(without_hint)
    try:
        wait_until(lambda: "goroutines" not in watching.target("leaky"), "samples without a hint")
        watching.drop_in("deeper.conf", deeper(watching, 2))
        assert capabilities(watching) == CAP_PERFMON | CAP_SYS_PTRACE | CAP_DAC_READ_SEARCH
        wait_until(lambda: watching.target("leaky").get("goroutines"),
                   lambda: watching.log()[-3000:])
        wait_until(lambda: watching.target("leaky").get("pss_bytes"), "the slower values")
    finally:
        watching.write(CONFIG, EAGER + TARGETS)
        watching.remove_drop_ins()


def test_the_service_of_a_user(watching):
    machine = watching
    machine.run("useradd", "--create-home", "--uid", "4242", "tester")
    machine.systemctl("start", "user@4242.service")

    def as_tester(*words, check=True):
        return machine.run("runuser", "-u", "tester", "--", "env", "HOME=/home/tester",
                           "XDG_RUNTIME_DIR=/run/user/4242", *words, check=check).out.strip()
    # Nobody asked for it: it does not run.
    assert as_tester("systemctl", "--user", "is-enabled", "soakwatch", check=False) == "disabled"
    config = "/home/tester/.config/soakwatch/soakwatch.yaml"
    as_tester("mkdir", "-p", "/home/tester/.config/soakwatch")
    machine.write(config, "sampling: {interval: 200ms}\ntargets:\n  - name:sleep\n")
    as_tester("systemd-run", "--user", "--unit=sleeper", "sleep", "600")
    as_tester("systemctl", "--user", "enable", "--now", "soakwatch")
    assert as_tester("systemctl", "--user", "is-active", "soakwatch") == "active"

    def sleeper():
        rows = json.loads(as_tester("soakwatch", "status", "--json"))["targets"]
        return rows and rows[0].get("open_fds")
    wait_until(sleeper, "a sample of the user's program")
    assert machine.file_mode("/home/tester/.local/state/soakwatch/soakwatch.db") == "tester 600"
    as_tester("systemctl", "--user", "reload", "soakwatch")
    as_tester("systemctl", "--user", "stop", "soakwatch")
    machine.systemctl("stop", "user@4242.service")


def test_an_upgrade_keeps_data_and_configuration(watching):
    pid = watching.pid()
    wait_until(watching.firing, "an alert")
    before = watching.firing()[0]
    first_seen = watching.target("leaky")["first_seen"]
    watching.install("later")
    version = watching.run("dpkg-query", "--show", "--showformat=${Version}", "soakwatch").out
    assert version.endswith("+later")
    wait_until(lambda: watching.pid() not in (0, pid), "a restart")
    assert watching.show("ActiveState") == "active"
    assert "unit:leaky.service" in watching.run("cat", CONFIG).out
    last = watching.target("leaky")["last_sample"]
    wait_until(lambda: watching.target("leaky")["last_sample"] > last, "more samples")
    assert watching.target("leaky")["first_seen"] == first_seen
    assert before["id"] in [alert["id"] for alert in watching.firing()]


def test_removal_keeps_what_was_recorded_and_a_purge_does_not(watching):
    watching.run("dpkg", "--remove", "soakwatch")
    assert watching.systemctl("is-active", "soakwatch", check=False) == "inactive"
    assert not watching.exists("/usr/bin/soakwatchd")
    assert watching.exists(DATABASE) and watching.exists(CONFIG)
    watching.install("first")
    assert watching.target("leaky")["instances"] == 1
    watching.run("dpkg", "--purge", "soakwatch")
    for path in (STATE, "/etc/soakwatch", "/usr/share/doc/soakwatch"):
        assert not watching.exists(path), path
    assert watching.systemctl("list-unit-files", "soakwatch.service", "--no-legend", check=False) == ""
    # The programs that it watched never noticed.
    assert watching.systemctl("is-active", "leaky") == "active"
