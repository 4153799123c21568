"""soakwatch compare: stored captures, times, processes and runs. test_profiles.py has the files."""

import json
from datetime import datetime, timezone

import pytest

from conftest import LEAKY, SOAKWATCH
from database import Database
from program import wait_until

DONE, ERROR, USAGE, LEAK, INCONCLUSIVE = range(5)

# What docs/soak.md gives for a soak of a minute.
SHORT = """
sampling:
  interval: 250ms
  discovery_interval: 250ms
pprof:
  heap_interval: 250ms
  heap_latency_factor: 0
detection:
  block: 1500ms
  warm_up: 3s
  cold_start_span: 0s
  levels: 3
"""
RUN_SECONDS = 40
SOAK_SECONDS = 180  # on a machine that is slow and shared


class Runs:
    """A steady run and one that leaks, with what they left behind."""

    def __init__(self, bench):
        self.bench = bench
        self.config = bench.write("short.yaml", SHORT)
        modes = {"v1": ["-mode", "steady"],
                 "v2": ["-mode", "goroutine,fd", "-leak-rate-goroutines", "10", "-leak-rate-fds", "3"]}
        self.folders = {name: bench.folder / name for name in modes}
        soaks = [bench.run_program(
            [SOAKWATCH, "soak", "--for", f"{RUN_SECONDS}s", "--config", self.config, "--report",
             self.folders[name], "--", LEAKY, *words, "-for", "5m"], "soak", cwd=bench.folder)
            for name, words in modes.items()]
        for soak in soaks:
            soak.wait(SOAK_SECONDS)
        self.databases = {name: folder / "samples.db" for name, folder in self.folders.items()}

    def compare(self, *words):
        return self.bench.soakwatch("compare", *words)

    def json(self, *words, status=DONE):
        done = self.compare("--json", *words)
        assert (done.status, done.err) == (status, ""), done.err
        return json.loads(done.out)

    def captures(self, name, kind):
        return Database(self.databases[name]).rows(
            "SELECT id, time_ms FROM captures WHERE kind = ? ORDER BY time_ms, id", kind)

    def last_time(self, name):
        return Database(self.databases[name]).value("SELECT max(time_ms) FROM captures")


@pytest.fixture(scope="module")
def runs(module_bench):
    return Runs(module_bench)


def differences(result):
    return {metric["detector"]: metric["difference"] for metric in result["metrics"]}


def test_a_candidate_that_leaks(runs):
    result = runs.json("v1", "v2", "--config", runs.config, "--fail-on-leak", status=LEAK)
    assert result["sort"] == "runs" and result["new_leak"] and result["warm_up_seconds"] == 3
    told = differences(result)
    assert told["goroutine_growth"] == told["fd_growth"] == "grows_in_b"
    assert "grows_in_b" not in [told["thread_growth"], told["live_heap_growth"]]
    [goroutines] = [one for one in result["metrics"] if one["metric"] == "goroutines"]
    a, b = goroutines["a"], goroutines["b"]
    # About 10 a second, whatever the speed of the machine.
    assert 5 < b["slope_per_hour"] / 3600 < 20
    assert a["slope_high"] < b["slope_low"] <= b["slope_per_hour"] <= b["slope_high"]
    assert b["grows"] and not a["grows"] and b["end"] > b["level"] > a["level"]
    assert goroutines["slope_change_per_hour"] == b["slope_per_hour"] - a["slope_per_hour"]
    # Who it is, between the final captures.
    grew = {one["kind"]: one for one in result["captures"]}
    assert {"goroutine", "fds"} <= set(grew)
    for side in ("before", "now"):
        assert {one[side]["reason"] for one in grew.values()} == {"final"}
    first = grew["goroutine"]["groups"][0]
    assert first["name"] == "main.leakGoroutine" and first["count_before"] == 0 and first["share"] > 0.9


def test_what_a_person_reads(runs):
    done = runs.compare("v1", "v2", "--config", runs.config)
    assert done.status == DONE  # without --fail-on-leak it informs
    assert done.out.startswith("NEW LEAK  in B and not in A: goroutines, open file descriptors\n")
    assert "\ngoroutines: grows in B, not in A\n  A  " in done.out
    assert "main.leakGoroutine (leak_goroutine.go:" in done.out
    mended = runs.compare("v2", "v1", "--config", runs.config, "--kind", "fds")
    assert "mended: goroutines, open file descriptors" in mended.out
    assert "goroutines: grows in A, not in B" in mended.out
    assert "fds: " in mended.out and "goroutine: " not in mended.out


def test_a_candidate_that_does_not(runs):
    """The same run twice; the databases instead of the folders."""
    result = runs.json(runs.databases["v1"], "run:v1", "--warm-up", "3s", "--fail-on-leak")
    assert not result["new_leak"] and set(differences(result).values()) == {"none"}
    assert result["captures"] == [] and "is the nearest to both" in result["notes"][0]
    # A leak that was there before is no new one.
    again = runs.json("v2", "v2", "--config", runs.config, "--fail-on-leak")
    assert differences(again)["goroutine_growth"] == "grows_in_both"


def test_runs_that_are_too_short(runs):
    """With the defaults ten minutes are warm-up."""
    result = runs.json("v1", "v2", "--fail-on-leak", status=INCONCLUSIVE)
    assert set(differences(result).values()) == {"too_short"}
    assert all(one["a"] is None and one["b"] is None for one in result["metrics"])
    done = runs.compare("v1", "v2")
    assert done.status == DONE and done.out.startswith("NOT COMPARABLE")
    assert "give its --config, or --warm-up" in done.out
    assert "main.leakGoroutine" in done.out  # captures need no warm-up


def test_stored_captures(runs):
    captures = runs.captures("v2", "fds")
    first, last = captures[0]["id"], captures[-1]["id"]
    result = runs.json(first, f"capture:{last}", "--db", runs.databases["v2"])
    assert (result["sort"], result["kind"]) == ("captures", "fds")
    assert result["before"]["capture"] == first and result["now"]["capture"] == last
    assert result["before"]["reason"] == "baseline" and result["now"]["reason"] == "final"
    assert result["groups"][0]["count_change"] > 50 and "leaky" in result["groups"][0]["name"]
    shown = runs.compare(first, last, "--db", runs.databases["v2"])
    assert f"from capture {first} of " in shown.out and "(final)" in shown.out
    # With a file: the very one that the number stands for.
    heap = runs.captures("v2", "heap")[-1]["id"]
    [file] = (runs.folders["v2"] / "samples.db.captures").glob(f"*-{heap}.pb.gz")
    result = runs.json(file, heap, "--db", runs.databases["v2"])
    assert result["groups"] == [] and "capture" not in result["before"]
    top = runs.compare("--top", file, heap, "--db", runs.databases["v2"])
    assert top.status == DONE and "Type: inuse_space" in top.out


def at(time_ms):
    return datetime.fromtimestamp(time_ms / 1000, timezone.utc).isoformat().replace("+00:00", "Z")


def test_times(runs):
    captures = runs.captures("v2", "goroutine")
    first, last = captures[0], captures[-1]
    result = runs.json(at(first["time_ms"]), at(runs.last_time("v2")), "--db", runs.databases["v2"])
    assert result["sort"] == "times"
    floor = result["floors"]["goroutines"]
    assert floor["now"] - floor["before"] == floor["change"] > 50
    assert result["a"]["to"] < result["b"]["from"] and result["a"]["pid"] == result["b"]["pid"]
    kinds = {one["kind"]: one for one in result["captures"]}
    assert {"goroutine", "heap", "fds"} <= set(kinds) and result["notes"] == []
    goroutine = kinds["goroutine"]
    assert goroutine["before"]["capture"] == first["id"]
    assert goroutine["now"]["capture"] == last["id"]
    assert goroutine["groups"][0]["name"] == "main.leakGoroutine"
    # Before all data, and now: the oldest and the newest.
    far = runs.json("2d", "now", "--target", "leaky", "--db", runs.databases["v2"])
    assert far["captures"] == result["captures"]
    # Both before it: nothing can have grown.
    near = runs.json("3d", "2d", "--db", runs.databases["v2"])
    assert near["captures"] == [] and "is the nearest to both" in near["notes"][0]
    shown = runs.compare("2d", "now", "--kind", "fds", "--db", runs.databases["v2"])
    assert "goroutines  " in shown.out and "fds: " in shown.out and "heap: " not in shown.out


def test_two_processes(bench):
    name = bench.unique_name()
    first = bench.leaky("-mode", "idle", "-goroutines", "50", name=name)
    daemon = bench.daemon(f"name:{name}", config=SHORT)

    def captured(count):
        return wait_until(lambda: daemon.db.ready() and len(daemon.db.rows(
            "SELECT DISTINCT instance_id FROM captures WHERE kind = 'goroutine'")) == count,
            lambda: f"a capture of {count} processes: {daemon.err}")
    captured(1)
    first.kill()
    second = bench.leaky("-mode", "idle", "-goroutines", "400", name=name)
    captured(2)
    daemon.stop()
    ids = [row["id"] for row in daemon.db.instances(name)]
    words = [f"instance:{ids[0]}", f"instance:{ids[1]}", "--db", daemon.db.file]
    done = bench.soakwatch("compare", "--json", *words)
    assert done.status == DONE, done.err
    result = json.loads(done.out)
    assert result["sort"] == "instances"
    assert [result[side]["pid"] for side in "ab"] == [first.pid, second.pid]
    [goroutines] = [one for one in result["captures"] if one["kind"] == "goroutine"]
    change = goroutines["now"]["count"] - goroutines["before"]["count"]
    assert change == pytest.approx(350, abs=20)
    text = bench.soakwatch("compare", *words, "--kind", "goroutine").out
    assert f"pid {second.pid}" in text and "goroutine: " in text
    unknown = bench.soakwatch("compare", words[0], "instance:99", "--db", daemon.db.file)
    assert unknown.status == ERROR and f"pid {second.pid}" in unknown.err


def test_what_cannot_be_compared(runs):
    db = ["--db", runs.databases["v2"]]
    fds = runs.captures("v2", "fds")[0]["id"]
    heap = runs.captures("v2", "heap")[0]["id"]
    runs.bench.write("12h", "a file that is called like a time\n")
    for words, status, told in (
            (["v1", "12d"], USAGE, "A is a run, B is a time"),
            ([fds, "instance:1"], USAGE, "Possible are two captures"),
            (["captur:1", fds], USAGE, "did you mean 'capture'?"),
            (["22:00", "now"], USAGE, "names no day"),
            (["12h", "now"], USAGE, "write ./12h or time:12h"),
            ([runs.bench.folder, "v1"], USAGE, "no report of a soak"),
            (["now", "2h", *db], USAGE, "the earlier time first"),
            (["instance:1", "instance:1", *db], USAGE, "both sides"),
            ([fds, heap, *db], USAGE, "different kinds"),
            ([fds, 999, *db], ERROR, "no capture 999 in the database; the newest: "),
            (["2d", "now", "--target", "leeky", *db], ERROR, "did you mean 'leaky'?"),
            (["2d", "now", "--kind", "hepa", *db], USAGE, "did you mean 'heap'?"),
            (["2d", "now", "--top", *db], USAGE, "choose --kind (goroutine, heap"),
            (["2d", "now", "--fail-on-leak", *db], USAGE, "--fail-on-leak goes with two runs"),
            (["2d", "now", "--warm-up", "1s", *db], USAGE, "go with two runs"),
            (["v1", "v2", *db], USAGE, "--db goes without runs"),
            (["v1", "v2", "--target", "leek"], ERROR, "no target 'leek'"),
            (["v1", "v2", "--warm-up", "soon"], USAGE, "--warm-up: "),
            (["v1", "missing"], ERROR, "no such file: missing"),
            (["run:short.yaml", "v1"], USAGE, "neither a database nor")):
        done = runs.compare(*words)
        assert (done.status, done.out) == (status, ""), (words, done)
        assert told in done.err, (words, done.err)
