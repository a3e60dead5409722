"""Blueprints of sensors; attributes and defaults as in CARLA's blueprint library reference."""

from __future__ import annotations

from sims.carla.server.blueprints.blueprint import Attribute, Blueprint, boolean, choice, integer, real

PLACES = ("front", "back", "left", "right", "front_left", "front_right", "back_left", "back_right")
TICK = real("sensor_tick", 0.0)
"""[s] Between captures; 0: every tick."""
LENS = (
    integer("image_size_x", 800),
    integer("image_size_y", 600),
    real("fov", 90.0),
    real("lens_circle_falloff", 5.0),
    real("lens_circle_multiplier", 0.0),
    real("lens_k", -1.0),
    real("lens_kcube", 0.0),
    real("lens_x_size", 0.08),
    real("lens_y_size", 0.08),
    TICK,
)
"""Of all cameras; fov [deg]."""
EXPOSURE = {
    "gamma": 2.2,
    "motion_blur_intensity": 0.45,
    "motion_blur_max_distortion": 0.35,
    "motion_blur_min_object_screen_size": 0.1,
    "lens_flare_intensity": 0.1,
    "bloom_intensity": 0.675,
    "exposure_compensation": 0.0,
    "exposure_min_bright": 10.0,
    "exposure_max_bright": 12.0,
    "exposure_speed_up": 3.0,
    "exposure_speed_down": 1.0,
    "shutter_speed": 200.0,
    "iso": 100.0,
    "fstop": 1.4,
    "min_fstop": 1.2,
    "calibration_constant": 16.0,
    "focal_distance": 1000.0,
    "blur_amount": 1.0,
    "blur_radius": 0.0,
    "slope": 0.88,
    "toe": 0.55,
    "shoulder": 0.26,
    "black_clip": 0.0,
    "white_clip": 0.04,
    "temp": 6500.0,
    "tint": 0.0,
    "chromatic_aberration_intensity": 0.0,
    "chromatic_aberration_offset": 0.0,
}
FILM = (
    boolean("enable_postprocess_effects", True),
    choice("exposure_mode", "histogram", "manual"),
    integer("blade_count", 5),
    *(real(name, value) for name, value in EXPOSURE.items()),
)
"""Of the colour camera; what looks like film does nothing here."""
EVENTS = (
    real("positive_threshold", 0.3),
    real("negative_threshold", 0.3),
    real("sigma_positive_threshold", 0.0),
    real("sigma_negative_threshold", 0.0),
    integer("refractory_period_ns", 0),
    boolean("use_log", True),
    real("log_eps", 0.001),
)
BEAMS = (
    integer("channels", 32),
    real("range", 10.0),
    integer("points_per_second", 56000),
    real("rotation_frequency", 10.0),
    real("upper_fov", 10.0),
    real("lower_fov", -30.0),
    real("horizontal_fov", 360.0),
    TICK,
)
"""Of both lidars; range [m], rotation [Hz], angles [deg]."""
INTENSITY = (
    real("atmosphere_attenuation_rate", 0.004),
    real("dropoff_general_rate", 0.45),
    real("dropoff_intensity_limit", 0.8),
    real("dropoff_zero_intensity", 0.4),
    integer("noise_seed", 0),
    real("noise_stddev", 0.0),
)
RADAR = (
    real("horizontal_fov", 30.0),
    real("vertical_fov", 30.0),
    real("range", 100.0),
    integer("points_per_second", 1500),
    integer("noise_seed", 0),
    TICK,
)
IMU = (
    *(real(f"noise_accel_stddev_{axis}", 0.0) for axis in "xyz"),
    *(real(f"noise_gyro_stddev_{axis}", 0.0) for axis in "xyz"),
    *(real(f"noise_gyro_bias_{axis}", 0.0) for axis in "xyz"),
    integer("noise_seed", 0),
    TICK,
)
GNSS = (
    *(real(f"noise_{axis}_{kind}", 0.0) for axis in ("lat", "lon", "alt") for kind in ("stddev", "bias")),
    integer("noise_seed", 0),
    TICK,
)
OBSTACLE = (
    real("distance", 5.0),
    real("hit_radius", 0.5),
    boolean("only_dynamics", False),
    boolean("debug_linetrace", False),
    TICK,
)


def sensor(name: str, *attributes: Attribute, streams: bool = True) -> Blueprint:
    """A sensor's blueprint."""
    kind = name.split(".")[-1]
    own = (*attributes, choice("role_name", *PLACES), choice("ros_name", kind))
    return Blueprint(f"sensor.{name}", own, streams=streams)


SENSORS = (
    sensor("camera.rgb", *LENS, *FILM),
    sensor("camera.depth", *LENS),
    sensor("camera.semantic_segmentation", *LENS),
    sensor("camera.instance_segmentation", *LENS),
    sensor("camera.normals", *LENS),
    sensor("camera.optical_flow", *LENS),
    sensor("camera.dvs", *LENS, *FILM, *EVENTS),
    sensor("lidar.ray_cast", *BEAMS, *INTENSITY),
    sensor("lidar.ray_cast_semantic", *BEAMS),
    sensor("other.radar", *RADAR),
    sensor("other.imu", *IMU),
    sensor("other.gnss", *GNSS),
    sensor("other.obstacle", *OBSTACLE),
    sensor("other.collision"),
    sensor("other.lane_invasion", streams=False),
)
"""Those that this server feeds; lane invasion is worked out in the client."""
