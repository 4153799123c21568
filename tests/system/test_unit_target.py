"""Targets by systemd unit and by control group, under a systemd that really booted."""

import csv
import io
import json

from conftest import LEAKY
from program import wait_until


def check_samples_of(daemon, target, pid):
    """Rounds of one process, with goroutines that leak: its pprof server was found."""
    first = daemon.db.wait_for_samples(target, 1, lambda row: row["goroutines"] is not None)[0]
    more = first["goroutines"] + 20
    daemon.db.wait_for_samples(target, 3, lambda row: (row["goroutines"] or 0) > more)
    rows = daemon.db.samples(target)
    assert {row["pid"] for row in rows} == {pid}
    assert all(row["rss_bytes"] > 0 and row["open_fds"] > 0 for row in rows)


def names_of(daemon, target):
    return [(row["comm"], row["exe"]) for row in daemon.db.instances(target)]


def test_a_unit_and_its_control_group(machine):
    pid = machine.leaky("leaky.service")
    assert machine.pids("leaky.service") == [pid]
    daemon = machine.daemon("unit:leaky.service", "cgroup:/system.slice/leaky.service")
    for target in ("leaky", "leaky.service"):
        check_samples_of(daemon, target, pid)
        assert names_of(daemon, target) == [("leaky", "/usr/local/bin/leaky")]
    assert daemon.db.kinds().count("pprof_found") == 2
    assert daemon.db.events("target_ambiguous") == []

    db = ["--db", f"/shared/{daemon.unit}.db"]
    status = json.loads(machine.run("soakwatch", "status", "--json", *db).out)
    assert status["daemon_running"] and status["daemon_pid"] == machine.main_pid(daemon.unit)
    assert [row["spec"] for row in status["targets"]] == [
        "unit:leaky.service", "cgroup:/system.slice/leaky.service"]
    assert all(row["pid"] == pid and row["instances"] == 1 for row in status["targets"])
    assert all(row["goroutines"] > 20 for row in status["targets"])
    table = machine.run("soakwatch", "export", "--target", "leaky", *db).out
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["pid"] for row in rows} == {str(pid)}
    assert int(rows[-1]["goroutines"]) > 20
    machine.systemctl("stop", daemon.unit)
    assert daemon.db.kinds()[-1] == "daemon_stopped"
    assert machine.main_pid("leaky.service") == pid


def test_a_unit_that_is_restarted_stopped_and_killed(machine):
    pids = [machine.leaky("leaky.service", "Restart=always", "RestartSec=100ms")]
    daemon = machine.daemon("unit:leaky.service")

    def next_instance():
        wait_until(lambda: machine.main_pid("leaky.service") not in (0, *pids), "the next process")
        pids.append(machine.main_pid("leaky.service"))
        daemon.db.wait_for_samples(
            "leaky", 3, lambda row: row["pid"] == pids[-1] and row["goroutines"])

    daemon.db.wait_for_samples("leaky", 3)
    machine.systemctl("restart", "leaky.service")
    next_instance()
    machine.systemctl("stop", "leaky.service")
    wait_until(lambda: len(daemon.db.events("instance_ended")) == 2, "the end")
    machine.systemctl("start", "leaky.service")
    next_instance()
    machine.systemctl("kill", "--signal=KILL", "leaky.service")  # and systemd starts it again
    next_instance()

    instances = daemon.db.instances("leaky")
    assert [row["pid"] for row in instances] == pids
    assert [row["ended_ms"] is None for row in instances] == [False, False, False, True]
    kinds = daemon.db.kinds()
    assert kinds.count("instance_started") == 1
    assert kinds.count("instance_restarted") == 3
    assert kinds.count("instance_ended") == 3
    order = [row["pid"] for row in daemon.db.samples("leaky")]
    assert order == sorted(order, key=pids.index)


def test_a_unit_that_starts_later(machine):
    machine.unit("leaky.service")
    daemon = machine.daemon("unit:leaky.service", "cgroup:/system.slice/leaky.service")
    for target in ("leaky", "leaky.service"):
        wait_until(lambda: f"{target}: waiting for a process" in daemon.err, "the wait")
    pid = machine.start("leaky.service")
    for target in ("leaky", "leaky.service"):
        check_samples_of(daemon, target, pid)


def check_helper(machine, name, pid):
    """Of the unit's two processes the main one is watched, which is the older."""
    helper, = wait_until(lambda: [one for one in machine.pids(name) if one != pid], "the helper")
    daemon = machine.daemon(f"unit:{name}")
    check_samples_of(daemon, name.removesuffix(".service"), pid)
    (_, detail), = daemon.db.events("target_ambiguous")
    assert f"watching pid {pid}, which started first, not {helper}" in detail


def test_a_helper_that_is_started_after_the_main_process(machine):
    pid = machine.leaky("leaky.service", "ExecStartPost=/bin/sh -c 'sleep 600 &'")
    check_helper(machine, "leaky.service", pid)


def test_a_helper_that_a_start_script_leaves_behind(machine):
    pid = machine.leaky("leaky.service", start=f"/bin/sh -c 'sleep 600 & exec {LEAKY}'")
    check_helper(machine, "leaky.service", pid)


def test_helpers_that_outlive_a_restart_are_older(machine):
    """The same rule; whoever wants the main process says so in another way."""
    pid = machine.leaky("leaky.service", "KillMode=process",
                        "ExecStartPost=/bin/sh -c 'sleep 600 &'")
    helper, = wait_until(lambda: [one for one in machine.pids("leaky.service") if one != pid],
                         "the helper")
    machine.systemctl("restart", "leaky.service")
    pid = machine.main_pid("leaky.service")
    daemon = machine.daemon("unit:leaky.service", "cmdline:^/usr/local/bin/leaky")
    assert {row["pid"] for row in daemon.db.wait_for_samples("leaky")} == {helper}
    check_samples_of(daemon, "cmdline-usr-local-bin-leaky", pid)


def test_a_forking_service(machine):
    pid = machine.leaky("leaky.service", "Type=forking", "PIDFile=/run/leaky.pid",
                        start=f"/bin/sh -c '{LEAKY} & echo $! > /run/leaky.pid'")
    daemon = machine.daemon("unit:leaky.service")
    check_samples_of(daemon, "leaky", pid)


def test_a_process_that_is_found_before_it_is_the_program(machine):
    """Between fork and exec it is a copy of systemd, here for as long as nobody writes to a pipe."""
    machine.run("mkfifo", "/run/gate")
    try:
        pid = machine.leaky("leaky.service", "StandardInput=file:/run/gate", "Environment=GOGC=50")
        daemon = machine.daemon("unit:leaky.service")
        daemon.db.wait_for_samples("leaky")
        assert names_of(daemon, "leaky")[0][0] == "(leaky)"
        machine.run("sh", "-c", "exec 3> /run/gate")
        check_samples_of(daemon, "leaky", pid)
    finally:
        machine.run("rm", "/run/gate")
    assert names_of(daemon, "leaky") == [("leaky", "/usr/local/bin/leaky")]
    instance, = daemon.db.instances("leaky")
    assert instance["gogc"] == 50 and instance["cmdline"] == LEAKY


def test_a_start_script_that_becomes_the_program(machine):
    wait = "until test -e /run/gate; do sleep 0.1; done"
    pid = machine.leaky("leaky.service", start=f"/bin/sh -c '{wait}; exec {LEAKY}'")
    daemon = machine.daemon("unit:leaky.service")
    daemon.db.wait_for_samples("leaky")
    assert names_of(daemon, "leaky")[0][0] == "sh"
    machine.run("touch", "/run/gate")
    try:
        check_samples_of(daemon, "leaky", pid)
    finally:
        machine.run("rm", "/run/gate")
    assert names_of(daemon, "leaky") == [("leaky", "/usr/local/bin/leaky")]


def test_instances_of_a_template(machine):
    machine.unit("leaky@.service")
    machine.unit("leaky.service")
    pids = [machine.start(name) for name in ("leaky@1.service", "leaky@2.service", "leaky.service")]
    slice_of_both = "/system.slice/system-leaky.slice"
    daemon = machine.daemon("unit:leaky@1.service", "unit:leaky@2.service", "unit:leaky.service",
                            f"cgroup:{slice_of_both}")
    for target, pid in zip(("leaky@1", "leaky@2", "leaky"), pids):
        check_samples_of(daemon, target, pid)
    # The older of both, and the other when that has ended.
    rows = daemon.db.wait_for_samples("system-leaky.slice")
    assert {row["pid"] for row in rows} == {pids[0]}
    machine.systemctl("stop", "leaky@1.service")
    daemon.db.wait_for_samples("system-leaky.slice", 3, lambda row: row["pid"] == pids[1])
    assert {row["pid"] for row in daemon.db.samples("leaky@2")} == {pids[1]}
    assert len(daemon.db.instances("leaky@1")) == 1


def test_a_name_with_an_escape(machine):
    name = machine.run("systemd-escape", "--suffix=service", "leaky-a-b").out.strip()
    assert name == r"leaky\x2da\x2db.service"
    other = machine.leaky("leaky-a-b.service")
    pid = machine.leaky(name)
    config = f"targets:\n  - name: from-file\n    match: unit:{name}\n    interval: 100ms\n"
    for daemon, target in ((machine.daemon(f"unit:{name}"), r"leaky\x2da\x2db"),
                           (machine.daemon(config=config), "from-file")):
        check_samples_of(daemon, target, pid)
    assert other != pid


def test_an_alias_is_not_found(machine):
    machine.unit("leaky.service")
    alias = machine.container.path("/run/systemd/system") / "alias.service"
    alias.symlink_to("leaky.service")
    machine.files.append(alias)
    machine.systemctl("daemon-reload")
    pid = machine.start("alias.service")
    assert pid == machine.main_pid("leaky.service")
    daemon = machine.daemon("unit:alias.service", "unit:leaky.service")
    check_samples_of(daemon, "leaky", pid)
    assert "alias: waiting for a process that fits unit:alias.service" in daemon.err
    assert daemon.db.instances("alias") == []


def test_names_that_systemd_changes_for_the_control_group(machine):
    """The kernel has files of such names in each control group: see cg_escape() of systemd."""
    for name in ("memory.service", "_leaky.service", "cgroup.service"):
        pid = machine.leaky(name)
        group = machine.control_group(name)
        assert group == f"/system.slice/_{name}"
        daemon = machine.daemon(f"unit:{name}", f"cgroup:{group}")
        check_samples_of(daemon, name.removesuffix(".service"), pid)
        check_samples_of(daemon, f"_{name}", pid)


def test_a_scope(machine):
    machine.started.append("leaky.scope")  # to be stopped in the end
    machine.unit("run-leaky.service", start=f"systemd-run --scope --unit=leaky.scope {LEAKY}")
    machine.start("run-leaky.service")
    pid, = wait_until(lambda: machine.systemctl("is-active", "leaky.scope", check=False) == "active"
                      and machine.pids("leaky.scope"), "the scope")
    daemon = machine.daemon("unit:leaky.scope")
    check_samples_of(daemon, "leaky.scope", pid)


def test_a_unit_of_a_user(machine):
    machine.run("useradd", "--create-home", "--uid", "4242", "tester")
    machine.unit("leaky.service", folder="/run/systemd/user")
    machine.start("user@4242.service")

    def systemctl(*words):
        return machine.run("runuser", "-u", "tester", "--", "env", "XDG_RUNTIME_DIR=/run/user/4242",
                           "systemctl", "--user", *words).out.strip()
    systemctl("start", "leaky.service")
    pid = int(systemctl("show", "--property=MainPID", "--value", "leaky.service"))
    group = systemctl("show", "--property=ControlGroup", "--value", "leaky.service")
    assert group.startswith("/user.slice/user-4242.slice/user@4242.service/")
    daemon = machine.daemon("unit:leaky.service", f"cgroup:{group}")
    check_samples_of(daemon, "leaky", pid)
    check_samples_of(daemon, "leaky.service", pid)
