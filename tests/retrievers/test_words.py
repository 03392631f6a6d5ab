import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from grape_rewrite.retrievers.words import whole_words

SCHEMES = {
    "word pieces": (["[UNK]", "the", "##s", "apple", "苹", "1"], ["the", "apple"]),
    "sentence pieces": (["<unk>", "▁the", "s", "▁apple", "▁苹果", "▁1"], ["the", "apple"]),
    "byte-level": (["<unk>", "Ġthe", "s", "Ġapple", "Ġ1"], ["the", "apple"]),
    "clip": (["<unk>", "the</w>", "s", "apple</w>", "1</w>"], ["the", "apple"]),
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whole_words_of_each_scheme(scheme: str) -> None:
    pieces, words = SCHEMES[scheme]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=pieces[0]))
    assert whole_words(PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token=pieces[0])) == words


def test_a_model_without_a_tokenizer_knows_no_words() -> None:
    assert whole_words(None) == []
