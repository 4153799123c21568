"""Targets that hide, pretend, or live elsewhere: what may be read of them is, the rest is missing.

Other users, by capability of the daemon; processes that cannot be dumped, whose main thread has
ended, that are zombies, have hostile names, or live in a pid namespace. Most of it needs root.
"""

import json
import os
import re
import subprocess
import sys

import pytest

from conftest import FAST, LEAKY, SOAKWATCH, SOAKWATCHD
from program import wait_until

NOBODY, OTHER = 65534, 65533
DETAILED = FAST.replace("pprof:", "  detail_interval: 1s\n  detail_budget: 1\nevidence:\n"
                        "  baseline_interval: 1s\n  budget: 1\ndetection:\n  warm_up: 0s\npprof:")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def as_user(uid, capabilities=()):
    """Words in front of a program: that user, with these capabilities and no others."""
    words = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    if capabilities:
        names = ",".join(f"+{name}" for name in capabilities)
        words += ["--inh-caps", names, "--ambient-caps", names]
    return [*words, "--"]


@pytest.fixture
def open_bench(bench):
    """Its folder can be entered, and written to, by other users."""
    for folder in (bench.folder, *bench.folder.parents):
        if folder == folder.parent or folder.stat().st_mode & 0o005 == 0o005:
            continue
        folder.chmod(folder.stat().st_mode | 0o055)
    bench.folder.chmod(0o777)
    done = subprocess.run([*as_user(NOBODY), str(SOAKWATCHD), "--version"], capture_output=True)
    if done.returncode:
        pytest.skip(f"another user may not start {SOAKWATCHD}: {done.stderr.decode()}")
    return bench


def start_other(bench, *words):
    program = bench.run_program([*as_user(OTHER), LEAKY, "-for", "5m", *words], "other")
    program.url = program.wait_for(r"^pprof (\S+)$")[1]
    return program


# What is seen of another user's process: of the round, of the details, the captures of tables.
LEVELS = {
    "none": ((), False, set()),
    "perfmon": (("perfmon",), True, {"mappings"}),
    "ptrace": (("sys_ptrace", "dac_read_search"), True, {"mappings", "fds"}),
}


@needs_root
@pytest.mark.parametrize("level", LEVELS)
def test_another_users_process(open_bench, level):
    capabilities, details, tables = LEVELS[level]
    other = start_other(open_bench)
    daemon = open_bench.daemon(f"pid:{other.pid}", config=DETAILED,
                               wrap=as_user(NOBODY, capabilities))
    target = f"pid-{other.pid}"
    rows = daemon.db.wait_for_samples(target, 30)
    assert all(row["rss_bytes"] > 1 << 20 and row["threads"] > 1 for row in rows)
    assert all(row["rss_anon_bytes"] > 0 and row["cpu_seconds_total"] is not None for row in rows)
    # The kernel tells the number of descriptors to everybody, since 6.2.
    counts = {row["open_fds"] for row in rows}
    assert 0 not in counts
    if details:
        daemon.db.wait_for_samples(target, 1, lambda row: row["pss_bytes"] is not None)
        daemon.db.wait_for_samples(target, 1, lambda row: row["mappings"] is not None)
    else:
        assert all(row["pss_bytes"] is None and row["mappings"] is None
                   for row in daemon.db.samples(target))
    # A server is found by the descriptors of its process.
    if "fds" in tables:
        daemon.db.wait_for_samples(target, 1, lambda row: row["heap_alloc_bytes"] is not None)
    else:
        assert all(row["goroutines"] is None for row in daemon.db.samples(target))

    def captured():
        return {row["kind"] for row in daemon.db.rows("SELECT DISTINCT kind FROM captures")}
    wait_until(lambda: tables <= captured(), lambda: f"{tables} of {captured()}: {daemon.err}")
    assert not ({"fds", "mappings"} - tables) & captured()
    assert daemon.db.events("instance_ended") == [] and daemon.db.alerts() == []
    assert len(daemon.err.splitlines()) < 25, daemon.err


@needs_root
def test_another_users_server_by_its_address(open_bench):
    """No capability is needed to ask a server that is named."""
    other = start_other(open_bench)
    daemon = open_bench.daemon(f"pid:{other.pid},pprof={other.url}", config=DETAILED,
                               wrap=as_user(NOBODY))
    rows = daemon.db.wait_for_samples(f"pid-{other.pid}", 5,
                                      lambda row: row["heap_alloc_bytes"] is not None)
    assert all(row["goroutines"] > 1 for row in rows)


HIDDEN = """
import ctypes, time
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(4, 0, 0, 0, 0) == 0  # PR_SET_DUMPABLE
print("ready", flush=True)
time.sleep(300)
"""


@needs_root
def test_a_process_that_cannot_be_dumped(open_bench):
    """Its files in /proc belong to root: for its own user it is as another user's."""
    hidden = open_bench.run_program([*as_user(NOBODY), sys.executable, "-c", HIDDEN], "hidden")
    hidden.wait_for("^ready$")
    daemon = open_bench.daemon(f"pid:{hidden.pid}", config=DETAILED, wrap=as_user(NOBODY))
    rows = daemon.db.wait_for_samples(f"pid-{hidden.pid}", 30)
    assert all(row["rss_bytes"] > 0 and row["threads"] == 1 for row in rows)
    assert all(row["open_fds"] != 0 and row["pss_bytes"] is None for row in rows)
    instance, = daemon.db.instances(f"pid-{hidden.pid}")
    assert instance["exe"] == "" and instance["comm"] and instance["ended_ms"] is None
    wait_until(lambda: re.search(r"captures: .*(denied|permitted)", daemon.err), "a word about it")
    script = open_bench.write(
        "as-nobody", f"#!/bin/sh\nexec {' '.join(as_user(NOBODY))} {SOAKWATCH} \"$@\"\n")
    script.chmod(0o755)
    done = open_bench.soakwatch("doctor", "--json", f"pid:{hidden.pid}", program=script)
    checks = {check["check"]: check["health"] for check in json.loads(done.out)["checks"]}
    assert checks["statm"] == "pass" and checks["smaps_rollup"] == checks["fd links"] == "warn"


MAIN_THREAD_ENDS = """
import ctypes, os, threading, time
block = bytearray(64 << 20)
files = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
def work():
    time.sleep(0.5)
    print("ready", flush=True)
    time.sleep(300)
threading.Thread(target=work).start()
ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)  # exit of this thread
"""


def test_a_process_whose_main_thread_has_ended(bench):
    """/proc shows a zombie without memory; the process lives, and is watched through its threads."""
    program = bench.run_program([sys.executable, "-c", MAIN_THREAD_ENDS], "headless")
    program.wait_for("^ready$")
    wait_until(lambda: open(f"/proc/{program.pid}/stat").read().rpartition(")")[2].split()[0] == "Z",
               "the end of the main thread")
    daemon = bench.daemon(f"pid:{program.pid}", config=DETAILED)
    target = f"pid-{program.pid}"
    rows = daemon.db.wait_for_samples(target, 20)
    assert all(row["rss_bytes"] > 64 << 20 and row["rss_anon_bytes"] > 64 << 20 for row in rows)
    assert all(row["open_fds"] >= 53 for row in rows)
    daemon.db.wait_for_samples(target, 1, lambda row: (row["pss_bytes"] or 0) > 64 << 20)
    program.kill()
    assert daemon.wait() == 5
    assert len(daemon.db.events("instance_ended")) == 1


ZOMBIE = """
import os, sys, time
pid = os.fork()
if pid == 0:
    os.execv(sys.executable, [sys.argv[1], "-c", "import sys; sys.stdin.read()"])
print("child", pid, flush=True)
time.sleep(300)
"""


def test_a_zombie_is_no_process(bench):
    """Its end is told when it ends, not when somebody waits for it; and it is never found."""
    name = bench.unique_name()
    parent = bench.run_program([sys.executable, "-c", ZOMBIE, name], "parent",
                               stdin=subprocess.PIPE)
    pid = int(parent.wait_for(r"^child (\d+)$")[1])
    daemon = bench.daemon(f"name:{name}")
    daemon.db.wait_for_samples(name, 5)
    parent.process.stdin.close()
    wait_until(lambda: open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z",
               "a zombie")
    wait_until(lambda: daemon.db.events("instance_ended"), "the end")
    daemon.wait_for(f"{name}: waiting for a process", "err")
    assert all(row["rss_bytes"] > 0 for row in daemon.db.samples(name))
    assert len(daemon.db.instances(name)) == 1
    other = bench.daemon(f"pid:{pid}", ready=False, database="other.db")
    assert other.wait() == 5
    assert other.db.samples(f"pid-{pid}") == []


HOSTILE = ") R 1 \x1b[31m"
NAMED = """
import ctypes, sys, time
name = sys.argv[1].encode("utf-8", "surrogateescape")
assert ctypes.CDLL(None).prctl(15, name, 0, 0, 0) == 0  # PR_SET_NAME
print("ready", flush=True)
time.sleep(300)
"""


@pytest.mark.parametrize("name", [HOSTILE, "a\nb\rc\x07", "=1+2;\"'<b>", b"\xff\xfe) Z 0".decode(
    "utf-8", "surrogateescape")], ids=["stat", "controls", "cells", "no-text"])
def test_hostile_names(bench, name):
    """They change no figure, and no terminal, log, table or page obeys them."""
    program = bench.run_program([sys.executable, "-c", NAMED, name, "\x1b]0;owned\x07"], "named")
    program.wait_for("^ready$")
    daemon = bench.daemon(f"pid:{program.pid}")
    target = f"pid-{program.pid}"
    rows = daemon.db.wait_for_samples(target, 10)
    assert all(row["rss_bytes"] > 0 and row["threads"] == 1 for row in rows)
    shown = [daemon.err]
    db = ["--db", daemon.db.file]
    for words in (["status", *db], ["status", "--json", *db], ["export", *db],
                  ["doctor", f"pid:{program.pid}"]):
        done = bench.soakwatch(*words)
        assert done.out, (words, done.err)
        shown += [done.out, done.err]
    for form in ("html", "md", "json"):
        page = bench.folder / f"page.{form}"
        assert bench.soakwatch("report", *db, "--format", form, "-o", page).status == 0
        shown.append(page.read_text())
    for text in shown:
        # A carriage return ends the lines of CSV.
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)", text), text[:2000]
        assert "<html" not in text or "'<b>" not in text
    daemon.stop()


def in_namespace(*words):
    """Words to run a program as the first process of a pid namespace, as a container does."""
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *own, "--pid", "--fork", "--kill-child", "--mount-proc", *words]


def try_namespace():
    done = subprocess.run(in_namespace("true"), capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no pid namespace may be made here: {done.stderr.strip()}")


def test_a_process_in_a_pid_namespace(bench):
    """It calls itself 1; from outside it has another pid, by which it is watched."""
    try_namespace()
    name = bench.unique_name()
    (bench.folder / name).symlink_to(LEAKY)
    bench.run_program(in_namespace(bench.folder / name, "-for", "5m"), "namespace").wait_for("^pprof ")
    daemon = bench.daemon(f"name:{name}")
    rows = daemon.db.wait_for_samples(name, 5, lambda row: row["heap_alloc_bytes"] is not None)
    pids = open(f"/proc/{rows[0]['pid']}/status").read()
    assert re.search(r"^NSpid:\s+%d\s+1$" % rows[0]["pid"], pids, re.MULTILINE)
    assert all(row["rss_bytes"] > 1 << 20 and row["open_fds"] > 2 for row in rows)


def test_a_daemon_in_a_pid_namespace(bench):
    """As in a container: it sees what is in there with it, and nothing else."""
    try_namespace()
    outside = bench.leaky()
    config = bench.write("inside.yaml", FAST)
    name = bench.unique_name()
    (bench.folder / name).symlink_to(LEAKY)
    script = bench.write("inside.sh", f"{bench.folder / name} -for 5m > {bench.folder}/inside.out &\n"
                         f"exec {SOAKWATCHD} --config {config} --db {bench.folder}/soak.db "
                         f"--target name:{name} --target name:{outside.comm}\n")
    from database import Database
    daemon = bench.run_program(in_namespace("sh", script), "inside")
    db = Database(bench.folder / "soak.db")
    daemon.wait_for(f"{outside.comm}: waiting for a process", "err")
    rows = db.wait_for_samples(name, 5, lambda row: row["heap_alloc_bytes"] is not None)
    assert all(0 < row["pid"] < 50 and row["rss_bytes"] > 1 << 20 for row in rows)
    assert db.samples(outside.comm) == []
