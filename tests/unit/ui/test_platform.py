from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication

from ui import platform

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platform, "RENDER_NODES", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("QT_QUICK_BACKEND", "QSG_RENDER_LOOP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_without_a_gpu_the_software_renderer_draws(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    monkeypatch.setattr(platform.os, "environ", environment)
    platform.prepare_environment()
    assert environment == {"QT_QUICK_BACKEND": "software", "QSG_RENDER_LOOP": "basic"}


def test_with_a_gpu_qt_chooses(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "renderD128").touch()
    environment: dict[str, str] = {}
    monkeypatch.setattr(platform.os, "environ", environment)
    platform.prepare_environment()
    assert environment == {"QSG_RENDER_LOOP": "basic"}


def test_what_the_person_set_stays(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"QT_QUICK_BACKEND": "rhi"}
    monkeypatch.setattr(platform.os, "environ", environment)
    platform.prepare_environment()
    assert environment["QT_QUICK_BACKEND"] == "rhi"


def test_other_systems_always_have_something_to_draw_with(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert platform.has_gpu() is True


def test_a_desktop_without_a_font_of_its_own_gets_the_best_there_is(
    qt_app: QGuiApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = QFont("DejaVu Sans", 10)
    monkeypatch.setattr(QFontDatabase, "families", staticmethod(lambda: ["Ubuntu", "Noto Sans"]))
    assert platform.fitting_font(plain).families()[:2] == ["Noto Sans", "DejaVu Sans"]
    assert platform.fitting_font(plain).pointSize() == 10
    monkeypatch.setattr(QFontDatabase, "families", staticmethod(list))
    assert platform.fitting_font(plain) == plain


def test_qt_may_speak_to_the_very_end() -> None:
    """The last words come when the interpreter is gone: it must not be asked to write them down."""
    program = (
        "from ui.platform import create_application, route_qt_messages\n"
        "route_qt_messages()\n"
        "create_application(['sotto', '-platform', 'offscreen'])\n"
    )
    environment = {**os.environ, "QT_LOGGING_RULES": "*=true"}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 0


def test_what_qt_says_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    before = qInstallMessageHandler(None)
    platform.route_qt_messages()
    try:
        with caplog.at_level(logging.DEBUG, "ui.qt"):
            qWarning("something is off")
    finally:
        qInstallMessageHandler(before)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("WARNING", "something is off")]
