"""The rewriter: a language model, a prompt and the words that it may use."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple

import torch
from jinja2 import TemplateError
from rich.progress import track
from torch.nn import Linear

from grape_rewrite.errors import UserError
from grape_rewrite.fingerprint import weights_hash
from grape_rewrite.rewriting.adapter import AdapterFacts
from grape_rewrite.rewriting.asked import Asked, as_asked
from grape_rewrite.rewriting.beginning import Beginning, Beginnings
from grape_rewrite.rewriting.defaults import MAX_TOKENS
from grape_rewrite.rewriting.gemma import EMBEDDED, HUB_NAME
from grape_rewrite.rewriting.precision import Precision
from grape_rewrite.rewriting.prefixes import shared_prefix
from grape_rewrite.rewriting.prompt import Prompt
from grape_rewrite.rewriting.sampling import sample
from grape_rewrite.rewriting.vocabulary import OutputVocabulary, count_tokens

# Digits and punctuation of a caption; letters alone let a model spell what is no word of the vocabulary.
MARKS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ",", "'", "-"]


class Generation(NamedTuple):
    """A rewrite and how many tokens it took, the end and any reasoning among them."""

    text: str
    tokens: int


class Rewriter:
    """A policy over rewrites.

    :param model: a causal language model of `transformers`, with or without PEFT adapters.
    :param tokenizer: its tokenizer.
    :param prompt: the prompt it is asked with.
    :param name: the base model's name or folder, as it was asked for.
    :param max_tokens: where a rewrite is cut off.
    :param facts: what its adapter says of itself, if it has one.
    :raises UserError: when the prompt lets the model reason, which only chat models can, or lets its reasoning
        end with a special token, which is taken out before.
    """

    sees = False
    """Whether it is shown the pictures of queries."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prompt: Prompt,
        name: str,
        max_tokens: int = MAX_TOKENS,
        facts: AdapterFacts | None = None,
    ) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.prompt = prompt
        self.name = name
        self.max_tokens = max_tokens
        self.facts = facts
        self.vocabulary = OutputVocabulary.of(model, None)
        self.trained = True  # the adapter, if there is one, is used
        self._beginnings = Beginnings()  # shared with the same rewriter asked otherwise
        self.keeps_prompt = False  # it was asked for: the corpus does not choose among those that the adapter learned
        if prompt.answer_after and not self.is_chat:
            raise UserError(
                f"{name} is no chat model and cannot reason first; leave answer_after={prompt.answer_after!r} out"
            )
        if prompt.answer_after:
            special = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
            unread = next((token for token in special if token in prompt.answer_after), None)
            if unread:
                raise UserError(
                    f"answer_after={prompt.answer_after!r} has {unread!r}, a special token of {name}, which is "
                    "taken out of its answers; use words that stay in them, such as 'Answer:'"
                )

    @staticmethod
    def load(
        name: str,
        prompt: Prompt | None = None,
        max_tokens: int = MAX_TOKENS,
        trust_remote_code: bool = False,
        device: str | None = None,
        precision: Precision | None = None,
    ) -> "Rewriter":
        """Load a rewriter.

        :param name: `gemma-3-270m` (embedded), a folder or hub name of a causal language model of `transformers`,
            base or chat, or of a vision-language model such as Qwen2-VL, a GGUF file, or the folder of a trained
            adapter, which brings its prompt and output vocabulary.
        :param prompt: what to ask with; by default the adapter's, else the multilingual one.
        :param device: such as `cpu` or `cuda`; an accelerator when there is one, by default.
        :param precision: the number format; by default bfloat16 where the device has it in hardware, else float32.
            Rewrites of one format are not always those of the other.
        :raises UserError: when there is no such model, or it has no safetensors weights.
        """
        from grape_rewrite.rewriting.loading import load_rewriter

        return load_rewriter(name, prompt, max_tokens, trust_remote_code, device, precision)

    @property
    def hub_name(self) -> str:
        """What others know the base model by: its name on the hub, where it is not a folder of this machine."""
        return HUB_NAME if self.name == EMBEDDED else self.name

    @property
    def processor(self) -> Any:
        """What makes inputs of what it is asked, the processing class of TRL's trainers."""
        return self.tokenizer

    @property
    def trainable(self) -> str:
        """A pattern of the linear layers that read and write, for PEFT's `target_modules`; what sees stays as it is."""
        from transformers.pytorch_utils import Conv1D  # of GPT-2

        decoder = self.decoder
        start = next(name for name, module in self.model.named_modules() if module is decoder)
        layers = {
            name.rpartition(".")[2] for name, part in decoder.named_modules() if isinstance(part, (Linear, Conv1D))
        }
        return rf"{re.escape(start)}\.(?:.*\.)?(?:{'|'.join(sorted(layers))})"

    def fingerprint(self) -> str:
        """Return a SHA-256 over the base model's weights in the format that it computes in; adapters do not count."""
        plain = {
            name.removeprefix("base_model.model.").replace(".base_layer", ""): weight
            for name, weight in self.model.named_parameters()
            if "lora_" not in name
        }
        return weights_hash(plain)

    @property
    def decoder(self) -> Any:
        """The transformer below the head, adapters included."""
        model = self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model
        return model.get_decoder()

    @property
    def is_chat(self) -> bool:
        """Whether the model is asked in turns rather than given a document to continue."""
        return getattr(self.tokenizer, "chat_template", None) is not None

    @property
    def stop(self) -> list[int]:
        """The ids of the tokens that end a rewrite: the model's end tokens, and the line break unless it reasons or
        sees, where stock generation runs on to an end token.
        """
        ends = self.model.generation_config.eos_token_id
        ids = set([ends] if isinstance(ends, int) else ends or [])
        if self.tokenizer.eos_token_id is not None:
            ids.add(self.tokenizer.eos_token_id)
        if not self.sees and not self.prompt.answer_after:
            ids.update(self.tokenizer("\n", add_special_tokens=False)["input_ids"][-1:])
        return sorted(ids)

    def restrict(self, tokens: Iterable[int]) -> None:
        """Let rewrites be made of these token ids and the end tokens only."""
        self.vocabulary = OutputVocabulary.of(self.model, sorted({*tokens, *self.stop}))

    def restrict_to_words(self, texts: Iterable[str]) -> None:
        """Let rewrites be made of the tokens that `texts` are made of, of digits and of a caption's punctuation.

        :raises UserError: when there are no texts.
        """
        words = list(texts)
        if not words:
            raise UserError("there are no texts for the output vocabulary; use output_vocabulary: full")
        words += [answer for _, answer in self.prompt.examples]
        tokens = count_tokens(self.tokenizer, [f" {text}" for text in words])
        if self.is_chat:  # a turn begins with a word that no space stands before
            tokens |= count_tokens(self.tokenizer, words)
        self.restrict(tokens | count_tokens(self.tokenizer, MARKS))

    def with_prompt(self, prompt: Prompt) -> "Rewriter":
        """The same model and output vocabulary, asked in another way."""
        other = copy(self)
        other.prompt = prompt
        return other

    def baselines(self) -> "dict[str, Rewriter]":
        """The same base model without its adapter: asked zero-shot, and with the prompt's examples if it has any."""
        base = copy(self)
        base.trained, base.facts = False, None
        methods = {"zero-shot": base.with_prompt(self.prompt.zero_shot())}
        return {**methods, "few-shot": base} if self.prompt.examples else methods

    def prompt_text(self, query: str) -> str:
        """Return the whole text that the model is given for a query."""
        if not self.is_chat:
            return self.prompt.text(query)
        return str(self._ask(self.prompt.messages(query, self.has_system), tokenize=False))

    @property
    def chat_settings(self) -> dict[str, bool]:
        """What the chat template is told: those of models that reason read it, others leave it alone."""
        return {"enable_thinking": bool(self.prompt.answer_after)}

    @cached_property
    def has_system(self) -> bool:
        """Whether the chat template has turns of the system; some refuse them, such as Gemma 2's."""
        try:
            self._ask(self._shaped(Prompt("Do.").messages("it")), tokenize=False)
        except TemplateError:
            return False
        return True

    def _ask(self, turns: list[Any], **settings: Any) -> Any:
        """Put turns into the chat template, up to where the answer begins."""
        return self.processor.apply_chat_template(turns, add_generation_prompt=True, **self.chat_settings, **settings)

    def _shaped(self, turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Turns as the chat template wants them."""
        return turns

    def encode(self, prompt_text: str) -> list[int]:
        """Return the token ids of a `prompt_text`; a chat template has written its special tokens already."""
        return list(self.tokenizer(prompt_text, add_special_tokens=not self.is_chat)["input_ids"])

    def decode(self, completion: Sequence[int]) -> str:
        """Return the rewrite of a completion: without its end token, its reasoning, and the white space around it."""
        ends = set(self.stop)
        tokens = completion[:-1] if completion and completion[-1] in ends else completion
        return self.prompt.answer(str(self.tokenizer.decode(tokens, skip_special_tokens=True)))

    def complete(
        self, prompts: Sequence[list[int]], group: int, temperature: float, max_tokens: int | None = None
    ) -> list[list[int]]:
        """Sample `group` completions (token ids) for each encoded prompt; see `sampling.sample`."""
        changing = self.model.training
        with self._completing():
            return sample(
                self.decoder,
                self.vocabulary,
                prompts,
                group,
                max_tokens or self.max_tokens,
                self.stop,
                temperature,
                None if changing else self._beginning(),
            )

    def _beginning(self) -> Beginning | None:
        """What all prompts begin with, run once for as long as the weights stay as they are."""
        one, other = (self.encode(self.prompt_text(text)) for text in ("a", "b"))
        tokens = one[: shared_prefix([one, other])]
        if not tokens:
            return None
        adapters = self.model.active_adapters if self.trained and hasattr(self.model, "peft_config") else ()
        return self._beginnings.get(self.model, self.decoder, tokens, *adapters)

    def respond(self, asked: Sequence[Asked], group: int, temperature: float) -> list[list[int]]:
        """Sample `group` completions (token ids) for each of what is asked; see `complete`."""
        return self.complete([self.encode(self.prompt_text(one.text)) for one in asked], group, temperature)

    @contextmanager
    def _completing(self) -> Iterator[None]:
        """Without dropout, and without the adapter if this is the untrained rewriter."""
        training = self.model.training
        if training:  # to tell every layer takes as long as a few tokens
            self.model.eval()
        try:
            plain = not self.trained and hasattr(self.model, "peft_config")
            with self.model.disable_adapter() if plain else nullcontext():
                yield
        finally:
            if training:
                self.model.train()

    def rewrite(
        self,
        queries: Sequence[Asked | str],
        group: int = 1,
        temperature: float = 0.0,
        seed: int | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> list[list[str]]:
        """Rewrite queries: the texts of `generate`."""
        found = self.generate(queries, group, temperature, seed, batch_size, progress)
        return [[made.text for made in rewrites] for rewrites in found]

    def generate(
        self,
        queries: Sequence[Asked | str],
        group: int = 1,
        temperature: float = 0.0,
        seed: int | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> list[list[Generation]]:
        """Rewrite queries.

        :param queries: n texts, or what `Index.asked` makes of queries.
        :param group: rewrites for each query; more than one make sense only with a temperature.
        :param temperature: 0 takes the likeliest word each time.
        :param seed: makes sampled rewrites repeatable without touching the global random state.
        :return: n lists of `group` rewrites; the text of a rewrite can be empty.
        """
        asked = as_asked(queries)
        rewrites: list[list[Generation]] = []
        starts = range(0, len(asked), batch_size)
        with torch.random.fork_rng(enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
            for start in track(starts, "Rewriting", disable=not progress, transient=True):
                completions = self.respond(asked[start : start + batch_size], group, temperature)
                made = [Generation(self.decode(ids), len(ids)) for ids in completions]
                rewrites += [made[i : i + group] for i in range(0, len(made), group)]
        return rewrites

    def likeliest(self, queries: Sequence[Asked | str], progress: bool = False) -> list[str]:
        """Return what a retriever gets for each query: its likeliest rewrite, its own text where that is empty."""
        asked = as_asked(queries)
        rewrites = self.rewrite(asked, progress=progress)
        return [one.or_query(texts[0]) for one, texts in zip(asked, rewrites, strict=True)]
