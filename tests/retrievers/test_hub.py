"""A small hub on this machine: the real client asks it for models, by name."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COMMIT = "0" * 40
PROGRAM = """
import sys
from grape_rewrite.errors import UserError
from grape_rewrite.retrievers import Retriever
from grape_rewrite.rewriting import Rewriter
try:
    if sys.argv[2] == "retriever":
        retriever = Retriever.load(sys.argv[1])
        print(type(retriever).__name__, retriever.name, retriever.fingerprint())
    else:
        rewriter = Rewriter.load(sys.argv[1])
        print(type(rewriter).__name__, rewriter.name, rewriter.likeliest(["ein Apfel"]))
except UserError as error:
    print("UserError", error)
"""


class Hub(BaseHTTPRequestHandler):
    """Answers what is asked on the way to a file: a model's listing, the files themselves, and 'not found'."""

    protocol_version = "HTTP/1.1"
    models: dict[str, Path]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/api/models").strip("/")
        name = "/".join(path.split("/")[:2])
        if name not in self.models:
            self.answer(404, error="RepoNotFound")
        elif "/resolve/" in path:
            self.file(self.models[name] / path.partition("/resolve/")[2].partition("/")[2])
        elif "/tree/" in path:
            self.answer(404, error="EntryNotFound")
        else:
            files = [str(file.relative_to(self.models[name])) for file in self.models[name].rglob("*")]
            listing = {"id": name, "sha": COMMIT, "siblings": [{"rfilename": file} for file in files]}
            self.answer(200, json.dumps(listing).encode())

    def file(self, file: Path) -> None:
        if file.is_file():
            self.answer(200, file.read_bytes())
        else:
            self.answer(404, error="EntryNotFound")

    def answer(self, status: int, content: bytes = b"", error: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def hub(
    clip_folder: Path, sentence_folder: Path, tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    pickled = tmp_path_factory.mktemp("hub") / "pickled"
    shutil.copytree(sentence_folder, pickled)
    (pickled / "2_Dense" / "model.safetensors").rename(pickled / "2_Dense" / "pytorch_model.bin")
    (pickled / "2_Dense" / "other.safetensors").touch()  # which the library does not look for
    Hub.models = {"someone/clip": clip_folder, "someone/sentences": sentence_folder, "someone/pickled": pickled}
    Hub.models["someone/rewriter"] = tiny_model_folder
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def load(name: str, home: Path, endpoint: str, kind: str = "retriever") -> list[str]:
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    environment |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        environment.pop(variable, None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, kind],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Retrying" not in done.stderr
    return done.stdout.strip().splitlines()[-1].split(" ", 2)


@pytest.mark.parametrize(
    ("name", "family"), [("someone/clip", "DualEncoder"), ("someone/sentences", "SentenceEncoder")]
)
def test_a_hub_name_is_fetched_and_found_again_without_the_hub(
    hub: str, name: str, family: str, tmp_path: Path
) -> None:
    first = load(name, tmp_path, hub)
    assert first[:2] == [family, name], first
    # Port 9 (discard) of this machine: nobody answers.
    assert load(name, tmp_path, "http://127.0.0.1:9") == first


def test_a_pickled_layer_is_refused_before_it_is_fetched(hub: str, tmp_path: Path) -> None:
    kind, *words = load("someone/pickled", tmp_path, hub)
    assert kind == "UserError"
    assert "someone/pickled: 2_Dense has its weights only as a pickle" in " ".join(words)


def test_a_pickled_layer_is_refused_without_the_hub_too(hub: str, tmp_path: Path) -> None:
    copy = tmp_path / "hub" / "models--someone--pickled"
    shutil.copytree(Hub.models["someone/pickled"], copy / "snapshots" / COMMIT)
    (copy / "refs").mkdir()
    (copy / "refs" / "main").write_text(COMMIT)
    kind, *words = load("someone/pickled", tmp_path, "http://127.0.0.1:9")
    assert kind == "UserError"
    assert "2_Dense/pytorch_model.bin: weights as a pickle are refused" in " ".join(words)


def test_a_name_that_the_hub_does_not_have(hub: str, tmp_path: Path) -> None:
    kind, *words = load("someone/else", tmp_path, hub)
    assert kind == "UserError"
    assert "the model hub has none of that name" in " ".join(words)


def test_a_rewriter_is_fetched_and_found_again_without_the_hub(hub: str, tmp_path: Path) -> None:
    first = load("someone/rewriter", tmp_path, hub, "rewriter")
    assert first[:2] == ["Rewriter", "someone/rewriter"], first
    assert load("someone/rewriter", tmp_path, "http://127.0.0.1:9", "rewriter") == first


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("someone/else", "the model hub has none of that name"),
        ("./nope", "there is no such folder"),
        ("a b", "neither a folder nor a possible hub name"),
    ],
)
def test_a_rewriter_that_nobody_has(hub: str, name: str, why: str, tmp_path: Path) -> None:
    kind, *words = load(name, tmp_path, hub, "rewriter")
    assert kind == "UserError"
    assert why in " ".join(words)
    assert "valid are gemma-3-270m" in " ".join(words)


def test_without_a_hub_a_misspelt_rewriter_is_one_line(tmp_path: Path) -> None:
    kind, *words = load("gema-3-270m", tmp_path, "http://127.0.0.1:9", "rewriter")
    assert kind == "UserError"
    assert "the model hub cannot be reached" in " ".join(words)
