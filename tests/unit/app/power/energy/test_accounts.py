"""Accounts of joules, over counters that the test drives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.energy import DeviceEnergy, Energy, EnergyAccount, Provenance
from app.power.energy.accounts import Accounts
from app.power.sensors.sample import Counters, HostWork
from tests.helpers.metering import MODEL, Metered

CPU, NPU, GPU, REMOTE = Device.CPU, Device.NPU, Device.GPU, Device.REMOTE
MEASURED, ESTIMATE, UNAVAILABLE = Provenance.MEASURED, Provenance.ESTIMATE, Provenance.UNAVAILABLE


def nothing() -> float:
    return 0.0


def clock_of(machine: Metered) -> Callable[[], float]:
    """Busy from now on."""
    began = machine.now
    return lambda: machine.now - began


def accounts_of(machine: Metered) -> Accounts:
    return Accounts(machine.counters, MODEL, machine, machine)


def package() -> Metered:
    """A processor with a meter, and one host that runs."""
    return Metered(hosts={"llm": HostWork(5.0)}, busy_s={CPU: 7.0}).with_meter("package-0", CPU)


def approx(joules: float, source: Provenance) -> Energy:
    return Energy(pytest.approx(joules), source)


def adds_up(account: EnergyAccount) -> bool:
    return account.total == pytest.approx(account.stages + account.shared + account.idle, abs=1e-6)


def test_a_stage_takes_what_its_host_worked_and_the_rest_is_shared_or_idle() -> None:
    machine = package()
    accounts = accounts_of(machine)
    turn = accounts.turn("t")
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(2.0, watts={"package-0": 22.0}, busy={CPU: 0.8}, work={"llm": 0.6})
    assert span.end() == approx(30.0, MEASURED)
    machine.pass_by(1.0, watts={"package-0": 7.0}, busy={CPU: 0.1})
    account, _ = turn.end()
    assert (account.stages, account.shared, account.idle) == (
        pytest.approx(30.0),
        pytest.approx(10.0 + 5.0),
        pytest.approx(6.0),
    )
    assert account.total == pytest.approx(51.0)
    assert (account.seconds, account.provenance) == (pytest.approx(3.0), MEASURED)
    assert account.devices == (DeviceEnergy(CPU, approx(30.0, MEASURED)),)
    assert adds_up(account)


def test_whoever_asks_again_gets_the_same() -> None:
    machine = package()
    accounts = accounts_of(machine)
    turn, span = accounts.turn("t"), accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    first = span.end(), turn.end()
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    span.ran_on(NPU)
    assert (span.end(), turn.end()) == first
    assert span.so_far() == first[0]


def test_stages_that_overlap_share_by_their_hosts_at_every_begin_and_end() -> None:
    machine = package()
    accounts = accounts_of(machine)
    answer = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 22.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    speak = accounts.span("speak", "tts", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 22.0}, busy={CPU: 1.0}, work={"llm": 0.25, "tts": 0.75})
    assert answer.end() == approx(20.0 + 5.0, MEASURED)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.25, "tts": 0.25})
    assert speak.end() == approx(15.0 + 5.0, MEASURED)


def test_ticks_only_cut_time_into_shorter_pieces() -> None:
    energies = []
    for ticks in (False, True):
        machine = package()
        accounts = accounts_of(machine)
        span = accounts.span("answer", "llm", CPU, nothing)
        for _ in range(5):
            machine.pass_by(0.9, watts={"package-0": 20.0}, busy={CPU: 0.6}, work={"llm": 0.3})
            if ticks:
                accounts.took(machine.sample())
        energies.append(span.end().joules)
    assert energies[0] == pytest.approx(energies[1])


def test_a_look_from_before_the_last_one_changes_nothing() -> None:
    machine = package()
    accounts = accounts_of(machine)
    late = machine.sample()
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    span = accounts.span("answer", "llm", CPU, nothing)
    accounts.took(late)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.end() == approx(10.0, MEASURED)


def test_two_spans_of_one_backend_share_its_work() -> None:
    machine = package()
    accounts = accounts_of(machine)
    outer = accounts.span("answer", "llm", CPU, clock_of(machine))
    inner = accounts.span("check", "llm", CPU, clock_of(machine))
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert inner.end() == outer.end() == approx(5.0, MEASURED)


def test_what_came_before_is_counted_where_it_ran() -> None:
    machine = package().with_meter("npu", NPU)
    machine.busy_s[NPU] = 1.0
    accounts = accounts_of(machine)
    turn, span = accounts.turn("t"), accounts.span("transcribe", "stt", NPU, clock_of(machine))
    machine.pass_by(1.0, watts={"package-0": 12.0, "npu": 1.0}, busy={CPU: 0.5, NPU: 0.0}, work={"stt": 0.5})
    accounts.took(machine.sample())
    assert span.so_far() == approx(0.0, MEASURED)
    span.ran_on(CPU)
    assert span.so_far() == approx(10.0, MEASURED)
    machine.pass_by(1.0, watts={"package-0": 12.0, "npu": 1.0}, busy={CPU: 0.5, NPU: 0.0}, work={"stt": 0.25})
    assert span.end() == approx(15.0, MEASURED)
    account, _ = turn.end()
    assert account.devices == (DeviceEnergy(CPU, approx(15.0, MEASURED)),)
    assert account.total == pytest.approx(26.0)
    assert adds_up(account)


def test_a_host_that_dies_loses_nothing_and_begins_at_nothing() -> None:
    machine = package()
    accounts = accounts_of(machine)
    span = accounts.span("answer", "llm", CPU, clock_of(machine))
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    accounts.took(machine.sample())
    machine.hosts["llm"] = None
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5})
    accounts.took(machine.sample())
    assert span.so_far() == approx(20.0, MEASURED)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.25})
    assert span.end() == approx(25.0, MEASURED)


@pytest.mark.parametrize("counts_on", [True, False], ids=["the count goes on", "the count begins anew"])
def test_a_host_that_was_started_again_between_two_looks_counts_what_it_did_since(counts_on: bool) -> None:
    machine = package()
    accounts = accounts_of(machine)
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5})
    machine.hosts["llm"] = HostWork(5.25 if counts_on else 0.25)
    assert span.end() == approx(5.0, MEASURED)


@pytest.mark.parametrize("late_s", [0.02, 0.15])
def test_hosts_that_were_read_a_little_later_than_the_counters_take_no_less(late_s: float) -> None:
    machine = package()
    accounts = accounts_of(machine)
    span = accounts.span("answer", "llm", CPU, nothing)
    for late in (late_s, 0.0):
        machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
        machine.hosts["llm"] = HostWork(machine.busy_s[CPU] - 2.0 + late)
        accounts.took(machine.sample())
    assert span.end() == approx(20.0, MEASURED)


def test_work_between_two_spans_belongs_to_neither() -> None:
    machine = package()
    accounts = accounts_of(machine)
    accounts.span("answer", "llm", CPU, nothing).end()
    machine.pass_by(10.0, watts={"package-0": 22.0}, busy={CPU: 1.0}, work={"llm": 1.0})
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.25})
    assert span.end() == approx(5.0, MEASURED)


def test_a_meter_that_appears_in_the_middle_makes_an_estimate() -> None:
    machine = Metered(hosts={"llm": HostWork(0.0)}, busy_s={CPU: 0.0})
    accounts = accounts_of(machine)
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, busy={CPU: 0.5}, work={"llm": 0.5})
    machine.with_meter("package-0", CPU)
    accounts.took(machine.sample())
    machine.pass_by(1.0, watts={"package-0": 32.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.end() == approx(10.0 + 30.0, ESTIMATE)


def test_a_meter_that_vanishes_in_the_middle_makes_an_estimate() -> None:
    machine = package()
    accounts = accounts_of(machine)
    turn, span = accounts.turn("t"), accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 32.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    accounts.took(machine.sample())
    del machine.meters["package-0"]
    machine.pass_by(1.0, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.end() == approx(40.0, ESTIMATE)
    account, _ = turn.end()
    assert account.provenance is ESTIMATE
    assert adds_up(account)


def test_a_machine_without_meters_estimates_by_the_share_of_its_processor() -> None:
    machine = Metered(hosts={"llm": HostWork(0.0)}, busy_s={CPU: 0.0})
    accounts = accounts_of(machine)
    turn, span = accounts.turn("t"), accounts.span("answer", "llm", CPU, clock_of(machine))
    machine.pass_by(4.0, busy={CPU: 0.75}, work={"llm": 0.5})
    assert span.end() == approx(40.0, ESTIMATE)
    account, comparisons = turn.end()
    assert (account.shared, account.idle, account.provenance) == (pytest.approx(20.0), pytest.approx(8.0), ESTIMATE)
    assert [one.device for one in comparisons] == [GPU, CPU]
    assert adds_up(account)


def test_a_card_without_a_meter_idles_by_the_model_and_not_at_all_while_it_sleeps() -> None:
    idle = []
    for asleep in (frozenset[Device](), frozenset({GPU})):
        machine = package()
        machine.busy_s[GPU], machine.asleep = 0.0, asleep
        accounts = accounts_of(machine)
        accounts.took(machine.sample())
        turn = accounts.turn("t")
        machine.pass_by(1.0, watts={"package-0": 2.0})
        account, _ = turn.end()
        idle.append((account.idle, account.provenance))
    assert idle == [(pytest.approx(12.0), ESTIMATE), (pytest.approx(2.0), MEASURED)]


def test_a_server_is_not_ours_to_count() -> None:
    machine = package()
    accounts = accounts_of(machine)
    turn, span = accounts.turn("t"), accounts.span("answer", "server", REMOTE, clock_of(machine))
    machine.pass_by(1.0, watts={"package-0": 5.0}, busy={CPU: 0.1})
    assert span.so_far() == span.end() == Energy(0.0, UNAVAILABLE)
    account, comparisons = turn.end()
    assert account.devices == (DeviceEnergy(REMOTE, Energy(0.0, UNAVAILABLE)),)
    assert (account.stages, account.shared, account.idle) == (0.0, pytest.approx(3.0), pytest.approx(2.0))
    assert comparisons == ()


def test_a_span_without_any_time_is_as_certain_as_its_device() -> None:
    machine = package()
    accounts = accounts_of(machine)
    assert accounts.span("x", "llm", CPU, nothing).end() == Energy(0.0, MEASURED)
    assert accounts.span("x", "llm", NPU, nothing).end() == Energy(0.0, ESTIMATE)


def test_sleep_makes_no_nonsense() -> None:
    machine = package()
    machine.busy_s[GPU] = 0.0
    accounts = accounts_of(machine)
    turn, span = accounts.turn("t"), accounts.span("answer", "gpu-llm", GPU, clock_of(machine))
    machine.pass_by(8 * 3600.0, watts={"package-0": 0.001})
    machine.meters["package-0"] = replace(machine.meters["package-0"], joules=1e12)
    assert span.end().joules <= 50.0 * 120.0
    account, _ = turn.end()
    assert account.seconds == 120.0
    assert account.total <= (2.0 + 22.0 + 60.0) * 120.0
    assert adds_up(account)


def test_idling_is_learnt_while_nothing_is_done() -> None:
    machine = package()
    accounts = accounts_of(machine)
    for _ in range(20):
        accounts.took(machine.sample())
        machine.pass_by(1.0, watts={"package-0": 6.0}, busy={CPU: 0.02})
    turn, span = accounts.turn("t"), accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 16.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.end() == approx(10.0, MEASURED)
    assert turn.end()[0].idle == pytest.approx(6.0)


def load_a_model(machine: Metered, accounts: Accounts) -> None:
    for _ in range(20):
        accounts.took(machine.sample())
        machine.pass_by(1.0, watts={"package-0": 14.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    accounts.took(machine.sample())


def test_a_model_that_is_loaded_in_a_turn_is_not_taken_for_idling() -> None:
    machine = package()
    accounts = accounts_of(machine)
    turn = accounts.turn("t")
    load_a_model(machine, accounts)
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.end() == approx(10.0, MEASURED)
    account, _ = turn.end()
    assert (account.shared, account.idle) == (pytest.approx(12.0 * 20), pytest.approx(2.0 * 21))


def test_nor_is_one_that_is_loaded_between_turns() -> None:
    machine, loads = package(), True
    accounts = Accounts(machine.counters, MODEL, machine, machine, loading=lambda: loads)
    load_a_model(machine, accounts)
    loads = False
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.end() == approx(10.0, MEASURED)


def test_idle_is_never_more_than_there_is() -> None:
    machine = package()
    accounts = accounts_of(machine)
    turn = accounts.turn("t")
    machine.pass_by(1.0, watts={"package-0": 0.5})
    account, _ = turn.end()
    assert (account.idle, account.shared) == (pytest.approx(0.5), pytest.approx(0.0))


def test_what_was_taken_so_far_is_cheap_to_ask() -> None:
    machine = package()
    accounts = accounts_of(machine)
    span = accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(0.1, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    before = machine.reads
    assert [span.so_far() for _ in range(10)] == [approx(1.0, MEASURED)] * 10
    assert machine.reads == before + 1
    machine.pass_by(0.019, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.so_far() == approx(1.0, MEASURED)
    machine.pass_by(0.002, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert span.so_far() == approx(1.21, MEASURED)
    assert span.end() == approx(1.21, MEASURED)


def test_asking_early_leaves_the_books_as_they_were() -> None:
    machine = package()
    accounts = accounts_of(machine)
    one, other = accounts.span("a", "llm", CPU, nothing), accounts.span("b", "tts", CPU, nothing)
    machine.pass_by(0.1, watts={"package-0": 22.0}, busy={CPU: 1.0}, work={"llm": 1.0, "tts": 0.0})
    assert one.so_far() == approx(2.0, MEASURED)
    machine.pass_by(0.9, watts={"package-0": 22.0}, busy={CPU: 1.0}, work={"llm": 0.0, "tts": 1.0})
    assert one.end() == approx(2.0, MEASURED)
    assert other.end() == approx(18.0, MEASURED)


def test_the_governor_hears_of_this_turn_this_hour_and_now() -> None:
    machine = package()
    accounts = accounts_of(machine)
    assert (accounts.spent_in_turn_j, accounts.spent_in_hour_j(), accounts.watts_of_ours) == (0.0, 0.0, 0.0)
    accounts.took(machine.sample())
    turn, span = accounts.turn("t"), accounts.span("answer", "llm", CPU, nothing)
    for _ in range(3):
        machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
        accounts.took(machine.sample())
        assert accounts.watts_of_ours == pytest.approx(10.0)
    assert accounts.spent_in_turn_j == pytest.approx(30.0)
    span.end()
    turn.end()
    assert accounts.spent_in_turn_j == 0.0
    assert accounts.spent_in_hour_j() == pytest.approx(30.0)
    machine.pass_by(1.0)
    accounts.took(machine.sample())
    assert accounts.watts_of_ours == 0.0
    machine.pass_by(3599.0)
    assert accounts.spent_in_hour_j() == pytest.approx(0.0, abs=10.0)
    machine.pass_by(60.0)
    assert accounts.spent_in_hour_j() == 0.0


def test_a_turn_takes_in_everything_that_is_open_between_its_begin_and_its_end() -> None:
    machine = package()
    accounts = accounts_of(machine)
    background = accounts.span("index", "llm", CPU, nothing)
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    turn = accounts.turn("t")
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    account, _ = turn.end()
    machine.pass_by(1.0, watts={"package-0": 12.0}, busy={CPU: 0.5}, work={"llm": 0.5})
    assert background.end() == approx(30.0, MEASURED)
    assert account.stages == pytest.approx(10.0)


def test_counters_that_stand_still_take_no_time() -> None:
    machine = package()
    still: Counters = machine.counters()
    accounts = Accounts(lambda: still, MODEL, machine, machine)
    turn, span = accounts.turn("t"), accounts.span("answer", "llm", CPU, nothing)
    machine.pass_by(5.0, work={"llm": 1.0})
    assert span.end() == Energy(0.0, MEASURED)
    assert turn.end()[0].seconds == 0.0
