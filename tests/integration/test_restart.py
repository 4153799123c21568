"""Processes that end and start again, of the target and of the daemon."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import start_with_pid
from conftest import FAST, LEAKY, ROOT
from program import wait_until

EAGER = (ROOT / "packaging/quickstart.yaml").read_text()  # judges after seconds


def test_a_target_that_is_killed_and_started_again(bench):
    name = bench.unique_name()
    daemon = bench.daemon(f"name:{name}", config=EAGER, arguments=["--interval", "100ms"])
    pids = []
    for _ in range(4):
        leaky = bench.leaky(name=name)
        pids.append(leaky.pid)
        wait_until(lambda: sum(row["pid"] == leaky.pid for row in daemon.db.samples(name)) >= 5,
                   "samples of the new process")
        if len(pids) < 4:
            leaky.kill()
            ended = len(pids)
            wait_until(lambda: len(daemon.db.events("instance_ended")) == ended, "instance_ended")
    instances = daemon.db.instances(name)
    assert [row["pid"] for row in instances] == pids
    assert [row["ended_ms"] is None for row in instances] == [False, False, False, True]
    kinds = daemon.db.kinds()
    assert kinds.count("instance_started") == 1
    assert kinds.count("instance_restarted") == 3
    assert kinds.count("instance_ended") == 3
    assert "instance_resumed" not in kinds
    assert daemon.db.alerts() == []
    # Rows of one process stand together: nothing is mixed.
    order = [row["pid"] for row in daemon.db.samples(name)]
    assert order == sorted(order, key=pids.index)
    assert all(row["end_reason"] for row in instances[:3])


def test_the_daemon_finds_the_process_that_it_watched_before(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm)
    assert daemon.stop() == 0
    assert daemon.db.kinds()[-1] == "daemon_stopped"
    before = len(daemon.db.samples(leaky.comm))
    again = bench.daemon(f"name:{leaky.comm}")
    again.db.wait_for_samples(leaky.comm, before + 3)
    assert len(again.db.instances(leaky.comm)) == 1
    assert again.db.kinds().count("instance_resumed") == 1
    assert again.db.kinds().count("instance_started") == 1


def test_a_target_that_restarts_while_nobody_watches(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm)
    daemon.kill()
    leaky.kill()
    new = bench.leaky(name=leaky.comm)
    again = bench.daemon(f"name:{leaky.comm}")
    wait_until(lambda: again.db.samples(leaky.comm)[-1]["pid"] == new.pid, "samples of the new one")
    first, second = again.db.instances(leaky.comm)
    assert (first["pid"], second["pid"]) == (leaky.pid, new.pid)
    assert first["ended_ms"] is not None and second["ended_ms"] is None
    assert again.db.kinds().count("instance_restarted") == 1


def reuse_pid(bench, pid, command):
    """The command under a pid that was just freed. Skips where that is not allowed."""
    script = Path(start_with_pid.__file__)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the end of the old process")
    program = bench.run_program([sys.executable, script, pid, *command], "reuse")
    wait_until(lambda: program.out or not program.running(), "the new process")
    if not program.out:
        reason = {start_with_pid.NOT_ALLOWED: "not allowed to choose a pid (needs root)",
                  start_with_pid.TAKEN: "another process took the pid at once"}[program.wait()]
        pytest.skip(f"{reason}: {program.err.strip()}")
    assert program.out.startswith(f"started {pid}\n")


def test_the_same_pid_again_is_a_new_instance(bench):
    leaky = bench.leaky()
    # The rounds are so far apart that the daemon may find the pid in use at each.
    daemon = bench.daemon(f"name:{leaky.comm}", arguments=["--interval", "1s"])
    daemon.db.wait_for_samples(leaky.comm, 2)
    leaky.kill()
    reuse_pid(bench, leaky.pid, [bench.folder / leaky.comm, "-for", "5m", "-heap", "64MiB"])
    wait_until(lambda: len(daemon.db.instances(leaky.comm)) == 2, "the second instance")
    first, second = daemon.db.instances(leaky.comm)
    assert first["pid"] == second["pid"] == leaky.pid
    assert first["start_ticks"] < second["start_ticks"]
    assert first["ended_ms"] is not None
    rows = daemon.db.wait_for_samples(leaky.comm, 2, lambda row: row["instance_id"] == second["id"])
    assert daemon.db.kinds().count("instance_restarted") == 1
    before = [row for row in daemon.db.samples(leaky.comm) if row["instance_id"] == first["id"]]
    assert max(row["rss_bytes"] for row in before) < rows[-1]["rss_bytes"]


def test_another_program_under_the_pid_is_not_taken_for_the_target(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"pid:{leaky.pid}", config=FAST, arguments=["--interval", "1s"])
    daemon.db.wait_for_samples(f"pid-{leaky.pid}", 2)
    leaky.kill()
    reuse_pid(bench, leaky.pid, [sys.executable, "-c", "import time; time.sleep(300)"])
    assert daemon.wait() == 5
    instance, = daemon.db.instances(f"pid-{leaky.pid}")
    assert instance["ended_ms"] is not None
    assert len(daemon.db.events("instance_ended")) == 1
    # Those of another program would have no goroutines.
    assert all(row["rss_bytes"] > 0 for row in daemon.db.samples(f"pid-{leaky.pid}"))


def test_a_start_script_that_becomes_the_program(bench):
    """The same process: one instance, which tells of the program from then on."""
    script = bench.write("start.sh", "read -r go && exec env GOGC=50 \"$@\"\n")
    name = bench.unique_name()
    (bench.folder / name).symlink_to(LEAKY)
    target = bench.run_program(["sh", script, bench.folder / name, "-for", "5m"], "script",
                               stdin=subprocess.PIPE)
    daemon = bench.daemon(f"pid:{target.pid}")
    target_name = f"pid-{target.pid}"
    daemon.db.wait_for_samples(target_name)
    assert "start.sh" in daemon.db.instances(target_name)[0]["cmdline"]
    target.process.stdin.write(b"\n")
    target.process.stdin.flush()
    daemon.db.wait_for_samples(target_name, 3, lambda row: row["goroutines"] is not None)
    instance, = daemon.db.instances(target_name)
    assert instance["comm"] == name and instance["cmdline"] == f"{bench.folder / name} -for 5m"
    assert instance["gogc"] == 50 and instance["ended_ms"] is None
    assert f"pid {target.pid} runs another program now" in daemon.db.events("program_replaced")[-1][1]
