#!/usr/bin/env python3
"""Records the traces of this folder: builds the programs, runs them all at once under one
soakwatchd, and writes what it measured as one compressed CSV for each.

    tests/bench/detection/traces/record.py [--minutes 75] [--only NAME] [--export]

manifest.json says what is run. It wants soakwatchd and soakwatch in the build folder (a release
build) and the Go versions that the manifest names: $GO_1_19, $GO_1_26, the `go` of the PATH, or
/usr/lib/go-VERSION. The whole set takes about a fifth of one core and 2.5 GB. With --export nothing
is run: what an earlier run left, or one that goes on has so far, is exported.
"""

import argparse
import csv
import datetime
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
TRACEE = ROOT / "tests/targets/tracee"
NICENESS = 10
# Nothing that is judged needs them, and they compress badly. So are metrics that were never read.
LEFT_OUT = {"target", "vsize_bytes", "mallocs_total", "frees_total", "major_faults_total",
            "gc_pause_seconds_total", "gc_cpu_fraction"}


def go_of_version(version):
    variable = "GO_" + version.replace(".", "_")
    candidates = [os.environ.get(variable), shutil.which("go"), f"/usr/lib/go-{version}/bin/go"]
    for candidate in candidates:
        if not candidate or not pathlib.Path(candidate).exists():
            continue
        found = subprocess.run([candidate, "version"], capture_output=True, text=True, check=True)
        if re.search(rf"\bgo{re.escape(version)}\b", found.stdout):
            return candidate
    sys.exit(f"record.py: no Go {version}; set {variable}")


def build(versions, folder):
    env = dict(os.environ, CGO_ENABLED="1", GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false")
    for version in versions:
        subprocess.run([go_of_version(version), "build", "-o", folder / f"tracee-go{version}", "."],
                       cwd=TRACEE, check=True, env=env)


class Program:
    """The program of one trace, which is found by the name of its executable."""

    def __init__(self, trace, seed, folder):
        self.name = trace["name"]
        self.restarts = [60 * minute for minute in trace.get("restarts_minutes", [])]
        link = folder / self.name
        link.unlink(missing_ok=True)
        link.symlink_to(f"tracee-go{trace['go']}")
        self.socket = folder / f"{self.name}.sock"
        self.command = [link, "-seed", str(seed), "-dir", folder, "-pprof", self.socket,
                        *trace["args"]]
        self.env = {key: text for key, text in os.environ.items() if not key.startswith("GO")}
        self.env.update(trace["env"])
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.env,
                                        preexec_fn=lambda: os.nice(NICENESS))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def tick(self, elapsed):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended by itself: {self.process.returncode}")
        if self.restarts and elapsed >= self.restarts[0]:
            self.restarts.pop(0)
            self.stop()
            self.start()

    def target(self):
        return {"name": self.name, "match": f"name:{self.name}", "pprof": f"unix:{self.socket}"}


def record(traces, folder, build_folder, minutes):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("soak.db*"):
        old.unlink()
    build({trace["go"] for trace in traces}, folder)
    programs = [Program(trace, 1000 + number, folder) for number, trace in enumerate(traces)]
    config = {"sampling": {"interval": "5s"}, "storage": {"database": str(folder / "soak.db")},
              "targets": [program.target() for program in programs]}
    (folder / "soakwatch.yaml").write_text(json.dumps(config, indent=1))  # JSON is YAML as well
    with open(folder / "soakwatchd.log", "w") as log:
        daemon = subprocess.Popen([build_folder / "daemon/soakwatchd", "--config",
                                   folder / "soakwatch.yaml"], stdout=log, stderr=log)
        try:
            run(programs, daemon, minutes)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
            for program in programs:
                if program.process:
                    program.stop()


def run(programs, daemon, minutes):
    for program in programs:
        program.start()
        time.sleep(1)  # so that they are not in step
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < 60 * minutes:
        for program in programs:
            program.tick(elapsed)
        if daemon.poll() is not None:
            raise RuntimeError(f"soakwatchd ended by itself: {daemon.returncode}")
        time.sleep(1)


def export(traces, folder, build_folder, out, minutes):
    for trace in traces:
        exported = subprocess.run([build_folder / "cli/soakwatch", "export", "--format", "wide",
                                   "--db", folder / "soak.db", "--target", trace["name"]],
                                  capture_output=True, text=True, check=True)
        rows = list(csv.DictReader(exported.stdout.splitlines()))
        write(rows, out / f"{trace['name']}.csv.gz", minutes)


def write(rows, path, minutes):
    end = moment(rows[0]) + datetime.timedelta(minutes=minutes)
    rows = [row for row in rows if moment(row) <= end]
    columns = [name for name in rows[0]
               if name not in LEFT_OUT and any(row[name] for row in rows)]
    lines = [columns] + [[row[name] for name in columns] for row in rows]
    text = "".join(",".join(line) + "\n" for line in lines)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(text.encode())
    print(f"{path.name}: {len(rows)} rows, {len(columns)} columns, {path.stat().st_size} bytes")


def moment(row):
    return datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00"))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--only", action="append", help="only this trace; may be repeated")
    parser.add_argument("--export", action="store_true", help="run nothing; export what there is")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/traces",
                        help="for programs and database")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    arguments = parser.parse_args()
    traces = json.loads((HERE / "manifest.json").read_text())["traces"]
    if arguments.only:
        traces = [trace for trace in traces if trace["name"] in arguments.only]
    folder, build_folder = arguments.folder.resolve(), arguments.build.resolve()
    if not arguments.export:
        record(traces, folder, build_folder, arguments.minutes)
    arguments.out.mkdir(parents=True, exist_ok=True)
    export(traces, folder, build_folder, arguments.out, arguments.minutes)


if __name__ == "__main__":
    main()
