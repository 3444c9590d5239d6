"""Checks the QML against the view models' own types: ``python tests/tools/qmllint.py``.

Why it exists: QML finds a misspelt property when the line is run, on a person's screen. The types of the Python objects
are read from their source, written down as QML knows them, and every QML file is checked against them; one warning
fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QML = ROOT / "ui" / "qml"
SOURCES = (*sorted((ROOT / "ui" / "viewmodels").glob("*.py")), *sorted((ROOT / "ui" / "items").glob("*.py")))
CPP_TYPES = {"float": "double", "str": "QString", "list": "QVariantList"}
TOOLS = Path(sys.executable).parent


def main() -> int:
    """Run the check; returns the exit code of qmllint."""
    import PySide6

    qt = Path(PySide6.__file__).parent / "Qt"
    with tempfile.TemporaryDirectory() as folder:
        described = describe()
        for module in sorted({part["QML_IMPORT_NAME"] for part in described}):
            write_module(Path(folder), module, described, qt)
        files = [str(path) for path in sorted(QML.rglob("*.qml"))]
        imports = ("-I", folder, "-I", str(QML), "-I", str(qt / "qml"))
        return run("pyside6-qmllint", "--bare", *imports, "--max-warnings", "0", *files).returncode


def describe() -> list[dict[str, object]]:
    """What `pyside6-metaobjectdump` reads from the sources, with the types named as C++ names them."""
    # One file at a time: given many, the tool hands the module name of the last one to all.
    dumped = [json.loads(capture("pyside6-metaobjectdump", "--quiet", str(path))) for path in SOURCES]
    parts = [part for group in dumped for part in group if part.get("QML_IMPORT_NAME")]
    inherit(parts)
    for part in parts:
        part["classes"] = [one for one in part["classes"] if one["object"]]
    own = {one["className"] for part in parts for one in part["classes"]}
    for part in parts:
        for typed in typed_members(part):
            for key in ("type", "returnType"):
                name = typed.get(key)
                if name in own:
                    typed[key] = f"{name}*"
                elif name in CPP_TYPES:
                    typed[key] = CPP_TYPES[name]
        for one in part["classes"]:
            for found in one.get("properties", ()):
                # The tool leaves out that a property is constant; one without a signal has to be, or Qt complains.
                found["constant"] = "notify" not in found
                if "notify" in found:
                    found["notify"] = found["notify"].rpartition(".")[2]
    return parts


def inherit(parts: list[dict[str, object]]) -> None:
    """Mark classes whose base is one of ours as objects: the tool sees one file at a time and knows only Qt's."""
    classes = [one for part in parts for one in part["classes"]]
    known = {one["className"] for one in classes if one["object"]}
    while True:
        found = [
            one
            for one in classes
            if not one["object"] and any(base["name"] in known for base in one.get("superClasses", ()))
        ]
        if not found:
            return
        for one in found:
            one["object"] = True
            known.add(one["className"])


def typed_members(part: dict[str, object]) -> Iterator[dict[str, str]]:
    """Everything in a description that names a type."""
    for one in part["classes"]:
        yield from one.get("properties", ())
        for member in (*one.get("signals", ()), *one.get("slots", ())):
            yield member
            yield from member.get("arguments", ())


def write_module(folder: Path, module: str, described: list[dict[str, object]], qt: Path) -> None:
    """Write a module's ``qmldir`` and types where qmllint looks for them."""
    place = folder / Path(*module.split("."))
    place.mkdir(parents=True)
    metatypes = place / "metatypes.json"
    metatypes.write_text(json.dumps([part for part in described if part["QML_IMPORT_NAME"] == module]))
    foreign = [str(path) for path in sorted((qt / "metatypes").glob("qt6*_metatypes.json")) if is_needed(path)]
    others = place / "others.json"
    others.write_text(json.dumps([part for part in described if part["QML_IMPORT_NAME"] != module]))
    (place / "qmldir").write_text(
        f"module {module}\ntypeinfo types.qmltypes\ndepends QtQuick\n"
        + "".join(
            f"depends {name} 1.0\n" for name in sorted({str(part["QML_IMPORT_NAME"]) for part in described} - {module})
        )
    )
    finished = run(
        "pyside6-qmltyperegistrar",
        f"--generate-qmltypes={place / 'types.qmltypes'}",
        "-o",
        str(place / "registration.cpp"),
        "--import-name",
        module,
        "--major-version",
        "1",
        "--minor-version",
        "0",
        "--foreign-types",
        ",".join([*foreign, str(others)]),
        str(metatypes),
    )
    finished.check_returncode()


def is_needed(path: Path) -> bool:
    """True for the Qt modules whose types the view models build on."""
    return path.name.startswith(("qt6core_", "qt6gui_", "qt6qml_", "qt6quick_", "qt6qmlmodels_"))


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Qt's tools, its words going to the terminal."""
    return subprocess.run([TOOLS / tool, *arguments], text=True, check=False)


def capture(tool: str, *arguments: str) -> str:
    """Run one of Qt's tools and return what it prints."""
    return subprocess.run([TOOLS / tool, *arguments], text=True, check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    sys.exit(main())
