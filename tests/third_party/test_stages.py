"""The makers' and others' clients of stages against our simulators."""

import pytest

from tests.third_party.lines import host_and_port, served


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
    with served("zaber-ascii", axis=ZABER_AXES) as (row, bench):
        with ascii_protocol.Connection.open_tcp(*host_and_port(row)) as connection:
            devices = connection.detect_devices(identify_devices=False)
            assert [device.device_address for device in devices] == [1, 2]
            for device, target in zip(devices, (20_000, 10_000), strict=True):
                axis = device.get_axis(1)
                axis.home()
                axis.move_absolute(target)
                assert axis.get_position() == target
                assert not axis.is_busy()
        places = {name: axis["position_mm"] for name, axis in bench.state("device")["axes"].items()}
        assert places == pytest.approx({"x": 20_000 * 0.49609375e-3, "y": 10_000 * 0.49609375e-3})


def test_zaber_motion_hears_of_limits_and_stalls():
    ascii_protocol = pytest.importorskip("zaber_motion.ascii")
    exceptions = pytest.importorskip("zaber_motion")
    with (
        served("zaber-ascii", axis=ZABER_AXES[:1]) as (row, bench),
        ascii_protocol.Connection.open_tcp(*host_and_port(row)) as connection,
    ):
        axis = connection.get_device(1).get_axis(1)
        axis.home()
        with pytest.raises(exceptions.CommandFailedException, match="BADDATA"):
            axis.move_absolute(10_000_000)
        axis.move_absolute(100_000, wait_until_idle=False)
        bench.faults("device").device("stall")
        with pytest.raises(exceptions.MovementFailedException):
            axis.wait_until_idle()


@pytest.mark.filterwarnings("ignore:It is not known whether this device:FutureWarning")
def test_pymeasure_moves_a_newport_axis():
    newport = pytest.importorskip("pymeasure.instruments.newport")
    adapters = pytest.importorskip("pymeasure.adapters")
    with served("newport-esp301", axis=NEWPORT_AXES) as (row, bench):
        adapter = adapters.VISAAdapter(
            row["address"], visa_library="@py", write_termination="\r", read_termination="\r\n"
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
        assert bench.state("device")["axes"]["x"]["position_mm"] == pytest.approx(2.3457)
        # The software limit is refused in silence; the error is there when asked for.
        controller.x.position = 500.0
        assert [str(error) for error in controller.errors] == [
            "Newport ESP300 axis 1 reported the error: POSITIVE SOFTWARE LIMIT DETECTED"
        ]
        adapter.close()
