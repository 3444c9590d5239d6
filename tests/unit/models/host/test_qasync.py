"""Hosts on the event loop of the window. In a process of its own: Qt's loop and this one's do not mix."""

from __future__ import annotations

import subprocess
import sys

from models.host import launch

SCRIPT = """
import asyncio, gc, os, signal, sys
from PySide6.QtCore import QCoreApplication
import qasync
from app.contracts.errors import HostDied
from models.host.supervisor import Host

async def main():
    host = Host("test-cpu", "models.fakes.trouble:TroubleEngine")
    big = os.urandom(3_000_000)
    assert (await host.call("echo", {"a": 1}, big)).payload == big
    assert [r.fields["number"] async for r in host.stream("count", {"to": 5, "every_s": 0})] == [0, 1, 2, 3, 4]
    task = asyncio.ensure_future(host.call("stubborn", {"for_s": 600}))
    while not host.busy:
        await asyncio.sleep(0.01)
    os.kill(host.pid, signal.SIGKILL)
    try:
        await task
    except HostDied:
        print("died")
    assert (await host.call("echo", {"again": 1})).fields == {"again": 1}
    await host.unload()
    await host.warm_up()
    await host.aclose()
    left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    assert not left, left

app = QCoreApplication(sys.argv)
loop = qasync.QEventLoop(app)
asyncio.set_event_loop(loop)
with loop:
    loop.run_until_complete(main())
gc.collect()
print("well")
"""


def test_hosts_work_on_the_windows_event_loop() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=60,
        env=launch.environment(),
        check=False,
    )
    assert done.stdout.split() == ["died", "well"], done.stderr
    assert done.returncode == 0
    assert "unclosed" not in done.stderr
    assert "Traceback" not in done.stderr
