"""Old rows become rows of minutes and hours, and whoever reads does not notice."""

import csv
import io
import json
import sqlite3
import time

from conftest import FAST
from program import wait_until

ROUND_MS = 10_000
HOUR_MS = 3_600_000
STORAGE = """
storage:
  keep_raw: {raw}
  keep_minutes: {minutes}
  max_size: {size}
"""


def config(raw="1m", minutes="90d", size="1GiB"):
    return FAST + STORAGE.format(raw=raw, minutes=minutes, size=size)


def old_process(bench, hours, fds, target="old"):
    """A database with a process that ended a day ago; `fds` takes hours."""
    name = bench.unique_name()
    daemon = bench.daemon(f"name:{name}")  # makes the tables
    assert daemon.stop() == 0
    end = int(time.time() * 1000) // HOUR_MS * HOUR_MS - 24 * HOUR_MS
    begin = end - hours * HOUR_MS
    connection = sqlite3.connect(daemon.db.file)
    connection.execute("INSERT INTO targets VALUES (900, ?, 'name:old', ?)", (target, begin))
    connection.execute(
        "INSERT INTO instances (id, target_id, boot_id, pid, start_ticks, comm, exe, cmdline, "
        "first_seen_ms, ended_ms, end_reason) VALUES (900, 900, 'b', 7, 1, 'old', '', '', ?, ?, "
        "'exit')", (begin, end))
    rows = [(900, begin + i * ROUND_MS, i * ROUND_MS, int(fds(i * ROUND_MS / HOUR_MS)) + i % 3, i)
            for i in range(hours * HOUR_MS // ROUND_MS)]
    connection.executemany("INSERT INTO samples (instance_id, time_ms, monotonic_ms, open_fds, "
                           "cpu_seconds_total) VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return daemon.db, name


def roll_up(bench, name, wait, **ages):
    daemon = bench.daemon(f"name:{name}", config=config(**ages))
    wait_until(lambda: wait(daemon.db), "rows to be rolled up")
    assert daemon.stop() == 0


def exported(bench, db, *arguments):
    done = bench.soakwatch("export", "--db", db.file, "--target", "old", *arguments)
    assert done.status == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def analysed(bench, db):
    done = bench.soakwatch("analyze", db.file, "--target", "old", "--json")
    return done.status, json.loads(done.out)


def gone(table):
    return lambda db: db.value(f"SELECT count(*) FROM {table} WHERE instance_id = 900") == 0


def test_export_report_and_analysis_read_across_tiers(bench):
    db, name = old_process(bench, 30, lambda hour: 20 + 15 * hour)
    before = exported(bench, db)
    status, raw = analysed(bench, db)
    assert len(before) == 30 * 360
    roll_up(bench, name, gone("samples"))
    assert db.value("SELECT sum(samples) FROM minutes WHERE instance_id = 900") == len(before)

    after = exported(bench, db)
    assert len(after) == 30 * 60
    # The average of a gauge, the last value of a counter, at the time of the last sample.
    for row, minute in zip(after[:100], range(100)):
        six = before[6 * minute:6 * minute + 6]
        assert row["time"] == six[-1]["time"]
        assert row["cpu_seconds_total"] == six[-1]["cpu_seconds_total"]
        mean = sum(int(one["open_fds"]) for one in six) / 6
        assert abs(int(row["open_fds"]) - mean) <= 0.5

    again, tiers = analysed(bench, db)
    assert (status, raw["verdict"]) == (again, tiers["verdict"]) == (3, "leak")
    assert [a["detector"] for a in tiers["alerts"]] == [a["detector"] for a in raw["alerts"]]

    page = bench.folder / "report.json"
    done = bench.soakwatch("report", "--db", db.file, "--target", "old", "--format", "json", "-o", page)
    assert done.status == 0, done.err
    assert json.loads(page.read_text())["samples"] == len(before)

    roll_up(bench, name, gone("minutes"), minutes="1m")
    assert db.value("SELECT sum(samples) FROM hours WHERE instance_id = 900") == len(before)
    assert len(exported(bench, db)) == 30
    assert db.value("PRAGMA integrity_check") == "ok"


def test_a_byte_budget_thins_out_and_says_so(bench):
    db, name = old_process(bench, 24 * 20, lambda hour: 20)
    size = db.file.stat().st_size
    budget = size * 2 // 3
    daemon = bench.daemon(f"name:{name}", config=config(raw="3650d", size=budget))
    # Its first pass comes after ten seconds: the ages are long.
    wait_until(lambda: daemon.db.events("retention"), "the event", seconds=120)
    assert "would exceed its limit of" in daemon.db.events("retention")[0][1]
    assert daemon.stop() == 0
    pages = db.value("SELECT page_count FROM pragma_page_count")
    free = db.value("SELECT freelist_count FROM pragma_freelist_count")
    assert (pages - free) * 4096 <= budget
    assert db.file.stat().st_size < size
    total = db.value("SELECT (SELECT count(*) FROM samples WHERE instance_id = 900) + "
                     "(SELECT coalesce(sum(samples), 0) FROM minutes WHERE instance_id = 900) + "
                     "(SELECT coalesce(sum(samples), 0) FROM hours WHERE instance_id = 900)")
    assert total == 24 * 20 * 360
    assert db.value("PRAGMA integrity_check") == "ok"


def test_imported_data_stay_as_they_are(bench):
    text = "time,goroutines\n" + "".join(
        f"2024-01-01T00:{minute:02}:{second:02}Z,5\n" for minute in range(60) for second in (0, 30))
    file = bench.write("old.csv", text)
    name = bench.unique_name()
    db = old_process(bench, 2, lambda hour: 20, target="young")[0]
    done = bench.soakwatch("import", file, "--target", "log", "--db", db.file)
    assert done.status == 0, done.err
    roll_up(bench, name, gone("samples"))
    assert db.value("SELECT count(*) FROM samples s JOIN instances i ON i.id = s.instance_id "
                    "WHERE i.boot_id = 'imported'") == 120
