"""How orders to a device end."""

import asyncio
import logging
import threading
import time
from types import SimpleNamespace

import pytest

from instruments.errors import LinkTimeoutError
from instruments.tasks import Status, start_task

LAMP = SimpleNamespace(name="lamp")


def run(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_work_that_returns_ends_its_status_well(virtual_clock):
    status = Status(LAMP)
    start_task(lambda: time.sleep(3.0), status, "work")
    assert "under way" in repr(status)
    assert not status.success
    status.wait(5)
    assert status.done
    assert status.success
    assert repr(status) == "<Status of lamp: done>"


def test_work_that_raises_fails_its_status_with_that(virtual_clock):
    def work():
        raise ValueError("no lamp")

    status = Status(LAMP)
    start_task(work, status, "work")
    assert isinstance(status.exception(5), ValueError)
    assert repr(status) == "<Status of lamp: failed>"
    with pytest.raises(ValueError, match="no lamp"):
        status.wait()


def test_who_waits_too_long_is_told(virtual_clock):
    status = Status(LAMP)
    with pytest.raises(TimeoutError, match="lamp: still under way after 2 s"):
        status.wait(2)
    assert not status.done
    status.set_finished()


def test_the_end_that_comes_first_counts():
    status, error = Status(LAMP), ValueError("first")
    status.set_exception(error)
    status.set_finished()
    status.set_exception(ValueError("second"))
    assert status.exception() is error


def test_callbacks_are_called_once_and_at_once_after_the_end(caplog):
    status, called = Status(LAMP), []

    def wrong(_):
        raise RuntimeError("of the callback")

    status.add_callback(wrong)
    status.add_callback(called.append)
    with caplog.at_level(logging.ERROR):
        status.set_finished()
    status.add_callback(called.append)
    assert called == [status, status]
    assert "lamp: after the end of an order" in caplog.text


def test_a_failure_is_heard_before_the_callbacks():
    order = []
    status = Status(LAMP, on_failure=lambda _: order.append("failure"))
    status.add_callback(lambda _: order.append("callback"))
    status.set_exception(ValueError("broken"))
    assert order == ["failure", "callback"]


def test_no_failure_is_heard_when_it_ends_well():
    status = Status(LAMP, on_failure=lambda _: pytest.fail("it has not failed"))
    status.set_finished()


@pytest.mark.parametrize("in_a_loop", [True, False])
def test_an_order_that_never_ends_fails_after_its_time(virtual_clock, in_a_loop):
    async def give():
        return Status(LAMP, timeout_s=4.0)

    async def give_and_wait():
        status = await give()
        await asyncio.sleep(5.0)
        return status

    status = run(give_and_wait()) if in_a_loop else Status(LAMP, timeout_s=4.0)
    start_s = time.monotonic()
    with pytest.raises(LinkTimeoutError, match="lamp: was not done after 4 s"):
        status.wait(10)
    assert time.monotonic() - start_s <= 4.0


def test_an_order_that_has_ended_does_not_expire(virtual_clock):
    async def give():
        status = Status(LAMP, timeout_s=4.0)
        status.set_finished()
        await asyncio.sleep(5.0)
        return status

    assert run(give()).success
    status = Status(LAMP, timeout_s=4.0)
    status.set_finished()
    time.sleep(5.0)
    assert status.success
    assert not [t for t in threading.enumerate() if "time-out" in t.name]
