"""Targets with 100,000 descriptors and goroutines, and as many threads as the machine allows.

Descriptors as well: where RLIMIT_NOFILE is lower and may not be raised, as many as it allows.

Figures are right, rounds stay on time, and neither the daemon nor a capture gets out of hand.
"""

import os
import re
import resource
import statistics
import subprocess
import sys

from program import wait_until
from sanitizers import measures_memory

INTERVAL_MS = 200
CONFIG = """
sampling:
  interval: 200ms
  discovery_interval: 200ms
  detail_interval: 1s
pprof:
  heap_interval: 1s
  heap_latency_factor: 10
evidence:
  baseline_interval: 2s
  budget: 1
  max_size: 16MiB
detection:
  warm_up: 0s
"""
MANY = 100_000
MOST_THREADS = 20_000


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_rounds(daemon, target, most_cpu_share, kinds):
    """Ten seconds and two of each capture later. Returns the rows."""
    before = cpu_seconds(daemon.pid)
    first = daemon.db.wait_for_samples(target, 10)[-1]["monotonic_ms"]

    def captured():
        rows = daemon.db.rows("SELECT kind, count(*) AS n FROM captures GROUP BY kind")
        return {row["kind"] for row in rows if row["n"] >= 2}
    wait_until(lambda: daemon.db.samples(target)[-1]["monotonic_ms"] > first + 10_000, "ten seconds")
    wait_until(lambda: kinds <= captured(), lambda: f"{kinds} of {captured()}: {daemon.err}")
    rows = [row for row in daemon.db.samples(target) if row["monotonic_ms"] >= first]
    seconds = (rows[-1]["monotonic_ms"] - rows[0]["monotonic_ms"]) / 1000
    share = (cpu_seconds(daemon.pid) - before) / seconds
    steps = [b["monotonic_ms"] - a["monotonic_ms"] for a, b in zip(rows, rows[1:])]
    peak_kib = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{daemon.pid}/status").read())[1])
    stored = daemon.db.value("SELECT sum(bytes) FROM captures")
    print(f"{target}: {len(rows)} rounds in {seconds:.0f} s, median step "
          f"{statistics.median(steps):.0f} ms, worst {max(steps)} ms; daemon {100 * share:.1f} % of a "
          f"core, peak {peak_kib} KiB; captures {stored} bytes")
    # A busy machine may leave some out.
    assert len(rows) > 0.8 * seconds * 1000 / INTERVAL_MS
    assert statistics.median(steps) <= 1.2 * INTERVAL_MS
    assert share < most_cpu_share
    assert peak_kib < 400 * 1024
    assert stored <= 16 << 20
    assert daemon.db.alerts() == []
    failing = [line for line in daemon.err.splitlines() if "warn" in line]
    assert len(failing) < 6, failing
    return rows


FDS = """
import os, resource, sys
count = int(sys.argv[1])
null = os.open("/dev/null", os.O_RDONLY)
while True:
    if os.dup(null) >= count - 1:
        break
print("ready", flush=True)
sys.stdin.read()
"""


def fd_room():
    """A hundred thousand where the hard limit allows it, or where it may be raised; else all it
    allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY + 100:
        raised = subprocess.run(["prlimit", f"--nofile={MANY + 100}", "true"], capture_output=True)
        return MANY if raised.returncode == 0 else hard
    return MANY


@measures_memory
def test_a_hundred_thousand_descriptors(bench):
    room = fd_room()
    limit = MANY + 100 if room == MANY else room
    holder = bench.run_program(
        ["prlimit", f"--nofile={limit}", sys.executable, "-c", FDS, str(room)], "holder", stdin=-1)
    holder.wait_for("^ready$")
    daemon = bench.daemon(f"pid:{holder.pid}", config=CONFIG)
    rows = check_rounds(daemon, f"pid-{holder.pid}", 1.2, {"fds", "mappings"})
    print(room, "descriptors")
    assert {row["open_fds"] for row in rows} == {room}


@measures_memory
def test_a_hundred_thousand_goroutines(bench):
    leaky = bench.leaky("-goroutines", str(MANY), "-mode", "idle")
    daemon = bench.daemon(f"name:{leaky.comm}", config=CONFIG)
    rows = check_rounds(daemon, leaky.comm, 0.9, {"goroutine", "heap", "fds", "mappings"})
    counted = [row["goroutines"] for row in rows if row["goroutines"] is not None]
    assert len(counted) > 0.7 * len(rows)
    assert all(MANY < count < MANY + 100 for count in counted)


THREADS = """
import sys, threading
threading.stack_size(64 << 10)
end = threading.Event()
started = 1
try:
    for started in range(1, int(sys.argv[1])):
        threading.Thread(target=end.wait, daemon=True).start()
    started += 1
except RuntimeError:
    pass
print("ready", started, flush=True)
sys.stdin.read()
"""


def thread_room():
    """As many as pids are left for, and the limits of the user and the control group allow."""
    room = [MOST_THREADS, int(open("/proc/sys/kernel/pid_max").read()) // 2,
            int(open("/proc/sys/kernel/threads-max").read()) // 2]
    if os.geteuid() != 0:
        soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
        room += [soft // 2] if soft != resource.RLIM_INFINITY else []
    return min(room)


@measures_memory
def test_as_many_threads_as_there_may_be(bench):
    wanted = thread_room()
    holder = bench.run_program([sys.executable, "-c", THREADS, str(wanted)], "holder", stdin=-1)
    threads = int(holder.wait_for(r"^ready (\d+)$")[1])
    assert threads > min(wanted, 1000) / 2
    daemon = bench.daemon(f"pid:{holder.pid}", config=CONFIG)
    rows = check_rounds(daemon, f"pid-{holder.pid}", 0.9, {"fds", "mappings"})
    print(threads, "threads")
    assert {row["threads"] for row in rows} == {threads}
