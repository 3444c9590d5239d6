from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "tests/requirements.lock", "packaging/llama-cpp.lock", "packaging/llama-build.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPILED = "llama-cpp-python"


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Every requirement of a lock file with its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(Requirement(line.split(" --hash")[0]), re.findall(r"--hash=(\S+)", line)) for line in lines]


def pins(lock: str) -> dict[str, set[Version]]:
    """The pinned versions of each package; more than one where they differ between Pythons."""
    pinned: dict[str, set[Version]] = {}
    for requirement, _ in entries(lock):
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", requirement
        pinned.setdefault(canonicalize_name(requirement.name), set()).add(Version(specifier.version))
    return pinned


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    assert pins(lock)
    for requirement, hashes in entries(lock):
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links| @ ", text)


def test_the_lock_fits_the_project() -> None:
    pinned = pins("requirements.lock")
    wanted = [Requirement(line) for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["build"])]
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        versions = pins("packaging/llama-cpp.lock")[name] if name == COMPILED else pinned[name]
        assert all(version in requirement.specifier for version in versions), requirement


def test_the_tests_run_on_the_versions_that_people_get() -> None:
    runtime, tests = pins("requirements.lock"), pins("tests/requirements.lock")
    assert {name: tests.get(name) for name in runtime} == runtime
    for line in PROJECT["optional-dependencies"]["dev"]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:  # an extra of our own: what it asks for is locked like the rest
            continue
        assert all(version in requirement.specifier for version in tests[canonicalize_name(requirement.name)])


def test_what_has_to_be_compiled_is_locked_on_its_own() -> None:
    runtime = pins("requirements.lock")
    assert COMPILED not in runtime
    assert "llm" not in runtime
    shared = {name: versions for name, versions in pins("packaging/llama-cpp.lock").items() if name != COMPILED}
    assert {name: runtime.get(name, versions) for name, versions in shared.items()} == shared


def test_an_editable_install_needs_nothing_that_is_not_locked() -> None:
    build_system = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    pinned = pins("requirements.lock")
    for line in build_system["requires"]:
        requirement = Requirement(line)
        assert all(version in requirement.specifier for version in pinned[canonicalize_name(requirement.name)])
