"""kill -9 while the daemon writes: nothing that it called committed is lost."""

import random
import re

from conftest import FAST
from program import wait_until

KILLS = 50
COMMITTED = re.compile(r"committed through row (\d+), (\d+) samples in all$", re.MULTILINE)


def last_commit(daemon):
    """The newest row, and how many of this run of the daemon, that are said to be safe."""
    told = COMMITTED.findall(daemon.err)
    return tuple(map(int, told[-1])) if told else (0, 0)


def test_fifty_kills(bench):
    programs = [bench.leaky("-mode", "idle") for _ in range(4)]
    targets = [f"pid:{program.pid}" for program in programs]
    chance = random.Random(20261120)
    newest_before, count_before = 0, 0
    for _ in range(KILLS):
        daemon = bench.daemon(*targets, config=FAST, arguments=["--log-level", "trace"])
        enough = chance.randint(1, 12)
        wait_until(lambda: last_commit(daemon)[1] >= enough, "commits")
        daemon.kill()
        assert daemon.db.integrity() == "ok"
        newest, count = daemon.db.rows("SELECT max(id), count(*) FROM samples")[0]
        row, samples = last_commit(daemon)
        assert newest_before < row <= newest
        assert count - count_before >= samples
        # Each row that was told of, one by one: ids have no gap where nothing was dropped.
        present = daemon.db.value("SELECT count(*) FROM samples WHERE id > ? AND id <= ?",
                                  newest_before, row)
        assert present == row - newest_before == samples
        newest_before, count_before = newest, count
    # Nobody was taken for somebody new, and no file was moved aside.
    assert {len(daemon.db.instances(f"pid-{program.pid}")) for program in programs} == {1}
    assert daemon.db.kinds().count("instance_resumed") >= KILLS - 1
    assert list(bench.folder.glob("*corrupt*")) == []


def test_a_kill_leaves_a_database_that_the_commands_read(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm, 5)
    daemon.kill()
    status = bench.soakwatch("status", "--db", daemon.db.file)
    assert status.status == 0
    assert "soakwatchd does not run" in status.out and leaky.comm in status.out
    export = bench.soakwatch("export", "--db", daemon.db.file)
    assert export.status == 0
    assert len(export.out.splitlines()) == len(daemon.db.samples(leaky.comm)) + 1


def test_a_broken_database_is_moved_aside(bench):
    leaky = bench.leaky()
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.db.wait_for_samples(leaky.comm, 5)
    assert daemon.stop() == 0
    daemon = bench.daemon(f"name:{leaky.comm}")
    daemon.kill()
    with open(daemon.db.file, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40960)
    for journal in bench.folder.glob("soak.db-*"):
        journal.unlink()
    again = bench.daemon(f"name:{leaky.comm}")
    again.db.wait_for_samples(leaky.comm)
    assert again.db.integrity() == "ok"
    aside, = [file for file in bench.folder.glob("soak.db.corrupt-*")
              if not file.name.endswith(("-wal", "-shm"))]
    assert aside.name in again.err
