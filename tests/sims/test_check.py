"""`check_env`: a sound environment passes, and every planted fault is found."""

import dataclasses

import numpy as np
import pytest

from landward.spec import ObservationTerm
from sims.check import check_env
from sims.env import Step
from tests.sims.fakes import FakeEnv, fake_spec


def messages(env, level="error"):
    return [f.message for f in check_env(env) if f.level == level]


def test_a_sound_environment_has_no_findings():
    assert check_env(FakeEnv()) == []
    assert check_env(FakeEnv(num_envs=1)) == []


def broken(**methods):
    """A FakeEnv with methods replaced."""
    return type("Broken", (FakeEnv,), methods)()


def after_step(change):
    """An environment whose every Step goes through `change(env, step)`."""

    def step(self, actions):
        result = FakeEnv.step(self, actions)
        return change(self, result) or result

    return broken(step=step)


def edit(**fields):
    def change(_env, step):
        for name, function in fields.items():
            setattr(step, name, function(getattr(step, name)))

    return after_step(change)


def with_actor_term(term):
    spec = fake_spec()
    groups = dict(spec.observations)
    size = int(np.prod(term.shape))

    class Peeking(FakeEnv):
        def observe(self):
            obs = super().observe()
            return {
                **obs,
                "policy": np.concatenate([obs["policy"], np.zeros((self.num_envs, size), np.float32)], 1),
            }

        def measurements(self):
            return {**super().measurements(), term.name: np.zeros((self.num_envs, *term.shape), np.float32)}

    return Peeking(spec=fake_spec(observations={**groups, "policy": (*groups["policy"], term)}))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("base_lin_vel", "linear_velocity"),
        ("feet", "foot_contact"),
        ("forces", "contact_force"),
        ("clearance", "foot_height"),
        ("world", "physics_parameters"),
    ],
)
def test_privileged_terms_belong_to_the_critic(name, kind):
    findings = check_env(with_actor_term(ObservationTerm(name, kind, (4,))))
    assert len(findings) == 1
    assert findings[0].level == "error"
    assert name in findings[0].message
    assert "privileged: belongs in the critic's group" in findings[0].remedy


def test_a_suspicious_name_is_a_warning():
    findings = check_env(with_actor_term(ObservationTerm("foot_contacts", "state", (4,))))
    assert [(f.level, f.check) for f in findings] == [("warning", "privileged")]


def flaky_reset(self, seed=None, env_ids=None):
    obs = FakeEnv.reset(self, None if self.count else seed, env_ids)
    self.count += 1
    return obs


def shared_buffer(self):
    fresh = FakeEnv.observe(self)
    if not hasattr(self, "shared"):
        self.shared = fresh
    for name, value in fresh.items():
        self.shared[name][:] = value
    return self.shared


def no_auto_reset(self, actions):
    step = FakeEnv.step(self, actions)
    self.episode_steps[step.truncated] = self.max_episode_steps
    return step


def dead_on_time(self, actions):
    step = FakeEnv.step(self, actions)
    return Step(
        step.obs,
        step.reward,
        step.terminated | step.truncated,
        step.truncated & False,
        step.constraints,
        step.final_obs,
    )


def state_without_velocity(self):
    names = ("pos", "vel", "last", "measured_vel", "episode_steps")
    return {"random": self.random.state_dict(), **{n: getattr(self, n).copy() * (n != "vel") for n in names}}


def observing(change):
    """An environment whose every observation group goes through `change(array)`."""
    return broken(observe=lambda self: {k: change(v) for k, v in FakeEnv.observe(self).items()})


def nan_first(array):
    array = array.copy()
    array[0] = np.nan
    return array


FAULTS = {
    "no spec": (lambda: broken(__init__=lambda self: setattr(self, "spec", None)), "not a PolicySpec"),
    "missing group": (
        lambda: broken(observe=lambda s: {"policy": FakeEnv.observe(s)["policy"]}),
        "lacks the spec's group",
    ),
    "group size": (lambda: observing(lambda v: v[:, 1:]), "the spec says (3,"),
    "group dtype": (lambda: observing(lambda v: v.astype(float)), "float64, the spec says float32"),
    "NaN observation": (lambda: observing(nan_first), "is not finite"),
    "reward dtype": (lambda: edit(reward=lambda r: r.astype(np.float64)), "Step.reward is float64"),
    "done shape": (lambda: edit(terminated=lambda t: t[:, None]), "Step.terminated is bool (3, 1)"),
    "constraint name": (
        lambda: edit(constraints=lambda c: {"speed": c["joint_speed"]}),
        "lacks the spec's 'joint_speed'",
    ),
    "constraint shape": (
        lambda: edit(constraints=lambda c: {"joint_speed": c["joint_speed"][:, 0]}),
        "has shape (3,)",
    ),
    "constraint NaN": (
        lambda: edit(constraints=lambda c: {"joint_speed": nan_first(c["joint_speed"])}),
        "'joint_speed'] is not finite",
    ),
    "both ends": (
        lambda: after_step(lambda e, s: setattr(s, "terminated", s.terminated | s.truncated)),
        "both set",
    ),
    "time-out is a death": (lambda: broken(step=dead_on_time), "terminated instead"),
    "no time-out": (lambda: edit(truncated=lambda t: t & False), "not truncated"),
    "early time-out": (lambda: edit(truncated=lambda t: t | True), "before max_episode_steps"),
    "no final_obs": (lambda: edit(final_obs=lambda f: None), "final_obs is None"),
    "final_obs after the reset": (
        lambda: after_step(lambda e, s: setattr(s, "final_obs", s.final_obs and s.obs)),
        "next episode",
    ),
    "final_obs wrong rows": (
        lambda: edit(final_obs=lambda f: f and {k: v + 1.0 for k, v in f.items()}),
        "is not the one before the reset",
    ),
    "final_obs always": (
        lambda: after_step(lambda e, s: setattr(s, "final_obs", s.final_obs or s.obs)),
        "no episode ended",
    ),
    "no auto-reset": (lambda: broken(step=no_auto_reset), "right after a time-out"),
    "unseeded": (lambda: broken(reset=flaky_reset, count=0), "differ"),
    "overwritten obs": (lambda: broken(observe=shared_buffer), "overwrote what reset() obs"),
    "observe differs": (
        lambda: broken(observe=lambda s: (s.measure(np.arange(3)), FakeEnv.observe(s))[1]),
        "observe() differs",
    ),
    "NaN accepted": (
        lambda: broken(step=lambda s, a: FakeEnv.step(s, np.nan_to_num(a))),
        "accepts a NaN action",
    ),
    "shape accepted": (
        lambda: broken(step=lambda s, a: FakeEnv.step(s, a if a.shape[1] else np.zeros((3, 2), np.float32))),
        "accepts a wrong-shaped",
    ),
    "step_si differs": (
        lambda: broken(step_si=lambda s, t: s.step(t["joint_pos_target"])),
        "leads elsewhere",
    ),
    "measurement missing": (
        lambda: broken(measurements=lambda s: {"joint_pos": s.pos}),
        "lacks the actor's term 'joint_vel'",
    ),
    "measurement extra": (
        lambda: broken(measurements=lambda s: {**FakeEnv.measurements(s), "last_action": s.last}),
        "no input of the actor: 'last_action'",
    ),
    "measurement shape": (
        lambda: broken(measurements=lambda s: {**FakeEnv.measurements(s), "joint_pos": s.pos[:, :1]}),
        "measurements()['joint_pos'] has shape",
    ),
    "state forgotten": (lambda: broken(state_dict=state_without_velocity), "goes on differently"),
    "partial reset": (
        lambda: broken(reset=lambda s, seed=None, env_ids=None: FakeEnv.reset(s, seed)),
        "reset(env_ids=[0])",
    ),
    "counter not reset": (
        lambda: broken(
            reset=lambda s, seed=None, env_ids=None: (
                FakeEnv.reset(s, seed, env_ids),
                s.episode_steps.__iadd__(1),
            )[0]
        ),
        "after reset()",
    ),
    "it raises": (lambda: broken(measurements=lambda s: 1 / 0), "ZeroDivisionError"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found(fault):
    make, expected = FAULTS[fault]
    found = messages(make())
    assert any(expected in message for message in found), found


def test_every_finding_has_a_remedy_and_says_which_check_found_it():
    for make, _ in FAULTS.values():
        for finding in check_env(make()):
            assert finding.remedy
            assert finding.check


def test_a_seed_without_effect_is_only_a_warning():
    env = broken(
        reset=lambda s, seed=None, env_ids=None: FakeEnv.reset(s, None if seed is None else 7, env_ids)
    )
    assert any("give the same rollout" in m for m in messages(env, "warning"))


def test_reused_buffers_are_allowed_when_declared():
    env = broken(observe=shared_buffer, reuses_buffers=True)
    assert not any("overwrote" in m for m in messages(env))


def test_an_environment_that_cannot_save_itself_is_sound():
    def refuse(_self):
        raise NotImplementedError

    assert check_env(broken(state_dict=refuse)) == []


CAMERA = ObservationTerm("camera", "image_rgb", (4, 5, 3), dtype="uint8", scale=1 / 255)


class Seeing(FakeEnv):
    """A FakeEnv with a picture of its joints, which the policy reads too."""

    def __init__(self, camera=CAMERA, dtype=np.uint8, beside=()):
        groups = {**dict(fake_spec().observations), "eye": (camera, *beside)}
        super().__init__(spec=fake_spec(observations=groups, actor=("policy", "eye")))
        self.dtype = dtype

    def picture(self, dtype=np.uint8):
        light = (100 + 50 * self.pos[:, 0]).astype(dtype)
        return np.broadcast_to(light[:, None, None, None], (self.num_envs, *CAMERA.shape)).copy()

    def observe(self):
        return {**super().observe(), "eye": self.picture()}

    def measurements(self):
        return {**super().measurements(), "camera": self.picture(self.dtype)}


def test_a_sound_environment_with_images_has_no_findings():
    assert check_env(Seeing()) == []


@pytest.mark.parametrize(
    ("env", "level", "message"),
    [
        (Seeing(dtype=np.float32), "error", r"measurements()['camera'] is float32, the spec says uint8"),
        (Seeing(dataclasses.replace(CAMERA, history=2)), "error", "has a history of 2 frames"),
        (Seeing(dataclasses.replace(CAMERA, scale=1.0)), "warning", "networks would read 0 to 255"),
        (
            Seeing(beside=(ObservationTerm("gear", "state", (1,)),)),
            "error",
            "the image 'camera' of group 'eye' stands beside other terms",
        ),
    ],
)
def test_faults_with_images_are_found(env, level, message):
    assert any(message in found for found in messages(env, level))
