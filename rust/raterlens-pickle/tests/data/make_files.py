"""Writes the state dicts that the tests read, with PyTorch, and what they hold as JSON (float32, row-major).

python3 make_files.py    (any PyTorch from 1.13 on; recorded with 2.11)
"""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent


def tensors() -> OrderedDict[str, torch.Tensor]:
    """Every kind of number and every way of lying in memory that is read."""
    torch.manual_seed(3)
    flat = torch.randn(24, dtype=torch.float64)
    state: OrderedDict[str, torch.Tensor] = OrderedDict()
    state["whole"] = torch.randn(2, 3, 4, dtype=torch.float64)
    state["transposed"] = torch.randn(3, 5).t()
    state["channels_last"] = torch.randn(2, 3, 2, 2).to(memory_format=torch.channels_last)
    state["part_1"] = flat[:6].view(2, 3)
    state["part_2"] = flat[6:]
    state["every_second"] = flat[::2]
    state["single"] = torch.tensor(7)
    state["empty"] = torch.zeros(0, 4)
    state["half"] = torch.randn(5).half()
    state["bfloat"] = torch.randn(5).bfloat16()
    state["int32"] = torch.tensor([-3, 4], dtype=torch.int32)
    state["int16"] = torch.tensor([-300, 400], dtype=torch.int16)
    state["int8"] = torch.tensor([-3, 4], dtype=torch.int8)
    state["uint8"] = torch.tensor([3, 250], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False])
    state["parameter"] = torch.nn.Parameter(torch.randn(3))
    return state


def main() -> None:
    """Writes the files beside this one."""
    state = tensors()
    torch.save(state, HERE / "kinds.pth")
    checkpoint = {"epoch": 3, "model_state_dict": dict(state), "note": "x"}
    torch.save(checkpoint, HERE / "checkpoint_protocol_4.pth", pickle_protocol=4)
    torch.save({"whole": state["whole"]}, HERE / "old_format.pth", _use_new_zipfile_serialization=False)
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).double()
    torch.save(module.state_dict(), HERE / "module.pth")
    torch.jit.script(torch.nn.Linear(2, 1)).save(str(HERE / "script.pt"))
    expected = {
        name: {
            "dtype": str(t.dtype).removeprefix("torch."),
            "shape": list(t.shape),
            "values": t.detach().float().flatten().tolist(),
        }
        for name, t in state.items()
    }
    (HERE / "kinds.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
