"""Generated schemas are current, say what the types say, and are valid by the standards' own schemas."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from schemas import asyncapi, generate, indices, reference, topics

#: Where the official JSON Schema of AsyncAPI is published.
SPECS = "@asyncapi/specs@6.11.1"
ASYNCAPI_SCHEMA = "package/schemas/3.0.0.json"


def schema(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((generate.FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((generate.FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    return content


def test_generated_files_are_current() -> None:
    assert generate.stale() == [], "run python -m schemas.generate and commit"


def test_stale_missing_and_surplus_files_are_named_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    generate.write()
    (tmp_path / "topics.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "asyncapi.yaml").unlink()
    (tmp_path / "old.schema.json").write_text("{}", encoding="utf-8")
    names = ["asyncapi.yaml", "old.schema.json", "topics.schema.json"]
    assert generate.stale() == names
    assert generate.write() == names
    assert generate.stale() == []


@pytest.mark.parametrize("path", sorted(generate.FOLDER.rglob("*.schema.json")), ids=lambda path: path.name)
def test_schema_is_valid(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", reference.FILES)
def test_reference_data_fits_its_schema(file: str) -> None:
    content = yaml.safe_load((reference.FOLDER / file).read_text(encoding="utf-8"))
    jsonschema.validate(content, schema(f"reference/{Path(file).stem}"))


def test_topics_fit_their_schema() -> None:
    jsonschema.validate(yaml.safe_load(topics.FILE.read_text(encoding="utf-8")), schema("topics"))


@pytest.mark.parametrize("kind", generate.EVENTS, ids=lambda kind: kind.__name__)
def test_example_fits_type_and_schema(kind: type[msgspec.Struct]) -> None:
    example = asyncapi.example(kind)
    assert example is not None
    msgspec.convert(example, kind, strict=True)
    jsonschema.validate(example, schema(f"events/{kind.__name__}"))


def test_a_wrong_event_does_not_fit() -> None:
    example = asyncapi.example(generate.EVENTS[0]) | {"region": "Жетысу"}
    with pytest.raises(jsonschema.ValidationError, match="does not match"):
        jsonschema.validate(example, schema("events/ReportSubmission"))


def test_every_topic_is_a_channel(document: dict[str, Any]) -> None:
    assert {channel["address"] for channel in document["channels"].values()} == set(topics.topics())


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [ref for value in node.values() for ref in references(value)]
        return [ref for item in node for ref in references(item)] if isinstance(node, list) else []

    found = references(document)
    assert len(found) > 50
    for ref in found:
        node: Any = document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]


def test_every_part_that_writes_or_reads_has_an_operation(document: dict[str, Any]) -> None:
    wanted = {(part, "send", t.name) for t in topics.topics().values() for part in t.writers}
    wanted |= {(part, "receive", t.name) for t in topics.topics().values() for part in t.readers}
    found = {
        (o["tags"][0]["name"], o["action"], document["channels"][o["channel"]["$ref"].split("/")[-1]]["address"])
        for o in document["operations"].values()
    }
    assert found == wanted


def test_messages_have_examples_that_fit(document: dict[str, Any]) -> None:
    for name, message in document["components"]["messages"].items():
        for example in message.get("examples", []):
            jsonschema.validate(example["payload"], {**document, **message["payload"]})
        assert "examples" in message or name in ("reports-undecodable", "candidates")


def test_document_is_valid_by_the_official_schema(document: dict[str, Any], tmp_path: Path) -> None:
    """The schema is no part of the project: npm brings it for the test."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which brings the official AsyncAPI schema, is not installed")
    packed = subprocess.run(
        [npm, "pack", "--silent", SPECS], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    if packed.returncode:
        pytest.skip(f"npm can't bring {SPECS}: {packed.stderr.strip()[:200]}")
    with tarfile.open(next(tmp_path.glob("*.tgz"))) as archive:
        file = archive.extractfile(ASYNCAPI_SCHEMA)
        assert file is not None
        official = json.load(file)
    validator = jsonschema.Draft7Validator(official)
    assert [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)] == []


def test_foldings_are_one_letter_for_another() -> None:
    content = yaml.safe_load((indices.FOLDER / "hunspell.yaml").read_text(encoding="utf-8"))
    for additions in content.values():
        letters = additions["letters"]
        assert all(len(wrong) == len(right) == 1 and wrong != right for wrong, right in letters.items())
