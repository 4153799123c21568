#!/usr/bin/env python3
"""Draws docs/detection-*.svg: four series, and what each gate said of one window of each.

    python3 docs/detection_plots.py build/release/cli/soakwatch build/bench/tests/bench/detection/detection_bench

The series are made here, the same ones each time. What is judged comes from the engine: the verdict from
`soakwatch analyze --json`, the gates from `detection_bench --gates`. Only the floor is computed here, to draw it.
"""

import json
import math
import random
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

DOCS = Path(__file__).resolve().parent
MIB = 1 << 20
PER_HOUR = 360  # a sample each ten seconds
WARM_UP = 1 / 6  # hours: blocks begin after it
WIDTH, LEFT, RIGHT, TOP, PLOT, ROW = 900, 60, 16, 88, 210, 20


def leak(hours, rand, state):
    """40 MiB/h from 1.5 h on, under noise and bursts of the work."""
    state["wander"] = 0.97 * state.get("wander", 0) + rand.gauss(0, 0.5)
    burst = 60 if math.fmod(hours, 0.4) < 0.05 else 0
    return 180 + 40 * max(0, hours - 1.5) + state["wander"] + abs(rand.gauss(0, 3)) + burst


def cache(hours, rand, state):
    """Fills from the start, ever more slowly."""
    state["wander"] = 0.97 * state.get("wander", 0) + rand.gauss(0, 0.5)
    return 120 + 380 * (1 - math.exp(-hours / 1.2)) + state["wander"] + abs(rand.gauss(0, 3))


def sawtooth(hours, rand, state):
    """Some forty minutes from one collection to the next."""
    if hours >= state.get("next", 0):
        state["last"], state["next"] = hours, hours + rand.uniform(0.58, 0.75)
    return 150 + 270 * (hours - state["last"]) + abs(rand.gauss(0, 3))


def season(hours, rand, state):
    """Three working days, first seen at one in the afternoon."""
    state["wander"] = 0.98 * state.get("wander", 0) + rand.gauss(0, 0.6)
    clock = math.fmod(hours + 13, 24)
    work = math.sin((clock - 6) / 15 * math.pi) ** 1.2 if 6 < clock < 21 else 0
    return 200 + 220 * work * (1 + 0.03 * math.sin(hours)) + state["wander"] + abs(rand.gauss(0, 4))


# name, title, course, hours, the only gate that failed in the window that is drawn, level of the window
PLOTS = [
    ("leak", "A leak: 40 MiB/h under noise and bursts", leak, 5, None, None),
    ("cache", "A cache that fills from the start", cache, 8, "levelling_off", 3),
    ("sawtooth", "A sawtooth of some forty minutes", sawtooth, 6, "high_water", 0),
    ("season", "A daily season, without a load signal", season, 72, "high_water", 3),
]


def make(course, hours):
    rand, state = random.Random(1), {}
    return [(i / PER_HOUR, course(i / PER_HOUR, rand, state)) for i in range(hours * PER_HOUR + 1)]


def judge(points, soakwatch, bench):
    start = datetime(2026, 11, 20, 9, tzinfo=timezone.utc)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "series.csv"
        file.write_text("time,rss_anon_bytes\n" + "".join(
            f"{start + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{v * MIB:.0f}\n" for h, v in points))
        # No configuration but the defaults.
        (Path(folder) / "empty.yaml").write_text("")
        run = subprocess.run([soakwatch, "analyze", file, "--json", "--config", Path(folder) / "empty.yaml"],
                             capture_output=True, text=True)
        if run.returncode not in (0, 3, 4):
            sys.exit(run.stderr)
        verdict = json.loads(run.stdout)
        file.write_text("".join(f"{h:.9f},{v * MIB:.0f}\n" for h, v in points))
        run = subprocess.run([bench, "--gates", file], capture_output=True, text=True, check=True)
    return verdict, [json.loads(line) for line in run.stdout.splitlines()]


def failed(judgement):
    return [g["name"] for g in judgement["gates"] if not g["passed"] and g["name"] != "certainty"]


def chosen(judgements, gate, level):
    """The window to draw: the first that made an alert, else the middle one of those that only `gate` stopped."""
    if gate is None:
        return next(j for j in judgements if j["grows"] and j["grade"] == "alert")
    stopped = [j for j in judgements if failed(j) == [gate] and j["level"] == level]
    return stopped[len(stopped) // 2]


def floor(points, block):
    minima = {}
    for h, v in points:
        if h >= WARM_UP:
            index = int((h - WARM_UP) / block + 1e-9)
            minima[index] = min(minima.get(index, v), v)
    return [(WARM_UP + (i + 0.5) * block, v) for i, v in sorted(minima.items())][:-1]


def figure(gate, value):
    name, meaning = gate["name"], gate["meaning"]
    if name in ("size", "high_water") or "no slow drift" in meaning:
        return f"{value / MIB:.0f} MiB"
    if name == "levelling_off":
        return f"{value / MIB:.1f} MiB/h"
    if name == "cold_start":
        return f"{value / 3600:.1f} h"
    return f"{value:.3g}"


def nice_step(top, most):
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * most >= top:
                return digit * power
        power *= 10


def envelope(points, hours):
    """Least and greatest value of each pixel or so."""
    columns = {}
    for h, v in points:
        low, high = columns.get(int(h / hours * 600), (v, v))
        columns[int(h / hours * 600)] = (min(low, v), max(high, v))
    return [(c * hours / 600, v) for c, pair in sorted(columns.items()) for v in pair]


def draw(title, points, hours, verdict, judgements, window):
    gates = window["gates"]
    water = next((g["threshold"] / MIB for g in gates if g["name"] == "high_water" and not g["passed"]), 0)
    highest = max(max(v for _, v in points), 1.15 * water)
    step = nice_step(highest, 5)
    top = step * math.ceil(highest / step)
    at = lambda h, v: (LEFT + h / hours * (WIDTH - LEFT - RIGHT), TOP + PLOT * (1 - v / top))
    line = lambda series: " ".join("%.1f,%.1f" % at(h, v) for h, v in series)
    block = window["span_hours"] / 24
    end = WARM_UP + round((window["hours"] - WARM_UP) / block - 0.5 + 1e-6) * block
    begin = end - window["span_hours"]
    table = TOP + PLOT + 56
    height = table + ROW * (len(gates) + 1) + 8
    summary = verdict["summary"].split("): ")[0]  # the cause stands behind it
    summary += ")" * (summary.count("(") - summary.count(")"))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        "<style>.b{fill:#fff}text{fill:#333}.t{font-size:15px;font-weight:bold}.n{text-anchor:end}.m{text-anchor:middle}"
        ".g{stroke:#8884}.l{fill:none;stroke:#8aa9cc;stroke-width:1}.f{fill:none;stroke:#1f5fa8;stroke-width:1.6}"
        ".d{fill:#1f5fa8}.w{fill:#e8a31726;stroke:#b97d00;stroke-width:1}.h{stroke:#777;stroke-dasharray:6 4}"
        ".a{stroke:#c22;stroke-width:1.5;stroke-dasharray:4 3}text.r{fill:#c22;font-weight:bold}text.p{fill:#177a3c}"
        "@media(prefers-color-scheme:dark){.b{fill:#0d1117}text{fill:#d5dae0}.l{stroke:#4d6a8f}.f{stroke:#79b8ff}.d{fill:#79b8ff}"
        ".a{stroke:#ff7b72}text.r{fill:#ff7b72}text.p{fill:#56d37c}.h{stroke:#aaa}}</style>",
        f'<rect width="{WIDTH}" height="{height}" class="b"/>',
        f'<text x="16" y="24" class="t">{title}</text>',
        f'<text x="16" y="44">soakwatch analyze: {verdict["verdict"].upper()}. {summary}</text>',
    ]
    for i in range(math.ceil(highest / step) + 1):
        _, y = at(0, step * i)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="n">{step * i}</text>')
    out.append(f'<text x="16" y="{TOP - 14}">MiB</text>')
    for h in range(0, hours + 1, 12 if hours > 24 else 1):
        x, _ = at(h, 0)
        out.append(f'<text x="{x:.0f}" y="{TOP + PLOT + 16}" class="m">{h} h</text>')
    x0, x1 = at(begin, 0)[0], at(end, 0)[0]
    out.append(f'<rect x="{x0:.1f}" y="{TOP}" width="{x1 - x0:.1f}" height="{PLOT}" class="w"/>')
    minima = floor(points, block)
    out.append(f'<polyline points="{line(envelope(points, hours))}" class="l"/>')
    out.append(f'<polyline points="{line(minima)}" class="f"/>')
    for h, v in minima:
        if begin < h < end:
            out.append('<circle cx="%.1f" cy="%.1f" r="2.2" class="d"/>' % at(h, v))
    if water:
        _, y = at(0, water)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="h"/>')
        out.append(f'<text x="{LEFT + 6}" y="{y - 5:.1f}">high water: the floor must come up to here</text>')
    moments = [("suspicion", next((j for j in judgements if j["grows"]), None)),
               ("alert", next((j for j in judgements if j["grows"] and j["grade"] == "alert"), None))]
    if moments[0][1] is moments[1][1]:
        moments = moments[1:]
    for word, judgement in moments:
        if judgement:
            x, _ = at(judgement["hours"], 0)
            out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 4}" y2="{TOP + PLOT}" class="a"/>')
            out.append(f'<text x="{x:.1f}" y="{TOP - 9}" class="m r">{word}</text>')
    length = f"{block * 60:.0f} minute" + ("s" if block * 60 > 1.5 else "")
    out.append(f'<text x="{LEFT}" y="{TOP + PLOT + 38}">Thin: the series. Bold: its floor, the minima of blocks of {length}. '
               f"Shaded: the window of 24 blocks of which the gates below speak.</text>")
    for i, gate in enumerate(gates):
        y = table + ROW * i + 4
        word, style = ("passed", "p") if gate["passed"] else ("failed", "r")
        meaning = gate["meaning"].replace("seconds of growth", "growth")
        out.append(f'<text x="{LEFT}" y="{y}">{gate["name"]}</text><text x="160" y="{y}" class="{style}">{word}</text>'
                   f'<text x="310" y="{y}" class="n">{figure(gate, gate["measured"])}</text>'
                   f'<text x="330" y="{y}">{meaning}: {figure(gate, gate["threshold"])}</text>')
    stops = [failed(j) for j in judgements if not j["grows"]]
    alone = Counter(names[0] for names in stops if len(names) == 1)
    words = [f"size stopped {alone.pop('size', 0)} of {len(judgements)} judgements"]
    words += [f"{gate} alone {n}" for gate, n in alone.most_common()]
    words += [f"several gates together {n}" for n in [sum(len(names) > 1 for names in stops)] if n]
    out.append(f'<text x="{LEFT}" y="{table + ROW * len(gates) + 8}">In this run {", ".join(words)}.</text></svg>')
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for name, title, course, hours, gate, level in PLOTS:
        points = make(course, hours)
        verdict, judgements = judge(points, *sys.argv[1:])
        picture = draw(title, points, hours, verdict, judgements, chosen(judgements, gate, level))
        (DOCS / f"detection-{name}.svg").write_text(picture)
