"""soakwatch doctor: what it says of this machine, of a daemon's database and of a target."""

import json
import os
import sys
from pathlib import Path

import pytest

import dead_mount
from conftest import SOAKWATCH
from sanitizers import preloads_a_library

PASS, WARN, FAIL = "pass", "warn", "fail"


def doctor(bench, *words, status=0):
    done = bench.soakwatch("doctor", "--json", *words)
    assert done.status == status, done.out + done.err
    report = json.loads(done.out)
    assert report["fit"] == (status == 0)
    for check in report["checks"]:
        assert ("mend" in check) == (check["health"] != PASS), check
    return {check["check"]: check for check in report["checks"]}


def test_a_program_with_pprof_is_seen_in_full(bench):
    target = bench.leaky()
    bench.write("empty.yaml", f"targets:\n  - name:{target.comm}\n")
    checks = doctor(bench, "--config", bench.folder / "empty.yaml", f"pid:{target.pid}")
    for name in ("target", "statm", "fd count", "fd links", "smaps_rollup", "environ", "pprof",
                 "pprof index", "pprof heap", "a round", "configuration"):
        assert checks[name]["health"] == PASS, checks[name]
    assert checks["pprof"]["found"].startswith("http://127.0.0.1:")
    assert checks["database"]["health"] == WARN  # nobody has written it


def test_a_target_that_is_not_there_and_a_server_that_does_not_answer(bench):
    checks = doctor(bench, "name:" + bench.unique_name(), status=1)
    assert checks["target"]["health"] == FAIL
    target = bench.leaky()
    checks = doctor(bench, f"pid:{target.pid},pprof=http://127.0.0.1:1", status=1)
    assert checks["pprof index"]["health"] == FAIL
    assert checks["a round"]["health"] == PASS  # of /proc nothing is missing
    assert any("goroutines" in detail for detail in checks["a round"]["details"])


def test_mistakes_of_a_configuration_are_listed(bench):
    file = bench.write("bad.yaml", "sampling:\n  intervall: 5s\nlog:\n  level: loud\n")
    checks = doctor(bench, "--config", file, status=1)
    assert checks["configuration"]["health"] == FAIL
    assert len(checks["configuration"]["details"]) == 2
    assert "bad.yaml:2:3" in checks["configuration"]["details"][0]
    assert "--check-config" in checks["configuration"]["mend"]


def test_a_configuration_without_targets(bench):
    """What it says to write makes a valid file, also of the one that it says to make."""
    file = bench.write("full.yaml", bench.soakwatchd("--config", bench.write("none.yaml", ""),
                                                     "--show-config").out)
    lines = file.read_text().splitlines()
    found = doctor(bench, "--config", file)["configuration"]
    assert found["health"] == WARN
    line = int(found["mend"].split("`targets:` in line ")[1].split()[0])
    assert lines[line - 1] == "targets: []"
    lines[line - 1] = "targets: [name:sidecar]"
    file.write_text("\n".join(lines))
    assert doctor(bench, "--config", file)["configuration"]["health"] == PASS
    short = bench.write("short.yaml", "log:\n  level: info\n")
    found = doctor(bench, "--config", short)["configuration"]
    added = found["mend"].split("add a line `")[1].split("`")[0]
    short.write_text(short.read_text() + added + "\n")
    assert doctor(bench, "--config", short)["configuration"]["health"] == PASS


def test_a_daemon_and_its_database(bench):
    target = bench.leaky()
    daemon = bench.daemon(f"name:{target.comm}")
    daemon.db.wait_for_samples(target.comm)
    checks = doctor(bench, "--db", daemon.db.file)
    assert checks["database"]["health"] == PASS
    assert checks["daemon"]["found"] == f"soakwatchd runs, pid {daemon.pid}"
    assert "1 running" in checks["samples"]["found"]
    daemon.stop()
    assert doctor(bench, "--db", daemon.db.file)["daemon"]["health"] == WARN


def test_a_named_database_that_is_missing_or_of_another_program_fails(bench):
    assert doctor(bench, "--db", bench.folder / "none.db", status=1)["database"]["health"] == FAIL
    other = bench.write("other.db", "no database at all " * 100)
    assert doctor(bench, "--db", other, status=1)["database"]["health"] == FAIL


@pytest.mark.parametrize("words", [["pid:nonsense"], ["--nonsense"], ["a", "b"], ["cmdline:("]])
def test_usage(bench, words):
    assert bench.soakwatch("doctor", *words).status == 2


def test_text_is_aligned_and_without_colour(bench):
    done = bench.soakwatch("doctor")
    assert done.status == 0, done.out
    assert "\x1b" not in done.out
    lines = [line for line in done.out.splitlines() if line[:6] in ("pass  ", "warn  ", "fail  ")]
    column = len(lines[0]) - len(lines[0][6:].lstrip("kernel").lstrip())
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)


def test_a_bus_that_stays_silent_does_not_hang_it(bench):
    import socket
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(bench.folder / "bus"))
        silent.listen()
        address = f"unix:path={bench.folder / 'bus'}"
        done = bench.soakwatch("doctor", seconds=30, env={"DBUS_SYSTEM_BUS_ADDRESS": address,
                                                          "DBUS_SESSION_BUS_ADDRESS": address})
    assert done.status == 0, done.out
    assert "a soak cannot keep this machine awake" in done.out


def with_systemctl(bench, **properties):
    """The environment in which systemctl says this of both services."""
    lines = "".join(f"{name}={value}\n" for name, value in properties.items())
    bench.write("systemctl", f"#!/bin/sh\ncat <<'END'\n{lines}END\n").chmod(0o755)
    # The units know no other places than these.
    return {"PATH": f"{bench.folder}:{bench.env['PATH']}", "XDG_STATE_HOME": "",
            "XDG_CONFIG_HOME": ""}


def test_a_service_that_ends_again_and_again(bench):
    env = with_systemctl(bench, LoadState="loaded", ActiveState="activating",
                         SubState="auto-restart", MainPID=0)
    done = bench.soakwatch("doctor", "--json", env=env)
    assert done.status == 1
    checks = {check["check"]: check for check in json.loads(done.out)["checks"]}
    assert checks["system service"]["health"] == FAIL
    assert checks["system service"]["mend"] == "sudo journalctl -u soakwatch -n 50"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees more than the service")
def test_root_is_told_what_the_service_would_miss(bench):
    target = bench.leaky()
    env = with_systemctl(bench, LoadState="loaded", ActiveState="active", SubState="running",
                         MainPID=0, User="nobody", AmbientCapabilities="",
                         CapabilityBoundingSet="")
    done = bench.soakwatch("doctor", "--json", f"pid:{target.pid}", env=env)
    checks = {check["check"]: check for check in json.loads(done.out)["checks"]}
    assert checks["the service"]["health"] == WARN
    assert "deeper.conf" in checks["the service"]["mend"]
    env = with_systemctl(bench, LoadState="loaded", ActiveState="active", SubState="running",
                         MainPID=0, User="nobody",
                         AmbientCapabilities="cap_dac_read_search cap_sys_ptrace cap_perfmon")
    done = bench.soakwatch("doctor", "--json", f"pid:{target.pid}", env=env)
    assert "the service" not in {check["check"] for check in json.loads(done.out)["checks"]}


def test_the_service_of_ones_own_database_is_named(bench):
    env = with_systemctl(bench, LoadState="loaded", ActiveState="inactive", SubState="dead",
                         MainPID=0)
    mine = "sudo systemctl" if os.geteuid() == 0 else "systemctl --user"
    database = "/var/lib" if os.geteuid() == 0 else f"{bench.folder}/.local/state"
    words = ["doctor", "--json", "--db", f"{database}/soakwatch/soakwatch.db"]
    checks = {check["check"]: check
              for check in json.loads(bench.soakwatch(*words, env=env).out)["checks"]}
    if checks["daemon"]["health"] == PASS:
        pytest.skip("a daemon of this machine writes it")
    assert checks["daemon"]["mend"] == f"{mine} enable --now soakwatch"


def test_a_proc_of_processes_only_is_mended_by_its_mend(bench):
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user", "--pid", "--fork"]
    script = bench.write("mend.sh", f"""
mount -t proc -o subset=pid proc /proc || exit 77
{SOAKWATCH} doctor --json
mount -t proc proc /proc || exit 77
{SOAKWATCH} doctor --json
exit 0
""")
    program = bench.run_program(["unshare", *own, "--mount", "sh", script], "mend")
    if program.wait(60) != 0:
        pytest.skip(f"/proc may not be mounted here: {program.err.strip()}")
    before, after = [{check["check"]: check for check in json.loads(line)["checks"]}["proc"]
                     for line in program.out.splitlines()]
    assert before["health"] == FAIL and before["mend"].startswith("sudo mount -t proc proc /proc ")
    assert after["health"] == PASS


@preloads_a_library
@pytest.mark.parametrize("where", ["database", "configuration"])
def test_a_mount_that_answers_nobody(bench, where):
    """The rest is told all the same, and soon."""
    dead = bench.folder / "dead"
    dead.mkdir()
    words = {"database": ["--db", dead / "soak.db"],
             "configuration": ["--db", bench.folder / "soak.db", "--config", dead / "soakwatch.yaml"]}
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    program = bench.run_program(
        ["unshare", *own, "--mount", sys.executable, Path(__file__).parent / "dead_mount.py", dead,
         SOAKWATCH, "doctor", "--json", *words[where]], "dead")
    status = program.wait(30)
    if status == dead_mount.NOT_ALLOWED or "unshare" in program.err:
        pytest.skip(f"nothing may be mounted here: {program.err.strip()}")
    assert status == 1, program.err
    checks = {check["check"]: check for check in json.loads(program.out)["checks"]}
    silent = checks[where]
    assert silent["health"] == FAIL
    assert "does not answer" in silent["found"] + str(silent.get("details"))
    assert checks["proc"]["health"] in (PASS, WARN) and "kernel" in checks
