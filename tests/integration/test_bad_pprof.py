"""pprof servers that misbehave: they cost their own target its Go values, and nobody else anything."""

import os

import pytest

import pprof_server
from program import wait_until
from sanitizers import measures_memory

INTERVAL_MS = 200
FAILURES = 60  # for a server that fails at once; others fail as often as the time-out allows
CONFIG = """
sampling:
  interval: 200ms
  discovery_interval: 100ms
pprof:
  timeout: 500ms
  heap_interval: 100ms
  heap_latency_factor: 0
  max_body: 1MiB
targets:
"""
HEALTHY = "  - name: healthy\n    match: pid:{pid},pprof={url}\n"


def honest(connection, _):
    connection.sendall(pprof_server.answer("200 OK", pprof_server.INDEX, "Connection: close"))


@pytest.fixture(scope="module")
def watch(module_bench):
    """One daemon beside all bad servers, and another beside none: what the machine can do."""
    servers = {behave.__name__: pprof_server.BadServer(behave)
               for behave in [honest, *pprof_server.BEHAVIOURS]}
    servers["switching"] = pprof_server.BadServer(pprof_server.switching())
    servers["refused"] = pprof_server.Refused()
    servers["never_accepts"] = pprof_server.NeverAccepts()
    servers["flapping"] = pprof_server.BadServer(pprof_server.flapping())
    leaky, other = module_bench.leaky(), module_bench.leaky()
    config = CONFIG + HEALTHY.format(pid=leaky.pid, url=leaky.url)
    for name, server in servers.items():
        config += f"  - name: {name}\n    match: pid:{os.getpid()},pprof={server.url}\n"
    daemon = module_bench.daemon(config=config, database="bad.db")
    daemon.control = module_bench.daemon(
        config=CONFIG + HEALTHY.format(pid=other.pid, url=other.url), database="control.db")
    daemon.servers = servers
    wait_until(lambda: servers["not_found"].asked >= FAILURES, "many failures", 120)
    wait_until(lambda: len(daemon.control.db.samples("healthy")) >= FAILURES / 2, "rounds", 120)
    yield daemon
    for server in servers.values():
        server.close()


BAD = [*(behave.__name__ for behave in pprof_server.BEHAVIOURS), "switching", "refused",
       "never_accepts"]


@pytest.mark.parametrize("name", BAD)
def test_bad_server(watch, name):
    # Redirects and the rest were really asked for.
    asked = watch.servers[name].asked
    assert asked is None or asked >= 2
    rows = watch.db.wait_for_samples(name, 20)
    assert all(row["goroutines"] is None and row["heap_alloc_bytes"] is None for row in rows)
    assert all(row["rss_bytes"] > 0 and row["open_fds"] > 0 for row in rows)
    lines = [line for line in watch.err.splitlines() if f" {name}: pprof" in line]
    assert 1 <= len(lines) < 10, lines
    assert all("warn" in line for line in lines)


def test_the_same_server_behaving_well(watch):
    """That it is the behaviour, not the server, which costs the others their values."""
    rows = watch.db.wait_for_samples("honest", 5, lambda row: row["goroutines"] is not None)
    assert {row["goroutines"] for row in rows} == {7}


def test_a_server_that_comes_and_goes(watch):
    """Some rounds have the value, the log does not tell each of them."""
    rows = watch.db.wait_for_samples("flapping", 20)
    assert {row["goroutines"] for row in rows} == {None, 7}
    assert watch.servers["flapping"].asked >= FAILURES / 2
    lines = [line for line in watch.err.splitlines() if " flapping: pprof" in line]
    assert 1 <= len(lines) < 10, lines


def share(rows, column="rss_bytes"):
    """Rounds with that value, of those that fit into the time; the first ones are left out."""
    rows = rows[2:]
    possible = (rows[-1]["monotonic_ms"] - rows[0]["monotonic_ms"]) / INTERVAL_MS + 1
    return sum(row[column] is not None for row in rows) / possible


def test_a_healthy_target_beside_them_loses_nothing(watch):
    """Against a daemon that watches nothing else, so that a slow machine does not count."""
    rows, control = watch.db.samples("healthy"), watch.control.db.samples("healthy")
    for column in ("rss_bytes", "goroutines", "heap_alloc_bytes"):
        assert share(rows, column) > 0.8 * share(control, column), column
    assert all(row["rss_bytes"] > 0 for row in rows)
    assert watch.err.count(" healthy: pprof") <= watch.control.err.count(" healthy: pprof") + 2


def test_rounds_of_a_bad_target_are_on_time(watch):
    control = share(watch.control.db.samples("healthy"))
    for name in watch.servers:
        assert share(watch.db.samples(name)) > 0.8 * control, name


@measures_memory
def test_the_daemon_stays_small_and_ends_in_time(watch):
    """Bodies are given up at their limit. Last: it ends the daemon."""
    rss_kib = int(next(line for line in open(f"/proc/{watch.pid}/status")
                       if line.startswith("VmHWM")).split()[1])
    assert rss_kib < 200 * 1024
    assert watch.stop(seconds=10) == 0
    assert watch.db.integrity() == "ok"
