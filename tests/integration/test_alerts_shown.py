"""What a person reads of the alerts: suspicions, plateaus, children, limits and reasons."""

import json
import sqlite3
import time

import pytest

MIB = 1 << 20
NOW = int(time.time() * 1000)
HOUR = 3600 * 1000

GATES = [
    {"name": "size", "passed": True, "measured": 71 * MIB, "threshold": 32 * MIB,
     "meaning": "growth of the floor, at least"},
    {"name": "order", "passed": True, "measured": 12, "threshold": 41,
     "meaning": "pairs of blocks that do not rise, at most"},
    {"name": "cold_start", "passed": True, "measured": 1440, "threshold": 7200,
     "meaning": "seconds of growth from the start, at least, unless calm before"},
]

# What the columns hold where an alert says nothing else.
ALERT = {
    "target_id": 1, "instance_id": 1, "pid": 4711, "updated_ms": NOW, "severity": "warning",
    "base": 54, "current": 1204, "slope_per_hour": 240, "slope_low": 232, "slope_high": 250,
    "since_ms": NOW - 2 * HOUR, "span_ms": HOUR, "gates": "[]", "pending_since_ms": NOW - HOUR,
    "fired_at_ms": NOW - HOUR, "grade": "alert", "told": 1,
}

ALERTS = [
    {"id": 1, "detector": "live_heap_growth", "metric": "heap_alloc_bytes", "state": "firing",
     "root": "goroutine_growth", "told": 0, "base": 100 * MIB, "current": 171 * MIB,
     "slope_per_hour": 71 * MIB, "slope_low": 70 * MIB, "slope_high": 72 * MIB,
     "gates": json.dumps(GATES), "summary": "live heap grew from 100 MiB to 171 MiB"},
    {"id": 2, "detector": "goroutine_growth", "metric": "goroutines", "state": "firing",
     "severity": "critical", "cause": "goroutines that never end",
     "summary": "goroutines grew from 54 to 1,204", "limit_name": "memory.max of the cgroup",
     "limit_value": 9000, "time_left_ms": 2 * HOUR - 30000,
     "ruled_out": json.dumps(["more work: the load grew by 3 %"])},
    {"id": 3, "detector": "fd_growth", "metric": "open_fds", "state": "plateau",
     "summary": "descriptors grew from 20 to 90", "limit_name": "RLIMIT_NOFILE",
     "limit_value": 1024, "time_left_ms": HOUR},
    {"id": 4, "detector": "thread_growth", "metric": "threads", "state": "pending",
     "grade": "suspect", "fired_at_ms": None, "told": 0, "summary": "threads grew from 9 to 30"},
    {"id": 5, "detector": "cpu_doubling", "metric": "cpu_seconds_total", "state": "resolved",
     "is_leak": 0, "resolved_at_ms": NOW, "summary": "twice the processor time"},
]

HISTORY = [
    {"alert_id": 2, "time_ms": NOW - HOUR, "from_state": "inactive", "to_state": "pending",
     "reason": "suspicion: goroutines grew from 54 to 300"},
    {"alert_id": 2, "time_ms": NOW - HOUR // 2, "from_state": "pending", "to_state": "firing",
     "reason": "more than a suspicion now"},
    {"alert_id": 2, "time_ms": NOW, "from_state": "firing", "to_state": "firing",
     "reason": "reaches memory.max of the cgroup in 1h59m"},
]


def insert(db, table, row):
    columns = ", ".join(row)
    db.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",
               list(row.values()))


@pytest.fixture(scope="module")
def soakwatch(module_bench):
    """Runs a command on a database with one alert of each kind."""
    file = module_bench.folder / "alerts.db"
    csv = module_bench.write("one.csv", "time,open_fds\n2026-11-20T08:00:00Z,20\n")
    assert module_bench.soakwatch("import", csv, "--target", "sidecar", "--db", file).status == 0
    with sqlite3.connect(file) as db:
        for alert in ALERTS:
            insert(db, "alerts", {**ALERT, **alert})
        for step in HISTORY:
            alert = {**ALERT, **ALERTS[step["alert_id"] - 1]}
            row = {key: value for key, value in alert.items()
                   if key not in ("id", "target_id", "detector", "metric", "state", "updated_ms")}
            insert(db, "alert_history", {**row, **step})
    db.close()

    def run(*arguments):
        done = module_bench.soakwatch(*arguments, "--db", file)
        assert (done.status, done.err) == (0, "")
        return done.out
    return run


def test_the_list_puts_children_under_their_root_and_the_most_urgent_first(soakwatch):
    lines = soakwatch("alerts").splitlines()
    heads = [line for line in lines if "(pid" in line]
    assert heads == [
        "2  firing  critical  sidecar (pid 4711)  goroutines grew from 54 to 1,204",
        "    1  firing  warning  sidecar (pid 4711)  live heap grew from 100 MiB to 171 MiB",
        "3  plateau  warning  sidecar (pid 4711)  descriptors grew from 20 to 90",
        "4  SUSPECT  warning  sidecar (pid 4711)  threads grew from 9 to 30"]
    at = lines.index(heads[0])
    assert lines[at + 1] == "    goroutines that never end"
    assert lines[at + 2].startswith("    since 20")
    assert "; reaches memory.max of the cgroup (9,000) in 1h" in lines[at + 2]
    # What does not grow reaches nothing.
    assert "RLIMIT_NOFILE" not in "".join(lines)


def test_show_explains_an_alert(soakwatch):
    text = soakwatch("alerts", "show", "2")
    for words in ("alert 2  firing  critical", "sidecar (pid 4711)",
                  "goroutines, found by goroutine_growth", "goroutines that never end",
                  "from 54 to 1,204 (+1,150)", "+240/h, 95 % interval +232/h to +250/h",
                  " ago; judged over 1h", "reaches memory.max of the cgroup (9,000) in 1h",
                  "alert 1, live_heap_growth, firing", "more work: the load grew by 3 %",
                  "inactive -> pending: suspicion: goroutines grew from 54 to 300",
                  "firing: reaches memory.max of the cgroup in 1h59m"):
        assert words in text
    assert "firing -> firing" not in text


def test_show_gives_the_gates_in_the_units_of_the_metric(soakwatch):
    text = soakwatch("alerts", "show", "1")
    assert "passed  size           71.0 MiB, at least 32.0 MiB: growth of the floor" in text
    assert "passed  order          12, at most 41: pairs of blocks that do not rise" in text
    assert "passed  cold_start     24m, at least 2h: growth from the start, unless calm" in text
    assert "alert 2, goroutine_growth, firing" in text
    assert "told of by the one that explains it" in text


def test_show_says_what_is_no_alert_yet_and_what_is_no_leak(soakwatch):
    assert "alert 4  SUSPECT  warning" in soakwatch("alerts", "show", "4")
    assert "suspicion: it waits" in soakwatch("alerts", "show", "4")
    assert "no leak: worth a look" in soakwatch("alerts", "show", "5")


def test_json_names_the_family_by_its_ids(soakwatch):
    listed = {alert["id"]: alert for alert in json.loads(soakwatch("alerts", "--json"))}
    assert sorted(listed) == [1, 2, 3, 4]
    assert (listed[1]["root_id"], listed[1]["children"]) == (2, [])
    assert (listed[2]["root_id"], listed[2]["children"]) == (None, [1])
    assert listed[4]["grade"] == "suspect" and listed[3]["state"] == "plateau"
    assert listed[2]["limit"] == {"name": "memory.max of the cgroup", "value": 9000,
                                  "time_left_seconds": 7170}
    assert listed[2]["ruled_out"] == ["more work: the load grew by 3 %"]
    shown = json.loads(soakwatch("alerts", "show", "2", "--json"))
    assert {key: shown[key] for key in listed[2]} == listed[2]
    assert len(shown["history"]) == 3


def test_status_says_it_in_few_words(soakwatch):
    text = soakwatch("status")
    assert "  alert 2 firing, critical: goroutines grew from 54 to 1,204; reaches memory.max" in text
    assert "    explains alert 1: heap_alloc_bytes\n" in text
    assert "  alert 3 plateau, warning: descriptors grew from 20 to 90\n" in text
    assert "  suspicion: threads since " in text and "(alert 4)" in text
    target = json.loads(soakwatch("status", "--json"))["targets"][0]
    assert (target["open_alerts"], target["suspicions"]) == (4, 1)
