"""Synthetic spectra, written without the analysis."""

import numpy as np
import pytest

HC = 1239.841984


class Bench:
    """A spectrometer of 2048 pixels that looks at lines."""

    wavelength_nm = 350 + 0.318 * np.arange(2048)

    def line(self, peak_nm=515.0, height=5000.0, width_ev=0.088, asymmetry=0.12, blur_nm=0.0):
        """Photons per pixel of an asymmetric line with its maximum per eV at peak_nm."""
        nm = self.wavelength_nm
        energy, centre = HC / nm, HC / peak_nm
        low, high = width_ev * (1 + asymmetry), width_ev * (1 - asymmetry)
        width = np.where(energy < centre, low, high)
        curve = np.exp(-4 * np.log(2) * ((energy - centre) / width) ** 2) * (energy / centre) ** 2
        if blur_nm:
            away = 0.318 * np.arange(-12, 13)
            slit = np.exp(-4 * np.log(2) * (away / blur_nm) ** 2)
            curve = np.convolve(curve, slit / slit.sum(), "same")
        return height * curve / curve.max()

    def lamp(self, peak_nm, fwhm_nm, height):
        """A Gaussian line of an LED or a laser."""
        away = (self.wavelength_nm - peak_nm) / fwhm_nm
        return height * np.exp(-4 * np.log(2) * away**2)

    def noisy(self, expected, seed=0):
        """Shot noise and 30 counts of read noise."""
        rng = np.random.default_rng(seed)
        sigma = np.sqrt(1.05 * np.maximum(expected, 0) + 30.0**2)
        return expected + rng.normal(size=expected.size) * sigma

    def true_peak_nm(self, peak_nm=515.0, width_ev=0.088, asymmetry=0.12):
        """Maximum of the line per nm, on a fine grid."""
        nm = np.linspace(peak_nm - 2, peak_nm + 2, 400_001)
        energy, centre = HC / nm, HC / peak_nm
        width = np.where(energy < centre, width_ev * (1 + asymmetry), width_ev * (1 - asymmetry))
        curve = np.exp(-4 * np.log(2) * ((energy - centre) / width) ** 2) * energy**2
        return float(nm[np.argmax(curve)])


@pytest.fixture(scope="session")
def bench():
    return Bench()
