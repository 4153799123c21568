"""pprof servers whose figures are fine and whose profiles are not."""

import gzip
import json
import os
import re
import urllib.request

import pytest

import pprof_server
from program import wait_until
from sanitizers import measures_memory

# Megabytes from kilobytes; the whole would be 1 GiB.
BOMB = gzip.compress(bytes(1 << 20), 9) * 1024
NO_TRACE = b"go 9.99 trace\x01\x02\x03"
CONFIG = """
sampling:
  interval: 100ms
  discovery_interval: 100ms
pprof:
  timeout: 2s
  heap_interval: 100ms
  heap_latency_factor: 0
evidence:
  baseline_interval: 1s
  budget: 1
detection:
  warm_up: 0s
targets:
"""


@pytest.fixture(scope="module")
def profiles(module_bench):
    """Of a real program, to cut and to mix up."""
    leaky = module_bench.leaky("-heap", "8MiB")
    return {name: urllib.request.urlopen(leaky.url + page, timeout=60).read()
            for name, page in (("heap", "heap"), ("goroutine", "goroutine"),
                               ("trace", "trace?seconds=1"))}


def lies(profiles):
    """Behaviours by name: what is answered for heap, goroutine, profile and trace."""
    page = b"<html><body>Welcome to the shop</body></html>"
    smaps = open("/proc/self/smaps", "rb").read()
    cut = {name: body[:len(body) // 2] for name, body in profiles.items()}
    return {
        "bomb": dict.fromkeys(("heap", "goroutine", "profile", "trace"), BOMB),
        "html": dict.fromkeys(("heap", "goroutine", "profile", "trace"), page),
        "packed_html": dict.fromkeys(("heap", "goroutine", "profile", "trace"), gzip.compress(page)),
        "cut": {**cut, "profile": cut["heap"], "trace": b""},
        "noise": dict.fromkeys(("heap", "goroutine", "profile", "trace"), os.urandom(100_000)),
        "other_kind": {"heap": profiles["goroutine"], "goroutine": profiles["heap"],
                       "profile": profiles["heap"], "trace": NO_TRACE},
        "our_own_forms": dict.fromkeys(("heap", "goroutine", "profile", "trace"), smaps),
        "nothing": {},
    }


@pytest.fixture(scope="module")
def watch(module_bench, profiles):
    servers = {name: pprof_server.CaptureServer(captures)
               for name, captures in lies(profiles).items()}
    servers["honest"] = pprof_server.CaptureServer(profiles)
    config = CONFIG
    for name, server in servers.items():
        config += f"  - name: {name}\n    match: pid:{os.getpid()},pprof={server.url}\n"
    daemon = module_bench.daemon(config=config)
    daemon.servers = servers
    for name in servers:  # each baseline is tried several times
        wait_until(lambda name=name: servers[name].times("goroutine") >= 3, f"captures of {name}")
    yield daemon
    for server in servers.values():
        server.close()


NAMES = ["bomb", "html", "packed_html", "cut", "noise", "other_kind", "our_own_forms", "nothing"]


def captures_of(daemon, name):
    return [row["kind"] for row in daemon.db.rows(
        "SELECT c.kind FROM captures c JOIN targets t ON t.id = c.target_id WHERE t.name = ?", name)]


@pytest.mark.parametrize("name", NAMES)
def test_lies_are_not_kept(watch, name):
    """The tables that we read ourselves are, and each round has its figures."""
    wait_until(lambda: {"fds", "mappings"} <= set(captures_of(watch, name)), "our own captures")
    assert not {"heap", "goroutine", "cpu", "trace"} & set(captures_of(watch, name))
    rows = watch.db.wait_for_samples(name, 20)
    assert sum(row["goroutines"] == 7 for row in rows) > 0.7 * len(rows)
    lines = [line for line in watch.err.splitlines() if f" {name}: captures" in line]
    assert 1 <= len(lines) < 10, lines
    assert all("warn" in line or "works again" in line for line in lines)


def test_the_same_server_being_honest(watch):
    wait_until(lambda: {"heap", "goroutine", "fds"} <= set(captures_of(watch, "honest")), "captures")
    assert not any(" honest: captures" in line for line in watch.err.splitlines())


@measures_memory
def test_the_daemon_stays_small_and_ends_in_time(watch):
    """A bomb is given up at its limit. Last: it ends the daemon."""
    peak_kib = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{watch.pid}/status").read())[1])
    assert peak_kib < 400 * 1024
    assert watch.stop(seconds=10) == 0
    assert watch.db.integrity() == "ok"


KINDS = {"heap": "heap", "goroutine": "goroutine", "cpu": "profile", "trace": "trace"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_capture_says_so_and_leaves_no_file(bench, profiles, name, kind):
    server = pprof_server.CaptureServer(lies(profiles)[name])
    seconds = ["--seconds", "1"] if kind in ("cpu", "trace") else []
    done = bench.soakwatch("capture", f"pid:{os.getpid()},pprof={server.url}", kind, *seconds)
    server.close()
    assert done.status == 1, done.out + done.err
    assert done.out == "" and "soakwatch: " in done.err
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.err)
    assert list(bench.folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["heap", "goroutine", "trace"])
def test_capture_of_an_honest_server(bench, profiles, kind):
    server = pprof_server.CaptureServer(profiles)
    done = bench.soakwatch("capture", f"pid:{os.getpid()},pprof={server.url}", kind)
    server.close()
    assert done.status == 0, done.err
    file, = bench.folder.iterdir()
    assert file.read_bytes() == profiles[kind]


@pytest.mark.parametrize("behave", pprof_server.BEHAVIOURS, ids=lambda behave: behave.__name__)
def test_doctor_on_a_bad_server(bench, behave):
    """It names what fails, soon, and its output is clean."""
    config = bench.write("quick.yaml", "pprof:\n  timeout: 1s\n")
    server = pprof_server.BadServer(behave)
    done = bench.soakwatch("doctor", "--json", "--config", config,
                           f"pid:{os.getpid()},pprof={server.url}", seconds=20)
    server.close()
    checks = {check["check"]: check for check in json.loads(done.out)["checks"]}
    assert done.status == 1
    assert checks["pprof index"]["health"] == "fail", checks["pprof index"]
    assert checks["statm"]["health"] == "pass"
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.out)
