"""The drop-in for mem-monitor.sh: the same words, rows and file, without its gaps."""

import re
import signal
import socket
import subprocess

import pytest

from conftest import SOAKWATCH
from program import wait_until

HEADER = "time,heap_alloc_bytes,heap_inuse_bytes,goroutines,rss_mb"
ROW = re.compile(r"\d\d:\d\d:\d\d,\d+,\d+,\d+,\d+\.\d")
N_A = re.compile(r"\d\d:\d\d:\d\d,N/A,N/A,N/A,(N/A|\d+\.\d)")


def port_of(leaky):
    return int(re.search(r":(\d+)/", leaky.url)[1])


def start(bench, port, interval="0.2"):
    folder = bench.folder / f"here-{port}"
    folder.mkdir()
    monitor = bench.run_program([SOAKWATCH, "mem-monitor", port, interval], "mem-monitor", cwd=folder)
    monitor.folder = folder
    return monitor


def rows_of(monitor):
    """Whole lines behind the header."""
    whole = monitor.out[:monitor.out.rfind("\n") + 1]
    return whole.partition(HEADER + "\n")[2].splitlines()


def wait_for_rows(monitor, fits, count):
    def enough():
        assert monitor.running(), monitor.err
        return sum(bool(fits.fullmatch(row)) for row in rows_of(monitor)) >= count
    wait_until(enough, lambda: f"{count} rows like {fits.pattern}: {monitor.out}")


def test_as_the_script(bench):
    """Banner, header, rows, file; every value is there while the program runs."""
    leaky = bench.leaky()
    monitor = start(bench, port_of(leaky), "1")
    wait_for_rows(monitor, ROW, 3)
    monitor.send(signal.SIGINT)
    assert monitor.wait() == 0
    log, = monitor.folder.iterdir()
    assert re.fullmatch(r"mem-\d{8}-\d{6}\.log", log.name)
    assert monitor.out.splitlines()[:5] == [
        f"Monitoring sidecar memory (port={port_of(leaky)}, interval=1s)",
        f"Logging to {log.name}", "Press Ctrl+C to stop", "", HEADER]
    rows = rows_of(monitor)
    assert all(ROW.fullmatch(row) for row in rows), rows
    assert log.read_text() == "\n".join([HEADER, *rows, ""])
    heap, inuse, goroutines, rss_mb = map(float, rows[-1].split(",")[1:])
    assert 0 < heap <= inuse < rss_mb * 2**20
    assert 1 < goroutines < 1000
    assert monitor.err == ""


def test_a_program_that_ends_and_comes_back(bench):
    leaky = bench.leaky()
    port = port_of(leaky)
    monitor = start(bench, port)
    wait_for_rows(monitor, ROW, 2)
    leaky.kill()
    wait_for_rows(monitor, N_A, 3)
    # RSS is that of any process called sidecar where nobody listens on the port.
    if subprocess.run(["pgrep", "-x", "sidecar"], stdout=subprocess.DEVNULL).returncode == 1:
        assert rows_of(monitor)[-1].endswith(",N/A")
    before = sum(bool(ROW.fullmatch(row)) for row in rows_of(monitor))
    bench.leaky("-listen", f"127.0.0.1:{port}")
    wait_for_rows(monitor, ROW, before + 2)
    monitor.send(signal.SIGINT)
    assert monitor.wait() == 0
    assert all("," + "," not in row for row in rows_of(monitor))


def test_nobody_on_the_port(bench):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monitor = start(bench, port)
    wait_for_rows(monitor, N_A, 2)
    assert monitor.stop(signal.SIGTERM) == 0


def test_a_server_that_never_answers(bench):
    """The script hung in such a case."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monitor = start(bench, silent.getsockname()[1])
        wait_for_rows(monitor, N_A, 2)
        # Rows of the process that listens have its RSS.
        assert rows_of(monitor)[-1].count("N/A") == 3
        assert monitor.stop(signal.SIGINT) == 0


def test_its_log_can_be_imported(bench):
    monitor = start(bench, port_of(bench.leaky()))
    wait_for_rows(monitor, ROW, 3)
    assert monitor.stop(signal.SIGINT) == 0
    log, = monitor.folder.iterdir()
    done = bench.soakwatch("import", log, "--target", "sidecar", "--db", bench.folder / "i.db")
    assert done.status == 0, done.err
    assert f"{len(rows_of(monitor))} samples from" in done.err


@pytest.mark.parametrize("arguments", [["0"], ["70000"], ["http"], ["6060", "0"], ["6060", "often"],
                                       ["6060", "60", "more"]])
def test_wrong_arguments(bench, arguments):
    done = bench.soakwatch("mem-monitor", *arguments)
    assert (done.status, done.out) == (2, "")
    assert "mem-monitor --help" in done.err
    assert list(bench.folder.glob("mem-*")) == []


def test_a_folder_that_cannot_be_written(bench):
    done = bench.soakwatch("mem-monitor", "6060", cwd="/proc")
    assert done.status == 1
    assert re.search(r"cannot write mem-\S+\.log in this folder", done.err)
