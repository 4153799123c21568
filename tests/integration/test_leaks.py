"""A leak raises one alert, which every reader tells alike and no restart of the daemon repeats."""

import json
import signal
from datetime import datetime, timedelta

import pytest

from conftest import ROOT
from program import wait_until

# Three leaks need about a minute of samples; the rest is for a machine that is slow and shared.
ALERT_SECONDS = 240
# Three looks, one after the other, some with a trace of three seconds.
LOOK_SECONDS = 60
DETECTORS = {"goroutine_growth": "goroutines", "live_heap_growth": "next_gc_bytes",
             "fd_growth": "open_fds"}

HOOK = """#!/bin/sh
cd '{folder}' || exit 1
cat > "hook-$SOAKWATCH_ALERT_ID-$SOAKWATCH_STATE.json"
env > "hook-$SOAKWATCH_ALERT_ID-$SOAKWATCH_STATE.env"
echo "$SOAKWATCH_ALERT_ID $SOAKWATCH_STATE" >> hook-calls
"""


class Watch:
    """A daemon that watches a program with three leaks beside two healthy ones."""

    def __init__(self, bench):
        self.bench = bench
        rates = ["-leak-rate-goroutines", "10", "-leak-rate-heap", "1MiB", "-leak-rate-fds", "3",
                 "-garbage", "64MiB"]
        self.programs = {"leaks": bench.leaky("-mode", "all", *rates),
                         "steady": bench.leaky("-mode", "steady"),
                         "burst": bench.leaky("-mode", "burst")}
        self.jsonl = bench.folder / "alerts.jsonl"
        hook = bench.write("hook.sh", HOOK.format(folder=bench.folder))
        quick = (ROOT / "packaging/quickstart.yaml").read_text()
        self.config = quick + f"  exec:\n    command: [/bin/sh, {hook}]\ntargets:\n" + "".join(
            f"  - name: {name}\n    match: pid:{program.pid}\n"
            for name, program in self.programs.items())
        self.start()

    def start(self):
        self.daemon = self.bench.daemon(config=self.config)
        self.db = self.daemon.db

    def soakwatch(self, *arguments):
        done = self.bench.soakwatch(*arguments, "--db", self.db.file)
        assert done.status == 0, done.err
        return done.out

    def alerts(self):
        """Those that explain themselves. The memory that the heap takes is an alert as well, and a
        child of the heap's."""
        rows = self.db.alerts()
        assert all(row["root"] for row in rows
                   if row["detector"] not in DETECTORS and row["state"] == "firing")
        return [row for row in rows if row["detector"] in DETECTORS]

    def listed(self, *options):
        alerts = json.loads(self.soakwatch("alerts", "--json", *options))
        return [alert for alert in alerts if alert["detector"] in DETECTORS]

    def lines(self):
        return [json.loads(line) for line in self.jsonl.read_text().splitlines()]

    def hook_calls(self):
        file = self.bench.folder / "hook-calls"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture(scope="module")
def watch(module_bench):
    watch = Watch(module_bench)
    wait_until(lambda: sum(row["state"] == "firing" for row in watch.alerts()) >= 3,
               lambda: f"three alerts: {[tuple(row) for row in watch.alerts()]}; "
                       f"{len(watch.db.samples('leaks'))} samples", ALERT_SECONDS)
    wait_until(lambda: len(watch.hook_calls()) >= 3, "three calls of the hook")
    return watch


def test_each_leak_raises_its_alert_and_nothing_else_does(watch):
    alerts = watch.alerts()
    assert sorted(row["detector"] for row in alerts) == sorted(DETECTORS)
    assert {row["target"] for row in alerts} == {"leaks"}
    assert all(row["current"] > row["base"] and row["slope_low"] > 0 for row in alerts)
    # About 10 goroutines and 3 descriptors a second, whatever the speed of the machine.
    slope = {row["detector"]: row["slope_per_hour"] / 3600 for row in alerts}
    assert 5 < slope["goroutine_growth"] < 20
    assert 1.5 < slope["fd_growth"] < 6


def test_a_replay_says_what_the_daemon_said(watch):
    """While it runs: the same alerts, raised on the same figures in the same round."""
    config = watch.bench.write("replay.yaml", watch.config)
    done = watch.bench.soakwatch("analyze", "--json", watch.db.file, "--config", config)
    assert done.status == 3, done.err
    replayed = {alert["detector"]: alert for alert in json.loads(done.out)["alerts"]}
    told = {alert["detector"]: alert for alert in watch.listed("--all")}
    assert set(DETECTORS) <= set(replayed)
    for detector in DETECTORS:
        alert = replayed[detector]
        for key in ("since", "base", "gates", "target", "pid"):
            assert alert[key] == told[detector][key], (detector, key)
        # The daemon first looks who is behind it.
        waited = datetime.fromisoformat(told[detector]["fired_at"]) - datetime.fromisoformat(
            alert["fired_at"])
        assert timedelta(0) <= waited < timedelta(seconds=LOOK_SECONDS), detector


def test_healthy_programs_raise_nothing_in_the_same_time(watch):
    leaking = watch.db.samples("leaks")
    for name in ("steady", "burst"):
        rows = watch.db.samples(name)
        assert len(rows) > 0.5 * len(leaking)
        assert sum(row["goroutines"] is not None for row in rows) > 0.5 * len(rows)
    assert [row["target"] for row in watch.alerts() if row["target"] != "leaks"] == []
    # The bursts were there to be mistaken.
    most = max(row["goroutines"] or 0 for row in watch.db.samples("burst"))
    assert most > 3 * max(row["goroutines"] or 0 for row in watch.db.samples("steady"))


def test_readers_and_notifiers_agree(watch):
    listed = {alert["id"]: alert for alert in watch.listed()}
    lines = {line["id"]: line for line in watch.lines() if line["state"] == "firing"}
    assert set(listed) == set(lines) == {row["id"] for row in watch.alerts()}
    for number, line in lines.items():
        hook = watch.bench.folder / f"hook-{number}-firing"
        assert json.loads(hook.with_suffix(".json").read_text()) == line
        environment = dict(
            item.partition("=")[::2] for item in hook.with_suffix(".env").read_text().splitlines())
        for key in ("target", "metric", "detector", "severity", "since", "summary", "time", "reason"):
            assert environment[f"SOAKWATCH_{key.upper()}"] == line[key]
        assert environment["SOAKWATCH_PID"] == str(line["pid"]) == str(watch.programs["leaks"].pid)
        same = ("target", "pid", "metric", "detector", "fired_at", "instance")
        assert [listed[number][key] for key in same] == [line[key] for key in same]
        shown = json.loads(watch.soakwatch("alerts", "show", number, "--json"))
        assert [shown[key] for key in same] == [line[key] for key in same]
        assert [step["state"] for step in shown["history"]].count("firing") == 1
        text = watch.soakwatch("alerts", "show", number)
        assert f"alert {number}" in text and line["detector"] in text and "judged by" in text
        assert all(gate["passed"] for gate in line["gates"]) and line["gates"]
        told = [text for text in watch.daemon.err.splitlines() if f"{line['metric']} grow by" in text]
        assert len(told) == 1 and "FIRING" in told[0] and "leaks (pid" in told[0]
    table = watch.soakwatch("alerts")
    assert table.count("firing") >= 3 and "leaks" in table
    assert table.count("(pid") >= 3


def check_alerts_outlive(watch, signal_number):
    """The daemon ends by that signal and starts again: the same alerts, told once."""
    before = [(row["id"], row["detector"], row["fired_at_ms"]) for row in watch.alerts()]
    firings = watch.db.firings()
    lines = watch.lines()
    resumed = watch.db.kinds().count("instance_resumed")
    status = watch.daemon.stop(signal_number)
    assert status == (0 if signal_number == signal.SIGTERM else -signal_number)
    # Without a daemon they are still to be read.
    assert {alert["state"] for alert in watch.listed()} == {"firing"}
    samples = len(watch.db.samples("leaks"))
    watch.start()
    wait_until(lambda: watch.db.kinds().count("instance_resumed") == resumed + 3, "instance_resumed")
    # Blocks of two seconds at four rounds a second: some are judged afresh.
    watch.db.wait_for_samples("leaks", samples + 32)
    after = watch.alerts()
    assert [(row["id"], row["detector"], row["fired_at_ms"]) for row in after] == before
    assert {row["state"] for row in after} == {"firing"}
    known = {number for number, _, _ in before}
    assert [row for row in watch.db.firings() if row[0] in known] == [
        row for row in firings if row[0] in known] and len(firings) >= 3
    assert watch.lines() == lines
    assert len(watch.hook_calls()) == len(lines)
    assert len(watch.db.instances("leaks")) == 1
    assert "FIRING" not in watch.daemon.err


def test_alerts_outlive_an_orderly_restart_of_the_daemon(watch):
    check_alerts_outlive(watch, signal.SIGTERM)


def test_alerts_outlive_a_kill_of_the_daemon(watch):
    check_alerts_outlive(watch, signal.SIGKILL)


def test_the_end_of_the_target_resolves_its_alerts(watch):
    """Last: it ends what the others look at."""
    watch.programs["leaks"].stop()
    wait_until(lambda: {row["state"] for row in watch.alerts()} == {"resolved"}, "resolved")
    wait_until(lambda: len(watch.hook_calls()) == 6, "the hook's calls")
    assert json.loads(watch.soakwatch("alerts", "--json")) == []
    assert len(watch.listed("--all")) == 3
    assert watch.soakwatch("alerts") == "no open alerts (all: --all)\n"
    lines = watch.lines()
    assert [line["state"] for line in lines] == ["firing"] * 3 + ["resolved"] * 3
    assert all(line["resolved_at"] for line in lines[3:])
    assert len(watch.db.firings()) >= 3
    assert sorted(watch.hook_calls()) == sorted(f"{line['id']} {line['state']}" for line in lines)
    assert watch.daemon.running()
