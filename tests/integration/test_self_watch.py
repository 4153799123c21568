"""The daemon's watch on itself: what it says of itself, and how it keeps its ceilings."""

import json
import re
import shutil
import signal
import subprocess

import pytest

from conftest import ROOT
from program import wait_until
from sanitizers import measures_memory, preloads_a_library

SELF = """
sampling: {interval: 100ms, discovery_interval: 100ms}
self: {interval: 1s}
"""
# So little that a hundred rounds a second are above it, and a daemon at rest is below it.
TIGHT = """
sampling: {interval: 10ms, discovery_interval: 1h}
self: {interval: 1s, max_cpu: 0.005}
"""


def sleeper(bench, name="sleeper"):
    return bench.run_program(["sleep", "600"], name)


def stats(daemon):
    return daemon.db.rows("SELECT * FROM daemon_stats ORDER BY id") if daemon.db.ready() else []


def wait_for_looks(daemon, count):
    return wait_until(lambda: rows if len(rows := stats(daemon)) >= count else None,
                      f"{count} looks of the daemon at itself")


def test_it_watches_its_own_process_and_says_how_it_does(bench):
    target = sleeper(bench)
    daemon = bench.daemon(f"pid:{target.pid}", config=SELF)
    own = daemon.db.wait_for_samples("soakwatchd", 2)
    assert {row["pid"] for row in own} == {daemon.pid}
    assert own[-1]["open_fds"] > 5
    assert own[-1]["threads"] >= 3

    last = wait_for_looks(daemon, 3)[-1]
    assert last["pid"] == daemon.pid
    assert last["rounds_total"] >= 20
    assert last["samples_total"] >= 10
    assert 0 < last["round_p50_seconds"] <= last["round_max_seconds"]
    assert 0 < last["commit_p50_seconds"] <= last["commit_max_seconds"]
    assert 2 << 20 < last["rss_bytes"] < 256 << 20
    assert 0 < last["cpu_ratio"] < 1
    assert last["database_bytes"] + last["wal_bytes"] > 10000
    assert (last["throttle_level"], last["dropped_samples_total"], last["lost_rows_total"]) \
        == (0, 0, 0)
    assert "throttled" not in daemon.db.kinds()

    seen = json.loads(bench.soakwatch("status", "--db", daemon.db.file, "--json").out)
    assert seen["daemon"]["pid"] == daemon.pid
    assert seen["daemon"]["rounds_total"] >= 20
    assert "soakwatchd" in [row["target"] for row in seen["targets"]]
    text = bench.soakwatch("status", "--db", daemon.db.file).out
    assert "nothing left out" in text
    assert "rounds " in text


def test_commands_that_want_one_target_take_the_users(bench):
    target = sleeper(bench)
    daemon = bench.daemon(f"pid:{target.pid}", config=SELF)
    daemon.db.wait_for_samples("soakwatchd", 1)
    daemon.db.wait_for_samples(f"pid-{target.pid}", 3)
    for words in (("report", "--format", "json"), ("compare", "1h", "now")):
        done = bench.soakwatch(*words, "--db", daemon.db.file)
        assert "several targets" not in done.err
    report = json.loads(bench.soakwatch("report", "--format", "json", "--db", daemon.db.file).out)
    assert report["target"] == f"pid-{target.pid}"


def test_it_tells_its_figures_when_asked_and_when_it_stops(bench):
    target = sleeper(bench)
    daemon = bench.daemon(f"pid:{target.pid}", config=SELF.replace("1s", "5m"))
    daemon.send(signal.SIGUSR1)
    daemon.wait_for(r"self: rss .*rounds \d+ .*store \d+ samples", "err")
    wait_until(lambda: len(stats(daemon)) == 1, "its row")
    assert daemon.stop() == 0
    assert daemon.err.count("self: rss") == 2
    assert len(stats(daemon)) == 2


def test_without_it_there_is_no_such_target(bench):
    target = sleeper(bench)
    daemon = bench.daemon(f"pid:{target.pid}",
                          config=SELF.replace("interval: 1s", "interval: 1s, enabled: false"))
    daemon.db.wait_for_samples(f"pid-{target.pid}", 20)
    assert daemon.db.samples("soakwatchd") == []
    assert stats(daemon) == []
    assert "daemon" not in json.loads(
        bench.soakwatch("status", "--db", daemon.db.file, "--json").out)


def test_a_target_of_that_name_stays_the_users(bench):
    target = sleeper(bench)
    daemon = bench.daemon(config=SELF + "targets:\n"
                          f"  - {{name: soakwatchd, match: 'pid:{target.pid}'}}\n")
    rows = daemon.db.wait_for_samples("soakwatchd", 20)
    assert {row["pid"] for row in rows} == {target.pid}
    wait_for_looks(daemon, 1)  # its own figures it keeps all the same


def test_its_own_process_does_not_keep_it_running(bench):
    target = sleeper(bench)
    daemon = bench.daemon(f"pid:{target.pid}", config=SELF)
    daemon.db.wait_for_samples("soakwatchd", 1)
    target.stop()
    assert daemon.wait() == 5
    instance = daemon.db.instances("soakwatchd")[-1]
    assert instance["pid"] == daemon.pid


@measures_memory
def test_above_its_ceiling_it_samples_less_and_below_it_more_again(bench):
    name = bench.unique_name()
    (bench.folder / name).symlink_to(shutil.which("sleep"))
    target = bench.run_program([bench.folder / name, "600"], name)
    daemon = bench.daemon(config=TIGHT + "targets:\n" + "".join(
        f"  - {{name: t{i}, match: 'name:{name}'}}\n" for i in range(5)))
    wait_until(lambda: len(daemon.db.events("throttled")) >= 3, "three steps")
    steps = [detail for _, detail in daemon.db.events("throttled")]
    assert "of a core, the ceiling is 0.50 %: level 1, baselines and details are left out" \
        in steps[0]
    assert "level 3, baselines and details are left out, intervals are 4 times as long" in steps[2]
    assert re.search("throttled: level [345], intervals x(4|8|16)",
                     bench.soakwatch("status", "--db", daemon.db.file).out)
    assert wait_for_looks(daemon, 1)[-1]["throttle_level"] >= 3
    # From here on they come at most every 40 ms, on the beat of the longer interval.
    after = daemon.db.value("SELECT max(time_ms) FROM events WHERE kind = 'throttled'") + 1000
    rows = daemon.db.wait_for_samples("t0", 10, lambda row: row["time_ms"] > after)
    times = [row["monotonic_ms"] for row in rows]
    assert (times[-1] - times[0]) / (len(times) - 1) >= 39
    # Its own rounds keep their pace: they are the measure.
    assert "gap" not in daemon.db.kinds()

    target.stop()
    wait_until(lambda: daemon.db.events("unthrottled"), "a step back")
    level = int(re.search(r"level (\d)", daemon.db.events("throttled")[-1][1])[1])
    assert f"level {level - 1}, " in daemon.db.events("unthrottled")[0][1]


def test_above_its_ceiling_of_memory_it_takes_no_captures(bench):
    target = sleeper(bench)
    config = SELF.replace("interval: 1s", "interval: 1s, max_memory: 16MiB")
    config = config.replace("100ms,", "1s,") + "targets:\n" + "".join(
        f"  - {{name: t{i}, match: 'pid:{target.pid}'}}\n" for i in range(200))
    daemon = bench.daemon(config=config)
    what = wait_until(lambda: daemon.db.events("throttled"), "an event")[0][1]
    assert "of memory, the ceiling is 16.0 MiB: no captures, no details, a shorter queue" in what
    wait_until(lambda: stats(daemon)[-1]["short_of_memory"] == 1, "a row that says so")
    assert "short of memory" in bench.soakwatch("status", "--db", daemon.db.file).out
    before = len(daemon.db.samples("t7"))
    daemon.db.wait_for_samples("t7", before + 2)  # it goes on


@preloads_a_library
def test_its_own_leak_is_an_alert_as_any_other(bench):
    """Blocks of six looks at itself: two minutes and a half."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("there is no C compiler")
    library = bench.folder / "leaks_itself.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library,
                    ROOT / "tests/integration/leaks_itself.c", "-pthread"], check=True)
    quick = "detection: {block: 6s, warm_up: 5s, cold_start_span: 0s, levels: 2}\n"
    daemon = bench.daemon("name:not-there", config=SELF + quick,
                          env={**bench.env, "LD_PRELOAD": str(library)})
    daemon.wait_for("FIRING .* soakwatchd .*: open_fds grow by .*/dev/null", "err", seconds=300)
    alert, = daemon.db.alerts()
    assert (alert["detector"], alert["state"]) == ("fd_growth", "firing")
    assert daemon.stop() == 0
