"""The networks of RaterLens in PyTorch, written from the papers and the project's specification.

Sources: U-Net (Ronneberger 2015), TransUNet (Chen 2021, arXiv 2102.04306), ResNet-34 (He 2016), ViT (Dosovitskiy 2021),
the R50 encoder as its authors describe it, Attention U-Net (Oktay 2018), blur-pool (Zhang 2019). Architectures come as
the JSON object of ``model.json``; names of weights are those of RaterLens's weight files.

Plain modules in the usual style: this is also what RaterLens is timed against.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class SiteDropout(nn.Module):
    """Dropout that takes its mask from a dictionary while one is given, for passes that can be repeated elsewhere."""

    def __init__(self, site: str, rate: float, given: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.site, self.rate, self.given = site, rate, given

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.rate == 0:
            return x
        if self.given:
            return x * self.given[self.site]
        return F.dropout(x, self.rate)


class ConvBatchNorm(nn.Module):
    """Convolution without bias, batch norm."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x))


class BlurPool(nn.Module):
    """Binomial filter 1 2 1 with reflected borders, every second pixel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        line = torch.tensor([0.25, 0.5, 0.25], dtype=x.dtype, device=x.device)
        kernel = (line[:, None] * line[None, :]).expand(x.shape[1], 1, 3, 3)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), kernel, stride=2, groups=x.shape[1])


def max_pool_three(blur: bool) -> nn.Module:
    """3 x 3 max-pool of stride 2; dense and blurred if asked for."""
    if blur:
        return nn.Sequential(nn.MaxPool2d(3, 1, 1), BlurPool())
    return nn.MaxPool2d(3, 2, 1)


# --- encoders: each returns the features at 1/16 and the skips, the coarsest first --------------------------


class BasicBlock(nn.Module):
    """ResNet's block of two 3 x 3 convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int, blur: bool) -> None:
        super().__init__()
        blurred = blur and stride == 2
        conv_stride = 1 if blurred else stride
        self.first = ConvBatchNorm(inputs, outputs, 3, conv_stride)
        self.second = ConvBatchNorm(outputs, outputs, 3)
        self.blur = BlurPool() if blurred else None
        if stride != 1 or inputs != outputs:
            self.projection = ConvBatchNorm(inputs, outputs, 1, conv_stride)
        else:
            self.projection = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.first(x))
        shortcut = x
        if self.blur is not None:
            y, shortcut = self.blur(y), self.blur(x)
        if self.projection is not None:
            shortcut = self.projection(shortcut)
        return F.relu(self.second(y) + shortcut)


class ResNet34(nn.Module):
    """The first three stages."""

    def __init__(self, backbone: dict, channels: int) -> None:
        super().__init__()
        width, blur = backbone["width"], backbone.get("blur_pool", False)
        self.root = ConvBatchNorm(channels, width, 7, 1 if blur else 2)
        self.root_blur = BlurPool() if blur else nn.Identity()
        self.pool = max_pool_three(blur)
        inputs = width
        for stage, count in enumerate(backbone["blocks"]):
            outputs = width * 2**stage
            blocks = nn.ModuleDict()
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                blocks[f"block{block}"] = BasicBlock(inputs, outputs, stride, blur)
                inputs = outputs
            self.add_module(f"stage{stage}", blocks)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        half = self.root_blur(F.relu(self.root(x)))
        x, skips = self.pool(half), [half]
        for stage in (self.stage0, self.stage1, self.stage2):
            for block in stage.values():
                x = block(x)
            skips.insert(0, x)
        return x, skips[1:]


class StdConv2d(nn.Conv2d):
    """Weight-standardised convolution without bias (biased variance, eps 1e-5)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        var, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, unbiased=False)
        return F.conv2d(x, (self.weight - mean) / torch.sqrt(var + 1e-5), None, self.stride, self.padding)


class ConvGroupNorm(nn.Module):
    """Weight-standardised convolution, group norm."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, projection: bool = False) -> None:
        super().__init__()
        self.conv = StdConv2d(inputs, outputs, kernel, stride)
        self.norm = nn.GroupNorm(outputs, outputs) if projection else nn.GroupNorm(32, outputs, eps=1e-6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x))


class Bottleneck(nn.Module):
    """R50's unit: post-activation, the stride on the 3 x 3 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        middle = outputs // 4
        self.first = ConvGroupNorm(inputs, middle, 1)
        self.second = ConvGroupNorm(middle, middle, 3, stride)
        self.third = ConvGroupNorm(middle, outputs, 1)
        if stride != 1 or inputs != outputs:
            self.projection = ConvGroupNorm(inputs, outputs, 1, stride, projection=True)
        else:
            self.projection = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        residual = x if self.projection is None else self.projection(x)
        y = F.relu(self.first(x))
        y = F.relu(self.second(y))
        return F.relu(residual + self.third(y))


class R50(nn.Module):
    """The published encoder of three blocks."""

    def __init__(self, backbone: dict, channels: int) -> None:
        super().__init__()
        width = backbone["width"]
        self.root = ConvGroupNorm(3 if channels == 1 else channels, width, 7, 2)
        inputs = width
        for stage, count in enumerate(backbone["blocks"]):
            outputs = 4 * width * 2**stage
            units = nn.ModuleDict()
            for unit in range(count):
                units[f"unit{unit}"] = Bottleneck(inputs, outputs, 2 if stage > 0 and unit == 0 else 1)
                inputs = outputs
            self.add_module(f"stage{stage}", units)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        rows, columns = x.shape[2:]
        if x.shape[1] == 1:
            x = x.repeat(1, 3, 1, 1)
        half = F.relu(self.root(x))
        x = F.max_pool2d(half, 3, 2)
        for unit in self.stage0.values():
            x = unit(x)
        quarter = torch.zeros(*x.shape[:2], rows // 4, columns // 4, dtype=x.dtype, device=x.device)
        quarter[:, :, : x.shape[2], : x.shape[3]] = x
        for unit in self.stage1.values():
            x = unit(x)
        eighth = x
        for unit in self.stage2.values():
            x = unit(x)
        return x, [eighth, quarter, half]


class UNetEncoder(nn.Module):
    """Five levels of two 3 x 3 convolutions."""

    def __init__(self, backbone: dict, channels: int) -> None:
        super().__init__()
        self.levels, inputs = 5, channels
        self.pool = max_pool_three(True) if backbone.get("blur_pool", False) else nn.MaxPool2d(2)
        for level in range(self.levels):
            outputs = backbone["width"] * 2**level
            blocks = nn.ModuleDict(
                {"block0": ConvBatchNorm(inputs, outputs, 3), "block1": ConvBatchNorm(outputs, outputs, 3)}
            )
            self.add_module(f"level{level}", blocks)
            inputs = outputs

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        skips = []
        for level in range(self.levels):
            if level > 0:
                skips.insert(0, x)
                x = self.pool(x)
            blocks = getattr(self, f"level{level}")
            x = F.relu(blocks["block1"](F.relu(blocks["block0"](x))))
        return x, skips


# --- transformer --------------------------------------------------------------------------------------------


def embed(x: torch.Tensor, patch: nn.Module, position: torch.Tensor, dropout: nn.Module) -> torch.Tensor:
    """Tokens of a feature map: 1 x 1 patch embedding plus position embedding, interpolated to other sizes."""
    x = patch(x)
    if position.shape[2:] != x.shape[2:]:
        position = F.interpolate(position, x.shape[2:], mode="bilinear", align_corners=False)
    return dropout((x + position).flatten(2).transpose(1, 2))


class Embedding(nn.Module):
    """The embedding that the tasks share."""

    def __init__(self, branch: str, channels: int, size: dict, grid: tuple[int, int], given: dict) -> None:
        super().__init__()
        self.embedding = nn.Conv2d(channels, size["hidden"], 1)
        self.position = nn.Parameter(torch.zeros(1, size["hidden"], *grid))
        self.dropout = SiteDropout(f"{branch}.embedding", size["dropout"], given)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return embed(x, self.embedding, self.position, self.dropout)


class TransformerLayer(nn.Module):
    """Pre-norm self-attention and MLP."""

    def __init__(self, branch: str, number: int, size: dict, given: dict) -> None:
        super().__init__()
        hidden, self.heads = size["hidden"], size["heads"]
        self.attention_norm = nn.LayerNorm(hidden, eps=1e-6)
        self.query, self.key = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.value, self.out = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.mlp_norm = nn.LayerNorm(hidden, eps=1e-6)
        self.mlp_in, self.mlp_out = nn.Linear(hidden, size["mlp"]), nn.Linear(size["mlp"], hidden)
        self.drop_hidden = SiteDropout(f"{branch}.mlp_hidden.{number}", size["dropout"], given)
        self.drop_out = SiteDropout(f"{branch}.mlp_out.{number}", size["dropout"], given)

    def heads_of(self, x: torch.Tensor) -> torch.Tensor:
        n, tokens, hidden = x.shape
        return x.view(n, tokens, self.heads, hidden // self.heads).transpose(1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.attention_norm(x)
        q, k, v = (self.heads_of(part(y)) for part in (self.query, self.key, self.value))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        y = self.drop_hidden(F.gelu(self.mlp_in(self.mlp_norm(x))))
        return x + self.drop_out(self.mlp_out(y))


class Transformer(nn.Module):
    """Embedding (unless the tasks share one), layers, final norm; the result is a feature map again."""

    def __init__(self, branch: str, channels: int, size: dict, grid: tuple[int, int], given: dict) -> None:
        super().__init__()
        self.own_embedding = not size.get("shared_embedding", False)
        if self.own_embedding:
            self.embedding = nn.Conv2d(channels, size["hidden"], 1)
            self.position = nn.Parameter(torch.zeros(1, size["hidden"], *grid))
            self.dropout = SiteDropout(f"{branch}.embedding", size["dropout"], given)
        self.count = size["layers"]
        for number in range(self.count):
            self.add_module(f"layer{number}", TransformerLayer(branch, number, size, given))
        self.norm = nn.LayerNorm(size["hidden"], eps=1e-6)

    def forward(self, features: torch.Tensor, tokens: torch.Tensor | None) -> torch.Tensor:
        if self.own_embedding:
            tokens = embed(features, self.embedding, self.position, self.dropout)
        for number in range(self.count):
            tokens = getattr(self, f"layer{number}")(tokens)
        return self.norm(tokens).transpose(1, 2).unflatten(2, features.shape[2:])


# --- decoder ------------------------------------------------------------------------------------------------


class AttentionGate(nn.Module):
    """Additive attention on a skip; the gating signal has the skip's size."""

    def __init__(self, skip: int, gating: int) -> None:
        super().__init__()
        between = max(skip // 2, 1)
        self.skip = nn.Conv2d(skip, between, 1, bias=False)
        self.gating = nn.Conv2d(gating, between, 1)
        self.weight = nn.Conv2d(between, 1, 1)

    def forward(self, skip: torch.Tensor, gating: torch.Tensor) -> torch.Tensor:
        return skip * torch.sigmoid(self.weight(F.relu(self.skip(skip) + self.gating(gating))))


class Stage(nn.Module):
    """Bilinear x 2 (align corners), skip, two blocks of convolution, batch norm, ReLU, dropout."""

    def __init__(self, branch: str, number: int, inputs: int, skip: int, outputs: int, size: dict, given: dict) -> None:
        super().__init__()
        gated = size.get("attention_gates", False) and skip > 0
        self.gate = AttentionGate(skip, inputs) if gated else None
        self.block0 = ConvBatchNorm(inputs + skip, outputs, 3)
        self.block1 = ConvBatchNorm(outputs, outputs, 3)
        self.drop0 = SiteDropout(f"{branch}.decoder.{2 * number}", size["dropout"], given)
        self.drop1 = SiteDropout(f"{branch}.decoder.{2 * number + 1}", size["dropout"], given)

    def forward(self, x: torch.Tensor, skip: torch.Tensor | None) -> torch.Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        if skip is not None:
            if self.gate is not None:
                skip = self.gate(skip, x)
            x = torch.cat([x, skip], dim=1)
        x = self.drop0(F.relu(self.block0(x)))
        return self.drop1(F.relu(self.block1(x)))


class Decoder(nn.Module):
    """Entry convolution (not in a U-Net), four stages, head."""

    def __init__(self, branch: str, inputs: int, skips: list[int], size: dict, outputs: int, given: dict) -> None:
        super().__init__()
        head = size.get("head", 0)
        self.entry = ConvBatchNorm(inputs, head, 3) if head else None
        inputs = head or inputs
        for number, channels in enumerate(size["channels"]):
            skip = skips[number] if number < len(skips) else 0
            self.add_module(f"stage{number}", Stage(branch, number, inputs, skip, channels, size, given))
            inputs = channels
        self.head = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: torch.Tensor, skips: list[torch.Tensor]) -> torch.Tensor:
        if self.entry is not None:
            x = F.relu(self.entry(x))
        for number in range(4):
            x = getattr(self, f"stage{number}")(x, skips[number] if number < len(skips) else None)
        return self.head(x)


# --- networks -----------------------------------------------------------------------------------------------


class Task(nn.Module):
    """A task's transformer, if any, and decoder."""

    def __init__(
        self, branch: str, a: dict, deep: int, skips: list[int], grid: tuple, outputs: int, given: dict
    ) -> None:
        super().__init__()
        size = a.get("transformer")
        self.transformer = Transformer(branch, deep, size, grid, given) if size else None
        deep = size["hidden"] if size else deep
        self.decoder = Decoder(branch, deep, skips, a["decoder"], outputs, given)

    def forward(self, deep: torch.Tensor, skips: list[torch.Tensor], tokens: torch.Tensor | None) -> torch.Tensor:
        if self.transformer is not None:
            deep = self.transformer(deep, tokens)
        return self.decoder(deep, skips)


class Network(nn.Module):
    """Any of the networks. Returns logits and, from a multi-task one, the scaled variance maps, else None."""

    def __init__(self, architecture: dict, channels: int, size: tuple[int, int], structures: int) -> None:
        super().__init__()
        a, backbone = architecture, architecture["backbone"]
        self.masks: dict[str, torch.Tensor] = {}
        kinds = {"resnet34": ResNet34, "r50": R50, "unet": UNetEncoder}
        self.encoder = kinds[backbone["kind"]](backbone, channels)
        w = backbone["width"]
        deep, skips = {
            "resnet34": (4 * w, [2 * w, w, w]),
            "r50": (16 * w, [8 * w, 4 * w, w]),
            "unet": (16 * w, [8 * w, 4 * w, 2 * w, w]),
        }[backbone["kind"]]
        grid = (size[0] // 16, size[1] // 16)
        transformer = a.get("transformer")
        shared = bool(transformer) and transformer.get("shared_embedding", False)
        self.shared = Embedding("shared", deep, transformer, grid, self.masks) if shared else None
        self.segmentation = Task("segmentation", a, deep, skips, grid, structures + 1, self.masks)
        multi = a["network"].endswith("multitask")
        self.variance = Task("variance", a, deep, skips, grid, structures, self.masks) if multi else None

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        deep, skips = self.encoder(x)
        tokens = self.shared(deep) if self.shared is not None else None
        logits = self.segmentation(deep, skips, tokens)
        variance = self.variance(deep, skips, tokens) if self.variance is not None else None
        return logits, variance
