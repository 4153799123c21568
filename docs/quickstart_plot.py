#!/usr/bin/env python3
"""Draws docs/quickstart.svg from what packaging/quickstart.sh left in build/quickstart/."""

import sqlite3
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PANELS = [
    # title, column, divisor, detector, what the divisor makes of it
    ("goroutines", "goroutines", 1, "goroutine_growth", ""),
    ("Go heap", "heap_alloc_bytes", 1 << 20, "live_heap_growth", " MiB"),
    ("open files", "open_fds", 1, "fd_growth", ""),
]
WIDTH, HEIGHT, LEFT, TOP, GAP = 900, 250, 56, 40, 66
PANEL = (WIDTH - LEFT - 16 - GAP * (len(PANELS) - 1)) / len(PANELS)
PLOT = HEIGHT - TOP - 40


def read(database):
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    start = db.execute("SELECT min(time_ms) FROM samples").fetchone()[0]
    series = {}
    for _, column, divisor, _, _ in PANELS:
        rows = db.execute(
            f"SELECT time_ms, {column} FROM samples WHERE {column} IS NOT NULL ORDER BY time_ms")
        series[column] = [((t - start) / 1000, v / divisor) for t, v in rows]
    alerts = {d: (t - start) / 1000 for d, t in db.execute("SELECT detector, fired_at_ms FROM alerts")}
    return series, alerts


def nice_step(top):
    """The smallest of 1, 2, 5 * 10^n that makes at most five steps."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * 5 >= top:
                return digit * power
        power *= 10


def panel(x, title, unit, points, fired_at, seconds):
    highest = max(v for _, v in points)
    step = nice_step(highest)
    lines = -(-int(highest) // step)
    top = step * lines
    at = lambda t, v: (x + t / seconds * PANEL, TOP + PLOT * (1 - v / top))
    out = [f'<text x="{x}" y="{TOP - 16}" class="t">{title}</text>']
    for i in range(lines + 1):
        value = step * i
        _, y = at(0, value)
        out.append(f'<line x1="{x}" x2="{x + PANEL:.0f}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>')
        out.append(f'<text x="{x - 6}" y="{y + 4:.1f}" class="n">{value:.0f}{unit if i == lines else ""}</text>')
    for t in range(0, int(seconds) + 1, 20):
        px, _ = at(t, 0)
        out.append(f'<text x="{px:.0f}" y="{TOP + PLOT + 18}" class="m">{t}</text>')
    every = max(1, len(points) // 300)
    line = " ".join("%.1f,%.1f" % at(t, v) for t, v in points[::every])
    out.append(f'<polyline points="{line}" class="l"/>')
    if fired_at is not None:
        px, _ = at(fired_at, 0)
        out.append(f'<line x1="{px:.1f}" x2="{px:.1f}" y1="{TOP}" y2="{TOP + PLOT}" class="a"/>')
        out.append(f'<text x="{px - 5:.1f}" y="{TOP + 12}" class="w">alert, {fired_at:.0f} s</text>')
    return out


def draw(series, alerts):
    seconds = max(points[-1][0] for points in series.values())
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        "<style>.t{font-size:14px;font-weight:bold;fill:#222}.n{text-anchor:end;fill:#555}.m{text-anchor:middle;fill:#555}"
        ".g{stroke:#ddd}.l{fill:none;stroke:#1f5fa8;stroke-width:1.6}.a{stroke:#c22;stroke-width:1.5;stroke-dasharray:4 3}"
        ".w{text-anchor:end;fill:#c22}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for i, (title, column, _, detector, unit) in enumerate(PANELS):
        out += panel(LEFT + i * (PANEL + GAP), title, unit, series[column], alerts.get(detector), seconds)
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" class="m">seconds since the start</text></svg>')
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    database = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/quickstart/soakwatch.db"
    (ROOT / "docs/quickstart.svg").write_text(draw(*read(database)))
