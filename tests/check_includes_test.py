#!/usr/bin/env python3
"""check_includes.py must catch each kind of violation, and stay quiet on what is allowed."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import check_includes

SCRIPT = Path(check_includes.__file__)

VIOLATIONS = [
    ("model/a.h", '#include "config/config.h"'),
    ("model/a.h", "#include <fmt/format.h>"),
    ("model/a.cc", "#include <unistd.h>"),
    ("config/a.cc", '#include "storage/schema.h"'),
    ("collectors/procfs/a.cc", '#include "config/config.h"'),
    ("storage/a.h", '#include "alerts/tracker.h"'),
    ("report/a.cc", '#include "collectors/http_get.h"'),
    ("daemon/main.cc", '#include "cli/output.h"'),
    ("config/a.cc", "#include <yaml-cpp/yaml.h>"),
    ("daemon/a.cc", "  #  include <SQLiteCpp/SQLiteCpp.h>"),
    ("config/a.h", "#include <SQLiteCpp/SQLiteCpp.h>"),
    ("cli/a.cc", "#include <sqlite3.h>"),
    ("daemon/api.cc", "#include <boost/beast/http.hpp>"),
    ("collectors/http/a.h", "#include <boost/beast.hpp>"),
    ("detectors/a.cc", "#include <fstream>"),
    ("detectors/a.cc", "#include <iostream>"),
    ("detectors/a.cc", "#include <filesystem>"),
    ("detectors/a.cc", "#include <sys/socket.h>"),
    ("detectors/a.cc", "#include <spdlog/spdlog.h>"),
    ("detectors/a.cc", "auto t = std::chrono::steady_clock::now();"),
    ("config/a.cc", '#include "config.h"'),
    ("config/a.cc", "#include <model/target.h>"),
]

ALLOWED = [
    ("model/result.h", "#include <boost/system/result.hpp>\n#include <vector>"),
    ("config/yaml_tree.cc", "#include <yaml-cpp/parser.h>"),
    ("storage/a.cc", '#include <SQLiteCpp/SQLiteCpp.h>\n#include "model/sample.h"'),
    ("collectors/http/get.cc", "#include <boost/beast/http.hpp>"),
    ("collectors/procfs/a.cc", '#include "collectors/procfs/stat.h"\n#include <sys/stat.h>'),
    ("report/a.cc", '#include "detectors/finding.h"\n#include "storage/reader.h"'),
    ("daemon/main.cc", '#include "alerts/a.h"\n#include "config/config.h"'),
    ("cli/a.cc", '#include "daemon/a.h"'),
    ("detectors/a.cc", '#include <chrono>\n#include <cmath>\n#include "model/finding.h"'),
    ("config/a.cc", '// #include "storage/schema.h"'),
]


class CheckIncludes(unittest.TestCase):
    def test_catches_each_violation(self):
        for name, text in VIOLATIONS:
            with self.subTest(name=name, text=text):
                found = check_includes.mistakes_in(name, "\n" + text + "\n")
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(name + ":"), found)

    def test_stays_quiet_on_what_is_allowed(self):
        for name, text in ALLOWED:
            with self.subTest(name=name):
                self.assertEqual(check_includes.mistakes_in(name, text), [])

    def test_a_library_does_not_leave_its_folder_through_a_header(self):
        files = {
            "storage/rows.h": "#include <SQLiteCpp/Statement.h>",
            "storage/pages.h": '#include "storage/rows.h"',
            "storage/reader.h": '#include "model/sample.h"',
            "storage/reader.cc": '#include "storage/pages.h"',
            "daemon/a.cc": '#include "storage/reader.h"',
        }
        self.assertEqual(check_includes.border_mistakes(files), [])
        files["daemon/b.cc"] = '\n#include "storage/pages.h"'
        found = check_includes.border_mistakes(files)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith("daemon/b.cc:2:"), found)

    def test_a_source_begins_with_its_own_header(self):
        files = {"model/a.h": "", "model/a.cc": '#include "model/a.h"\n#include <vector>',
                 "model/names.cc": "#include <vector>"}
        self.assertEqual(check_includes.order_mistakes(files), [])
        files["model/a.cc"] = '#include <vector>\n#include "model/a.h"'
        found = check_includes.order_mistakes(files)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith("model/a.cc:1:"), found)

    def test_a_violation_anywhere_in_the_tree_fails_the_command(self):
        with tempfile.TemporaryDirectory() as root:
            file = Path(root, "collectors", "pprof", "deep.cc")
            file.parent.mkdir(parents=True)
            file.write_text('#include "model/metric.h"\n')
            run = [sys.executable, SCRIPT, root]
            self.assertEqual(subprocess.run(run, capture_output=True).returncode, 0)
            file.write_text('#include "storage/schema.h"\n')
            failed = subprocess.run(run, capture_output=True, text=True)
            self.assertEqual(failed.returncode, 1)
            self.assertIn("collectors/pprof/deep.cc:1:", failed.stdout)

    def test_an_empty_tree_is_no_success(self):
        with tempfile.TemporaryDirectory() as root:
            run = subprocess.run([sys.executable, SCRIPT, root], capture_output=True)
            self.assertEqual(run.returncode, 1)


if __name__ == "__main__":
    unittest.main()
