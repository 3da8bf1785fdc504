"""What the makers of this folder's images share; make.py runs them."""
import io
import zlib

import numpy as np
from PIL import Image, ImageOps

WIDTH, HEIGHT = 21, 18
random = np.random.default_rng(1)
manifest = []


def pillow_rgb(data):
    image = Image.open(io.BytesIO(data))
    if image.format != "TIFF":  # Pillow has turned a TIFF already, and would again
        image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "I;16", "I;16B"):
        grey = (np.asarray(image).astype(np.int64) + 128) // 257
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, 2)
    return np.asarray(image.convert("RGB"))


def add(name, data, rgb=None, span=None):
    """Writes a file; rgb (height, width, 3) is what it should become, None: what Pillow says;
    span: the range to decode it with."""
    rgb = pillow_rgb(data) if rgb is None else np.ascontiguousarray(rgb, np.uint8)
    options = f" range {span[0]} {span[1]}" if span else ""
    manifest.append(
        f"{name} {rgb.shape[1]} {rgb.shape[0]} {zlib.crc32(rgb.tobytes()):08x}{options}")
    write(name, data)


def add_page(name, rgb):
    """What a page of a file becomes that was written."""
    manifest.append(f"{name} {WIDTH} {HEIGHT} {zlib.crc32(rgb.astype(np.uint8).tobytes()):08x}")


def add_bad(name, data):
    manifest.append(f"{name} error")
    write(name, data)


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def waves(channels, top=255):
    """(HEIGHT, WIDTH, channels) integers from 0 to top."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    layers = [0.5 + 0.25 * np.sin(x / 5 + k) + 0.25 * np.cos(y / 4 - k)
              + random.normal(0, 0.04, x.shape) for k in range(channels)]
    return (np.stack(layers, 2).clip(0, 1) * top).round().astype(np.int64)


def grey_rgb(values):
    return np.repeat(np.asarray(values).reshape(HEIGHT, WIDTH, 1), 3, 2)


def narrow(values):
    return (values + 128) // 257


def packed(samples, bits, big=True):
    """The bytes of rows of samples (rows, n); a row begins on a byte."""
    if bits == 16:
        return samples.astype(">u2" if big else "<u2").tobytes()
    digits = samples[:, :, None] >> np.arange(bits - 1, -1, -1) & 1
    return np.packbits(digits.reshape(len(samples), -1).astype(np.uint8), axis=1).tobytes()


GREY = Image.fromarray(waves(1)[:, :, 0].astype(np.uint8))
RGB = Image.fromarray(waves(3).astype(np.uint8))
RGBA = Image.fromarray(waves(4).astype(np.uint8), "RGBA")
CMYK = Image.fromarray(waves(4).astype(np.uint8), "CMYK")
PALETTE = RGB.quantize(23)
