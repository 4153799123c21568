"""A small Debian with Debian's own kernel in qemu, which can lose its power. It has no network."""

import json
import os
import shlex
import socket
import subprocess
from types import SimpleNamespace

from database import Database
from program import Program, wait_until

# Generous: without hardware for it, all is emulated.
BOOT_SECONDS = 240
COMMAND_SECONDS = 120
# A machine whose virtualization works is in its first program within a second.
PROBE_SECONDS = 8
FIRST_WORDS = "first program"


class VirtualMachine:
    """`system`: folder with vmlinuz, initrd and disk.img, as machine.sh makes it. What is written to its
    disk goes with the machine; `disks` keep what reached them and are /dev/vdb and so on.
    `folder`/shared is /shared inside: a write there has reached us once it returned there."""

    def __init__(self, system, folder, accelerator, disks=(), systemd=False):
        folder.mkdir(parents=True, exist_ok=True)
        self.shared = folder / "shared"
        self.shared.mkdir(exist_ok=True)
        self.console = folder / "console.log"
        self.answers = None
        self.commands = 0
        port = folder / "agent"
        port.unlink(missing_ok=True)
        then = "/sbin/init" if systemd else "/usr/local/sbin/agent"
        words = ["qemu-system-x86_64", "-accel", accelerator, "-m", "1024", "-smp", "2",
                 "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none",
                 "-kernel", system / "vmlinuz", "-initrd", system / "initrd",
                 "-append", f"console=ttyS0 panic=-1 quiet then={then}",
                 "-drive", f"file={system}/disk.img,if=virtio,format=raw,snapshot=on"]
        for disk in disks:
            words += ["-drive", f"file={disk},if=virtio,format=raw,cache=writeback"]
        words += ["-virtfs", f"local,path={self.shared},mount_tag=shared,security_model=none",
                  "-serial", f"file:{self.console}",
                  "-chardev", f"socket,id=agent,path={port},server=on,wait=off",
                  "-serial", "chardev:agent"]
        self.port = port
        self.qemu = Program(words, folder, "qemu")

    def words(self):
        console = self.console.read_text(errors="replace") if self.console.exists() else ""
        return self.qemu.err[-1000:] + console[-3000:]

    def said(self, words):
        assert self.qemu.running(), f"qemu ended: {self.words()}"
        return self.console.exists() and words in self.console.read_text(errors="replace")

    def boot(self):
        wait_until(self.port.exists, lambda: f"qemu: {self.words()}")
        agent = socket.socket(socket.AF_UNIX)
        agent.connect(str(self.port))
        agent.settimeout(BOOT_SECONDS)
        self.agent, self.answers = agent, agent.makefile("rb")
        self.hear("up", BOOT_SECONDS)
        return self

    def hear(self, word, seconds):
        self.agent.settimeout(seconds)
        try:
            line = self.answers.readline().decode(errors="replace").strip()
        except OSError:
            line = "nothing"
        assert line == word, f"{word!r} within {seconds} s, not {line!r}: {self.words()}"

    def run(self, *words, check=True, seconds=COMMAND_SECONDS):
        """Runs a command inside to its end; what it leaves in the background runs on."""
        return self.script(shlex.join(map(str, words)), check, seconds)

    def script(self, text, check=True, seconds=COMMAND_SECONDS):
        self.commands += 1
        name = self.shared / str(self.commands)
        files = {kind: name.with_suffix(f".{kind}") for kind in ("sh", "out", "err", "status")}
        files["sh"].write_text(text + "\n")
        self.agent.sendall(f"{self.commands}\n".encode())
        self.hear(str(self.commands), seconds)
        out, err, status = (files[kind].read_text(errors="replace")
                            for kind in ("out", "err", "status"))
        for file in files.values():
            file.unlink()
        assert not check or status == "0", f"{text}: {status} {err}"
        return SimpleNamespace(status=int(status), out=out, err=err)

    def cut_power(self):
        """What the kernel inside had not yet written is gone."""
        self.qemu.clean_up()
        if self.answers:
            self.answers.close()
            self.agent.close()

    clean_up = cut_power


class GuestDatabase(Database):
    """A database that is inside, as a reader there sees it; rows are dicts."""

    def __init__(self, machine, file):
        super().__init__(file)
        self.machine = machine

    def rows(self, sql, *values):
        for value in values:
            sql = sql.replace("?", "'" + str(value).replace("'", "''") + "'", 1)
        done = self.machine.run("sqlite3", "-readonly", "-json", "-cmd", ".timeout 30000",
                                self.file, sql, check=False)
        assert done.status == 0, done.err
        return json.loads(done.out) if done.out.strip() else []

    def value(self, sql, *values):
        rows = self.rows(sql, *values)
        return next(iter(rows[0].values())) if rows else None

    def ready(self):
        try:
            return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'alerts'"))
        except AssertionError:
            return False


def make_disk(file, mebibytes):
    """An empty ext4, without blocks that only root may use."""
    with open(file, "wb") as disk:
        disk.truncate(mebibytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", file], check=True)
    return file


def find_accelerator(system, folder):
    """kvm where a machine gets as far as its first program with it in a moment; else tcg, which
    emulates. That /dev/kvm is there does not say that it works."""
    if not os.access("/dev/kvm", os.W_OK):
        return "tcg"
    machine = VirtualMachine(system, folder, "kvm")
    try:
        wait_until(lambda: machine.said(FIRST_WORDS), "kvm", PROBE_SECONDS)
        return "kvm"
    except AssertionError:
        return "tcg"
    finally:
        machine.clean_up()
