#!/usr/bin/env python3
"""Runs clang-tidy on the sources of a build folder, and remembers which were clean.

A source is taken as clean when its text, the project's headers that it includes, its compile
command, .clang-tidy and the tool are those of a clean run before; stamps lie in BUILD/tidy.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOOL = "clang-tidy-14"
SECONDS_PER_FILE = 600
# The path analysis takes two fifths of the time; on the macros of GoogleTest three quarters, and there
# it finds nothing.
NO_PATH_ANALYSIS = ["--checks=-clang-analyzer-*"]
# A source that is included by another is a header to the tool.
OF_WHOLE_FOLDERS = ["--checks=-clang-analyzer-*,-bugprone-suspicious-include", "--header-filter=.*"]


def compile_commands(build, root):
    """Source -> (object file as Ninja names it, command) of the project's own sources."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        # A header on its own (VERIFY_INTERFACE_HEADER_SETS) is checked with the sources.
        if source.is_relative_to(root) and not source.is_relative_to(build):
            commands[source] = (entry.get("output", ""), entry["command"])
    return commands


def without_precompiled(build):
    """A folder with the same commands, without what g++ precompiled, which clang cannot read."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    for entry in entries:
        entry["command"] = re.sub(r" -Winvalid-pch -include \S+/cmake_pch\.hxx", "", entry["command"])
    folder = build / "tidy_commands"
    folder.mkdir(exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps(entries), encoding="utf-8")
    return folder


def included_headers(build, root):
    """Object file -> the project's files that it was compiled from, by Ninja's log."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True,
                          text=True).stdout
    headers, name = {}, None
    for line in text.splitlines():
        if line.startswith("    "):
            path = Path(os.path.normpath(build / line.strip()))
            if name is not None and path.is_relative_to(root):
                headers[name].append(path)
        elif ": #deps" in line:
            name = line.split(": #deps")[0]
            headers[name] = []
    return headers


def changed_files(root):
    """What differs from the last commit; None where there is no git."""
    changed = set()
    for command in (["diff", "--name-only", "HEAD"], ["ls-files", "--others", "--exclude-standard"]):
        try:
            result = subprocess.run(["git", "-C", root, *command], capture_output=True, text=True,
                                    check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        changed |= {root / line for line in result.stdout.splitlines()}
    return changed


def digest(files, texts):
    total = hashlib.sha256("\0".join(texts).encode())
    for file in sorted(files):
        total.update(b"\0" + str(file).encode() + b"\0")
        total.update(file.read_bytes() if file.exists() else b"gone")
    return total.hexdigest()


def changed_sources(build, root, everything):
    """What is not known to be clean as [(source, options, its stamp)], the number that is, and all stamps."""
    stamps = build / "tidy"
    version = subprocess.run([TOOL, "--version"], check=True, capture_output=True, text=True).stdout
    rules = (root / ".clang-tidy").read_text(encoding="utf-8")
    headers = included_headers(build, root)
    changed = None if everything else changed_files(root)
    work, known_clean, names = [], 0, set()
    for source, (object_file, command) in sorted(compile_commands(build, root).items()):
        files = {source, *headers.get(object_file, [])}
        if changed is not None and root / ".clang-tidy" not in changed and not files & changed:
            continue
        stamp = stamps / digest(files, [version, rules, command])
        names.add(stamp.name)
        if stamp.exists():
            known_clean += 1
        else:
            work.append((source, NO_PATH_ANALYSIS if source.is_relative_to(root / "tests") else [], stamp))
    return work, known_clean, names


def whole_folders(build):
    """The sources into which CMake put all of a folder, and those that stayed alone."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    sources = [Path(entry["directory"]) / entry["file"] for entry in entries]
    # A header that is compiled on its own is in those of its folder as well.
    return [(source, OF_WHOLE_FOLDERS, None) for source in sources if source.suffixes != [".h", ".cxx"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="build folder with compile_commands.json")
    parser.add_argument("--all", action="store_true",
                        help="all sources, not only those that git calls changed")
    parser.add_argument("--whole-folders", action="store_true",
                        help="the build has SOAKWATCH_WHOLE_FOLDERS: each folder as one source, no analysis of paths")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    args = parser.parse_args()
    build = args.build.resolve()
    root = Path(__file__).resolve().parent.parent
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    if args.whole_folders:
        work, known_clean, names = whole_folders(build), 0, set()
    else:
        work, known_clean, names = changed_sources(build, root, args.all)

    commands = without_precompiled(build)

    def tidy(job):
        source, options, stamp = job
        try:
            result = subprocess.run([TOOL, "-p", commands, "--quiet", *options, source], capture_output=True,
                                    text=True, timeout=SECONDS_PER_FILE)
        except subprocess.TimeoutExpired:
            return f"{source}: {TOOL} needed more than {SECONDS_PER_FILE} s"
        if result.returncode == 0:
            if stamp:
                stamp.touch()
            return None
        return result.stdout + result.stderr

    with ThreadPoolExecutor(args.jobs) as pool:
        mistakes = [text for text in pool.map(tidy, work) if text]
    for text in mistakes:
        print(text)
    if args.all:  # what no source has any more
        for stamp in stamps.iterdir():
            if stamp.name not in names:
                stamp.unlink()
    print(f"clang-tidy: {len(work)} files checked, {known_clean} clean since the last run, "
          f"{len(mistakes)} with mistakes")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
