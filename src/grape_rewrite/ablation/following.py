"""What the runs of a study that are at work have come to, read from their histories."""

from pathlib import Path
from typing import Any

from grape_rewrite.errors import UserError
from grape_rewrite.training.run_folder import read_history


class Following:
    """Reads the rows that a `history.jsonl` gains.

    A run replaces the file whenever it has done a step. One that goes on from a checkpoint has rows already, and the
    first file that it writes may have fewer of them than it found.

    :param file: the history; it need not be there yet, and what it holds now is old.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._changed = self._time()
        self._known = len(self._rows())

    def news(self) -> list[dict[str, Any]]:
        """Return the rows since the last call; of a file that was begun anew or cut the last one."""
        changed = self._time()
        if changed == self._changed:
            return []
        self._changed = changed
        rows = self._rows()
        known, self._known = self._known, len(rows)
        return rows[known:] if len(rows) > known else rows[-1:]

    def _time(self) -> int:
        try:
            return self.file.stat().st_mtime_ns
        except OSError:
            return 0

    def _rows(self) -> list[dict[str, Any]]:
        """All rows; none of a damaged file, which the run itself refuses with what is wrong."""
        try:
            return read_history(self.file) if self.file.is_file() else []
        except UserError:
            return []
