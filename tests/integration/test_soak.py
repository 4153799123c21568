"""soakwatch soak: run or attach, judge, report."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from conftest import LEAKY, SOAKWATCH
from database import Database
from login_manager import LoginManager
from program import DEADLINE_SECONDS, wait_until

PASS, ERROR, USAGE, LEAK, INCONCLUSIVE, LOST = range(6)

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
# A verdict of SHORT needs 40 s; the rest is for a machine that is slow and shared.
VERDICT_SECONDS = 60
SOAK_SECONDS = 180


class Soak:
    """A soak under way, with its report folder."""

    def __init__(self, bench, *words, seconds=1, config=SHORT, options=(), **start):
        self.folder = bench.folder / f"report-{len(bench.programs.started)}"
        file = bench.write(f"soak-{len(bench.programs.started)}.yaml", config)
        arguments = [SOAKWATCH, "soak", "--for", f"{round(seconds * 1000)}ms", "--config", file,
                     "--report", self.folder, *options, *words]
        self.program = bench.run_program(arguments, "soak", cwd=bench.folder, **start)
        self.db = Database(self.folder / "samples.db")

    def wait(self, seconds=SOAK_SECONDS):
        return self.program.wait(seconds)

    @property
    def out(self):
        return self.program.out

    @property
    def err(self):
        return self.program.err

    @property
    def json(self):
        report = json.loads((self.folder / "report.json").read_text())
        assert report["exit_status"] == self.program.process.returncode
        return report

    def cases(self):
        """Name of each testcase, and what became of it; checks the form of the file on the way."""
        root = ET.parse(self.folder / "junit.xml").getroot()
        assert root.tag == "testsuites"
        [suite] = root
        cases = suite.findall("testcase")
        for key in ("name", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"):
            assert suite.get(key), key
        assert [child.tag for child in suite] == (
            ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"])
        outcomes = {}
        for case in cases:
            assert case.get("name") and case.get("classname") and float(case.get("time")) >= 0
            children = [child.tag for child in case]
            assert children in ([], ["system-out"]) or children[0] in ("failure", "error", "skipped")
            outcomes[case.get("name")] = case[0] if children and children[0] != "system-out" else None
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            there = [one for one in outcomes.values() if one is not None and one.tag == tag]
            assert int(suite.get(key)) == len(there)
        assert int(suite.get("tests")) == len(outcomes)
        return outcomes

    def case(self, name):
        """Tag, type and message of one testcase that did not pass."""
        element = self.cases()[name]
        return (element.tag, element.get("type"), element.get("message"))

    def wait_for_samples(self, count=3):
        def enough():
            if not self.db.ready():
                return None
            rows = self.db.rows("SELECT i.pid FROM samples s JOIN instances i ON i.id = s.instance_id "
                                "ORDER BY s.id")
            return rows if len(rows) >= count else None
        return [row["pid"] for row in wait_until(enough, lambda: f"samples: {self.out}{self.err}")]

    def wait_for_instances(self, count):
        """Pids of those that were sampled."""
        return wait_until(
            lambda: (lambda pids: pids if len(set(pids)) >= count else None)(self.wait_for_samples(1)),
            lambda: f"{count} processes: {self.err}")


def alive(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def python(code):
    return ["--", sys.executable, "-c", code]


@pytest.fixture(scope="module")
def verdicts(module_bench):
    """The two that need their time, side by side; one launched, one attached to."""
    steady = module_bench.leaky("-mode", "steady")
    soaks = {
        "leak": Soak(module_bench, "--", LEAKY, "-mode", "goroutine,fd", "-leak-rate-goroutines", "10",
                     "-leak-rate-fds", "3", "-for", "5m", seconds=VERDICT_SECONDS),
        "steady": Soak(module_bench, f"pid:{steady.pid}", seconds=VERDICT_SECONDS)}
    for soak in soaks.values():
        soak.wait()
    return soaks


def test_a_leak_fails(verdicts):
    soak = verdicts["leak"]
    assert soak.wait() == LEAK, soak.out + soak.err
    assert soak.out.startswith("FAIL  ") and str(soak.folder) in soak.out
    report = soak.json
    assert (report["verdict"], report["ending"]) == ("FAIL", "time_up")
    assert {"goroutine_growth", "fd_growth"} <= {alert["detector"] for alert in report["analysis"]["alerts"]}
    assert report["command"]["argv"][0] == str(LEAKY) and report["command"]["ended_by_soakwatch"]
    assert not report["command"]["failed"]
    tag, kind, message = soak.case("goroutines (goroutine_growth)")
    assert (tag, kind) == ("failure", "leak") and "goroutines grew from" in message
    assert soak.cases()["command"] is None
    assert not alive(report["analysis"]["instances"][0]["pid"])
    # The output of the command is kept apart from the verdict.
    assert "pprof http" in (soak.folder / "command.log").read_text() and "pprof http" not in soak.out
    assert "FIRING" in soak.err


def test_a_steady_program_passes(verdicts):
    soak = verdicts["steady"]
    assert soak.wait() == PASS, soak.out + soak.err
    assert soak.out.startswith("PASS  no leak in ")
    report = soak.json
    assert report["verdict"] == "PASS" and report["command"] is None
    assert report["watched_seconds"] == pytest.approx(VERDICT_SECONDS, abs=2)
    judged = {one["detector"]: one for one in report["detectors"]}
    for detector in ("goroutine_growth", "live_heap_growth", "fd_growth", "anon_memory_growth"):
        assert judged[detector]["state"] == "clean"
        assert judged[detector]["smallest_detectable_slope"] > 0
    assert all(outcome is None for outcome in soak.cases().values())
    assert alive(report["analysis"]["instances"][0]["pid"])  # it was there before


def test_analyze_agrees(verdicts, module_bench):
    """Of the same samples, from the database that the soak leaves behind."""
    for soak in verdicts.values():
        config = module_bench.write("again.yaml", SHORT)
        done = module_bench.soakwatch("analyze", soak.folder / "samples.db", "--json", "--config", config)
        assert done.status == soak.wait()
        again = json.loads(done.out)
        first = soak.json["analysis"]
        # Who is behind it only the soak could see.
        for alert in first["alerts"] + again["alerts"]:
            alert.pop("culprits"), alert.pop("probe")
        for key in ("verdict", "summary", "series", "samples", "alerts", "instance_count"):
            assert again[key] == first[key], key


def test_too_short_is_said_first_and_never_passes(bench):
    steady = bench.leaky()
    soak = Soak(bench, f"pid:{steady.pid}", seconds=3)
    soak.program.wait_for(r"^a verdict needs at least 4\ds .*: 3s can end in FAIL or INCONCLUSIVE", "err")
    assert soak.wait() == INCONCLUSIVE
    assert soak.out.startswith("INCONCLUSIVE  no leak was found, but not everything was judged")
    assert "a verdict needs at least 4" in soak.out
    assert soak.case("open_fds (fd_growth)")[0] == "skipped"
    assert soak.cases()["target"] is None


def test_the_usual_configuration_needs_hours(bench):
    soak = Soak(bench, "--", "sleep", "60", seconds=1, config="{}")
    soak.program.wait_for(r"^a verdict needs at least 3h\d+m with this configuration", "err")
    assert soak.wait() == INCONCLUSIVE


def test_a_configuration_that_can_give_no_verdict(bench):
    soak = Soak(bench, "--", "sleep", "60", config=SHORT.replace("cold_start_span: 0s",
                                                                "cold_start_span: 2h"))
    soak.program.wait_for("can give no PASS", "err")
    assert soak.wait() == INCONCLUSIVE


def test_a_short_lived_command(bench):
    soak = Soak(bench, *python("print('done')"), seconds=300)
    assert soak.wait() == LOST
    assert "the command exited with status 0 after" in soak.out
    tag, kind, message = soak.case("command")
    assert (tag, kind) == ("error", "command_ended") and "before 5m were over" in message


@pytest.mark.parametrize("end, words, kind", [
    ("sys.exit(7)", "exited with status 7", "status"),
    ("os.kill(os.getpid(), 11)", "killed by signal 11", "signal")])
def test_a_command_that_crashes(bench, end, words, kind):
    code = f"import os, sys; print('last <words> & all', flush=True); {end}"
    soak = Soak(bench, *python(code), seconds=300)
    assert soak.wait() == LOST
    assert f"the command {words} after" in soak.out
    command = soak.json["command"]
    assert command["failed"] and command[kind] == int(words.split()[-1])
    assert command["last_output"] == "last <words> & all"
    tag, reason, message = soak.case("command")
    assert (tag, reason) == ("error", "command_failed") and words in message


def test_a_command_that_cannot_be_started(bench):
    soak = Soak(bench, "--", "/no/such/program")
    assert soak.wait() == ERROR
    assert "/no/such/program" in soak.out
    assert soak.case("command")[:2] == ("error", "command_failed")


def test_a_command_that_ignores_sigterm(bench):
    """With a child that does so as well, in a group of its own."""
    code = ("import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "if os.fork() == 0: os.setpgid(0, 0)\nprint('pid', os.getpid(), flush=True)\n"
            "while True: time.sleep(9)")
    soak = Soak(bench, *python(code), seconds=2)
    soak.wait_for_samples(1)
    log = soak.folder / "command.log"
    wait_until(lambda: log.exists() and log.read_text().count("pid ") == 2, "both")
    pids = [int(line.split()[1]) for line in log.read_text().splitlines()]
    assert soak.wait() == INCONCLUSIVE
    assert "did not end within 10s of SIGTERM and was killed" in soak.out
    assert not any(alive(pid) for pid in pids)
    assert soak.json["command"]["signal"] == 9 and not soak.json["command"]["failed"]


def test_a_supervisor_that_starts_it_again(bench):
    """The program below the shell is what is watched, and each run of it is a new process."""
    name = bench.unique_name()
    (bench.folder / name).symlink_to(LEAKY)
    script = bench.write("run.sh", f"#!/bin/sh\nwhile :; do ./{name} -for 5m; done\n")
    script.chmod(0o755)
    soak = Soak(bench, "--", "./run.sh", seconds=300)
    first = soak.wait_for_instances(1)[0]
    assert open(f"/proc/{first}/comm").read() == name + "\n"
    os.kill(first, signal.SIGKILL)
    second = soak.wait_for_instances(2)[-1]
    assert open(f"/proc/{second}/comm").read() == name + "\n"
    assert soak.program.stop(signal.SIGINT) == INCONCLUSIVE
    assert "the process was restarted 1 time: each is judged by itself" in soak.out
    assert [one["pid"] for one in soak.json["analysis"]["instances"]] == [first, second]
    assert not alive(second)


DAEMON = """
import os, sys, time
if os.fork(): time.sleep(2); os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
time.sleep(600)
"""


def test_one_that_daemonises(bench):
    """Its parent is gone; it is found, watched and ended all the same."""
    soak = Soak(bench, *python(DAEMON), seconds=300)
    daemon = soak.wait_for_instances(2)[-1]
    assert alive(daemon)
    assert soak.program.stop(signal.SIGINT) == INCONCLUSIVE
    assert not alive(daemon) and len(soak.json["analysis"]["instances"]) == 2


def test_one_that_becomes_another_program(bench):
    """By exec, with the same pid: it is judged afresh."""
    code = f"import os, time; time.sleep(2); os.execv({str(LEAKY)!r}, ['leaky', '-for', '5m'])"
    soak = Soak(bench, *python(code), seconds=300)
    soak.program.wait_for("program_replaced", "err")
    soak.wait_for_samples(len(soak.wait_for_samples(1)) + 3)
    assert soak.program.stop(signal.SIGINT) == INCONCLUSIVE
    first, second = soak.json["analysis"]["instances"]
    assert first["pid"] == second["pid"] and "runs another program now" in soak.out


def test_a_program_that_needs_a_screen(bench):
    code = ("import os, sys, time; os.open('/dev/tty', os.O_RDWR); "
            "print(os.isatty(0), os.isatty(1), os.get_terminal_size().columns); time.sleep(600)")
    expect_output(Soak(bench, *python("import sys; sys.stdout.reconfigure(line_buffering=True); " + code),
                       seconds=300), "True True 120\n")


def test_a_program_without_a_terminal(bench):
    code = ("import os, sys, time; "
            "print(os.isatty(0), os.isatty(1), repr(sys.stdin.read()), flush=True); time.sleep(600)")
    expect_output(Soak(bench, *python(code), seconds=300, options=["--no-terminal"]), "False False ''\n")


def expect_output(soak, text):
    log = soak.folder / "command.log"
    wait_until(lambda: log.exists() and log.read_text() == text,
               lambda: log.read_text() if log.exists() else soak.err)
    assert soak.program.stop(signal.SIGINT) == INCONCLUSIVE


def test_a_target_without_pprof(bench):
    soak = Soak(bench, "--", "sleep", "60", seconds=5)
    assert soak.wait() == INCONCLUSIVE
    assert "no pprof server was found: judged by /proc alone" in soak.out
    assert "no pprof server was found" in soak.err
    assert soak.case("goroutines (goroutine_growth)")[2] == "goroutines could not be read"


def test_an_attached_target_that_ends(bench):
    leaky = bench.leaky()
    soak = Soak(bench, f"pid:{leaky.pid}", seconds=300)
    soak.wait_for_samples()
    leaky.kill()
    assert soak.wait() == LOST
    assert f"the target was lost: pid {leaky.pid} ended" in soak.out
    assert soak.case("target")[:2] == ("error", "target_lost")


def test_an_attached_target_that_comes_back(bench):
    name = bench.unique_name()
    first = bench.leaky(name=name)
    soak = Soak(bench, f"name:{name}", seconds=300, options=["--away", "60s"])
    soak.wait_for_samples()
    first.kill()
    second = bench.leaky(name=name)
    soak.wait_for_instances(2)
    assert soak.program.stop(signal.SIGINT) == INCONCLUSIVE
    assert [one["pid"] for one in soak.json["analysis"]["instances"]] == [first.pid, second.pid]


def test_a_target_that_stays_away(bench):
    soak = Soak(bench, f"name:{bench.unique_name()}", seconds=300, options=["--away", "1s"])
    assert soak.wait() == LOST
    assert "no process was found for name:" in soak.out and soak.json["analysis"]["samples"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ended_early(bench, number):
    soak = Soak(bench, "--", "sleep", "600", seconds=300)
    child = soak.wait_for_samples()[0]
    soak.program.send(number)
    assert soak.wait() == INCONCLUSIVE
    assert f"ended early by signal {int(number)} after" in soak.out
    assert soak.json["ending"] == "interrupted" and not alive(child)
    assert soak.case("command")[0] == "skipped"


def test_ended_at_once(bench):
    """By a second signal, while the command will not end."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    soak = Soak(bench, *python(code), seconds=300)
    child = soak.wait_for_samples()[0]
    log = soak.folder / "command.log"
    wait_until(lambda: log.exists() and "up" in log.read_text(), "the command")
    soak.program.send(signal.SIGINT)
    soak.program.wait_for("ending early", "err")
    soak.program.send(signal.SIGINT)
    assert soak.wait() == -signal.SIGINT
    wait_until(lambda: not alive(child), "the end of the command")
    assert not (soak.folder / "report.json").exists()


def test_the_command_ends_with_a_soak_that_is_killed(bench):
    soak = Soak(bench, "--", "sleep", "600", seconds=300)
    child = soak.wait_for_samples()[0]
    soak.program.kill()
    wait_until(lambda: not alive(child), "the end of the command")


def test_the_folder_cannot_be_written(bench):
    for folder, words in (("/proc/no/report", "cannot be written: No such file"),
                          ("/dev/null", "cannot be written: Not a directory")):
        done = bench.soakwatch("soak", "--report", folder, "--", "sleep", "60")
        assert done.status == ERROR and words in done.err, done.err
        assert done.out == ""


def test_the_disk_is_full_at_the_start(bench):
    limited = f"prlimit --fsize=5 '{SOAKWATCH}' soak --report full -- sleep 60"
    done = subprocess.run(["sh", "-c", limited], cwd=bench.folder, env=bench.env, timeout=60,
                          capture_output=True, check=False)
    assert done.returncode == ERROR and b"/full cannot be written: File too large" in done.stderr


def test_the_disk_is_too_small(bench):
    """A soak for ten years."""
    done = bench.soakwatch("soak", "--for", "3650d", "--interval", "100ms", "--report", "r", "--", "sleep", "60")
    assert done.status == ERROR and "this soak may need" in done.err


def test_the_disk_fills_up(bench):
    """The limit of a file's size stands for it: neither samples nor report can be written, and the
    verdict is the right one."""
    leaky = bench.leaky("-mode", "goroutine,fd", "-leak-rate-goroutines", "10", "-leak-rate-fds", "3")
    soak = Soak(bench, f"pid:{leaky.pid}", seconds=VERDICT_SECONDS)
    soak.wait_for_samples(1)
    subprocess.run(["prlimit", f"--pid={soak.program.pid}", "--fsize=4096"], check=True)
    assert soak.wait() == LEAK
    assert soak.out.startswith("FAIL  ")
    assert "the database: " in soak.err and "cannot write" in soak.err


def test_an_earlier_report_is_kept(bench):
    soak = Soak(bench, "--", "sleep", "60")
    assert soak.wait() == INCONCLUSIVE
    before = (soak.folder / "samples.db").read_bytes()
    done = bench.soakwatch("soak", "--report", soak.folder, "--", "sleep", "60")
    assert done.status == USAGE and "holds an earlier soak" in done.err
    assert (soak.folder / "samples.db").read_bytes() == before


def test_where_the_report_goes_by_itself(bench):
    done = bench.soakwatch("soak", "--for", "1s", "--", "sleep", "60")
    assert done.status == INCONCLUSIVE
    [folder] = bench.folder.glob("soakwatch-soak-sleep-2*")
    assert {"samples.db", "report.json", "junit.xml"} <= {file.name for file in folder.iterdir()}


def test_json_on_stdout(bench):
    soak = Soak(bench, "--", "sleep", "60", options=["--json"])
    assert soak.wait() == INCONCLUSIVE
    assert json.loads(soak.out) == soak.json


@pytest.mark.parametrize("arguments", [
    [], ["sidecar", "--", "sleep", "1"], ["--for", "soon", "sidecar"], ["--for", "0s", "sidecar"],
    ["--warm-up", "x", "sidecar"], ["--config", "/no/such.yaml", "sidecar"]])
def test_usage(bench, arguments):
    done = bench.soakwatch("soak", *arguments)
    assert (done.status, done.out) == (USAGE, ""), done.err
    assert list(bench.folder.glob("soakwatch-soak-*")) == []


def test_a_line_that_is_drawn_again(bench):
    """On a terminal: a line of progress, and the words of the log above it."""
    ours, theirs = os.openpty()
    words = ["setpriv", "--pdeathsig", "KILL", "--", str(SOAKWATCH), "soak", "--for", "3s", "--report", "r",
             "--interval", "100ms", "--", "sleep", "60"]
    with subprocess.Popen(words, cwd=bench.folder, env=bench.env, stderr=theirs,
                          stdout=subprocess.DEVNULL) as soak:
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
        except OSError:
            pass  # the other side is closed
        os.close(ours)
        assert soak.wait(DEADLINE_SECONDS) == INCONCLUSIVE
    text = seen.decode()
    assert "\r\x1b[Ksleep  " in text and " left, " in text and "warms up for" in text
    assert "instance_started" in text
    # Nothing of the line is left behind at the end.
    assert text.rstrip().endswith("\x1b[K") or "daemon_stopped" in text.splitlines()[-1]


def test_the_machine_is_kept_awake(bench):
    bus = LoginManager(bench.folder)
    env = {**bench.env, "DBUS_SYSTEM_BUS_ADDRESS": bus.address}
    soak = Soak(bench, "--", "sleep", "60", seconds=300, env=env)
    soak.wait_for_samples(1)
    assert bus.calls and "sleep:idle" in str(bus.calls[0]) and "block" in str(bus.calls[0])
    assert "a soak of sleep" in str(bus.calls[0])
    assert bus.held()
    assert soak.program.stop(signal.SIGINT) == INCONCLUSIVE
    assert bus.released()
    assert not any("logind" in note for note in soak.json["notes"])


def test_a_bus_that_does_not_answer(bench):
    """Costs two seconds, and is told in the report only."""
    bus = LoginManager(bench.folder, answers=False)
    soak = Soak(bench, "--", "sleep", "60", env={**bench.env, "DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    assert soak.wait(DEADLINE_SECONDS) == INCONCLUSIVE
    assert any("logind was not asked" in note and "timed out" in note for note in soak.json["notes"])
    assert "logind" not in soak.out + soak.err
