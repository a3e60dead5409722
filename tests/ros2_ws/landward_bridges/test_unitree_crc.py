import random
import struct

import numpy as np

from landward_bridges.unitree_crc import checksum, crc32_mpeg2, crc32_words, pack
from tests.ros2_ws.landward_bridges.unitree_messages import LowCmd


def bit_by_bit(words):
    """CRC-32 as Unitree's SDK describes it: one bit at a time, from the highest of each word."""
    crc = 0xFFFFFFFF
    for word in words:
        for bit in range(31, -1, -1):
            carry = (crc >> 31) ^ (word >> bit & 1)
            crc = (crc << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if carry else 0)
    return crc


def test_the_published_check_value_of_crc32_mpeg2():
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7
    assert crc32_mpeg2(b"") == 0xFFFFFFFF


def test_words_are_fed_from_their_highest_bit():
    words = [0x31323334, 0x35363738]
    assert crc32_words(struct.pack("<2I", *words)) == crc32_mpeg2(b"12345678") == bit_by_bit(words)


def test_it_is_the_bit_by_bit_checksum_for_any_words():
    numbers = random.Random(4)
    for count in (0, 1, 202):
        words = [numbers.getrandbits(32) for _ in range(count)]
        assert crc32_words(struct.pack(f"<{count}I", *words)) == bit_by_bit(words)


def test_every_field_is_where_the_c_struct_has_it():
    msg = LowCmd(
        head=[0xFE, 0xEF],
        level_flag=0xFF,
        frame_reserve=1,
        sn=[2, 3],
        version=[4, 5],
        bandwidth=6,
        wireless_remote=[7] * 40,
        led=[8] * 12,
        fan=[9, 10],
        gpio=11,
        reserve=12,
        crc=0xDEADBEEF,
    )
    motor = msg.motor_cmd[19]
    motor.mode, motor.q, motor.dq, motor.tau, motor.kp, motor.kd, motor.reserve = (
        1,
        0.5,
        1.5,
        2.5,
        3.5,
        4.5,
        [1, 2, 3],
    )
    msg.bms_cmd.off, msg.bms_cmd.reserve = 0xA5, [1, 2, 3]
    data = pack(msg)
    # sizeof(LowCmd) is 812, of which the last word is the checksum.
    assert len(data) == 808
    assert data[:4] == bytes([0xFE, 0xEF, 0xFF, 1])
    assert struct.unpack_from("<4IH", data, 4) == (2, 3, 4, 5, 6)
    # After two bytes of padding, motors of 36 bytes; three bytes of padding after the mode.
    assert struct.unpack_from("<B3x5f3I", data, 24 + 19 * 36) == (1, 0.5, 1.5, 2.5, 3.5, 4.5, 1, 2, 3)
    assert data[744:748] == bytes([0xA5, 1, 2, 3])
    assert data[748:788] == bytes([7] * 40) and data[788:800] == bytes([8] * 12)
    assert data[800:804] == bytes([9, 10, 11, 0]) and data[804:808] == bytes([12, 0, 0, 0])


def test_the_checksum_covers_all_but_itself():
    msg = LowCmd()
    before = checksum(msg)
    msg.crc = 1
    assert checksum(msg) == before
    msg.motor_cmd[11].kd = 3.0
    assert checksum(msg) != before


def test_the_checksum_of_a_command_that_unitrees_c_struct_gave():
    """Compiled with g++ from the struct of unitree_ros2's motor_crc.h and the loop of its crc32_core."""
    msg = LowCmd(head=[0xFE, 0xEF], level_flag=0xFF)
    for k, motor in enumerate(msg.motor_cmd):
        motor.mode = 1
        if k < 12:
            # -0.5f + 0.1f * k
            motor.q = float(np.float32(-0.5) + np.float32(0.1) * np.float32(k))
            motor.kp, motor.kd = 35.0, 0.8
        else:
            motor.q, motor.dq = 2.146e9, 16000.0
    assert checksum(msg) == 0xAE51C3FB
