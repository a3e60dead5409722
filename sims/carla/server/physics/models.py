"""The vehicles and walkers of the library: their sizes, weights and axles.

Sources. Bounding boxes: what `actor.bounding_box` of CARLA 0.9.15 prints, as public programs list it for
every blueprint. Wheelbase and front axle: as public tools measured them on CARLA's vehicles, else the maker's
wheelbase. Mass, wheel radius, tyre figures: what `get_physics_control` prints, for nissan.micra, lincoln.mkz
and tesla.model3; else the maker's kerb weight. Centre of mass: printed for the MKZ and the Model 3; else
placed so that a car has 58 % of its weight on the front axle, and anything else half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sims.carla.server.actor import Box
from sims.carla.server.physics.engines import ENGINES, Curve, Engine

Kind = Literal["car", "van", "truck", "bus", "motorcycle", "bicycle"]
TWO_WHEELERS = ("motorcycle", "bicycle")


@dataclass(frozen=True)
class VehicleModel:
    """What is known of one blueprint. The origin is on the ground, in the middle of the vehicle."""

    type_id: str
    kind: Kind
    engine: Engine
    mass: float
    """[kg]"""
    wheelbase: float
    """[m]"""
    front_axle: float
    """[m] Ahead of the origin."""
    radius: float
    """[m] Of the wheels."""
    box: Box
    centre_of_mass: tuple[float, float]
    """[m] Ahead of the origin, and above the centre of the box."""
    drag: float = 0.3
    """Drag coefficient."""
    max_steer: float = 70.0
    """[deg] Of the front wheels at full lock and rest."""
    brake: float = 1500.0
    """[N m] Of each wheel."""
    stiffness: tuple[float, float] = (2.0, 17.0)
    """(load that gives the full lateral stiffness, in shares of the load at rest; lateral stiffness a unit of
    load at rest [1/rad]), as PhysX has them."""

    @property
    def wheels(self) -> int:
        """How many it has."""
        return 2 if self.kind in TWO_WHEELERS else 4

    @property
    def track(self) -> float:
        """[m] Between the wheels of an axle; 0 where it has one."""
        return 0.0 if self.wheels == 2 else 1.6 * self.box.extent[1]


STEERING: Curve = ((0.0, 1.0), (20.0, 0.9), (60.0, 0.8), (120.0, 0.7))
"""Speed [km/h] -> share of the full lock that the wheels reach; CARLA's own, for all its cars."""

# type id: kind, engine, mass, wheelbase, front axle (0: unknown), wheel radius, box centre (x, z), half sizes
_TABLE = """
audi.a2                   car        compact    1030  2.506 1.250 0.31   0.000 0.782  1.853 0.894 0.775
audi.etron                car        electric   2490  2.900 1.514 0.38  -0.004 0.821  2.428 1.016 0.825
audi.tt                   car        petrol     1335  2.653 1.247 0.33   0.000 0.693  2.091 0.997 0.693
bh.crossbike              bicycle    bicycle     100  1.050 0     0.34   0.000 0.808  0.755 0.433 0.806
bmw.grandtourer           car        petrol     1495  2.935 1.492 0.33   0.000 0.765  2.306 1.121 0.834
carlamotors.carlacola     truck      diesel     3500  2.665 1.459 0.37   0.000 1.234  2.602 1.313 1.234
carlamotors.european_hgv  truck      heavy      8000  3.600 0     0.50   0.013 1.731  3.968 1.446 1.731
carlamotors.firetruck     truck      heavy     11000  4.000 0     0.50  -0.253 1.913  4.234 1.446 1.914
chevrolet.impala          car        petrol     1670  2.982 1.652 0.34   0.000 0.701  2.679 1.017 0.705
citroen.c3                car        compact    1126  2.684 1.274 0.32   0.000 0.762  1.994 0.925 0.809
diamondback.century       bicycle    bicycle      95  1.050 0     0.34   0.000 0.816  0.828 0.291 0.810
dodge.charger_2020        car        sport      1850  3.050 0     0.36  -0.005 0.766  2.504 0.941 0.767
dodge.charger_police      car        sport      1850  3.010 1.484 0.36   0.024 0.793  2.487 1.019 0.771
dodge.charger_police_2020 car        sport      1920  3.050 0     0.36   0.109 0.817  2.619 0.965 0.819
ford.ambulance            van        diesel     3800  3.500 0     0.38  -0.289 1.216  3.183 1.176 1.216
ford.crown                car        petrol     1900  2.910 0     0.35   0.185 0.768  2.683 0.900 0.787
ford.mustang              car        petrol     1300  2.886 1.562 0.33   0.032 0.650  2.359 0.947 0.650
gazelle.omafiets          bicycle    bicycle     105  1.120 0     0.34  -0.010 0.895  0.922 0.330 0.888
harley-davidson.low_rider motorcycle motorcycle  380  1.630 0     0.33   0.000 0.825  1.175 0.383 0.825
jeep.wrangler_rubicon     car        petrol     1850  2.308 1.291 0.40   0.000 0.932  1.933 0.953 0.939
kawasaki.ninja            motorcycle motorcycle  280  1.400 0     0.31   0.000 0.769  1.022 0.398 0.762
lincoln.mkz_2017          car        mkz        1696  2.871 1.478 0.355  0.004 0.719  2.451 1.064 0.755
lincoln.mkz_2020          car        mkz        1696  2.850 1.478 0.355 -0.006 0.749  2.446 0.918 0.745
mercedes.coupe            car        sport      1750  3.289 1.768 0.36   0.000 0.667  2.513 1.076 0.825
mercedes.coupe_2020       car        petrol     1550  2.840 0     0.34  -0.003 0.720  2.337 0.906 0.721
mercedes.sprinter         van        diesel     2400  3.665 0     0.36  -0.011 1.288  2.958 0.994 1.280
micro.microlino           car        microcar    513  1.542 0.682 0.26   0.000 0.677  1.104 0.740 0.688
mini.cooper_s             car        compact    1140  2.511 1.145 0.31   0.000 0.693  1.903 0.985 0.738
mini.cooper_s_2021        car        petrol     1350  2.670 0     0.33  -0.031 0.891  2.276 1.049 0.884
mitsubishi.fusorosa       bus        heavy      5500  4.550 0     0.42  -0.445 2.127  5.136 1.972 2.126
nissan.micra              car        compact     977  2.490 1.174 0.345  0.000 0.781  1.817 0.923 0.751
nissan.patrol             car        diesel     2400  2.764 1.419 0.39  -0.057 0.935  2.302 0.966 0.927
nissan.patrol_2021        car        sport      2700  3.075 0     0.40   0.028 1.017  2.783 1.075 1.023
seat.leon                 car        compact    1250  2.736 1.316 0.32   0.000 0.740  2.096 0.908 0.737
tesla.cybertruck          truck      electric   3000  3.807 0     0.44   0.000 1.049  3.137 1.195 1.049
tesla.model3              car        electric   1845  2.875 1.499 0.37   0.029 0.736  2.396 1.082 0.744
toyota.prius              car        compact    1395  2.820 1.420 0.32   0.002 0.724  2.257 1.003 0.762
vespa.zx125               motorcycle scooter     190  1.280 0     0.25   0.010 0.795  0.909 0.433 0.795
volkswagen.t2             van        compact    1300  2.444 1.167 0.33   0.001 1.014  2.240 1.035 1.019
volkswagen.t2_2021        van        compact    1350  2.400 0     0.33   0.117 0.991  2.221 0.887 0.994
yamaha.yzf                motorcycle motorcycle  275  1.380 0     0.31   0.000 0.775  1.095 0.433 0.765
"""
_DECELERATION: dict[str, float] = {
    "car": 9.5,
    "van": 8.0,
    "truck": 7.0,
    "bus": 7.0,
    "motorcycle": 8.0,
    "bicycle": 6.0,
}
"""Kind -> what its brakes can do [m/s2], of which the torque of each wheel follows."""
_PRINTED: dict[str, dict] = {
    "tesla.model3": {
        "centre_of_mass": (0.45, -0.30),
        "drag": 0.23,
        "stiffness": (3.0, 20.0),
        "brake": 1500.0,
    },
    "lincoln.mkz_2017": {"centre_of_mass": (0.6, -0.30), "stiffness": (3.0, 15.6)},
    "lincoln.mkz_2020": {"centre_of_mass": (0.6, -0.30), "stiffness": (3.0, 15.6)},
    "nissan.micra": {"max_steer": 45.0},
}
"""What single vehicles have of their own. The MKZ's stiffness is fitted to 102.8 and 67.8 kN/rad of its
axles and 2916 kg m2, which a public identification on CARLA's MKZ of 1696 kg found."""


def _model(line: str) -> VehicleModel:
    """One row of the table."""
    name, kind, engine, *numbers = line.split()
    mass, wheelbase, front_axle, radius, box_x, box_z, *extent = (float(number) for number in numbers)
    front_axle = front_axle or box_x + 0.52 * wheelbase
    share = 0.42 if kind == "car" else 0.5
    values = {
        "centre_of_mass": (round(front_axle - share * wheelbase, 3), round(-0.4 * extent[2], 3)),
        "brake": float(round(_DECELERATION[kind] * mass * radius / (2 if kind in TWO_WHEELERS else 4), -1)),
        **_PRINTED.get(name, {}),
    }
    box = Box((box_x, 0.0, box_z), (extent[0], extent[1], extent[2]))
    return VehicleModel(
        f"vehicle.{name}",
        kind,  # type: ignore[arg-type]
        ENGINES[engine],
        mass,
        wheelbase,
        front_axle,
        radius,
        box,
        **values,
    )


MODELS: dict[str, VehicleModel] = {model.type_id: model for model in map(_model, _TABLE.strip().splitlines())}
"""Type id -> model, for every vehicle of the library."""

_CHILDREN = {"0009", "0010", "0011", "0048", "0049"}
_TEENAGERS = {"0012", "0013", "0014"}


def walker_box(type_id: str) -> Box:
    """The bounding box of walker.pedestrian.NNNN, whose origin is its middle, as CARLA's walkers have it."""
    number = type_id.rsplit(".", 1)[-1]
    if number in _CHILDREN:
        return Box(extent=(0.25, 0.25, 0.55))
    return Box(extent=(0.188, 0.188, 0.65 if number in _TEENAGERS else 0.93))
