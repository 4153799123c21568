"""Recorded data are judged as the daemon would have judged them, whatever is wrong with them."""

import json
import os
import resource
import subprocess
from datetime import datetime, timedelta, timezone

import pytest

from conftest import SOAKWATCH
from sanitizers import measures_memory

CLEAN, ERROR, USAGE, LEAK, INCONCLUSIVE = 0, 1, 2, 3, 4
START = datetime(2026, 11, 20, 22, 0, tzinfo=timezone.utc)
MIB = 1 << 20


def iso(minute):
    return f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"


def rows(value, minutes=600, time=iso, first=0):
    """A line a minute; `value` makes the cells."""
    return "".join(f"{time(minute)},{value(minute)}\n" for minute in range(first, minutes))


def csv_of(value, columns="open_fds", **options):
    return f"time,{columns}\n" + rows(value, **options)


def steady(minute):
    return 12 + minute % 3


def leak(minute):
    return 12 + 3 * minute


def analyze(bench, text, *arguments, name="soak.csv", **options):
    """(JSON or None, what ran)"""
    file = bench.folder / name
    if isinstance(text, bytes):
        file.write_bytes(text)
    elif text is not None:
        file.write_text(text)
    done = bench.soakwatch("analyze", "--json", file, *arguments, **options)
    assert done.status in (CLEAN, LEAK, INCONCLUSIVE) or done.out == ""
    return json.loads(done.out) if done.out else None, done


def series(result, metric):
    return [one for one in result["series"] if one["metric"] == metric]


def numbers_are_finite(text):
    def refuse(word):
        raise AssertionError(word)
    json.loads(text, parse_constant=refuse)
    return True


def test_a_leak(bench):
    result, done = analyze(bench, csv_of(leak))
    assert done.status == LEAK and done.err == ""
    assert result["verdict"] == "leak" and result["samples"] == 600
    [alert] = result["alerts"]
    assert alert["metric"] == "open_fds" and alert["detector"] == "fd_growth"
    assert alert["state"] == "firing" and alert["severity"] in ("warning", "critical")
    low, high = alert["slope_ci"]
    assert 175 < low <= alert["slope_per_hour"] <= high < 185
    assert START.isoformat() < alert["since"] < alert["time"] < iso(600)
    [fds] = series(result, "open_fds")
    assert fds["state"] == "growing" and fds["samples"] == 600
    assert fds["span_seconds"] == 599 * 60
    assert fds["slope_ci"][0] <= fds["slope_per_hour"] <= fds["slope_ci"][1]


def test_a_leak_for_a_person(bench):
    file = bench.write("soak.csv", csv_of(leak))
    done = bench.soakwatch("analyze", file)
    assert done.status == LEAK
    assert done.out.startswith("LEAK  ")
    for text in ("Alerts", "firing", "since", "+180/h", "open_fds", "growing", "9h59m"):
        assert text in done.out, text
    assert "\x1b" not in done.out


def test_a_constant_series_is_clean(bench):
    result, done = analyze(bench, csv_of(lambda minute: 12))
    assert (done.status, result["verdict"], result["alerts"]) == (CLEAN, "clean", [])
    [fds] = series(result, "open_fds")
    assert (fds["state"], fds["slope_per_hour"], fds["slope_ci"]) == ("steady", 0, [0, 0])
    assert fds["smallest_detectable_slope"] > 0


@pytest.mark.parametrize("text", [
    "time,open_fds\n",
    "time,open_fds\n2026-11-20T08:40:00Z,12\n",
    csv_of(lambda minute: ""),
    csv_of(lambda minute: "N/A"),
    csv_of(steady, minutes=20),
    csv_of(lambda minute: 10**9 + minute * MIB, columns="vsize_bytes"),
], ids=["header only", "one sample", "empty cells", "N/A", "twenty minutes", "nothing judged"])
def test_too_little_is_inconclusive(bench, text):
    result, done = analyze(bench, text)
    assert (done.status, result["verdict"], result["alerts"]) == (INCONCLUSIVE, "inconclusive", [])
    assert len(result["summary"]) > 10
    assert numbers_are_finite(done.out)


@pytest.mark.parametrize("text, message", [
    ("", "the file is empty"),
    ("a,b\n1,2\n", "no header"),
    ("time,open_fds,open_fds\n1,2,3\n", "column 'open_fds' is there twice"),
    ("time,rss_mb,rss_bytes\n1,2,3\n", "is there twice"),
    ("time,open_fds\nyesterday,12\n", "line 2, column 'time': expected a time"),
    (csv_of(steady) + "2026-11-21T23:00:00Z,-5\n", "line 602, column 'open_fds': expected a number, 0"),
    (csv_of(steady) + "2026-11-21T23:00:00Z,nan\n", "line 602, column 'open_fds'"),
    (csv_of(steady) + "2026-11-21T23:00:00Z,inf\n", "line 602, column 'open_fds'"),
    (csv_of(steady) + "2026-11-21T23:00:00Z,1e999\n", "line 602, column 'open_fds'"),
    (csv_of(steady) + "2026-11-21T23:00:00Z\n", "line 602: expected 2 cells"),
    (os.urandom(4096), "soak.csv"),
    (b"\0" * 200_000, "line 1: longer than"),
    (b"\x7fELF" + bytes(range(256)) * 16, "no header"),
], ids=["empty", "no header", "column twice", "metric twice", "time", "negative", "nan", "inf", "huge",
        "short row", "random", "zeros", "binary"])
def test_a_file_that_cannot_be_read(bench, text, message):
    result, done = analyze(bench, text)
    assert (done.status, result) == (ERROR, None)
    assert message in done.err and "soak.csv" in done.err
    assert len(done.err.splitlines()) == 1


def test_no_such_file(bench):
    _, done = analyze(bench, None)
    assert done.status == ERROR and "soak.csv: no such file" in done.err
    folder = bench.folder / "folder"
    folder.mkdir()
    _, done = analyze(bench, None, name="folder")
    assert done.status == ERROR and "it is a folder" in done.err


def test_usage(bench):
    file = bench.write("soak.csv", csv_of(steady))
    assert bench.soakwatch("analyze").status == USAGE
    assert bench.soakwatch("analyze", file, "--since", "yesterday").status == USAGE
    assert bench.soakwatch("analyze", file, "--config", bench.folder / "none.yaml").status == USAGE
    wrong = bench.write("wrong.yaml", "detection:\n  blok: 1m\n")
    done = bench.soakwatch("analyze", file, "--config", wrong)
    assert done.status == USAGE and "did you mean 'block'" in done.err
    done = bench.soakwatch("analyze", "--help")
    assert done.status == 0 and "Exit status: 0 clean, 3 a leak" in done.out


def test_unknown_columns_are_named_and_left_out(bench):
    text = csv_of(lambda minute: f"{steady(minute)},x,1", columns="open_fds,colour,\x1b[31m")
    result, done = analyze(bench, text)
    assert done.status == CLEAN
    assert "column 'colour' is not known" in done.err and "\x1b" not in done.err
    assert result["unknown_columns"] == ["colour", "\\x1b[31m"]


def test_missing_values_are_no_zeros(bench):
    text = csv_of(lambda minute: 400 if minute % 3 else "", columns="open_fds")
    result, done = analyze(bench, text)
    assert done.status == CLEAN and result["skipped_rows"] == 200
    assert series(result, "open_fds")[0]["samples"] == 400


@pytest.mark.parametrize("huge", ["1e300", "1.7e308", "0"])
def test_huge_values(bench, huge):
    result, done = analyze(bench, csv_of(lambda minute: huge if minute > 300 else 12))
    assert result is not None and numbers_are_finite(done.out)
    assert bench.soakwatch("analyze", bench.folder / "soak.csv").status == done.status


def test_a_huge_leak(bench):
    _, done = analyze(bench, csv_of(lambda minute: f"{1e300 * (1 + minute)}", columns="rss_bytes"))
    assert done.status in (LEAK, CLEAN) and numbers_are_finite(done.out)


# The script: no date, one process name, memory in MiB.
BANNER = """Monitoring sidecar memory (port=6060, interval=60s)
Logging to mem-20261120-220000.log
Press Ctrl+C to stop

"""


def clock(minute):
    return f"{(START + timedelta(minutes=minute)):%H:%M:%S}"


@pytest.mark.parametrize("banner", ["", BANNER], ids=["bare", "with its banner"])
def test_log_of_the_script_past_two_midnights(bench, banner):
    text = banner + csv_of(lambda minute: f",,{20 + minute},{100 + 0.5 * minute:.1f}", time=clock,
                           columns="heap_alloc_bytes,heap_inuse_bytes,goroutines,rss_mb",
                           minutes=30 * 60)
    result, done = analyze(bench, text, name="mem-20261120-220000.log")
    assert done.status == LEAK and done.err == ""
    [goroutines] = series(result, "goroutines")
    assert goroutines["span_seconds"] == (30 * 60 - 1) * 60 and goroutines["state"] == "growing"
    assert result["instances"][0]["first"] == iso(0)
    assert result["clock_steps"] == 0
    assert 55 < goroutines["slope_per_hour"] < 65
    assert "heap_alloc_bytes" not in [one["metric"] for one in result["series"]]


def test_every_kind_of_csv_says_the_same(bench):
    """Our exports, in every form, and the database that they come from."""
    log = bench.write("soak.csv", csv_of(lambda minute: f"{leak(minute)},{90 * MIB}",
                                         columns="open_fds,rss_bytes"))
    db = bench.folder / "soak.db"
    assert bench.soakwatch("import", log, "--target", "sidecar", "--db", db).status == 0
    expected, done = analyze(bench, None, name="soak.db")
    assert done.status == LEAK and expected["alerts"][0]["target"] == "sidecar"
    for options in ([], ["--format", "long"], ["--preset", "spreadsheet", "--decimal", ","]):
        file = bench.folder / "export.csv"
        assert bench.soakwatch("export", "--db", db, "-o", file, *options).status == 0
        result, done = analyze(bench, None, name="export.csv")
        assert done.status == LEAK, options
        assert result["alerts"] == expected["alerts"] and result["series"] == expected["series"]


def test_gaps_stay_gaps(bench):
    """A pause of a day between two levels is no growth in order."""
    text = csv_of(steady, minutes=300) + rows(lambda minute: 400 + minute % 3, minutes=2040, first=1740)
    result, done = analyze(bench, text)
    assert done.status == CLEAN and result["alerts"] == []
    assert series(result, "open_fds")[0]["span_seconds"] == 2039 * 60


def test_a_restart_begins_afresh(bench):
    text = csv_of(lambda minute: f"sidecar,7,{leak(minute)}", columns="target,pid,open_fds")
    text += rows(lambda minute: f"sidecar,8,{steady(minute)}", minutes=1300, first=700)
    result, done = analyze(bench, text)
    assert done.status == LEAK and result["instance_count"] == 2
    [alert] = result["alerts"]
    assert (alert["pid"], alert["state"]) == (7, "resolved")
    assert [one["state"] for one in series(result, "open_fds")] == ["growing", "steady"]
    assert [one["pid"] for one in result["instances"]] == [7, 8]


def test_a_clock_set_back_is_said_and_stood(bench):
    text = csv_of(leak, time=lambda minute: iso(minute - (120 if minute > 300 else 0)))
    result, done = analyze(bench, text)
    assert done.status == LEAK and result["clock_steps"] == 1
    assert "the clock steps back 1 times, first from" in done.err
    assert series(result, "open_fds")[0]["span_seconds"] == 599 * 60


def test_a_clock_set_ahead(bench):
    text = csv_of(steady, time=lambda minute: iso(minute + (600_000 if minute > 300 else 0)))
    result, done = analyze(bench, text)
    assert done.status == CLEAN and result["alerts"] == []


def test_times_that_run_backwards(bench):
    """A spreadsheet sorted the other way round: an answer, and the reason on stderr."""
    text = csv_of(steady, time=lambda minute: iso(600 - minute))
    result, done = analyze(bench, text)
    assert result is not None and "the clock steps back 599 times" in done.err


def test_one_target_of_several_and_a_part_of_the_time(bench):
    text = csv_of(lambda minute: f"a,1,{leak(minute)}", columns="target,pid,open_fds")
    text += rows(lambda minute: f"b,2,{steady(minute)}")
    result, done = analyze(bench, text)
    assert done.status == LEAK and result["instance_count"] == 2
    result, done = analyze(bench, None, "--target", "b")
    assert done.status == CLEAN and {one["target"] for one in result["series"]} == {"b"}
    result, done = analyze(bench, None, "--target", "a", "--since", iso(0), "--until", iso(20))
    assert done.status == INCONCLUSIVE and result["samples"] == 20
    _, done = analyze(bench, None, "--target", "c")
    assert done.status == ERROR and "there is: a, b" in done.err


def test_last_night_with_other_settings(bench):
    loose, done = analyze(bench, csv_of(leak))
    assert done.status == LEAK
    config = bench.write("strict.yaml", "detection:\n  open_fds:\n    min_growth: 1000000\n")
    strict, done = analyze(bench, None, "--config", config)
    assert done.status == CLEAN and strict["alerts"] == []
    config = bench.write("patient.yaml", "alerts:\n  for: 1h\n")
    patient, done = analyze(bench, None, "--config", config)
    assert done.status == LEAK
    assert patient["alerts"][0]["time"] >= loose["alerts"][0]["time"]


def test_from_a_pipe(bench):
    done = bench.soakwatch("analyze", "-", "--json", stdin=csv_of(leak))
    assert done.status == LEAK and json.loads(done.out)["file"] == "-"


def test_a_truncated_database(bench):
    log = bench.write("soak.csv", csv_of(steady, minutes=5000))
    db = bench.folder / "soak.db"
    assert bench.soakwatch("import", log, "--target", "sidecar", "--db", db).status == 0
    data = db.read_bytes()
    for size in (16, 100, 4096, len(data) // 2):
        file = bench.folder / f"cut-{size}.db"
        file.write_bytes(data[:size])
        result, done = analyze(bench, None, name=file.name)
        assert (done.status, result) == (ERROR, None), size
        assert file.name in done.err


def test_the_database_of_another_program(bench):
    subprocess.run(["sqlite3", bench.folder / "other.db", "CREATE TABLE t (x)"], check=True)
    _, done = analyze(bench, None, name="other.db")
    assert done.status == ERROR and "another program" in done.err


def test_a_database_in_use(bench):
    """Told by its content, not by its name; the daemon goes on."""
    name = bench.unique_name()
    target = bench.leaky(name=name)
    daemon = bench.daemon(f"name:{name}", database="in-use.csv")
    daemon.db.wait_for_samples(name, 5)
    result, done = analyze(bench, None, name="in-use.csv")
    assert done.status == INCONCLUSIVE and result["samples"] >= 5
    assert result["instances"][0]["pid"] == target.pid
    before = len(daemon.db.samples(name))
    daemon.db.wait_for_samples(name, before + 3)
    assert daemon.stop() == 0


@measures_memory
def test_memory_is_bounded(bench):
    """tests/bench/analyze.py does the same with ten million rows."""
    file = bench.folder / "soak.csv"
    with open(file, "w", encoding="ascii") as out:
        out.write("time,pid,open_fds\n")
        for second in range(400_000):
            out.write(f"{1_763_600_000 + second},{second // 20_000},{12 + second % 5}\n")

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (256 * MIB, 256 * MIB))
    done = subprocess.run([SOAKWATCH, "analyze", "--json", file], env=bench.env, preexec_fn=limit,
                          capture_output=True, timeout=120, check=False)
    result = json.loads(done.stdout)
    assert done.returncode == CLEAN and result["samples"] == 400_000
    assert result["instance_count"] == 20
