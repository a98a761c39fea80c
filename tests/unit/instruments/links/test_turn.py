"""Whose turn it is."""

import threading
import time

from instruments.links.turn import Turn


def test_a_turn_may_be_taken_again_by_its_holder(virtual_clock):
    turn = Turn()
    assert turn.acquire(0.0)
    assert turn.acquire(0.0)
    turn.release()
    assert turn.held
    assert turn.holder
    turn.release()
    assert not turn.held
    assert turn.holder == ""


def test_an_urgent_caller_passes_those_who_wait(virtual_clock):
    turn = Turn()
    order = []

    def use(name, hurry):
        assert turn.acquire(60.0, hurry=hurry)
        order.append(name)
        time.sleep(1.0)
        turn.release()

    assert turn.acquire(0.0)
    hurried = []
    plans = [
        ("first", None),
        ("second", None),
        ("urgent", lambda: hurried.append(time.monotonic())),
    ]
    threads = [threading.Thread(target=use, args=plan) for plan in plans]
    start_s = time.monotonic()
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    time.sleep(1.0)
    turn.release()
    for thread in threads:
        thread.join(10)
    assert order[0] == "urgent"
    assert sorted(order[1:]) == ["first", "second"]
    assert hurried[0] - start_s < 0.2


def test_an_urgent_caller_who_gives_up_lets_the_others_go_on(virtual_clock):
    turn = Turn()
    assert turn.acquire(0.0)
    got = []

    def give_up():
        got.append(turn.acquire(0.5, hurry=lambda: None))

    def wait():
        got.append(turn.acquire(5.0))
        turn.release()

    threads = [threading.Thread(target=give_up), threading.Thread(target=wait)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    assert got == [False]
    turn.release()
    for thread in threads:
        thread.join(10)
    assert got == [False, True]


def test_an_urgent_caller_hurries_nobody_when_the_turn_is_free(virtual_clock):
    turn = Turn()
    hurried = []
    assert turn.acquire(1.0, hurry=lambda: hurried.append(1))
    turn.release()
    assert hurried == []
