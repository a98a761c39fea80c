import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.samples import (
    STORE_NAME,
    Attachment,
    Batch,
    Content,
    Material,
    Sample,
    SampleStore,
    SampleStoreError,
)


@pytest.fixture
def store(tmp_path):
    return SampleStore(tmp_path / "runs")


def stock():
    return Material(
        name="NC-0412",
        kind="nanocrystals",
        concentration=1.2,
        concentration_unit="µM",
        solvent="toluene",
    )


def test_a_card_tells_all_that_was_noted(store):
    store.put(Batch(name="B7", made="2026-11-02", maker="hot injection"))
    store.put(stock())
    store.put(Sample(name="A3", batch="B7", concentration_nm=20.0, edge_nm=10.4))
    store.add_content("A3", Content(material="NC-0412", volume_ul=33.0))
    kept = store.attach("A3", Attachment(method="TEM", quantity="length_nm", value=91.0))
    card = store.card("A3")
    assert card.batch.maker == "hot injection"
    assert [content.volume_ul for content in card.contents] == [33.0]
    assert card.materials["NC-0412"].concentration == 1.2
    assert card.attachments == (kept,)
    assert kept.at != ""


def test_the_card_as_metadata_leaves_out_what_is_not_known(store):
    store.put(Sample(name="A3", edge_nm=10.4))
    assert store.card("A3").as_metadata() == {
        "sample": {"name": "A3", "edge_nm": 10.4},
        "batch": None,
        "contents": [],
        "materials": [],
        "attachments": [],
    }


def test_noting_a_sample_again_corrects_it_and_keeps_its_contents(store):
    store.put(stock())
    store.put(Sample(name="A3"))
    store.add_content("A3", Content(material="NC-0412", volume_ul=5.0))
    store.put(Sample(name="A3", note="cuvette 2"))
    card = store.card("A3")
    assert card.sample.note == "cuvette 2"
    assert len(card.contents) == 1


def test_a_sample_that_is_not_there_is_named_with_those_that_are(store):
    store.put(Sample(name="A3"))
    with pytest.raises(SampleStoreError, match="no 'B1' among the samples: A3"):
        store.card("B1")
    with pytest.raises(SampleStoreError, match="none yet"):
        store.material("toluene")


def test_a_sample_of_an_unknown_batch_is_refused(store):
    with pytest.raises(SampleStoreError, match="no 'B7' among the batches"):
        store.put(Sample(name="A3", batch="B7"))
    assert store.samples() == []


def test_asking_for_a_sample_makes_no_store(tmp_path):
    store = SampleStore(tmp_path)
    assert "A3" not in store
    assert not (tmp_path / STORE_NAME).exists()


def test_an_attached_file_is_copied_and_its_change_is_seen(store, tmp_path):
    picture = tmp_path / "wires.PNG"
    picture.write_bytes(b"a picture")
    store.put(Sample(name="A3"))
    given = Attachment(method="TEM", quantity="picture", file="wires.PNG")
    kept = store.attach("A3", given, picture)
    picture.unlink()
    copy = store.file_of(kept)
    assert copy.read_bytes() == b"a picture"
    assert copy.suffix == ".png"
    copy.write_bytes(b"another")
    with pytest.raises(SampleStoreError, match="changed after it was attached"):
        store.file_of(kept)


def test_a_file_that_cannot_be_read_is_not_attached(store, tmp_path):
    store.put(Sample(name="A3"))
    given = Attachment(method="XRD", quantity="phase", text="orthorhombic")
    with pytest.raises(SampleStoreError, match="cannot be attached"):
        store.attach("A3", given, tmp_path / "gone.xy")
    assert store.card("A3").attachments == ()


def test_an_attachment_without_a_file_has_none_to_give(store):
    store.put(Sample(name="A3"))
    kept = store.attach("A3", Attachment(method="XRD", quantity="phase", text="Pbnm"))
    with pytest.raises(SampleStoreError, match="has no file"):
        store.file_of(kept)


def test_a_store_of_a_later_version_is_left_alone(store):
    store.put(Sample(name="A3"))
    with sqlite3.connect(store.path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(SampleStoreError, match="version 99"):
        store.samples()


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / STORE_NAME).write_bytes(b"no database" * 100)
    with pytest.raises(SampleStoreError, match="cannot be used"):
        SampleStore(tmp_path).samples()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SampleStoreError, match="cannot be made"):
        SampleStore(tmp_path / "file" / "runs")


@pytest.mark.parametrize(
    ("card", "fields", "words"),
    [
        (Sample, {"name": " A3"}, "is no name"),
        (Sample, {"name": "A3", "edge_nm": 0.0}, "above 0"),
        (Sample, {"name": "A3", "volume_ul": float("nan")}, "above 0"),
        (Material, {"name": "x", "kind": "glue"}, "kind 'glue' is unknown"),
        (Material, {"name": "x", "kind": "ligand", "concentration": 1.0}, "goes with its unit"),
        (Attachment, {"method": "TEM", "quantity": "length_nm"}, "a value, a text or a file"),
        (Attachment, {"method": "T", "quantity": "q", "value": float("inf")}, "no value"),
        (Content, {"material": "x", "volume_ul": -1.0}, "above 0"),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(card, fields, words):
    with pytest.raises(ValueError, match=words):
        card(**fields)


names = st.text(
    st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=20
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(names, st.floats(min_value=0.1, max_value=1e6), max_size=4))
def test_what_is_put_in_comes_out_again(tmp_path_factory, volumes):
    store = SampleStore(tmp_path_factory.mktemp("runs"))
    for name, volume_ul in volumes.items():
        store.put(Sample(name=name, volume_ul=volume_ul))
    assert {sample.name: sample.volume_ul for sample in store.samples()} == volumes


@pytest.mark.parametrize("bad", [b"m\x91de", b"mAde"])
def test_a_store_with_a_damaged_table_says_so(store, bad):
    store.put(Batch(name="b", made="2026-11-02"))
    store.put(Sample(name="s", batch="b"))
    data = store.path.read_bytes()
    assert b"made" in data
    store.path.write_bytes(data.replace(b"made", bad))
    with pytest.raises(SampleStoreError):
        store.card("s")
