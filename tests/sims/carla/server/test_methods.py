"""Every method that the client's library can call is answered."""

import pytest

from sims.carla.server.errors import RpcError
from sims.carla.server.methods import METHODS
from sims.carla.server.methods.unsupported import UNSUPPORTED

SESSION = """
version get_episode_info get_episode_settings set_episode_settings get_available_maps load_new_episode
load_map_layer unload_map_layer copy_opendrive_to_file get_map_info get_map_data get_required_files
request_file get_navigation_mesh get_weather_parameters set_weather_parameters get_imui_gravity
set_imui_gravity tick_cue get_spectator get_actor_definitions get_actors_by_id get_all_level_BBs
get_environment_objects enable_environment_objects project_point cast_ray get_names_of_all_objects
apply_color_texture_to_objects apply_float_color_texture_to_objects set_annotations_traverse_translucency
query_lights_state update_lights_state update_day_night_cycle draw_debug_shape clear_debug_shape
clear_debug_string
"""
ACTORS = """
spawn_actor spawn_actor_with_parent destroy_actor set_actor_location set_actor_transform
set_actor_target_velocity set_actor_target_angular_velocity enable_actor_constant_velocity
disable_actor_constant_velocity add_actor_impulse add_actor_impulse_at_location add_actor_force
add_actor_force_at_location add_actor_angular_impulse add_actor_torque set_actor_enable_gravity
set_actor_dead set_actor_simulate_physics set_actor_collisions get_actor_bounding_box
get_actor_component_names get_actor_bone_names get_actor_socket_names get_actor_component_world_transform
get_actor_component_relative_transform get_actor_bone_world_transforms get_actor_bone_relative_transforms
get_actor_socket_world_transforms get_actor_socket_relative_transforms get_vehicle_bone_world_transforms
"""
VEHICLES = """
apply_control_to_vehicle apply_ackermann_control_to_vehicle get_ackermann_controller_settings
apply_ackermann_controller_settings get_physics_control apply_physics_control get_vehicle_light_state
set_vehicle_light_state get_vehicle_light_states get_telemetry_data open_vehicle_door close_vehicle_door
set_wheel_steer_direction set_wheel_pitch_angle get_wheel_steer_angle get_wheel_pitch_angle
show_vehicle_debug_telemetry set_actor_autopilot enable_carsim use_carsim_road enable_chrono_physics
restore_physx_physics apply_control_to_walker get_bones_transform set_bones_transform blend_pose
get_pose_from_animation
"""
REST = """
set_traffic_light_state set_traffic_light_green_time set_traffic_light_yellow_time
set_traffic_light_red_time freeze_traffic_light freeze_all_traffic_lights reset_traffic_light_group
reset_all_traffic_lights get_group_traffic_lights get_light_boxes start_recorder stop_recorder
show_recorder_file_info show_recorder_collisions show_recorder_actors_blocked replay_file stop_replayer
set_replayer_time_factor set_replayer_ignore_hero set_replayer_ignore_spectator get_sensor_token
enable_sensor_for_ros disable_sensor_for_ros is_sensor_enabled_for_ros send set_ignored_vehicles
enable_gbuffers are_gbuffers_enabled get_gbuffer_token is_traffic_manager_running
get_traffic_manager_running add_traffic_manager_running destroy_traffic_manager apply_batch
"""
NAMES = " ".join((SESSION, ACTORS, VEHICLES, REST)).split()
"""The names in the 0.9.16 wheel (PROTOCOL: RPC methods)."""
VOID = """
load_new_episode load_map_layer copy_opendrive_to_file set_weather_parameters set_imui_gravity
set_actor_location set_actor_transform set_actor_simulate_physics set_actor_collisions
apply_control_to_vehicle apply_physics_control set_vehicle_light_state reset_all_traffic_lights
freeze_all_traffic_lights stop_recorder set_ignored_vehicles
"""
"""Some whose answer the client waits for, or might, and that return nothing."""


def test_the_list_is_complete() -> None:
    assert len(NAMES) == len(set(NAMES)) == 128


def test_every_name_is_answered() -> None:
    assert [name for name in NAMES if name not in METHODS] == []


def test_there_is_no_method_that_no_client_knows() -> None:
    assert set(METHODS) <= set(NAMES)


def test_a_void_method_says_so() -> None:
    """The client takes a value where nothing is expected for an error."""
    assert [name for name in VOID.split() if METHODS[name].returns != "void"] == []
    assert METHODS["destroy_actor"].returns == METHODS["destroy_traffic_manager"].returns == "value"


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_what_is_not_supported_gives_a_reason(name: str) -> None:
    returns, reason = UNSUPPORTED[name]
    assert METHODS[name].returns == returns
    with pytest.raises(RpcError, match=f"^{name} is not supported by this server: {reason}$"):
        METHODS[name].call(None, 1, "whatever")
