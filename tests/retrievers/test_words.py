import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from grape_rewrite.retrievers.words import english_words, known_words, whole_words

SCHEMES = {
    "word pieces": (["[UNK]", "the", "##s", "apple", "苹", "1"], ["the", "apple"]),
    "sentence pieces": (["<unk>", "▁the", "s", "▁apple", "▁苹果", "▁1"], ["the", "apple"]),
    "byte-level": (["<unk>", "Ġthe", "s", "Ġapple", "Ġ1"], ["the", "apple"]),
    "clip": (["<unk>", "the</w>", "s", "apple</w>", "1</w>"], ["the", "apple"]),
}


def tokenizer_of(pieces: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of these pieces; the first stands for all others."""
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=pieces[0]))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=pieces[0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whole_words_of_each_scheme(scheme: str) -> None:
    pieces, words = SCHEMES[scheme]
    assert whole_words(tokenizer_of(pieces)) == words


def test_a_model_without_a_tokenizer_knows_no_words() -> None:
    assert whole_words(None) == []
    assert known_words(None) == []


def test_a_tower_that_reads_english_knows_rarer_words_too() -> None:
    frequent = english_words()
    words = known_words(tokenizer_of(["[UNK]", *frequent[:2000]]))
    assert words[:2000] == frequent[:2000]
    assert {"sunflower", "toothbrush"} <= set(words) - set(frequent[:2000])


def test_a_tower_with_a_few_english_words_does_not_read_english() -> None:
    few = english_words()[:1500]
    assert known_words(tokenizer_of(["[UNK]", *few])) == few


def test_english_words_are_words_by_frequency() -> None:
    words = english_words()
    assert len(words) == len(set(words)) == 30_000
    assert all(word.isascii() and word.isalpha() and word == word.lower() for word in words)
    assert words.index("the") < words.index("apple") < words.index("broccoli")
