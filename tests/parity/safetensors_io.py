"""Safetensors files of float32 tensors, with metadata: what the parity program reads and writes."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch


def save(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Writes float32 tensors in the order of their names."""
    header: dict[str, object] = {"__metadata__": metadata}
    blocks, offset = [], 0
    for name in sorted(tensors):
        block = tensors[name].detach().to(torch.float32).contiguous().numpy().tobytes()
        ends = [offset, offset + len(block)]
        header[name] = {"dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": ends}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def load(path: Path) -> dict[str, torch.Tensor]:
    """Reads float32 tensors."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(data[start:end]), dtype=torch.float32) if end > start else torch.zeros(0)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors
