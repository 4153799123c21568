"""The daemon while its disk is full, fails at random, or its database is broken, taken or held."""

import errno
import json
import os
import re
import shutil
import sqlite3
import subprocess

import pytest

from conftest import FAST, ROOT
from program import wait_until
from test_kill import last_commit
from test_soak import SHORT
from sanitizers import preloads_a_library

TRACE = ["--log-level", "trace"]


@pytest.fixture(scope="session")
def disk_faults(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("there is no C compiler")
    library = tmp_path_factory.mktemp("preload") / "disk_faults.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library,
                    ROOT / "tests/integration/disk_faults.c", "-ldl"], check=True)
    return library


@preloads_a_library
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_calls_that_fail_at_random_lose_nothing(bench, disk_faults, error):
    program = bench.leaky("-mode", "idle")
    control = bench.folder / "faults"
    env = {**bench.env, "LD_PRELOAD": str(disk_faults), "SOAKWATCH_FAULTS": str(control)}
    daemon = bench.daemon(f"pid:{program.pid}", config=FAST, arguments=TRACE, env=env)
    daemon.db.wait_for_samples(f"pid-{program.pid}")
    control.write_text(f"30 {getattr(errno, error)}")
    # The state is looked at each 5 s: the trouble is told, and the watching goes on.
    daemon.wait_for("warning the database: ", "err")
    committed = last_commit(daemon)[1]
    wait_until(lambda: last_commit(daemon)[1] > committed + 20, "commits between the faults")
    control.unlink()
    committed = last_commit(daemon)[1]
    wait_until(lambda: last_commit(daemon)[1] > committed + 20, "commits after the faults")
    assert daemon.stop() == 0
    row, samples = last_commit(daemon)
    assert daemon.db.integrity() == "ok"
    assert daemon.db.value("SELECT count(*) FROM samples") == samples == row
    assert list(bench.folder.glob("*corrupt*")) == []
    assert "store_held_up" in daemon.db.kinds()


# Of libfiu, all that may answer with an error: reads, writes, syncs, folders, sockets, opening.
ANY_CALL = ["posix/io/rw/*", "posix/io/sync/*", "posix/io/dir/*", "posix/io/net/*",
            "posix/io/oc/open"]


@preloads_a_library
def test_any_call_of_the_system_may_fail(bench):
    """Not only the database's: /proc, the pprof server, files of alerts and captures."""
    if not shutil.which("fiu-run"):
        pytest.skip("there is no fiu-run (package fiu-utils)")
    leaky = bench.leaky("-mode", "idle")
    name = f"pid-{leaky.pid}"
    daemon = bench.daemon(f"pid:{leaky.pid}", arguments=TRACE,
                          wrap=["fiu-run", "-x", "-f", bench.folder / "fiu"])

    def control(command):
        for call in ANY_CALL:
            subprocess.run(["fiu-ctrl", "-f", bench.folder / "fiu", "-c",
                            command.format(call), str(daemon.pid)], check=True, timeout=60)
    daemon.db.wait_for_samples(name)
    control("enable_random name={},probability=0.01")
    daemon.wait_for("warning the database: ", "err")
    committed = last_commit(daemon)[1]
    wait_until(lambda: last_commit(daemon)[1] > committed + 50, "commits between the faults")
    control("disable name={}")
    committed = last_commit(daemon)[1]
    wait_until(lambda: last_commit(daemon)[1] > committed + 20, "commits after the faults")
    assert daemon.stop() == 0
    rows = daemon.db.samples(name)
    assert daemon.db.integrity() == "ok"
    assert len(rows) == last_commit(daemon)[1]
    assert list(bench.folder.glob("soak.db.*-20*")) == []  # moved aside, for whatever reason
    # What could not be read is missing, never another number.
    assert all(row["threads"] is None or row["threads"] >= 1 for row in rows)
    assert all(row["rss_bytes"] is None or row["rss_bytes"] > 1 << 20 for row in rows)
    assert all(row["goroutines"] is None or row["goroutines"] > 1 for row in rows)
    assert all(row[metric] is not None for row in rows[-5:] for metric in ("rss_bytes", "open_fds"))
    # The process was one and the same throughout, whatever could not be read of it.
    assert len(daemon.db.instances(name)) == 1


class SmallDisk:
    """A file system of a few MiB that only a daemon in its namespace sees: in memory, or an ext4 in an
    image on a loop device, for which it takes root."""

    def __init__(self, folder, mebibytes, kind="tmpfs", options="rw"):
        self.folder = folder
        folder.mkdir()
        root = os.geteuid() == 0
        mount = f"-t tmpfs -o size={mebibytes}m,{options} small"
        if kind == "ext4":
            image = folder.with_suffix(".img")
            image.touch()
            os.truncate(image, mebibytes << 20)
            make = shutil.which("mkfs.ext4", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
            if not make:
                pytest.skip("there is no mkfs.ext4")
            subprocess.run([make, "-q", image], check=True)
            mount = f"-t ext4 -o loop,{options} {image}"
        self.enter = ["unshare", "-m" if root else "-rm", "sh", "-c",
                      f'mount {mount} "$0" && exec "$@"', folder]
        self.join = ["nsenter", "-m"] if root else ["nsenter", "-U", "-m", "--preserve-credentials"]
        if subprocess.run([*map(str, self.enter), "true"], capture_output=True).returncode != 0:
            pytest.skip("no file system may be mounted in a namespace here")

    def run(self, daemon, *words):
        return subprocess.run([*self.join, "-t", str(daemon.pid), *map(str, words)],
                              capture_output=True, text=True, timeout=60)

    def ask(self, daemon, sql):
        done = self.run(daemon, "sqlite3", "-readonly", self.folder / "soak.db", sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def test_a_start_on_a_full_disk_says_so_and_the_next_one_goes_on(bench):
    """soakwatch.service starts again until there is room."""
    disk = SmallDisk(bench.folder / "disk", 12)
    leaky = bench.leaky("-mode", "idle")
    again = bench.write("again.sh", f"""cd {disk.folder}
"$@" && dd if=/dev/zero of=filler bs=64k 2>/dev/null
"$@"
echo status $? >&2
rm filler
exec "$@"
""")
    stopped = ["timeout", "--preserve-status", "-s", "TERM", "3"]
    daemon = bench.daemon(f"pid:{leaky.pid}", wrap=[*disk.enter, "sh", again, *stopped],
                          database="disk/soak.db", ready=False)
    daemon.wait_for("soak.db: .*no space left", "err")
    daemon.wait_for("status 1", "err")
    wait_until(lambda: daemon.err.count("daemon_stopped") == 2, "the run with room")
    assert daemon.err.count("daemon_started") == 2


@pytest.mark.parametrize("kind, mebibytes", [("tmpfs", 12), ("ext4", 24)])
def test_a_full_disk_stops_neither_the_watching_nor_an_alert(bench, kind, mebibytes):
    disk = SmallDisk(bench.folder / "disk", mebibytes, kind)
    leaky = bench.leaky("-mode", "goroutine", "-leak-rate-goroutines", "20")
    config = SHORT + "storage: {min_free: 1MiB}\nalerts: {jsonl: alerts.jsonl}\n"
    daemon = bench.daemon(f"pid:{leaky.pid}", config=config, arguments=TRACE, wrap=disk.enter,
                          database="disk/soak.db")
    wait_until(lambda: last_commit(daemon)[1] >= 3, "samples")
    assert disk.run(daemon, "test", "-s", disk.folder / "soak.db.ballast").returncode == 0
    filled = disk.run(daemon, "dd", "if=/dev/zero", f"of={disk.folder}/filler", "bs=64k")
    assert "No space left" in filled.stderr
    daemon.wait_for("warning the database: .*rows wait", "err")
    before = last_commit(daemon)[1]
    alerts = bench.folder / "alerts.jsonl"
    wait_until(lambda: alerts.exists() and "firing" in alerts.read_text(), "an alert", 120)
    assert json.loads(alerts.read_text().splitlines()[0])["detector"] == "goroutine_growth"
    # It is in the database as well: there is room for what is no sample.
    wait_until(lambda: int(disk.ask(daemon, "SELECT count(*) FROM alert_history "
                                            "WHERE to_state = 'firing'")) >= 1, "its row")
    assert last_commit(daemon)[1] == before and daemon.running()
    assert disk.run(daemon, "rm", disk.folder / "filler").returncode == 0
    wait_until(lambda: last_commit(daemon)[1] > before + 20, "samples again")
    wait_until(lambda: disk.ask(daemon, "SELECT count(*) FROM events "
                                        "WHERE kind = 'store_held_up'") == "1", "the event")
    assert disk.ask(daemon, "PRAGMA integrity_check") == "ok"
    daemon.wait_for("the database: works again", "err")
    # Ids without a gap: nothing was dropped, everything came in order.
    count, newest = disk.ask(daemon, "SELECT count(*), max(id) FROM samples").split("|")
    assert count == newest
    assert "No space" not in daemon.err.split("works again")[-1]


def test_a_database_that_breaks_while_it_is_written_is_replaced(bench):
    leaky = bench.leaky("-mode", "idle")
    daemon = bench.daemon(f"pid:{leaky.pid}", config=FAST + "alerts: {jsonl: alerts.jsonl}\n",
                          arguments=TRACE)
    name = f"pid-{leaky.pid}"
    daemon.db.wait_for_samples(name, 5)
    # Somebody writes over the file and its log; what is in memory helps the daemon for a while.
    with open(f"{daemon.db.file}-wal", "r+b") as log, open(daemon.db.file, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(b"\xff" * size)
        log.truncate(0)
    with open(f"{daemon.db.file}-shm", "r+b") as index:
        index.write(b"\0" * 136)
    moved = daemon.wait_for(r"error .* was broken \((.*)\): it was moved to (\S+), and", "err")
    daemon.db.wait_for_samples(name, 5)
    assert daemon.db.integrity() == "ok"
    assert len(daemon.db.instances(name)) == 1
    assert "store_replaced" in daemon.db.kinds()
    assert os.path.exists(moved[2])
    told = wait_until(lambda: (bench.folder / "alerts.jsonl").exists()
                      and (bench.folder / "alerts.jsonl").read_text(), "the notice")
    notice = json.loads(told.splitlines()[0])
    assert notice["notice"] == "store_replaced" and moved[2] in notice["summary"]
    assert daemon.stop() == 0


def told_of_replacement(bench, daemon, text):
    line = daemon.wait_for(rf"error (.*soak\.db {text}.*a new database was begun.*)", "err")[1]
    notices = wait_until(lambda: (bench.folder / "alerts.jsonl").exists()
                         and (bench.folder / "alerts.jsonl").read_text(), "the notice")
    notice = json.loads(notices.splitlines()[0])
    assert notice["notice"] == "store_replaced" and notice["summary"] in line
    wait_until(lambda: notice["summary"] in [detail for _, detail
                                             in daemon.db.events("store_replaced")], "the event")
    return notice["summary"]


def check_new_file(daemon, name, kept):
    daemon.db.wait_for_samples(name, 20)
    assert daemon.running() and daemon.stop() == 0
    assert daemon.db.integrity() == "ok"
    assert len(daemon.db.instances(name)) == 1
    assert [row["name"] for row in daemon.db.rows("SELECT name FROM targets")] == [name]
    # Every sample is in the one file or in the other, and none in both.
    first, newest, count = daemon.db.rows(
        "SELECT min(id), max(id), count(*) FROM samples")[0]
    assert (first, count) == (kept + 1, newest - kept)
    assert newest == last_commit(daemon)[0]


def test_a_database_that_is_removed_is_begun_anew(bench):
    leaky = bench.leaky("-mode", "idle")
    name = f"pid-{leaky.pid}"
    daemon = bench.daemon(f"pid:{leaky.pid}", config=FAST + "alerts: {jsonl: alerts.jsonl}\n",
                          arguments=TRACE)
    daemon.db.wait_for_samples(name, 10)
    for file in bench.folder.glob("soak.db*"):
        if file.is_file():
            file.unlink()
    lost = int(re.search(r"the (\d+) samples that this run wrote",
                         told_of_replacement(bench, daemon, "was removed while in use"))[1])
    assert lost >= 10
    check_new_file(daemon, name, lost)


def test_a_folder_that_is_moved_away_is_made_again(bench):
    leaky = bench.leaky("-mode", "idle")
    name = f"pid-{leaky.pid}"
    daemon = bench.daemon(f"pid:{leaky.pid}", config=FAST + "alerts: {jsonl: alerts.jsonl}\n",
                          arguments=TRACE, database="store/soak.db")
    daemon.db.wait_for_samples(name, 10)
    away = bench.folder / "away"
    (bench.folder / "store").rename(away)
    assert f"{away}/soak.db while in use" in told_of_replacement(bench, daemon, "was moved to ")
    # What was moved is whole, and complete without its log.
    (away / "soak.db-wal").unlink(missing_ok=True)
    (away / "soak.db-shm").unlink(missing_ok=True)
    old = sqlite3.connect(away / "soak.db")
    kept = old.execute("SELECT max(id) FROM samples").fetchone()[0]
    assert old.execute("SELECT count(*) FROM samples").fetchone()[0] == kept >= 10
    assert old.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    old.close()
    check_new_file(daemon, name, kept)


def test_a_second_daemon_is_refused_and_disturbs_nothing(bench):
    leaky = bench.leaky("-mode", "idle")
    daemon = bench.daemon(f"pid:{leaky.pid}", arguments=TRACE)
    daemon.db.wait_for_samples(f"pid-{leaky.pid}")
    second = bench.soakwatchd("--target", f"pid:{leaky.pid}", "--db", daemon.db.file)
    assert second.status == 1 and str(daemon.pid) in second.err
    committed = last_commit(daemon)[1]
    wait_until(lambda: last_commit(daemon)[1] > committed + 3, "samples")
    assert daemon.stop() == 0
    assert daemon.db.value("SELECT count(*) FROM samples") == last_commit(daemon)[1]


def test_a_database_of_a_newer_version_is_left_alone(bench):
    leaky = bench.leaky("-mode", "idle")
    daemon = bench.daemon(f"pid:{leaky.pid}")
    daemon.db.wait_for_samples(f"pid-{leaky.pid}")
    assert daemon.stop() == 0
    connection = sqlite3.connect(daemon.db.file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = daemon.db.file.read_bytes()
    refused = bench.soakwatchd("--target", f"pid:{leaky.pid}", "--db", daemon.db.file)
    assert refused.status == 1 and "version 99" in refused.err
    assert daemon.db.file.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named_at_the_start(bench):
    disk = SmallDisk(bench.folder / "disk", 2, options="ro")
    daemon = bench.daemon("pid:1", wrap=disk.enter, database="disk/soak.db", ready=False)
    assert daemon.wait() == 1
    assert "disk/soak.db" in daemon.err and "Read-only" in daemon.err


def test_salvage_of_what_was_moved_aside(bench):
    leaky = bench.leaky("-mode", "idle")
    daemon = bench.daemon(f"pid:{leaky.pid}")
    daemon.db.wait_for_samples(f"pid-{leaky.pid}", 30)
    assert daemon.stop() == 0
    count = daemon.db.value("SELECT count(*) FROM samples")
    broken = bench.folder / "soak.db.corrupt-2026-11-20T08:40:00Z"
    daemon.db.file.rename(broken)
    done = bench.soakwatch("salvage", broken, "new.db")
    assert done.status == 0, done.err
    assert re.search(rf"^samples +{count} rows$", done.out, re.MULTILINE)
    assert "all that were there" in done.err
    again = bench.soakwatch("salvage", broken, "new.db")
    assert again.status == 2 and "exists" in again.err
    exported = bench.soakwatch("export", "--db", "new.db")
    assert len(exported.out.splitlines()) == count + 1
