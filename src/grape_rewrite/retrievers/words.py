"""Which words a text tower knows, read off its tokenizer."""

from functools import cache
from itertools import islice
from typing import Any

# How tokenizers mark where a word begins or ends: WordPiece marks the pieces that go on, the others those that begin
# (SentencePiece, byte-level BPE) or end (CLIP's BPE) a word.
BEGINS = ("▁", "Ġ")
ENDS = "</w>"


# A tower that has nearly all of so many frequent English words as tokens reads English; one for Chinese or for all
# languages has far fewer.
FREQUENT, SHARE = 2_000, 0.9
# How many English words a tower that reads English is taken to understand, most of them as several pieces.
ENGLISH = 30_000


def known_words(tokenizer: Any) -> list[str]:
    """Return the words that a text tower can be spoken to with, the most frequent first.

    They are those that are one token; and for a tower that reads English, the frequent English words beside them, which
    it reads piece by piece ("sunflower" is no token of MiniLM).

    :param tokenizer: a tokenizer of `transformers`, or None.
    """
    whole = whole_words(tokenizer)
    frequent = english_words()
    known = {word.lower() for word in whole}
    if sum(word in known for word in frequent[:FREQUENT]) < SHARE * FREQUENT:
        return whole
    return list(dict.fromkeys([*whole, *frequent]))


@cache
def english_words() -> list[str]:
    """Return the most frequent English words, in lower case, as counted by the package `pyspellchecker`."""
    from spellchecker import SpellChecker

    counts = SpellChecker(language="en").word_frequency.dictionary
    frequent = sorted(counts, key=counts.__getitem__, reverse=True)
    return list(islice((word for word in frequent if word.isascii() and word.isalpha()), ENGLISH))


def whole_words(tokenizer: Any) -> list[str]:
    """Return the words of Latin letters that are one token, by rising token number, which is falling frequency.

    :param tokenizer: a tokenizer of `transformers`, or None.
    """
    vocabulary = {} if tokenizer is None else tokenizer.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    if any(piece.startswith(BEGINS) for piece in pieces):
        pieces = [piece[1:] for piece in pieces if piece.startswith(BEGINS)]
    elif any(piece.endswith(ENDS) for piece in pieces):
        pieces = [piece.removesuffix(ENDS) for piece in pieces if piece.endswith(ENDS)]
    return list(dict.fromkeys(piece for piece in pieces if piece.isascii() and piece.isalpha()))
