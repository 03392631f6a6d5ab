"""What a training run can be told, checked before anything heavy loads."""

from math import floor
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from grape_rewrite.errors import Problem, UserError
from grape_rewrite.rewriting.defaults import MAX_TOKENS, TEMPERATURE
from grape_rewrite.searching import Searching, Share, Words

if TYPE_CHECKING:
    from grape_rewrite.datasets import Dataset, Split


DEMO_STEPS = 40  # a quarter of the default: enough to see in minutes what training does
LARGEST_SEED = 2**32 - 1  # what NumPy takes


class TrainingConfig(BaseModel):
    """The hyperparameters of a run, with defaults that were found on `scenes`; docs/log.md says which by dev alone."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    reward: str = Field(
        "rank_log",
        description="what a rewrite is worth: rank_linear, rank_log, reciprocal_rank, ndcg, similarity, margin, "
        "contrastive, or a function of your own as module:function, from a module in the current folder or installed",
    )
    pool: int | None = Field(
        None, ge=2, description="candidates that a rank is computed against; the whole corpus by default"
    )
    hard: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="share of the pool that is taken from the top results of the raw query and of its untrained "
        "rewrite; the others are drawn from all other items",
    )
    algorithm: Literal["grpo", "best-of-group"] = Field(
        "grpo",
        description="how it learns: grpo, or best-of-group, which is supervised fine-tuning on the best sample of each "
        "group, with the same steps and samples",
    )
    steps: int = Field(160, ge=1, description="updates of the policy")
    minutes: float | None = Field(None, gt=0, description="stop after so many minutes, if that comes first")
    batch: int = Field(256, ge=2, description="rewrites a step: queries times group")
    group: int = Field(8, ge=2, description="rewrites for each query, which are compared with each other")
    keep: int | None = Field(
        None,
        ge=2,
        description="rewrites of each group that are learned from, the best and the worst; half of them by default",
    )
    oversample: int = Field(
        1,
        ge=1,
        description="queries that are sampled for each that is learned from; those whose rewrites differ most are kept",
    )
    micro_batch: int | None = Field(
        None,
        ge=1,
        description="rewrites of a step that are learned from at once, on each device, to save memory; all of them by "
        "default",
    )
    vllm: bool = Field(
        False, description="sample with vLLM beside the training (TRL's colocate mode), from the whole vocabulary"
    )
    learning_rate: float = Field(2e-4, gt=0, lt=1, description="learning rate at its peak")
    warmup: int = Field(3, ge=0, description="steps until the learning rate is reached")
    decay: float = Field(
        1.0,
        ge=0,
        le=1,
        description="share of the steps after the warm-up, the last of them, in which the learning rate falls to 0",
    )
    temperature: float = Field(TEMPERATURE, gt=0, description="temperature of the sampling; higher is more varied")
    distinct: float = Field(
        0.75,
        ge=0,
        le=1,
        description="share of a group's rewrites that should differ from each other: where fewer do, the temperature "
        "rises from step to step; 0 leaves it as it is, as do vLLM and rewriters that see",
    )
    max_tokens: int = Field(MAX_TOKENS, ge=2, description="length at which a rewrite is cut off")
    free_tokens: int | None = Field(
        None, ge=0, description="length up to which a rewrite costs nothing; half of max_tokens by default"
    )
    scale: Literal["batch", "group"] = Field(
        "batch",
        description="what advantages are divided by: the spread of the batch, so that groups whose rewrites rank much "
        "alike weigh little; or each term's own spread in its group",
    )
    length_weight: float = Field(
        0.1, ge=0, description="weight of the length term: 1 up to free_tokens, falling to 0 at max_tokens"
    )
    form_weight: float = Field(
        0.1,
        ge=0,
        description="weight of the form term: 1 for one line that ends by itself, is not empty and repeats no label of "
        "the prompt, else 0",
    )
    lora_rank: int = Field(16, ge=1, description="rank of the adapter's matrices")
    lora_alpha: int = Field(32, ge=1, description="scale of the adapter, over its rank")
    beta: float = Field(0.0, ge=0, description="weight of the KL term against the untrained rewriter")
    solved_weight: float = Field(
        0.2,
        ge=0,
        le=1,
        description="how soon a query comes, in each round over all, that ranks first both raw and rewritten "
        "untrained: at lower values later, and in a short run perhaps never; others count 1",
    )
    picture_weight: Share = Field(
        Searching.picture_weight,
        description="share of a query's own picture, where it has one, in what is searched with",
    )
    picture_words: Words = Field(
        0, description="words that the retriever finds nearest to a query's picture, told to the rewriter"
    )
    without: Share = Field(
        0.0,
        description='how much of what a text says behind the word "without" is taken away from the rest',
    )
    output_vocabulary: Literal["retriever", "full"] = Field(
        "retriever", description="what rewrites are made of: the words of corpus and retriever, or full"
    )
    languages: list[str] | None = Field(
        None,
        min_length=1,
        description="languages of the queries that are trained on and of the dev queries; all by default",
    )
    dev_queries: int = Field(260, ge=1, description="dev queries that the best checkpoint is chosen by")
    evaluate_every: int = Field(20, ge=1, description="steps between two looks at the dev queries")
    save_every: int = Field(10, ge=1, description="steps between two checkpoints that an interrupted run goes on from")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="seed of all that is drawn by chance")

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: object, field: ValidationInfo) -> object:
        if isinstance(value, bool) and field.field_name != "vllm":
            raise ValueError("true and false are no values of it; YAML reads no, off, yes and on as these")
        return value

    @field_validator("reward")
    @classmethod
    def _reward_is_known(cls, name: str) -> str:
        from grape_rewrite.rewards import REWARDS
        from grape_rewrite.training.own_reward import OwnReward

        if ":" in name:
            OwnReward(name)  # it says what is wrong with it
        elif name not in REWARDS:
            raise ValueError(f"known are {', '.join(REWARDS)}, and functions of your own as module:function")
        return name

    @model_validator(mode="after")
    def _sizes_fit(self) -> "TrainingConfig":
        if self.batch % self.group:
            near = max(self.group, self.batch - self.batch % self.group)
            raise ValueError(f"batch {self.batch} is no multiple of group {self.group}; {near} would be")
        if self.kept > self.group:
            raise ValueError(f"keep {self.keep} is more than a group of {self.group} has")
        if self.pool is not None and self.hard_items >= self.pool:
            raise ValueError(
                f"hard {self.hard:g} leaves none of the pool of {self.pool} to be drawn; "
                f"{floor(1000 * (1 - 1 / self.pool)) / 1000:g} does, or less"
            )
        if self.free >= self.max_tokens:
            raise ValueError(f"free_tokens {self.free} must be below max_tokens {self.max_tokens}")
        return self

    @property
    def decay_steps(self) -> int:
        """In how many steps, the last, the learning rate falls."""
        return round(self.decay * max(0, self.steps - self.warmup))

    @property
    def queries(self) -> int:
        """Queries that a step learns from."""
        return self.batch // self.group

    @property
    def sampled_queries(self) -> int:
        """Queries that a step samples rewrites for."""
        return self.queries * self.oversample

    @property
    def kept(self) -> int:
        """How many rewrites of a group are learned from."""
        return max(2, self.group // 2) if self.keep is None else self.keep

    @property
    def hard_items(self) -> int:
        """How many candidates of a pool are hard."""
        return round(self.hard * (self.pool or 0))

    @property
    def free(self) -> int:
        """The length in tokens up to which a rewrite costs nothing."""
        return self.max_tokens // 2 if self.free_tokens is None else self.free_tokens

    def per_process(self, processes: int) -> int:
        """Return how many rewrites of a step each of several processes samples.

        :raises UserError: when that is no whole number of groups, or of micro batches, or when groups would have to be
            chosen over all processes.
        """
        sampled = self.batch * self.oversample
        if processes > 1 and self.oversample > 1:
            raise UserError(
                f"oversample={self.oversample} works in one process alone, not in {processes}; leave it out"
            )
        if sampled % (processes * self.group):
            raise UserError(
                f"a step's {sampled} rewrites in groups of {self.group} cannot be shared evenly among {processes} "
                f"processes; use a batch that is a multiple of {processes * self.group}"
            )
        own = sampled // processes
        if self.micro_batch and own % self.micro_batch:
            raise UserError(f"micro_batch={self.micro_batch} does not divide the {own} rewrites that a process samples")
        return own

    def require_queries(self, split: "Split", share: int | None = None) -> None:
        """Require that a step's queries are there.

        :param split: the queries to train on.
        :param share: how many of a step's queries these are for; all of them by default.
        :raises UserError: when there are fewer, with the largest batch that they would do for; or none in a language.
        """
        split = split.only(self.languages)
        if share is not None:
            if not 0 < share <= len(split):
                raise UserError(
                    f"a step needs {share} of its {self.sampled_queries} queries from a task whose {split.name} split "
                    f"has {len(split)}; each task gives an equal share, at least 1"
                )
        elif self.sampled_queries > len(split):
            most = len(split) // self.oversample * self.group
            cure = f"use a batch of {most} or less" if most else f"an oversample of {len(split)} or less"
            raise UserError(
                f"a step of {self.batch} rewrites in groups of {self.group} needs {self.sampled_queries} queries, but "
                f"the {split.name} split has {len(split)}; {cure}"
            )

    def require(self, dataset: "Dataset", share: int | None = None) -> None:
        """Require that a data set has the queries and the corpus that training needs.

        :param share: how many of a step's queries are its own; all of them by default.
        :raises UserError: when it has not, see `require_queries` and `require_corpus`; or no dev query in a language.
        """
        self.require_queries(dataset.train, share)
        dataset.dev.only(self.languages)
        self.require_corpus(len(dataset.train.searched or dataset.corpus))

    @property
    def searching(self) -> Searching:
        """How rewrites are searched with."""
        return Searching(self.picture_weight, self.picture_words, self.without)

    def require_corpus(self, size: int) -> None:
        """Require a corpus that a pool can be drawn from.

        :param size: items in the corpus.
        :raises UserError: when the pool is larger.
        """
        if self.pool is not None and self.pool > size:
            raise UserError(
                f"pool={self.pool}: the corpus has {size} items; 2 to {size}, or leave it out for all of them"
            )

    @staticmethod
    def of(**values: object) -> "TrainingConfig":
        """Make a config of keyword arguments.

        :raises UserError: with the first value that is not possible, and what would be.
        """
        try:
            return TrainingConfig.model_validate(values)
        except ValidationError as error:
            found = Problem.first_of(error)
            key, message = found.where, found.what
            if found.kind == "extra_forbidden":
                raise UserError(f"unknown key {key!r}; known: {', '.join(TrainingConfig.model_fields)}") from None
            if found.kind == "string_type" and isinstance(found.value, bool):
                message += "; YAML reads no and off, yes and on as false and true: quote them, as in 'no'"
            raise UserError(f"{key}={found.value!r}: {message}" if key else message) from None
