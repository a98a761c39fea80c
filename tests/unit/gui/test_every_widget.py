"""A walk over everything that can be operated."""

import pytest
import scripted
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTabBar,
    QTreeView,
    QWidget,
)

OPERATED = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTreeView)
QT_MADE = ("qt_", "ScrollLeftButton", "ScrollRightButton")


def ours(widget):
    parents, each = [], widget
    while each is not None:
        parents.append(each)
        each = each.parentWidget()
    inner = any(isinstance(p, QComboBox | QLineEdit | QAbstractScrollArea | QTabBar)
                and p is not widget and not isinstance(p, QMainWindow)
                and p.metaObject().className() != "QScrollArea"
                for p in parents[1:])  # fmt: skip
    return not widget.objectName().startswith(QT_MADE) and not inner


@pytest.fixture
def widgets(window):
    window.experiment.form.more.setChecked(True)
    window.bench.cards["light"]._choose(window.bench.cards["light"].info.actions[0])
    found = [w for w in window.findChildren(QWidget) if isinstance(w, OPERATED) and ours(w)]
    assert len(found) > 50
    return found


def test_every_control_has_a_name_a_tooltip_and_a_word_to_be_read_aloud(widgets):
    lacking = [
        f"{type(w).__name__} {w.objectName()!r} in {w.parentWidget().objectName()!r}"
        for w in widgets
        if not (w.objectName() and w.accessibleName() and w.toolTip())
    ]
    assert lacking == []


def test_every_control_is_reached_by_the_keyboard(widgets):
    lacking = [w.objectName() for w in widgets if not (w.focusPolicy() & Qt.FocusPolicy.TabFocus)]
    assert lacking == []


def test_names_are_unique(widgets):
    names = [w.objectName() for w in widgets]
    assert sorted(set(names)) == sorted(names)


def test_tab_goes_through_the_window_and_comes_back(window, qtbot):
    window.experiment.plan.setFocus()
    seen = set()
    for _ in range(400):
        focus = QApplication.focusWidget()
        if focus is None or (focus.objectName() in seen and focus is window.experiment.plan):
            break
        seen.add(focus.objectName())
        window.focusNextChild()
    assert {"plan", "run", "field-irradiance_mw_cm2", "safe-stop", "runs-search"} <= seen


def test_no_two_controls_share_a_key(window):
    from qtpy.QtGui import QAction

    keys = [b.shortcut().toString() for b in window.findChildren(QAbstractButton)]
    keys += [a.shortcut().toString() for a in window.findChildren(QAction)]
    used = [key for key in keys if key and not key.startswith("Alt+")]
    assert sorted(set(used)) == sorted(used)


@pytest.mark.parametrize(("width", "height"), [(1366, 740), (1024, 700)])
def test_nothing_is_wider_than_a_small_screen(window, width, height):
    say = window.conductor.session.say
    say(scripted.devices(pump="lost", words="no answer for a long time " * 5))
    window.resize(width, height)
    QApplication.processEvents()
    assert window.minimumSizeHint().width() <= 1366
    assert window.minimumSizeHint().height() <= 740
    assert window.width() <= max(width, 1366)
