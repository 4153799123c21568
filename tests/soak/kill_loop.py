#!/usr/bin/env python3
"""kill -9, again and again, while the daemon writes samples, alerts and captures.

Usage: tests/soak/kill_loop.py [KILLS]        (1000)

SOAKWATCH_BUILD, SOAKWATCH_TARGETS: as for the integration tests. After each kill: integrity_check, each
sample that the daemon had called committed, and each change of an alert, capture and event that a reader
had seen before. The last line sums up; the status is 0 only when nothing was lost or broken.
"""

import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from conftest import FAST, Bench  # noqa: E402
from program import wait_until  # noqa: E402

COMMITTED = re.compile(r"committed through row (\d+), (\d+) samples in all$", re.MULTILINE)
# So eager that alerts come within seconds, and captures with them.
CONFIG = FAST + """
detection:
  block: 1500ms
  warm_up: 0s
  cold_start_span: 0s
  levels: 3
  goroutines: {min_growth: 5, min_growth_ratio: 0.05}
evidence:
  baseline_interval: 1s
  budget: 0.5
"""
TARGETS = 4


def newest_commit(text):
    told = COMMITTED.findall(text)
    return tuple(map(int, told[-1])) if told else (0, 0)


class Loop:
    def __init__(self, folder):
        self.bench = Bench(folder)
        self.chance = random.Random(20261120)
        self.corrupt = self.lost_samples = self.lost_records = self.acknowledged = 0
        self.row_before = 0

    def round(self, programs):
        daemon = self.bench.daemon(*[f"pid:{program.pid}" for program in programs], config=CONFIG,
                                   arguments=["--log-level", "trace"])
        enough = self.chance.randint(1, 40)
        wait_until(lambda: newest_commit(daemon.err)[1] >= enough, "commits")
        before = self.records(daemon)
        time.sleep(self.chance.random() * 0.05)  # anywhere within a round
        daemon.kill()
        if daemon.db.integrity() != "ok" or list(self.bench.folder.glob("*corrupt*")):
            self.corrupt += 1
        row, samples = newest_commit(daemon.err)
        there = daemon.db.value("SELECT count(*) FROM samples WHERE id > ? AND id <= ?",
                                self.row_before, row)
        self.lost_samples += samples - there
        self.acknowledged += samples
        # What a reader saw was committed. A capture that was thinned out has no file either.
        self.lost_records += sum(
            table != "captures" or (self.captures(daemon) / key).exists()
            for table, key in before - self.records(daemon))
        self.row_before = daemon.db.value("SELECT max(id) FROM samples")
        self.bench.programs.started.remove(daemon)
        daemon.out_file.unlink()
        daemon.err_file.unlink()
        return daemon

    @staticmethod
    def records(daemon):
        """Changes of alerts, captures and events, as a reader finds them."""
        found = set()
        for table, key in (("alert_history", "id"), ("captures", "file"), ("events", "id")):
            try:
                found |= {(table, row[0]) for row in daemon.db.rows(f"SELECT {key} FROM {table}")}
            except sqlite3.OperationalError:
                pass  # before the tables were made
        return found

    def run(self, kills):
        programs = [self.bench.leaky("-for", "24h", "-mode", "idle") for _ in range(TARGETS - 1)]
        programs.append(self.bench.leaky("-for", "24h", "-mode", "goroutine",
                                         "-leak-rate-goroutines", "20",
                                         "-max-goroutines", "20000"))
        begin = time.monotonic()
        for i in range(1, kills + 1):
            daemon = self.round(programs)
            if i % 50 == 0:
                print(f"{i} kills, {self.acknowledged} samples, {self.corrupt} corrupt, "
                      f"{self.lost_samples} samples and {self.lost_records} records lost, "
                      f"{time.monotonic() - begin:.0f} s", flush=True)
        db = daemon.db
        counts = {table: db.value(f"SELECT count(*) FROM {table}")
                  for table in ("samples", "events", "alert_history", "captures")}
        dangling = self.dangling_captures(daemon)
        print(f"in the database: {counts}; captures whose removal was cut short: {dangling}")
        print(f"{kills} kills: {self.corrupt} corrupt, {self.lost_samples} of {self.acknowledged} "
              f"acknowledged samples lost, {self.lost_records} alert changes, captures and events "
              f"lost, {time.monotonic() - begin:.0f} s")
        return 1 if self.corrupt or self.lost_samples or self.lost_records else 0

    @staticmethod
    def captures(daemon):
        return Path(f"{daemon.db.file}.captures")

    def dangling_captures(self, daemon):
        return sum(not (self.captures(daemon) / row[0]).exists()
                   for row in daemon.db.rows("SELECT file FROM captures"))


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    folder = Path(tempfile.mkdtemp(prefix="soakwatch-kill-"))
    loop = Loop(folder)
    try:
        return loop.run(kills)
    finally:
        loop.bench.programs.clean_up()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
