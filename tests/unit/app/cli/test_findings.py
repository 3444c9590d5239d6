from __future__ import annotations

import json

from app.cli.findings import Finding, State, as_json, as_table, can_answer

PYTHON = Finding("python", "Python", State.OK, "3.11.2", needed=True)
OLD_PYTHON = Finding("python", "Python", State.MISSING, "3.9.1", "make clean run", needed=True)
NO_LLAMA = Finding("llama-cpu", "Text by llama.cpp", State.MISSING, "Not compiled", "make llama", answers=True)
OPENVINO = Finding("openvino-cpu", "Text by OpenVINO", State.OK, "There", answers=True)


def test_one_way_to_answer_is_enough() -> None:
    assert can_answer((PYTHON, NO_LLAMA, OPENVINO))
    assert not can_answer((PYTHON, NO_LLAMA))
    assert not can_answer((OLD_PYTHON, OPENVINO))
    assert not can_answer(())


def test_the_table_puts_the_remedy_beneath() -> None:
    table = as_table((PYTHON, NO_LLAMA), colour=False).splitlines()
    assert table[0] == "✓ Python             3.11.2"
    assert table[1] == "✗ Text by llama.cpp  Not compiled"
    assert table[2].strip() == "→ make llama"
    assert table[-1].startswith("Sotto cannot answer")
    assert "\x1b" not in "".join(table)
    assert "\x1b[31m✗" in as_table((NO_LLAMA,), colour=True)


def test_the_object_for_scripts() -> None:
    content = json.loads(as_json((PYTHON, OPENVINO)))
    assert content["can_answer"] is True
    assert content["checks"][1] == {
        "check": "openvino-cpu",
        "title": "Text by OpenVINO",
        "state": "ok",
        "detail": "There",
        "remedy": "",
        "answers": True,
        "needed": False,
    }
