"""The link that plays a script."""

import pytest

from instruments.errors import LinkLostError, LinkTimeoutError
from instruments.links import ScriptedLink


def test_a_script_is_followed_to_its_end():
    link = ScriptedLink([("O? 1\r\n", "0\r\n"), (b"O 1 1\r\n", b"")], write_termination="\r\n")
    with link.exchange():
        link.write("O? 1")
        assert link.read() == "0\r"
    link.write_bytes(b"O 1 ")
    with pytest.raises(AssertionError, match="never sent"):
        link.assert_finished()
    link.write_bytes(b"1\r\n")
    link.assert_finished()


def test_anything_else_is_refused():
    link = ScriptedLink([("on\n", "")])
    with pytest.raises(AssertionError, match=r"instead of b'on\\n'"):
        link.write("off")


def test_more_than_the_script_is_refused():
    link = ScriptedLink([])
    with pytest.raises(AssertionError, match="after the end"):
        link.write("on")


def test_an_answer_must_be_read_before_the_next_question():
    link = ScriptedLink([("a\n", "1\n"), ("b\n", "2\n")])
    link.write("a")
    with pytest.raises(AssertionError, match="still unread"):
        link.write("b")


def test_the_last_answer_must_be_read_too():
    link = ScriptedLink([("a\n", "1\n")])
    link.write("a")
    with pytest.raises(AssertionError, match="never read"):
        link.assert_finished()


def test_an_answer_must_be_read_whole():
    link = ScriptedLink([("a\n", "1\n2\n")])
    with link.exchange():
        link.write("a")
        link.read()
    with pytest.raises(AssertionError, match="never read"):
        link.assert_finished()


def test_silence_times_out_without_waiting():
    link = ScriptedLink([("a\n", "")], timeout_s=1000.0)
    with link.exchange():
        link.write("a")
        with pytest.raises(LinkTimeoutError):
            link.read()


def test_an_answer_may_come_unasked():
    link = ScriptedLink([("", "hello\n"), ("a\n", "1\n"), ("", "done\n")])
    assert link.read() == "hello"
    with link.exchange():
        link.write("a")
        assert [link.read(), link.read()] == ["1", "done"]
    link.assert_finished()


def test_the_line_can_break_and_come_back():
    link = ScriptedLink([("a\n", ConnectionResetError("gone")), ("b\n", "2\n")])
    with link.exchange():
        link.write("a")
        with pytest.raises(LinkLostError, match="gone"):
            link.read()
    with link.exchange():
        link.write("b")
        assert link.read() == "2"
    link.close()


def test_a_script_can_be_interrupted():
    link = ScriptedLink([("a\n", "1\n")])
    with link.exchange():
        link.write("a")
        link.interrupt()
        with pytest.raises(LinkLostError, match="interrupted"):
            link.read()


def test_a_link_says_what_it_is():
    assert repr(ScriptedLink([], name="lamp")) == "<Link lamp SCRIPTED>"


def test_a_link_that_was_never_made_is_thrown_away_in_silence():
    with pytest.raises(TypeError):
        ScriptedLink([], wrong=1)
