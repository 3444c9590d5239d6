from __future__ import annotations

import configparser
import os
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINUX = ROOT / "packaging" / "linux"
SCRIPTS = (LINUX / "setup.sh", LINUX / "run.sh", ROOT / "packaging" / "lock.sh", ROOT / ".ci" / "run")

FAKE_APT_CACHE = """#!/bin/sh
case "$2" in
libasound2 | libglib2.0-0) echo "$2:"; echo "  Candidate: (none)" ;;
nowhere) ;;
*) echo "$2:"; echo "  Candidate: 1.0-1" ;;
esac
"""
FAKE_APT_GET = """#!/bin/sh
echo "$@" >>"$APT_LOG"
case "$*" in *install*conflicting*) exit 1 ;; install*broken-download*) case "$*" in *-s*) ;; *) exit 1 ;; esac ;; esac
"""


def sourced(commands: str, *, path: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run commands with the functions of set-up at hand."""
    files = ("say.sh", "system.sh", "python.sh", "llama.sh")
    script = "set -euo pipefail; root=$PWD\n" + "".join(f". packaging/linux/{file}\n" for file in files) + commands
    search = os.environ["PATH"] if path is None else f"{path}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=os.environ | {"PATH": search} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    """A folder with an apt that only writes down what it was asked, and a sudo that needs no password."""
    for name, text in (
        ("apt-cache", FAKE_APT_CACHE),
        ("apt-get", FAKE_APT_GET),
        ("sudo", '#!/bin/sh\nshift\nexec "$@"\n'),
    ):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)
    return tmp_path


def test_installing_never_removes_anything_and_takes_the_names_this_release_has(apt: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    commands = """
    want_package 'libasound2|libasound2t64'
    want_package libegl1
    install_missing
    """
    done = sourced(commands, path=apt, APT_LOG=str(log))
    assert done.returncode == 0, done.stderr
    (install,) = log.read_text(encoding="utf-8").splitlines()
    assert "--no-remove" in install.split()
    assert "--no-install-recommends" in install.split()
    assert install.endswith("libasound2t64 libegl1")


def test_a_package_that_conflicts_is_left_out_and_the_others_are_installed(apt: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    wanted = "for name in flite conflicting nowhere broken-download xvfb; do want_package $name; done"
    commands = f"refused={tmp_path}/refused; {wanted}; install_missing"
    done = sourced(commands, path=apt, APT_LOG=str(log))
    assert done.returncode == 0, done.stderr
    asked = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line[-1] for line in asked if line[0] == "install" and "-s" not in line] == [
        "flite",
        "conflicting",
        "broken-download",
        "xvfb",
    ]
    assert done.stdout.splitlines()[-1].endswith(": conflicting nowhere broken-download")


def test_what_cannot_be_had_is_not_tried_again_unless_the_network_was_at_fault(apt: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    wanted = "for name in conflicting nowhere broken-download; do want_package $name; done"
    commands = f"refused={tmp_path}/refused; {wanted}; install_missing; {wanted}"
    done = sourced(commands + '; echo "${missing_packages[@]}"', path=apt, APT_LOG=str(log))
    assert done.stdout.splitlines()[-1] == "broken-download"


def test_nothing_missing_means_no_apt(apt: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = sourced("install_missing", path=apt, APT_LOG=str(log))
    assert (done.returncode, done.stdout) == (0, "")
    assert not log.exists()


def test_libraries_are_looked_up_without_apt(tmp_path: Path) -> None:
    ldconfig = tmp_path / "ldconfig"
    ldconfig.write_text("#!/bin/sh\necho '  libEGL.so.1 (libc6,x86-64) => /lib/libEGL.so.1'\n", encoding="utf-8")
    ldconfig.chmod(0o755)
    done = sourced('want_libraries; printf "%s\\n" "${missing_packages[@]}"', path=tmp_path)
    missing = done.stdout.split()
    assert "libegl1" not in missing
    assert "libportaudio2" in missing
    assert all(name.islower() for name in missing)


def test_running_asks_for_no_sound_server(tmp_path: Path) -> None:
    ldconfig = tmp_path / "ldconfig"
    ldconfig.write_text("#!/bin/sh\n", encoding="utf-8")
    ldconfig.chmod(0o755)
    done = sourced('want_libraries; want_fonts; printf "%s\\n" "${missing_packages[@]}"', path=tmp_path)
    assert "libportaudio2" in done.stdout.split()
    assert not {"pulseaudio", "pipewire", "xvfb"} & set(done.stdout.split())


def test_the_progress_of_a_build_is_shown() -> None:
    lines = "configuring\\n[1/4] Building CXX object a.o\\n[3/4] Building CXX object b.o\\ndone\\n"
    done = sourced(f"progress_every_s=0; printf '{lines}' | show_progress")
    assert [line.split("(")[0].strip() for line in done.stdout.splitlines()] == ["llama.cpp 25 %", "llama.cpp 75 %"]


@pytest.mark.parametrize(("seconds", "text"), [(7, "7 s"), (59, "59 s"), (245, "4 min 05 s")])
def test_durations_are_read_easily(seconds: int, text: str) -> None:
    assert sourced(f"duration {seconds}").stdout == text


def test_a_failed_build_says_what_runs_instead_and_is_not_tried_again(tmp_path: Path) -> None:
    commands = f"""
    python={shutil.which("python3")}
    llama_stamp={tmp_path}/stamp
    without_llama 'its build failed'
    need_llama
    """
    done = sourced(commands)
    assert done.returncode == 0, done.stderr
    sentence = "llama.cpp is left out because its build failed: text runs on OpenVINO GenAI instead."
    assert [line.split(" Try again")[0] for line in done.stdout.splitlines()] == [sentence, sentence]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_can_be_started(script: Path) -> None:
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_make_lists_its_commands() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    commands = [line.split()[1] for line in done.stdout.splitlines()]
    assert set(commands) >= {"run", "test", "check", "bench", "dist", "lock", "clean", "help"}


def test_the_menu_entry_starts_the_installed_command() -> None:
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(LINUX / "sotto.desktop", encoding="utf-8")
    section = entry["Desktop Entry"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert section["Type"] == "Application"
    assert section["Exec"] in scripts
    assert section["Terminal"] == "false"
    assert section["Categories"].endswith(";")


def test_the_licence_is_the_one_that_is_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert project["license"] == "GPL-3.0-or-later"
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text
