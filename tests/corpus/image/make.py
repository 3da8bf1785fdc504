#!/usr/bin/env python3
"""Writes the images of this folder and manifest.txt: a line for each file with its name, width,
height and the CRC-32 of its RGB bytes, or "error".  Run it in this folder.

The pictures are waves and noise.  What the bytes should become is Pillow's word (9.4, Debian 12)
where that keeps what blemish promises, and is computed here where it does not: Pillow cuts
16-bit colour to its high bytes, does not invert 16-bit min-is-white, and misreads RLE4 runs of
odd length."""
import io
import os
import struct
import sys
import warnings
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


def add(name, data, rgb=None):
    """Writes a file; rgb (height, width, 3) is what it should become, None: what Pillow says."""
    rgb = pillow_rgb(data) if rgb is None else np.ascontiguousarray(rgb, np.uint8)
    manifest.append(f"{name} {rgb.shape[1]} {rgb.shape[0]} {zlib.crc32(rgb.tobytes()):08x}")
    write(name, data)


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


# ---- PNG ---------------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, kind, raster, interlaced=0, extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(raster, 9)) + chunk(b"IEND", b""))


def rows_of(samples, bits):
    flat = samples.reshape(len(samples), -1)
    return b"".join(b"\0" + packed(flat[i:i + 1], bits) for i in range(len(flat)))


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2))


def pngs():
    colours = random.integers(0, 256, (256, 3))
    for kind, channels in ((0, 1), (2, 3), (3, 1), (4, 2), (6, 4)):
        depths = {0: (1, 2, 4, 8, 16), 3: (1, 2, 4, 8)}.get(kind, (8, 16))
        for depth in depths:
            top = 2 ** depth - 1
            samples = waves(channels, top)
            shown = colours[samples[:, :, 0]] if kind == 3 else None
            if kind != 3:
                eight = narrow(samples) if depth == 16 else samples * 255 // top
                shown = eight[:, :, :3] if channels > 2 else grey_rgb(eight[:, :, 0])
            plte = chunk(b"PLTE", colours[:top + 1].astype(np.uint8).tobytes())
            extra = plte if kind == 3 else b""
            name = f"png_{kind}_{depth:02}"
            add(name + ".png",
                png(WIDTH, HEIGHT, depth, kind, rows_of(samples, depth), 0, extra), shown)
            passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
            raster = b"".join(rows_of(p, depth) for p in passes if p.size)
            add(name + "_adam7.png", png(WIDTH, HEIGHT, depth, kind, raster, 1, extra), shown)
    add("png_transparent_colour.png", saved(PALETTE, "PNG", transparency=3))
    add("png_transparent_grey.png", saved(GREY, "PNG", transparency=99))
    good = saved(GREY, "PNG")
    add_bad("bad_crc.png", good[:60] + bytes([good[60] ^ 1]) + good[61:])
    add_bad("bad_no_end.png", good[:-12])
    add_bad("bad_no_pixels.png", png(WIDTH, HEIGHT, 8, 0, b""))
    add_bad("bad_few_pixels.png", png(WIDTH, HEIGHT, 8, 0, bytes((WIDTH + 1) * 5)))
    add_bad("bad_huge.png", png(2 ** 31 - 1, 2 ** 31 - 1, 8, 0, bytes(100)))
    add_bad("bad_text_bomb.png", png(WIDTH, HEIGHT, 8, 0, rows_of(waves(1), 8), 0, chunk(
        b"iCCP", b"bomb\0\0" + zlib.compress(bytes(17 << 20), 9))))
    add_bad("bad_zero.png", png(0, HEIGHT, 8, 0, b""))
    add_bad("bad_line_ends.png", good.replace(b"\r\n", b"\n", 1))


# ---- JPEG and WebP -----------------------------------------------------------------------------

def exif(orientation):
    block = Image.Exif()
    block[0x112] = orientation
    return block


def exif_bytes(kind, values, big=False):
    """An EXIF block that holds an orientation of any type and count."""
    order, letter = ">" if big else "<", {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i",
                                          11: "f", 12: "d"}[kind]
    data = struct.pack(f"{order}{len(values)}{letter}", *values)
    count = len(values) // 2 if kind == 5 else len(values)
    start = (b"MM\0*" if big else b"II*\0") + struct.pack(order + "IHHHI", 8, 1, 0x112, kind, count)
    if len(data) <= 4:
        return start + data.ljust(4, b"\0") + bytes(4)
    return start + struct.pack(order + "II", 26, 0) + data


def segment(marker, data):
    return bytes([0xff, marker]) + struct.pack(">H", len(data) + 2) + data


DC_LENGTHS = (2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9)  # of the standard codes for 0 to 11 bits
DC_CODES = (0, 2, 3, 4, 5, 6, 14, 30, 62, 126, 254, 510)


def flat_scan(values):
    """The entropy-coded bits of 8 x 8 blocks that are all of one grey."""
    bits, last = "", 0
    for value in values:
        step, last = int(value) - last, int(value)
        size = abs(step).bit_length()
        bits += f"{DC_CODES[size]:0{DC_LENGTHS[size]}b}"
        if size:
            bits += f"{step if step > 0 else step + 2 ** size - 1:0{size}b}"
        bits += "1010"  # no other coefficients
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def flat_frame(width, height, scans, between=b"", before_end=b"", tables=True):
    """The segments of a grey picture whose scans are parted by restart markers."""
    dc = bytes([0, 0, 1, 5] + [1] * 6 + [0] * 7) + bytes(range(12))
    # The first codes of the standard table: 00 01 100 1010 1011 1100.
    ac = bytes([0x10, 0, 2, 1, 3] + [0] * 12) + bytes([1, 2, 3, 0, 4, 0x11])
    out = segment(0xdb, bytes([0] + [8] * 64))
    if tables:
        out += segment(0xc4, dc) + segment(0xc4, ac)
    out += segment(0xc0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    blocks = (width + 7) // 8 * ((height + 7) // 8)
    out += segment(0xdd, struct.pack(">H", blocks // len(scans)))
    out += segment(0xda, b"\1\1\0\0\x3f\0")
    for i, scan in enumerate(scans):
        out += flat_scan(scan)
        out += between + bytes([0xff, 0xd0 + i % 8]) if i + 1 < len(scans) else before_end
    return out


def flat_scans():
    """Two rows of three blocks: a picture of 21 x 16."""
    return [[-90, 10, 35], [100, -4, 0]]


def cameras():
    """What cameras write that is not quite as it should be, and loses nothing."""
    plain = b"\xff\xd8" + flat_frame(21, 16, flat_scans()) + b"\xff\xd9"
    shown = pillow_rgb(plain)
    add("jpeg_restarts.jpg", plain)
    for name, options in {
            "padded_restarts": {"between": b"\xff" * 5},
            "zeros_before_restarts": {"between": bytes(40)},
            "strays_before_restarts": {"between": b"\x12\x34" * 6},
            "padded_end": {"before_end": b"\xff" * 40},
            "zeros_before_end": {"before_end": bytes(40)},
            "strays_before_end": {"before_end": b"stray bytes!"},
            "no_tables": {"tables": False}}.items():
        data = b"\xff\xd8" + flat_frame(21, 16, flat_scans(), **options) + b"\xff\xd9"
        add(f"jpeg_{name}.jpg", data)
    add("jpeg_no_end.jpg", plain[:-2], shown)
    add("jpeg_half_end.jpg", plain[:-1], shown)
    add("jpeg_zeros_behind.jpg", plain + bytes(100))
    add("jpeg_spectral_0.jpg", plain.replace(b"\1\1\0\0\x3f\0", b"\1\1\0\0\0\0"))
    add("jpeg_stray_in_header.jpg", plain[:2] + b"\xff\xfe\0\2\0\0" + plain[2:])
    progressive = saved(RGB, "JPEG", quality=85, progressive=True)
    add("jpeg_progressive_no_end.jpg", progressive[:-2], pillow_rgb(progressive))
    # A marker without a length, taken for one with a length, leads to a frame of another size.
    decoy = segment(0xc0, struct.pack(">BHHB", 8, 64, 64, 1) + b"\1\x11\0") + b"\xff\xda"
    content = bytes(0xffe0 - 4) + decoy
    add("jpeg_two_sizes.jpg", b"\xff\xd8\xff\1" + segment(0xe0, content) + plain[2:], shown)
    bad_cameras(plain, progressive)


def bad_cameras(plain, progressive):
    lost = flat_frame(21, 16, flat_scans(), between=bytes(range(1, 200)) * 2)
    add_bad("bad_strays.jpg", b"\xff\xd8" + lost + b"\xff\xd9")
    add_bad("bad_no_restart.jpg", plain.replace(b"\xff\xd0", b""))
    add_bad("bad_wrong_restart.jpg", plain.replace(b"\xff\xd0", b"\xff\xd3"))
    add_bad("bad_short_interval.jpg", plain[:plain.index(b"\xff\xd0") - 2]
            + plain[plain.index(b"\xff\xd0"):])
    add_bad("bad_two_starts.jpg", plain[:2] + plain)
    last_scan = progressive.rindex(b"\xff\xda")
    add_bad("bad_progressive_cut.jpg", progressive[:last_scan])
    # A scan for each component, of which the last is missing.
    frame = struct.pack(">BHHB", 8, 16, 21, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    scan = flat_scan(sum(flat_scans(), []))
    parts = [segment(0xda, bytes([1, k, 0, 0, 63, 0])) + scan for k in (1, 2, 3)]
    start = b"\xff\xd8" + segment(0xdb, bytes([0] + [8] * 64)) + segment(0xc0, frame)
    add("jpeg_scan_each.jpg", start + b"".join(parts) + b"\xff\xd9")
    add("jpeg_scan_each_no_end.jpg", start + b"".join(parts),
        pillow_rgb(start + b"".join(parts) + b"\xff\xd9"))
    add_bad("bad_missing_scan.jpg", start + b"".join(parts[:2]) + b"\xff\xd9")
    many = b"".join(parts) + parts[0] * 600
    add_bad("bad_many_scans.jpg", start + many + b"\xff\xd9")


def jpegs():
    for quality in (40, 92):
        for sampling in (0, 1, 2):
            add(f"jpeg_q{quality}_s{sampling}.jpg",
                saved(RGB, "JPEG", quality=quality, subsampling=sampling))
    add("jpeg_grey.jpg", saved(GREY, "JPEG", quality=85))
    add("jpeg_progressive.jpg", saved(RGB, "JPEG", quality=85, progressive=True))
    add("jpeg_cmyk.jpg", saved(CMYK, "JPEG", quality=90))
    colour = saved(RGB, "JPEG", quality=85, subsampling=0)
    add("jpeg_adobe_rgb.jpg", colour[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + colour[20:])
    cmyk = saved(CMYK, "JPEG", quality=90)
    add("jpeg_ycck.jpg", cmyk.replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2"))
    for kind, values in ((4, [6]), (3, [6, 6]), (3, [6, 6, 6]), (9, [6]), (8, [6]), (6, [6]),
                         (12, [6]), (11, [6]), (5, [6, 1]), (1, [6]), (3, [9]), (11, [6.5])):
        for big in (False, True):
            name = f"exif_type{kind}_{len(values)}_{'_'.join(map(str, values[:1]))}_{'mm' if big else 'ii'}"
            add(f"{name}.jpg", saved(RGB, "JPEG", exif=b"Exif\0\0" + exif_bytes(kind, values, big)))
    add("jpeg_exif_nonsense.jpg", saved(RGB, "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff"),
        pillow_rgb(saved(RGB, "JPEG")))
    good = saved(RGB, "JPEG", quality=85)
    add_bad("bad_half.jpg", good[:len(good) // 2])
    add_bad("bad_no_frame.jpg", good[:2] + good[-2:])
    frame = good.index(b"\xff\xc0")
    add_bad("bad_huge.jpg", good[:frame + 5] + b"\xff\xff\xff\xff" + good[frame + 9:])
    add_bad("bad_two_components.jpg", good[:frame + 9] + b"\2" + good[frame + 10:])


def png_exif():
    """EXIF as programs that come from JPEG write it, and where it makes no sense."""
    good, shown = saved(RGB, "PNG"), np.asarray(RGB)
    turned = np.rot90(shown, -1)
    block = exif_bytes(4, [6], True)
    for name, data, rgb in (("prefixed", b"Exif\0\0" + block, turned),
                            ("prefixed_twice", b"Exif\0\0Exif\0\0" + block, turned),
                            ("nonsense", b"II+no", shown)):
        extra = chunk(b"eXIf", data)
        add(f"png_exif_{name}.png", good[:33] + extra + good[33:], rgb)
        add(f"png_exif_{name}_behind.png", good[:-12] + extra + good[-12:], rgb)
    add_bad("bad_exif_cut.png", good[:33] + chunk(b"eXIf", block)[:20])


def webps():
    add("webp_lossless.webp", saved(RGB, "WEBP", lossless=True))
    add("webp_lossless_alpha.webp", saved(RGBA, "WEBP", lossless=True, exact=True))
    add("webp_lossy.webp", saved(RGB, "WEBP", quality=70))
    add("webp_lossy_alpha.webp", saved(RGBA, "WEBP", quality=70))
    add_bad("bad_animation.webp", saved(RGB, "WEBP", save_all=True, append_images=[
        RGB.transpose(Image.Transpose.ROTATE_180)]))
    good = saved(RGB, "WEBP", quality=70)
    add_bad("bad_half.webp", good[:len(good) // 2])
    add_bad("bad_unknown.webp", good[:12] + b"VP8?" + good[16:])


def orientations():
    for number in range(1, 9):
        add(f"turned_{number}.jpg", saved(RGB, "JPEG", quality=85, exif=exif(number)))
        add(f"turned_{number}.png", saved(PALETTE, "PNG", exif=exif(number)))
        add(f"turned_{number}.webp", saved(RGB, "WEBP", quality=50, exif=exif(number)))
        add(f"turned_{number}.tif", saved(GREY, "TIFF", tiffinfo={0x112: number},
                                          compression="tiff_adobe_deflate"))


# ---- TIFF --------------------------------------------------------------------------------------

def blocks_of(samples, bits, tile, rows, separate, big):
    """The bytes of each strip or tile, in the order of the file."""
    planes = [samples[:, :, k:k + 1] for k in range(samples.shape[2])] if separate else [samples]
    height, width = tile or (rows, WIDTH)
    for plane in planes:
        for y in range(0, HEIGHT, height):
            for x in range(0, WIDTH, width):
                block = plane[y:y + height, x:x + width]
                if tile:
                    block = np.pad(block, ((0, height - block.shape[0]),
                                           (0, width - block.shape[1]), (0, 0)))
                yield packed(block.reshape(len(block), -1), bits, big)


def tiff(samples, bits, photometric, tile=None, rows=HEIGHT, separate=False, big=False,
         deflate=True, tags=()):
    """tags: {tag: (type, values)} beside the usual ones."""
    blocks = list(blocks_of(samples, bits, tile, rows, separate, big))
    blocks = [zlib.compress(block, 9) for block in blocks] if deflate else blocks
    count = samples.shape[2]
    entries = {256: (3, [WIDTH]), 257: (3, [HEIGHT]), 258: (3, [bits] * count),
               259: (3, [8 if deflate else 1]), 262: (3, [photometric]), 277: (3, [count]),
               284: (3, [2 if separate else 1])}
    places = [8 + sum(map(len, blocks[:i])) for i in range(len(blocks))]
    sizes = [len(block) for block in blocks]
    if tile:
        entries.update({322: (3, [tile[1]]), 323: (3, [tile[0]]), 324: (4, places),
                        325: (4, sizes)})
    else:
        entries.update({278: (3, [rows]), 273: (4, places), 279: (4, sizes)})
    entries.update(tags)
    order = ">" if big else "<"
    directory = 8 + sum(sizes)
    beyond = directory + 2 + 12 * len(entries) + 4
    out, extra = struct.pack(order + "H", len(entries)), b""
    for tag, (kind, values) in sorted(entries.items()):
        letter = {1: "B", 3: "H", 4: "I", 8: "h", 12: "d"}[kind]
        data = struct.pack(order + str(len(values)) + letter, *values)
        out += struct.pack(order + "HHI", tag, kind, len(values))
        if len(data) <= 4:
            out += data.ljust(4, b"\0")
        else:
            out += struct.pack(order + "I", beyond + len(extra))
            extra += data
    start = (b"MM\0*" if big else b"II*\0") + struct.pack(order + "I", directory)
    return start + b"".join(blocks) + out + bytes(4) + extra


def tiff_kinds():
    """(name, samples, bits, photometric, tags, rgb) of every kind of pixel."""
    colours = random.integers(0, 65536, (256, 3))
    for bits in (1, 2, 4, 8, 16):
        top = 2 ** bits - 1
        samples = waves(1, top)
        eight = narrow(samples) if bits == 16 else samples * 255 // top
        yield f"grey{bits:02}", samples, bits, 1, {}, grey_rgb(eight)
        yield f"white0_{bits:02}", samples, bits, 0, {}, grey_rgb(255 - eight)
        if bits <= 8:
            flat = colours[:top + 1].T.reshape(-1)
            yield (f"palette{bits:02}", samples, bits, 3, {320: (3, flat.tolist())},
                   colours[samples[:, :, 0]] >> 8)
    for bits in (8, 16):
        for channels in (2, 3, 4):
            samples = waves(channels, 2 ** bits - 1)
            eight = narrow(samples) if bits == 16 else samples
            yield (f"channels{channels}_{bits:02}", samples, bits, 1 if channels == 2 else 2,
                   {338: (3, [2])} if channels != 3 else {},
                   eight[:, :, :3] if channels > 2 else grey_rgb(eight[:, :, 0]))


def tiffs():
    for name, samples, bits, photometric, tags, rgb in tiff_kinds():
        for form, options in (("strips", {"rows": 5}), ("tiles", {"tile": (16, 16), "big": True}),
                              ("planes", {"separate": True, "rows": 9, "big": bits == 16})):
            add(f"tiff_{name}_{form}.tif",
                tiff(samples, bits, photometric, tags=tags, **options), rgb)
    samples = waves(3)
    add("tiff_tiled_planes.tif", tiff(samples, 8, 2, tile=(16, 32), separate=True), samples)
    add("tiff_stored.tif", tiff(samples, 8, 2, rows=7, deflate=False), samples)
    add("tiff_short_count.tif", tiff(samples, 8, 2, deflate=False, tags={279: (4, [50])}), samples)
    mirrored = waves(1, 1)
    reverse = bytes(int(f"{v:08b}"[::-1], 2) for v in packed(mirrored[:, :, 0], 1))
    stored = tiff(mirrored, 1, 1, deflate=False, tags={266: (3, [2])})
    add("tiff_fill_order.tif", stored[:8] + reverse + stored[8 + len(reverse):],
        grey_rgb(mirrored * 255))
    for form in ("tiff_lzw", "packbits", "jpeg", "zstd", "lzma"):
        add(f"tiff_{form}.tif", saved(RGB, "TIFF", compression=form))
    for form in ("group3", "group4", "tiff_ccitt"):
        add(f"tiff_{form}.tif", saved(GREY.convert("1"), "TIFF", compression=form))
    add("tiff_cmyk.tif", saved(CMYK, "TIFF", compression="tiff_lzw"))
    add("tiff_jpeg_ycbcr.tif", saved(RGB.convert("YCbCr"), "TIFF", compression="jpeg"))
    bad_tiffs(samples)


def tiff_tags():
    """Tags that other programs write oddly, or that lost their value."""
    samples = waves(3)
    for kind, values in ((4, [6]), (3, [6, 6]), (4, [6, 6]), (3, [9]), (1, [6]), (8, [6]),
                         (12, [6])):
        add(f"tiff_turned_type{kind}_{'_'.join(map(str, values))}.tif",
            tiff(samples, 8, 2, tags={274: (kind, values)}))
    for tag in (65000, 33550, 700, 34675, 305, 34665):  # private, GeoTIFF, XMP, ICC, Software, EXIF
        data = tiff(samples, 8, 2, tags={tag: (3, [7] * 9)})
        at = data.index(struct.pack("<HHI", tag, 3, 9)) + 8
        add(f"tiff_lost_{tag}.tif", data[:at] + b"\xff\xff\xff\x0f" + data[at + 4:], samples)
    data = tiff(waves(1), 8, 3, tags={320: (3, [9] * 768)})
    at = data.index(struct.pack("<HHI", 320, 3, 768)) + 8
    add_bad("bad_lost_palette.tif", data[:at] + b"\xff\xff\xff\x0f" + data[at + 4:])


def bad_tiffs(samples):
    add_bad("bad_float.tif", saved(GREY.convert("F"), "TIFF", compression="tiff_adobe_deflate"))
    add_bad("bad_signed.tif", tiff(waves(1), 8, 1, tags={339: (3, [2])}))
    add_bad("bad_lab.tif", saved(Image.fromarray(waves(3).astype(np.uint8), "LAB"), "TIFF"))
    add_bad("bad_ycbcr.tif", tiff(samples, 8, 6))
    add_bad("bad_samples.tif", tiff(waves(2), 8, 2))
    add_bad("bad_codec.tif", tiff(samples, 8, 2, tags={259: (3, [50001])}))
    add_bad("bad_12_bits.tif", tiff(waves(1, 4095), 16, 1, tags={258: (3, [12])}))
    add_bad("bad_huge.tif", tiff(samples, 8, 2, tags={256: (4, [2 ** 31]), 257: (4, [2 ** 31])}))
    add_bad("bad_huge_tile.tif", tiff(samples, 8, 2, tile=(16, 16), tags={
        322: (4, [2 ** 20]), 323: (4, [2 ** 20])}))
    add_bad("bad_no_strips.tif", tiff(samples, 8, 2, tags={273: (4, [10 ** 6]), 279: (4, [99])}))
    add_bad("bad_zero.tif", tiff(samples, 8, 2, tags={256: (3, [0])}))


# ---- BMP ---------------------------------------------------------------------------------------

def bmp(bits, pixels, compression=0, palette=b"", masks=b"", header=40, height=HEIGHT, colours=0):
    if header == 12:
        fields = struct.pack("<IHHHH", 12, WIDTH, height, 1, bits)
    else:
        fields = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression,
                             len(pixels), 2835, 2835, colours, 0)
        if header > 40:
            fields, masks = fields + masks.ljust(header - 40, b"\0"), b""
    place = 14 + len(fields) + len(masks) + len(palette)
    return (b"BM" + struct.pack("<IHHI", place + len(pixels), 0, 0, place)
            + fields + masks + palette + pixels)


def padded(samples, bits):
    """Rows of samples from the last to the first, each padded to four bytes."""
    rows = [packed(row.reshape(1, -1), bits) for row in samples[::-1]]
    return b"".join(row + bytes(-len(row) % 4) for row in rows)


def run_lengths(samples, bits):
    """RLE8 or RLE4 with runs of both kinds, the moves left out."""
    out = b""
    for row in samples[::-1]:
        x = 0
        while x < len(row):
            count = 1
            while x + count < len(row) and row[x + count] == row[x]:
                count += 1
            if count == 1 and len(row) - x >= 3:
                count = min(5, len(row) - x)
                data = packed(row[None, x:x + count], bits)
                out += bytes([0, count]) + data + bytes(len(data) % 2)
            else:
                out += bytes([count, row[x] * (1 if bits == 8 else 17)])
            x += count
        out += b"\0\0"
    return out + b"\0\1"


def bmps():
    colours = random.integers(0, 256, (256, 3))
    for bits in (1, 4, 8):
        samples = waves(1, 2 ** bits - 1)[:, :, 0]
        windows = b"".join(bytes([b, g, r, 0]) for r, g, b in colours[:2 ** bits])
        os2 = b"".join(bytes([b, g, r]) for r, g, b in colours[:2 ** bits])
        rgb, pixels = colours[samples], padded(samples, bits)
        add(f"bmp_{bits:02}.bmp", bmp(bits, pixels, palette=windows), rgb)
        add(f"bmp_{bits:02}_top_down.bmp",
            bmp(bits, pixels, palette=windows, height=-HEIGHT), rgb[::-1])
        add(f"bmp_{bits:02}_os2.bmp", bmp(bits, pixels, palette=os2, header=12), rgb)
        if bits > 1:
            runs = run_lengths(samples // 5, bits)
            add(f"bmp_{bits:02}_rle.bmp", bmp(bits, runs, 1 if bits == 8 else 2, windows),
                colours[samples // 5])
            add_bad(f"bad_{bits:02}_rle_long_run.bmp",
                    bmp(bits, b"\xff\0" + runs, 1 if bits == 8 else 2, windows))
    for bits in (16, 24, 32):
        add(f"bmp_{bits}.bmp", bmp(bits, padded(waves(bits // 8), 8)))
    add("bmp_24_colours.bmp", bmp(24, padded(waves(3), 8), colours=10 ** 9))
    masks = {"565": (16, (0xf800, 0x7e0, 0x1f, 0)), "555": (16, (0x7c00, 0x3e0, 0x1f, 0)),
             "bgra": (32, (0xff0000, 0xff00, 0xff, 0xff000000)),
             "rgba": (32, (0xff, 0xff00, 0xff0000, 0xff000000))}
    for name, (bits, fields) in masks.items():
        data = padded(waves(bits // 8), 8)
        add(f"bmp_masks_{name}_v5.bmp", bmp(bits, data, 3, b"", struct.pack("<IIII", *fields), 124))
        if fields[3] == 0:
            add(f"bmp_masks_{name}.bmp", bmp(bits, data, 3, b"", struct.pack("<III", *fields[:3])))
    ten = waves(3, 1023)
    words = ten[:, :, 0] << 20 | ten[:, :, 1] << 10 | ten[:, :, 2]
    add("bmp_masks_10_bits.bmp", bmp(32, words[::-1].astype("<u4").tobytes(), 3, b"",
                                     struct.pack("<III", 1023 << 20, 1023 << 10, 1023)), ten >> 2)
    moves = b"\0\2\3\1" + b"\4\1" + b"\0\0" + b"\5\2" + b"\0\1"
    shown = np.zeros((HEIGHT, WIDTH), np.int64)
    shown[HEIGHT - 2, 3:7], shown[HEIGHT - 3, :5] = 1, 2
    eight = b"".join(bytes([b, g, r, 0]) for r, g, b in colours)
    add("bmp_rle_moves.bmp", bmp(8, moves, 1, eight), colours[shown])
    bad_bmps(eight)


def bad_bmps(palette):
    data = padded(waves(1)[:, :, 0], 8)
    add_bad("bad_short.bmp", bmp(8, data[:-40], palette=palette))
    add_bad("bad_index.bmp", bmp(8, data, palette=palette[:40], colours=10))
    add_bad("bad_no_palette.bmp", bmp(8, data))
    add_bad("bad_rle_cut.bmp", bmp(8, b"\5\2", 1, palette))
    add_bad("bad_mask_gap.bmp", bmp(16, data * 2, 3, b"", struct.pack("<III", 0xf0f, 0x10, 0x20)))
    add_bad("bad_mask_zero.bmp", bmp(16, data * 2, 3, b"", struct.pack("<III", 0xf, 0xf0, 0)))
    add_bad("bad_huge.bmp", bmp(24, data, height=-2 ** 31))
    add_bad("bad_jpeg.bmp", bmp(0, data, 4))
    add_bad("bad_header.bmp", bmp(8, data, palette=palette, header=1000))


# ---- PNM ---------------------------------------------------------------------------------------

def plain(samples):
    return b"\n".join(b" ".join(b"%d" % v for v in row.reshape(-1)) for row in samples) + b"\n"


def pnms():
    size = b"%d # width\n%d\n" % (WIDTH, HEIGHT)
    bitmap = waves(1, 1)[:, :, 0]
    add("pnm_1.pbm", b"P1\n# plain\n" + size + plain(bitmap))
    add("pnm_1_tight.pbm", b"P1 " + size + plain(bitmap).replace(b" ", b""))
    add("pnm_4.pbm", b"P4\n" + size + packed(bitmap, 1))
    for top in (5, 255, 1000, 65535):
        for channels in (1, 3):
            samples, depth = waves(channels, top), b"%d\n" % top
            wide = np.rint(samples / top * (65535 if top > 255 else 255)).astype(np.int64)
            eight = narrow(wide) if top > 255 else wide
            rgb = eight if channels == 3 else grey_rgb(eight)
            suffix = "pgm" if channels == 1 else "ppm"
            add(f"pnm_plain_{top}.{suffix}",
                b"P%d\n" % (2 if channels == 1 else 3) + size + depth + plain(samples), rgb)
            binary = samples.astype(">u2" if top > 255 else "u1").tobytes()
            add(f"pnm_{top}.{suffix}",
                b"P%d " % (5 if channels == 1 else 6) + size + depth + binary, rgb)
    add_bad("bad_short.pgm", b"P5 4 4 255\n" + bytes(15))
    add_bad("bad_short_plain.pgm", b"P2 4 4 255\n" + b"1 " * 15)
    add_bad("bad_value.pgm", b"P5 2 2 9\n\1\2\3\x0a")
    add_bad("bad_letter.pgm", b"P2 2 2 9 1 2 x 3")
    add_bad("bad_letter.pbm", b"P1 2 2 1 0 2 1")
    add_bad("bad_maximum.pgm", b"P5 2 2 65536\n" + bytes(99))
    add_bad("bad_maximum_0.pgm", b"P5 2 2 0\n" + bytes(99))
    add_bad("bad_huge.ppm", b"P6 999999999 999999999 255\n" + bytes(99))
    add_bad("bad_header.ppm", b"P6 # nothing else")


def others():
    add_bad("bad_empty.png", b"")
    add_bad("bad_text.png", b"a note\nfor the reader\n")
    add_bad("bad_page.jpg", b"<!DOCTYPE html><html><body>404</body></html>\n")
    add_bad("bad_gif.png", saved(PALETTE, "GIF")[:40])
    add_bad("bad_binary.tif", bytes(range(190, 230)))


def main():
    warnings.simplefilter("ignore")
    for old in os.listdir("."):
        if not old.endswith((".py", ".txt")):
            os.remove(old)
    for part in (pngs, jpegs, cameras, webps, png_exif, orientations, tiffs, bmps, pnms, others,
                 tiff_tags):
        part()
    with open("manifest.txt", "w") as file:
        file.write("\n".join(sorted(manifest)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
