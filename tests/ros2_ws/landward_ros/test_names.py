from landward_ros import names


def test_every_topic_and_service_moves_with_a_namespace():
    absolute = {value for key, value in vars(names).items() if key.isupper() and value.startswith("/")}
    # ROS tools expect these two where they are.
    assert absolute == {"/diagnostics", "/clock"}


def test_no_name_is_given_twice():
    topics = [value for key, value in vars(names).items() if key.isupper() and not key.endswith("_NODE")]
    # The frame and the topic of odometry are both "odom" (REP-105).
    assert sorted(topics) == sorted([*set(topics), "odom"])
