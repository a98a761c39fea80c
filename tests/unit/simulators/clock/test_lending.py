"""A loop that others run while they wait for it."""

import asyncio
import select
import socket
import threading
import time

import pytest

from simulators.clock.lending import run_lent

EXACT = pytest.approx


class Host:
    """A thread with a loop that echoes what it hears on a socket, some time later."""

    def __init__(self, delay_s=0.0):
        self.delay_s = delay_s
        self.threads = set()
        self.up = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run, name="host")
        self.thread.start()
        self.up.wait()

    def run(self):
        self.loop = asyncio.new_event_loop()
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.up.set()
        try:
            run_lent(self.loop)
        except SystemExit as error:
            self.error = error
        server.close()
        self.loop.run_until_complete(asyncio.sleep(0.1))
        self.loop.close()

    async def serve(self, reader, writer):
        while line := await reader.readline():
            self.threads.add(threading.current_thread().name)
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            writer.write(line)
        writer.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


def run(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def ask(host, text=b"hello\n"):
    with socket.create_connection(("127.0.0.1", host.port), timeout=10.0) as line:
        line.sendall(text)
        select.select([line], [], [], 10.0)  # recv would wait on the real clock
        return line.recv(100)


def test_the_thread_that_waits_does_the_work(virtual_clock):
    host = Host()
    assert ask(host) == b"hello\n"
    host.close()
    assert host.threads == {threading.current_thread().name}


def test_a_timer_of_the_loop_is_met_at_its_instant(virtual_clock):
    host = Host(delay_s=3.25)
    start_s = time.monotonic()
    assert ask(host) == b"hello\n"
    assert time.monotonic() - start_s == EXACT(3.25)
    host.close()


def test_a_thread_that_runs_a_loop_of_its_own_does_the_work_too(virtual_clock):
    host = Host(delay_s=0.5)

    async def waits():
        answer = await asyncio.to_thread(ask, host)
        return answer, ask(host)

    assert run(waits()) == (b"hello\n", b"hello\n")
    host.close()


def test_many_threads_ask_at_the_same_time(virtual_clock):
    host = Host(delay_s=1.0)
    answers = {}
    askers = [
        threading.Thread(target=lambda n=n: answers.update({n: ask(host, b"%d\n" % n)}))
        for n in range(8)
    ]
    start_s = time.monotonic()
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert answers == {n: b"%d\n" % n for n in range(8)}
    assert time.monotonic() - start_s == EXACT(1.0)
    host.close()


def test_on_the_real_clock_the_loop_runs_on_its_own_thread():
    host = Host()
    assert ask(host) == b"hello\n"
    host.close()
    assert host.threads == {"host"}


def test_waiting_inside_the_loop_is_refused(virtual_clock):
    host, errors = Host(), []

    def wait():
        try:
            time.sleep(1.0)
        except RuntimeError as error:
            errors.append(str(error))

    host.loop.call_soon_threadsafe(wait)
    time.sleep(0.1)
    host.close()
    assert errors == ["virtual clock: something waits in a loop that others wait for"]


def test_what_ends_the_loop_is_raised_where_it_lives(virtual_clock):
    host = Host()

    def leave():
        raise SystemExit(3)

    host.loop.call_soon_threadsafe(leave)
    host.thread.join()
    assert isinstance(host.error, SystemExit)
