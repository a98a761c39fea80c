from gui.presenters.presets import Presets
from gui.presenters.run_queue import RunQueue
from gui.presenters.store import read_json, write_json


def test_runs_wait_in_their_order_and_can_be_moved(tmp_path):
    queue = RunQueue(tmp_path / "queue.json")
    first, second = queue.add("a", {"sample": "one"}), queue.add("b", {})
    queue.move(second.key, -1)
    queue.move(99, 1)
    assert [run.plan for run in queue] == ["b", "a"]
    queue.remove(second.key)
    assert [run.key for run in queue] == [first.key]
    assert first.title() == "one: a"
    assert second.title() == "b"


def test_a_queue_that_is_read_back_starts_nothing_by_itself(tmp_path):
    path = tmp_path / "queue.json"
    queue = RunQueue(path)
    running, _ = queue.add("a", {}), queue.add("b", {})
    queue.started(running.key)
    again = RunQueue(path)
    assert again.is_held
    assert again.next() is None
    assert [run.plan for run in again.lost] == ["a"]
    assert "window ended" in again.lost[0].note
    again.release()
    assert again.next().plan == "b"
    again.again(running.key)
    assert again.next().plan == "a"


def test_one_run_at_a_time_and_a_running_one_cannot_be_taken_out():
    queue = RunQueue()
    first = queue.add("a", {})
    queue.add("b", {}, first=True)
    queue.started(first.key)
    assert queue.next() is None
    queue.remove(first.key)
    queue.clear()
    assert [run.plan for run in queue] == ["a"]
    queue.done(first.key)
    assert len(queue) == 0


def test_a_held_queue_waits(tmp_path):
    changes = []
    queue = RunQueue(None, lambda: changes.append(1))
    queue.add("a", {})
    queue.hold()
    assert queue.next() is None
    queue.release()
    assert queue.next().plan == "a"
    assert len(changes) == 3


def test_an_interrupted_run_is_kept():
    queue = RunQueue()
    run = queue.add("a", {})
    queue.interrupted(run.key, "lost")
    assert queue.lost[0].note == "lost"


def test_a_damaged_file_is_an_empty_queue(tmp_path):
    path = tmp_path / "queue.json"
    path.write_text('{"a": ', encoding="utf-8")
    assert len(RunQueue(path)) == 0
    path.write_text('[{"colour": "red"}, {"key": 3, "plan": "a"}]', encoding="utf-8")
    assert [run.key for run in RunQueue(path)] == [3]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"a": 1})
    assert read_json(path) == {"a": 1}
    assert [each.name for each in path.parent.iterdir()] == ["file.json"]


def test_presets_are_kept_and_the_built_in_ones_stay(tmp_path):
    path = tmp_path / "presets.json"
    presets = Presets(path)
    assert presets.names("light_regrowth")
    presets.save("light_regrowth", "mine", {"max_time_min": 7.0})
    again = Presets(path)
    assert again.names("light_regrowth")[-1] == "mine"
    assert again.get("light_regrowth", "mine") == {"max_time_min": 7.0}
    assert again.is_own("light_regrowth", "mine")
    again.remove("light_regrowth", "mine")
    assert not again.is_own("light_regrowth", "mine")
    assert again.get("other", "nothing") == {}
    assert Presets().names("other") == ()
