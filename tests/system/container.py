"""A small Debian that systemd boots in a container, without a trace on the machine afterwards."""

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

from program import Program, wait_until

BOOT_SECONDS = 60
COMMAND_SECONDS = 60
POWEROFF_SECONDS = 30

# Where the control groups that systemd uses may lie: version 2 alone, both, version 1 beside it.
CGROUP_ROOTS = [Path("/sys/fs/cgroup") / name for name in ("", "unified", "systemd")]


class ControlGroups:
    """A group of one's own in each hierarchy, where no systemd of the machine makes one."""

    def __init__(self, name):
        self.folders = []
        if Path("/run/systemd/system").is_dir():
            return
        for root in CGROUP_ROOTS:
            if (root / "cgroup.procs").exists():
                self.folders.append(root / name)

    def enter_words(self):
        """A command line prefix that enters the groups."""
        if not self.folders:
            return []
        enter = " && ".join(f"mkdir -p {folder} && echo $$ > {folder}/cgroup.procs"
                            for folder in self.folders)
        return ["sh", "-c", f'{enter} && exec "$@"', "sh"]

    def removed(self):
        """Removes them; False while processes in them are still ending."""
        for group in self.folders:
            for folder, _, _ in os.walk(group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    return False
        return True


class Container:
    """The system in `root`, read-only; what it writes is gone with it. `shared` is /shared inside.
    `unified`: with version 2 of the control groups, as Debian 12 has it; else with version 1.
    `capabilities`: beside those that systemd-nspawn leaves to a container."""

    def __init__(self, root, folder, unified, programs, capabilities=()):
        self.unified = unified
        self.shared = folder / "shared"
        self.shared.mkdir()
        name = f"soakwatch-test-{os.getpid()}"
        self.groups = ControlGroups(name)
        # In a pid namespace whose first process is systemd-nspawn: the container ends with it, and
        # that with unshare, however they end.
        words = [*self.groups.enter_words(), "unshare", "--pid", "--mount-proc", "--fork",
                 "--kill-child", "systemd-nspawn", "--quiet", "--boot", "--register=no",
                 f"--machine={name}", f"--directory={root}", "--volatile=overlay",
                 "--private-network", "--console=pipe", f"--bind={self.shared}:/shared"]
        words += [f"--bind-ro={program}:/usr/local/bin/{program.name}" for program in programs]
        words += [f"--capability={name}" for name in capabilities]
        if self.groups.folders:
            words.append("--keep-unit")
        env = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": str(int(unified))}
        self.nspawn = Program(words, folder, "nspawn", env=env)
        self.leader = None

    def boot(self):
        wait_until(self.find_leader, lambda: f"a first process: {self.words()}", BOOT_SECONDS)
        # "degraded" is up as well: a unit that does not suit a container failed.
        wait_until(lambda: self.state() in ("running", "degraded"),
                   lambda: f"systemd is up, not {self.state()!r}: {self.words()}", BOOT_SECONDS)

    def words(self):
        return (self.nspawn.out + self.nspawn.err)[-4000:]

    def find_leader(self):
        """The container's first process, among those that descend from ours: the first of a pid
        namespace within that of systemd-nspawn."""
        assert self.nspawn.running(), f"systemd-nspawn ended: {self.words()}"
        pids = [str(self.nspawn.pid)]
        while pids:
            pid = pids.pop()
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                pids += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:  # it ended: systemd-nspawn forks twice
                continue
            levels = re.search(r"^NSpid:(.*)$", status, re.MULTILINE)[1].split()
            if levels[-1] == "1" and len(levels) >= 3 and levels[-2] != "1":
                self.leader = pid
                return pid
        return None

    def state(self):
        return self.run("systemctl", "is-system-running", check=False, seconds=10).out.strip()

    def run(self, *words, check=True, seconds=COMMAND_SECONDS):
        """Runs a command inside to its end."""
        try:
            done = subprocess.run(
                ["setpriv", "--pdeathsig", "KILL", "--", "nsenter", "--target", self.leader, "--all",
                 "--", *map(str, words)],
                timeout=seconds, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                env={"PATH": "/usr/local/bin:/usr/bin:/usr/sbin", "LANG": "C.UTF-8"})
        except subprocess.TimeoutExpired:
            if check:
                raise
            return SimpleNamespace(status=None, out="", err="")
        assert not check or done.returncode == 0, f"{words}: {done.returncode} {done.stderr}"
        return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr)

    def path(self, inside):
        """A file of the container, seen from outside; not for paths with links in them."""
        return Path(f"/proc/{self.leader}/root{inside}")

    def clean_up(self):
        if self.leader and self.nspawn.running():
            self.run("systemctl", "poweroff", "--no-block", check=False, seconds=10)
            try:
                self.nspawn.wait(POWEROFF_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        self.nspawn.clean_up()
        if self.leader:
            wait_until(lambda: not os.path.exists(f"/proc/{self.leader}"), "the container's end")
        wait_until(self.groups.removed, "the end of the container's control groups")
