"""Power cuts of a virtual machine while the daemon writes on a disk of it, and what is left then."""

import random
import re
import shutil
import sqlite3
import time
from datetime import datetime

from program import wait_until
from virtual_machine import GuestDatabase, VirtualMachine

# So eager that there are captures in each life of the machine, and changes of alerts in most.
CONFIG = """
sampling:
  interval: 250ms
  discovery_interval: 250ms
pprof:
  heap_interval: 1s
detection:
  block: 1500ms
  warm_up: 0s
  cold_start_span: 0s
  levels: 3
  goroutines: {min_growth: 5, min_growth_ratio: 0.05}
evidence:
  baseline_interval: 5s
  budget: 0.5
self: {enabled: false}
"""
START = """
leaky -mode goroutine -leak-rate-goroutines 20 -max-goroutines 20000 >/dev/null 2>&1 &
soakwatchd --config /shared/soak.yaml --db /data/soak.db --target name:leaky --log-level trace \
  >/dev/null 2>/shared/daemon.err &
"""
COMMITTED = re.compile(r"^(\S+).*committed through row (\d+), (\d+) samples in all$", re.MULTILINE)
# Rolling captures are thinned out, but the first of each kind and those that an alert wanted.
CAPTURES = ("SELECT file FROM captures WHERE reason <> 'baseline' OR id IN "
            "(SELECT min(id) FROM captures GROUP BY instance_id, kind)")
HISTORY = "SELECT id, alert_id, to_state, time_ms FROM alert_history"


class PowerCuts:
    def __init__(self, system, folder, accelerator, disk):
        self.start = lambda: VirtualMachine(system, folder, accelerator, [disk]).boot()
        self.folder = folder
        self.chance = random.Random(20261120)
        self.cuts = self.corrupt = self.alerts_lost = self.captures_lost = self.rows_missing = 0
        self.alerts = self.captures = self.samples = 0
        self.worst_seconds = 0.0
        self.row_before = 0
        self.acknowledged = []  # of the life before: (time, newest row)
        self.seen = set(), set()  # by a reader in it: changes of alerts, captures

    def run(self, cuts):
        """One life more than cuts: what the last one left is looked at as well."""
        for life in range(cuts + 1):
            machine = self.start()
            try:
                machine.run("mount", "/dev/vdb", "/data")
                if life > 0:
                    self.check(machine)
                if life < cuts:
                    self.live(machine, wait_for=(None, 1, 0)[life % 3])
            finally:
                machine.cut_power()
            self.cuts += life < cuts
            self.acknowledged = self.commits()

    def commits(self):
        text = (self.folder / "shared/daemon.err").read_text(errors="replace")
        return [(datetime.fromisoformat(when.replace("Z", "+00:00")).timestamp(), int(row))
                for when, row, _ in COMMITTED.findall(text)]

    def live(self, machine, wait_for):
        """Until a moment by chance, or until just after one more of seen[wait_for]."""
        (machine.shared / "soak.yaml").write_text(CONFIG)
        (machine.shared / "daemon.err").write_text("")
        machine.script(START)
        enough = self.chance.randint(10, 100)
        wait_until(lambda: len(self.commits()) >= enough, machine.words, 180)
        db = GuestDatabase(machine, "/data/soak.db")

        def records():
            return ({tuple(row.values()) for row in db.rows(HISTORY)},
                    {row["file"] for row in db.rows(CAPTURES)})
        before = self.seen = records()
        if wait_for is None:
            time.sleep(self.chance.random() * 3)  # the moment of the cut
            return

        def newer():
            self.seen = records()
            return len(self.seen[wait_for]) > len(before[wait_for])
        wait_until(newer, "an alert or a capture", 180)

    def check(self, machine):
        """What the next life finds, on a copy: nothing is mended in place."""
        state = machine.shared / "state"
        shutil.rmtree(state, ignore_errors=True)
        machine.script("mkdir /shared/state && cp -r /data/soak.db* /shared/state && "
                       "rm -f /shared/state/*.ballast")
        db = sqlite3.connect(state / "soak.db")
        try:
            sound = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            newest = db.execute("SELECT ifnull(max(id), 0) FROM samples").fetchone()[0]
            there = db.execute("SELECT count(*) FROM samples WHERE id > ?", [self.row_before])
            self.rows_missing += newest - self.row_before - there.fetchone()[0]
            history = set(db.execute(HISTORY).fetchall())
            files = {row[0]: row[1] for row in db.execute("SELECT file, bytes FROM captures")}
        finally:
            db.close()
        whole = {name for name, size in files.items()
                 if (state / "soak.db.captures" / name).stat().st_size == size}
        self.corrupt += not sound or bool(list(state.glob("*corrupt*")))
        alerts, captures = self.seen
        self.alerts_lost += len(alerts - history)
        self.captures_lost += len(captures - whole)
        self.alerts, self.captures = len(alerts), len(captures)
        first, last = self.acknowledged[0][0], self.acknowledged[-1]
        kept = max((when for when, row in self.acknowledged if row <= newest), default=first)
        self.worst_seconds = max(self.worst_seconds, last[0] - kept)
        self.samples += last[1] - self.row_before
        print(f"cut {self.cuts}: {last[1] - self.row_before} samples acknowledged, "
              f"{max(0, last[1] - newest)} of them lost ({last[0] - kept:.1f} s); "
              f"{len(alerts)} alert changes and {len(captures)} captures so far; sound: {sound}",
              flush=True)
        self.row_before = newest

    def __str__(self):
        return (f"{self.cuts} power cuts: {self.corrupt} corrupt, {self.alerts_lost} of {self.alerts} "
                f"alert changes and {self.captures_lost} of {self.captures} captures lost, of "
                f"{self.samples} samples the last {self.worst_seconds:.1f} s at worst, "
                f"{self.rows_missing} missing before those")
