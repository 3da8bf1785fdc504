"""Reads photos and augments crops of them."""

import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

SIDE, CROP = 240, 224  # pixels: of what is kept of a photo, of what a network is given
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
KINDS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def normalise(x):
    """Images in [0, 1] -> less ImageNet's mean, divided by its deviation."""
    return (x - MEAN.to(x.device)) / STD.to(x.device)


def denormalise(x):
    return x * STD.to(x.device) + MEAN.to(x.device)


class Photos:
    """The photos of a folder and of its zip files, decoded on demand."""

    def __init__(self, folder, threads):
        self.blobs, self.threads = [], ThreadPoolExecutor(threads)
        for root, _, names in sorted(os.walk(folder)):
            for path in (os.path.join(root, n) for n in sorted(names)):
                if path.lower().endswith(".zip"):
                    with zipfile.ZipFile(path) as z:
                        self.blobs += [
                            z.read(n) for n in z.namelist() if n.lower().endswith(KINDS)
                        ]
                elif path.lower().endswith(KINDS):
                    with open(path, "rb") as f:
                        self.blobs.append(f.read())
        if not self.blobs:
            raise SystemExit(
                f"{folder}: no photos ({' '.join(KINDS)}) and no zip files of photos"
            )

    def __len__(self):
        return len(self.blobs)

    def take(self, places):
        """-> uint8 (len(places), SIDE, SIDE, 3)."""
        squares = self.threads.map(square, (self.blobs[i] for i in places))
        return torch.from_numpy(np.stack(list(squares)))


def square(blob):
    """Bytes of a photo -> uint8 (SIDE, SIDE, 3): its middle, scaled."""
    with Image.open(io.BytesIO(blob)) as im:
        im.draft("RGB", (2 * SIDE, 2 * SIDE))  # a large JPEG is decoded at a fraction
        im = im.convert("RGB")
    s = SIDE / min(im.size)
    size = max(SIDE, round(im.width * s)), max(SIDE, round(im.height * s))
    im = im.resize(size, Image.BILINEAR)
    x, y = (im.width - SIDE) // 2, (im.height - SIDE) // 2
    return np.asarray(im.crop((x, y, x + SIDE, y + SIDE)))


def augment(batch):
    """uint8 (N, SIDE, SIDE, 3) -> (N, 3, CROP, CROP) in [0, 1]: crops, turned, relit."""
    n, dev = batch.shape[0], batch.device

    def r(lo, hi, *shape):
        return torch.empty(n, *shape, device=dev).uniform_(lo, hi)

    x = batch.permute(0, 3, 1, 2).float() / 255
    scale, aspect = r(0.45, 0.95), torch.exp(r(-0.2, 0.2))
    angle = r(-0.35, 0.35) * (r(0, 1) < 0.5)
    sx, sy = (scale * aspect).clamp(max=0.97), (scale / aspect).clamp(max=0.97)
    tx, ty = r(-1, 1) * (1 - sx), r(-1, 1) * (1 - sy)
    mirror = torch.where(r(0, 1) < 0.5, -1.0, 1.0)
    c, s = torch.cos(angle), torch.sin(angle)
    rows = (
        torch.stack([sx * c * mirror, -sy * s, tx], 1),
        torch.stack([sx * s * mirror, sy * c, ty], 1),
    )
    grid = F.affine_grid(torch.stack(rows, 1), (n, 3, CROP, CROP), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    grey = x.mean(1, keepdim=True)
    colour = r(0.6, 1.4, 1, 1, 1) * (r(0, 1, 1, 1, 1) > 0.2)  # none in one of five
    x = grey + (x - grey) * colour
    m = x.mean((1, 2, 3), keepdim=True)
    x = ((x - m) * r(0.6, 1.4, 1, 1, 1) + m * r(0.7, 1.3, 1, 1, 1)).clamp(0, 1)
    return x.pow(torch.exp(r(-0.3, 0.3, 1, 1, 1)))
