"""The daemon as a service: what it tells its manager, and how it takes up a new configuration."""

import os
import pty
import signal
import sys
import time

import pytest

from conftest import FAST, SOAKWATCHD
from database import Database
from program import wait_until
from service_manager import ServiceManager
from test_restart import EAGER

TAKE_TERMINAL = ("import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
                 "os.execvp(sys.argv[1], sys.argv[1:])")


class Service:
    """soakwatchd under a manager, with all that it knows from the file of its configuration."""

    def __init__(self, bench, config, watchdog_seconds):
        self.manager = ServiceManager(bench.folder, watchdog_seconds)
        self.db = Database(bench.folder / "soak.db")
        self.file = bench.folder / "soakwatch.yaml"
        self.write(config)
        self.program = bench.run_program([SOAKWATCHD, "--config", self.file], "soakwatchd",
                                         env={**bench.env, **self.manager.env}, cwd=bench.folder)
        self.manager.wait_for("READY")

    def write(self, config):
        if "self:" not in config:
            config += "self: {enabled: false}\n"
        if "storage:" not in config:
            config += f"storage:\n  database: {self.db.file}\n"
        self.file.write_text(config)

    def reload(self, config):
        """SIGHUP; returns what the manager hears when that is over."""
        before = len(self.manager.heard("READY"))
        self.write(config)
        self.program.send(signal.SIGHUP)
        return self.manager.wait_for("READY", before + 1)[-1]

    def resumed(self):
        return len(self.db.events("instance_resumed"))

    def wait_for_more_samples(self, target):
        self.db.wait_for_samples(target, len(self.db.samples(target)) + 3)


@pytest.fixture
def service(bench):
    started = []

    def start(config, watchdog_seconds=None):
        started.append(Service(bench, config, watchdog_seconds))
        return started[-1]
    yield start
    for one in started:
        one.manager.close()


def watching(*targets, base=FAST):
    return base + "targets:\n" + "".join(f"  - {target}\n" for target in targets)


def test_what_the_manager_hears(bench, service):
    leaky = bench.leaky()
    daemon = service(watching(leaky.comm, "name:not-there"), watchdog_seconds=2)
    assert daemon.manager.listen()[0]["READY"] == "1"
    daemon.manager.wait_for("WATCHDOG", 5)
    daemon.manager.wait_for("STATUS", where=lambda text: text == "watching 1 of 2 targets, 0 alerts fire")
    begin = time.monotonic()
    assert daemon.program.stop() == 0
    assert time.monotonic() - begin < 5
    assert daemon.manager.heard("STOPPING")[0]["STOPPING"] == "1"


def test_a_target_that_is_waited_for_is_a_sign_of_life(bench, service):
    daemon = service(watching("name:not-there"), watchdog_seconds=2)
    daemon.manager.wait_for("WATCHDOG", 5)


def test_between_two_rounds_there_is_no_sign_of_life(bench, service):
    """Nothing but a round feeds the watchdog; where rounds are rare, more patience is asked for."""
    leaky = bench.leaky()
    slow = f"sampling:\n  interval: 1m\ntargets:\n  - pid:{leaky.pid}\n"
    daemon = service(slow, watchdog_seconds=2)
    ready, = daemon.manager.heard("READY")
    assert int(ready["WATCHDOG_USEC"]) == 180_000_000
    daemon.db.wait_for_samples(f"pid-{leaky.pid}", 1)
    daemon.manager.wait_for("WATCHDOG", 1)
    count = len(daemon.manager.heard("WATCHDOG"))
    assert count <= 2  # the search, the first round
    # A wait of its own kind: that something does not come.
    time.sleep(3)
    assert len(daemon.manager.heard("WATCHDOG")) == count


def test_a_new_configuration_takes_effect(bench, service):
    stays, leaves, comes = bench.leaky(), bench.leaky(), bench.leaky()
    daemon = service(watching(stays.comm, leaves.comm))
    daemon.db.wait_for_samples(stays.comm)
    daemon.db.wait_for_samples(leaves.comm)
    daemon.reload(watching(stays.comm, comes.comm))
    assert daemon.manager.heard("RELOADING")[0]["MONOTONIC_USEC"].isdigit()
    daemon.db.wait_for_samples(comes.comm)
    daemon.wait_for_more_samples(stays.comm)
    assert len(daemon.db.instances(stays.comm)) == 1
    assert [detail for _, detail in daemon.db.events("instance_resumed")] != []
    gone = len(daemon.db.samples(leaves.comm))
    daemon.wait_for_more_samples(comes.comm)
    assert len(daemon.db.samples(leaves.comm)) == gone
    kinds = daemon.db.kinds()
    assert kinds.count("daemon_started") == 2 and kinds.count("daemon_stopped") == 1
    # The pause is that of closing and opening the database: rounds of 100 ms, hardly one is missing.
    times = [row["time_ms"] for row in daemon.db.samples(stays.comm)]
    assert max(b - a for a, b in zip(times, times[1:])) < 3000
    assert daemon.program.stop() == 0


def test_an_alert_outlives_a_reload(bench, service):
    leaky = bench.leaky("-mode", "goroutine", "-leak-rate-goroutines", "100")
    daemon = service(watching(leaky.comm, base=EAGER.replace("1s", "100ms", 1)))
    firings = wait_until(daemon.db.firings, "an alert")
    daemon.reload(watching(leaky.comm, "name:not-there", base=EAGER.replace("1s", "100ms", 1)))
    daemon.wait_for_more_samples(leaky.comm)
    assert daemon.resumed() == 1
    assert daemon.db.firings()[:len(firings)] == firings
    alert_ids = [alert_id for alert_id, _ in daemon.db.firings()]
    assert len(alert_ids) == len(set(alert_ids))
    states = {row["id"]: row["state"] for row in daemon.db.alerts()}
    assert states[firings[0][0]] == "firing"


# Says that it lives, for ever.
HOOK = "while :; do echo >>{folder}/hook; sleep 0.1; done\n"
# Commands that do not listen.
DEAF = """  - name: deaf-{number}
    command: [sh, -c, "trap '' TERM; while :; do sleep 1; done"]
"""


def test_a_reload_and_a_stop_wait_for_nobody(bench, service):
    """A hook goes on through a reload, which samples meanwhile; a stop ends it, and what is deaf."""
    leaky = bench.leaky("-mode", "goroutine", "-leak-rate-goroutines", "100")
    hook = bench.write("hook.sh", HOOK.format(folder=bench.folder))
    base = EAGER + f"  exec:\n    command: [/bin/sh, {hook}]\n    timeout: 5m\n"
    config = watching(leaky.comm, base=base) + "".join(DEAF.format(number=i) for i in range(4))
    daemon = service(config)
    pulse = bench.folder / "hook"
    wait_until(pulse.exists, "the hook")
    daemon.reload(config + "  - name:not-there\n")
    daemon.wait_for_more_samples(leaky.comm)
    lives = pulse.stat().st_size
    wait_until(lambda: pulse.stat().st_size > lives, "the hook still")
    times = [row["time_ms"] for row in daemon.db.samples(leaky.comm)]
    assert max(b - a for a, b in zip(times, times[1:])) < 3000
    begin = time.monotonic()
    assert daemon.program.stop(seconds=20) == 0
    assert time.monotonic() - begin < 5
    assert daemon.db.kinds()[-1] == "daemon_stopped"
    ends = [detail for _, detail in daemon.db.events("instance_ended")]
    assert sum("the command killed by signal 9" in detail for detail in ends) == 4
    assert "was killed, for soakwatch stops" in daemon.program.err


@pytest.mark.parametrize("mistake, reason", [
    ("sampling:\n  intervall: 1s\n", "2:3: "),
    ("targets: []\n", "nothing to watch"),
    ("targets: [\n", "soakwatch.yaml:"),
], ids=["unknown key", "no target", "no YAML"])
def test_a_bad_configuration_keeps_the_old_one(bench, service, mistake, reason):
    leaky = bench.leaky()
    daemon = service(watching(leaky.comm))
    daemon.db.wait_for_samples(leaky.comm)
    ready = daemon.reload(mistake)
    assert "the newest configuration is refused" in ready["STATUS"] and reason in ready["STATUS"]
    assert "the new configuration is refused" in daemon.program.err and reason in daemon.program.err
    daemon.wait_for_more_samples(leaky.comm)
    assert daemon.resumed() == 0  # it was not even interrupted
    daemon.reload(watching(leaky.comm))
    daemon.wait_for_more_samples(leaky.comm)
    assert "refused" not in daemon.manager.heard("STATUS")[-1]["STATUS"]


def test_a_configuration_that_does_not_work_keeps_the_old_one(bench, service):
    leaky = bench.leaky()
    good = watching(leaky.comm)
    daemon = service(good)
    daemon.db.wait_for_samples(leaky.comm)
    bench.write("no-database", "something else")
    ready = daemon.reload(good + f"storage:\n  database: {bench.folder}/no-database\n")
    assert "refused" in ready["STATUS"] and "no-database" in ready["STATUS"]
    assert "the configuration before goes on" in daemon.program.err
    daemon.wait_for_more_samples(leaky.comm)
    assert len(daemon.db.instances(leaky.comm)) == 1
    assert (bench.folder / "no-database").read_text() == "something else"


def test_another_database_is_taken_up(bench, service):
    leaky = bench.leaky()
    daemon = service(watching(leaky.comm))
    daemon.db.wait_for_samples(leaky.comm)
    daemon.reload(watching(leaky.comm) + f"storage:\n  database: {bench.folder}/other.db\n")
    Database(bench.folder / "other.db").wait_for_samples(leaky.comm)
    assert daemon.db.kinds()[-1] == "daemon_stopped"


def test_a_command_runs_on_through_a_reload(bench, service):
    def config(*more):
        return FAST + "targets:\n  - name: child\n    command: [sleep, '300']\n" + "".join(more)
    daemon = service(config())
    pid = daemon.db.wait_for_samples("child")[0]["pid"]
    daemon.reload(config("  - name:not-there\n"))
    daemon.wait_for_more_samples("child")
    assert {row["pid"] for row in daemon.db.samples("child")} == {pid}
    assert len(daemon.db.instances("child")) == 1
    daemon.reload(watching("name:not-there"))  # and ends with its target
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the command")
    assert daemon.program.stop() == 0


def test_a_stop_amid_reloads(bench, service):
    leaky = bench.leaky()
    daemon = service(watching(leaky.comm))
    for _ in range(20):
        daemon.program.send(signal.SIGHUP)
    daemon.program.send(signal.SIGTERM)
    # A manager reads what it is told: the socket holds a few messages, and then the daemon waits.
    wait_until(lambda: daemon.manager.listen() and not daemon.program.running(), "the end")
    assert daemon.program.wait() == 0
    assert daemon.db.kinds()[-1] == "daemon_stopped"
    assert daemon.db.integrity() == "ok"


def test_a_terminal_that_goes_away_ends_the_daemon(bench):
    ours, its = pty.openpty()
    try:
        daemon = bench.daemon(f"name:{bench.unique_name()}", stdin=its,
                              wrap=[sys.executable, "-c", TAKE_TERMINAL])
        daemon.wait_for("waiting for a process", "err")
    finally:
        os.close(its)
        os.close(ours)
    assert daemon.wait() == 0
    assert daemon.db.kinds()[-1] == "daemon_stopped"
