"""One page about what was recorded: of a real run, and of a night with a hostile target."""

import base64
import hashlib
import json
import re
import sqlite3
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

VOID = {"meta", "br", "hr", "link", "img", "input"}
EVIL = "<script>alert(1)</script>\"'\x1b[31m\u202e|`x`"
START = 1795125600000  # 2026-11-19T22:00:00Z
MINUTE = 60 * 1000
HOUR = 60 * MINUTE


class Page(HTMLParser):
    """What a browser makes of it, as far as the tests ask."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.open, self.tags, self.references, self.ids = "", [], [], [], []
        self.hidden = False
        self.feed(text)
        self.close()
        assert self.open == [], "elements that are not closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        self.references += [attributes[name] for name in ("src", "href", "xlink:href", "data")
                            if name in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> where another is open"

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def check_page(text):
    """Well-formed, alone, without a script; the style is the one that the page's policy allows."""
    page = Page(text)
    assert "script" not in page.tags and "img" not in page.tags and "link" not in page.tags
    assert all(reference.startswith("#") for reference in page.references)
    assert set(page.references) <= {"#" + name for name in page.ids}, "links lead somewhere"
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", text.split("<body>")[0])
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy
    assert f"'sha256-{digest}'" in policy, "report_style_sha256() is not that of report_style()"
    for plot in re.findall(r'<svg class="plot".*?</svg></figure>', text, re.DOTALL):
        ElementTree.fromstring(plot.removesuffix("</figure>"))
    return page


def insert(db, table, row):
    columns = ", ".join(row)
    db.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",
               list(row.values()))


@pytest.fixture(scope="module")
def night(module_bench):
    """Runs `report` on eight hours with an alert and a target whose names are hostile."""
    file = module_bench.folder / "night.db"
    rows = [f"{START + i * MINUTE},{54 + max(0, i - 70) * 4},{10_000_000 + i * 1000}"
            for i in range(480)]
    csv = module_bench.write("night.csv", "time,goroutines,rss_bytes\n" + "\n".join(rows) + "\n")
    assert module_bench.soakwatch("import", csv, "--target", "sidecar", "--db", file).status == 0
    with sqlite3.connect(file) as db:
        db.execute("UPDATE instances SET cmdline = ?, pid = 4711", (EVIL,))
        db.execute("UPDATE targets SET name = ?", (EVIL,))
        insert(db, "alerts", {
            "id": 1, "target_id": 1, "detector": "goroutine_growth", "metric": "goroutines",
            "state": "firing", "updated_ms": START + 8 * HOUR, "instance_id": 1, "pid": 4711,
            "severity": "critical", "base": 54, "current": 1694, "slope_per_hour": 240,
            "slope_low": 232, "slope_high": 250, "since_ms": START + 70 * MINUTE,
            "span_ms": 6 * HOUR, "gates": "[]", "summary": EVIL, "cause": EVIL,
            "pending_since_ms": START + 2 * HOUR, "fired_at_ms": START + 3 * HOUR,
            "grade": "alert", "told": 1})
        insert(db, "events", {"time_ms": START + HOUR, "kind": "no_leak", "target_id": 1,
                              "instance_id": 1, "detail": EVIL})
    db.close()

    def report(*arguments, status=0):
        done = module_bench.soakwatch("report", "--db", file, *arguments)
        assert done.status == status, done.err
        return done
    return report


def test_the_page_says_what_grows_and_stands_alone(night):
    page = check_page(night("--format", "html").out)
    assert "Goroutines grow by 240/h since 23:10" in page.text
    assert "<script>alert(1)</script>" in page.text, "shown as text"
    assert "\x1b" not in page.text and "\u202e" not in page.text
    assert page.tags.count("figure") == 2


def test_the_form_follows_the_name_of_the_file(night, module_bench):
    night("-o", module_bench.folder / "night.html")
    check_page((module_bench.folder / "night.html").read_text())
    night("-o", module_bench.folder / "night.json")
    assert json.loads((module_bench.folder / "night.json").read_text())["schema"] == 1
    night("-o", module_bench.folder / "night.txt")
    assert (module_bench.folder / "night.txt").read_text().startswith("# Goroutines grow by 240/h")
    assert night("--format", "md").out == night().out


def test_json_says_the_same(night):
    report = json.loads(night("--format", "json").out)
    assert (report["status"], report["samples"]) == ("leak", 480)
    assert report["headline"].startswith("Goroutines grow by 240/h")
    assert report["alerts"][0]["slope_ci"] == [232, 250]
    series = {one["metric"]: one for one in report["series"]}
    assert series["goroutines"]["max"] == 54 + 409 * 4
    assert series["goroutines"]["floor"]["slope_per_hour"] == pytest.approx(240, rel=0.05)
    assert {one["metric"] for one in report["smallest_detectable"]} >= {"goroutines"}


def test_a_part_of_the_night(night):
    report = json.loads(night("--format", "json", "--until", "2026-11-19T23:00:00Z").out)
    assert (report["samples"], report["alerts"]) == (60, [])
    done = night("--since", "2026-11-20T02:00:00Z", "--until", "2026-11-20T01:00:00Z", status=2)
    assert "--since is not before --until" in done.err


def test_wrong_usage(night, module_bench):
    assert "no target 'sidecra'" in night("--target", "sidecra", status=1).err
    assert night("--format", "pdf", status=2)
    assert "belongs to the database" in night("-o", module_bench.folder / "night.db", status=2).err
    assert module_bench.soakwatch("report", "--db", module_bench.folder / "none.db").status == 1


def test_a_real_run(bench):
    program = bench.leaky("-mode", "all", "-leak-rate-goroutines", "20", "-garbage", "16MiB")
    daemon = bench.daemon(f"pid:{program.pid}")
    name = f"pid-{program.pid}"
    daemon.db.wait_for_samples(name, 20, lambda row: row["heap_alloc_bytes"] is not None)
    output = bench.folder / "run.html"
    done = bench.soakwatch("report", "--db", daemon.db.file, "-o", output)
    assert done.status == 0, done.err
    page = check_page(output.read_text())
    assert "Too short to judge" in page.text, "seconds are no night"
    assert "Live heap and garbage collection" in page.text
    assert "goroutines" in page.text and "open_fds" in page.text
    assert len(output.read_bytes()) < 1_000_000
    report = json.loads(bench.soakwatch("report", "--db", daemon.db.file, "--format", "json").out)
    assert report["instances"][0]["pid"] == program.pid
    assert {"daemon_started", "pprof_found"} <= {event["kind"] for event in report["events"]}
    assert report["status"] == "too_short"
