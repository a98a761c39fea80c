"""The makers' and others' clients of stages against our simulators."""

import pytest

from tests.third_party.aside import aside, run_aside
from tests.third_party.served import needs_pty, served


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Stands in for our own rule: the makers' library keeps its threads."""


ZABER_AXES = [
    {"name": "x", "number": 1, "minimum_mm": 0.0, "maximum_mm": 100.0},
    {"name": "y", "number": 1, "minimum_mm": 0.0, "maximum_mm": 50.0, "device_number": 2},
]
NEWPORT_AXES = [{"name": "x", "number": 1, "minimum_mm": 0.0, "maximum_mm": 100.0}]


def test_zaber_motion_finds_homes_and_moves_a_chain():
    ascii_protocol = pytest.importorskip("zaber_motion.ascii")
    with served("zaber-ascii", axis=ZABER_AXES) as stage:
        with ascii_protocol.Connection.open_tcp(stage.host, stage.port) as connection:
            devices = connection.detect_devices(identify_devices=False)
            assert [device.device_address for device in devices] == [1, 2]
            for device, target in zip(devices, (20_000, 10_000), strict=True):
                axis = device.get_axis(1)
                axis.home()
                axis.move_absolute(target)
                assert axis.get_position() == target
                assert not axis.is_busy()
        places = {name: axis["position_mm"] for name, axis in stage.state["axes"].items()}
        assert places == pytest.approx({"x": 20_000 * 0.49609375e-3, "y": 10_000 * 0.49609375e-3})


def test_zaber_motion_hears_of_limits_and_stalls():
    ascii_protocol = pytest.importorskip("zaber_motion.ascii")
    exceptions = pytest.importorskip("zaber_motion")
    with (
        served("zaber-ascii", axis=ZABER_AXES[:1]) as stage,
        ascii_protocol.Connection.open_tcp(stage.host, stage.port) as connection,
    ):
        axis = connection.get_device(1).get_axis(1)
        axis.home()
        with pytest.raises(exceptions.CommandFailedException, match="BADDATA"):
            axis.move_absolute(10_000_000)
        axis.move_absolute(100_000, wait_until_idle=False)
        stage.faults.device("stall")
        with pytest.raises(exceptions.MovementFailedException):
            axis.wait_until_idle()


@pytest.mark.filterwarnings("ignore:It is not known whether this device:FutureWarning")
def test_pymeasure_moves_a_newport_axis():
    newport = pytest.importorskip("pymeasure.instruments.newport")
    adapters = pytest.importorskip("pymeasure.adapters")
    with served("newport-esp301", axis=NEWPORT_AXES) as stage:
        adapter = adapters.VISAAdapter(
            stage.address, visa_library="@py", write_termination="\r", read_termination="\r\n"
        )
        controller = newport.ESP300(adapter)
        controller.x.enable()
        assert controller.x.enabled
        controller.x.home()
        controller.x.wait_for_stop()
        controller.x.position = 2.5
        controller.x.wait_for_stop()
        assert controller.x.position == pytest.approx(2.5)
        assert controller.x.units == "millimeter"
        controller.clear_errors()
        # The manual's command takes all digits; this client sends six, and so loses 22 nm.
        controller.x.position = 2.345678
        controller.x.wait_for_stop()
        assert stage.state["axes"]["x"]["position_mm"] == pytest.approx(2.3457)
        # The software limit is refused in silence; the error is there when asked for.
        controller.x.position = 500.0
        assert [str(error) for error in controller.errors] == [
            "Newport ESP300 axis 1 reported the error: POSITIVE SOFTWARE LIMIT DETECTED"
        ]
        adapter.close()


@needs_pty
def test_newportesp_is_a_client_for_python_2():
    """Version 1.1, of 2016 and the last, hands text to the port, which Python 3 does not take."""
    newportesp = pytest.importorskip("newportESP")
    with served("newport-esp301", axis=NEWPORT_AXES) as stage:
        client = newportesp.ESP(stage.pty)
        with pytest.raises(TypeError, match="unicode strings are not supported"):
            _ = client.version
        client.ser.close()


@needs_pty
def test_newportesp_moves_a_newport_axis_over_a_port_that_takes_text(monkeypatch):
    newportesp = pytest.importorskip("newportESP")

    class TextPort(newportesp.serial.Serial):
        """The port as Python 2 had it."""

        def write(self, text):
            return super().write(text.encode("ascii"))

        def readline(self):
            return super().readline().decode("ascii")

    monkeypatch.setattr(newportesp.serial, "Serial", TextPort)
    with served("newport-esp301", axis=NEWPORT_AXES) as stage:
        client = newportesp.ESP(stage.pty)
        assert client.version.startswith("ESP301")
        axis = client.axis(1)
        axis.on()
        axis.home_search(1)
        axis.wait()
        axis.move_to(2.5, wait=True)
        assert axis.position == pytest.approx(2.5)
        axis.move_by(-0.5, wait=True)
        assert stage.state["axes"]["x"]["position_mm"] == pytest.approx(2.0)
        assert axis.travel_limits() == {"left": 0.0, "right": 100.0}
        axis.move_to(500.0)
        with pytest.raises(newportesp.NewportError, match="POSITIVE SOFTWARE LIMIT"):
            client.raise_error()
        axis.off()
        del axis
        client.ser.close()


ESP301 = """
import quantities
from instruments.newport import NewportESP301, NewportESP301HomeSearchMode
controller = NewportESP301.open_tcpip("127.0.0.1", int(sys.argv[1]))
axis = controller.axis[0]
axis.enable()
axis.search_for_home(NewportESP301HomeSearchMode.home_index_signals.value)
axis.wait_for_motion(max_wait=20 * quantities.s)
axis.move(2.5 * quantities.mm, wait=False)
axis.wait_for_motion(max_wait=20 * quantities.s)
print(float(axis.position.rescale("mm")), axis.is_motion_done)
"""


@aside("instrumentkit")
def test_instrumentkit_moves_a_newport_axis():
    with served("newport-esp301", axis=NEWPORT_AXES) as stage:
        assert run_aside("instrumentkit", ESP301, stage.port).split() == ["2.5", "True"]
        assert stage.state["axes"]["x"]["position_mm"] == pytest.approx(2.5)
