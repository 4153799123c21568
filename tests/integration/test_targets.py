"""How a target is found, whose samples are kept, and where its pprof server is."""

import os
import re
import sys
import time

import pytest

from program import wait_until

GO_COLUMNS = ("goroutines", "heap_alloc_bytes", "heap_inuse_bytes", "next_gc_bytes", "sys_bytes")


def with_goroutines(row):
    return row["goroutines"] is not None


def with_heap(row):
    return row["heap_alloc_bytes"] is not None


def check_samples_of(db, target, pid):
    """Rounds with every kind of value, of one process."""
    rows = db.wait_for_samples(target, 3, with_heap)
    assert {row["pid"] for row in rows} == {pid}
    assert all(row["rss_bytes"] > 1 << 20 and row["open_fds"] > 2 for row in rows)
    assert all(row["goroutines"] > 1 and row["next_gc_bytes"] > 0 for row in rows)


def test_pid(bench):
    leaky = bench.leaky()
    db = bench.daemon(f"pid:{leaky.pid}").db
    check_samples_of(db, f"pid-{leaky.pid}", leaky.pid)


def test_bare_number_and_bare_word(bench):
    leaky = bench.leaky()
    db = bench.daemon(str(leaky.pid), leaky.comm).db
    check_samples_of(db, f"pid-{leaky.pid}", leaky.pid)
    check_samples_of(db, leaky.comm, leaky.pid)


def test_name_of_a_process_that_starts_later(bench):
    name = bench.unique_name()
    daemon = bench.daemon(f"name:{name}")
    daemon.wait_for(f"{name}: waiting for a process that fits name:{name}", "err")
    leaky = bench.leaky(name=name)
    check_samples_of(daemon.db, name, leaky.pid)


def test_long_name(bench):
    name = "longer-than-15-bytes-" + bench.unique_name()
    leaky = bench.leaky(name=name)
    db = bench.daemon(f"name:{name}").db
    check_samples_of(db, name, leaky.pid)


def test_port(bench):
    leaky = bench.leaky()
    port = re.search(r":(\d+)/", leaky.url)[1]
    db = bench.daemon(f"port:{port}").db
    check_samples_of(db, f"port-{port}", leaky.pid)


def test_cmdline(bench):
    leaky = bench.leaky("-seed", "424242")
    bench.leaky("-seed", "424243")
    pattern = f"{leaky.comm} .*-seed 424242$"
    config = f"targets:\n  - name: by-cmdline\n    match: 'cmdline:{pattern}'\n    interval: 100ms\n"
    db = bench.daemon(config=config).db
    rows = db.wait_for_samples("by-cmdline")
    assert {row["pid"] for row in rows} == {leaky.pid}
    assert db.events("target_ambiguous") == []


def cgroups_of(pid):
    lines = open(f"/proc/{pid}/cgroup").read().splitlines()
    return [line.split(":", 2)[2] for line in lines]


def start_of(pid):
    """When it started, in clock ticks, and its pid: the order in which matches are preferred."""
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[19]), pid


def oldest_in(group, but):
    members = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            dead = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] in "ZX"
            inside = any((path + "/").startswith(group.rstrip("/") + "/") for path in cgroups_of(pid))
            if inside and not dead and pid != but:
                members.append(start_of(pid))
        except OSError:
            continue
    return min(members)[1]


def test_cgroup(bench):
    """The test shares its control group with others, so that any of them may be the oldest."""
    leaky = bench.leaky()
    group = max(cgroups_of(leaky.pid), key=len)
    config = f"targets:\n  - name: group\n    match: 'cgroup:{group}'\n    interval: 100ms\n"
    daemon = bench.daemon(config=config)
    daemon.db.wait_for_samples("group")
    wait_until(lambda: daemon.db.samples("group")[-1]["pid"] == oldest_in(group, daemon.pid),
               f"samples of the oldest in {group}")


def test_cgroup_of_nobody(bench):
    leaky = bench.leaky()
    group = max(cgroups_of(leaky.pid), key=len).rstrip("/") + "/no-such-group"
    daemon = bench.daemon(f"cgroup:{group}")
    daemon.wait_for("waiting for a process", "err")
    assert daemon.db.rows("SELECT * FROM instances") == []


def test_several_targets_with_intervals_of_their_own(bench):
    one, other = bench.leaky(), bench.leaky()
    config = f"""
sampling:
  interval: 100ms
targets:
  - name:{one.comm}
  - name: slow
    match: pid:{other.pid}
    interval: 1s
"""
    db = bench.daemon(config=config).db
    slow = db.wait_for_samples("slow", 5)
    quick = db.wait_for_samples(one.comm, 20)
    assert {row["pid"] for row in quick} == {one.pid}
    assert {row["pid"] for row in slow} == {other.pid}
    # Rounds fall on whole multiples of the interval; a busy machine may leave one out. The first
    # round begins when the process is found.
    for rows, interval in ((quick, 100), (slow, 1000)):
        steps = [b["monotonic_ms"] - a["monotonic_ms"] for a, b in zip(rows[1:], rows[2:])]
        assert sorted(steps)[len(steps) // 2] >= 0.5 * interval
        assert sum(step < 0.5 * interval for step in steps) <= len(steps) // 2
    assert len(slow) < len(db.samples(one.comm))


def test_of_several_matches_the_oldest(bench):
    name = bench.unique_name()
    oldest = bench.leaky(name=name)
    # Start times count in hundredths of a second.
    begin = start_of(oldest.pid)[0]
    others = []
    while len(others) < 2:
        others.append(bench.leaky(name=name))
        wait_until(lambda: start_of(others[-1].pid)[0] > begin, "a later start")
    daemon = bench.daemon(f"name:{name}")
    rows = daemon.db.wait_for_samples(name, 15)
    assert {row["pid"] for row in rows} == {oldest.pid}
    (_, detail), = daemon.db.events("target_ambiguous")
    assert f"pid {oldest.pid}" in detail
    assert all(str(other.pid) in detail for other in others)
    assert daemon.err.count("target_ambiguous") == 1


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0"])
def test_pprof_is_found_by_itself(bench, listen):
    if "::1" in listen and not os.path.exists("/proc/sys/net/ipv6"):
        pytest.skip("this kernel has no IPv6")
    leaky = bench.leaky("-listen", listen)
    daemon = bench.daemon(f"pid:{leaky.pid}")
    check_samples_of(daemon.db, f"pid-{leaky.pid}", leaky.pid)
    (_, detail), = daemon.db.events("pprof_found")
    assert detail.rstrip("/") in leaky.url


def test_pprof_by_url(bench):
    leaky = bench.leaky()
    db = bench.daemon(f"pid:{leaky.pid},pprof={leaky.url}").db
    check_samples_of(db, f"pid-{leaky.pid}", leaky.pid)
    assert db.events("pprof_found") == []


def test_pprof_on_a_unix_socket(bench):
    socket = bench.folder / "p.sock"
    leaky = bench.leaky("-listen", f"unix:{socket}", cwd=bench.folder)
    db = bench.daemon(f"pid:{leaky.pid},pprof=unix:{socket}").db
    check_samples_of(db, f"pid-{leaky.pid}", leaky.pid)


def test_pprof_off(bench):
    leaky = bench.leaky()
    db = bench.daemon(f"pid:{leaky.pid},pprof=off").db
    rows = db.wait_for_samples(f"pid-{leaky.pid}", 10)
    assert all(row[column] is None for row in rows for column in GO_COLUMNS)
    assert all(row["rss_bytes"] > 0 for row in rows)


def test_a_program_without_pprof_has_no_such_values(bench):
    """Missing is NULL, not 0; what /proc tells is there."""
    sleeper = bench.run_program([sys.executable, "-c", "import time; time.sleep(300)"], "sleeper")
    db = bench.daemon(f"pid:{sleeper.pid}").db
    rows = db.wait_for_samples(f"pid-{sleeper.pid}", 10, lambda row: row["threads"] is not None)
    assert all(row[column] is None for row in rows for column in GO_COLUMNS)
    last = rows[-1]
    assert last["rss_bytes"] > 0 and last["rss_anon_bytes"] > 0 and last["vsize_bytes"] > 0
    assert last["threads"] == 1 and last["open_fds"] >= 3
    assert last["cpu_seconds_total"] >= 0 and last["swap_bytes"] is not None
    assert abs(time.time() * 1000 - last["time_ms"]) < 600_000


def test_details_come_on_a_slower_beat(bench):
    sleeper = bench.run_program([sys.executable, "-c", "import time; time.sleep(300)"], "sleeper")
    config = """
sampling:
  interval: 100ms
  detail_interval: 1s
  detail_budget: 1
"""
    db = bench.daemon(f"pid:{sleeper.pid}", config=config).db
    detailed = db.wait_for_samples(f"pid-{sleeper.pid}", 2, lambda row: row["pss_bytes"] is not None)
    assert all(row["pss_bytes"] > 0 and row["mappings"] > 0 for row in detailed)
    assert len(detailed) < len(db.samples(f"pid-{sleeper.pid}"))
