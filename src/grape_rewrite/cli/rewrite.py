"""`grape rewrite`."""

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grape_rewrite.cli.adapters import check_rewriters
from grape_rewrite.cli.load import load_rewriter
from grape_rewrite.cli.options import Json, MaxTokens, PromptName, RemoteCode, RewriterName, Seed, read_prompt
from grape_rewrite.cli.output import note, say
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.rewriting import Rewriter


def rewrite(
    queries: Annotated[list[str] | None, typer.Argument(help="Queries.")] = None,
    rewriter: RewriterName = "gemma-3-270m",
    prompt: PromptName = None,
    image: Annotated[
        Path | None, typer.Option(help="The picture that the queries are about, for a rewriter that sees.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="File with a query a line; - is standard input.")] = None,
    max_tokens: MaxTokens = None,
    group: Annotated[int, typer.Option(min=1, help="Rewrites for each query.")] = 1,
    temperature: Annotated[float, typer.Option(min=0, help="0 takes the likeliest; several rewrites need more.")] = 0,
    seed: Seed = 0,
    json: Json = False,
    trust_remote_code: RemoteCode = False,
) -> None:
    """Print the rewrites of queries, one a line; with --group, each after its query and a tab.

    Example: [bold]grape rewrite --rewriter runs/demo "ein roter Apfel"[/bold]
    """
    texts = [*(queries or []), *(_read(file) if file else [])]
    if not texts:
        raise UserError(
            'nothing to rewrite; give queries, as in: grape rewrite "ein roter Apfel", or --file queries.txt'
        )
    if not all(text.strip() for text in texts):
        raise UserError("a query is empty; give each some words")
    if group > 1 and temperature == 0:
        raise UserError(f"--group {group} needs --temperature above 0, such as 1: all rewrites would be the same")

    from grape_rewrite.rewriting.asked import Asked

    # Standard output is for the rewrites; no progress is shown.
    check_rewriters([rewriter], max_tokens)
    policy = load_rewriter(rewriter, read_prompt(prompt), max_tokens, trust_remote_code, quiet=True)
    _require_sight(rewriter, policy, image)
    if policy.facts and policy.facts.searching.picture_words:
        note(
            f"note: adapter {rewriter} was trained with words of each query's picture, which only grape search and "
            "grape evaluate can tell it"
        )
    asked = [Asked(text, picture=image) for text in texts]
    for text, rewrites in zip(texts, policy.rewrite(asked, group, temperature, seed), strict=True):
        if json:
            say(jsonlib.dumps({"query": text, "rewrites": rewrites}, ensure_ascii=False))
        else:
            lines = [" ".join(rewrite.split()) for rewrite in rewrites]
            say("\n".join(lines if group == 1 else [f"{text}\t{line}" for line in lines]))


def _require_sight(name: str, policy: "Rewriter", image: Path | None) -> None:
    """Require a picture for a rewriter that was trained to see one, and none for one that only reads.

    :param name: what the user calls it: an adapter's folder rather than the model that it is of.
    """
    if image and not policy.sees:
        raise UserError(f"rewriter {name} reads text alone; leave --image out")
    if not image and policy.sees and policy.facts and policy.facts.pictures:
        raise UserError(f"adapter {name} was trained on queries of a picture and a text; give the picture as --image")


def _read(file: Path) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(f"there is no file {file}; give one with a query a line, or - for standard input") from error
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"cannot read {file} as UTF-8 text: {error}") from error
    lines = text.removesuffix("\n").split("\n") if text else []  # nothing else ends a line
    lines = [line.removesuffix("\r") for line in lines]  # but for how Windows writes it
    for number, line in enumerate(lines, 1):
        if not line.strip():  # a line less would put every later rewrite beside another query
            raise UserError(f"{file}, line {number} is empty; each line is a query")
    return lines
