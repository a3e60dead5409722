import signal
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("websockets")
from landward.cli.main import main  # noqa: E402
from landward.remote_policy import RemotePolicy  # noqa: E402
from tests.landward import onnx_models as models  # noqa: E402


def test_an_exported_policy_is_served_until_sigterm(tmp_path):
    (tmp_path / "policy.onnx").write_bytes(models.make_model())
    command = [sys.executable, "-m", "landward.cli.main", "serve", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("serving the test policy at ws://127.0.0.1:")
            with RemotePolicy(line.split()[-1], models.make_spec(), num_envs=2) as policy:
                ones = np.ones((2, 3), np.float32)
                answer = policy({"joint_pos": ones, "gravity": ones})
                np.testing.assert_array_equal(answer["joint_pos_target"], ones)
                # A client is still there: that must not keep the server alive.
                process.send_signal(signal.SIGTERM)
                assert process.wait(10.0) == 0
        finally:
            process.kill()


def test_no_policy(capsys, tmp_path):
    assert main(["serve", str(tmp_path / "nothing.onnx")]) == 1
    assert "no policy file or run folder" in capsys.readouterr().err
