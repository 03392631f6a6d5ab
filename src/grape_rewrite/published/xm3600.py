"""Crossmodal-3600: photographs with captions that people wrote in 36 languages (Thapliyal et al., EMNLP 2022).

Format of `captions.jsonl`: a record for each picture with `image/key` and, for each language, an object whose `caption`
is a list of texts. It has no part to train on.
"""

from grape_rewrite.datasets.corpus import Item
from grape_rewrite.published.benchmark import Benchmark, Pictures
from grape_rewrite.published.counts import Counts
from grape_rewrite.published.part import Part
from grape_rewrite.published.source import Source

LANGUAGES = (
    *("ar", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fil", "fr", "he", "hi", "hr", "hu", "id", "it"),
    *("ja", "ko", "mi", "nl", "no", "pl", "pt", "quz", "ro", "ru", "sv", "sw", "te", "th", "tr", "uk", "vi", "zh"),
)


def read(source: Source, pictures: Pictures) -> dict[str, Part]:
    """Read captions and pictures."""
    part, file = Part(), source.file("captions.jsonl", "*/captions.jsonl")
    for line, record in source.json_lines(file):
        key = source.value(file, record, "image/key", str, line)
        place = source.place(file, line)
        picture = source.picture(f"{key}.jpg", f"images/{key}.jpg", f"images/images/{key}.jpg", origin=place)
        image = pictures.take(key, picture, place)
        if image is None:
            continue
        part.add(Item(key, image=image), place)
        for language in LANGUAGES:
            texts = source.value(file, record, language, dict, line)
            part.ask_each(key, source.strings(file, texts, "caption", f"line {line}, {language}"), language, place)
    return {"test": part}


XM3600 = Benchmark(
    name="xm3600",
    holds="3,600 photographs with captions that people wrote in 36 languages; for testing alone.",
    page="https://google.github.io/crossmodal-3600",
    files=("captions.jsonl", "the pictures of images.tgz as KEY.jpg, beside it or in images/"),
    licence="captions CC BY 4.0; pictures as image_attributions.csv says, most of them CC BY 2.0",
    size="17 MB and 302 MB",
    counts={"test": Counts(3_600, 261_375)},
    languages=LANGUAGES,
    read=read,
)
