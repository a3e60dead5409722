"""Stand-ins with the fields of unitree_go's messages, for the modules that only fill and read fields."""

from dataclasses import dataclass, field


@dataclass
class MotorCmd:
    mode: int = 0
    q: float = 0.0
    dq: float = 0.0
    tau: float = 0.0
    kp: float = 0.0
    kd: float = 0.0
    reserve: list = field(default_factory=lambda: [0] * 3)


@dataclass
class BmsCmd:
    off: int = 0
    reserve: list = field(default_factory=lambda: [0] * 3)


@dataclass
class LowCmd:
    head: list = field(default_factory=lambda: [0, 0])
    level_flag: int = 0
    frame_reserve: int = 0
    sn: list = field(default_factory=lambda: [0, 0])
    version: list = field(default_factory=lambda: [0, 0])
    bandwidth: int = 0
    motor_cmd: list = field(default_factory=lambda: [MotorCmd() for _ in range(20)])
    bms_cmd: BmsCmd = field(default_factory=BmsCmd)
    wireless_remote: list = field(default_factory=lambda: [0] * 40)
    led: list = field(default_factory=lambda: [0] * 12)
    fan: list = field(default_factory=lambda: [0, 0])
    gpio: int = 0
    reserve: int = 0
    crc: int = 0


@dataclass
class MotorState:
    q: float = 0.0
    dq: float = 0.0
    tau_est: float = 0.0
    temperature: int = 0


@dataclass
class IMUState:
    quaternion: tuple = (1.0, 0.0, 0.0, 0.0)
    gyroscope: tuple = (0.0, 0.0, 0.0)
    accelerometer: tuple = (0.0, 0.0, 9.81)


@dataclass
class LowState:
    imu_state: IMUState = field(default_factory=IMUState)
    motor_state: list = field(default_factory=lambda: [MotorState() for _ in range(20)])
