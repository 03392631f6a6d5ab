"""Which whole words a text tower knows, read off its tokenizer."""

from typing import Any

# How tokenizers mark where a word begins or ends: WordPiece marks the pieces that go on, the others those that begin
# (SentencePiece, byte-level BPE) or end (CLIP's BPE) a word.
BEGINS = ("▁", "Ġ")
ENDS = "</w>"


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
