"""`soakwatch compare` on profiles, beside `go tool pprof` on the same files."""

import gzip
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import urllib.request

import pytest

from conftest import TARGETS
from program import wait_until

HEAP_TYPES = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")


def go_commands():
    """What has a pprof: Debian's Go, and a newer one where there is one."""
    found = []
    for name in (os.environ.get("SOAKWATCH_GO"), "go", "/usr/local/go/bin/go",
                 "/usr/lib/go-1.19/bin/go"):
        path = name and shutil.which(name)
        if path and os.path.realpath(path) not in map(os.path.realpath, found):
            found.append(path)
    return found


@pytest.fixture(params=go_commands() or [None])
def pprof(request, tmp_path):
    """Runs `go tool pprof -top` on files. Nothing of this machine is looked up: -symbolize=remote."""
    if request.param is None:
        pytest.skip("there is no go")
    env = {**os.environ, "TZ": "UTC", "GOTOOLCHAIN": "local", "PPROF_TMPDIR": str(tmp_path),
           "PPROF_BINARY_PATH": str(tmp_path)}

    def run(*arguments):
        done = subprocess.run(
            [request.param, "tool", "pprof", "-symbolize=remote", "-top", *map(str, arguments)],
            env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout
    version = subprocess.run([request.param, "version"], env=env, capture_output=True, text=True)
    run.is_old = int(re.search(r"go1\.(\d+)", version.stdout)[1]) < 26
    return run


def same_form(ours, theirs, is_old):
    """Old versions write the date in another form, know no link to a document, and otherwise do the
    same: for them those two lines are left out."""
    if not is_old:
        return ours, theirs
    return [re.sub(r"^(Time|Doc): .*\n", "", text, flags=re.MULTILINE) for text in (ours, theirs)]


def check(bench, pprof, before, after, sample_type, nodes=20):
    theirs = pprof(f"-nodecount={nodes}" if nodes else "-nodecount=1000000",
                   f"-sample_index={sample_type}", "-base", before, after)
    done = bench.soakwatch("compare", "--top", "--nodes", nodes, "--sample-index", sample_type,
                           before, after)
    assert (done.status, done.err) == (0, "")
    ours, theirs = same_form(done.out, theirs, pprof.is_old)
    assert ours == theirs, f"{before} {after} {sample_type}"
    return ours


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def fetcher(program):
    """Fetches a page of the program's pprof server."""
    if program.url.startswith("unix:"):
        def fetch(page):
            connection = UnixConnection(program.url[5:])
            connection.request("GET", "/debug/pprof/" + page)
            return connection.getresponse().read()
        return fetch
    return lambda page: urllib.request.urlopen(program.url + page, timeout=60).read()


def start_leaky(bench):
    return bench.leaky("-mode", "all,burst", "-leak-rate-goroutines", "200", "-leak-rate-heap",
                       "64MiB", "-garbage", "64MiB", "-goroutines", "50", "-heap", "16MiB",
                       "-burst-every", "1s", "-burst-for", "1s", "-max-heap", "512MiB")


def start_tracee(bench):
    path = bench.folder / "tracee.sock"
    program = bench.run_program(
        [TARGETS / "tracee", "-pprof", path, "-dir", bench.folder, "-rate", "150", "-catalogue", "8",
         "-fault", "map", "-fault-share", "0.5"], "tracee")
    wait_until(path.exists, "the socket of tracee")
    program.url = f"unix:{path}"
    return program


def test_programs_at_several_moments(module_bench, pprof):
    """Byte for byte, for each measure."""
    for name, start in (("leaky", start_leaky), ("tracee", start_tracee)):
        program = start(module_bench)
        fetch = fetcher(program)
        pages = {"heap": HEAP_TYPES, "allocs": HEAP_TYPES, "goroutine": ("goroutine",),
                 "profile?seconds=1": ("cpu", "samples")}
        files = {page: [] for page in pages}
        for moment in range(3):
            for page in pages:
                file = module_bench.folder / f"{name}-{page[:7]}-{moment}"
                file.write_bytes(fetch(page))
                files[page].append(file)
        for page, (first, second, third) in files.items():
            for sample_type in pages[page]:
                check(module_bench, pprof, first, second, sample_type)
                check(module_bench, pprof, second, third, sample_type, nodes=5)
                check(module_bench, pprof, third, first, sample_type)  # all shrinks
                check(module_bench, pprof, first, first, sample_type)  # nothing changed
        program.stop()


# A writer of profile.proto, for what Go's own profiles never hold.

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


class Strings:
    def __init__(self):
        self.index = {"": 0}

    def __call__(self, text):
        return self.index.setdefault(text, len(self.index))


NAMES = ["main.f", "main.(*T).Run", "main.Map[...]", "main.(*List[...]).Push", "runtime.mallocgc",
         "main.(*T).Do.Map[...].func1", "ns::f(int)", "std::vector<int>::push(int const&)", "malloc",
         "(anonymous namespace)::g(char)", "Class.<init>", "x::operator()(int) const", "a<b", "a)b<c>",
         "main.f·dwrap·1", "main.recursive", "main.tiny", "main.zero"]
DROPS = ["", "malloc|main\\.tiny", "main\\..*", "ns::f|x::operator\\(\\)", ".*push", "(anonymous"]


class MadeUp:
    """Two profiles of one imaginary program. Ids and addresses differ between them."""

    def __init__(self, seed):
        self.random = rng = random.Random(seed)
        self.kind = rng.choice(["heap", "cpu", "goroutine", "odd"])
        self.types = {"heap": [("alloc_objects", "count"), ("alloc_space", "bytes"),
                               ("inuse_objects", "count"), ("inuse_space", "bytes")],
                      "cpu": [("samples", "count"), ("cpu", "nanoseconds")],
                      "goroutine": [("goroutine", "count")],
                      "odd": [("delay", "Milliseconds"), ("parrots", "parrots")]}[self.kind]
        self.scale = rng.choice([1, 40, 5000, 1 << 20, 1 << 34, 1 << 45])
        self.functions = [(name, rng.choice([name, name, "", name + ".x"]), rng.randrange(3))
                          for name in rng.sample(NAMES, rng.randrange(3, len(NAMES)))]
        self.functions += [(f"pkg.small{i}", f"pkg.small{i}", 0) for i in range(rng.randrange(40))]
        if rng.random() < 0.3:  # One line: of two nodes that are shown alike pprof's order is chance.
            self.functions.append(("", rng.choice(["", "raw.name", "c::d<e>(f)"]), 0))
        self.mappings = [(f"/opt/a b/prog{i}" if rng.random() < 0.8 else "", rng.choice(["", "abc"]))
                         for i in range(rng.randrange(4))]
        self.locations = [self.location() for _ in range(rng.randrange(2, 60))]
        self.stacks = [[rng.randrange(len(self.locations)) for _ in range(rng.randrange(0, 12))]
                       for _ in range(rng.randrange(1, 60))]
        self.drop = rng.choice(DROPS[:1] * 3 + DROPS[1:-1])
        self.keep = rng.choice(["", "", "main\\.Map.*"])
        self.time = rng.choice([0, rng.randrange(10**18, 2 * 10**18)])

    def location(self):
        rng = self.random
        lines = [(rng.randrange(len(self.functions)), rng.randrange(1, 50))
                 for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))]
        mapping = rng.randrange(len(self.mappings)) if self.mappings and rng.random() < 0.9 else None
        return mapping, rng.randrange(1 << 20), lines

    def write(self, file):
        rng, strings = self.random, Strings()
        base = rng.randrange(1 << 20) << 12
        shift = rng.randrange(1, 5)
        out = b"".join(field(1, field(1, strings(t)) + field(2, strings(u))) for t, u in self.types)
        order = list(range(len(self.stacks))) * 2
        rng.shuffle(order)
        for stack in order[:rng.randrange(1, len(order) + 1)]:
            values = [rng.choice([0, 1, 1, rng.randrange(1, 2 + self.scale)]) for _ in self.types]
            ids = b"".join(varint(i + shift) for i in self.stacks[stack])
            sample = field(1, ids) + b"".join(field(2, value) for value in values)
            if self.kind == "heap":
                sample += field(3, field(1, strings("bytes")) + field(3, 16 << stack % 3))
            if rng.random() < 0.2:
                sample += field(3, field(1, strings("who")) + field(2, strings(f"l{stack % 2}")))
            out += field(2, sample)
        for i, (name, build_id) in enumerate(self.mappings):
            start = base + (i << 24)
            out += field(3, field(1, i + 1) + field(2, start) + field(3, start + 0x100000 + i)
                         + field(4, i << 12) + field(5, strings(name))
                         + field(6, strings(build_id and build_id + str(i))))
        for i, (mapping, address, lines) in enumerate(self.locations):
            start = base + (mapping << 24) if mapping is not None else 0
            text = field(1, i + shift) + field(3, start + address)
            if mapping is not None:
                text += field(2, mapping + 1)
            for function, line in lines:
                text += field(4, field(1, function + shift) + field(2, line))
            out += field(4, text)
        for i, (name, system_name, line) in enumerate(self.functions):
            out += field(5, field(1, i + shift) + field(2, strings(name))
                         + field(3, strings(system_name)) + field(5, line))
        out += field(7, strings(self.drop)) + field(8, strings(self.keep))
        if self.time:
            out += field(9, self.time + rng.randrange(10**12))
        out += field(10, rng.choice([0, 3 * 10**9, 10**7, 10**13]))
        out += field(11, field(1, strings("space")) + field(2, strings("bytes"))) + field(12, 1)
        out += field(13, strings("a comment")) + field(13, strings("# not shown"))
        if rng.random() < 0.3:
            out += field(15, strings("http://localhost/doc"))
        out += b"".join(field(6, text.encode()) for text in strings.index)
        file.write_bytes(gzip.compress(out) if rng.random() < 0.5 else out)
        return file


def test_profiles_that_go_never_writes(bench, pprof):
    """Names of C++, code without names, dropped frames, several mappings at other addresses."""
    compared = 0
    for seed in range(int(os.environ.get("SOAKWATCH_MADE_UP_PROFILES", "40"))):
        made_up = MadeUp(seed)
        before = made_up.write(bench.folder / f"{seed}-before")
        after = made_up.write(bench.folder / f"{seed}-after")
        for sample_type, _ in made_up.types:
            check(bench, pprof, before, after, sample_type, made_up.random.choice([3, 20, 0]))
            compared += 1
    assert compared > 0


def test_for_a_person_and_for_a_machine(bench):
    fetch = fetcher(bench.leaky("-mode", "goroutine,heap", "-leak-rate-heap", "256MiB",
                                "-leak-rate-goroutines", "500", "-max-heap", "256MiB"))
    before, after = bench.folder / "before", bench.folder / "after"
    for page, function in (("heap", "main.leakHeap"), ("goroutine", "main.leakGoroutine")):
        before.write_bytes(fetch(page))

        def grew():
            after.write_bytes(fetch(page))
            result = json.loads(bench.soakwatch("compare", "--json", before, after).out)
            found = [group for group in result["groups"] if function in str(group["stack"])]
            return found and found[0]["share"] > 0.5 and (result, found[0])
        result, group = wait_until(grew, f"growth of {function}")
        assert result["kind"] == page
        change = group["bytes_change"] if page == "heap" else group["count_change"]
        assert change > 0
        assert any(frame.startswith(function + " (leak_") for frame in group["stack"])
        shown = bench.soakwatch("compare", before, after)
        assert shown.status == 0
        assert f"{group['name']} ({group['location']})" in shown.out
        assert re.search(rf"^    {re.escape(function)} \(leak_\w+\.go:\d+\)$", shown.out, re.MULTILINE)


def test_nothing_grew(bench):
    made_up = MadeUp(1).write(bench.folder / "one")
    heap = bench.folder / "heap"
    heap.write_bytes(fetcher(bench.leaky())("heap"))
    done = bench.soakwatch("compare", heap, heap)
    assert done.status == 0 and "nothing grew" in done.out
    # What cannot be compared is said, with the status of wrong use.
    for arguments, words in ((["--sample-index", "inuse_space", heap, heap], "--top"),
                             (["--top", "--sample-index", "bananas", heap, heap], "inuse_objects"),
                             (["--top", "--json", heap, heap], "--json"),
                             (["--top", made_up, heap], "different kinds"),
                             ([heap, bench.write("text", "no profile\n")], "text: ")):
        done = bench.soakwatch("compare", *arguments)
        assert (done.status, done.out) == (2, ""), arguments
        assert words in done.err
    done = bench.soakwatch("compare", heap, bench.folder / "missing")
    assert done.status == 1 and "missing" in done.err
