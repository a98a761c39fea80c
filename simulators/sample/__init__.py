"""The digital twin: one sample seen by every instrument."""

from simulators.sample.assembly import AssemblyParameters, FilmState, Support
from simulators.sample.beam import DARK, Beam, Inputs
from simulators.sample.decay import Counter, Pool, expected_counts, response_counts
from simulators.sample.detector import Detector, exposure_rng
from simulators.sample.dye import DYES, Dye, DyePreparation
from simulators.sample.emission import PixelGrid, Throughput
from simulators.sample.evaporation import SOLVENTS, Solvent, stefan_flux_g_m2_s
from simulators.sample.film import Film, FilmPreparation
from simulators.sample.film_file import read_film
from simulators.sample.film_optics import FilmOptics, optics_of
from simulators.sample.kinetics import KineticParameters, Populations, Setting
from simulators.sample.liquid import PURE, STILL, Flow, Liquid, together
from simulators.sample.material import CSPBBR3, Material
from simulators.sample.nanocrystals import Preparation, Sample, diluted
from simulators.sample.replay import ReplaySample
from simulators.sample.sample_file import library_names, load_sample, read_sample
from simulators.sample.series_file import Series, read_series
from simulators.sample.spots import Spot
from simulators.sample.tables import SampleConfigurationError
from simulators.sample.vial import Vial
from simulators.sample.view import WorldView
from simulators.sample.world import World

__all__ = [
    "CSPBBR3",
    "DARK",
    "DYES",
    "PURE",
    "SOLVENTS",
    "STILL",
    "AssemblyParameters",
    "Beam",
    "Counter",
    "Detector",
    "Dye",
    "DyePreparation",
    "Film",
    "FilmOptics",
    "FilmPreparation",
    "FilmState",
    "Flow",
    "Inputs",
    "KineticParameters",
    "Liquid",
    "Material",
    "PixelGrid",
    "Pool",
    "Populations",
    "Preparation",
    "ReplaySample",
    "Sample",
    "SampleConfigurationError",
    "Series",
    "Setting",
    "Solvent",
    "Spot",
    "Support",
    "Throughput",
    "Vial",
    "World",
    "WorldView",
    "diluted",
    "expected_counts",
    "exposure_rng",
    "library_names",
    "load_sample",
    "optics_of",
    "read_film",
    "read_sample",
    "read_series",
    "response_counts",
    "stefan_flux_g_m2_s",
    "together",
]
