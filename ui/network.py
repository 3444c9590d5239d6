"""Refuses every request the QML engine might make.

Why it exists: whatever a card may name one day, the window loads nothing from anywhere but its own files.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QIODevice, QObject, QUrl
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest
from PySide6.QtQml import QQmlComponent, QQmlEngine, QQmlNetworkAccessManagerFactory

log = logging.getLogger(__name__)


class RefusingManager(QNetworkAccessManager):
    """A network access manager without a network."""

    def createRequest(
        self,
        operation: QNetworkAccessManager.Operation,
        request: QNetworkRequest,
        outgoing: QIODevice | None = None,
    ) -> QNetworkReply:
        """Answer any request with the reply to an address that cannot exist."""
        log.warning("refused the window a request (%s:)", request.url().scheme())
        return super().createRequest(operation, QNetworkRequest(QUrl("refused:")), outgoing)


class RefusingFactory(QQmlNetworkAccessManagerFactory):
    """Gives a QML engine a `RefusingManager` whenever it wants one."""

    def create(self, parent: QObject) -> QNetworkAccessManager:
        """Make one."""
        return RefusingManager(parent)


def refuse_network(engine: QQmlEngine) -> RefusingFactory:
    """Keep an engine from every network; returns what must live as long as it.

    Qt asks for a manager in a thread of its own. The binding fills in its table of types when the first object of an
    unknown type comes to Python, and does not survive two threads doing so at once; so one is brought here, now.
    """
    probe = QQmlComponent(engine)
    probe.setData(b"import QtQml\nQtObject {}", QUrl())
    probe.create().deleteLater()
    factory = RefusingFactory()
    engine.setNetworkAccessManagerFactory(factory)
    return factory
