"""The checksum of Unitree's LowCmd, without which a robot ignores the command.

The facts are those of Unitree's SDK and of unitree_ros2: CRC-32 with polynomial 0x04c11db7, initial value
0xffffffff, bits from the highest down, no final inversion, over the little-endian 32-bit words of the C
struct (natural alignment) without the checksum itself. Byte by byte that is CRC-32/MPEG-2 over each word from
its highest byte down, and that is the mirror image of zlib's CRC-32.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

MOTORS = 20
"""Motor slots in LowCmd; quadrupeds use the first twelve."""
_HEAD = struct.Struct("<4B4IH2x")
_MOTOR = struct.Struct("<B3x5f3I")
_TAIL = struct.Struct("<4B40B12B2BBxI")
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(msg: Any) -> int:
    """The checksum of a unitree_go/LowCmd as its fields stand now."""
    return crc32_words(pack(msg))


def pack(msg: Any) -> bytes:
    """A unitree_go/LowCmd as the robot's C struct, without the checksum: 808 bytes."""
    head = _HEAD.pack(*msg.head, msg.level_flag, msg.frame_reserve, *msg.sn, *msg.version, msg.bandwidth)
    motors = b"".join(_MOTOR.pack(m.mode, m.q, m.dq, m.tau, m.kp, m.kd, *m.reserve) for m in msg.motor_cmd)
    bms, rest = msg.bms_cmd, (*msg.wireless_remote, *msg.led, *msg.fan, msg.gpio, msg.reserve)
    return head + motors + _TAIL.pack(bms.off, *bms.reserve, *rest)


def crc32_words(data: bytes) -> int:
    """Unitree's CRC-32 of little-endian 32-bit words.

    Args:
        data: a multiple of four bytes.
    """
    words = struct.unpack(f"<{len(data) // 4}I", data)
    return crc32_mpeg2(struct.pack(f">{len(words)}I", *words))


def crc32_mpeg2(data: bytes) -> int:
    """CRC-32/MPEG-2: zlib's CRC-32 of bytes whose bits are mirrored, mirrored itself and not inverted."""
    mirrored = zlib.crc32(data.translate(_MIRROR)) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")
