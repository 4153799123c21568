"""The short form of tests/soak/hostile_peers.py: all bad pprof servers at once, for seconds.

A machine that other tests use as well may be late now and then: the counts of rounds are judged by
test_bad_pprof.py, beside a daemon that has no bad servers.
"""

import sys

from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests/soak"))

import hostile_peers  # noqa: E402
from sanitizers import measures_memory


@measures_memory
def test_twenty_seconds(tmp_path, capsys):
    faults = hostile_peers.soak(tmp_path, 20, 1000)
    table = capsys.readouterr().out
    assert "gzip_bomb" in table and "captures_cut" in table
    of_time = [fault for fault in faults if " late" in fault or " missing" in fault
               or "without Go figures" in fault]
    assert [fault for fault in faults if fault not in of_time] == [], table


def test_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(hostile_peers, "factories_names", lambda: ["silence", "gzip_bomb"])
    assert [fault for fault in hostile_peers.soak(tmp_path, 6, 500, one_by_one=True)
            if "rounds" not in fault] == []
