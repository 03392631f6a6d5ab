"""The processor of a vision-language model: what makes tokens and patches of texts and pictures."""

import inspect
from importlib.util import find_spec
from pathlib import Path
from typing import Any

VIDEO = "video_processor"


def load_processor(source: Path | str, config: Any, **loading: Any) -> Any:
    """Load a processor; without its part for films where torchvision, which that needs, is not installed.

    Queries have no films, and torchvision of the package index does not load beside a torch without CUDA.

    :param source: a folder, or a hub name.
    :param config: of the model.
    :param loading: further arguments of `from_pretrained`.
    :raises OSError: when a file is missing or broken.
    :raises ValueError: when there is no processor for this kind of model.
    """
    from transformers import AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    kind: Any = AutoProcessor
    if find_spec("torchvision") is None and type(config) in PROCESSOR_MAPPING:
        known = PROCESSOR_MAPPING[type(config)]
        kind = without_films(known) if VIDEO in inspect.signature(known.__init__).parameters else AutoProcessor
    processor = kind.from_pretrained(source, **loading)
    if processor.chat_template is None:
        processor.chat_template = processor.tokenizer.chat_template
    return processor


def without_films(processor: type) -> type:
    """Return a class of processors that is one without its part for films.

    `transformers` reads off the parameters of `__init__` which parts a processor has.
    """

    def begin(self: Any, *parts: Any, **settings: Any) -> None:
        given = {**dict(zip(names, parts, strict=False)), **settings}
        processor.__init__(self, **given, **{VIDEO: None})  # type: ignore[misc]

    signature = inspect.signature(processor.__init__)  # type: ignore[misc]
    kept = [parameter for name, parameter in signature.parameters.items() if name != VIDEO]
    names = [parameter.name for parameter in kept[1:]]
    begin.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    return type(processor.__name__, (processor,), {"__init__": begin})
