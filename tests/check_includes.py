#!/usr/bin/env python3
"""Who may include whom: the table of docs/architecture.md, enforced.

Usage: check_includes.py [ROOT]. Prints FILE:LINE: what is wrong, one line each; exit status 1 when
there is any.
"""

import re
import sys
from pathlib import Path

PROJECT = ["model", "config", "collectors", "storage", "detectors", "alerts", "evidence", "report",
           "daemon", "cli"]

# Folder -> project folders that it may include, besides itself.
MAY_INCLUDE = {
    "model": set(),
    "config": {"model"},
    "collectors": {"model"},
    "storage": {"model"},
    "detectors": {"model"},
    "alerts": {"model"},
    "evidence": {"model"},
    "report": {"model", "storage", "detectors", "evidence"},
    "daemon": set(PROJECT) - {"cli"},
    "cli": set(PROJECT),
}

# Library header -> the files that may include it, as patterns of their path from the root.
ONLY_IN = [
    (r"yaml-cpp/", "yaml-cpp", r"config/yaml_tree\.cc"),
    (r"SQLiteCpp/|sqlite3\.h", "SQLite", r"storage/[^/]+\.(cc|h)"),
    (r"boost/beast", "Beast", r"collectors/http/[^/]+\.cc"),
]

# The model is words, the detectors are arithmetic: neither asks the system for anything.
STANDARD = r"<[a-z_0-9]+>"
MODEL_ALSO = {"<boost/system/result.hpp>", "<sys/types.h>"}
DETECTORS_MAY_NOT = {
    "<fstream>", "<iostream>", "<filesystem>", "<thread>", "<mutex>", "<condition_variable>",
    "<future>", "<ctime>", "<cstdio>", "<random>",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])')


def folder_mistake(folder, header):
    """What is wrong with `folder` including `header` ('"a/b.h"' or '<b>'), or None."""
    path = header[1:-1]
    target = path.split("/")[0]
    if header.startswith('"'):
        if target not in MAY_INCLUDE or "/" not in path:
            return f"{header}: the project's headers are included by their path from the root"
        if target != folder and target not in MAY_INCLUDE[folder]:
            return f"{header}: {folder}/ may not include {target}/"
        return None
    if target in MAY_INCLUDE and "/" in path:
        return f'{header}: the project\'s headers are included in quotes'
    if folder == "model" and not re.fullmatch(STANDARD, header) and header not in MODEL_ALSO:
        return f"{header}: model/ uses the standard library and boost::system::result alone"
    if folder == "detectors":
        if header in DETECTORS_MAY_NOT:
            return f"{header}: detectors/ have no clock, file, socket, log or thread"
        if not re.fullmatch(STANDARD, header) and not re.match(r"<(fmt|boost/(math|system))/", header):
            return f"{header}: detectors/ are plain arithmetic"
    return None


def library_mistake(name, header):
    """What is wrong with the file of that path from the root including a library's `header`."""
    for pattern, library, allowed in ONLY_IN:
        if re.match(pattern, header[1:-1]) and not re.fullmatch(allowed, name):
            place = allowed.replace("[^/]+", "*").replace("\\", "")
            return f"{header}: {library} is included only in {place}"
    return None


def includes_of(text):
    """(line number, header) of each include."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1]


def mistakes_in(name, text):
    """All mistakes of one file, whose path from the root is `name`, as "FILE:LINE: text"."""
    folder = name.split("/")[0]
    found = []
    for number, header in includes_of(text):
        for mistake in (folder_mistake(folder, header), library_mistake(name, header)):
            if mistake:
                found.append(f"{name}:{number}: {mistake}")
    if folder == "detectors" and re.search(r"\b(system|steady|high_resolution)_clock::now\b", text):
        found.append(f"{name}:1: detectors/ get the time as an argument and read no clock")
    return found


def order_mistakes(files):
    """Sources with a header of their name that do not include it first. Only so the header is known
    to compile alone: cmake/SoakwatchTargets.cmake compiles those without a source."""
    return [f"{name}:1: the first include is to be {own}" for name, text in files.items()
            if name.endswith(".cc") and (own := name[:-3] + ".h") in files
            and next(includes_of(text), (0, ""))[1] != f'"{own}"']


def border_mistakes(files):
    """Headers through which a library of ONLY_IN would leave its folder: a header that includes the
    library, itself or through others, may be included only within its folder."""
    inner = set()
    while True:
        grown = {name for name, text in files.items() if name.endswith(".h") and any(
            header[1:-1] in inner or any(re.match(p, header[1:-1]) for p, _, _ in ONLY_IN)
            for _, header in includes_of(text))}
        if grown == inner:
            break
        inner = grown
    return [f"{name}:{number}: {header}: its types stay in {header[1:-1].split('/')[0]}/, since it "
            f"includes a library that is shut in there"
            for name, text in files.items() for number, header in includes_of(text)
            if header[1:-1] in inner and header[1:-1].split("/")[0] != name.split("/")[0]]


def check(root):
    """(number of files, mistakes) of the project at `root`."""
    files = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
             for folder in PROJECT for path in sorted((root / folder).rglob("*"))
             if path.suffix in (".h", ".cc")}
    found = [mistake for name, text in files.items() for mistake in mistakes_in(name, text)]
    return len(files), found + border_mistakes(files) + order_mistakes(files)


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    files, found = check(root)
    for mistake in found:
        print(mistake)
    if files == 0:
        print(f"{root}: no source files found")
        return 1
    print(f"includes: {files} files, {len(found)} mistakes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
