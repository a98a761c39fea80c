"""The live panel: spectrum, waterfall, tracks, endpoint and badges."""

import time
from functools import cached_property
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.panels.endpoint_card import EndpointCard
from gui.panels.figure_strip import FigureStrip
from gui.presenters.labels import offered, track_label
from gui.theme import Theme
from gui.widgets.combo import combo
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.helpers import button, fill, label, placeholder, set_text

if TYPE_CHECKING:
    from gui.plots.spectrum import SpectrumPlots
    from gui.plots.tracks import TrackPlots
    from gui.presenters.run_view import RunView

_SLOW_S = 0.2  # tracks and texts, one at a time with the waterfall; the spectrum follows at once
_WATERFALL_S = 0.1


class LivePanel(QWidget):
    """Shows the run that is going on, or the last one.

    The plots, and what is kept for them, are built when they are first needed: drawing is the
    heaviest thing that a window imports, and its buttons do not wait for it.

    Attributes:
        note_wanted: A note on this run.
    """

    note_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("live-panel")
        self.frames_drawn = 0
        self._slow_at_s = self._waterfall_at_s = 0.0
        self._is_behind = self._is_waterfall_behind = False
        self._uid = ""
        self._theme: Theme | None = None
        self._spectra_place = placeholder()
        self._tracks_place = placeholder()
        self.endpoint = EndpointCard()
        self.title = ElidedLabel("Live")
        self.title.setProperty("strong", True)
        self.title.setObjectName("live-title")
        self.cursor_text = label(muted=True, name="live-cursor")
        self._badges = QHBoxLayout()
        self._badges.setSpacing(4)
        self._badge_texts: tuple[str, ...] = ()
        self.against = self._make_against()
        self.third = self._make_third()
        self.note = button(
            "Note …", name="live-note", tip="Add a note with the time of the day (Ctrl+N)"
        )
        self.note.setEnabled(False)
        self.note.clicked.connect(self._ask_for_note)
        self._strip = FigureStrip()
        self._lay_out()

    @cached_property
    def view(self) -> "RunView":
        """What is known of the run."""
        from gui.presenters.run_view import RunView

        return RunView()

    @cached_property
    def spectra(self) -> "SpectrumPlots":
        """Spectrum, residual and waterfall."""
        from gui.plots.spectrum import SpectrumPlots

        made = SpectrumPlots()
        made.cursor_moved.connect(lambda text: set_text(self.cursor_text, text))
        self._put(made, self._spectra_place)
        return made

    @cached_property
    def tracks(self) -> "TrackPlots":
        """Tracked quantities against time or dose."""
        from gui.plots.tracks import TrackPlots

        made = TrackPlots()
        self._put(made, self._tracks_place)
        return made

    def _put(self, plots: "SpectrumPlots | TrackPlots", place: QFrame) -> None:
        if self._theme is not None:
            plots.dress(self._theme)
        fill(place, plots)
        self._draw_all_again()

    def _make_against(self) -> QComboBox:
        made = combo(
            "tracks-against",
            "Horizontal axis",
            "Show the tracks against time or dose (Alt+X)",
            letters=6,
        )
        made.addItem("time", "time")
        made.addItem("dose", "dose")
        made.currentIndexChanged.connect(lambda _: self._against_chosen())
        return made

    def _make_third(self) -> QComboBox:
        made = combo(
            "tracks-third", "Quantity of the lowest plot", "What the lowest plot shows", letters=6
        )
        made.addItem("area", "tracker_area")
        made.activated.connect(lambda _: self._third_chosen())
        return made

    def _ask_for_note(self) -> None:
        text, is_given = QInputDialog.getText(self, "Note", "Note on this run:")
        if is_given and text.strip():
            self.note_wanted.emit(text.strip())

    def _against_chosen(self) -> None:
        self.tracks.set_against(self.against.currentData())
        self._draw_slow()

    def _third_chosen(self) -> None:
        self.tracks.choose(2, self.third.currentData())
        self._draw_slow()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addLayout(self._badges)
        head.addWidget(self.cursor_text)
        head.addWidget(self.note)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        choice = QHBoxLayout()
        choice.addWidget(label("tracks against", muted=True))
        choice.addWidget(self.against)
        choice.addStretch(1)
        choice.addWidget(label("lowest", muted=True))
        choice.addWidget(self.third)
        column.addLayout(choice)
        column.addWidget(self._tracks_place, 1)
        column.addWidget(self.endpoint)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("live-splitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._spectra_place)
        splitter.addWidget(right)
        splitter.setStretchFactor(0, 5)
        splitter.setStretchFactor(1, 4)
        splitter.setSizes([440, 460])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 4)
        outer.setSpacing(4)
        outer.addLayout(head)
        outer.addWidget(splitter, 1)
        outer.addWidget(self._strip)

    def dress(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for name in ("spectra", "tracks"):
            if name in vars(self):
                getattr(self, name).dress(theme)
        if "view" in vars(self):
            self._draw_all_again()

    def _draw_all_again(self) -> None:
        self.view.is_dirty = True
        self._slow_at_s = self._waterfall_at_s = 0.0

    def take(self, message: object) -> None:
        """Take a message of the host."""
        self.view.take(message)

    def redraw(self) -> None:
        """Draw what has changed; called 30 times a second.

        What costs most follows a little later, and not in the same frame, so that what the person
        does waits for one piece of drawing at most.
        """
        view, now_s = self.view, time.monotonic()
        if view.is_dirty:
            if view.closed is not None or not view.number or view.opened_uid != self._uid:
                self.draw_all()
                return
            view.is_dirty = False
            self._is_behind = self._is_waterfall_behind = True
            self.frames_drawn += 1
            self.spectra.show_run(view)
        if self._is_behind and now_s - self._slow_at_s >= _SLOW_S:
            self._slow_at_s, self._is_behind = now_s, False
            self._draw_slow()
        elif self._is_waterfall_behind and now_s - self._waterfall_at_s >= _WATERFALL_S:
            self._waterfall_at_s, self._is_waterfall_behind = now_s, False
            self.spectra.show_waterfall(view)

    def draw_all(self) -> None:
        """Draw everything at once."""
        self.view.is_dirty = self._is_behind = self._is_waterfall_behind = False
        self._slow_at_s = self._waterfall_at_s = time.monotonic()
        self.frames_drawn += 1
        self.spectra.show_run(self.view)
        self.spectra.show_waterfall(self.view)
        self._draw_slow()

    def _draw_slow(self) -> None:
        view = self.view
        opened = view.opened
        if opened is not None and opened.uid != self._uid:
            self._uid = opened.uid
            self.spectra.hide_cursor()
        if opened is None:
            self.title.set_text("Live")
        else:
            number = f"run {opened.scan_id}: " if opened.scan_id else ""
            self.title.set_text(
                f"{number}{opened.plan.replace('_', ' ')}  ·  {opened.sample or 'no sample named'}"
            )
        self.note.setEnabled(opened is not None)
        self.tracks.show_tracks(view.tracks)
        self._offer(offered(view.tracks.names))
        self.endpoint.show_rules(view)
        self._strip.show_figures(view)
        self._show_badges()

    def _offer(self, names: tuple[str, ...]) -> None:
        known = {self.third.itemData(place) for place in range(self.third.count())}
        for name in names:
            if name not in known:
                self.third.addItem(track_label(name), name)

    def _show_badges(self) -> None:
        badges = self.view.badges()
        texts = tuple(badge.text for badge in badges)
        if texts == self._badge_texts:
            return
        self._badge_texts = texts
        while (item := self._badges.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for badge in badges:
            made = label(badge.text, badge=True, name=f"badge-{badge.text}")
            made.setToolTip(badge.meaning)
            made.setAccessibleName(f"warning: {badge.text}")
            self._badges.addWidget(made)
