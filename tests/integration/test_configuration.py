"""What the daemon makes of its configuration, and how it says what is wrong with it."""

import os

import pytest

from conftest import ROOT, SOAKWATCHD


def check(bench, text, *arguments):
    file = bench.write("c.yaml", text)
    done = bench.soakwatchd("--config", file, "--check-config", *arguments)
    return done, file


def test_a_good_file(bench):
    done, _ = check(bench, "sampling:\n  interval: 1s\ntargets:\n  - name:sidecar\n")
    assert (done.status, done.err) == (0, "the configuration is fine\n")


@pytest.mark.parametrize("file", sorted((ROOT / "packaging").glob("*.yaml")), ids=lambda f: f.name)
def test_files_that_we_ship(bench, file):
    done = bench.soakwatchd("--config", file, "--check-config")
    assert done.status == 0, done.err


@pytest.mark.parametrize("text, where, words", [
    ("samplin:\n  interval: 1s\n", "1:1", "unknown key 'samplin'"),
    ("sampling:\n  intervall: 1s\n", "2:3", "did you mean 'interval'?"),
    ("sampling:\n  interval: 010s\n", "2:13", "010"),
    ("detection:\n  window_blocks: 010\n", "2:18", "010"),
    ("sampling:\n  interval: 5\n", "2:13", "unit"),
    ("sampling:\n  interval: 1s\n  interval: 2s\n", "3:3", "second time"),
    ("detection:\n  enabled: yes\n", "2:12", "neither true nor false"),
    ("sampling:\n  interval: 1ms\n", "2:13", "10ms"),
    ("sampling: [1, 2]\n", "1:11", "section"),
    ("a: &x 1\n", "1:4", "anchor"),
    ("sampling:\n  interval: 1s\n interval: 2s\n", "3:", ""),
    ("targets:\n  - nmae:sidecar\n", "2:5", "did you mean 'name"),
    ("targets:\n  - match: pid:0\n", "2:12", "pid"),
    ("targets:\n  - a\n  - b\n  - name: a\n    match: pid:1\n", "4:5", "'a' already"),
    ("pprof:\n  max_body: 12\n", "2:13", "64KiB"),
], ids=range(15))
def test_mistakes_have_their_place(bench, text, where, words):
    done, file = check(bench, text)
    assert (done.status, done.out) == (2, "")
    assert f"{file}:{where}" in done.err
    assert words in done.err


def test_all_mistakes_at_once(bench):
    done, file = check(bench, "sampling:\n  intervall: 1s\nalerts:\n  for: soon\nlog:\n  level: loud\n")
    lines = done.err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{file}:2:3", f"{file}:4:8", f"{file}:6:10"]


def test_what_is_shown_can_be_read(bench):
    """--show-config prints every key; fed back, it shows the same."""
    text = """
sampling:
  interval: 250ms
alerts:
  exec:
    command: [notify-send, "it's a \\"leak\\""]
targets:
  - name:sidecar
  - name: two
    match: 'cmdline:node .*(a|b)\\.js$'
    interval: 3s
    pprof: "off"
  - name: three
    command: [sleep, "10"]
"""
    first = bench.soakwatchd("--config", bench.write("a.yaml", text), "--show-config")
    assert first.status == 0, first.err
    for words in ("interval: 250ms", "window_blocks: 24", "name:sidecar", "two", "notify-send"):
        assert words in first.out
    second = bench.soakwatchd("--config", bench.write("b.yaml", first.out), "--show-config")
    assert (second.status, second.err) == (0, "")
    assert second.out == first.out


def test_flags_change_what_the_file_says(bench):
    file = bench.write("c.yaml", "sampling:\n  interval: 1s\ntargets:\n  - name: a\n    match: pid:1\n"
                                 "    interval: 9s\n")
    shown = bench.soakwatchd("--config", file, "--show-config", "--interval", "300ms", "--target",
                             "port:6060", "--db", "/tmp/x.db", "--log-level", "error").out
    for words in ("interval: 300ms", "port:6060", "/tmp/x.db", "level: error"):
        assert words in shown
    assert "9s" not in shown and "pid:1" not in shown


def test_the_file_of_the_user(bench):
    """Found under XDG_CONFIG_HOME; root has /etc/soakwatch instead."""
    folder = bench.folder / "config/soakwatch"
    folder.mkdir(parents=True)
    (folder / "soakwatch.yaml").write_text("sampling:\n  interval: 77s\n")
    words = [SOAKWATCHD, "--show-config"]
    if os.geteuid() == 0:
        words = ["unshare", "--user", *words]  # root is nobody there, and may read the same files
    shown = bench.run_program(words, "show-config")
    if shown.wait() != 0 and "unshare" in shown.err:
        pytest.skip(f"root cannot become nobody here: {shown.err.strip()}")
    assert "interval: 1m17s" in shown.out, shown.err


@pytest.mark.parametrize("arguments, words", [
    (["--target", "pid:x"], "pid"),
    (["--target", "nmae:sidecar"], "did you mean 'name'?"),
    (["--target", "a,pprof=ftp://x"], "http://HOST:PORT"),
    (["--target", "cmdline:("], "("),
    (["--target", "a", "--target", "a"], "'a'"),
    (["--target", "a", "--interval", "5"], "--interval"),
    (["--target", "a", "--interval", "1ms"], "10ms"),
    (["--target", "a", "--log-level", "loud"], "log.level"),
    (["--target", "a", "--config", "/no/such.yaml"], "/no/such.yaml"),
    (["--tagret", "a"], "--tagret"),
    (["surplus"], "surplus"),
    ([], "nothing to watch"),
])
def test_wrong_arguments(bench, arguments, words):
    done = bench.soakwatchd("--db", bench.folder / "soak.db", *arguments)
    assert done.status == 2, done.err
    assert words in done.err
    assert not (bench.folder / "soak.db").exists()
