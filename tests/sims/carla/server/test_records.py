import struct

import numpy as np

from sims.carla.server.records import RECORD, TRAFFIC_LIGHT, TRAFFIC_SIGN, VEHICLE, WALKER, Records


def test_the_layout_is_that_of_the_wire() -> None:
    assert RECORD.itemsize == 119
    assert {detail.itemsize for detail in (VEHICLE, WALKER, TRAFFIC_LIGHT, TRAFFIC_SIGN)} == {54}
    offsets = {name: field[1] for name, field in (RECORD.fields or {}).items()}
    assert offsets["velocity"] == 29
    assert offsets["angular_velocity"] == 41
    assert offsets["acceleration"] == 53
    assert offsets["detail"] == 65
    inner = {name: field[1] for name, field in (VEHICLE.fields or {}).items()}
    assert [inner[name] for name in ("gear", "speed_limit", "traffic_light_state", "failure_state")] == [
        *(15, 19, 23, 29)
    ]


def test_a_row_is_packed_as_the_client_reads_it() -> None:
    records = Records()
    row = records.add(42)
    records.poses[row] = [1, 2, 3, 4, 5, 6]
    records.rows["velocity"][row] = [7, 8, 9]
    records.view(VEHICLE)["throttle"][row] = 0.5
    data = records.tobytes()
    assert struct.unpack_from("<IB6f3f", data) == (42, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert struct.unpack_from("<f", data, 65) == (0.5,)


def test_rows_close_up_with_their_poses() -> None:
    records = Records()
    for actor_id in range(200):
        row = records.add(actor_id)
        records.poses[row, 0] = actor_id
    for row in (199, 50, 0):
        records.remove(row)
    kept = [number for number in range(200) if number not in (0, 50, 199)]
    assert records.rows["id"].tolist() == kept
    np.testing.assert_array_equal(records.poses[:, 0], kept)
    assert len(records.tobytes()) == 119 * 197


def test_a_new_row_is_zero_where_an_old_one_was() -> None:
    records = Records()
    records.add(1)
    records.rows["velocity"][0] = 5.0
    records.poses[0] = 5.0
    records.remove(0)
    row = records.add(2)
    assert not records.poses[row].any()
    assert not records.rows["velocity"][row].any()
