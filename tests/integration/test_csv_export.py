"""Samples as CSV: for Unix tools, for spreadsheets, and as the shell script wrote them."""

import csv
import io
import os
import re
import stat
import subprocess
from datetime import datetime, timezone

import pytest

from conftest import SOAKWATCH
from program import wait_until
from spreadsheet import ENGLISH, GERMAN, open_csv

HOSTILE = "=cmd|' calc'!A0"  # a target's name has no slash
SUM = "=1+1"


@pytest.fixture(scope="module")
def soaked(module_bench):
    """A database with samples of an ordinary target and of two with hostile names."""
    leaky = module_bench.leaky(name="ordinary" + module_bench.unique_name()[:6])
    hostile = module_bench.leaky(name=SUM)
    config = f"""
sampling:
  interval: 100ms
pprof:
  heap_interval: 100ms
  heap_latency_factor: 0
targets:
  - name: ordinary
    match: pid:{leaky.pid}
  - name: "{HOSTILE}"
    match: pid:{hostile.pid}
  - name: "{SUM}"
    match: pid:{hostile.pid}
"""
    daemon = module_bench.daemon(config=config)
    for name in ("ordinary", HOSTILE, SUM):
        daemon.db.wait_for_samples(name, 8, lambda row: row["heap_alloc_bytes"] is not None)
    assert daemon.stop() == 0
    daemon.db.bench = module_bench
    return daemon.db


def export(db, *arguments, **options):
    done = db.bench.soakwatch("export", "--db", db.file, *arguments, **options)
    assert done.status == 0, done.err
    return done.out


def table(text, separator=","):
    return list(csv.DictReader(io.StringIO(text), delimiter=separator))


def metrics_of(db):
    columns = db.rows("SELECT * FROM samples LIMIT 1")[0].keys()
    return [name for name in columns if name not in ("id", "instance_id", "time_ms", "monotonic_ms")]


def iso(time_ms):
    time = datetime.fromtimestamp(time_ms // 1000, timezone.utc)
    fraction = f".{time_ms % 1000:03d}" if time_ms % 1000 else ""
    return f"{time:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def test_wide(soaked):
    rows = table(export(soaked, "--target", "ordinary"))
    stored = soaked.samples("ordinary")
    assert len(rows) == len(stored)
    assert list(rows[0]) == ["time", "target", "pid", *metrics_of(soaked)]
    for row, sample in zip(rows, stored):
        assert row["time"] == iso(sample["time_ms"])
        assert (row["target"], row["pid"]) == ("ordinary", str(sample["pid"]))
        for name in metrics_of(soaked):
            assert (None if row[name] == "" else float(row[name])) == sample[name], name


def test_wide_of_all_targets(soaked):
    text = export(soaked)
    assert len(table(text)) == soaked.value("SELECT count(*) FROM samples")
    assert "\r" not in text and not text.startswith("\ufeff")


def test_long(soaked):
    rows = table(export(soaked, "--format", "long", "--target", "ordinary"))
    assert list(rows[0]) == ["time", "target", "pid", "metric", "value"]
    values = {(row["time"], row["metric"]): float(row["value"]) for row in rows}
    expected = {(iso(sample["time_ms"]), name): sample[name] for sample in soaked.samples("ordinary")
                for name in metrics_of(soaked) if sample[name] is not None}
    assert values == expected


def test_as_the_script_wrote_it(soaked):
    rows = table(export(soaked, "--format", "mem-monitor", "--target", "ordinary"))
    assert list(rows[0]) == ["time", "heap_alloc_bytes", "heap_inuse_bytes", "goroutines", "rss_mb"]
    for row, sample in zip(rows, soaked.samples("ordinary"), strict=True):
        assert row["time"] == iso(sample["time_ms"])[11:19]
        for name in ("heap_alloc_bytes", "heap_inuse_bytes", "goroutines"):
            assert row[name] == ("N/A" if sample[name] is None else str(sample[name]))
        assert re.fullmatch(r"\d+\.\d", row["rss_mb"])
        assert abs(float(row["rss_mb"]) - sample["rss_bytes"] / 2**20) < 0.051


def test_since_and_until(soaked):
    samples = soaked.samples("ordinary")
    first, last = samples[2], samples[6]
    rows = table(export(soaked, "--target", "ordinary", "--since", iso(first["time_ms"]),
                        "--until", iso(last["time_ms"])))
    expected = [s for s in samples if first["time_ms"] <= s["time_ms"] < last["time_ms"]]
    assert [row["time"] for row in rows] == [iso(sample["time_ms"]) for sample in expected]
    assert len(table(export(soaked, "--since", "1d"))) == len(table(export(soaked)))
    assert table(export(soaked, "--until", "1d")) == []


def test_into_a_file(soaked):
    file = soaked.bench.folder / "out.csv"
    done = soaked.bench.soakwatch("export", "--db", soaked.file, "-o", file)
    rows = soaked.value("SELECT count(*) FROM samples")
    assert (done.status, done.out) == (0, "")
    assert f"{rows} rows in" in done.err
    assert file.read_text() == export(soaked)
    assert not list(soaked.bench.folder.glob("*.part"))


def export_into(db, path, **options):
    return db.bench.soakwatch("export", "--db", db.file, "-o", path, **options)


def test_through_a_link(soaked, tmp_path):
    """The target of the link is written, also one that is not there yet, and keeps its mode."""
    text = export(soaked)
    for old in ("old", None):
        file, link = tmp_path / f"file-{old}.csv", tmp_path / f"link-{old}.csv"
        link.symlink_to(file.name)
        if old:
            file.write_text(old)
            file.chmod(0o640)
        assert export_into(soaked, link).status == 0
        assert link.is_symlink() and file.read_text() == text
        if old:
            assert file.stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 4


def test_a_new_file_has_the_usual_mode(soaked, tmp_path):
    before = os.umask(0o027)
    try:
        assert export_into(soaked, tmp_path / "new.csv").status == 0
    finally:
        os.umask(before)
    assert (tmp_path / "new.csv").stat().st_mode & 0o777 == 0o640


def test_into_what_is_no_file(soaked, tmp_path):
    """Devices and pipes are written into, never replaced."""
    text = export(soaked)
    done = export_into(soaked, "/dev/stdout")
    assert done.status == 0 and done.out == text
    device = tmp_path / "null"
    device.symlink_to(os.devnull)
    assert export_into(soaked, device).status == 0
    assert device.is_symlink() and stat.S_ISCHR(os.stat(os.devnull).st_mode)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE)
    assert export_into(soaked, fifo).status == 0
    assert reader.communicate(timeout=60)[0].decode() == text
    assert fifo.is_fifo()
    shell = f"'{SOAKWATCH}' export --db '{soaked.file}' -o /dev/stdout > redirected.csv"
    subprocess.run(["sh", "-c", shell], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "redirected.csv").read_text() == text
    full = export_into(soaked, "/dev/full")
    assert full.status == 1 and "cannot write /dev/full" in full.err


def test_never_over_the_database(soaked, tmp_path):
    before = soaked.file.read_bytes()
    link = tmp_path / "innocent.csv"
    link.symlink_to(soaked.file)
    second = tmp_path / "second.csv"
    os.link(soaked.file, second)
    for path in (soaked.file, link, second, f"{soaked.file}.lock"):
        done = export_into(soaked, path)
        assert done.status == 2 and "belongs to the database" in done.err, path
    second.unlink()
    assert soaked.file.read_bytes() == before


def test_a_failure_leaves_nothing(bench):
    """The limit of a file's size stands for a full disk; SQLite's own -shm has 32 KiB."""
    rows = "".join(f"2026-11-20T08:{i // 60:02}:{i % 60:02}Z,{i}\n" for i in range(3000))
    log = bench.write("log.csv", "time,rss_bytes\n" + rows)
    db = bench.folder / "soak.db"
    assert bench.soakwatch("import", log, "--target", "old", "--db", db).status == 0
    folder = bench.folder / "out"
    folder.mkdir()
    kept = folder / "kept.csv"
    kept.write_text("old")
    limited = f"trap '' XFSZ; exec prlimit --fsize=65536 '{SOAKWATCH}' export --db '{db}' -o kept.csv"
    done = subprocess.run(["sh", "-c", limited], cwd=folder, timeout=60, capture_output=True)
    assert done.returncode == 1 and b"cannot write kept.csv" in done.stderr
    assert kept.read_text() == "old" and list(folder.iterdir()) == [kept]


def test_a_file_that_cannot_be_written(soaked):
    done = soaked.bench.soakwatch("export", "--db", soaked.file, "-o", "/proc/no/such.csv")
    assert done.status == 1
    assert "cannot write /proc/no/such.csv" in done.err


def test_decimal_comma(soaked):
    plain = table(export(soaked, "--target", "ordinary"))
    rows = table(export(soaked, "--target", "ordinary", "--decimal", ","), ";")
    assert any("," in row["cpu_seconds_total"] for row in rows)
    assert [{key: value.replace(",", ".") for key, value in row.items()} for row in rows] == plain


@pytest.mark.parametrize("arguments", [
    ["--since", "yesterday"], ["--format", "wild"], ["--decimal", "x"], ["--preset", "office"],
    ["--preset", "spreadsheet", "--format", "mem-monitor"]])
def test_wrong_arguments(soaked, arguments):
    done = soaked.bench.soakwatch("export", "--db", soaked.file, *arguments)
    assert (done.status, done.out) == (2, "")
    assert arguments[-1] in done.err or arguments[1] in done.err


def test_unknown_target(soaked):
    done = soaked.bench.soakwatch("export", "--db", soaked.file, "--target", "ordinery")
    assert (done.status, done.out) == (1, "")
    assert "did you mean 'ordinary'?" in done.err


@pytest.mark.parametrize("decimal, separator, language", [(".", ",", ENGLISH), (",", ";", GERMAN)])
def test_in_libreoffice(soaked, decimal, separator, language):
    """Times are dates, numbers are numbers, and nothing is a formula."""
    file = soaked.bench.folder / f"sheet-{language}.csv"
    export(soaked, "--preset", "spreadsheet", "--decimal", decimal, "-o", file,
           env={"TZ": "Europe/Berlin"})
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = open_csv(soaked.bench, file, separator, language)
    names = [cell.text for cell in header]
    assert names[:4] == ["time", "time_utc", "target", "pid"]
    assert names[4:] == metrics_of(soaked)
    samples = soaked.rows("SELECT * FROM samples ORDER BY instance_id, time_ms")
    assert len(rows) == len(samples)
    for row, sample in zip(rows, samples):
        cells = dict(zip(names, row))
        assert cells["time"].kind == "date"
        # That a zone east of Greenwich is applied: Berlin is one or two hours ahead.
        local = datetime.fromisoformat(cells["time"].value)
        utc = datetime.fromisoformat(cells["time_utc"].text.removesuffix("Z"))
        assert (local - utc.replace(microsecond=0)).total_seconds() in (3600, 7200)
        assert cells["target"].kind == "string" and cells["pid"].kind == "float"
        for name in metrics_of(soaked):
            cell = cells.get(name)
            if sample[name] is None:
                assert cell is None or cell.kind is None, name
            else:
                # LibreOffice keeps 15 digits.
                assert cell.kind == "float", name
                assert float(cell.value) == pytest.approx(sample[name], rel=1e-14), name
        assert all(cell.formula is None for cell in row)
    assert {dict(zip(names, row))["target"].text.lstrip("'") for row in rows} == {
        "ordinary", HOSTILE, SUM}


def test_the_guard_against_formulas(soaked):
    assert {row["target"] for row in table(export(soaked))} == {"ordinary", "'" + HOSTILE, "'" + SUM}
    assert {row["target"] for row in table(export(soaked, "--raw"))} == {"ordinary", HOSTILE, SUM}


def test_rows_of_a_daemon_that_writes(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm)
    daemon.db.bench = bench
    before = len(table(export(daemon.db)))
    wait_until(lambda: len(table(export(daemon.db))) > before, "more rows")
    assert daemon.running()
