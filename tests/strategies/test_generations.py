"""What is remembered of a rewriter's rewrites, and what strategies share."""

from dataclasses import replace

import pytest

from grape_rewrite.rewriting import Rewriter
from grape_rewrite.strategies import Generations

TEXTS = ["ein roter Apfel", "mond", "haus"]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The (queries, samples of each) of every call of a rewriter."""
    made: list[tuple[int, int]] = []
    real = Rewriter.generate

    def counted(self: Rewriter, queries, count=1, *rest, **named):
        made.append((len(queries), count))
        return real(self, queries, count, *rest, **named)

    monkeypatch.setattr(Rewriter, "generate", counted)
    return made


def test_nothing_is_made_twice(generations: Generations, calls: list[tuple[int, int]]) -> None:
    first = generations.sampled(TEXTS[:2], 3)
    assert generations.sampled(TEXTS, 3)[:2] == first
    generations.greedy([TEXTS[0], TEXTS[0]])
    assert calls == [(2, 3), (1, 3), (1, 1)]


def test_tokens_are_those_that_were_generated(generations: Generations) -> None:
    rewriter = generations.rewriter
    prompts = [rewriter.encode(rewriter.prompt_text(text)) for text in TEXTS]
    lengths = [len(ids) for ids in rewriter.complete(prompts, 1, 0.0)]
    assert [made.tokens for made in generations.greedy(TEXTS)] == lengths


def test_made_ahead_fewer_are_the_first_of_the_most(generations: Generations, calls: list[tuple[int, int]]) -> None:
    shared = replace(generations, ahead=6)
    few, more, rest = shared.sampled(TEXTS, 2), shared.sampled(TEXTS, 6), shared.sampled(TEXTS, 4, after=2)
    assert calls == [(3, 6)]
    for two, six, four in zip(few, more, rest, strict=True):
        assert (*two.texts, *four.texts) == six.texts
        assert two.tokens + four.tokens == six.tokens > 0
        assert two.seconds + four.seconds == pytest.approx(six.seconds)
        assert two.empty + four.empty == six.empty
    assert [made.texts for made in generations.sampled(TEXTS, 6)] == [made.texts for made in more]


def test_what_goes_beyond_is_made_for_itself(generations: Generations, calls: list[tuple[int, int]]) -> None:
    shared = replace(generations, ahead=2)
    assert {len(made.texts) for made in shared.sampled(TEXTS, 3)} == {3}
    shared.sampled(TEXTS, 2, after=2)
    assert calls == [(3, 3), (3, 2)]
