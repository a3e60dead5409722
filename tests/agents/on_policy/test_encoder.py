import pytest
import torch
from rsl_rl.models import MLPModel
from tensordict import TensorDict
from torch.utils.flop_counter import FlopCounterMode

from agents.on_policy.encoder import ImageEncoder, ImageModel
from landward.errors import LandwardError
from landward.spec import ObservationTerm
from tests.agents.builders import VIEW, make_image_alg, make_image_obs

ENCODER = {"channels": (4,), "kernels": (3,), "strides": (2,), "size": 8}


def test_pixels_become_numbers_by_hand():
    term = ObservationTerm(
        "depth", "image_depth", (2, 3, 2), "uint8", clip=(10, 200), offset=(10.0, 0.0), scale=(0.1, 0.5)
    )
    image = torch.tensor([[[[5, 250], [20, 100], [30, 7]]] * 2], dtype=torch.uint8)
    made = ImageEncoder(term, (4,), (1,), (1,)).prepare(image)
    assert made.shape == (1, 2, 2, 3)
    assert made[0, 0, 0].tolist() == pytest.approx([0.0, 1.0, 2.0])
    assert made[0, 1, 1].tolist() == pytest.approx([100.0, 50.0, 5.0])


def test_a_grey_image_of_floats_is_left_alone():
    term = ObservationTerm("depth", "image_depth", (4, 4), scale=2.0)
    image = torch.ones(3, 4, 4)
    assert ImageEncoder(term, **ENCODER)(image).shape == (3, 8)
    assert torch.equal(image, torch.ones(3, 4, 4))


def test_a_large_batch_gives_what_its_parts_give():
    encoder = ImageEncoder(VIEW, **ENCODER)
    images = make_image_obs(11)["view"]
    whole = encoder(images)
    encoder.chunk = 4
    torch.testing.assert_close(encoder(images), whole)


@pytest.mark.parametrize("channels", [6, 10])
def test_the_default_encoder_is_cheap(channels):
    encoder = ImageEncoder(ObservationTerm("bev", "bird_eye_view", (64, 64, channels), "uint8"))
    with FlopCounterMode(display=False) as counter:
        encoder(torch.zeros(1, 64, 64, channels, dtype=torch.uint8)).sum().backward()
    assert counter.get_total_flops() < 10e6  # forward and backward; the goal was 15


def test_gradients_are_contiguous_as_the_average_over_ranks_needs_them():
    encoder = ImageEncoder(VIEW, **ENCODER)
    encoder(make_image_obs(4)["view"]).sum().backward()
    assert all(p.grad.is_contiguous() for p in encoder.parameters())


def test_an_image_that_is_too_small_is_named():
    with pytest.raises(LandwardError, match=r"'view' of 8 x 8 pixels is too small.*model\.encoder"):
        ImageEncoder(VIEW, (4, 4), (8, 16), (1, 16), 8)


def test_a_model_reads_flat_columns_and_images():
    alg, obs = make_image_alg(), make_image_obs(3)
    model = alg.actor
    latent = model.get_latent(obs)
    assert latent.shape == (3, 3 + 8)
    torch.testing.assert_close(latent[:, 3:], model.cnns["view"](obs["view"]))
    torch.testing.assert_close(latent[:, :3], MLPModel.get_latent(model, obs))
    assert alg.storage.observations["view"].dtype == torch.uint8


def test_an_image_alone_is_enough():
    obs = TensorDict({"view": make_image_obs(2)["view"]}, batch_size=[2])
    model = ImageModel(
        obs, {"actor": ["view"]}, "actor", 3, {"view": VIEW}, ENCODER, obs_normalization=True, hidden_dims=[4]
    )
    model.train()
    model.update_normalization(obs)
    assert model(obs).shape == (2, 3)


def test_each_has_its_own_encoder_unless_told_otherwise():
    apart, shared = make_image_alg(), make_image_alg(share=True)
    assert not apart.shared and apart.actor.cnns is not apart.critic.cnns
    assert shared.shared and shared.actor.cnns is shared.critic.cnns
    listed = shared.optimizer.param_groups[0]["params"]
    assert len(listed) == len({id(p) for p in listed})


def test_a_time_out_is_valued_by_the_image_that_it_cut():
    alg = make_image_alg(2, 1, gamma=0.5)
    final = make_image_obs(2)
    with torch.inference_mode():
        alg.act(make_image_obs(2))
        value = alg.critic(final)[1].item()
        extras = {"time_outs": torch.tensor([False, True]), "final_obs": final}
        alg.process_env_step(make_image_obs(2), torch.zeros(2), torch.tensor([False, True]), extras)
    assert alg.storage.rewards[0].flatten().tolist() == pytest.approx([0.0, 0.5 * value])
