"""What the documents say is what the runs in `docs/evidence` left."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.leaves import leaves

ROOT = Path(__file__).parent.parent


def test_results_are_made_from_the_evidence(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "evidence", tmp_path / "evidence")
    subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "results.py", "--docs", tmp_path], check=True, capture_output=True
    )
    assert (tmp_path / "leaderboard.md").read_text() == (ROOT / "docs" / "leaderboard.md").read_text()
    assert pages(tmp_path) == pages(ROOT / "docs")
    named = set(re.findall(r"\]\((?:\.\./)?figures/([^)]+)\)", "".join(pages(tmp_path).values())))
    assert named
    for docs in (tmp_path, ROOT / "docs"):
        assert {path.name for path in (docs / "figures").iterdir()} == named
    made, kept = (json.loads((folder / "results.json").read_text()) for folder in (tmp_path, ROOT / "docs"))
    assert made["tasks"].keys() == kept["tasks"].keys()
    one, other = (list(leaves(found["tasks"])) for found in (made, kept))
    assert [place for place, _ in one] == [place for place, _ in other]
    assert len(one) > 10_000
    for (place, value), (_, known) in zip(one, other, strict=True):
        assert value == (pytest.approx(known, abs=1e-9) if isinstance(known, float) else known), place


def pages(docs: Path) -> dict[str, str]:
    """The results and the page of each study, by the name of the file."""
    return {path.name: path.read_text() for path in [docs / "results.md", *sorted((docs / "results").iterdir())]}
