#!/usr/bin/python3
"""Every bad pprof server beside a healthy Go program, for minutes, as targets of one daemon.

Usage: tests/soak/hostile_peers.py [--minutes 10] [--interval-ms 1000] [--one-by-one] [--keep FOLDER]

At the end it looks into the database: the rounds of the healthy target are all there, none is late by
half an interval, none lacks its Go figures; each bad target has its /proc figures in each round; the
daemon's memory, descriptors, processor time and log stay within bounds. A second daemon, "control",
watches another healthy target and nothing else: what it misses as well is the machine's doing. Prints
a table; exit status 1: something did not hold. With --one-by-one each server has the whole time beside the healthy target to
itself, one after the other. Build first: cmake --build --preset dev, tests/run.sh for the Go programs.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import pprof_server
from conftest import Bench
from program import wait_until

# Rounds in which everything starts.
WARM_UP_ROUNDS = 5
# A round late by so much of the interval is late.
LATE_SHARE = 0.5
# More of them than the control has, in which the two may differ by chance.
CHANCE = 2
MOST_RSS_GROWTH_KIB = 24 * 1024
MOST_PEAK_KIB = 300 * 1024
MOST_FD_GROWTH = 16
# Of one core, with some thirty targets.
MOST_CPU_SHARE = 0.5
# Each target tells of a failure when it begins, when it ends and every ten minutes; those that
# come and go are told three times in ten minutes. An index, the heap figures, captures.
MOST_LINES_PER_TARGET = 14

CONFIG = """
sampling:
  interval: {interval}ms
  discovery_interval: 1s
pprof:
  timeout: {timeout}ms
  heap_interval: {interval}ms
  heap_latency_factor: 0
evidence:
  baseline_interval: 5s
  budget: 0.05
detection:
  warm_up: 1s
targets:
"""
HEALTHY = "  - name: {name}\n    match: pid:{pid},pprof={url}\n"


def bad_captures(url):
    """Servers with good figures and bad profiles: the profiles of a real program, spoilt."""
    import gzip
    pages = ("heap", "goroutine", "profile", "trace")
    bomb = gzip.compress(bytes(1 << 20), 9) * 1024
    heap = urllib.request.urlopen(url + "heap", timeout=60).read()
    return {"captures_bomb": dict.fromkeys(pages, bomb),
            "captures_html": dict.fromkeys(pages, b"<html><body>shop</body></html>"),
            "captures_cut": dict.fromkeys(pages, heap[:len(heap) // 2]),
            "captures_noise": dict.fromkeys(pages, os.urandom(1 << 20))}


def factories(url):
    """By name, how each bad server is started."""
    made = {behave.__name__: lambda behave=behave: pprof_server.BadServer(behave)
            for behave in pprof_server.BEHAVIOURS}
    made["switching"] = lambda: pprof_server.BadServer(pprof_server.switching())
    made["flapping"] = lambda: pprof_server.BadServer(pprof_server.flapping())
    made["refused"] = pprof_server.Refused
    made["never_accepts"] = pprof_server.NeverAccepts
    for name, captures in bad_captures(url).items():
        made[name] = lambda captures=captures: pprof_server.CaptureServer(captures)
    return made


def resident_kib(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def peak_kib(pid):
    return int(next(line for line in open(f"/proc/{pid}/status")
                    if line.startswith("VmHWM")).split()[1])


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Run:
    """One daemon, the healthy target, and these servers."""

    def __init__(self, folder, makers, seconds, interval_ms):
        self.bench = Bench(folder)
        self.makers = makers
        self.seconds = seconds
        self.interval_ms = interval_ms
        self.faults = []
        self.sizes = []  # (RSS in KiB, descriptors)

    def check(self, holds, text):
        if not holds:
            self.faults.append(text)

    def config_for(self, name, program):
        return (CONFIG.format(interval=self.interval_ms, timeout=self.interval_ms * 2)
                + HEALTHY.format(name=name, pid=program.pid, url=program.url))

    def watch(self):
        healthy, other = (self.bench.leaky("-for", f"{self.seconds + 300}s") for _ in range(2))
        servers = {name: make() for name, make in self.makers(healthy.url).items()}
        config = self.config_for("healthy", healthy)
        for name, server in servers.items():
            config += f"  - name: {name}\n    match: pid:{os.getpid()},pprof={server.url}\n"
        control = self.bench.daemon(config=self.config_for("control", other),
                                    database="control.db")
        daemon = self.bench.daemon(config=config)
        try:
            self.follow(daemon)
            self.judge(daemon, control, servers)
            self.check(daemon.stop(seconds=20) == 0, "the daemon did not end in order")
            self.check(daemon.db.integrity() == "ok", "the database is damaged")
        finally:
            for server in servers.values():
                server.close()
            self.bench.programs.clean_up()

    def follow(self, daemon):
        begin = time.monotonic()
        self.cpu_before = cpu_seconds(daemon.pid)
        next_look = begin
        while time.monotonic() < begin + self.seconds:
            next_look += min(5, self.seconds / 20)
            wait_until(lambda at=next_look: time.monotonic() >= at or not daemon.running(),
                       "the next look", 60)
            if not daemon.running():
                raise SystemExit(f"the daemon ended: {daemon.err[-2000:]}")
            self.sizes.append((resident_kib(daemon.pid), len(os.listdir(f"/proc/{daemon.pid}/fd"))))
        self.lasted = time.monotonic() - begin
        self.cpu_share = (cpu_seconds(daemon.pid) - self.cpu_before) / self.lasted
        self.peak = peak_kib(daemon.pid)

    def judge(self, daemon, control, servers):
        print(f"{'target':<20} {'asked':>6} {'rounds':>7} {'missing':>8} {'late':>5} {'worst ms':>9} "
              f"{'with Go':>8} {'log':>4}")
        allowed = self.judge_target(control, "control", None, None)
        for name in ["healthy", *servers]:
            self.judge_target(daemon, name, getattr(servers.get(name), "asked", None), allowed)
        third = len(self.sizes) // 3
        rss, fds = zip(*self.sizes)
        # Allocators keep what they had: of the later looks the lowest counts.
        growth = min(rss[2 * third:]) - min(rss[third:2 * third])
        fd_growth = statistics.median(fds[2 * third:]) - statistics.median(fds[third:2 * third])
        lines = len(daemon.err.splitlines())
        print(f"\n{self.lasted:.0f} s, {len(servers)} bad servers, interval {self.interval_ms} ms: RSS {rss[third]} "
              f"to {rss[-1]} KiB (growth of the floor {growth}), peak {self.peak} KiB, "
              f"descriptors {fds[third]} to {fds[-1]} (most {max(fds)}), "
              f"processor {100 * self.cpu_share:.1f} % of a core, {lines} lines in the log")
        self.check(growth < MOST_RSS_GROWTH_KIB, f"memory grows: {rss}")
        self.check(self.peak < MOST_PEAK_KIB, f"too much memory: {self.peak} KiB")
        self.check(fd_growth <= MOST_FD_GROWTH, f"descriptors grow: {fds}")
        self.check(self.cpu_share < MOST_CPU_SHARE, f"{self.cpu_share} of a core")
        self.check(lines < MOST_LINES_PER_TARGET * (len(servers) + 1), f"{lines} lines in the log")
        self.check(daemon.db.alerts() == [], f"alerts: {list(map(tuple, daemon.db.alerts()))}")

    def judge_target(self, daemon, name, asked, allowed):
        """Prints its line. `allowed`: (missing, late, without Go figures) of the control."""
        rows = daemon.db.samples(name)[WARM_UP_ROUNDS:]
        self.check(len(rows) > 1, f"{name}: no rounds")
        if len(rows) < 2:
            return (0, 0, 0)
        begins = [row["monotonic_ms"] for row in rows]
        possible = round((begins[-1] - begins[0]) / self.interval_ms) + 1
        # Rounds are due at whole multiples of the interval.
        lateness = [begin % self.interval_ms for begin in begins]
        late = sum(ms > LATE_SHARE * self.interval_ms for ms in lateness)
        missing = possible - len(rows)
        with_go = sum(row["goroutines"] is not None for row in rows)
        without = len(rows) - with_go
        lines = sum(f" {name}: " in line for line in daemon.err.splitlines())
        print(f"{name:<20} {'-' if asked is None else asked:>6} {len(rows):>7} {missing:>8} {late:>5} "
              f"{max(lateness):>9} {with_go:>8} {lines:>4}")
        if allowed is None:
            return (missing, late, without)
        self.check(all(row["rss_bytes"] and row["open_fds"] for row in rows),
                   f"{name}: rounds without figures of /proc")
        self.check(missing <= allowed[0] + CHANCE, f"{name}: {missing} of {possible} rounds are missing")
        self.check(late <= allowed[1] + CHANCE, f"{name}: {late} of {possible} rounds are late")
        if name == "healthy":
            self.check(without <= allowed[2] + CHANCE,
                       f"healthy: {without} rounds without Go figures")
        elif not name.startswith("captures") and name != "flapping":
            self.check(with_go == 0, f"{name}: {with_go} rounds with figures that are lies")
        return None


def soak(folder, seconds, interval_ms, one_by_one=False):
    """What did not hold, in words."""
    if not one_by_one:
        run = Run(folder, factories, seconds, interval_ms)
        run.watch()
        return run.faults
    names = list(factories_names())
    faults = []
    for name in names:
        print(f"\n== {name}")
        own = folder / name
        own.mkdir()
        run = Run(own, lambda url, name=name: {name: factories(url)[name]}, seconds, interval_ms)
        run.watch()
        faults += [f"{name}: {fault}" for fault in run.faults]
    return faults


def factories_names():
    return [*(behave.__name__ for behave in pprof_server.BEHAVIOURS), "switching", "flapping",
            "refused", "never_accepts", "captures_bomb", "captures_html", "captures_cut",
            "captures_noise"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--interval-ms", type=int, default=1000)
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder for database and logs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        faults = soak(folder, arguments.minutes * 60, arguments.interval_ms, arguments.one_by_one)
    for fault in faults:
        print("FAILED:", fault[:2000])
    print("failed" if faults else "all of it holds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
