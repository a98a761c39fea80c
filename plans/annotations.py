"""Parameters that several plans share: unit, range, help."""

from typing import Annotated

from plans.parameters import Quantity

LAMP_NM = (365.0, 385.0, 405.0, 450.0, 470.0, 530.0)

WavelengthNm = Annotated[
    float, Quantity(help="wavelength of the light", unit="nm", choices=LAMP_NM)
]
IrradianceMwCm2 = Annotated[
    float, Quantity(help="irradiance at the sample", unit="mW/cm²", minimum=0.1, maximum=200)
]
ProbeMwCm2 = Annotated[
    float,
    Quantity(help="irradiance while a spectrum is taken", unit="mW/cm²", minimum=0.05, maximum=20),
]
IntegrationTimeS = Annotated[
    float, Quantity(help="integration time of a spectrum", unit="s", minimum=0.006, maximum=10)
]
Averages = Annotated[int, Quantity(help="spectra averaged into one", minimum=1, maximum=100)]
AutoExposure = Annotated[
    bool, Quantity(help="find the integration time at which the PL fills the detector well")
]
MaxDoseJCm2 = Annotated[
    float, Quantity(help="largest dose", unit="J/cm²", minimum=0.01, maximum=5000)
]
IntervalS = Annotated[
    float, Quantity(help="time between PL spectra", unit="s", minimum=1, maximum=600)
]
BaselineFrames = Annotated[
    int, Quantity(help="spectra before anything happens", minimum=3, maximum=50)
]
FramesEach = Annotated[
    int, Quantity(help="spectra averaged at each composition", minimum=3, maximum=50)
]
Position = Annotated[str, Quantity(help="stage position of the sample")]
MeterPosition = Annotated[str, Quantity(help="stage position of the power meter")]
BlankPosition = Annotated[str, Quantity(help="stage position of pure solvent")]
Positions = Annotated[
    tuple[str, ...], Quantity(help="stage positions, one a fresh sample, with commas")
]
RateUlMin = Annotated[
    float, Quantity(help="rate of the pump", unit="µL/min", minimum=1, maximum=20000)
]
StartVolumeUl = Annotated[
    float, Quantity(help="liquid in the vessel at the start", unit="µL", minimum=1, maximum=1e6)
]
VesselUl = Annotated[
    float, Quantity(help="what the vessel holds", unit="µL", minimum=1, maximum=1e6)
]
MixS = Annotated[
    float, Quantity(help="mixing after an addition", unit="s", minimum=0, maximum=3600)
]
SettleS = Annotated[
    float, Quantity(help="rest after the mixing", unit="s", minimum=0, maximum=36000)
]
Solvent = Annotated[
    str,
    Quantity(help="solvent of the sample", choices=("toluene", "hexane", "octane")),
]
