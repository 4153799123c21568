"""soakwatch watch: sampling in the foreground."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from conftest import SOAKWATCH
from database import Database
from program import wait_until

ROW = re.compile(r"^\d\d:\d\d:\d\d +(\d+) .*", re.MULTILINE)


def start(bench, *arguments):
    words = [SOAKWATCH, "watch", "--interval", "100ms", *arguments]
    return bench.run_program(words, "watch", cwd=bench.folder)


def wait_for_rows(watch, count=3):
    wait_until(lambda: len(ROW.findall(watch.out)) >= count, lambda: f"rows: {watch.out}{watch.err}")
    return ROW.findall(watch.out)


def test_rows(bench):
    """A header and a line per round; words go to stderr, and nothing is kept."""
    leaky = bench.leaky()
    watch = start(bench, f"name:{leaky.comm}")
    assert set(wait_for_rows(watch)) == {str(leaky.pid)}
    header = watch.out.splitlines()[0].split()
    assert header == "time pid cpu rss anon fds threads goroutines heap next gc".split()
    wait_until(lambda: re.search(r" MiB .* \d+ +\d+ +\d+ +[\d.]+ [KM]iB", watch.out), "all values")
    assert "instance_started" in watch.err and "instance_started" not in watch.out
    assert watch.stop(signal.SIGINT) == 0
    assert list(bench.folder.rglob("*.db*")) == []


def test_json(bench):
    leaky = bench.leaky()
    watch = start(bench, "--json", f"pid:{leaky.pid}")
    wait_until(lambda: watch.out.count("\n") >= 3, "three lines")
    assert watch.stop() == 0
    rows = [json.loads(line) for line in watch.out.splitlines()]
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", row["time"])
        assert (row["target"], row["pid"]) == (f"pid-{leaky.pid}", leaky.pid)
        assert isinstance(row["rss_bytes"], int) and row["rss_bytes"] > 0
        # What was not read is absent.
        assert None not in row.values()


def test_into_a_database(bench):
    leaky = bench.leaky()
    db = Database(bench.folder / "w.db")
    watch = start(bench, f"name:{leaky.comm}", "--db", db.file)
    rows = wait_for_rows(watch, 5)
    assert watch.stop() == 0
    assert len(db.samples(leaky.comm)) >= len(rows)
    assert db.integrity() == "ok"


def test_interval_and_name_of_the_configuration(bench):
    leaky = bench.leaky()
    file = bench.write("c.yaml", f"targets:\n  - name: mine\n    match: pid:{leaky.pid}\n"
                                 "    interval: 150ms\n")
    words = [SOAKWATCH, "watch", "mine", "--config", file, "--json"]
    watch = bench.run_program(words, "watch")
    wait_until(lambda: watch.out.count("\n") >= 5, "five lines")
    assert watch.stop() == 0
    assert {json.loads(line)["target"] for line in watch.out.splitlines()} == {"mine"}


def test_a_process_that_ends(bench):
    leaky = bench.leaky()
    watch = start(bench, f"pid:{leaky.pid}")
    wait_for_rows(watch)
    leaky.stop()
    assert watch.wait() == 5
    assert "instance_ended" in watch.err


def test_a_process_that_is_not_there(bench):
    leaky = bench.leaky()
    leaky.kill()
    done = bench.soakwatch("watch", f"pid:{leaky.pid}")
    assert (done.status, done.out) == (5, "")
    assert "no such process" in done.err


def test_a_command(bench):
    """Started as a child, watched to its end; its own output is left alone."""
    code = "import sys; print('ready', flush=True); sys.stdin.read()"
    watch = bench.run_program([SOAKWATCH, "watch", "--interval", "100ms", "--", sys.executable, "-c",
                               code], "watch", stdin=subprocess.PIPE)
    rows = wait_for_rows(watch)
    assert set(rows) != {str(watch.pid)} and len(set(rows)) == 1
    watch.process.stdin.close()
    assert watch.wait() == 0
    assert "ready\n" in watch.out
    assert "exited with status 0" in watch.err


def test_commands_that_end_at_once(bench):
    """While a worker may still be reading what the process has."""
    watches = [start(bench, "--", "sh", "-c", f"sleep 0.{i}; exit 3") for i in range(10)]
    assert {watch.wait() for watch in watches} == {0}
    assert all("exited with status 3" in watch.err for watch in watches)
    assert all("terminate" not in watch.err for watch in watches)


def test_a_command_is_ended_with_the_watch(bench):
    watch = start(bench, "--", "sleep", "300")
    child = int(wait_for_rows(watch)[0])
    assert open(f"/proc/{child}/comm").read() == "sleep\n"
    assert watch.stop(signal.SIGINT) == 0
    wait_until(lambda: not alive(child), "the end of the child")


def test_a_command_is_ended_when_nobody_reads_on(bench):
    arguments = ["setpriv", "--pdeathsig", "KILL", "--", str(SOAKWATCH), "watch", "--interval", "100ms",
                 "--", "sleep", "301"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=bench.env) as watch:
        watch.stdout.readline()
        child = int(watch.stdout.readline().split()[1])
        watch.stdout.close()
        wait_until(lambda: not alive(child), "the end of the child")
        assert watch.wait(20) == 1


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_options_of_a_command_are_its_own(bench):
    watch = start(bench, "--", "sleep", "--version")
    assert watch.wait() == 0
    assert "coreutils" in watch.out


def test_a_command_that_cannot_be_started(bench):
    done = bench.soakwatch("watch", "--", "/no/such/program")
    assert done.status == 1
    assert "/no/such/program" in done.err


def test_a_spec_and_a_command_are_too_much(bench):
    done = bench.soakwatch("watch", "sidecar", "--", "sleep", "1")
    assert (done.status, done.out) == (2, "")


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["table", "json"])
def test_nobody_reads_on(bench, options):
    """As in `soakwatch watch sidecar | head -1`."""
    leaky = bench.leaky()
    ours, theirs = os.pipe()
    words = ["setpriv", "--pdeathsig", "KILL", "--", SOAKWATCH, "watch", "--interval", "100ms",
             *options, f"pid:{leaky.pid}"]
    with subprocess.Popen(words, stdout=theirs, stderr=subprocess.DEVNULL, env=bench.env) as watch:
        os.close(theirs)
        assert os.read(ours, 1)
        os.close(ours)
        assert watch.wait(60) == -signal.SIGPIPE


def test_a_full_disk_behind_it(bench):
    leaky = bench.leaky()
    with open("/dev/full", "wb") as full:
        done = subprocess.run([SOAKWATCH, "watch", "--interval", "100ms", f"pid:{leaky.pid}"],
                              stdout=full, stderr=subprocess.PIPE, env=bench.env, timeout=60)
    assert done.returncode == 1
    assert b"standard output cannot be written" in done.stderr
