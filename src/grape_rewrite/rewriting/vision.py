"""Rewriters that see: vision-language models, which are shown a query's picture beside its text."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from grape_rewrite.errors import UserError
from grape_rewrite.retrievers.images import open_image
from grape_rewrite.rewriting.adapter import AdapterFacts
from grape_rewrite.rewriting.asked import Asked
from grape_rewrite.rewriting.defaults import MAX_TOKENS
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.rewriting.rewriter import Rewriter


def is_vision(config: Any) -> bool:
    """Whether `transformers` has a model of this configuration for pictures and texts, and none for texts alone.

    Kinds that it also has for texts, such as Gemma 3, are loaded to read, by the fast path.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    )

    kind = config.model_type
    return kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES and kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


class VisionRewriter(Rewriter):
    """A policy over rewrites of a text and a picture.

    It samples and is trained by the stock paths of transformers and TRL, from the whole vocabulary. The adapter is put
    on the part that reads and writes; the part that sees stays as it is.

    :param model: a model of `transformers` for pictures and texts, with or without PEFT adapters.
    :param processor: its processor.
    :raises UserError: when it has no chat template.
    """

    sees = True

    def __init__(
        self,
        model: Any,
        processor: Any,
        prompt: Prompt,
        name: str,
        max_tokens: int = MAX_TOKENS,
        facts: AdapterFacts | None = None,
    ) -> None:
        self._processor = processor
        super().__init__(model, processor.tokenizer, prompt, name, max_tokens, facts)
        if not self.is_chat:
            raise UserError(f"rewriter {name!r} has no chat template, which says where a picture goes in what it reads")
        self.tokenizer.padding_side = "left"  # a batch's answers begin at the same place

    @property
    def processor(self) -> Any:
        """The processor of texts and pictures."""
        return self._processor

    @property
    def is_chat(self) -> bool:
        """Whether it has a chat template."""
        return self.processor.chat_template is not None

    def messages(self, asked: Asked, prompt: Prompt | None = None) -> list[dict[str, Any]]:
        """Write the prompt: the turns of `Prompt.messages`, the picture at the beginning of the last.

        :param prompt: by default its own.
        :raises UnreadableImage: when the picture cannot be read.
        """
        turns = self._shaped((prompt or self.prompt).messages(asked.text, self.has_system))
        if asked.picture:
            turns[-1]["content"].insert(0, {"type": "image", "image": _opened(asked.picture)})
        return turns

    def _shaped(self, turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Turns of parts, of which pictures are some."""
        return [{**turn, "content": [{"type": "text", "text": turn["content"]}]} for turn in turns]

    @torch.no_grad()
    def respond(self, asked: Sequence[Asked], group: int, temperature: float) -> list[list[int]]:
        """Sample `group` completions (token ids) for each of what is asked, with `transformers`."""
        inputs = self._ask(
            [self.messages(one) for one in asked],
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        ).to(self.model.device)
        stop = self.stop
        # Of the model's own settings, made for conversation, none is to change what is sampled from.
        drawn = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
        with self._completing():
            made = self.model.generate(
                **inputs,
                **(drawn or {"do_sample": False}),
                num_return_sequences=group if drawn else 1,
                repetition_penalty=1.0,
                max_new_tokens=self.max_tokens,
                eos_token_id=stop,
                pad_token_id=self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else stop[0],
            )
        answers = [_ended(ids, set(stop)) for ids in made[:, inputs["input_ids"].shape[1] :].tolist()]
        return answers if drawn else [ids for ids in answers for _ in range(group)]


@lru_cache(maxsize=64)
def _opened(file: Path) -> Any:
    """A picture; the rewrites of a group, and the parts of a step, ask for the same again and again."""
    return open_image(file)


def _ended(ids: list[int], stop: set[int]) -> list[int]:
    """The ids up to the first end token, which is part of them."""
    end = next((place for place, token in enumerate(ids) if token in stop), len(ids))
    return ids[: end + 1]
