"""What every command has in common: exit statuses, messages, colours, and manners on a terminal."""

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import SOAKWATCH
from program import wait_until

COMMANDS = ["watch", "status", "alerts", "export", "import", "mem-monitor"]


def test_versions_and_help(bench):
    for run, name in ((bench.soakwatch, "soakwatch"), (bench.soakwatchd, "soakwatchd")):
        version, usage = run("--version"), run("--help")
        assert (version.status, version.err) == (0, "")
        assert re.fullmatch(name + r" \d+\.\d+\.\d+\n", version.out)
        assert usage.status == 0 and "Examples:" in usage.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(bench, command):
    done = bench.soakwatch(command, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out and command in bench.soakwatch("--help").out


@pytest.mark.parametrize("arguments, words", [
    ([], "watch"),
    (["exprot"], "unknown command 'exprot'; did you mean 'export'?"),
    (["\x1b[31m"], "unknown command '\\x1b[31m'"),
    (["export", "--targte", "x"], "did you mean '--target'?"),
    (["status", "--jsn"], "did you mean '--json'?"),
    (["alerts", "show"], "id"),
    (["alerts", "show", "one"], "one"),
    (["import", "x.csv"], "--target"),
    (["watch"], "SPEC"),
    (["watch", "sidecar", "--intervall", "1s"], "did you mean '--interval'?"),
    (["watch", "nmae:x"], "did you mean 'name'?"),
    (["watch", "cmdline:("], "cmdline:("),
    (["watch", "x", "--interval", "5"], "--interval"),
    (["export", "--since", "nonsense"], "nonsense"),
], ids=lambda value: None)
def test_wrong_usage(bench, arguments, words):
    done = bench.soakwatch(*arguments)
    assert (done.status, done.out) == (2, ""), done.err
    assert words in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("arguments", [["status"], ["alerts"], ["alerts", "show", "1"], ["export"],
                                       ["status", "--json"]])
def test_no_database(bench, arguments):
    for words in (["--db", bench.folder / "no.db"], []):
        done = bench.soakwatch(*arguments, *words, env={"SOAKWATCH_DB": str(bench.folder / "no.db")})
        assert (done.status, done.out) == (1, "")
        assert str(bench.folder / "no.db") in done.err and "does not exist" in done.err
        assert list(bench.folder.glob("no.db*")) == []


@pytest.fixture
def ordinary(bench):
    """Runs soakwatch as an ordinary user, whose configuration is in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = shutil.copy(SOAKWATCH, folder / "soakwatch")
        user = []
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
        (folder / "config/soakwatch").mkdir(parents=True)

        def run(*arguments, **more):
            env = {"PATH": os.environ["PATH"], "HOME": name, "XDG_STATE_HOME": f"{name}/state",
                   "XDG_CONFIG_HOME": f"{name}/config", **more}
            done = subprocess.run([*user, str(program), *map(str, arguments)], env=env, cwd=folder,
                                  capture_output=True, timeout=60, text=True)
            return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr)
        yield SimpleNamespace(run=run, folder=folder,
                              config=folder / "config/soakwatch/soakwatch.yaml")


def test_the_database_by_configuration(ordinary):
    """--db, then $SOAKWATCH_DB, then the configuration file, then the usual place."""
    usual = ordinary.folder / "state/soakwatch/soakwatch.db"
    assert f"soakwatch: {usual} does not exist" in ordinary.run("status").err
    ordinary.config.write_text("storage:\n  database: ~/by-config.db\n")
    by_config = ordinary.folder / "by-config.db"
    for command in ("status", "alerts", "export"):
        assert f"soakwatch: {by_config} does not exist" in ordinary.run(command).err
    csv = ordinary.folder / "small.csv"
    csv.write_text("time,rss_bytes\n2026-11-20T08:40:00Z,1048576\n")
    assert ordinary.run("import", csv, "--target", "old").status == 0
    assert by_config.exists() and not usual.exists()
    assert "old" in ordinary.run("status").out
    assert "env.db does not exist" in ordinary.run("status", SOAKWATCH_DB="env.db").err
    assert "flag.db does not exist" in ordinary.run(
        "status", "--db", "flag.db", SOAKWATCH_DB="env.db").err
    # With a mistake the file is named in one line, and not used.
    ordinary.config.write_text("storage:\n  database: x.db\n  databse: 1\n  live_cvs: 1\n")
    warning, error = ordinary.run("status").err.splitlines()
    assert "warning" in warning and f"{ordinary.config}:3:" in warning
    assert f"{usual} does not exist" in error
    assert "warning" not in ordinary.run("status", "--db", by_config).err


@pytest.mark.parametrize("arguments", [["status"], ["alerts"], ["alerts", "list"], ["export"],
                                       ["import", "x.csv", "--target", "x"]])
def test_an_empty_database_name(bench, arguments):
    for words in (["--db", ""], ["--db="]):
        done = bench.soakwatch(*arguments, *words)
        assert (done.status, done.out) == (2, ""), done.err
        assert "--db" in done.err


def test_an_empty_file(bench):
    done = bench.soakwatch("status", "--db", bench.write("empty.db", ""))
    assert done.status == 1
    assert "is empty, not yet a soakwatch database" in done.err


def test_a_file_that_is_no_database(bench):
    file = bench.write("notes.txt", "not a database, and dear to somebody\n" * 200)
    before = file.read_bytes()
    for done in (bench.soakwatch("status", "--db", file), bench.soakwatch("export", "--db", file),
                 bench.soakwatchd("--target", "x", "--db", file)):
        assert done.status in (1, 2) and done.out == ""
        assert str(file) in done.err
    assert file.read_bytes() == before
    assert [path.name for path in bench.folder.glob("notes.txt*")] == ["notes.txt"]


def test_a_folder_that_cannot_be_made(bench):
    done = bench.soakwatchd("--target", "x", "--db", "/proc/no/such/soak.db")
    assert done.status == 1
    assert "/proc/no" in done.err


def test_commands_read_while_the_daemon_writes(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm)
    for _ in range(5):
        before = len(daemon.db.samples(leaky.comm))
        for arguments in (["status"], ["status", "--json"], ["alerts"], ["alerts", "--json"],
                          ["export"]):
            done = bench.soakwatch(*arguments, "--db", daemon.db.file)
            assert (done.status, done.err) == (0, "")
        wait_until(lambda: len(daemon.db.samples(leaky.comm)) > before, "more samples")
    state = json.loads(bench.soakwatch("status", "--json", "--db", daemon.db.file).out)
    assert (state["daemon_running"], state["daemon_pid"]) == (True, daemon.pid)
    target, = state["targets"]
    assert (target["target"], target["pid"]) == (leaky.comm, leaky.pid)
    assert target["instances"] == 1 and target["open_alerts"] == 0 and target["rss_bytes"] > 0
    text = bench.soakwatch("status", "--db", daemon.db.file).out
    assert f"soakwatchd runs (pid {daemon.pid})" in text and f"pid {leaky.pid}" in text
    assert not re.search("warn|error", daemon.err), daemon.err
    assert daemon.stop() == 0
    assert "does not run" in bench.soakwatch("status", "--db", daemon.db.file).out


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["alerts"], ["export"]])
def test_output_that_cannot_be_written(bench, arguments):
    daemon = bench.daemon(f"name:{bench.unique_name()}")
    wait_until(daemon.db.ready, "the tables")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([SOAKWATCH, *arguments, "--db", daemon.db.file], stdout=full,
                              stderr=subprocess.PIPE, env=bench.env, timeout=60)
    assert done.returncode == 1
    assert b"standard output" in done.stderr


def test_the_database_by_environment(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm)
    done = bench.soakwatch("status", env={"SOAKWATCH_DB": str(daemon.db.file)})
    assert done.status == 0 and leaky.comm in done.out


def test_two_daemons_on_one_database(bench):
    leaky = bench.leaky()
    first = bench.daemon(f"name:{leaky.comm}")
    second = bench.soakwatchd("--target", leaky.comm, "--db", first.db.file)
    assert second.status == 1
    assert f"is written by process {first.pid}" in second.err and str(first.db.file) in second.err
    first.db.wait_for_samples(leaky.comm)
    assert first.running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT],
                         ids=lambda number: number.name)
def test_signals_end_the_daemon_in_order(bench, number):
    daemon = bench.daemon(f"name:{bench.unique_name()}")
    daemon.wait_for("waiting for a process", "err")
    assert daemon.stop(number) == 0
    assert daemon.db.kinds() == ["daemon_started", "daemon_stopped"]
    assert f"stopping on signal {int(number)}" in daemon.err


def test_sigterm_beside_a_server_that_never_answers(bench):
    """The time-out of the fetch is 30 s; the end must come within 5."""
    leaky = bench.leaky("-listen", "none")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = "sampling:\n  interval: 100ms\npprof:\n  timeout: 30s\n"
        daemon = bench.daemon(f"pid:{leaky.pid},pprof={url}", config=config)
        daemon.db.wait_for_samples(f"pid-{leaky.pid}", 5)
        begin = time.monotonic()
        assert daemon.stop(seconds=40) == 0
        assert time.monotonic() - begin < 5
    assert daemon.db.kinds()[-1] == "daemon_stopped"


def test_sigterm_ends_a_round_that_waits(bench):
    """A round of a minute waits half of it for pprof; the end does not."""
    leaky = bench.leaky("-listen", "none")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = "sampling:\n  interval: 1m\npprof:\n  timeout: 30s\n"
        daemon = bench.daemon(f"pid:{leaky.pid},pprof={url}", config=config)
        connection, _ = silent.accept()
        begin = time.monotonic()
        assert daemon.stop(seconds=40) == 0
        assert time.monotonic() - begin < 5
        connection.close()
    assert "cancelled" not in daemon.err


def test_nohup_is_respected(bench):
    leaky = bench.leaky("-listen", "none")
    daemon = bench.daemon(f"pid:{leaky.pid}", wrap=["nohup"])
    daemon.db.wait_for_samples(f"pid-{leaky.pid}", 2)
    daemon.send(signal.SIGHUP)
    daemon.db.wait_for_samples(f"pid-{leaky.pid}", 10)
    assert daemon.running()
    assert daemon.stop() == 0


def test_a_closed_standard_error_spoils_no_file(bench):
    leaky = bench.leaky("-listen", "none")
    daemon = bench.daemon(f"pid:{leaky.pid}", ready=False, wrap=["sh", "-c", 'exec "$@" 2>&-', "sh"])
    wait_until(lambda: daemon.db.file.exists(), "the database")
    daemon.db.wait_for_samples(f"pid-{leaky.pid}", 5)
    lock = Path(str(daemon.db.file) + ".lock").read_text()
    assert lock.split()[0] == str(daemon.pid)
    assert daemon.stop() == 0


HOSTILE = "\x1b[31m\x07\x9b)"


def test_hostile_names_are_harmless(bench):
    """A process that is called like a terminal's command."""
    leaky = bench.leaky("-seed", "666", name=HOSTILE)
    daemon = bench.daemon(f"pid:{leaky.pid}")
    daemon.db.wait_for_samples(f"pid-{leaky.pid}")
    instance, = daemon.db.instances(f"pid-{leaky.pid}")
    watch = bench.run_program([SOAKWATCH, "watch", f"pid:{leaky.pid}", "--interval", "100ms"], "watch")
    wait_until(lambda: len(watch.out.splitlines()) > 3, "rows")
    assert watch.stop(signal.SIGINT) == 0
    texts = [daemon.err, watch.out, watch.err]
    for arguments in (["status"], ["status", "--json"], ["alerts"], ["export"]):
        done = bench.soakwatch(*arguments, "--db", daemon.db.file)
        assert done.status == 0
        texts += [done.out, done.err]
    for text in texts:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\udc80-\udcff]", text), text
    assert "\\x1b[31m\\x07" in daemon.err and "\\x1b[31m" in watch.err
    # The database keeps what it was.
    assert instance["comm"].encode("utf-8", "surrogateescape").startswith(b"\x1b[31m\x07")


def on_a_terminal(bench, arguments, until, env=None):
    """What the command writes to a terminal that is its stdout and stderr, up to `until`."""
    ours, theirs = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for number in (0, 1, 2):
            os.dup2(theirs, number)
        words = ["setpriv", "--pdeathsig", "KILL", "--", str(SOAKWATCH), *map(str, arguments)]
        os.chdir(bench.folder)
        os.execvpe(words[0], words, {**bench.env, **(env or {})})
    os.close(theirs)
    text = b""
    try:
        end = time.monotonic() + 60
        while not re.search(until, text) and time.monotonic() < end:
            if select.select([ours], [], [], 1)[0]:
                text += os.read(ours, 65536)
    except OSError:
        pass  # EIO: it has ended
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ours)
    assert re.search(until, text), text
    return text.decode("utf-8", "surrogateescape")


def test_colours_on_a_terminal_only(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm)
    status = ["status", "--db", daemon.db.file]
    watch = ["watch", f"pid:{leaky.pid}", "--interval", "100ms"]
    row = rb"\d\d:\d\d:\d\d +%d .*\n" % leaky.pid
    name = leaky.comm.encode()
    for arguments, until in ((status, name + rb".*\n.*\n"), (watch, row)):
        assert "\x1b[" in on_a_terminal(bench, arguments, until)
        assert "\x1b" not in on_a_terminal(bench, arguments, until, {"NO_COLOR": "1"})
    assert "\x1b" not in bench.soakwatch(*status).out
    assert "\x1b" not in daemon.err
