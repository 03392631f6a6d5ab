"""Strategies by name."""

import pytest

from grape_rewrite.errors import UserError
from grape_rewrite.strategies import (
    ForLanguages,
    Generations,
    Greedy,
    Interpolated,
    MostConfident,
    Pictured,
    Query2doc,
    Raw,
    Sampled,
    Sure,
    UntilAgreement,
    Worthwhile,
    strategy_of,
)


def test_names(generations: Generations) -> None:
    made = generations
    for spec, expected in {
        "raw": Raw(),
        "greedy": Greedy(made),
        "query2doc": Query2doc(made),
        "mean-8": Sampled(made, 8),
        "rrf-16": Sampled(made, 16, by_rank=True),
        "confident-2": MostConfident(made, 2),
        "agreement-8": UntilAgreement(made, 8),
        "greedy+raw-0.25": Interpolated(Greedy(made), 0.25),
        "raw+image-1": Pictured(Raw(), 1.0),
        "sure-0.1:greedy+raw-0.2+image-0.5": Pictured(Sure(Interpolated(Greedy(made), 0.2), 0.1), 0.5),
        "sure-0.05:mean-4+raw-0.2": Sure(Interpolated(Sampled(made, 4), 0.2), 0.05),
        "worthwhile--0.01:greedy": Worthwhile(Greedy(made), -0.01),
        "except-en,pt-BR:greedy": ForLanguages(Greedy(made), frozenset({"en", "pt-BR"})),
        "except-es-419,zh_Hant:greedy": ForLanguages(Greedy(made), frozenset({"es-419", "zh_Hant"})),
    }.items():
        assert strategy_of(spec, made) == expected


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "greed",
        "mean",
        "mean-0",
        "mean-x",
        "greedy+raw",
        "greedy+raw-1",
        "greedy+raw-0",
        "rrf-4+raw-0.2",
        "sure:raw",
        "worthwhile-0:rrf-4",
        "except-:raw",
    ],
)
def test_what_is_no_name(generations: Generations, spec: str) -> None:
    with pytest.raises(UserError, match=r"strategy '.*'[;:] ") as caught:
        strategy_of(spec, generations)
    assert "\n" not in str(caught.value)
