"""What is installed beside the programs: units, completion, man pages, the service's configuration."""

import re
import shutil
import subprocess

import pytest

from conftest import ROOT, SOAKWATCH, SOAKWATCHD

SYSTEM_UNIT = ROOT / "packaging/systemd/soakwatch.service"
DEEPER = ROOT / "packaging/systemd/deeper.conf"
# As low as the best of its peers; most of what watches processes stands at 9.
MAX_EXPOSURE = 1.6
# With the least of the capabilities that look deeper, and with all of them.
MAX_EXPOSURE_DEEPER = {"level 1": 1.6, "level 2": 2.0}

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="there is no systemd-analyze")


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60,
                          **options)


def exposure(unit):
    done = run("systemd-analyze", "security", "--offline=true", unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, f"{done.stdout} {done.stderr}"
    return float(found[1]), done.stdout


def deeper(level):
    """The drop-in with one of its levels."""
    text = DEEPER.read_text()
    if level == "level 2":
        text = "\n".join(line.removeprefix("#") if re.match(r"#\w+=", line) else line
                         for line in text.splitlines() if not re.match(r"\w+=", line))
    return text


@needs_systemd
def test_the_service_is_exposed_little():
    level, table = exposure(SYSTEM_UNIT)
    assert level <= MAX_EXPOSURE, table


@needs_systemd
@pytest.mark.parametrize("level", MAX_EXPOSURE_DEEPER)
def test_the_deeper_levels_are_exposed_little_more(tmp_path, level):
    unit = tmp_path / "soakwatch.service"
    unit.write_text(SYSTEM_UNIT.read_text() + "\n[Service]\nAmbientCapabilities=\n"
                    "CapabilityBoundingSet=\n" + deeper(level))
    words = unit.read_text().split("[Install]")[1]
    assert ("CAP_SYS_PTRACE" in re.sub(r"(?m)^#.*", "", words)) == (level == "level 2")
    found, table = exposure(unit)
    assert found <= MAX_EXPOSURE_DEEPER[level], table


def test_the_lines_of_level_2_are_the_last_two_of_the_drop_in():
    """docs/install.md and its own head name them."""
    last = [line for line in DEEPER.read_text().splitlines() if line][-2:]
    install = (ROOT / "docs/install.md").read_text()
    assert all(line.startswith("#") and f"`{line}`" in install for line in last)
    assert [line.split("=")[0] for line in last] == ["#AmbientCapabilities", "#CapabilityBoundingSet"]


@needs_systemd
@pytest.mark.parametrize("name, scope", [("soakwatch.service", "--system"),
                                         ("soakwatch.user.service", "--user")])
def test_systemd_understands_the_units(tmp_path, name, scope):
    text = (ROOT / "packaging/systemd" / name).read_text()
    unit = tmp_path / "soakwatch.service"
    # Verify looks the program up, and its man pages.
    text = text.replace("ExecStart=soakwatchd", f"ExecStart={SOAKWATCHD}")
    unit.write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = run("systemd-analyze", scope, "verify", unit, env=env)
    assert "soakwatch.service" not in done.stderr, done.stderr


def test_what_would_blind_it_is_not_in_the_service():
    settings = re.findall(r"(?m)^(\w+)=(.*)$", SYSTEM_UNIT.read_text())
    names = dict(settings)
    assert "ProcSubset" not in names and "ProtectProc" not in names
    assert names["Type"] == "notify" and int(names["WatchdogSec"]) >= 60
    assert "2" in names["RestartPreventExitStatus"].split()
    assert names["IPAddressDeny"] == "any" and names["IPAddressAllow"] == "localhost"


def test_the_configuration_of_the_service(bench):
    file = ROOT / "packaging/systemd/soakwatch.yaml"
    shown = bench.soakwatchd("--config", file, "--show-config")
    assert shown.status == 0, shown.err
    assert "unit:systemd-journald.service" in shown.out


class Completion:
    def __init__(self, folder):
        self.folder = folder
        for program in (SOAKWATCH, SOAKWATCHD):
            (folder / program.name).symlink_to(program)

    def of(self, line):
        """What bash would offer behind `line`."""
        words = line.split(" ")
        script = (f"source {ROOT}/packaging/completions/soakwatch\n"
                  'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _soakwatch\n'
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = run("bash", "-c", script, "bash", *words, cwd=self.folder,
                   env={"PATH": f"{self.folder}:/usr/bin:/bin"})
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return done.stdout.split()


@pytest.fixture
def completion(tmp_path):
    return Completion(tmp_path)


def test_completion_of_commands_and_options(completion):
    assert {"watch", "status", "alerts", "export"} <= set(completion.of("soakwatch "))
    assert completion.of("soakwatch ex") == ["export"]
    assert completion.of("soakwatch export --pre") == ["--preset"]
    assert "--format" in completion.of("soakwatch export -")
    assert "--format" not in completion.of("soakwatch status -")
    assert "show" in completion.of("soakwatch alerts ")
    assert completion.of("soakwatchd --check") == ["--check-config"]


def test_completion_of_values(completion):
    assert completion.of("soakwatch export --format ") == ["wide", "long", "mem-monitor"]
    (completion.folder / "soak.db").touch()
    assert completion.of("soakwatch status --db soak.") == ["soak.db"]
    assert completion.of("soakwatch watch -- ") == []


def test_man_pages(tmp_path):
    done = run("python3", ROOT / "packaging/man/make_pages.py", "--soakwatch", SOAKWATCH,
               "--soakwatchd", SOAKWATCHD, "--example", ROOT / "packaging/soakwatch.yaml",
               "--output", tmp_path, env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "86400"})
    assert done.returncode == 0, done.stderr
    texts = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert set(texts) == {"soakwatch.1", "soakwatchd.8", "soakwatch.yaml.5"}
    assert "1970-01-02" in texts["soakwatch.1"]
    for name in ("export", "alerts list", "mem\\-monitor"):
        assert f".SS soakwatch {name}" in texts["soakwatch.1"]
    assert "\\-\\-check\\-config" in texts["soakwatchd.8"]
    assert all(word in texts["soakwatchd.8"] for word in ("SIGHUP", "SIGUSR1", "$SOAKWATCH_DB"))
    assert "detail_budget: 0.001" in texts["soakwatch.yaml.5"]
    # A home folder of the machine that built the package must not get into it.
    assert all("/root" not in text and "/home" not in text for text in texts.values())
    if shutil.which("man"):
        for file in tmp_path.iterdir():
            done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", file,
                       env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
            assert done.returncode == 0 and done.stderr == "", done.stderr
