"""A camera that comes nearer to an object: detection frame by frame, with a probability that depends on the range, and latency.

J. Johnson, "Analysis of image forming systems", Image Intensifier Symposium, Fort Belvoir (1958), 244-273: what is told of an object depends on the
number of line pairs across it. The probability over that number is the target transfer probability function: T. A. Sjaardema, C. S. Smith and
G. C. Birch, "History and evolution of the Johnson criteria", Sandia report SAND2015-6368 (2015), equations 2 and 3. Both are of people who look at
a display; here they stand for a detector.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.rng import Rng

__all__ = ["camera_detection", "detected_by_frame", "frame_probability"]

NEAR = 20.0
"""So many times the pairs that are needed give a probability of 1, to the last bit; more would overflow."""


@kernel(outputs=["detected", "detection_range"])
def camera_detection(
    rng: Rng,
    first_range: float = 150.0,
    last_range: float = 20.0,
    closing: float = 15.0,
    frame_rate: float = 20.0,
    latency: float = 0.15,
    size: float = 0.5,
    focal_length: float = 1200.0,
    needed_pairs: float = 4.0,
    best: float = 0.98,
) -> tuple[bool, float]:
    """Whether a camera has detected an object before it is too near, and how far away it is by the time that this is known.

    Frame by frame, independently, the object is detected with `frame_probability`. Valid in daylight and clear air, for contrast, blur and noise
    are not in it; errors of a real detector go on over several frames, which makes late detections more frequent than here.

    Parameters
    ----------
    rng
        The trial's draws: a uniform for the time of the first frame, and one a frame.
    first_range, last_range
        Range at which the object comes into view, and at which it must be known of, m.
    closing
        Closing speed, m/s, above 0.
    frame_rate
        Frames a second.
    latency
        From the frame to the word of a detection, s.
    size
        Smallest extent of the object across the line of sight, m: 0.5 is a pedestrian.
    focal_length
        Of the lens, in pixels.
    needed_pairs
        Line pairs across the object for a probability of one half: about 1 to detect that there is something, 4 to recognise it, 6.4 to identify it.
    best
        Probability of a near object, 0 to 1.

    Returns
    -------
    tuple
        Whether it is known of at `last_range`; the range in m at which it is, or else `last_range`.
    """
    step = closing / frame_rate
    distance = first_range - step * rng.uniform()
    nearest = last_range + closing * latency
    while distance >= nearest:
        if rng.uniform() < frame_probability(distance, size, focal_length, needed_pairs, best):
            return True, distance - closing * latency
        distance -= step
    return False, last_range


def frame_probability(
    distance: float, size: float = 0.5, focal_length: float = 1200.0, needed_pairs: float = 4.0, best: float = 0.98
) -> float:
    """Return the probability of a detection in one frame; see `camera_detection` for the arguments.

    With `x` the line pairs (of two pixels) across the object over those needed, it is ``best x**e / (1 + x**e)``, ``e = 2.7 + 0.7 x``.

    >>> [round(frame_probability(each, 1.0, 800.0, 4.0, 1.0), 2) for each in (200.0, 100.0, 50.0)]  # 2, 4 and 8 pairs
    [0.11, 0.5, 0.94]
    """
    ratio = min(size * focal_length / (2.0 * distance * needed_pairs), NEAR)
    strength = math.pow(ratio, 2.7 + 0.7 * ratio)
    return best * strength / (1.0 + strength)


def detected_by_frame(distances: NDArray[np.float64], **camera: float) -> NDArray[np.float64]:
    """Return the probability that an object seen at `distances`, shape (frames,), is detected by each of these frames.

    Parameters
    ----------
    distances
        Range at each frame, m, in their order.
    **camera
        Other arguments of `frame_probability`.
    """
    chances = np.array([frame_probability(float(each), **camera) for each in distances])
    return np.subtract(1.0, np.cumprod(1.0 - chances), dtype=np.float64)
