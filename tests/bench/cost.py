#!/usr/bin/env python3
"""What the real daemon costs, measured from outside, and whether that is within the limits.

    tests/bench/cost.py [--quick] [--json] [--build build/bench]

It wants soakwatchd and bare_round in the build folder (a release build), and the Go program `leaky`
in $SOAKWATCH_TARGETS or build/targets, else it builds it. Exit status 1: a limit is broken.

Absolute times say little about another machine, so each cost is a ratio to something that runs at
the same time on the same machine: `bare_round`, which does the same system calls and nothing else,
and `shell_round.sh`, which does the same with curl, ps and text tools.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

INTERVAL_MS = 100
# In rounds, as the defaults have it: MemStats every 15 s and smaps every 120 s, with rounds of 5 s.
# A little less than whole rounds, so that a beat that is due counts as due.
BEATS = {"heap_interval": "250ms", "detail_interval": "2350ms"}
KIB_PER_MIB = 1024


def cpu_ns(pid):
    """CPU time of a process with all its threads, living and ended."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # clock_getcpuclockid(3), CPUCLOCK_SCHED


def rss_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / KIB_PER_MIB


def fd_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def wait_until(condition, what, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {what} within {timeout_s} s")
        time.sleep(0.05)


class Process:
    """A child that is ended with the `with` block."""

    def __init__(self, arguments, **options):
        self.child = subprocess.Popen([str(a) for a in arguments], **options)
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()


class Leaky(Process):
    """The Go program, with its pprof server at `port`."""

    def __init__(self, program, *arguments):
        super().__init__([program, *arguments], stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline().split(":")[2].split("/")[0])
        self.url = f"http://127.0.0.1:{self.port}/debug/pprof/"


class Daemon(Process):
    """soakwatchd with a database of its own."""

    def __init__(self, bench, name, targets, interval_ms=INTERVAL_MS, beats=None):
        self.database = bench.folder / f"{name}.db"
        beats = beats or {}
        lines = ["sampling:", f"  interval: {interval_ms}ms"]
        if "detail_interval" in beats:
            # Budget 1: the beat is the interval's, whatever a read takes.
            lines += [f"  detail_interval: {beats['detail_interval']}", "  detail_budget: 1"]
        if "heap_interval" in beats:
            lines += ["pprof:", f"  heap_interval: {beats['heap_interval']}",
                      "  heap_latency_factor: 1"]
        lines += ["log: {level: warning}", "storage:", f"  database: {self.database}", "targets:"]
        lines += [f"  - {target}" for target in targets]
        config = bench.folder / f"{name}.yaml"
        config.write_text("\n".join(lines) + "\n")
        super().__init__([bench.build / "daemon/soakwatchd", "--config", config])
        wait_until(lambda: self.rows() >= len(targets), f"first round of {name}")

    def query(self, sql):
        try:
            with contextlib.closing(
                    sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
                return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:  # not there yet
            return [(None,)]

    def rows(self):
        return self.query("SELECT max(id) FROM samples")[0][0] or 0


class Bench:
    def __init__(self, build, folder, quick):
        self.build = build
        self.folder = folder
        self.quick = quick
        self.leaky = find_leaky()
        self.results = []

    def check(self, what, measured, limit, unit):
        """A limit that `measured` must not pass."""
        self.results.append({"what": what, "measured": measured, "limit": limit, "unit": unit,
                             "ok": limit is None or measured <= limit})

    def note(self, what, value, unit):
        """A figure without a limit."""
        self.check(what, value, None, unit)

    def bare(self, target, port, rounds, path=None):
        """Starts bare_round; bare_ns() gives its CPU time per round."""
        arguments = [self.build / "tests/bench/bare_round", target, port, INTERVAL_MS, rounds]
        arguments += [path] if path else []
        return Process(arguments, stdout=subprocess.PIPE, text=True)


def bare_ns(process):
    output = process.child.communicate()[0].split()
    if process.child.returncode != 0:
        raise RuntimeError("bare_round failed")
    return int(output[1]) / int(output[0])


def find_leaky():
    program = pathlib.Path(os.environ.get("SOAKWATCH_TARGETS", ROOT / "build/targets")) / "leaky"
    if not program.exists():
        environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off",
                       "GOTOOLCHAIN": "local"}
        subprocess.run([os.environ.get("SOAKWATCH_GO", "go"), "build", "-o", program, "."],
                       cwd=ROOT / "tests/targets/leaky", env=environment, check=True)
    return program


def shell_ns(port, rounds):
    """CPU time of a round of the shell loop, with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([HERE / "shell_round.sh", "leaky", str(port), str(rounds),
                    str(INTERVAL_MS / 1000)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return seconds / rounds * 1e9


class RoundCost:
    """CPU time of a daemon per round, and of bare_round in the same seconds."""

    def __init__(self, bench, daemon, leaky, port):
        self.bench, self.daemon, self.leaky, self.port = bench, daemon, leaky, port
        self.ours, self.bare = [], []

    def start(self, rounds):
        self.rows, self.cpu = self.daemon.rows(), cpu_ns(self.daemon.pid)
        self.process = self.bench.bare(self.leaky.pid, self.port, rounds)

    def finish(self):
        self.bare.append(bare_ns(self.process))
        cpu, rows = cpu_ns(self.daemon.pid) - self.cpu, self.daemon.rows() - self.rows
        self.ours.append(cpu / rows)

    def ratio(self):
        return statistics.median(o / b for o, b in zip(self.ours, self.bare))


def measure_rounds(bench):
    """A full round and one of /proc alone against the bare calls; a full one against the shell."""
    windows, rounds = (3, 50) if bench.quick else (7, 200)
    shell = []
    with Leaky(bench.leaky, "-mode", "idle", "-goroutines", "50", "-heap", "4MiB") as leaky, \
            Daemon(bench, "full", [f"pid:{leaky.pid},pprof={leaky.url}"], beats=BEATS) as full, \
            Daemon(bench, "procfs", [f"pid:{leaky.pid},pprof=off"], beats=BEATS) as procfs:
        costs = [RoundCost(bench, full, leaky, leaky.port), RoundCost(bench, procfs, leaky, 0)]
        time.sleep(3)
        for _ in range(windows):
            for cost in costs:
                cost.start(rounds)
            for cost in costs:
                cost.finish()
            shell.append(shell_ns(leaky.port, 5 if bench.quick else 10))
        beat = full.query("SELECT avg(heap_sys_bytes IS NOT NULL), avg(mappings IS NOT NULL) "
                          "FROM samples")[0]
        rss = rss_mib(full.pid)
    if not 0.25 < beat[0] < 0.4:
        raise RuntimeError(f"MemStats in {beat[0]:.0%} of the rounds instead of a third")
    full, procfs = costs
    bench.note("bare calls with pprof", statistics.median(full.bare) / 1e3, "us a round")
    bench.note("soakwatchd with pprof", statistics.median(full.ours) / 1e3, "us a round")
    bench.note("bare calls, /proc alone", statistics.median(procfs.bare) / 1e3, "us a round")
    bench.note("soakwatchd, /proc alone", statistics.median(procfs.ours) / 1e3, "us a round")
    bench.note("shell loop", statistics.median(shell) / 1e6, "ms a round")
    bench.check("full round / bare calls", full.ratio(), 3, "times")
    bench.check("/proc round / bare calls", procfs.ratio(), 3, "times")
    bench.check("full round / shell loop",
                statistics.median(o / s for o, s in zip(full.ours, shell)), 0.01, "times")
    bench.check("resident memory, 1 target", rss, 16, "MiB")


def measure_crowd(bench, count=500):
    """Many targets: memory, and CPU once the start is over."""
    settle_s, measured_s = (10, 10) if bench.quick else (60, 60)
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(Process(["sleep", "3600"])) for _ in range(count)]
        daemon = stack.enter_context(
            Daemon(bench, "crowd", [f"pid:{p.pid}" for p in crowd], interval_ms=1000))
        time.sleep(settle_s)
        rows, cpu, begin = daemon.rows(), cpu_ns(daemon.pid), time.monotonic()
        time.sleep(measured_s)
        seconds = time.monotonic() - begin
        share = (cpu_ns(daemon.pid) - cpu) / 1e9 / seconds
        rows = (daemon.rows() - rows) / seconds
        rss = rss_mib(daemon.pid)
    if rows < 0.95 * count:
        raise RuntimeError(f"{rows:.0f} rounds a second instead of {count}")
    bench.check(f"resident memory, {count} targets", rss, 64, "MiB")
    bench.check(f"CPU of {count} targets at 1 s", 100 * share, 25, "% of a core")


def target_ns(leaky, seconds, rounds):
    """CPU time of the target during some seconds, per round; `rounds` counts them at the end."""
    before = cpu_ns(leaky.pid)
    time.sleep(seconds)
    return (cpu_ns(leaky.pid) - before) / rounds()


def target_ns_fetched(bench, leaky, rounds, page):
    """The same while bare_round fetches one page at the pace of the rounds."""
    before = cpu_ns(leaky.pid)
    bare_ns(bench.bare(leaky.pid, leaky.port, rounds, f"/debug/pprof/{page}"))
    return (cpu_ns(leaky.pid) - before) / rounds


def measure_target(bench):
    """What a routine round costs the target, by its number of goroutines."""
    windows, rounds = (1, 30) if bench.quick else (5, 40)
    seconds = rounds * INTERVAL_MS / 1000
    costs = {}
    for goroutines in (10, 1000, 10000):
        kinds = {"idle": [], "watched": [], "index": [], "stacks": []}
        with Leaky(bench.leaky, "-mode", "idle", "-goroutines", str(goroutines)) as leaky:
            for window in range(windows):
                kinds["idle"].append(target_ns(leaky, seconds, lambda: rounds))
                kinds["index"].append(target_ns_fetched(bench, leaky, rounds, ""))
                kinds["stacks"].append(
                    target_ns_fetched(bench, leaky, rounds, "goroutine?debug=1"))
                with Daemon(bench, f"target{goroutines}-{window}",
                            [f"pid:{leaky.pid},pprof={leaky.url}"],
                            beats={"heap_interval": "1h"}) as daemon:
                    time.sleep(1)  # MemStats are read at once, then after an hour
                    first = daemon.rows()
                    kinds["watched"].append(
                        target_ns(leaky, seconds, lambda: daemon.rows() - first))
        ms = {kind: statistics.median(ns) / 1e6 for kind, ns in kinds.items()}
        costs[goroutines] = ms["watched"] - ms["idle"]
        # An absolute time says nothing about another machine: the limit is what a bare GET costs.
        bench.note(f"target's CPU, {goroutines:,} goroutines", costs[goroutines], "ms a round")
        bench.note("  bare GET of the index page", ms["index"] - ms["idle"], "ms a round")
        bench.check("  watched / bare GET of the index page",
                    costs[goroutines] / (ms["index"] - ms["idle"]), 1.5, "times")
        bench.note("  bare GET of goroutine?debug=1", ms["stacks"] - ms["idle"], "ms a round")
    # Independent, within what a shared machine lets one see.
    bench.check("target's CPU, 10,000 / 10 goroutines", costs[10000] / costs[10], 1.5, "times")


def measure_growth(bench, minutes):
    """A daemon at ten rounds a second, watched by another: RSS and descriptors must stay flat."""
    with Leaky(bench.leaky, "-mode", "steady") as leaky, \
            Daemon(bench, "watched", [f"pid:{leaky.pid},pprof={leaky.url}"]) as watched, \
            Daemon(bench, "watcher", [f"pid:{watched.pid}"]) as watcher:
        time.sleep(minutes * 60)
        rows = watcher.query("SELECT rss_bytes, open_fds FROM samples ORDER BY id")
    quarter = len(rows) // 4
    early, late = rows[quarter:2 * quarter], rows[3 * quarter:]
    growth = [statistics.median(r[i] for r in late) - statistics.median(r[i] for r in early)
              for i in (0, 1)]
    bench.note("resident memory at the end", late[-1][0] / 2**20, "MiB")
    bench.check(f"its growth, {minutes:g} min at 10 a second", growth[0] / 1024, 256, "KiB")
    bench.check("growth of its descriptors", growth[1], 0, "files")


def print_table(results):
    print(f"{'what':<40} {'measured':>10} {'limit':>7}  {'unit':<12}")
    for row in results:
        limit = "" if row["limit"] is None else f"{row['limit']:g}"
        verdict = "" if row["limit"] is None else "ok" if row["ok"] else "FAIL"
        print(f"{row['what']:<40} {row['measured']:>10.3g} {limit:>7}  {row['unit']:<12} {verdict}"
              .rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="under two minutes instead of ten")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench",
                        help="build folder (%(default)s)")
    parser.add_argument("--only", choices=("rounds", "crowd", "target", "growth"), action="append",
                        help="measure this alone; may be given more than once")
    parser.add_argument("--growth-minutes", type=float, default=None,
                        help="how long growth is looked for (0.3 with --quick, else 3)")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    minutes = args.growth_minutes or (0.3 if args.quick else 3)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soakwatch-cost-"))
    bench = Bench(args.build.resolve(), folder, args.quick)
    measures = {"rounds": measure_rounds, "crowd": measure_crowd, "target": measure_target,
                "growth": lambda b: measure_growth(b, minutes)}
    load = os.getloadavg()[0]
    try:
        for name, measure in measures.items():
            if not args.only or name in args.only:
                print(f"measuring: {name}", file=sys.stderr, flush=True)
                measure(bench)
    finally:
        shutil.rmtree(folder)
    machine = (f"{os.cpu_count()} CPUs, Linux {os.uname().release}; load {load:.1f} at the start, "
               f"{os.getloadavg()[0]:.1f} at the end")
    if args.json:
        print(json.dumps({"machine": machine, "results": bench.results}, indent=1))
    else:
        print(machine)
        print_table(bench.results)
    return 0 if all(row["ok"] for row in bench.results) else 1


if __name__ == "__main__":
    sys.exit(main())
