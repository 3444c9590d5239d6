"""What the order of a ladder promises, over any ladder, and the words for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from app.contracts.calibration import Goal, Measurement
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.pipeline.ordering import OrderedLadder, joules_of, seconds_of
from app.pipeline.ordering import order_ladder as by_id

LLAMA, OPENVINO, NPU = Tier("llama-cpu", "small"), Tier("openvino-cpu", "small"), Tier("openvino-npu:large", "large")
LAN = Tier("lan", "huge")


def order_ladder(
    tiers: Sequence[Tier],
    measurements: Mapping[Tier, Measurement],
    goal: Goal,
    capability: Mapping[Tier, int],
    *,
    remote: Collection[Tier] = (),
    escalates: bool = True,
) -> OrderedLadder:
    """As the real one, with tiers instead of ids."""
    sizes = {tier.backend_id: size for tier, size in capability.items()}
    servers = {tier.backend_id for tier in remote}
    return by_id(tiers, measurements.values(), goal, sizes, remote=servers, escalates=escalates)


def measured(
    tier: Tier,
    joules: float | None = 1.0,
    tokens_per_s: float | None = 50.0,
    provenance: Provenance = Provenance.MEASURED,
) -> Measurement:
    return Measurement(
        backend_id=tier.backend_id,
        model=tier.model,
        ran=Device.CPU,
        revision="r",
        load_ms=1.0,
        first_token_ms=100.0 if tokens_per_s else None,
        tokens_per_s=tokens_per_s,
        energy=None if joules is None else Energy(joules, provenance),
    )


def test_for_the_battery_the_fewest_joules_come_first_and_it_is_said_why() -> None:
    measurements = {
        OPENVINO: measured(OPENVINO, 0.9),
        LLAMA: measured(LLAMA, 0.6),
        NPU: measured(NPU, 2.14, provenance=Provenance.ESTIMATE),
    }
    capability = {LLAMA: 135, OPENVINO: 135, NPU: 1_000}
    ladder = order_ladder([OPENVINO, LLAMA, NPU], measurements, Goal.BATTERY, capability)
    assert ladder.tiers == (LLAMA, NPU, OPENVINO)
    assert ladder.reasons == (
        "llama-cpu first: 0.6 J for a short answer, the least of three.",
        "openvino-npu:large second: 2.1 J (estimate) for a short answer, and a larger model than those before it.",
        "openvino-cpu third, as a fallback: 0.9 J for a short answer, and the same model as llama-cpu.",
    )


def test_fast_goes_by_the_seconds_and_balanced_by_both() -> None:
    measurements = {
        LLAMA: measured(LLAMA, 2.0, 48.0),
        OPENVINO: measured(OPENVINO, 1.0, 30.0),
    }
    capability = {LLAMA: 1, OPENVINO: 1}
    fast = order_ladder([OPENVINO, LLAMA], measurements, Goal.FAST, capability)
    assert fast.tiers == (LLAMA, OPENVINO)
    assert fast.reasons[0] == "llama-cpu first: 1.1 s for a short answer, the least of two."
    balanced = order_ladder([LLAMA, OPENVINO], measurements, Goal.BALANCED, capability)
    assert balanced.tiers == (OPENVINO, LLAMA)
    assert balanced.reasons[0] == (
        "openvino-cpu first: 1 J and 1.7 s for a short answer, the least of two by both together."
    )


def test_as_written_nothing_moves() -> None:
    measurements = {LLAMA: measured(LLAMA, 9.0), OPENVINO: measured(OPENVINO, 1.0)}
    ladder = order_ladder([LLAMA, LAN, OPENVINO], measurements, Goal.AS_WRITTEN, {}, remote=[LAN])
    assert ladder.tiers == (LLAMA, LAN, OPENVINO)
    assert ladder.reasons[0] == "llama-cpu first, as written: the profile wants no other order."


def test_what_was_not_measured_keeps_its_place_and_servers_come_last() -> None:
    new = Tier("llama-gpu:new", "new")
    measurements = {LLAMA: measured(LLAMA, 2.0), OPENVINO: measured(OPENVINO, 1.0), LAN: measured(LAN, 0.0)}
    capability = {LLAMA: 1, OPENVINO: 1, LAN: 9}
    ladder = order_ladder([LLAMA, LAN, new, OPENVINO], measurements, Goal.BATTERY, capability, remote=[LAN])
    assert ladder.tiers == (OPENVINO, new, LLAMA, LAN)
    assert ladder.reasons[1] == "llama-gpu:new second, as written: too little is known of it to move it."
    assert ladder.reasons[3] == "lan fourth: it is a server, and what runs here is asked before."
    first = order_ladder([LAN, LLAMA, OPENVINO], measurements, Goal.BATTERY, capability, remote=[LAN])
    assert first.tiers == (LAN, OPENVINO, LLAMA)
    assert first.reasons[0] == "lan first, as written: it is a server."


def test_where_later_tiers_only_stand_in_only_the_device_is_chosen_by_measurement() -> None:
    nice, nice_gpu, quick = Tier("piper-cpu:nice", "nice"), Tier("piper-gpu:nice", "nice"), Tier("espeak-cpu", "e")
    measurements = {
        nice: measured(nice, 3.0),
        quick: measured(quick, 0.1),
        nice_gpu: measured(nice_gpu, 1.0),
    }
    ladder = order_ladder([nice, quick, nice_gpu], measurements, Goal.BATTERY, {}, escalates=False)
    assert ladder.tiers == (nice_gpu, quick, nice)
    assert ladder.reasons[0] == "piper-gpu:nice first: 1 J for a short answer, the least of two with this model."
    assert ladder.reasons[1].startswith("espeak-cpu second, as written: 0.1 J")


def test_what_has_no_figure_for_the_goal_counts_as_not_measured() -> None:
    measurements = {LLAMA: measured(LLAMA, 5.0), OPENVINO: measured(OPENVINO, None), NPU: measured(NPU, 1.0)}
    capability = {LLAMA: 3, OPENVINO: 2, NPU: 1}
    ladder = order_ladder([LLAMA, OPENVINO, NPU], measurements, Goal.BATTERY, capability)
    assert ladder.tiers == (NPU, OPENVINO, LLAMA)
    nobody_knows = Energy(0.0, Provenance.UNAVAILABLE)
    assert joules_of(Measurement(backend_id="a", model="m", ran=Device.CPU, revision="", load_ms=1.0)) is None
    assert (
        joules_of(Measurement(backend_id="a", model="m", ran=Device.CPU, revision="", load_ms=1.0, energy=nobody_knows))
        is None
    )


def test_a_name_with_braces_is_only_a_name() -> None:
    odd = Tier("llama-cpu:{place}", "{0}")
    ladder = order_ladder([odd], {odd: measured(odd)}, Goal.FAST, {odd: 1})
    assert ladder.reasons[0].startswith("llama-cpu:{place} first: ")


def test_an_empty_ladder_stays_empty() -> None:
    assert order_ladder([], {}, Goal.FAST, {}).tiers == ()


_TIERS = st.lists(
    st.builds(Tier, st.sampled_from([f"b{at}" for at in range(9)]), st.sampled_from("mnop")),
    max_size=8,
    unique_by=lambda tier: tier.backend_id,
)
_GOALS = st.sampled_from(list(Goal))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[list[Tier], dict[Tier, Measurement], dict[Tier, int], set[Tier]]:
    tiers = draw(_TIERS)
    joules = st.one_of(st.none(), st.floats(0.0, 1e6))
    speed = st.one_of(st.none(), st.floats(1e-3, 1e6))
    measurements = {tier: measured(tier, draw(joules), draw(speed)) for tier in tiers if draw(st.booleans())}
    capability = {tier: draw(st.integers(1, 4)) for tier in tiers if draw(st.booleans())}
    return tiers, measurements, capability, {tier for tier in tiers if draw(st.booleans()) and draw(st.booleans())}


@given(ladders(), _GOALS, st.booleans())
def test_every_tier_is_there_once_with_one_sentence(made: tuple, goal: Goal, escalates: bool) -> None:
    tiers, measurements, capability, remote = made
    ladder = order_ladder(tiers, measurements, goal, capability, remote=remote, escalates=escalates)
    assert sorted(map(str, ladder.tiers)) == sorted(map(str, tiers))
    assert len(ladder.reasons) == len(tiers)
    for tier, reason in zip(ladder.tiers, ladder.reasons, strict=True):
        assert reason.startswith(f"{tier.backend_id} ")
        assert reason.endswith(".")
    again = order_ladder(ladder.tiers, measurements, goal, capability, remote=remote, escalates=escalates)
    if not remote:
        assert again.tiers == ladder.tiers


@given(ladders(), st.sampled_from([Goal.BATTERY, Goal.FAST]))
def test_an_escalation_goes_upwards_and_then_to_the_fallbacks(made: tuple, goal: Goal) -> None:
    tiers, measurements, capability, remote = made
    ladder = order_ladder(tiers, measurements, goal, capability, remote=remote)
    cost = joules_of if goal is Goal.BATTERY else seconds_of
    known = [
        tier
        for tier in ladder.tiers
        if tier not in remote and tier in capability and tier in measurements and cost(measurements[tier]) is not None
    ]
    best, climbing = 0, True
    for at, tier in enumerate(known):
        if climbing and capability[tier] <= best:
            climbing = False
        if climbing:
            best = capability[tier]
            assert all(cost(measurements[before]) <= cost(measurements[tier]) for before in known[:at])
        else:
            better = [before for before in known if capability[before] >= capability[tier] and before != tier]
            assert any(cost(measurements[other]) <= cost(measurements[tier]) for other in better)
    if known:
        assert best == max(capability[tier] for tier in known)


@given(ladders(), _GOALS, st.booleans())
def test_what_is_not_known_stays_and_servers_come_last(made: tuple, goal: Goal, escalates: bool) -> None:
    tiers, measurements, capability, remote = made
    ladder = order_ladder(tiers, measurements, goal, capability, remote=remote, escalates=escalates)
    if goal is Goal.AS_WRITTEN:
        assert list(ladder.tiers) == tiers
        return
    local = [tier for at, tier in enumerate(tiers) if at == 0 or tier not in remote]
    assert set(ladder.tiers[: len(local)]) == set(local)
    for at, tier in enumerate(local):
        if tier not in measurements or tier in remote:
            assert ladder.tiers[at] == tier
    servers = [tier for tier in tiers[1:] if tier in remote]
    assert list(ladder.tiers[len(local) :]) == servers
