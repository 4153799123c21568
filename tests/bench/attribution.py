#!/usr/bin/env python3
"""Whether soakwatch names what was planted: the right cause, and the function.

    tests/bench/attribution.py [--runs 10] [--only NAME]... [--jobs N] [--json] [--build build/dev]

Each run starts the Go program tests/targets/planted with one leak, and a soakwatchd with short times
that watches it, and reads the alerts with `soakwatch alerts --json`. As many runs again do the same
work without the leak. The Go program is taken from $SOAKWATCH_TARGETS or build/targets, else it is
built. Exit status 1: fewer than nine runs of ten are right in all, or a clean one has an alert.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import math
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

START_SECONDS = 30
STOP_SECONDS = 15
POLL_SECONDS = 1
COMMAND_SECONDS = 30
RIGHT_SHARE = 0.9

# So short that a leak shows within a minute; a real program would give false alarms.
CONFIG = """
sampling:
  interval: 250ms
pprof:
  heap_interval: 250ms
  heap_latency_factor: 20
detection:
  block: 1s
  warm_up: 10s
  cold_start_span: 0s
  levels: 4
targets:
  - name: planted
    match: pid:{pid}
    pprof: {url}
"""

GOROUTINES, HEAP = "goroutine_growth", "live_heap_growth"
FDS, NATIVE = "fd_growth", "native_memory_growth"


@dataclasses.dataclass(frozen=True)
class Leak:
    """What an alert must say of it. tests/targets/README.md has the same as a table."""
    name: str
    function: str
    detector: str
    cause: str  # in the alert's cause


LEAKS = [
    Leak("channel", "main.leakOnChannel", GOROUTINES, "goroutines that do not end"),
    Leak("lock", "planted/internal/orders.(*account).leakOnLock", GOROUTINES,
         "goroutines that do not end"),
    Leak("read", "planted/internal/orders.leakOnRead", GOROUTINES, "with open descriptors"),
    Leak("ticker", "planted/internal/orders.leakTicker.func1", GOROUTINES,
         "goroutines that do not end"),
    Leak("body", "planted/internal/orders.leakBody", GOROUTINES, "with open descriptors"),
    Leak("map", "planted/internal/catalogue.(*sessions).leakMap", HEAP,
         "objects that the Go heap keeps"),
    Leak("slice", "planted/internal/catalogue.leakSlice", HEAP, "objects that the Go heap keeps"),
    Leak("file", "main.leakFile", FDS, "descriptors that are not closed"),
    Leak("mapping", "planted/internal/native.leakMapping", NATIVE, "memory outside the Go heap"),
    Leak("malloc", "planted/internal/native.leakMalloc", NATIVE, "memory outside the Go heap"),
    Leak("thread", "main.leakThread", GOROUTINES, "each with a thread"),
]


@dataclasses.dataclass
class Outcome:
    leak: Leak
    clean: bool
    error: str = ""
    alerts: list = dataclasses.field(default_factory=list)  # that fired, as JSON objects
    detected_s: float | None = None  # from the start of the program to the right alert
    named_s: float | None = None  # to the function as its first culprit

    def right_alert(self):
        """Of the right detector, and not explained by another one."""
        for alert in self.alerts:
            if alert["detector"] == self.leak.detector and alert["root_id"] is None:
                return alert
        return None

    def has_cause(self):
        alert = self.right_alert()
        return alert is not None and self.leak.cause in alert["cause"]

    def has_function(self):
        alert = self.right_alert()
        return alert is not None and first_named(alert) == self.leak.function


def first_named(alert):
    """The first of the program's own functions in the first culprit: its name, else in its stack."""
    culprits = alert.get("culprits") or [{}]
    for words in (culprits[0].get("name", ""), *culprits[0].get("stack", [])):
        function = words.split(" (")[0]
        if function.startswith(("main.", "planted/")):
            return function
    return None


class Run:
    """One program and its daemon in a folder of their own."""

    def __init__(self, options, leak, clean, seed):
        self.options = options
        self.seed = seed
        self.outcome = Outcome(leak, clean)
        self.processes = []

    def start(self, words, name):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        with open(self.folder / f"{name}.log", "wb") as log:
            # setpriv becomes the program, with its pid: it ends even when this one is killed.
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *map(str, words)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env=env, cwd=self.folder)
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start_planted(self):
        """The process and the address of its pprof server."""
        words = [self.options.planted, "-leak", self.outcome.leak.name, "-after", self.options.after,
                 "-seed", self.seed]
        process = self.start(words + ["-clean"] * self.outcome.clean, "planted")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            for line in self.log("planted").splitlines():
                if line.startswith("pprof "):
                    return process, line.split()[1]
            time.sleep(0.05)
        raise RuntimeError("planted did not start: " + self.log("planted")[-500:])

    def read_alerts(self):
        if not (self.folder / "soak.db").exists():
            return
        done = subprocess.run(
            [self.options.soakwatch, "alerts", "--json", "--all", "--db", self.folder / "soak.db"],
            capture_output=True, text=True, timeout=COMMAND_SECONDS)
        if done.returncode == 0:
            self.outcome.alerts = [a for a in json.loads(done.stdout) if a["fired_at"]]

    def finished(self, seconds):
        """Notes what is reached; a clean run goes on to its end."""
        outcome = self.outcome
        if outcome.detected_s is None and outcome.has_cause():
            outcome.detected_s = seconds
        if outcome.named_s is None and outcome.has_function():
            outcome.named_s = seconds
        named = self.options.detection_only or outcome.named_s is not None
        return not outcome.clean and outcome.has_cause() and named

    def watch(self):
        planted, url = self.start_planted()
        begin = time.monotonic()
        (self.folder / "config.yaml").write_text(CONFIG.format(pid=planted.pid, url=url))
        daemon = self.start([self.options.soakwatchd, "--config", "config.yaml", "--db", "soak.db"],
                            "soakwatchd")
        seconds = 0
        while seconds < self.options.seconds and not self.finished(seconds):
            for process, name in ((planted, "planted"), (daemon, "soakwatchd")):
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: " + self.log(name)[-500:])
            time.sleep(POLL_SECONDS)
            self.read_alerts()
            seconds = time.monotonic() - begin

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="attribution-"))
        try:
            self.watch()
        except (OSError, RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
            self.outcome.error = str(error)
        finally:
            self.stop()
            if self.options.keep:
                print(f"kept {self.outcome.leak.name}: {self.folder}", file=sys.stderr)
            else:
                shutil.rmtree(self.folder, ignore_errors=True)
        return self.outcome


def median(values):
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 1) if known else None


def row_of(leak, outcomes, detection_only):
    """One line of the table."""
    leaky = [o for o in outcomes if o.leak == leak and not o.clean]
    clean = [o for o in outcomes if o.leak == leak and o.clean]
    row = {
        "leak": leak.name,
        "detector": sum(o.right_alert() is not None for o in leaky),
        "cause": sum(o.has_cause() for o in leaky),
        "function": sum(o.has_function() for o in leaky),
        "runs": len(leaky),
        "detected_s": median(o.detected_s for o in leaky),
        "named_s": median(o.named_s for o in leaky),
        "clean_runs": len(clean),
        "clean_with_alert": sum(bool(o.alerts) for o in clean),
        "errors": sorted({o.error for o in leaky + clean if o.error}),
        "others": sorted({f"{a['detector']}: {a['cause']}" for o in leaky + clean for a in o.alerts
                          if a["root_id"] is None and (o.clean or a != o.right_alert())}),
        "causes": sorted({o.right_alert()["cause"] for o in leaky if o.right_alert()}),
        "first": sorted({str(first_named(o.right_alert())) for o in leaky if o.right_alert()}),
    }
    asked = [row["detector"], row["cause"]] + [row["function"]] * (not detection_only)
    row["good"] = (min(asked) >= math.ceil(RIGHT_SHARE * row["runs"]) and not row["errors"]
                   and row["clean_with_alert"] == 0)
    return row


def print_table(rows):
    print(f"{'leak':<8} {'detector':>8} {'cause':>6} {'function':>8} {'of':>3} {'seconds':>8} {'named':>6} "
          f"{'clean: alert':>12} {'of':>3}")
    for row in rows:
        print(f"{row['leak']:<8} {row['detector']:>8} {row['cause']:>6} {row['function']:>8} "
              f"{row['runs']:>3} {row['detected_s'] or '-':>8} {row['named_s'] or '-':>6} "
              f"{row['clean_with_alert']:>12} {row['clean_runs']:>3}  "
              + ("" if row["good"] else "NOT ENOUGH"))
    for row in rows:
        for what in ("causes", "first", "others", "errors"):
            for text in row[what]:
                if what in ("others", "errors") or not row["good"]:
                    print(f"  {row['leak']}, {what}: {text}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="of each leak, and as many clean ones")
    parser.add_argument("--only", action="append", choices=[leak.name for leak in LEAKS])
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at the same time")
    parser.add_argument("--seconds", type=int, default=90, help="that a run may take")
    parser.add_argument("--after", default="0s", help="time before the leak begins")
    parser.add_argument("--detection-only", action="store_true",
                        help="do not ask for the function")
    parser.add_argument("--without-clean", action="store_true", help="leave out the clean runs")
    parser.add_argument("--keep", action="store_true", help="keep the folders of the runs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    return parser.parse_args()


def find_programs(options):
    options.soakwatchd = (options.build / "daemon/soakwatchd").resolve()
    options.soakwatch = (options.build / "cli/soakwatch").resolve()
    for program in (options.soakwatchd, options.soakwatch):
        if not program.is_file():
            sys.exit(f"not built: {program} (see --build)")
    targets = pathlib.Path(os.environ.get("SOAKWATCH_TARGETS") or ROOT / "build/targets").resolve()
    options.planted = targets / "planted"
    if not options.planted.is_file():
        subprocess.run(["go", "build", "-o", options.planted, "."], check=True,
                       cwd=ROOT / "tests/targets/planted",
                       env={**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off"})


def main():
    options = parse_arguments()
    find_programs(options)
    leaks = [leak for leak in LEAKS if not options.only or leak.name in options.only]
    plan = [Run(options, leak, clean, seed + 1) for seed in range(options.runs) for leak in leaks
            for clean in ((False,) if options.without_clean else (False, True))]
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed(pool.submit(run.run) for run in plan):
            outcomes.append(done.result())
            if sys.stderr.isatty():
                print(f"\r{len(outcomes)} of {len(plan)} runs", end="", file=sys.stderr)
    rows = [row_of(leak, outcomes, options.detection_only) for leak in leaks]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print_table(rows)
    return 0 if all(row["good"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
