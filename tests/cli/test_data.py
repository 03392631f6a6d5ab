"""`grape data`: what it lists, and what it says where files are missing."""

from pathlib import Path


def test_a_published_benchmark_is_made_from_its_official_files(grape, tmp_path: Path) -> None:
    from grape_rewrite.published import BENCHMARKS

    for name, benchmark in BENCHMARKS.items():
        shown = " ".join(grape("data", name, "--help").out.replace("│", " ").split())
        assert benchmark.licence.split()[0] in shown
        assert f"grape data {name} --source" in shown
        refused = grape("data", name, "--source", tmp_path / "none", "--out", tmp_path / "out")
        assert refused.code == 2
        assert benchmark.page in refused.error_lines[0]
        (tmp_path / "empty").mkdir(exist_ok=True)
        refused = grape("data", name, "--source", tmp_path / "empty", "--out", tmp_path / "out")
        assert refused.code == 2
        assert "needs" in refused.error_lines[0]
        assert not (tmp_path / "out").exists()


def test_all_data_sets_are_listed_the_published_ones_with_the_size_of_their_download(grape) -> None:
    from grape_rewrite.datasets.dataset import EMBEDDED
    from grape_rewrite.published import BENCHMARKS

    shown = " ".join(grape("data", "--help").out.replace("│", " ").split())
    for name, benchmark in BENCHMARKS.items():
        assert f"{name} {benchmark.holds} Download: {benchmark.size}." in shown
    refused = grape("data", "cvleu", "--source", "x")
    assert refused.code == 2
    [line] = refused.error_lines
    assert "'cvleu'" in line
    assert set(line.partition("valid are ")[2].split(", ")) == {*EMBEDDED, *BENCHMARKS, "hub"}
