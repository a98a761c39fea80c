"""What a bench would say, without a bench."""

from pathlib import Path

import numpy as np

from gui import archive_messages, messages
from gui.app import make_application, put_away
from gui.places import Places
from gui.session import Archive, HostOptions, Session

AXIS_NM = np.linspace(400, 700, 512, dtype=np.float32)


class SilentSession(Session):
    """A session without a process; `sent` holds what the window asked for."""

    def __init__(self, options):
        super().__init__(options)
        self.sent = []
        self.is_started = False
        self.is_closed = False

    def start(self):
        self.is_started = True

    def send(self, message):
        self.sent.append(message)

    def close(self, last=None, timeout_s=0.0):
        if last is not None:
            self.sent.append(last)
        self.is_closed = True
        return True

    def say(self, *said):
        for message in said:
            self.received.emit(message)
        self.drained.emit()

    def asked(self, kind):
        return [message for message in self.sent if isinstance(message, kind)]


class SilentArchive(Archive):
    """An archive without a process."""

    def __init__(self, folder):
        super().__init__(folder)
        self.sent = []

    @property
    def is_alive(self):
        return True

    def start(self):
        pass

    def send(self, message):
        self.sent.append(message)

    def close(self, last=None, timeout_s=0.0):
        return True

    def asked(self, kind):
        return [message for message in self.sent if isinstance(message, kind)]


def make_window(folder):
    make_application()
    from gui.window import Window

    bench_file = Path(folder) / "bench.toml"
    bench_file.write_text('[bench]\nname = "test bench"\n', encoding="utf-8")
    options = HostOptions(bench_file=bench_file, runs_folder=Path(folder) / "runs")
    session, archive = SilentSession(options), SilentArchive(options.runs_folder)
    made = Window(options, Places(folder=Path(folder) / "places"), session=session, archive=archive)
    for each in (session, archive):
        each.setParent(made)  # they go with it, as those that it makes itself do
    return made


def plan_info(name="light_regrowth"):
    field = messages.FieldInfo
    return messages.PlanInfo(
        name=name,
        summary="Light a dispersion until its PL stands.",
        description="Light a dispersion until its PL stands.\n\nThe long story.",
        devices=(
            field(name="light", kind="LightSource", required=True, choices=("light",),
                  default="light"),
            field(name="spectrometer", kind="Spectrometer", required=True,
                  choices=("spectrometer", "second"), default="spectrometer"),
        ),
        parameters=(
            field(name="wavelength_nm", unit="nm", default=405.0, choices=(365.0, 405.0)),
            field(name="irradiance_mw_cm2", unit="mW/cm²", default=20.0, minimum=0.1,
                  maximum=200.0, help="irradiance at the sample"),
            field(name="max_time_min", unit="min", default=240.0, minimum=1.0, maximum=1440.0),
            field(name="averages", kind="int", default=1, minimum=1, maximum=100),
            field(name="plateau", kind="bool", default=True),
            field(name="target_peak_nm", unit="nm", default=None, optional=True, minimum=450.0,
                  maximum=700.0),
            field(name="ligand_rate_ul_min", unit="µL/min", default=500.0, minimum=1.0,
                  maximum=20000.0),
            field(name="sample", kind="str", default=""),
        ),
    )  # fmt: skip


def bench_info(folder, simulated=True):
    action, field = messages.ActionInfo, messages.FieldInfo
    light = messages.DeviceInfo(
        name="light",
        kind="LightSource",
        model="thorlabs-dc4100",
        address="TCPIP::127.0.0.1::1::SOCKET",
        actions=(
            action(
                name="emit",
                label="Light on",
                help="Emit",
                fields=(
                    field(name="irradiance_mw_cm2", unit="mW/cm²", default=1.0, minimum=0.0,
                          maximum=50.0),
                ),
                confirm="Is everybody protected?",
            ),
            action(name="off", label="Light off", help="Switch off", stops=True),
        ),
        limits=("405 nm: 0.1 to 57 mW/cm²",),
        notes=("405 nm: up to 1000 mA",),
    )  # fmt: skip
    pump = messages.DeviceInfo(
        name="pump", kind="SyringePump", model="newera-ne1000", address="COM3",
        actions=(action(name="stop", label="Stop", help="Stop", stops=True),),
    )  # fmt: skip
    spectrometer = messages.DeviceInfo(
        name="spectrometer", kind="Spectrometer", model="ocean-hdx", address="USB"
    )
    return messages.BenchInfo(
        name="test bench",
        file="bench.toml",
        simulated=simulated,
        speed=60.0 if simulated else 1.0,
        runs_folder=str(Path(folder) / "runs"),
        devices=(light, pump, spectrometer),
        plans=(plan_info(), plan_info("calibrate_light")),
    )


def devices(emission="", pump="ok", words="", active=""):
    reading = messages.Reading
    light = messages.DeviceState(
        condition="ok",
        emission=emission,
        identity="Thorlabs DC4100 no. M1",
        readings=(
            reading(name="irradiance_mw_cm2", value=20.02, unit="mW/cm2", precision=3, age_s=0.2),
            reading(name="is_on", value=1 if emission else 0, age_s=0.2),
        ),
    )
    return messages.Devices(
        states={
            "light": light,
            "pump": messages.DeviceState(condition=pump, words=words, active=active),
            "spectrometer": messages.DeviceState(condition="ok"),
        },
        bench_time_s=1000.0,
    )


def opened(uid="one", **changes):
    values = {
        "uid": uid, "scan_id": 7, "plan": "light_regrowth", "sample": "NC-1",
        "arguments": {"irradiance_mw_cm2": 20.0}, "time_s": 1000.0, "longest_s": 1800.0,
        "folder": "runs/one",
    }  # fmt: skip
    return messages.RunOpened(**{**values, **changes})


def spectrum(peak_nm=515.0, height=1000.0):
    line = height * np.exp(-0.5 * ((AXIS_NM - peak_nm) / 8.0) ** 2)
    return line.astype(np.float32)


def frame(number, peak_nm=515.0, height=1000.0, **changes):
    values = {"number": number, "time_s": 10.0 * number, "counts_s": spectrum(peak_nm, height),
              "dose_j_cm2": 0.2 * number, "peak_share": 0.4, "has_dark": True}  # fmt: skip
    return messages.Frame(**{**values, **changes})


def tracked(number, peak_nm=515.0, **changes):
    values = {
        "tracker_peak_nm": peak_nm, "tracker_peak_nm_se": 0.03, "tracker_fwhm_nm": 19.0,
        "tracker_area": 2e6, "tracker_snr": 150.0, "tracker_flags": "",
        "light_dose_j_cm2": 0.2 * number, "light_probe_dose_j_cm2": 0.001 * number,
        "phase": "exposure", "elapsed_s": 10.0 * number, "frame": number,
        "endpoint_plateau": "slope 0.013 +- 0.003 nm/min, needs < 0.01, held 2:10 of 5:00",
        "endpoint_plateau_progress": 0.43, "endpoint_dose": "dose 4 of 300 J/cm2",
        "endpoint_dose_progress": 0.01,
    }  # fmt: skip
    units = {"tracker_peak_nm": "nm", "light_dose_j_cm2": "J/cm2"} if number == 1 else {}
    return messages.Values(
        stream="tracked", time_s=10.0 * number, values={**values, **changes}, units=units
    )


def run_data(path="runs/one", **changes):
    time_min = np.linspace(0, 30, 100)
    values = {
        "path": path,
        "columns": {
            "time_min": time_min,
            "tracker_peak_nm": 515.7 + 0.1 * time_min,
            "tracker_area": 2e6 + time_min,
        },
        "units": {"tracker_peak_nm": "nm"},
        "plan": "light_regrowth",
        "arguments": {"irradiance_mw_cm2": 30.0, "sample": "NC-9"},
        "ending": "slope below 0.01 nm/min",
    }
    return archive_messages.RunData(**{**values, **changes})


def run_row(path="runs/one", **changes):
    values = {
        "path": path, "uid": path, "scan_id": 1, "plan": "light_regrowth", "sample": "NC-1",
        "time_s": 1_760_000_000.0, "duration_s": 1800.0, "exit_status": "success", "reason": "",
    }  # fmt: skip
    return archive_messages.RunRow(**{**values, **changes})


def sent(window, kind):
    return window.conductor.session.asked(kind)


def asked(window, kind):
    return window.conductor._archive.asked(kind)


def say(window, *said):
    window.conductor.session.say(*said)


def run_a_few(window, frames=5, peak_nm=515.0):
    say(
        window, messages.EngineState(word="running"), opened(), messages.Axis(wavelength_nm=AXIS_NM)
    )
    for number in range(1, frames + 1):
        say(window, frame(number, peak_nm + 0.1 * number), tracked(number, peak_nm + 0.1 * number))
    say(window, messages.Fit(number=frames, curve=spectrum(peak_nm), text=""))
    window.live.draw_all()


def runs_listed(window):
    window.runs.take(
        archive_messages.RunList(rows=(run_row("runs/one"), run_row("runs/two", sample="film")))
    )
    for path in ("runs/one", "runs/two"):
        window.runs.take(run_data(path, notes=((1.76e9, "first"), (1.76e9, "last"))))


def samples_listed(window, problem=""):
    row = archive_messages.SampleRow
    rows = (
        row(values={"name": "NC-1", "batch": "B7", "edge_nm": 8.5, "note": ""},
            details=("TEM: edge_nm 8.5 ± 0.4 nm",)),
        row(values={"name": "NC-2"}),
    )  # fmt: skip
    window.samples.take(archive_messages.SampleList(rows=rows, problem=problem))


def destroy(window):
    """Close a window and free all that belongs to it, at once."""
    window.conductor.session.say(messages.EngineState(word="idle"))
    put_away(window)
