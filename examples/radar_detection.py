"""Detection probability of a radar over signal-to-noise ratio, false-alarm probability and target fluctuation.

sweep run examples/radar_detection.py
"""

from sweep import Sweep, grid, linspace
from sweep_kernels.models import radar_detection

study = Sweep(
    radar_detection,
    grid(
        snr_db=linspace(0, 20, 41),  # mean signal-to-noise ratio of a pulse, dB
        pfa=[1e-6, 1e-5, 1e-4, 1e-3],  # probability of a false alarm
        swerling=[0, 1, 2, 3, 4],  # how the target fluctuates
        pulses=[10],  # integrated, non-coherently
    ),
    trials=100_000,
    seed=1,
)
