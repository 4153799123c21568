#!/usr/bin/env python3
"""How fast `soakwatch analyze` reads a large CSV, and in how much memory.

Usage: analyze.py SOAKWATCH [--rows 10000000] [--limit-mib 256]. Writes the CSV to a temporary folder
(about 85 bytes a row), runs with a limit of the address space, prints one line, and fails when the
answer is wrong or the limit was met.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADER = ("time,target,pid,rss_bytes,rss_anon_bytes,open_fds,threads,cpu_seconds_total,goroutines,"
          "heap_alloc_bytes,next_gc_bytes\n")
MIB = 1 << 20


def write_csv(file, rows):
    """A second apart; 115 days of a steady program, whose goroutines leak in the last third."""
    start = 1_763_600_000
    with open(file, "w", encoding="ascii", buffering=MIB) as out:
        out.write(HEADER)
        for first in range(0, rows, 10_000):
            lines = []
            for i in range(first, min(first + 10_000, rows)):
                saw = i % 61
                leak = max(0, i - 2 * rows // 3) // 600
                lines.append(f"{start + i},big,7,{90 * MIB + saw * 4096},{80 * MIB + saw * 4096},"
                             f"{12 + i % 5},9,{i // 50}.{i % 100:02},{40 + i % 7 + leak},"
                             f"{(20 + saw % 20) * MIB},{42 * MIB}\n")
            out.write("".join(lines))


def run(soakwatch, file, limit):
    """(JSON, exit status, seconds, CPU seconds, peak RSS in MiB)"""
    def limit_memory():
        resource.setrlimit(resource.RLIMIT_AS, (limit * MIB, limit * MIB))
    begin = time.monotonic()
    with subprocess.Popen([soakwatch, "analyze", "--json", file], stdout=subprocess.PIPE,
                          preexec_fn=limit_memory) as process:
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begin
    cpu = usage.ru_utime + usage.ru_stime
    return json.loads(text or b"null"), process.returncode, seconds, cpu, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("soakwatch")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--limit-mib", type=int, default=256, help="of the address space")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "big.csv"
        write_csv(file, arguments.rows)
        result, status, seconds, cpu, peak = run(arguments.soakwatch, file, arguments.limit_mib)
        size = file.stat().st_size
    if status != 3 or result["samples"] != arguments.rows:
        print(f"wrong: status {status}, {result and result['summary']}")
        return 1
    print(f"{arguments.rows} rows ({size / MIB:.0f} MiB) in {seconds:.1f} s, {cpu:.1f} s of them on the "
          f"processor: {arguments.rows / cpu:,.0f} rows/s, {size / MIB / cpu:.0f} MiB/s; peak RSS "
          f"{peak:.0f} MiB under a limit of {arguments.limit_mib} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
