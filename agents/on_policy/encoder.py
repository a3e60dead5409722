"""Image observations: a small convolutional encoder, and the model of rsl_rl that reads images with it.

Images stay as the environment measured them, (N, H, W, C) uint8, in the rollout storage too; they become
numbers inside the encoder, which an exported policy carries whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from rsl_rl.models import MLPModel
from rsl_rl.modules import HiddenState
from rsl_rl.utils import resolve_nn_activation
from tensordict import TensorDict
from torch import nn

from landward.errors import LandwardError
from landward.spec import ObservationTerm

CHUNK = 2**21
"""Numbers that are converted and encoded together, 73 images of 64x64x7. 8 MB of float32 stay in the cache,
and below the size from which the allocator returns memory to the system: half the time of a batch of 256."""


class ImageEncoder(nn.Module):
    """An image term -> features: clip, offset, scale, convolutions with layer norm, one linear layer.

    Layer norm after a convolution is over all channels and pixels with a gain and an offset a channel. A
    convolution of kernel k and stride s pads with (k - s + 1) // 2 zeros, so its output has ceil(size / s)
    pixels where k is at least s.
    """

    def __init__(
        self,
        term: ObservationTerm,
        channels: tuple[int, ...] = (16, 32, 64),
        kernels: tuple[int, ...] = (4, 3, 3),
        strides: tuple[int, ...] = (4, 2, 2),
        size: int = 256,
        activation: str = "elu",
    ) -> None:
        """Lay out the layers.

        Args:
            term: the image, (height, width) or (height, width, channels).
            channels: outputs of every convolution.
            kernels: their kernel sizes [pixels].
            strides: their strides [pixels].
            size: number of features.
            activation: after every layer.

        Raises:
            LandwardError: the convolutions do not fit each other or the image.
        """
        super().__init__()
        self.output_dim, self.clip = size, term.clip
        self.chunk = max(CHUNK // term.size, 1)
        self.grey = len(term.shape) == 2
        height, width, planes = (*term.shape, 1)[:3]
        layers: list[nn.Module] = []
        for outputs, kernel, stride in zip(channels, kernels, strides, strict=True):
            padding = max(kernel - stride + 1, 0) // 2
            height, width = ((n + 2 * padding - kernel) // stride + 1 for n in (height, width))
            if min(height, width) < 1:
                raise LandwardError(
                    f"the image {term.name!r} of {term.shape[0]} x {term.shape[1]} pixels is too small for "
                    f"convolutions with kernels {kernels} and strides {strides}: set model.encoder"
                )
            layers += [
                nn.Conv2d(planes, outputs, kernel, stride, padding),
                nn.GroupNorm(1, outputs),
                resolve_nn_activation(activation),
            ]
            planes = outputs
        layers += [
            nn.Flatten(),
            nn.Linear(planes * height * width, size),
            nn.LayerNorm(size),
            resolve_nn_activation(activation),
        ]
        # an image comes as (H, W, C), and convolutions work in this memory order without a transposed copy;
        # weights stay contiguous, because rsl_rl averages the gradients of several ranks as flat views
        self.layers = nn.Sequential(*layers)
        for field in ("offset", "scale"):
            value = torch.tensor(getattr(term, field), dtype=torch.float32)
            self.register_buffer(field, value, persistent=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Features (N, size) of images (N, *term.shape) in the term's own dtype and unit."""
        if image.shape[0] <= self.chunk:
            return self.layers(self.prepare(image))
        return torch.cat([self.layers(self.prepare(part)) for part in image.split(self.chunk)])

    def prepare(self, image: torch.Tensor) -> torch.Tensor:
        """(N, H, W[, C]) -> (N, C, H, W) float32, (clip(x) - offset) * scale."""
        x = image.to(torch.float32, copy=True)
        if self.clip is not None:
            x = x.clamp_(*self.clip)
        x = x.sub_(self.get_buffer("offset")).mul_(self.get_buffer("scale"))
        return x.unsqueeze(1) if self.grey else x.permute(0, 3, 1, 2)


class ImageModel(MLPModel):
    """rsl_rl's model of flat groups, with encoded image groups behind the normalised flat columns.

    rsl_rl's own CNNModel wants images as (N, C, H, W) floats, and keeps them so in the rollout storage.
    """

    def __init__(
        self,
        obs: TensorDict,
        obs_groups: dict[str, list[str]],
        obs_set: str,
        output_dim: int,
        images: Mapping[str, ObservationTerm],
        encoder: Mapping[str, Any],
        obs_normalization: bool = False,
        cnns: nn.ModuleDict | None = None,
        **model: Any,
    ) -> None:
        """Build the model.

        Args:
            obs: an observation of the environment.
            obs_groups: observation set -> groups.
            obs_set: the set that this model reads; at least one of its groups is an image.
            output_dim: of the network.
            images: image group -> its term.
            encoder: further arguments of `ImageEncoder`.
            obs_normalization: normalise the flat columns with running means and variances.
            cnns: encoders to share, as rsl_rl names them; new ones where None.
            **model: further arguments of rsl_rl's MLPModel.
        """
        self.image_groups = [group for group in obs_groups[obs_set] if group in images]
        flat = len(self.image_groups) < len(obs_groups[obs_set])
        if cnns is None:
            cnns = nn.ModuleDict({g: ImageEncoder(images[g], **encoder) for g in self.image_groups})
        self.image_size = sum(int(cnns.get_submodule(g).output_dim) for g in self.image_groups)  # type: ignore[arg-type]
        super().__init__(
            obs, obs_groups, obs_set, output_dim, obs_normalization=obs_normalization and flat, **model
        )
        self.cnns = cnns

    def get_latent(
        self, obs: TensorDict, masks: torch.Tensor | None = None, hidden_state: HiddenState = None
    ) -> torch.Tensor:
        """What the network reads: normalised flat columns, then the features of every image."""
        del masks, hidden_state
        return self.join(self.flat_latent(obs), obs)

    def flat_latent(self, obs: TensorDict) -> torch.Tensor:
        """The normalised flat columns (N, D); D may be 0."""
        if not self.obs_groups:
            return torch.empty(obs.batch_size[0], 0, device=obs[self.image_groups[0]].device)
        return super().get_latent(obs)

    def join(self, flat: torch.Tensor, images: Mapping[str, torch.Tensor] | TensorDict) -> torch.Tensor:
        """Normalised flat columns (N, D) and images (N, H, W, C) by group -> what the network reads."""
        return torch.cat([flat, *(self.cnns[group](images[group]) for group in self.image_groups)], -1)

    def update_normalization(self, obs: TensorDict) -> None:
        """Update the running statistics of the flat columns."""
        if self.obs_groups:
            super().update_normalization(obs)

    def _get_obs_dim(
        self, obs: TensorDict, obs_groups: dict[str, list[str]], obs_set: str
    ) -> tuple[list[str], int]:
        flat = [group for group in obs_groups[obs_set] if group not in self.image_groups]
        return super()._get_obs_dim(obs, {**obs_groups, obs_set: flat}, obs_set)

    def _get_latent_dim(self) -> int:
        return self.obs_dim + self.image_size
