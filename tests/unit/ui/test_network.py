from __future__ import annotations

import socket

import pytest
from PySide6.QtCore import QDeadlineTimer, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtNetwork import QNetworkReply, QNetworkRequest
from PySide6.QtQml import QQmlComponent, QQmlEngine

from ui.network import RefusingManager, refuse_network

ADDRESSES = ("http://127.0.0.1:9/x", "https://example.org/", "file:///etc/hostname", "data:,x")


def test_every_request_is_answered_with_a_refusal(qt_app: QGuiApplication) -> None:
    manager = RefusingManager()
    replies = [manager.get(QNetworkRequest(QUrl(address))) for address in ADDRESSES]
    deadline = QDeadlineTimer(5000)
    while not all(reply.isFinished() for reply in replies) and not deadline.hasExpired():
        qt_app.processEvents()
    assert {reply.error() for reply in replies} == {QNetworkReply.NetworkError.ProtocolUnknownError}
    assert [bytes(reply.readAll()) for reply in replies] == [b""] * len(ADDRESSES)


@pytest.mark.parametrize("refusing", [True, False], ids=["as in the window", "as Qt does by itself"])
def test_a_picture_in_qml_reaches_no_server(qt_app: QGuiApplication, refusing: bool) -> None:
    engine = QQmlEngine()
    engine.setOutputWarningsToStandardError(False)
    kept = refuse_network(engine) if refusing else None
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)
        component = QQmlComponent(engine)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        component.setData(f'import QtQuick\nImage {{ source: "{address}" }}'.encode(), QUrl())
        made = component.create()
        reached = any(_asked(qt_app, server) for _ in range(25))
    made.deleteLater()
    engine.deleteLater()
    assert reached is (kept is None)


def _asked(application: QGuiApplication, server: socket.socket) -> bool:
    application.processEvents()
    try:
        connection, _ = server.accept()
    except TimeoutError:
        return False
    connection.close()
    return True
