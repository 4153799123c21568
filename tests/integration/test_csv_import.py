"""Old logs come into the database: the shell script's, and our own exports."""

import fcntl
import json
import os
import sqlite3
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from database import Database

MIB = 1024 * 1024
# As the script wrote it on a real program: its heap columns stayed empty.
SCRIPT_LOG = """Monitoring sidecar memory (port=6060, interval=60s)
Logging to mem-20261118-235800.log
Press Ctrl+C to stop

time,heap_alloc_bytes,heap_inuse_bytes,goroutines,rss_mb
23:58:00,,,12,34.5
23:59:30,,,13,35.0
00:01:00,,,14,35.5
12:00:00,N/A,N/A,N/A,N/A
23:59:59,,,15,36.0
00:00:00,,,16,36.5
"""
SMALL = "time,rss_bytes,goroutines\n2026-11-20T08:40:00Z,1048576,10\n2026-11-20T08:40:05Z,2097152,\n"


def load(bench, file, *arguments, target="old", database="imported.db", env=None):
    db = Database(bench.folder / database)
    words = ["import", file, "--target", target, "--db", db.file, *arguments]
    return bench.soakwatch(*words, env=env), db


def berlin_ms(day, hour, minute, second):
    time = datetime(2026, 11, day, hour, minute, second, tzinfo=ZoneInfo("Europe/Berlin"))
    return int(time.timestamp() * 1000)


def test_log_of_the_script(bench):
    """Two midnights are passed; an empty cell is no 0."""
    log = bench.write("mem-20261118-235800.log", SCRIPT_LOG)
    done, db = load(bench, log, env={"TZ": "Europe/Berlin"})
    assert done.status == 0, done.err
    assert "5 samples from" in done.err and "1 rows without a value left out" in done.err
    rows = db.samples("old")
    assert [row["time_ms"] for row in rows] == [
        berlin_ms(18, 23, 58, 0), berlin_ms(18, 23, 59, 30), berlin_ms(19, 0, 1, 0),
        berlin_ms(19, 23, 59, 59), berlin_ms(20, 0, 0, 0)]
    assert [row["goroutines"] for row in rows] == [12, 13, 14, 15, 16]
    assert [row["rss_bytes"] for row in rows] == [34.5 * MIB, 35 * MIB, 35.5 * MIB, 36 * MIB, 36.5 * MIB]
    assert all(row["heap_alloc_bytes"] is None and row["heap_inuse_bytes"] is None for row in rows)
    assert db.integrity() == "ok"


def test_day_of_a_log_with_another_name(bench):
    log = bench.write("night.log", SCRIPT_LOG)
    done, db = load(bench, log, "--day", "2026-11-18", env={"TZ": "Europe/Berlin"})
    assert done.status == 0, done.err
    assert db.samples("old")[0]["time_ms"] == berlin_ms(18, 23, 58, 0)


@pytest.fixture(scope="module")
def soaked(module_bench):
    one, other = module_bench.leaky(name="round-trip"), module_bench.leaky(name="=1+1")
    daemon = module_bench.daemon("name:round-trip", "name:=1+1")
    for name in ("round-trip", "=1+1"):
        daemon.db.wait_for_samples(name, 5, lambda row: row["heap_alloc_bytes"] is not None)
    assert daemon.stop() == 0
    one.kill()
    other.kill()
    return daemon.db


@pytest.mark.parametrize("options", [
    [], ["--format", "long"], ["--preset", "spreadsheet"], ["--decimal", ","],
    ["--preset", "spreadsheet", "--decimal", ",", "--format", "long"]], ids=" ".join)
def test_round_trip(bench, soaked, options):
    """What was exported in any form comes back the same, by target and process."""
    csv = bench.folder / "out.csv"
    assert bench.soakwatch("export", "--db", soaked.file, *options, "-o", csv).status == 0
    done, db = load(bench, csv, env={"TZ": "America/New_York"})
    assert done.status == 0, done.err
    assert "not known" not in done.err
    for name in ("round-trip", "=1+1"):
        before, after = soaked.samples(name), db.samples(name)
        assert len(after) == len(before) > 0
        for old, new in zip(before, after):
            same = [key for key in old.keys() if key not in ("id", "instance_id", "monotonic_ms")]
            assert [new[key] for key in same] == [old[key] for key in same]
    exports = [bench.soakwatch("export", "--db", base.file, "--format", "wide").out
               for base in (soaked, db)]
    assert sorted(exports[0].splitlines()) == sorted(exports[1].splitlines())


def test_importing_twice_is_refused(bench):
    csv = bench.write("small.csv", SMALL)
    assert load(bench, csv)[0].status == 0
    done, db = load(bench, csv)
    assert done.status != 0
    assert "in the database already" in done.err and "'old'" in done.err
    assert len(db.samples("old")) == 2
    # As another target it is welcome.
    assert load(bench, csv, target="other")[0].status == 0


def test_twice_is_refused_as_a_whole(bench):
    """Where only a later target of the file was there before, the first is not stored either."""
    header = "time,target,pid,rss_bytes\n"
    known = "2026-11-20T08:40:00Z,b,2,1048576\n"
    assert load(bench, bench.write("b.csv", header + known))[0].status == 0
    both = bench.write("both.csv", header + "2026-11-20T08:40:00Z,a,1,1048576\n" + known)
    done, db = load(bench, both)
    assert done.status != 0 and "in the database already" in done.err
    assert db.samples("a") == [] and len(db.samples("b")) == 1


def test_beside_a_daemon_that_writes(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    done, db = load(bench, bench.write("small.csv", SMALL), database="soak.db")
    assert done.status == 1
    assert f"is written by process {daemon.pid}" in done.err and str(db.file) in done.err
    assert daemon.running() and db.samples("old") == []


def test_what_is_imported_is_exported_and_shown(bench):
    done, db = load(bench, bench.write("small.csv", SMALL))
    assert done.status == 0, done.err
    export = bench.soakwatch("export", "--db", db.file, "--format", "long").out
    assert export.splitlines()[1:] == [
        "2026-11-20T08:40:00Z,old,,rss_bytes,1048576",
        "2026-11-20T08:40:00Z,old,,goroutines,10",
        "2026-11-20T08:40:05Z,old,,rss_bytes,2097152"]
    status = bench.soakwatch("status", "--db", db.file)
    assert status.status == 0 and "old" in status.out


def test_the_spec_of_a_target_stays(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(config=f"targets: [{{name: old, match: 'pid:{leaky.pid}'}}]\n")
    daemon.db.wait_for_samples("old", 1)
    assert daemon.stop() == 0
    done, db = load(bench, bench.write("small.csv", SMALL), database="soak.db")
    assert done.status == 0, done.err
    assert db.value("SELECT spec FROM targets WHERE name = 'old'") == f"pid:{leaky.pid}"
    assert len(db.instances("old")) == 2


def test_a_pipe_is_refused(bench):
    """It cannot be read twice; nothing is stored, and nothing hangs."""
    db = Database(bench.folder / "imported.db")
    done = bench.soakwatch("import", "/dev/stdin", "--target", "old", "--db", db.file, stdin=SMALL)
    assert done.status == 2 and "reads twice" in done.err
    fifo = bench.folder / "fifo"
    os.mkfifo(fifo)
    assert load(bench, fifo)[0].status == 2
    assert not db.file.exists()


def test_status_calls_it_imported(bench):
    done, db = load(bench, bench.write("small.csv", SMALL))
    assert done.status == 0, done.err
    text = bench.soakwatch("status", "--db", db.file).out
    assert "  imported from small.csv\n" in text
    assert "pid" not in text and "watched for" not in text
    target, = json.loads(bench.soakwatch("status", "--json", "--db", db.file).out)["targets"]
    assert target["imported"] is True and "pid" not in target
    # An import that was cut short has no end.
    with sqlite3.connect(db.file) as connection:
        connection.execute("UPDATE instances SET ended_ms = NULL, end_reason = NULL")
    connection.close()
    text = bench.soakwatch("status", "--db", db.file).out
    assert "imported in part" in text and "watched for" not in text


def test_status_names_who_writes(bench):
    """Not the daemon where it is an import."""
    done, db = load(bench, bench.write("small.csv", SMALL))
    assert done.status == 0, done.err
    with open(f"{db.file}.lock", "r+b") as lock:
        assert lock.read().endswith(b"\nsoakwatch import\n")
        lock.seek(0)
        lock.truncate()
        lock.write(b"4711\nsoakwatch import\n")
        lock.flush()
        fcntl.lockf(lock, fcntl.LOCK_EX)
        text = bench.soakwatch("status", "--db", db.file).out
        state = json.loads(bench.soakwatch("status", "--json", "--db", db.file).out)
    assert text.startswith("soakwatch import (pid 4711) writes this database")
    assert "soakwatchd runs" not in text
    assert (state["daemon_running"], state["writer"], state["writer_pid"]) == (
        False, "soakwatch import", 4711)


def test_unknown_columns_are_named(bench):
    csv = bench.write("more.csv", "time,weather,rss_bytes\n2026-11-20T08:40:00Z,rain,1048576\n")
    done, db = load(bench, csv)
    assert done.status == 0
    assert "column 'weather' is not known and left out" in done.err
    assert len(db.samples("old")) == 1


@pytest.mark.parametrize("text, where", [
    (SMALL + "2026-11-20T08:40:10Z,12x,1\n", "line 4, column 'rss_bytes': expected"),
    (SMALL + "yesterday,12,1\n", "line 4, column 'time': expected"),
    (SMALL + "2026-11-20T08:40:10Z,12\n", "line 4: expected 3 cells"),
    (SMALL + '2026-11-20T08:40:10Z,"12,1\n', "line 4: a quoted cell is not closed"),
    (SMALL + "2026-11-20T08:40:10Z,-5,1\n", "line 4, column 'rss_bytes': expected"),
    (SMALL + "2026-11-20T08:40:10Z,nan,1\n", "line 4, column 'rss_bytes': expected"),
    ("time,rss_bytes,rss_bytes\n", "line 1: column 'rss_bytes' is there twice"),
    ("when,how_much\n1,2\n", "no header"),
    ("", "the file is empty"),
    ("\x00\x01\x02\xff" * 100, "no header")], ids=range(10))
def test_mistakes_are_refused_as_a_whole(bench, text, where):
    csv = bench.folder / "bad.csv"
    csv.write_bytes(text.encode("latin-1"))
    done, db = load(bench, csv)
    assert done.status == 2, done.err
    assert where in done.err and "bad.csv" in done.err
    assert "\x00" not in done.err
    assert db.samples("old") == []


def test_no_such_file(bench):
    done, _ = load(bench, bench.folder / "nowhere.csv")
    assert done.status == 1 and "nowhere.csv" in done.err
    assert load(bench, bench.folder)[0].status != 0
