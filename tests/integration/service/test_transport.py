"""Slow clients, TLS, and what the server refuses before it serves."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import grpc
import pytest

from app.contracts.errors import InvalidInput
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.values import Text
from app.service.limits import Limits
from app.service.server import ServeOptions
from tests.helpers.service import SCRIPTED, TOKEN, Work, client_of, echo, served
from tests.helpers.waiting import until

OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
LINE = "x" * 999 + "\n"


def talkative(lines: int) -> Work:
    async def talk(call: StageCall, outlet: Outlet) -> Done:
        for _ in range(lines):
            outlet.show(LINE, 0.5, SCRIPTED)
            await asyncio.sleep(0)
        return Done(Text(LINE * lines))

    return talk


REQUEST = {"pipeline_id": "talk", "input": {"text": "go on"}}


async def test_a_slow_client_loses_no_word() -> None:
    async with (
        served({"talk": talkative(1000)}, ServeOptions(port=0, limits=Limits(buffered_characters=2_000_000))) as (
            server,
            engine,
        ),
        client_of(server.address, options=OWN_CONNECTION) as client,
    ):
        call = client.method("ExecutePipelineStream")(REQUEST)
        await until(lambda: engine.counters.finished == 1)
        events = [event async for event in call]
    deltas = [event for event in events if event.HasField("text_delta")]
    assert "".join(event.text_delta.text for event in deltas) == LINE * 1000
    assert len(deltas) < 1000
    assert [event.seq for event in events] == sorted(event.seq for event in events)
    assert events[-1].response.success


async def test_a_client_that_does_not_read_loses_its_run_and_harms_nobody() -> None:
    works = {"talk": talkative(100_000), "echo": echo}
    limits = Limits(buffered_characters=50_000)
    async with (
        served(works, ServeOptions(port=0, limits=limits)) as (server, engine),
        client_of(server.address, options=OWN_CONNECTION) as idle,
        client_of(server.address, options=OWN_CONNECTION) as other,
    ):
        call = idle.method("ExecutePipelineStream")(REQUEST)
        for number in range(20):
            answer = await other.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": str(number)}})
            assert answer["final_output"]["text"] == str(number)
        await until(lambda: server.running == 0)
        assert engine.counters.cancelled == 1
        events = [event async for event in call]
    assert events[-1].type == "RunCancelled"
    assert events[-1].response.error.code == "client-too-slow"
    assert sum(event.ByteSize() for event in events) < 1_000_000


async def test_a_client_that_has_stopped_reading_loses_its_run_after_a_while() -> None:
    async def talk_and_wait(call: StageCall, outlet: Outlet) -> Done:
        await talkative(500)(call, outlet)
        await asyncio.Event().wait()
        raise AssertionError

    limits = Limits(buffered_characters=2_000_000, stalled_s=0.3)
    async with (
        served({"talk": talk_and_wait}, ServeOptions(port=0, limits=limits)) as (server, _engine),
        client_of(server.address, options=OWN_CONNECTION) as client,
    ):
        call = client.method("ExecutePipelineStream")(REQUEST)
        await until(lambda: server.running == 1)
        await until(lambda: server.running == 0)
        events = [event async for event in call]
    assert events[-1].response.error.code == "client-too-slow"


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", *words.split(), *names, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


async def test_tls_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    options = ServeOptions(host="0.0.0.0", port=0, token=TOKEN, tls_cert=cert, tls_key=key)
    trust = grpc.ssl_channel_credentials(cert.read_bytes())
    async with served(options=options) as (server, _engine):
        async with client_of(f"localhost:{server.port}", TOKEN, trust) as client:
            answer = await client.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "secret"}})
            assert answer["final_output"]["text"] == "secret"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async with client_of(f"localhost:{server.port}", TOKEN):
                pass
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (ServeOptions(host="0.0.0.0", port=0), "--no-token would let everybody who reaches 0.0.0.0 run pipelines."),
        (ServeOptions(host="0.0.0.0", port=0, token=TOKEN), "could be read on the way without TLS"),
        (ServeOptions(port=0, tls_cert=Path("a.pem")), "--tls-cert and --tls-key go together"),
        (ServeOptions(port=0, tls_cert=Path("no.pem"), tls_key=Path("no.key")), "no.key cannot be read"),
        (ServeOptions(port=0, tls_cert=Path(__file__), tls_key=Path(__file__)), "is no PEM file"),
        (ServeOptions(port=70_000), "Port 70000 is out of range"),
        (ServeOptions(host="192.0.2.1", port=0, token=TOKEN, tls_cert=Path("a"), tls_key=Path("b")), "a|b"),
    ],
)
async def test_what_is_refused(options: ServeOptions, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        async with served(options=options):
            pass


def with_password(key: Path, locked: Path) -> Path:
    """The same key in a file that has a password."""
    words = ["openssl", "ec", "-aes128", "-passout", "pass:secret", "-in", str(key), "-out", str(locked)]
    subprocess.run(words, check=True, capture_output=True)
    return locked


async def test_half_of_one_certificate_and_half_of_another(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, _ = self_signed(tmp_path)
    _, key = self_signed(tmp_path / "other")
    with pytest.raises(InvalidInput, match="They have to belong together"):
        async with served(options=ServeOptions(port=0, tls_cert=cert, tls_key=key)):
            pass


async def test_a_key_with_a_password_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    locked = with_password(key, tmp_path / "locked.pem")
    with pytest.raises(InvalidInput, match="the key must have no password"):
        async with served(options=ServeOptions(port=0, tls_cert=cert, tls_key=locked)):
            pass
