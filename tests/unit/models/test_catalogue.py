"""The model catalogue: what the shipped file holds, and which mistakes in such a file are named where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, StorageError
from models.catalogue import DEVICES, GIB, RUNTIMES, Catalogue, MemoryClass, Sourced, read_catalogue
from models.recipes import RECIPES
from models.recipes.voices import EXPERIMENT
from models.store.from_catalogue import catalogue_of_program
from models.store.model import ModelFormat, Task

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "assets/catalogue.yaml"
SHA = "0123456789abcdef" * 4
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SMALL = f"""\
sources:
  one: "github.com/a/b@c:d"
  two: "github.com/e/f@g:h"
models:
  - name: first-model
    title: First model
    task: text
    format: gguf
    repository: owner/name
    revision: {{value: {COMMIT}, source: one}}
    licence: {{value: MIT, source: two}}
    languages: {{value: [en, pt-BR], source: one}}
    parameters: {{value: 1000, source: one}}
    memory_bytes: {{value: 2000, source: two}}
    runtimes: {{llama.cpp: [gpu, cpu]}}
    recommended: [4gb, 16gb]
    note: Worth a note.
    files:
      - {{path: deep/model.gguf, size: 10, sha256: {SHA}, source: one}}
      - path: deep/er/other.json
        size: {{value: 5, source: two}}
        sha256: null
  - name: second-model
    title: Second model
    task: voice
    format: piper
    repository: owner/name
    revision: null
    licence: {{value: null, source: null}}
    languages: null
    runtimes: {{piper: [cpu]}}
    files:
      - {{path: voice.onnx, size: null, sha256: null}}
"""


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return read_catalogue(SHIPPED)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "catalogue.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class TestShipped:
    @pytest.mark.parametrize(
        ("task", "least"), [(Task.SPEECH_TO_TEXT, 3), (Task.TEXT, 4), (Task.VOICE, 6), (Task.EMBEDDING, 2)]
    )
    def test_has_enough_complete_models(self, shipped: Catalogue, task: Task, least: int) -> None:
        assert sum(model.complete for model in shipped.of(task)) >= least

    def test_whatever_is_said_to_run_a_model_can_load_it(self, shipped: Catalogue) -> None:
        can = {(each.runtime, each.device, kind) for each in (*RECIPES, *EXPERIMENT) for kind in each.formats}

        wrong = [
            (model.name, runtime, device)
            for model in shipped.models
            for runtime, devices in model.runtimes.items()
            for device in devices
            if (runtime, device, model.format) not in can
        ]

        assert wrong == []

    def test_every_value_names_a_source_and_every_source_is_used(self, shipped: Catalogue) -> None:
        used = set()
        for model in shipped.models:
            for what, sourced in model.sourced:
                assert (sourced.value is None) == (sourced.source == ""), f"{model.name}: {what}"
                if sourced.value is not None:
                    assert shipped.reference(sourced), f"{model.name}: {what}"
                    used.add(sourced.source)
        assert used == set(shipped.sources)

    def test_sources_are_public_places(self, shipped: Catalogue) -> None:
        ours = {"estimate", "own-name"}
        for name, reference in shipped.sources.items():
            assert name in ours or "github" in reference.lower() or "huggingface.co/" in reference, name
            assert "pypi" not in reference, name

    def test_one_digest_is_one_file(self, shipped: Catalogue) -> None:
        known: dict[str, tuple[str, int | None]] = {}
        for model in shipped.models:
            for file in model.files:
                if (sha256 := file.sha256.value) is not None:
                    what = (file.path.rsplit("/", 1)[-1], file.size.value)
                    assert known.setdefault(sha256, what) == what, f"{model.name}: {file.path}"

    def test_the_same_file_of_the_same_revision_has_one_digest(self, shipped: Catalogue) -> None:
        known: dict[tuple[str, str], str] = {}
        for model in shipped.models:
            for file in model.files:
                if (sha256 := file.sha256.value) is not None:
                    assert known.setdefault((model.repository, file.path), sha256) == sha256, model.name

    def test_digests_and_revisions_are_hexadecimal(self, shipped: Catalogue) -> None:
        for model in shipped.models:
            revision = model.revision.value
            assert revision is None or re.fullmatch(r"[0-9a-f]{40}|v[0-9.]+", revision), model.name
            for file in model.files:
                assert file.sha256.value is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256.value), model.name

    @pytest.mark.parametrize("task", Task)
    @pytest.mark.parametrize("memory_class", MemoryClass)
    def test_one_complete_model_is_recommended_per_task_and_class(
        self, shipped: Catalogue, task: Task, memory_class: MemoryClass
    ) -> None:
        marked = [model for model in shipped.of(task) if memory_class in model.recommended]
        assert len(marked) == 1
        assert marked[0].complete
        assert marked[0] is shipped.recommended(task, max(memory_class.least_bytes, GIB))

    @pytest.mark.parametrize("memory_class", MemoryClass)
    def test_what_is_recommended_fits_together(self, shipped: Catalogue, memory_class: MemoryClass) -> None:
        nominal = int(memory_class.removesuffix("gb")) * GIB
        needed = 0
        for task in Task:
            model = shipped.recommended(task, nominal)
            assert model is not None
            assert model.memory_bytes.value is not None
            needed += model.memory_bytes.value
        assert needed <= nominal * 3 // 4

    def test_recommended_models_may_be_used_for_anything(self, shipped: Catalogue) -> None:
        free = {"MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0"}
        for model in shipped.models:
            if model.recommended:
                assert model.licence.value in free, model.name

    def test_memory_follows_the_rule_of_its_header(self, shipped: Catalogue) -> None:
        step = 10_000_000
        for model in shipped.models:
            if model.memory_bytes.source == "estimate":
                assert model.size_bytes is not None, model.name
                tenths = model.size_bytes * 12 + 2_000_000_000
                assert model.memory_bytes.value == -(-tenths // (10 * step)) * step, model.name

    def test_files_are_those_that_the_format_needs(self, shipped: Catalogue) -> None:
        for model in shipped.models:
            names = {file.name for file in model.files}
            match model.format:
                case ModelFormat.CTRANSLATE2_WHISPER:
                    assert {"model.bin", "config.json", "tokenizer.json"} < names, model.name
                    assert names & {"vocabulary.txt", "vocabulary.json"}, model.name
                case ModelFormat.MOONSHINE:
                    assert names == {"encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"}, model.name
                case ModelFormat.PIPER:
                    (voice,) = (name for name in names if name.endswith(".onnx"))
                    assert names == {voice, f"{voice}.json"}, model.name
                case ModelFormat.GGUF | ModelFormat.GGUF_EMBEDDING:
                    (file,) = names
                    assert file.endswith(".gguf"), model.name
                case ModelFormat.OPENVINO_WHISPER:
                    assert {"openvino_encoder_model.xml", "openvino_decoder_model.bin"} < names, model.name
                case _:
                    assert {"openvino_model.xml", "openvino_model.bin"} < names, model.name

    def test_runtimes_are_those_that_load_the_format(self, shipped: Catalogue) -> None:
        for model in shipped.models:
            loads = {
                ModelFormat.CTRANSLATE2_WHISPER: {"faster-whisper"},
                ModelFormat.MOONSHINE: {"moonshine"},
                ModelFormat.PIPER: {"piper", "openvino"},
                ModelFormat.GGUF: {"llama.cpp"},
                ModelFormat.GGUF_EMBEDDING: {"llama.cpp"},
            }.get(model.format, {"openvino"})
            assert set(model.runtimes) == loads, model.name

    def test_it_is_put_in_order(self, shipped: Catalogue) -> None:
        tasks = [model.task for model in shipped.models]
        assert [task for task, following in pairwise(tasks) if task is not following] == list(Task)[:-1]
        assert all(first.line < second.line for first, second in pairwise(shipped.models))


class TestReading:
    def test_a_model_is_read_whole(self, written: Callable[[str], Path]) -> None:
        catalogue = read_catalogue(written(SMALL))
        model = catalogue.get("first-model")
        assert model is not None
        assert (model.title, model.task, model.format) == ("First model", Task.TEXT, ModelFormat.GGUF)
        assert model.revision == Sourced(COMMIT, "one")
        assert model.licence == Sourced("MIT", "two")
        assert model.languages == Sourced(("en", "pt-BR"), "one")
        assert (model.parameters.value, model.memory_bytes.value) == (1000, 2000)
        assert model.runtimes == {"llama.cpp": (Device.GPU, Device.CPU)}
        assert model.recommended == (MemoryClass.GB4, MemoryClass.GB16)
        assert (model.note, model.line) == ("Worth a note.", 5)
        assert catalogue.reference(model.licence) == "github.com/e/f@g:h"

    def test_the_folders_that_all_files_share_are_left_out_of_their_names(self, written: Callable[[str], Path]) -> None:
        first, second = read_catalogue(written(SMALL)).models
        assert [file.name for file in first.files] == ["model.gguf", "er/other.json"]
        assert [file.name for file in second.files] == ["voice.onnx"]

    def test_what_is_missing_leaves_a_model_incomplete(self, written: Callable[[str], Path]) -> None:
        first, second = read_catalogue(written(SMALL)).models
        assert first.files[0].complete
        assert not first.files[1].complete
        assert not first.verified
        assert first.size_bytes == 15
        assert second.size_bytes is None
        assert second.languages == Sourced()

    def test_verified_needs_the_files_alone_and_complete_revision_and_licence_too(
        self, written: Callable[[str], Path]
    ) -> None:
        known = SMALL.replace("sha256: null\n  - name", f"sha256: {{value: {SHA[::-1]}, source: two}}\n  - name")
        model = read_catalogue(written(known)).models[0]
        assert model.verified
        assert model.complete
        for gone in (f"{{value: {COMMIT}, source: one}}", "{value: MIT, source: two}"):
            model = read_catalogue(written(known.replace(gone, "null"))).models[0]
            assert model.verified
            assert not model.complete

    def test_unknown_names_and_tasks_without_models_have_nothing(self, written: Callable[[str], Path]) -> None:
        catalogue = read_catalogue(written(SMALL))
        assert catalogue.get("third-model") is None
        assert catalogue.of(Task.EMBEDDING) == ()
        assert [model.name for model in catalogue.of(Task.VOICE)] == ["second-model"]

    def test_a_class_without_a_mark_takes_that_of_the_next_smaller(self, written: Callable[[str], Path]) -> None:
        catalogue = read_catalogue(written(SMALL.replace("[4gb, 16gb]", "[8gb]")))
        assert catalogue.recommended(Task.TEXT, 4 * GIB) is None
        for memory in (8, 16, 64):
            model = catalogue.recommended(Task.TEXT, memory * GIB)
            assert model is not None
            assert model.name == "first-model"
        assert catalogue.recommended(Task.VOICE, 64 * GIB) is None

    def test_it_can_be_shown_under_another_name(self, written: Callable[[str], Path]) -> None:
        with pytest.raises(InvalidInput, match=r"^shown\.yaml:"):
            read_catalogue(written(SMALL.replace("gguf\n", "ggml\n", 1)), Path("shown.yaml"))

    def test_a_file_that_is_not_there_is_no_catalogue(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError):
            read_catalogue(tmp_path / "none.yaml")

    def test_devices_are_those_of_this_machine(self) -> None:
        assert Device.REMOTE not in DEVICES
        assert sorted(RUNTIMES) == list(RUNTIMES)


class TestMemoryClasses:
    @pytest.mark.parametrize(
        ("memory", "expected"),
        [
            (0, MemoryClass.GB4),
            (4 * GIB, MemoryClass.GB4),
            (7 * GIB - 1, MemoryClass.GB4),
            (7 * GIB, MemoryClass.GB8),
            (14 * GIB - 1, MemoryClass.GB8),
            (14 * GIB, MemoryClass.GB16),
            (28 * GIB - 1, MemoryClass.GB16),
            (28 * GIB, MemoryClass.GB32),
            (256 * GIB, MemoryClass.GB32),
        ],
    )
    def test_a_machine_belongs_to_the_class_it_is_sold_as(self, memory: int, expected: MemoryClass) -> None:
        assert MemoryClass.of(memory) is expected


FILE = f"{{path: deep/model.gguf, size: 10, sha256: {SHA}, source: one}}"
MISTAKES = [
    ("gguf\n", "ggml\n", ":8:5: format must be one of ctranslate2-whisper, "),
    ("task: text", "task: voice", ":7:5: a model in the format gguf is for text, not voice."),
    ("task: text", "task: talk", ":7:5: task must be one of speech-to-text, text, voice, embedding, not 'talk'."),
    ("second-model", "first-model", ":23:5: there are two models 'first-model'."),
    ("first-model", "First Model", ":5:5: name must be lower case letters, digits, . and - (80 at most), not "),
    ("title: First model", "title: ", ":6:5: title must be a text, not nothing."),
    ("    title: First model\n", "", ":5:5: a model must have 'title'."),
    ("note:", "notes:", ":17:5: a model has no 'notes'."),
    ("owner/name", "owner", ":9:5: repository must be owner/name, not 'owner'."),
    (COMMIT, "main", ":10:16: revision must be a commit (40 hexadecimal digits, lower case) or a tag like v1.0.0"),
    (COMMIT, COMMIT[:-1], ":10:16: revision must be a commit"),
    (f"value: {COMMIT}", "value: null", ":10:29: revision has no value, so it can have no source."),
    ("value: MIT, source: two", "value: MIT, source: null", ":11:27: a value must name its source"),
    ("value: MIT, source: two", "value: MIT, source: tow", ":11:27: there is no source 'tow'."),
    ("{value: MIT, source: two}", "MIT", ":11:5: licence must name its source: {value: …, source: …}."),
    ("value: MIT, source: two", "value: MIT", ":11:5: licence must have 'source'."),
    ("[en, pt-BR]", "[en, en]", ":12:17: languages must list tags, each once"),
    ("[en, pt-BR]", "[]", ":12:17: languages must list tags, each once"),
    ("[en, pt-BR]", "[English]", ":12:25: a language must be a tag like en or pt-BR, not 'English'."),
    ("value: 1000", "value: 1.5", ":13:18: parameters must be a whole number above 0, not 1.5."),
    ("value: 2000", "value: true", ":14:20: memory_bytes must be a whole number above 0, not true."),
    ("llama.cpp: [gpu", "lama.cpp: [gpu", ":15:16: 'lama.cpp' is no runtime of ours."),
    ("[gpu, cpu]", "[gpu, tpu]", ":15:33: a device must be one of npu, igpu, gpu, cpu, remote, not 'tpu'."),
    ("[gpu, cpu]", "[remote]", ":15:16: llama.cpp must list devices, each once, out of npu, igpu, gpu, cpu."),
    ("[gpu, cpu]", "[cpu, cpu]", ":15:16: llama.cpp must list devices, each once"),
    ("{llama.cpp: [gpu, cpu]}", "{}", ":15:5: a model suits at least one runtime."),
    ("[4gb, 16gb]", "[6gb]", ":16:19: a memory class must be one of 4gb, 8gb, 16gb, 32gb, not '6gb'."),
    ("[4gb, 16gb]", "[4gb, 4gb]", ":16:24: 4gb stands here twice."),
    ("deep/model.gguf", "/deep/model.gguf", ":19:10: path must lie in the repository, with forward slashes"),
    ("deep/model.gguf", "deep\\model.gguf", ":19:10: path must lie in the repository, with forward slashes"),
    ("deep/model.gguf", '"C:/model.gguf"', ":19:10: path must lie in the repository, with forward slashes"),
    ("deep/model.gguf", "deep/../model.gguf", ":19:10: path must go straight down, without . and .."),
    ("deep/model.gguf", "deep//model.gguf", ":19:10: path must go straight down, without . and .."),
    ("deep/model.gguf", "deep/mo del.gguf", ":19:10: path may have letters, digits and . _ + @ - /"),
    ("deep/er/other.json", "Deep/Model.gguf", ":20:9: there are two files 'Deep/Model.gguf' (upper and lower case"),
    ("size: 10,", "size: 0,", ":19:33: size must be a whole number above 0, not 0."),
    ("size: 10,", "size: -1,", ":19:33: size must be a whole number above 0, not -1."),
    ("size: 10,", "size: ten,", ":19:33: size must be a whole number above 0, not 'ten'."),
    (SHA, SHA[:-1], ":19:43: sha256 must be 64 hexadecimal digits, lower case, not "),
    (SHA, SHA.upper(), ":19:43: sha256 must be 64 hexadecimal digits, lower case, not "),
    (SHA, "1" * 64, "; put it in quotes."),
    (f", sha256: {SHA}", "", ":19:9: a file must have 'sha256'."),
    (", source: one}\n      - path", "}\n      - path", ":19:33: size must name its source"),
    (FILE, "{path: a, size: null, sha256: null, source: one}", ":19:45: this names a source for nothing"),
    (
        FILE,
        f"{{path: a, size: {{value: 1, source: one}}, sha256: {{value: {SHA}, source: one}}, source: one}}",
        ": size and sha256 name their own sources, so this one says nothing.",
    ),
    ('two: "github.com/e/f@g:h"', "two: 3", ":3:3: the source 'two' must be a text, not 3."),
    ("sources:\n", "springs:\n", ":1:1: the catalogue has no 'springs'."),
]


class TestMistakes:
    @pytest.mark.parametrize(("right", "wrong", "sentence"), MISTAKES)
    def test_a_mistake_is_named_where_it_stands(
        self, written: Callable[[str], Path], right: str, wrong: str, sentence: str
    ) -> None:
        assert right in SMALL
        path = written(SMALL.replace(right, wrong, 1))
        with pytest.raises(InvalidInput) as caught:
            read_catalogue(path)
        assert str(caught.value).startswith(f"{path}:")
        assert sentence in str(caught.value)
        assert caught.value.code == "catalogue"

    def test_a_likely_word_is_suggested(self, written: Callable[[str], Path]) -> None:
        with pytest.raises(InvalidInput) as caught:
            read_catalogue(written(SMALL.replace("note:", "notes:")))
        assert caught.value.remedy == "Did you mean 'note'?"

    def test_a_class_has_one_recommended_model_per_task(self, written: Callable[[str], Path]) -> None:
        first = SMALL.split("models:\n")[1].split("  - name: second-model")[0]
        path = written(SMALL + first.replace("first-model", "third-model"))
        with pytest.raises(InvalidInput, match="first-model is already recommended for text with 4gb"):
            read_catalogue(path)

    def test_a_model_without_files_is_none(self, written: Callable[[str], Path]) -> None:
        path = written(SMALL.replace("files:\n      - {path: voice.onnx, size: null, sha256: null}", "files: []"))
        with pytest.raises(InvalidInput, match="a model has at least one file"):
            read_catalogue(path)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "the catalogue must have 'sources'"),
            ("sources: {}\nmodels: {}\n", ":2:1: models must be a list, not a mapping."),
            ("sources: []\nmodels: []\n", "sources must be a mapping (key: value), not a list."),
            ("sources: {}\nmodels: [text]\n", ":2:10: a model must be a mapping (key: value), not 'text'."),
        ],
    )
    def test_something_else_is_no_catalogue(self, written: Callable[[str], Path], text: str, sentence: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            read_catalogue(written(text))
        assert sentence in str(caught.value)


def test_a_damaged_catalogue_of_the_program_is_for_nobody_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "catalogue.yaml"
    damaged.write_text("models: []\n")
    monkeypatch.setattr("models.store.from_catalogue.asset", lambda _name: damaged)
    with pytest.raises(InvalidInput, match="Install Sotto again"):
        catalogue_of_program()
