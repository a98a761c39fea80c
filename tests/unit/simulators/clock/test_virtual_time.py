"""What code may rely on when it runs on the virtual clock."""

import _thread
import asyncio
import concurrent.futures
import queue
import select
import socket
import threading
import time

import numpy as np
import pytest
import serial
from bluesky import RunEngine
from bluesky import plan_stubs as bps
from bluesky import plans as bp
from bluesky.suspenders import SuspendBoolHigh
from bluesky.utils import FailedStatus, RunEngineInterrupted
from ophyd import Device, Signal
from ophyd.sim import SynAxis, det
from ophyd.status import DeviceStatus, SubscriptionStatus

from simulators.clock import (
    LeakedThreadError,
    RealAddressError,
    current_clock,
    originals,
    virtual_time,
)

EXACT = pytest.approx


@pytest.fixture
def engine(virtual_clock):
    engine = RunEngine({}, context_managers=[])
    yield engine
    thread = next(t for t in threading.enumerate() if t.name == "bluesky-run-engine")
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    thread.join()
    engine.loop.close()


def elapsed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


def test_an_hour_of_sleep_takes_no_real_time(virtual_clock):
    real = originals.monotonic_s()
    assert elapsed(lambda: time.sleep(3600)) == 3600
    assert originals.monotonic_s() - real < 5


def test_wall_time_moves_with_the_virtual_clock(virtual_clock):
    start, start_ns = time.time(), time.time_ns()
    time.sleep(86400)
    assert time.time() - start == 86400
    assert time.time_ns() - start_ns == EXACT(86400e9, rel=1e-9)
    assert start == EXACT(1_767_261_600.0)


def test_threads_outside_stay_on_real_time():
    install_only = time.time()
    assert current_clock() is None
    assert abs(install_only - originals.time_s()) < 5


def test_a_plan_sleeps_in_virtual_time(engine):
    assert elapsed(lambda: engine(bps.sleep(3600))) == EXACT(3600)


def test_an_ophyd_status_times_out_at_its_virtual_second(engine):
    class Never(Device):
        def set(self, value):
            return DeviceStatus(self, timeout=45)

    def move():
        with pytest.raises(FailedStatus):
            engine(bps.mv(Never(name="never"), 1))

    assert elapsed(move) == EXACT(45)


def test_events_carry_virtual_time_stamps(engine):
    events = []
    engine.subscribe(lambda name, doc: events.append(doc["time"]), "event")
    axis = SynAxis(name="axis", delay=12.5)
    assert elapsed(lambda: engine(bp.scan([det], axis, 0, 1, 11))) == EXACT(137.5)
    assert np.diff(events).tolist() == EXACT([12.5] * 10)


def test_a_subscription_status_sees_a_ramp_of_another_thread(virtual_clock):
    signal = Signal(name="signal", value=0)
    status = SubscriptionStatus(signal, lambda value, **_: value > 3, run=False, timeout=30)

    def ramp():
        for value in range(10):
            time.sleep(5)
            signal.put(value)

    thread = threading.Thread(target=ramp)
    thread.start()
    assert elapsed(lambda: status.wait(100)) == EXACT(25)
    thread.join()


def test_timers_queues_and_events_time_out_in_virtual_time(virtual_clock):
    fired = []
    timer = threading.Timer(7.5, lambda: fired.append(time.monotonic()))
    start = time.monotonic()
    timer.start()
    timer.join()
    assert fired == EXACT([start + 7.5])

    def empty_queue():
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=9)

    assert elapsed(empty_queue) == EXACT(9)
    assert elapsed(lambda: threading.Event().wait(4)) == EXACT(4)
    assert elapsed(lambda: threading.Lock().acquire(timeout=0)) == EXACT(0)


def test_a_pool_of_two_does_four_sleeps_in_two_rounds(virtual_clock):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(time.sleep, 10) for _ in range(4)]
        assert elapsed(lambda: concurrent.futures.wait(futures)) == EXACT(20)


def test_a_lock_held_over_a_sleep_is_handed_on_in_order(virtual_clock):
    lock, order = threading.Lock(), []

    def hold(number):
        with lock:
            time.sleep(3)
            order.append((number, time.monotonic()))

    start = time.monotonic()
    threads = [threading.Thread(target=hold, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == [(i, EXACT(start + 3 * (i + 1))) for i in range(3)]


def test_acquiring_a_held_lock_times_out(virtual_clock):
    lock = threading.Lock()
    lock.acquire()
    assert elapsed(lambda: lock.acquire(timeout=2.5)) == EXACT(2.5)
    assert lock.locked()
    assert not lock.acquire(blocking=False)
    lock.release()


def test_a_suspender_holds_the_plan_in_virtual_time(engine, capsys):
    signal = Signal(name="signal", value=0)
    engine.install_suspender(SuspendBoolHigh(signal, sleep=20))

    def flick():
        time.sleep(30)
        signal.put(1)
        time.sleep(60)
        signal.put(0)

    thread = threading.Thread(target=flick)
    thread.start()
    assert elapsed(lambda: engine(bp.count([det], 5, delay=20))) >= 160
    thread.join()
    engine.clear_suspenders()


def test_a_pause_asked_by_a_thread_comes_when_asked_and_resumes(engine, capsys):
    def pause():
        time.sleep(50)
        engine.request_pause()

    thread = threading.Thread(target=pause)
    thread.start()
    start = time.monotonic()
    with pytest.raises(RunEngineInterrupted):
        engine(bp.count([det], 10, delay=20))
    assert time.monotonic() - start == EXACT(50)
    thread.join()
    time.sleep(1000)
    engine.resume()
    assert engine.state == "idle"


def test_asyncio_waits_in_virtual_time(virtual_clock):
    async def work():
        start = time.monotonic()
        await asyncio.wait_for(asyncio.to_thread(time.sleep, 5), 10)
        return time.monotonic() - start

    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(work()) == EXACT(5)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_select_waits_for_a_peer_and_times_out(virtual_clock):
    left, right = socket.socketpair()
    with left, right:
        assert elapsed(lambda: select.select([left], [], [], 2.0)) == EXACT(2.0)

        def answer():
            time.sleep(0.5)
            right.sendall(b"late")

        thread = threading.Thread(target=answer)
        thread.start()
        assert elapsed(lambda: select.select([left], [], [], 2.0)) == EXACT(0.5)
        assert left.recv(10) == b"late"
        thread.join()


def test_polling_a_closed_socket_lets_time_pass(virtual_clock):
    left, right = socket.socketpair()
    right.close()
    deadline = time.monotonic() + 1.0
    with left:
        while time.monotonic() < deadline:
            select.select([left], [], [], 0.1)
            assert left.recv(10) == b""


def test_bytes_that_nobody_reads_do_not_stop_the_clock(virtual_clock):
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    other, _ = server.accept()
    with server, client, other:
        client.sendall(b"never read")
        assert elapsed(lambda: time.sleep(10)) == 10


def test_a_call_from_real_time_runs_on_the_virtual_clock(virtual_clock):
    seen = threading.Event()
    times = []

    def record():
        times.append(time.monotonic())
        seen.set()

    _thread.start_new_thread(virtual_clock.submit, (record,))
    assert seen.wait()  # without a time-out: an idle clock waits for the outside
    assert times[0] < time.monotonic() + 1


def test_a_paced_clock_takes_the_wall_time_it_should():
    with virtual_time(speed=100.0):
        wall = originals.monotonic_s()
        time.sleep(10)
        assert 0.09 <= originals.monotonic_s() - wall < 2.0


def test_a_paced_clock_is_woken_from_outside():
    with virtual_time(speed=1.0) as clock:
        seen = threading.Event()

        _thread.start_new_thread(lambda: clock.submit(seen.set), ())
        wall = originals.monotonic_s()
        assert seen.wait(60)
        assert originals.monotonic_s() - wall < 30


def test_a_speed_of_zero_is_refused():
    with pytest.raises(ValueError, match="above 0"), virtual_time(speed=0):
        pass


def test_a_second_clock_is_refused(virtual_clock):
    with pytest.raises(RuntimeError, match="one clock"), virtual_time():
        pass


def test_a_thread_left_behind_is_named():
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, name="straggler", daemon=True)

    def leave_it_behind():
        with virtual_time():
            thread.start()
            time.sleep(1)

    with pytest.raises(LeakedThreadError, match="straggler"):
        leave_it_behind()
    # let it end, so that it does not outlive the test
    gate.set()
    thread._virtual[1].baton.release()


def run_story():
    """A story with several threads, locks and sleeps; returns what happened in which order."""
    story, lock = [], threading.Lock()

    def actor(number):
        for step in range(20):
            time.sleep(0.1 * ((number * 7 + step * 3) % 5))
            with lock:
                story.append((round(time.monotonic(), 6), number, step))

    threads = [threading.Thread(target=actor, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return story


def test_the_same_story_every_time():
    stories = []
    for _ in range(5):
        with virtual_time(epoch_s=0.0):
            stories.append(run_story())
    assert all(story == stories[0] for story in stories)
    assert len(stories[0]) == 120


@pytest.mark.parametrize("ask", ["connect", "connect_ex"])
@pytest.mark.parametrize("host", ["192.0.2.7", "instrument.example"])
def test_virtual_time_keeps_away_from_real_instruments(virtual_clock, ask, host):
    with socket.socket() as sock, pytest.raises(RealAddressError, match=f"{host}:5025"):
        getattr(sock, ask)((host, 5025))


def test_virtual_time_keeps_away_from_serial_ports(virtual_clock):
    port = serial.Serial()
    port.port = "COM7"
    with pytest.raises(RealAddressError, match="COM7"):
        port.open()


def test_the_clock_stands_while_a_thread_of_the_real_time_is_waited_for():
    answered = threading.Event()
    asked = threading.Event()

    def outside():
        asked.wait(10.0)
        time.sleep(0.05)
        answered.set()

    helper = threading.Thread(target=outside)
    helper.start()
    with virtual_time() as clock:
        ticks = threading.Thread(target=time.sleep, args=(3.0,))
        ticks.start()
        before_s = clock.now_s
        with clock.on_real_time():
            asked.set()
            assert answered.wait(10.0)
        assert clock.now_s == before_s
        ticks.join()
        assert clock.now_s == before_s + 3.0
    helper.join()
