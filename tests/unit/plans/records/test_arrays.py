"""The arrays in HDF5: readable at any moment, no row lost."""

import shutil

import h5py
import numpy as np
import pytest

from plans.records.arrays import ArrayStore, Slot, read_rows
from plans.records.errors import RecordError

SPECTRUM = Slot(dataset="primary/counts", shape=(5,), dtype=np.dtype("<f8"))
IMAGE = Slot(dataset="primary/image", shape=(2, 3), dtype=np.dtype("<u2"))


@pytest.fixture
def store(tmp_path):
    store = ArrayStore(tmp_path / "arrays.h5")
    yield store
    store.close()


def row(number):
    return np.full(5, float(number))


def test_rows_are_readable_while_the_file_is_open(store):
    store.add([SPECTRUM])
    for number in range(4):
        assert store.append(SPECTRUM, row(number)).index == number
        rows = read_rows(store.path, "primary/counts", [0, number])
        np.testing.assert_array_equal(rows[1], row(number))


def test_a_copy_of_the_open_file_is_whole(store, tmp_path):
    store.add([SPECTRUM])
    store.append(SPECTRUM, row(7))
    shutil.copyfile(store.path, tmp_path / "copy.h5")  # what a killed program leaves
    with h5py.File(tmp_path / "copy.h5", "r", libver="latest", swmr=True) as file:
        np.testing.assert_array_equal(file["primary/counts"][:], [row(7)])


def test_a_later_dataset_keeps_the_rows_of_the_earlier_one(store):
    store.add([SPECTRUM])
    store.append(SPECTRUM, row(1))
    store.add([IMAGE])
    image = np.arange(6, dtype="<u2").reshape(2, 3)
    assert store.append(IMAGE, image).index == 0
    assert store.append(SPECTRUM, row(2)).index == 1
    store.close()
    with h5py.File(store.path, "r") as file:
        np.testing.assert_array_equal(file["primary/counts"][:], [row(1), row(2)])
        np.testing.assert_array_equal(file["primary/image"][:], [image])
        assert file["primary/image"].dtype == "<u2"
    assert not store.path.with_suffix(".tmp").exists()


def test_a_closed_file_opens_without_any_option_and_can_be_moved(store, tmp_path):
    store.add([SPECTRUM])
    store.append(SPECTRUM, row(1))
    store.close()
    store.close()
    moved = store.path.rename(tmp_path / "moved.h5")
    with h5py.File(moved, "r") as file:
        assert file["primary/counts"].shape == (1, 5)


def test_a_reader_that_holds_the_file_makes_the_store_go_on_in_a_second_one(store, monkeypatch):
    store.add([SPECTRUM])
    store.append(SPECTRUM, row(1))
    first = store.path
    (first.parent / "arrays_2.h5").touch()
    replace = type(first).replace

    def windows(path, target):
        if target == first:
            raise PermissionError(13, "used by another process")
        return replace(path, target)

    monkeypatch.setattr(type(first), "replace", windows)
    store.add([IMAGE])
    assert store.path.name == "arrays_3.h5"
    store.append(SPECTRUM, row(2))
    np.testing.assert_array_equal(read_rows(first, "primary/counts", [0])[0], row(1))
    np.testing.assert_array_equal(read_rows(store.path, "primary/counts", [1])[0], row(2))


@pytest.mark.parametrize(
    ("array", "fits"),
    [
        (np.zeros(5), True),
        (np.zeros(5, dtype="u2"), True),
        (np.zeros(6), False),
        (np.zeros((1, 5)), False),
        (np.zeros(5, dtype=np.complex128), False),
    ],
)
def test_a_slot_takes_only_what_loses_nothing(array, fits):
    assert SPECTRUM.takes(array) is fits


def test_a_folder_that_is_gone_is_told_with_what_to_do(tmp_path):
    store = ArrayStore(tmp_path / "missing" / "arrays.h5")
    with pytest.raises(RecordError, match=r"arrays\.h5.*free some space"):
        store.add([SPECTRUM])
    store.sync()


class FullDataset:
    """A dataset on a full disk."""

    shape = (0, 5)

    class id:  # noqa: N801 - the name that h5py gives it
        @staticmethod
        def set_extent(_):
            raise OSError("No space left on device")


def test_a_full_disk_is_told_and_the_earlier_rows_stay(store):
    store.add([SPECTRUM])
    store.append(SPECTRUM, row(1))
    real = store._datasets["primary/counts"]
    store._datasets["primary/counts"] = FullDataset()
    with pytest.raises(RecordError, match="No space left"):
        store.append(SPECTRUM, row(2))
    store._datasets["primary/counts"] = real
    store.close()
    np.testing.assert_array_equal(read_rows(store.path, "primary/counts", [0])[0], row(1))


def test_an_error_at_closing_is_told(store):
    class Stuck:
        def close(self):
            raise RuntimeError("cannot flush")

    store._file = Stuck()
    with pytest.raises(RecordError, match="cannot flush"):
        store.close()


def test_a_disk_that_does_not_confirm_is_told(store, monkeypatch):
    store.add([SPECTRUM])
    store.sync()

    def refuse(_):
        raise OSError("input/output error")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(RecordError, match="input/output"):
        store.sync()


def test_rows_that_the_file_lacks_are_none(store):
    store.add([SPECTRUM])
    store.append(SPECTRUM, row(1))
    assert read_rows(store.path, "primary/counts", []) == []
    rows = read_rows(store.path, "primary/counts", [0, 4])
    assert rows[0] is not None
    assert rows[1] is None
    assert read_rows(store.path, "primary/counts", [3, 4]) == [None, None]


def test_a_file_that_is_no_hdf5_is_told(tmp_path):
    (tmp_path / "arrays.h5").write_bytes(b"not HDF5")
    with pytest.raises(RecordError, match="cannot be read"):
        read_rows(tmp_path / "arrays.h5", "primary/counts", [0])


def test_a_dataset_that_is_not_there_is_told(store):
    store.add([SPECTRUM])
    with pytest.raises(RecordError, match="'primary/image'"):
        read_rows(store.path, "primary/image", [0])
