from __future__ import annotations

import socket
from pathlib import Path

from app.cli.display import X11_BASE_PORT, reachable_display


def test_a_name_alone_is_no_display(tmp_path: Path) -> None:
    assert reachable_display({}) == ""
    environment = {"DISPLAY": ":59321", "WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert reachable_display(environment) == ""
    assert reachable_display({"DISPLAY": "nonsense"}) == ""


def test_a_compositor_that_listens_is_one(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        environment = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert reachable_display(environment) == "wayland-7"
        assert reachable_display({"WAYLAND_DISPLAY": str(tmp_path / "wayland-7")}).endswith("wayland-7")
    assert reachable_display(environment) == ""


def test_an_x_server_of_another_machine_is_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert reachable_display({"DISPLAY": f"127.0.0.1:{port - X11_BASE_PORT}.0"}).startswith("127.0.0.1:")


def test_a_platform_without_a_screen_needs_none() -> None:
    assert reachable_display({"QT_QPA_PLATFORM": "offscreen:size=800x600"}) == "offscreen"
    assert reachable_display({"QT_QPA_PLATFORM": "xcb"}) == ""
