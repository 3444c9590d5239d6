from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from app.cli.console import BROKEN_PIPE_EXIT, Console, printable, report, standard_console
from app.contracts.errors import InvalidInput, StorageError
from tests.helpers.streams import BrokenPipe, Terminal


def test_printable_drops_what_could_drive_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x07c\u202ed\x9b1me") == "a[2Jbcd1me"
    assert printable("tab\tline\nfamily 👨\u200d👩") == "tab\tline\nfamily 👨\u200d👩"


def test_off_a_terminal_there_are_no_live_lines() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(out, err)
    console.live("Loading…")
    console.write("answer")
    console.say("done")
    assert out.getvalue() == "answer"
    assert err.getvalue() == "done\n"


def test_a_live_line_is_replaced_and_cleared_before_output() -> None:
    out, err = Terminal(), Terminal()
    console = Console(out, err)
    console.live("one")
    console.live("two")
    console.write("answer\n")
    assert err.getvalue() == "\r\x1b[2Kone\r\x1b[2Ktwo\r\x1b[2K"
    assert out.getvalue() == "answer\n"


@pytest.mark.parametrize(("tail", "shown"), [(False, "the beginning, an…"), (True, "…g, and the end of it")])
def test_a_live_line_never_wraps(monkeypatch: pytest.MonkeyPatch, tail: bool, shown: str) -> None:
    monkeypatch.setenv("COLUMNS", str(len(shown) + 1))
    err = Terminal()
    Console(io.StringIO(), err).live("the beginning, and the end of it", tail=tail)
    assert err.getvalue() == f"\r\x1b[2K{shown}"


def test_what_a_terminal_has_no_character_for_is_written_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(written, encoding="ascii", write_through=True))
    console = standard_console()
    console.write("Push-up: 4 \u00d7 8 · “slowly”… é\n")
    assert written.getvalue() == b'Push-up: 4 x 8 - "slowly"... ?\n'


def test_a_line_on_the_same_terminal_does_not_cut_the_answer_in_two() -> None:
    out, err = Terminal(), Terminal()
    console = Console(out, err)
    console.write("half an ans")
    console.live("not now")
    console.say("Trying again")
    assert out.getvalue() == "half an ans\n"
    assert err.getvalue() == "Trying again\n"


def test_a_reader_that_left_is_quiet_and_told_once() -> None:
    out, err = BrokenPipe(writes=1), io.StringIO()
    console = Console(out, err)
    calls: list[str] = []
    console.on_failure = lambda: calls.append("failed")
    for word in ("one", "two", "three"):
        console.write(word)
    console.say("Stopped.")
    assert console.settle() == BROKEN_PIPE_EXIT
    assert calls == ["failed"]
    assert err.getvalue() == ""


def test_a_full_disk_is_an_error_of_storage(tmp_path: Path) -> None:
    with open("/dev/full", "w", encoding="utf-8") as out:
        console = Console(out, io.StringIO())
        console.write("answer\n")
        with pytest.raises(StorageError, match="could not be written") as caught:
            console.settle()
    assert caught.value.exit_code == 5
    assert isinstance(caught.value.__cause__, OSError)


def test_a_broken_pipe_leaves_nothing_for_the_interpreter_to_complain_about() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as out:
        console = Console(out, io.StringIO())
        console.write("answer\n")
        assert console.settle() == BROKEN_PIPE_EXIT


def test_report_has_one_form() -> None:
    err = io.StringIO()
    code = report(Console(io.StringIO(), err), InvalidInput("The file is empty.", remedy="Record it again."))
    assert code == 2
    assert err.getvalue() == "sotto: The file is empty. Record it again.\n"
