from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import main
from app.cli.parser import BENCHES, build_parser
from app.settings.instance import InstanceLock
from app.settings.paths import Paths
from models.host import launch

ROOT = Path(__file__).parents[4]


def sotto(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a person calls it, in a folder of no importance."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "app", *arguments],
        cwd=ROOT.anchor,
        env=launch.environment() | environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("ask", "listen", "profiles", "doctor", "bench", "--demo", "--version"))
    assert "--probe" not in shown


def test_an_interrupt_before_the_command_began_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.parser.build_parser", interrupted)
    assert main(["models", "list"]) == 130


def test_nothing_is_imported_before_an_interrupt_is_expected() -> None:
    code = "import sys, app.cli.main; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [each for each in done.stdout.split() if each.startswith(("app.", "models.", "argparse"))] == [
        "app.cli",
        "app.cli.main",
    ]


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["profiles"], ["bench", "nothing"], ["ask", "--nonsense"], ["--demo", "ask", "Why?"]],
)
def test_a_wrong_command_line_is_invalid_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: sotto" in capsys.readouterr().err


def test_what_follows_the_name_of_a_bench_is_the_bench_s() -> None:
    options = build_parser().parse_args(["bench", BENCHES[0], "--json", "--turns", "3"])
    assert options.rest == ["--json", "--turns", "3"]


def test_profiles_of_a_fresh_home(tmp_path: Path) -> None:
    done = sotto("profiles", "list", "--json", SOTTO_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["active"] == "starter"
    refused = sotto("profiles", "use", "nothing", SOTTO_HOME=str(tmp_path))
    assert refused.returncode == 2
    assert refused.stderr.startswith("sotto: There is no profile 'nothing'.")
    assert list(tmp_path.iterdir()) == []


def test_no_display_is_said_and_what_works_instead() -> None:
    environment = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"), "")
    done = sotto(**environment)
    assert done.returncode == 4
    assert done.stderr.startswith("sotto: There is no display")
    assert "sotto ask" in done.stderr


def test_a_second_window_says_so(tmp_path: Path) -> None:
    with InstanceLock(Paths.under(tmp_path).runtime_dir):
        done = sotto(SOTTO_HOME=str(tmp_path), QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 3
    assert done.stderr.startswith("sotto: Sotto is already running.")


def test_a_window_without_a_place_for_its_things(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    done = sotto(SOTTO_HOME=str(in_the_way / "home"), QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 5
    assert done.stderr.startswith(f"sotto: {in_the_way}")


def test_listening_needs_keys(tmp_path: Path) -> None:
    done = sotto("listen", "--json", SOTTO_HOME=str(tmp_path))
    assert done.returncode == 2
    assert json.loads(done.stdout)["code"] == "not-a-terminal"
    assert "sotto ask --audio FILE" in done.stderr


def test_a_reader_that_leaves_at_once_is_no_traceback(tmp_path: Path) -> None:
    environment = launch.environment() | {"SOTTO_HOME": str(tmp_path)}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "app", "profiles", "list"],
            env=environment,
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 141
    assert done.stderr == b""


def test_the_terminal_never_loads_qt() -> None:
    code = (
        "import sys; from app.cli import ask, doctor, listen, opening, profiles; "
        "sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], env=launch.environment(), check=False)
    assert done.returncode == 0
