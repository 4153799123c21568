"""Targets that are stopped and continued, and targets that end again and again."""

import os
import signal

from conftest import FAST
from program import wait_until
from sanitizers import measures_memory

STOPPED_SECONDS = 14
# A server is asked for at most so long, so that the stop outlasts several attempts.
QUICK_TO_GIVE_UP = FAST.replace("pprof:\n", "pprof:\n  timeout: 300ms\n")


def state_of(pid):
    return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]


def last_ms(daemon, target):
    return daemon.db.samples(target)[-1]["monotonic_ms"]


def stop_and_continue(daemon, leaky, target):
    """Rows from the time in which the target stood still."""
    daemon.db.wait_for_samples(target, 25, lambda row: row["heap_alloc_bytes"] is not None)
    os.kill(leaky.pid, signal.SIGSTOP)
    wait_until(lambda: state_of(leaky.pid) == "T", "the stop")
    begin = last_ms(daemon, target)
    wait_until(lambda: last_ms(daemon, target) >= begin + STOPPED_SECONDS * 1000, "the rounds")
    end = last_ms(daemon, target)
    os.kill(leaky.pid, signal.SIGCONT)
    return [row for row in daemon.db.samples(target) if begin + 500 < row["monotonic_ms"] <= end]


def check_stop(daemon, leaky, target):
    rows = stop_and_continue(daemon, leaky, target)
    assert len(rows) >= 0.7 * STOPPED_SECONDS * 10
    assert all(row["rss_bytes"] > 0 and row["open_fds"] > 0 for row in rows)
    assert all(row["goroutines"] is None for row in rows[10:])
    after = rows[-1]["id"]
    daemon.db.wait_for_samples(
        target, 5, lambda row: row["id"] > after and row["heap_alloc_bytes"] is not None)
    assert daemon.db.alerts() == []
    instance, = daemon.db.instances(target)
    assert instance["ended_ms"] is None
    assert daemon.db.events("gap") == []
    assert daemon.err.count("pprof") < 12, daemon.err


def test_a_stopped_target_whose_server_was_found_by_itself(bench):
    """The socket of a stopped process takes connections and answers none: it must not be given up."""
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}", config=QUICK_TO_GIVE_UP)
    check_stop(daemon, leaky, leaky.comm)
    kinds = daemon.db.kinds()
    assert kinds.count("pprof_lost") == 1 and kinds.count("pprof_found") == 2


def test_a_stopped_target_whose_server_is_named(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm},pprof={leaky.url}", config=QUICK_TO_GIVE_UP)
    check_stop(daemon, leaky, leaky.comm)


def test_a_target_that_is_stopped_when_the_watch_begins(bench):
    """As under a debugger: its server is found when it goes on."""
    leaky = bench.leaky()
    os.kill(leaky.pid, signal.SIGSTOP)
    daemon = bench.daemon(f"name:{leaky.comm}", config=QUICK_TO_GIVE_UP)
    # By then it would have been asked three times.
    rows = daemon.db.wait_for_samples(leaky.comm, 100)
    assert all(row["goroutines"] is None and row["rss_bytes"] > 0 for row in rows)
    os.kill(leaky.pid, signal.SIGCONT)
    daemon.db.wait_for_samples(leaky.comm, 5, lambda row: row["heap_alloc_bytes"] is not None)
    assert daemon.db.kinds().count("pprof_found") == 1


RESTARTS = 100


def resident_kib(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * 4


@measures_memory
def test_a_target_that_crashes_a_hundred_times(bench):
    """Each run is an instance of its own; the daemon does not grow with them."""
    name = bench.unique_name()
    daemon = bench.daemon(f"name:{name}")
    # A stub would be lighter, but has no server that has to be found anew.
    sizes = []
    for run in range(RESTARTS):
        leaky = bench.leaky("-mode", "idle", name=name)
        daemon.db.wait_for_samples(name, 1, lambda row, pid=leaky.pid: row["pid"] == pid)
        leaky.kill()
        sizes.append((resident_kib(daemon.pid), len(os.listdir(f"/proc/{daemon.pid}/fd"))))
    wait_until(lambda: len(daemon.db.events("instance_ended")) == RESTARTS, "the last end")
    instances = daemon.db.instances(name)
    assert len(instances) == RESTARTS
    assert all(row["ended_ms"] is not None and row["end_reason"] for row in instances)
    kinds = daemon.db.kinds()
    assert kinds.count("instance_started") == 1
    assert kinds.count("instance_restarted") == RESTARTS - 1
    assert daemon.db.alerts() == []
    kib, fds = zip(*sizes)
    # Half of the runs to warm up in.
    assert max(kib[50:]) - max(kib[20:50]) < 3 * 1024, kib
    assert max(fds[20:]) <= max(fds[:20]) + 2, fds
    assert len(daemon.err.splitlines()) <= 6 * RESTARTS
