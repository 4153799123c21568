"""Read-only access to a soakwatch database, as docs/schema.md describes it."""

import sqlite3

from program import wait_until


class Database:
    """Each query has a connection of its own: nothing is held open beside the daemon."""

    def __init__(self, file):
        self.file = file

    def rows(self, sql, *values):
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)
        try:
            connection.row_factory = sqlite3.Row
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def value(self, sql, *values):
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None

    def ready(self):
        """Whether the daemon has made its tables."""
        try:
            return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'alerts'"))
        except sqlite3.OperationalError:
            return False

    def samples(self, target):
        """All rounds of a target in order, with the pid they are of."""
        if not self.ready():
            return []
        return self.rows(
            "SELECT s.*, i.pid FROM samples s JOIN instances i ON i.id = s.instance_id "
            "JOIN targets t ON t.id = i.target_id WHERE t.name = ? ORDER BY s.id", target)

    def wait_for_samples(self, target, count=3, where=lambda row: True):
        def enough():
            rows = [row for row in self.samples(target) if where(row)]
            return rows if len(rows) >= count else None
        return wait_until(enough, lambda: f"{count} samples of {target}, events {self.events()}")

    def instances(self, target):
        if not self.ready():
            return []
        return self.rows("SELECT i.* FROM instances i JOIN targets t ON t.id = i.target_id "
                         "WHERE t.name = ? ORDER BY i.id", target)

    def events(self, kind=None):
        """Pairs of kind and detail, of one kind where it is given."""
        if not self.ready():
            return []
        rows = self.rows("SELECT kind, detail FROM events ORDER BY id")
        return [(row["kind"], row["detail"]) for row in rows if kind in (None, row["kind"])]

    def kinds(self):
        return [kind for kind, _ in self.events()]

    def alerts(self):
        if not self.ready():
            return []
        return self.rows("SELECT a.*, t.name AS target FROM alerts a "
                         "JOIN targets t ON t.id = a.target_id ORDER BY a.id")

    def firings(self):
        """Changes to firing in the history: (alert id, time)."""
        return [tuple(row) for row in self.rows(
            "SELECT alert_id, time_ms FROM alert_history WHERE to_state = 'firing' ORDER BY id")]

    def integrity(self):
        return self.value("PRAGMA integrity_check")
