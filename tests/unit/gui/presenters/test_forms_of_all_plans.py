"""The form serves every plan of the catalogue."""

import os

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from pathlib import Path

import pytest

from gui.host.plan_infos import plan_info
from gui.presenters import form
from instruments.bench import load_bench
from plans.catalogue import PLANS

DEMO = Path(__file__).parents[4] / "simulators" / "benches" / "demo.toml"


@pytest.fixture(scope="module")
def bench():
    """A bench that is not connected."""
    return load_bench(DEMO)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_what_a_field_shows_is_read_back_as_it_was(bench, name):
    info = plan_info(PLANS[name], bench)
    assert info.summary
    for field in form.fields_of(info):
        assert form.label_of(field)
        assert form.help_of(field)
        if field.default is None and field.required:
            continue
        if field.kind == "bool":
            continue
        shown = form.text_of(field, field.default)
        read = form.value_of(field, shown)
        if field.default is None or field.default == "":
            assert read in (None, "", ())
        elif isinstance(field.default, list | tuple):
            assert tuple(read) == tuple(field.default), field.name
        else:
            assert read == pytest.approx(field.default), field.name
