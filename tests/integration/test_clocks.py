"""Clocks that jump, and machines that slept, while the daemon watches.

The daemon runs with a library in front of it that moves the wall clock and the clock that counts
suspend, as a file says (shifted_clock.cc). Its monotonic clock is the machine's.
"""

import csv
import datetime
import io
import json
import os
import re
import signal
import struct
import time

import pytest

from conftest import BUILD, ROOT
from program import wait_until
from sanitizers import preloads_a_library

pytestmark = preloads_a_library

SHIFTED_CLOCK = BUILD / "tests/integration/libshifted_clock.so"
EAGER = (ROOT / "packaging/quickstart.yaml").read_text()  # judges after seconds
HOUR, YEAR = 3600, 365 * 86400


class Clocks:
    """Of the programs that are started with its `env`."""

    def __init__(self, bench):
        self.file = bench.folder / "clocks"
        self.wall = self.suspended = 0
        self.file.write_bytes(bytes(16))
        self.env = {**bench.env, "LD_PRELOAD": str(SHIFTED_CLOCK), "SHIFTED_CLOCK": str(self.file)}

    def set(self, wall, suspended):
        """Both at once: the kernel moves the wall clock on in a suspend."""
        self.wall, self.suspended = wall, suspended
        with open(self.file, "r+b") as file:
            file.write(struct.pack("qq", wall * 1000, suspended * 1000))

    def jump(self, seconds):
        self.set(self.wall + seconds, self.suspended)

    def suspend(self, seconds):
        self.set(self.wall + seconds, self.suspended + seconds)


@pytest.fixture
def clocks(bench):
    if not SHIFTED_CLOCK.is_file():
        pytest.fail(f"not built: {SHIFTED_CLOCK} (cmake --build --preset dev)")
    return Clocks(bench)


def more_samples(daemon, target, count=20):
    daemon.db.wait_for_samples(target, len(daemon.db.samples(target)) + count)


def check_rounds(daemon, target, interval_ms=100):
    """Rows lie in the order of their arrival, on a monotonic clock that knows of no jump."""
    rows = daemon.db.samples(target)
    steps = [b["monotonic_ms"] - a["monotonic_ms"] for a, b in zip(rows, rows[1:])]
    assert all(0 < step < 60_000 for step in steps)
    assert sum(step < 3 * interval_ms for step in steps) > 0.9 * len(steps)
    return rows


def test_jumps_of_the_wall_clock(bench, clocks):
    """A steady target: no alert, no gap, and everything that reads the rows copes with their times."""
    leaky = bench.leaky()
    target = leaky.comm
    daemon = bench.daemon(f"name:{target}", config=EAGER, env=clocks.env,
                          arguments=["--interval", "100ms"])
    more_samples(daemon, target)
    jumps = [HOUR, -HOUR, -HOUR, YEAR, -YEAR, HOUR]
    for jump in jumps:
        clocks.jump(jump)
        more_samples(daemon, target)
    rows = check_rounds(daemon, target)
    walls = [b["time_ms"] - a["time_ms"] for a, b in zip(rows, rows[1:])]
    seen = [round(step / 1000) for step in walls if abs(step) > 60_000]
    assert [round(step / HOUR) for step in seen] == [round(jump / HOUR) for jump in jumps]
    assert all(row["rss_bytes"] > 0 for row in rows)
    assert sum(row["goroutines"] is not None for row in rows) > 0.9 * len(rows)
    assert daemon.db.alerts() == [] and daemon.db.events("gap") == []
    assert len(daemon.db.instances(target)) == 1
    check_readers(bench, daemon, target)
    assert daemon.stop() == 0
    assert daemon.db.integrity() == "ok"


def shown(bench, daemon):
    status = bench.soakwatch("status", "--db", daemon.db.file, "--json")
    assert status.status == 0, status.err
    one, = json.loads(status.out)["targets"]
    return one


def test_status_shows_what_came_last(bench, clocks):
    """Not what stands last on a wall clock that was set back, be it a row or a process."""
    name = bench.unique_name()
    leaky = bench.leaky(name=name)
    daemon = bench.daemon(f"name:{name}", env=clocks.env)
    more_samples(daemon, name)
    clocks.jump(-HOUR)
    more_samples(daemon, name)
    begin = daemon.db.samples(name)[0]["time_ms"]
    last = datetime.datetime.fromisoformat(shown(bench, daemon)["last_sample"])
    assert last.timestamp() * 1000 < begin - 3_500_000
    leaky.kill()
    wait_until(lambda: daemon.db.events("instance_ended"), "the end")
    clocks.jump(-HOUR)
    again = bench.leaky(name=name)
    daemon.db.wait_for_samples(name, 1, lambda row: row["pid"] == again.pid)
    assert shown(bench, daemon)["pid"] == again.pid


def check_readers(bench, daemon, target):
    db = ["--db", daemon.db.file]
    export = bench.soakwatch("export", *db, "--target", target)
    assert export.status == 0, export.err
    lines = list(csv.DictReader(io.StringIO(export.out)))
    rows = daemon.db.samples(target)
    assert abs(len(lines) - len(rows)) < 20
    # The rows of the database lie in the order of their arrival, those of an export in that of the
    # times that they show.
    stamps = [row["time_ms"] for row in rows]
    assert stamps != sorted(stamps)
    exported = [line["time"] for line in lines]
    assert exported == sorted(exported)
    for command in (["report", *db, "--format", "json", "-o", "-"], ["analyze", daemon.db.file],
                    ["alerts", *db]):
        done = bench.soakwatch(*command)
        assert done.status in (0, 3, 4), (command, done.err)


def test_a_suspend_is_a_gap_and_no_alert(bench, clocks):
    leaky = bench.leaky()
    target = leaky.comm
    daemon = bench.daemon(f"name:{target}", config=EAGER, env=clocks.env,
                          arguments=["--interval", "100ms"])
    more_samples(daemon, target)
    for hours in (3, 40):
        clocks.suspend(hours * HOUR)
        more_samples(daemon, target, 50)
    assert [detail for _, detail in daemon.db.events("gap")] == [
        "the machine slept for 3h", "the machine slept for 1d16h"]
    rows = check_rounds(daemon, target)
    assert sum(b["time_ms"] - a["time_ms"] > HOUR * 1000 for a, b in zip(rows, rows[1:])) == 2
    assert daemon.db.alerts() == []
    instance, = daemon.db.instances(target)
    assert instance["ended_ms"] is None


# Looked at each six seconds, which are 60 rounds.
EXPIRING = EAGER + "storage: {keep_raw: 1m}\n"
TWO_PASSES = 150


def in_all_tiers(daemon):
    return [daemon.db.value(f"SELECT {what}") for what in (
        "count(*) FROM samples", "coalesce(sum(samples), 0) FROM minutes",
        "coalesce(sum(samples), 0) FROM hours")]


def test_a_year_that_a_clock_jumped_makes_no_row_old(bench, clocks):
    """Nor a restart within the day, whose newest rows and captures are of the wrong year."""
    leaky = bench.leaky()

    def start():
        return bench.daemon(f"name:{leaky.comm}", config=EXPIRING, env=clocks.env,
                            arguments=["--interval", "100ms"])
    daemon = start()
    more_samples(daemon, leaky.comm, TWO_PASSES)  # it is trusted, and nothing is old
    before = daemon.db.value("SELECT max(id) FROM samples")
    captures = daemon.db.value("SELECT count(*) FROM captures")
    assert captures > 0
    clocks.jump(YEAR)
    more_samples(daemon, leaky.comm, TWO_PASSES)
    assert daemon.stop() == 0
    daemon = start()
    more_samples(daemon, leaky.comm, TWO_PASSES)
    assert daemon.stop() == 0
    assert re.search(r"or the clock is wrong: rows get older from 20\S+Z until", daemon.err)
    newest = daemon.db.value("SELECT max(id) FROM samples")
    assert newest >= before + 2 * TWO_PASSES
    raw, minutes, hours = in_all_tiers(daemon)  # a row may be older than a minute by now
    assert (raw + minutes, hours) == (newest, 0)
    assert daemon.db.value("SELECT count(*) FROM captures") >= captures


def test_a_year_before_a_start_counts_when_the_clock_has_gone_for_a_day(bench, clocks):
    """It may have passed, or the clock of the machine that was started is wrong."""
    leaky = bench.leaky()
    clocks.jump(-YEAR)

    def start():
        return bench.daemon(f"name:{leaky.comm}", config=EXPIRING, env=clocks.env,
                            arguments=["--interval", "100ms"])
    daemon = start()
    more_samples(daemon, leaky.comm, TWO_PASSES)
    assert daemon.stop() == 0
    old = daemon.db.value("SELECT max(id) FROM samples")
    assert in_all_tiers(daemon) == [old, 0, 0]
    clocks.jump(YEAR)
    daemon = start()
    more_samples(daemon, leaky.comm, TWO_PASSES)
    assert in_all_tiers(daemon)[1:] == [0, 0]
    clocks.suspend(25 * HOUR)
    wait_until(lambda: in_all_tiers(daemon)[2] >= old, lambda: f"{in_all_tiers(daemon)}")
    assert daemon.stop() == 0
    assert daemon.db.value("SELECT min(id) FROM samples") > old
    assert sum(in_all_tiers(daemon)) == daemon.db.value("SELECT max(id) FROM samples")


def goroutine_alert(daemon):
    return [row for row in daemon.db.alerts()
            if row["detector"] == "goroutine_growth" and row["state"] == "firing"]


def test_a_leak_is_found_all_the_same(bench, clocks):
    """Clocks move while it grows; the alert fires once, and stays while they move on."""
    leaky = bench.leaky("-mode", "goroutine", "-leak-rate-goroutines", "40")
    target = leaky.comm
    daemon = bench.daemon(f"name:{target}", env=clocks.env,
                          config=EAGER + "  for: 3s\n  keep_firing_for: 0s\n")
    moves = [lambda: clocks.suspend(HOUR), lambda: clocks.jump(YEAR),
             lambda: clocks.jump(-HOUR), lambda: clocks.jump(-YEAR)]
    for move in moves:
        more_samples(daemon, target, 10)
        move()
    wait_until(lambda: goroutine_alert(daemon), lambda: f"an alert: {daemon.db.alerts()}", 120)
    alert, = goroutine_alert(daemon)
    for move in moves:
        move()
        more_samples(daemon, target, 10)
    again, = goroutine_alert(daemon)
    assert again["id"] == alert["id"]
    assert len([one for one, _ in daemon.db.firings() if one == alert["id"]]) == 1
    told = [json.loads(line) for line in (bench.folder / "alerts.jsonl").read_text().splitlines()]
    assert [one["state"] for one in told if one["id"] == alert["id"]] == ["firing"]
    leaky.kill()
    wait_until(lambda: all(row["state"] != "firing" for row in daemon.db.alerts()), "the end")
    assert daemon.stop() == 0


def test_a_daemon_that_was_stopped_itself_leaves_a_gap(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm, 10)
    os.kill(daemon.pid, signal.SIGSTOP)
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() > begin + 2.5, "some seconds")
    os.kill(daemon.pid, signal.SIGCONT)
    wait_until(lambda: daemon.db.events("gap"), "the gap")
    (_, detail), = daemon.db.events("gap")
    assert re.fullmatch(r"no round for \d+(\.\d+)?s", detail), detail
    more_samples(daemon, leaky.comm, 5)
    assert daemon.db.alerts() == []


def test_the_clocks_are_really_moved(bench, clocks):
    """That the library does what the other tests believe."""
    clocks.set(wall=-YEAR, suspended=HOUR)
    program = ("import time; print(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), "
               "time.monotonic())")
    now = [time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic()]
    done = bench.soakwatch("-c", program, program="/usr/bin/python3", env=clocks.env)
    wall, boot, monotonic = (theirs - ours for theirs, ours in zip(map(float, done.out.split()), now))
    assert abs(wall + YEAR) < 60 and abs(boot - HOUR) < 60 and 0 <= monotonic < 60
