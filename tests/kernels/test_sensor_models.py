"""Sensor kernels against their closed forms and published figures.

Each comparison with a closed form is seeded and would fail a right kernel with another seed once in 10,000 times.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from sweep_kernels import models
from sweep_kernels.models.ambiguity import resultant, unambiguous_range, unambiguous_velocity
from sweep_kernels.models.camera import detected_by_frame, frame_probability
from sweep_kernels.models.cfar import cfar_factor, cfar_loss_db, cfar_probability
from sweep_kernels.models.extinction import DB_PER_NEPER, fog_extinction, rain_extinction, transmission
from sweep_kernels.models.lidar import footprint, photons, return_probability
from sweep_kernels.models.radar import detection_probability
from sweep_kernels.models.radar_range import detection_range, received_power, signal_to_noise
from sweep_kernels.models.tracking import confirmed_by_look, mean_looks
from tests.kernels.compiling import compiled_trials

FALSE_ALARM = 1e-4


def simulated(name: str, blocks: int = 32, **changes) -> np.ndarray:
    each = getattr(models, name)
    return compiled_trials(each, 2_025, 0, 0, blocks, 4096, **(each.defaults | changes))


def assert_mean(x: np.ndarray, expected: float) -> None:
    z = (x.mean() - expected) / (x.std(ddof=1) / np.sqrt(len(x)))
    assert 2.0 * stats.norm.sf(abs(z)) > FALSE_ALARM


def assert_proportion(x: np.ndarray, expected: float) -> None:
    assert stats.binomtest(int(x.sum()), len(x), expected).pvalue > FALSE_ALARM


# ---- Radar.


def test_the_range_equation_gives_nanowatts_of_a_jumbo_jet():
    # worked by hand, as textbooks do it: 1 kW, a beam of 1 degree (a gain of 26,000), 10 GHz, 100 m^2 at 10 km: 3.07 nW
    assert received_power(10e3, 100.0, 1e3, 10.0 * np.log10(26_000.0), 0.03) == pytest.approx(3.07e-9, rel=2e-3)


def test_radar_at_range_is_the_detector_at_the_ratio_of_the_range_equation():
    snr_db = signal_to_noise(400.0)
    for swerling, pulses in ((0, 1), (1, 1), (4, 3)):
        expected = float(detection_probability(snr_db, 1e-4, pulses, swerling))
        assert 0.05 < expected < 0.99
        found = simulated("radar_at_range", distance=400.0, pfa=1e-4, pulses=pulses, swerling=swerling)[0]
        assert_proportion(found, expected)


@given(st.floats(1.0, 1e5), st.floats(1e-3, 1e4))
def test_the_detection_range_is_where_the_ratio_is(distance, cross_section):
    ratio = signal_to_noise(distance, cross_section)
    assert detection_range(ratio, cross_section=cross_section) == pytest.approx(distance, rel=1e-9)


@pytest.mark.parametrize("cells", [2, 16, 24])
def test_a_cfar_keeps_its_rate_of_false_alarms_and_detects_as_the_closed_form_says(cells):
    detected, alarms = simulated("radar_cfar", snr_db=12.0, pfa=1e-2, cells=cells)
    assert_proportion(detected, float(cfar_probability(12.0, 1e-2, cells)))
    assert_proportion(alarms, 1e-2)


def test_a_cfar_at_the_edge_of_clutter_detects_less():
    even, edge = (simulated("radar_cfar", pfa=1e-4, clutter_step_db=step)[0].mean() for step in (0.0, 10.0))
    assert edge < 0.8 * even


def test_cfar_loss_is_what_makes_up_for_the_cells():
    for cells in (8, 32):
        known = 10.0 * np.log10(np.log(1e-6) / np.log(0.7) - 1.0)
        assert cfar_probability(known + cfar_loss_db(0.7, 1e-6, cells), 1e-6, cells) == pytest.approx(0.7, rel=1e-9)
    # halved where the number of cells is doubled (Nitzberg 1978), and gone in the end
    assert cfar_loss_db(0.5, 1e-6, 100) / cfar_loss_db(0.5, 1e-6, 200) == pytest.approx(2.0, rel=0.01)
    assert cfar_loss_db(0.5, 1e-6, 1e9) == pytest.approx(0.0, abs=1e-6)
    assert cfar_factor(1e-6, 1e12) == pytest.approx(-np.log(1e-6), rel=1e-9)


def test_ambiguity_folds_as_the_wrapped_normal_distribution():
    rate, wavelength = 20e3, 0.0039
    most, span = float(unambiguous_range(rate)), 2.0 * float(unambiguous_velocity(rate, wavelength))
    far, fast, folded = simulated(
        "radar_ambiguity", distance=most - 10.0, velocity=-18.0, range_noise=500.0, velocity_noise=4.0
    )
    assert far.min() >= 0.0
    assert far.max() < most
    assert fast.min() >= -span / 2
    assert fast.max() < span / 2
    for x, value, noise, width in ((far, most - 10.0, 500.0, most), (fast, -18.0, 4.0, span)):
        cosine, sine = resultant(value, noise, width)
        assert_mean(np.cos(2.0 * np.pi * x / width), float(cosine))
        assert_mean(np.sin(2.0 * np.pi * x / width), float(sine))
    is_far_in = stats.norm.cdf(10.0 / 500.0) - stats.norm.cdf((10.0 - most) / 500.0)
    is_fast_in = stats.norm.cdf(span / 2, -18.0, 4.0) - stats.norm.cdf(-span / 2, -18.0, 4.0)
    assert_proportion(folded, 1.0 - is_far_in * is_fast_in)


# ---- Lidar.

# Kim, McArthur and Korevaar (2001), their table of attenuation in dB/km by visibility in km, at 785 and at 1550 nm
KIM = [
    (0.05, 340, 340),
    (0.2, 85, 85),
    (0.5, 34, 34),
    (1.0, 14, 10),
    (2.0, 7, 4),
    (4.0, 3, 2),
    (10.0, 1, 0.4),
    (23.0, 0.5, 0.2),
]


@pytest.mark.parametrize(("visibility", "at_785", "at_1550"), KIM)
def test_fog_is_the_published_table(visibility, at_785, at_1550):
    for published, wavelength in ((at_785, 785e-9), (at_1550, 1550e-9)):
        found = DB_PER_NEPER * fog_extinction(visibility, wavelength)
        # the table has one or two digits
        assert found == pytest.approx(published, abs=0.5 if published >= 1 else 0.05, rel=0.02)


def test_rain_is_the_published_power_law():
    for rate in (1.0, 10.0, 100.0):
        assert DB_PER_NEPER * rain_extinction(rate) == pytest.approx(1.076 * rate**0.67, rel=1e-12)
    assert rain_extinction(0.0) == 0.0


@pytest.mark.parametrize(
    ("rate", "more_by_itu", "more_by_optics"), [(1.0, 1.20, 1.47), (10.0, 1.13, 1.34), (100.0, 1.06, 1.22)]
)
def test_rain_is_as_far_from_other_laws_as_is_said(rate, more_by_itu, more_by_optics):
    law = DB_PER_NEPER * rain_extinction(rate)
    # ITU-R P.1814-1 (2025), shape 0 of the drop sizes
    assert 1.2924 * rate**0.6436 / law == pytest.approx(more_by_itu, abs=0.005)
    # Marshall and Palmer (1948): 8000 exp(-4.1 rate**-0.21 D) drops a m^3 and mm of diameter; large ones take twice their area out of the beam
    per_m, _ = integrate.quad(
        lambda d: 2.0 * np.pi / 4.0 * (1e-3 * d) ** 2 * 8e3 * np.exp(-4.1 * rate**-0.21 * d), 0.0, 60.0
    )
    assert DB_PER_NEPER * 1e3 * per_m / law == pytest.approx(more_by_optics, abs=0.005)


def test_light_is_left_by_the_law_of_beer_and_lambert():
    assert transmission(1000.0, 2.0) == pytest.approx(np.exp(-2.0))


AIR = {"visibility": 0.7, "rain_rate": 5.0, "distance": 130.0}


def photons_of(**changes) -> float:
    given = models.lidar_return.defaults | changes
    names = photons.__code__.co_varnames[: photons.__code__.co_argcount]
    return photons(**{name: given[name] for name in names})


def test_photons_are_the_range_equation():
    clear = {"visibility": 1e9, "rain_rate": 0.0}
    near, far = (photons_of(distance=distance, target_size=1e3, **clear) for distance in (50.0, 100.0))
    assert near / far == pytest.approx(4.0, rel=1e-6)  # the whole beam on the target: the square of the distance
    small = [photons_of(distance=distance, target_size=0.001, **clear) for distance in (5000.0, 10_000.0)]
    assert small[0] / small[1] == pytest.approx(16.0, rel=2e-3)  # a speck in the beam: the fourth power
    # 100 nJ at 905 nm are 4.6e11 photons; a tenth of them into half a sphere, 2.5 cm seen from 100 m
    assert far == pytest.approx(100e-9 / (6.626e-34 * 2.998e8 / 905e-9) * 0.1 * (0.025 / 200.0) ** 2, rel=1e-3)
    assert footprint(100.0, 0.003, 0.025) == pytest.approx(0.325, abs=1e-6)


def test_lidar_returns_and_range_errors():
    mean = photons_of(**AIR)
    returned, error = simulated("lidar_return", **AIR)
    expected = float(return_probability(mean))
    assert 0.05 < expected < 0.95
    assert_proportion(returned, expected)
    assert np.array_equal(np.isnan(error), returned == 0.0)
    counts = np.arange(15, 200)
    weights = stats.poisson.pmf(counts, 0.2 * mean + 1.0)
    variance = (0.5 * 299_792_458.0 * 5e-9) ** 2 * (weights / counts).sum() / weights.sum()
    assert_mean(error[returned == 1.0], 0.0)
    assert_mean(error[returned == 1.0] ** 2, variance)


def test_speckles_make_no_difference_where_the_aperture_sees_many():
    """Goodman (1965): of a rough target with M speckles the counts are negative binomial, M over M plus their mean."""
    given = models.lidar_return.defaults
    lit = min(given["target_size"], footprint(given["distance"], given["divergence"], given["aperture"]))
    speckles = (given["aperture"] * lit / (given["wavelength"] * given["distance"])) ** 2
    assert speckles == pytest.approx(8_000, rel=0.02)
    for mean in (5.0, 15.0, 40.0):
        speckled = stats.nbinom.sf(given["threshold"] - 1, speckles, speckles / (speckles + mean))
        assert speckled == pytest.approx(stats.poisson.sf(given["threshold"] - 1, mean), rel=0.02)


def test_what_the_sun_alone_makes_are_false_returns():
    found = simulated("lidar_return", reflectivity=0.0, background=4.0, threshold=8, dropout=0.0)[0]
    assert_proportion(found, stats.poisson.sf(7, 4.0))


# ---- Camera.


def test_the_frame_probability_is_the_published_curve():
    # the customary table of the target transfer probability function: pairs over those needed, probability
    for ratio, published in (
        (3.0, 1.0),
        (2.0, 0.95),
        (1.5, 0.80),
        (1.0, 0.50),
        (0.75, 0.30),
        (0.5, 0.10),
        (0.25, 0.02),
    ):
        assert frame_probability(150.0 / ratio, 1.0, 1200.0, 4.0, 1.0) == pytest.approx(published, abs=0.025)
    assert frame_probability(1e-3) == 0.98


def test_camera_detections_by_frame():
    changes = {"first_range": 90.0, "last_range": 70.0, "closing": 40.0, "latency": 0.1}
    detected, distance = simulated("camera_detection", **changes)
    phases = (np.arange(2000) + 0.5) / 2000
    chances, means = [], []
    for phase in phases:  # frames 2 m apart, down to 74 m, so that word comes at 70
        frames = np.arange(90.0 - 2.0 * phase, 74.0, -2.0)
        by_frame = detected_by_frame(frames)
        chances.append(by_frame[-1])
        steps = np.diff(by_frame, prepend=0.0)
        means.append((steps * (frames - 4.0)).sum() + (1.0 - by_frame[-1]) * 70.0)
    assert_proportion(detected, float(np.mean(chances)))
    assert_mean(distance, float(np.mean(means)))
    assert np.all(distance[detected == 0.0] == 70.0)
    assert distance.min() >= 70.0


# ---- Tracks.


@pytest.mark.parametrize(("needed", "window", "looks"), [(1, 1, 4), (2, 3, 8), (3, 5, 12), (4, 4, 20)])
def test_tracks_are_confirmed_as_the_markov_chain_says(needed, window, looks):
    confirmed, taken = simulated("track_confirmation", detection=0.4, needed=needed, window=window, looks=looks)
    by_look = confirmed_by_look(0.4, needed, window, looks)
    assert_proportion(confirmed, by_look[-1])
    assert_mean(taken, float(looks - by_look[:-1].sum()))
    for look in (needed, looks - 1):
        assert_proportion((taken <= look) & (confirmed == 1.0), by_look[look - 1])


@given(st.floats(0.0, 1.0), st.integers(1, 6), st.integers(0, 4))
def test_after_one_window_it_is_the_binomial(detection, needed, more):
    by_look = confirmed_by_look(detection, needed, needed + more, needed + more)
    assert by_look[-1] == pytest.approx(stats.binom.sf(needed - 1, needed + more, detection), abs=1e-12)
    assert np.all(np.diff(by_look) >= 0.0)


def test_hits_in_a_row_take_as_long_as_feller_says():
    by_look = confirmed_by_look(0.6, 3, 3, 400)
    assert 1.0 + (1.0 - by_look[:-1]).sum() == pytest.approx(mean_looks(0.6, 3), rel=1e-9)
