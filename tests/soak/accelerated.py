#!/usr/bin/env python3
"""Does soakwatchd itself last? A day's rounds of twenty targets in some minutes, and what they leave.

    tests/soak/accelerated.py [--hours 24] [--minutes 60] [--interval 10] [--json] [--build build/dev]

Rounds come every 10 ms in place of every second, and what the configuration says in minutes is
shorter by the same factor, where its limits allow it. All the while: a hook that fails, an alert
file that cannot be written, a target that is not there, targets that restart, a pprof server that
breaks off. It ends when the rounds of so many hours are stored, or after so many minutes.

Then the daemon is run at one round a second for a while, with the defaults, to see what it costs.

A try: --hours 2, where the slope of memory is shown and not judged. It wants soakwatchd in the build folder, and the Go program `leaky` in
$SOAKWATCH_TARGETS or build/targets. Exit status 1: a limit is broken.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGETS = 20
WARM_UP_SHARE = 0.2
MIN_HOURS_FOR_SLOPE = 12
SAMPLE_SECONDS = 2
KIB_PER_MIB = 1024

# A pprof server that breaks off each answer in its middle, and now and then says nothing at all.
BAD_SERVER = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", 0), backlog=64)
print(server.getsockname()[1], flush=True)
count = 0
while True:
    peer, _ = server.accept()
    count += 1
    try:
        peer.settimeout(1)
        peer.recv(4096)
        if count % 3 == 0:
            peer.sendall(b"HTTP/1.1 500 no\\r\\nContent-Length: 0\\r\\n\\r\\n")
        elif count % 3 == 1:
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 100000\\r\\n\\r\\n<html>half of")
    except OSError:
        pass
    peer.close()
"""


def cpu_seconds(pid):
    """Processor time of a process with all its threads, living and ended."""
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3), CPUCLOCK_SCHED


def descriptors(pid):
    """How many, and how many of them are sockets: those of fetches under way."""
    links = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            links.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    sockets = sum(link.startswith("socket:") for link in links)
    return len(links) - sockets, sockets


def measure(pid):
    files, sockets = descriptors(pid)
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {"rss_kib": int(re.search(r"VmRSS:\s+(\d+)", status)[1]),
            "anon_kib": int(re.search(r"RssAnon:\s+(\d+)", status)[1]),
            "pss_kib": int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1]),
            "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
            "files": files, "sockets": sockets,
            "cpu": cpu_seconds(pid)}


def slope(points):
    """Least squares: growth of y for each x; x, y in rows."""
    if len(points) < 3:
        return 0.0
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    below = sum((x - mean_x) ** 2 for x, _ in points)
    return above / below if below else 0.0


def floor(rows, name):
    """The tenth percentile."""
    values = sorted(row[name] for row in rows)
    return values[len(values) // 10]


class Zoo:
    """The targets: twenty lines of configuration, and the processes behind them."""

    def __init__(self, leaky, folder):
        self.folder = folder
        self.leaky = leaky
        self.children = {}
        self.stop = threading.Event()
        self.threads = []
        self.lines = []
        self.restarts = 0

    def __enter__(self):
        for i in range(5):
            self.add_go(f"steady{i}", "-mode", "steady")
        self.add_go("slowleak", "-mode", "goroutine,heap", "-leak-rate-goroutines", "1",
                    "-leak-rate-heap", "16KiB")
        for i in range(8):
            child = self.start(f"plain{i}", ["sleep", "1000000"])
            self.lines.append(f"name: plain{i}, match: 'pid:{child.pid}'")
        for i, seconds in enumerate((20, 45)):
            self.keep_restarting(f"short{i}", ["sleep", "1000000"], seconds)
        self.keep_restarting("leakrun", [self.leaky, "-mode", "goroutine,fd",
                                         "-leak-rate-goroutines", "40", "-leak-rate-fds", "10"], 60)
        server = self.start("badserver", [sys.executable, "-c", BAD_SERVER],
                            stdout=subprocess.PIPE, text=True)
        port = int(server.stdout.readline())
        self.lines.append(f"name: badserver, match: 'pid:{server.pid}', "
                          f"pprof: 'http://127.0.0.1:{port}/debug/pprof/'")
        self.lines.append("name: missing, match: 'name:soak-missing'")
        idle = self.start("busy", [sys.executable, "-c", "import time\nwhile True: time.sleep(.01)"])
        self.lines.append(f"name: busy, match: 'pid:{idle.pid}'")
        assert len(self.lines) == TARGETS, len(self.lines)
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()
            if child.stdout:
                child.stdout.close()

    def start(self, name, words, **options):
        options.setdefault("stdout", subprocess.DEVNULL)
        child = subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL, **options)
        self.children[name] = child
        return child

    def add_go(self, name, *arguments):
        child = self.start(name, [self.leaky, *arguments], stdout=subprocess.PIPE, text=True)
        url = child.stdout.readline().split()[1]
        self.lines.append(f"name: {name}, match: 'pid:{child.pid}', pprof: '{url}'")

    def keep_restarting(self, name, words, seconds):
        """Found by its name: a link of its own."""
        link = self.folder / f"soak-{name}"
        link.symlink_to(shutil.which(str(words[0])))
        self.lines.append(f"name: {name}, match: 'name:{link.name}'")

        def run():
            while not self.stop.is_set():
                child = self.start(name, [link, *words[1:]])
                self.stop.wait(seconds)
                child.kill()
                child.wait()
                self.restarts += 1

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()


class Daemon:
    def __init__(self, build, folder, name, config, storage=()):
        self.database = folder / f"{name}.db"
        file = folder / f"{name}.yaml"
        keys = [f"database: {self.database}", *storage]
        file.write_text(config + "storage:\n" + "".join(f"  {key}\n" for key in keys))
        self.log = folder / f"{name}.log"
        with self.log.open("w") as log:
            self.child = subprocess.Popen([build / "daemon/soakwatchd", "--config", file],
                                          stdout=log, stderr=log)
        self.pid = self.child.pid
        deadline = time.monotonic() + 60
        while not self.samples():
            if self.child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the daemon does not sample:\n" + self.log.read_text())
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.status = self.child.wait(60)

    def query(self, sql):
        try:
            with contextlib.closing(
                    sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
                return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:  # not there yet
            return [(None,)]

    def samples(self):
        return self.query("SELECT max(id) FROM samples")[0][0] or 0


def targets_of(zoo):
    return "targets:\n" + "".join(f"  - {{{line}}}\n" for line in zoo.lines)


def accelerated_config(args, build, folder, zoo):
    factor = 1000 / args.interval
    hook = folder / "hook"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    keys = subprocess.run([build / "daemon/soakwatchd", "--show-config"], text=True,
                          capture_output=True, check=True).stdout

    def shorter(seconds, at_least):
        return f"{max(int(seconds * 1000 / factor), at_least)}ms"

    # As soon as it can be; where samples are rolled up at all.
    storage = ["keep_raw: 1m", "keep_minutes: 5m"] if "keep_raw:" in keys else []
    config = f"""
sampling:
  interval: {args.interval}ms
  detail_interval: {shorter(120, 1000)}
  detail_budget: {min(1, 0.001 * factor)}
  discovery_interval: 100ms
pprof:
  heap_interval: {shorter(15, 100)}
  heap_latency_factor: {max(1, 100 / factor):g}
detection:
  block: {shorter(60, 1000)}
  warm_up: {shorter(600, 0)}
  cold_start_span: {shorter(7200, 0)}
evidence:
  baseline_interval: {shorter(3600, 1000)}
  budget: {min(1, 0.005 * factor)}
  max_size: 16MiB
alerts:
  keep_firing_for: {shorter(600, 0)}
  jsonl: {folder}/no-such-folder/alerts.jsonl
  exec: {{command: ['{hook}']}}
self: {{interval: 1s, max_cpu: 64}}
log: {{level: warning}}
"""
    return config + targets_of(zoo), storage


def soak(args, build, folder, zoo):
    """The rows that were measured, and what the daemon said of itself."""
    config, storage = accelerated_config(args, build, folder, zoo)
    goal = int(args.hours * 3600 * TARGETS)
    rows = []
    daemon = Daemon(build, folder, "accelerated", config, storage)
    with daemon:
        begin = time.monotonic()
        while True:
            row = measure(daemon.pid)
            row["seconds"] = time.monotonic() - begin
            row["samples"] = daemon.samples()
            row["hours"] = row["samples"] / (3600 * TARGETS)
            rows.append(row)
            if args.progress:
                print(f"\r{row['seconds']:6.0f} s {row['hours']:6.2f} h {row['rss_kib']:7d} KiB "
                      f"{row['files']:4d} files", end="", file=sys.stderr, flush=True)
            if row["samples"] >= goal or row["seconds"] > args.minutes * 60:
                break
            time.sleep(SAMPLE_SECONDS)
        names = ("rounds_total, late_rounds_total, skipped_rounds_total, dropped_samples_total, "
                 "dropped_records_total, failed_writes_total, failed_notifications_total, "
                 "round_p50_seconds, round_p99_seconds, throttle_level")
        stats = daemon.query(f"SELECT {names} FROM daemon_stats ORDER BY id DESC LIMIT 1")[0]
        stats = dict(zip(names.split(", "), stats))
        stats["alerts"] = daemon.query("SELECT count(*) FROM alerts WHERE fired_at_ms > 0")[0][0]
        stats["instances"] = daemon.query("SELECT count(*) FROM instances")[0][0]
        stats["own_alerts"] = daemon.query(
            "SELECT count(*) FROM alerts a JOIN targets t ON t.id = a.target_id "
            "WHERE t.name = 'soakwatchd' AND fired_at_ms > 0")[0][0]
        stats["file_mib"] = round(daemon.database.stat().st_size / 2**20, 1)
    if args.progress:
        print(file=sys.stderr)
    stats["exit_status"] = daemon.status
    return rows, stats


def cost(args, build, folder, zoo):
    """Share of a core at one round a second."""
    with Daemon(build, folder, "cost",
                "sampling: {interval: 1s}\nlog: {level: warning}\n" + targets_of(zoo)) as daemon:
        time.sleep(min(20, args.cost_minutes * 20))
        cpu, samples, begin = cpu_seconds(daemon.pid), daemon.samples(), time.monotonic()
        time.sleep(args.cost_minutes * 60)
        seconds = time.monotonic() - begin
        share = 100 * (cpu_seconds(daemon.pid) - cpu) / seconds
        rate = (daemon.samples() - samples) / seconds
    return share, rate


class Table:
    def __init__(self):
        self.rows = []

    def check(self, what, measured, limit, unit):
        self.rows.append({"what": what, "measured": measured, "limit": limit, "unit": unit,
                          "ok": limit is None or measured <= limit})

    def note(self, what, measured, unit):
        self.check(what, measured, None, unit)

    def print(self):
        print(f"{'what':<44} {'measured':>10} {'limit':>7}  unit")
        for row in self.rows:
            limit = "" if row["limit"] is None else f"{row['limit']:g}"
            verdict = "" if row["limit"] is None else "ok" if row["ok"] else "FAIL"
            print(f"{row['what']:<44} {row['measured']:>10.4g} {limit:>7}  {row['unit']:<14} {verdict}"
                  .rstrip())


def judge(table, rows, stats):
    first = rows[0]["samples"] + WARM_UP_SHARE * (rows[-1]["samples"] - rows[0]["samples"])
    warm = [row for row in rows if row["samples"] >= first]
    table.note("simulated time, 20 targets at 1 s", rows[-1]["hours"], "h")
    table.note("real time", rows[-1]["seconds"] / 60, "min")
    table.note("rounds", stats["rounds_total"], "")
    table.note("skipped rounds", stats["skipped_rounds_total"], "")
    table.note("processor time while accelerated",
               100 * (rows[-1]["cpu"] - rows[0]["cpu"]) / rows[-1]["seconds"], "% of a core")
    # Before, windows fill and first captures are taken; that ends, and a slope of it says nothing.
    long_enough = rows[-1]["hours"] >= MIN_HOURS_FOR_SLOPE
    for name in ("rss", "pss", "anon"):
        kib = f"{name}_kib"
        table.note(f"{name} after warm-up", warm[0][kib] / KIB_PER_MIB, "MiB")
        table.note(f"{name} at the end", warm[-1][kib] / KIB_PER_MIB, "MiB")
        simulated = slope([(row["hours"], row[kib] / KIB_PER_MIB) for row in warm])
        real = slope([(row["seconds"] / 3600, row[kib] / KIB_PER_MIB) for row in warm])
        table.check(f"{name} slope, by the simulated hour", simulated,
                    0.1 if name != "anon" and long_enough else None, "MiB/h")
        table.note(f"{name} slope, by the real hour", real, "MiB/h")
    # Fetches come and go, and so do targets: what is always there, in the last third and the first.
    # With what a target has to tell a fetch takes longer, so that more of them are seen.
    third = max(len(warm) // 3, 1)
    for name, limit in (("files", 0), ("sockets", 2), ("threads", 0)):
        growth = floor(warm[-third:], name) - floor(warm[:third], name)
        table.note(f"{name}, at most", max(row[name] for row in warm), "")
        table.check(f"growth of {name}", growth, limit, "")
    table.check("dropped samples", stats["dropped_samples_total"], 0, "")
    table.check("dropped records", stats["dropped_records_total"], 0, "")
    table.check("alerts about itself", stats["own_alerts"], 0, "")
    table.note("alerts", stats["alerts"], "")
    table.note("notifications that failed", stats["failed_notifications_total"], "")
    table.note("processes", stats["instances"], "")
    table.note("database", stats["file_mib"], "MiB")
    table.check("exit status", stats["exit_status"], 0, "")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24, help="simulated (%(default)s)")
    parser.add_argument("--minutes", type=float, default=60, help="at most (%(default)s)")
    parser.add_argument("--interval", type=int, default=10, help="of a round, ms (%(default)s)")
    parser.add_argument("--cost-minutes", type=float, default=3,
                        help="at one round a second; 0: not at all (%(default)s)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--progress", action="store_true", help="on standard error")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    leaky = pathlib.Path(os.environ.get("SOAKWATCH_TARGETS", ROOT / "build/targets")) / "leaky"
    if not leaky.exists():
        sys.exit(f"{leaky} is not there: tests/run.sh builds it")
    build = args.build.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soakwatch-soak-"))
    table = Table()
    try:
        with Zoo(leaky.resolve(), folder) as zoo:
            rows, stats = soak(args, build, folder, zoo)
            judge(table, rows, stats)
            if args.cost_minutes > 0:
                share, rate = cost(args, build, folder, zoo)
                table.check("processor time, 20 targets at 1 s", share, 1, "% of a core")
                table.note("samples a second then", rate, "1/s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.json:
        print(json.dumps({"table": table.rows, "rows": rows}))
    else:
        table.print()
    sys.exit(0 if all(row["ok"] for row in table.rows) else 1)


if __name__ == "__main__":
    main()
