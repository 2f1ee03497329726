#!/usr/bin/env python3
"""Same weights, same input, same dropout masks: RaterLens and the PyTorch reference must agree to 1e-5 (float32).

Compared are logits and variance maps in evaluation mode, also of an image of another size than the network's; and in
training mode with given masks the outputs, the gradients of a loss for every weight (relative to each tensor's largest)
and the running statistics afterwards. Gradients are compared in float64, too. Numbers of weights must be those of the
published networks.

Needs RATERLENS_PARITY (the program ``parity`` of raterlens-nn's examples). Skipped, with the reason, without PyTorch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch_python  # noqa: E402

# Small tensors: a second thread would only wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")
STAND_INS = Path(os.environ.get("RATERLENS_STAND_INS", torch_python.ROOT / "build" / "torch-stand-ins"))
torch_python.ensure_torch(STAND_INS)

import reference  # noqa: E402
import safetensors_io  # noqa: E402
import torch  # noqa: E402
from cases import STRUCTURES, Case, cases, describe, random_masks, randomise  # noqa: E402

TOLERANCE = 1e-5
#: The package's usual variance scale: maps are the second output divided by it.
VARIANCE_SCALE = 70.0
BATCH = 2
#: Inputs tried at most where float32 gradients depend on the rounding of a ReLU's input.
INPUTS = 5
#: Trainable numbers of the authors' own modules for 5 classes and 256 x 256 inputs (README.md has their commits).
PUBLISHED = {
    ("transunet-r50", "base", "multi"): 197_766_361,
    ("transunet-r50", "base", "single"): 105_322_581,
}

failures: list[str] = []


def check(what: str, found: torch.Tensor, expected: torch.Tensor, unit: float = 1.0) -> float:
    """The largest difference in units of ``unit``; a failure when it is beyond the tolerance."""
    assert found.shape == expected.shape, f"{what}: {found.shape} != {expected.shape}"
    difference = float((found.double() - expected.double()).abs().max()) / unit if found.numel() else 0.0
    if not difference <= TOLERANCE:
        failures.append(f"{what}: differs by {difference:.2e}")
    return difference


class Ours:
    """RaterLens's program, which stays while networks are compared."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen([program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path, tensors: dict, metadata: dict) -> dict[str, torch.Tensor]:
        """What it gives for one input file."""
        given, found = folder / "in.safetensors", folder / "out.safetensors"
        safetensors_io.save(given, tensors, metadata)
        print(given, found, sep="\t", file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        assert answer == "done", answer or "RaterLens's program has ended"
        return safetensors_io.load(found)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def weights_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """All weights and running statistics by their names in a weight file."""
    state = network.state_dict()
    return {f"weight.{k}": v.clone() for k, v in state.items() if not k.endswith("num_batches_tracked")}


def evaluation(case: Case, ours: Ours, folder: Path, network: reference.Network, facts: dict) -> str:
    """Compares a deterministic prediction, at the network's size and at another."""
    worst, rounding = 0.0, 0.0
    generator = torch.Generator().manual_seed(2)
    for size in (case.size, (case.size[0] + 16, case.size[1] + 48)):
        x = torch.randn((BATCH, case.channels, *size), generator=generator)
        facts = {**facts, "mode": "evaluation", "precision": "single", "size": json.dumps(case.size)}
        found = ours.run(folder, {"input": x, **weights_of(network)}, facts)
        with torch.no_grad():
            logits, variance = network.eval()(x)
            exact, _ = network.double()(x.double())
            network.float()
        worst = max(worst, check(f"{case.name}: logits", found["logits"], logits))
        rounding = max(rounding, float((logits - exact).abs().max()))
        if variance is not None:
            maps, expected = found["variance"] / VARIANCE_SCALE, variance / VARIANCE_SCALE
            worst = max(worst, check(f"{case.name}: variance maps", maps, expected))
        assert (variance is None) == ("variance" not in found), f"{case.name}: variance maps on one side only"
    return f"evaluation {worst:.1e} (float32 from float64: {rounding:.1e})"


def backward(network: reference.Network, tensors: dict, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Outputs, gradients and running statistics of the reference, named as in RaterLens's file."""
    network.to(dtype).train()
    network.masks.clear()
    network.masks.update({k.removeprefix("mask."): v.to(dtype) for k, v in tensors.items() if k.startswith("mask.")})
    network.load_state_dict(
        {k: tensors[f"weight.{k}"] for k in network.state_dict() if f"weight.{k}" in tensors}, strict=False
    )
    network.zero_grad()
    outputs = dict(zip(("logits", "variance"), network(tensors["input"].to(dtype)), strict=True))
    outputs = {name: y for name, y in outputs.items() if y is not None}
    sum((y * tensors[f"cotangent.{name}"].to(dtype)).sum() for name, y in outputs.items()).backward()
    network.masks.clear()
    found = {name: y.detach() for name, y in outputs.items()}
    found.update({f"gradient.{k}": weight.grad for k, weight in network.named_parameters()})
    running = ("running_mean", "running_var")
    found.update({f"running.{k}": v.clone() for k, v in network.state_dict().items() if k.endswith(running)})
    return found


def gradient_unit(name: str, gradient: torch.Tensor) -> float:
    """What a difference of gradients is measured by: the tensor's largest."""
    # A key's bias has no influence at all (softmax): its gradient is rounding alone.
    return 1.0 if name.endswith("key.bias") else max(float(gradient.abs().max()), 1e-3)


def training(case: Case, ours: Ours, folder: Path, network: reference.Network, facts: dict) -> str:
    """Compares training passes with given masks: outputs, gradients and running statistics.

    Gradients are held to the tolerance in float64. In float32 a ReLU whose input lies within rounding of 0 may be open
    in one program and closed in the other, which changes gradients in steps: there one of a few inputs has to agree.
    """
    facts = {**facts, "mode": "training", "size": json.dumps(case.size)}
    weights = weights_of(network)
    single = []
    for seed in range(INPUTS):
        generator = torch.Generator().manual_seed(100 + seed)
        x = torch.randn((BATCH, case.channels, *case.size), generator=generator)
        masks = random_masks(network.float(), x, generator)
        tensors = {"input": x, **weights, **{f"mask.{site}": mask for site, mask in masks.items()}}
        outputs = (STRUCTURES + 1, STRUCTURES)
        for name, channels in zip(("logits", "variance"), outputs, strict=True):
            shape = (BATCH, channels, *case.size)
            tensors[f"cotangent.{name}"] = torch.randn(shape, generator=generator) / (channels * x[0, 0].numel()) ** 0.5
        if seed == 0:
            exact = backward(network, tensors, torch.float64)
            found = ours.run(folder, tensors, {**facts, "precision": "double"})
            double = compare_training(case, found, exact, "float64")
        expected = backward(network, tensors, torch.float32)
        found = ours.run(folder, tensors, {**facts, "precision": "single"})
        outputs_and_statistics = {k: v for k, v in expected.items() if not k.startswith("gradient.")}
        worst = compare_training(case, found, outputs_and_statistics, "float32")
        pairs = [(k, found[k], v) for k, v in expected.items() if k.startswith("gradient.")]
        single.append(max(float((f - v).abs().max()) / gradient_unit(k, v) for k, f, v in pairs))
        if single[-1] <= TOLERANCE:
            break
    if min(single) > TOLERANCE:
        failures.append(f"{case.name}: float32 gradients differ by {single} for {INPUTS} inputs")
    inputs = "" if len(single) == 1 else f" (input {len(single)})"
    return f"training {worst:.1e}, gradients {single[-1]:.1e}{inputs}, in float64 {double:.1e}"


def compare_training(case: Case, found: dict, expected: dict, precision: str) -> float:
    """The largest difference of a training pass's results."""
    worst = 0.0
    for name, value in expected.items():
        if name.startswith("gradient."):
            unit = gradient_unit(name, value)
        elif name == "variance":
            unit = VARIANCE_SCALE
        else:
            # Logits of a few units, running variances of up to some tens.
            unit = max(1.0, float(value.abs().max()))
        worst = max(worst, check(f"{case.name}: {name} in training, {precision}", found[name], value, unit))
    return worst


def compare(case: Case, program: Path, ours: Ours) -> None:
    """Compares one network in both modes."""
    architecture = describe(program, case.description)
    network = reference.Network(architecture, case.channels, case.size, STRUCTURES)
    randomise(network, torch.Generator().manual_seed(1))
    facts = {"architecture": json.dumps(architecture), "structures": str(STRUCTURES)}
    with tempfile.TemporaryDirectory() as folder:
        evaluated = evaluation(case, ours, Path(folder), network, facts)
        trained = training(case, ours, Path(folder), network, facts)
    print(f"{case.name:28} {evaluated}; {trained}", flush=True)


def count(program: Path) -> None:
    """Numbers of weights of the base networks against the published ones."""
    for description, expected in PUBLISHED.items():
        with torch.device("meta"):
            network = reference.Network(describe(program, description), 1, (256, 256), STRUCTURES)
        found = sum(weight.numel() for weight in network.parameters())
        print(f"{' '.join(description):28} {found:,} weights")
        if found != expected:
            failures.append(f"{description}: {found} weights, published {expected}")


def main() -> int:
    """Runs all comparisons; the exit code is 1 when one fails."""
    program = Path(os.environ.get("RATERLENS_PARITY") or torch_python.ROOT / "target/release/examples/parity")
    if not program.is_file():
        print(f"{program} is not there: cargo build --release -p raterlens-nn --example parity", file=sys.stderr)
        return 1
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads; largest differences:")
    ours = Ours(program)
    for case in cases():
        compare(case, program, ours)
    ours.close()
    count(program)
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
