"""The observation pipeline: compute -> noise -> clip -> scale -> delay -> history.

One implementation for NumPy and torch, over the concatenated (N, D) matrix of one group. Scaling is affine
and a fractional delay interpolates linearly, so both commute; the delay is applied to the SI values, which is
what an exported policy is fed, and the result equals the documented order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from landward.array import Array, Random, constant, copy, place
from landward.buffers import DelayBuffer, HistoryBuffer
from landward.errors import EnvContractError, SpecError
from landward.terms import ObservationTerm


class ObservationPipeline:
    """Turns the raw measurements of one group of numeric terms into what a network sees.

    A control step is `encode(measure(raw))`. Where environments end in it, `reset(env_ids, raw)` follows,
    with the measurements of the new episodes, and `si` and `obs` are then the present values of all
    environments. What `measure` and `encode` returned before stays untouched: those rows are the final
    observations.

    The arrays are of the kind that `random` draws: NumPy, or torch on its device.
    """

    def __init__(
        self, terms: Sequence[ObservationTerm], num_envs: int, control_period: float, random: Random
    ) -> None:
        """Lay out the columns.

        Args:
            terms: in order; a text has no columns.
            num_envs: N.
            control_period: [s]; turns delays into steps.
            random: the stream of noise and delays.

        Raises:
            SpecError: no terms, or a term that is a text.
        """
        if not terms:
            raise SpecError("an observation pipeline needs at least one term")
        for term in terms:
            if term.dtype == "str":
                raise SpecError(
                    f"observation term {term.name!r} is a text; it cannot be part of a flat group"
                )
        self.terms = tuple(terms)
        self.num_envs = num_envs
        self.random = random
        self.xp = random.xp
        self.slices = _slices(self.terms)
        self.width = self.slices[-1].stop
        self.encoded_width = sum(term.size * term.history for term in self.terms)
        self.si: Array = None
        """(N, D) SI values of the present step; None before the first."""
        self.obs: Array = None
        """(N, D_hist) encoded values of the present step; None before the first."""
        self._uniform = _Noise(self.terms, self.slices, "uniform", random)
        self._gaussian = _Noise(self.terms, self.slices, "gaussian", random)
        self._clips = _merged(
            (s, term.clip) for s, term in zip(self.slices, self.terms, strict=True) if term.clip
        )
        self._offset = self._row(self.terms, "offset", 0.0)
        self._scale = self._row(self.terms, "scale", 1.0)
        lows = [term.delay[0] / control_period for term in self.terms]
        highs = [term.delay[1] / control_period for term in self.terms]
        self._lag_low, self._lag_high = (constant(lags, self.xp, random.device) for lags in (lows, highs))
        size = (num_envs, self.width)
        self._delay = DelayBuffer(*size, max(highs), self.xp, random.device) if max(highs) > 0.0 else None
        lengths = [term.history for term in self.terms]
        widths = [term.size for term in self.terms]
        history = (
            HistoryBuffer(num_envs, widths, lengths, self.xp, random.device) if max(lengths) > 1 else None
        )
        self._history = history
        self._history_is_new = True

    def measure(self, raw: Mapping[str, Array]) -> Array:
        """Measure all environments: concatenate, add noise, clip, delay.

        The first call stands for a reset of all environments.

        Args:
            raw: term name -> (N, *shape) true values in SI units; entries that are no terms are ignored.

        Returns:
            (N, D) float32 SI matrix, a new array.

        Raises:
            EnvContractError: a term is missing or has the wrong shape.
        """
        si = self._noisy(raw, self.num_envs)
        if self._delay is not None:
            if self.si is None:
                self._delay.fill(slice(None), si, self._draw_lags(self.num_envs))
            si = self._delay.push(si)
        self.si = si
        return si

    def encode(self, si: Array) -> Array:
        """Scale the SI matrix and append it to the history.

        Args:
            si: (N, D), what `measure` returned.

        Returns:
            (N, D_hist) float32: per term, in term order, its frames oldest first; a new array.
        """
        obs = self._scaled(si)
        if self._history is not None:
            if self._history_is_new:
                self._history.fill(slice(None), obs)
                self._history_is_new = False
            obs = self._history.push(obs)
        self.obs = obs
        return obs

    def split(self, si: Array) -> dict[str, Array]:
        """The (N, D) SI matrix as term name -> (N, *shape)."""
        pairs = zip(self.terms, self.slices, strict=True)
        return {term.name: self.xp.reshape(si[:, s], (si.shape[0], *term.shape)) for term, s in pairs}

    def reset(self, env_ids: Array | None, raw: Mapping[str, Array]) -> None:
        """Begin new episodes: draw new delays, and fill delay line and history with the present value.

        `si` and `obs` are replaced by arrays that hold the new rows; the rows of other environments, their
        delay lines and their histories stay as they are.

        Args:
            env_ids: sorted unique indices of n environments; all where None.
            raw: term name -> true values of the new episodes, for all N environments or for just these n.

        Raises:
            EnvContractError: a term is missing or has the wrong shape, or there has been no step yet and
                `env_ids` are not all environments.
        """
        if env_ids is None or len(env_ids) == self.num_envs:
            self._reset_all(raw)
            return
        if len(env_ids) == 0:
            return
        if self.si is None or self.obs is None:
            raise EnvContractError("the first reset of an observation pipeline must be of all environments")
        count = len(env_ids)
        if len(self._entry(raw, self.terms[0])) != count:
            raw = {term.name: self._entry(raw, term)[env_ids] for term in self.terms}
        rows = self._noisy(raw, count)
        self.si = copy(self.si)
        self.si[env_ids] = rows
        if self._delay is not None:
            self._delay.fill(env_ids, rows, self._draw_lags(count))
        encoded = self._scaled(rows)
        if self._history is None:
            self.obs = copy(self.obs)
            self.obs[env_ids] = encoded
        else:
            self._history.fill(env_ids, encoded)
            self.obs = self._history.window

    def state_dict(self) -> dict[str, Any]:
        """Everything a later step depends on, the random stream included; arrays are copies."""
        return {
            "si": None if self.si is None else copy(self.si),
            "obs": None if self.obs is None else copy(self.obs),
            "delay": None if self._delay is None else self._delay.state_dict(),
            "history": None if self._history is None else self._history.state_dict(),
            "history_is_new": self._history_is_new,
            "random": self.random.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on bit-equal from the state of a pipeline with the same terms and number of environments."""
        self.si = None if state["si"] is None else copy(state["si"])
        self.obs = None if state["obs"] is None else copy(state["obs"])
        if self._delay is not None:
            self._delay.load_state_dict(state["delay"])
        if self._history is not None:
            self._history.load_state_dict(state["history"])
        self._history_is_new = bool(state["history_is_new"])
        self.random.load_state_dict(state["random"])

    def _reset_all(self, raw: Mapping[str, Array]) -> None:
        self.si = self._noisy(raw, self.num_envs)
        if self._delay is not None:
            self._delay.fill(slice(None), self.si, self._draw_lags(self.num_envs))
        self.obs = self._scaled(self.si)
        if self._history is not None:
            self._history.fill(slice(None), self.obs)
            self._history_is_new = False
            self.obs = self._history.window

    def _noisy(self, raw: Mapping[str, Array], count: int) -> Array:
        """Concatenate the raw values of `count` environments, add noise, clip: a new (count, D) matrix."""
        xp = self.xp
        si = xp.empty((count, self.width), dtype=xp.float32, **place(self.xp, self.random.device))
        for term, columns in zip(self.terms, self.slices, strict=True):
            value = self._entry(raw, term)
            if tuple(value.shape) != (count, *term.shape):
                raise EnvContractError(
                    f"observation term {term.name!r} must be {(count, *term.shape)}, got {tuple(value.shape)}"
                )
            si[:, columns] = xp.reshape(value, (count, term.size))
        self._uniform.add(si)
        self._gaussian.add(si)
        for columns, (low, high) in self._clips:
            si[:, columns] = xp.clip(si[:, columns], low, high)
        return si

    def _scaled(self, si: Array) -> Array:
        """(x - offset) * scale as a new array; the steps that would change nothing are left out."""
        if self._offset is not None:
            encoded = si - self._offset
            if self._scale is not None:
                encoded *= self._scale
            return encoded
        return si * self._scale if self._scale is not None else copy(si)

    def _draw_lags(self, count: int) -> Array:
        """(count, D) lags [steps], one draw an environment and term."""
        lags = self.random.uniform(self._lag_low, self._lag_high, (count, len(self.terms)))
        expanded = self.xp.empty(
            (count, self.width), dtype=self.xp.float32, **place(self.xp, self.random.device)
        )
        for index, columns in enumerate(self.slices):
            expanded[:, columns] = lags[:, index : index + 1]
        return expanded

    def _entry(self, raw: Mapping[str, Array], term: ObservationTerm) -> Array:
        try:
            return raw[term.name]
        except KeyError:
            raise EnvContractError(
                f"observation term {term.name!r} was not measured; got {', '.join(sorted(raw)) or 'nothing'}"
            ) from None

    def _row(self, terms: Iterable[ObservationTerm], field: str, neutral: float) -> Array | None:
        """A field of all terms as one (D,) row; None where every element is neutral."""
        row: list[float] = []
        for term in terms:
            value = getattr(term, field)
            one = list(value) if isinstance(value, tuple) else [value]
            row += one * (term.size // len(one))
        return None if all(item == neutral for item in row) else constant(row, self.xp, self.random.device)


class _Noise:
    """The noise of one kind: drawn at once for all its columns, added run by run of adjacent columns."""

    def __init__(
        self, terms: Sequence[ObservationTerm], slices: Sequence[slice], kind: str, random: Random
    ) -> None:
        drawn = [(s, term.noise) for s, term in zip(slices, terms, strict=True) if term.noise is not None]
        noisy = [(s, noise.scale) for s, noise in drawn if noise.kind == kind and noise.scale > 0.0]
        row = [scale for s, scale in noisy for _ in range(s.stop - s.start)]
        self._kind = kind
        self._random = random
        self._width = len(row)
        self._scale = constant(row, random.xp, random.device)
        self._runs: list[tuple[slice, slice]] = []
        start = 0
        for columns, _ in _merged((s, None) for s, _ in noisy):
            stop = start + columns.stop - columns.start
            self._runs.append((columns, slice(start, stop)))
            start = stop

    def add(self, si: Array) -> None:
        """Add a new draw to an (n, D) matrix in place."""
        if self._width == 0:
            return
        shape = (si.shape[0], self._width)
        if self._kind == "uniform":
            noise = self._random.uniform(-self._scale, self._scale, shape)
        else:
            noise = self._random.normal(shape)
            noise *= self._scale
        for columns, drawn in self._runs:
            si[:, columns] += noise[:, drawn]


def _slices(terms: Iterable[ObservationTerm]) -> tuple[slice, ...]:
    slices: list[slice] = []
    start = 0
    for term in terms:
        slices.append(slice(start, start + term.size))
        start += term.size
    return tuple(slices)


def _merged(runs: Iterable[tuple[slice, Any]]) -> list[tuple[slice, Any]]:
    """Join adjacent column runs that carry the same value."""
    merged: list[tuple[slice, Any]] = []
    for columns, value in runs:
        if merged and merged[-1][0].stop == columns.start and merged[-1][1] == value:
            merged[-1] = (slice(merged[-1][0].start, columns.stop), value)
        else:
            merged.append((columns, value))
    return merged
