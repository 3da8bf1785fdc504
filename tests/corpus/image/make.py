#!/usr/bin/env python3
"""Writes the images of this folder and manifest.txt: a line for each file with its name, width,
height and the CRC-32 of its RGB bytes, or "error".  Run it in this folder.

The pictures are waves and noise.  What the bytes should become is Pillow's word (9.4, Debian 12)
where that keeps what blemish promises, and is computed here where it does not: Pillow cuts
16-bit colour to its high bytes, does not invert 16-bit min-is-white, and misreads RLE4 runs of
odd length."""
import os
import struct
import sys
import warnings
import zlib

sys.dont_write_bytecode = True

from corpus import (GREY, HEIGHT, PALETTE, RGB, WIDTH, Image, add, add_bad, grey_rgb, manifest,
                    narrow, np, packed, random, saved, waves)
from corpus_jpeg import cameras, exif_bytes, jpegs, orientations, webps
from corpus_tiff import tiff_depths, tiff_files_of_pages, tiff_tags, tiffs


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


def several():
    """Files of several images."""
    good = saved(RGB, "PNG")
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0))
    still = chunk(b"acTL", struct.pack(">II", 1, 0))
    add_bad("bad_animation.png", saved(RGB, "PNG", save_all=True, append_images=[
        RGB.transpose(Image.Transpose.ROTATE_180)]))
    add("png_animation_of_one.png", good[:33] + still + frame + good[33:], np.asarray(RGB))
    add("png_animation_late.png", good[:-12] + chunk(b"acTL", bytes([0, 0, 0, 2] * 2)) + good[-12:],
        np.asarray(RGB))
    grey = b"P5 21 18 255\n" + np.asarray(GREY).tobytes()
    add_bad("bad_several.pgm", grey + grey)
    add("pnm_trailing.pgm", grey + b"P5", grey_rgb(np.asarray(GREY)))
    add_bad("bad_several_plain.pbm", b"P1 2 1 01\n\nP1 2 1 10\n")


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
                 tiff_tags, tiff_depths, tiff_files_of_pages, several):
        part()
    with open("manifest.txt", "w") as file:
        file.write("\n".join(sorted(manifest)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
