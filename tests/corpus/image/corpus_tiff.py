"""TIFF; see make.py."""
import struct
import zlib

from corpus import (CMYK, GREY, HEIGHT, RGB, WIDTH, Image, add, add_bad, add_page, grey_rgb, narrow,
                    np, packed, random, saved, waves)


def blocks_of(samples, bits, tile, rows, separate, big, predictor=1):
    """The bytes of each strip or tile, in the order of the file; bits: as a number, or the type of
    samples that are no unsigned ones of at most 16 bits."""
    planes = [samples[:, :, k:k + 1] for k in range(samples.shape[2])] if separate else [samples]
    height, width = tile or (rows, WIDTH)
    for plane in planes:
        for y in range(0, HEIGHT, height):
            for x in range(0, WIDTH, width):
                block = plane[y:y + height, x:x + width]
                if tile:
                    block = np.pad(block, ((0, height - block.shape[0]),
                                           (0, width - block.shape[1]), (0, 0)))
                flat = block.reshape(len(block), -1)
                if predictor == 2:  # differences to the pixel before
                    step = block.shape[2]
                    flat = np.concatenate([flat[:, :step], flat[:, step:] - flat[:, :-step]], 1)
                if predictor == 3:  # all first bytes of a row, all second ones, ...; differences
                    order = np.ascontiguousarray(flat.astype(">" + bits)).view(np.uint8)
                    order = order.reshape(len(flat), flat.shape[1], -1).transpose(0, 2, 1)
                    order = order.reshape(len(flat), -1)
                    step = block.shape[2]
                    order[:, step:] -= order[:, :-step].copy()
                    yield order.tobytes()
                elif isinstance(bits, str):
                    yield flat.astype((">" if big else "<") + bits).tobytes()
                else:
                    yield packed(flat & (2 ** bits - 1), bits, big)


LETTERS = {1: "B", 3: "H", 4: "I", 8: "h", 12: "d", 16: "Q"}


def directory_of(entries, at, order, wide):
    """A directory at offset `at`, the place of the next one in it, and what lies behind it."""
    size, number = (20, "Q") if wide else (12, "I")
    beyond = at + (16 if wide else 6) + size * len(entries)
    out, extra = struct.pack(order + ("Q" if wide else "H"), len(entries)), b""
    for tag, (kind, values) in sorted(entries.items()):
        data = struct.pack(order + str(len(values)) + LETTERS[kind], *values)
        out += struct.pack(order + "HH" + number, tag, kind, len(values))
        if len(data) <= (8 if wide else 4):
            out += data.ljust(8 if wide else 4, b"\0")
        else:
            out += struct.pack(order + number, beyond + len(extra))
            extra += data
    return out, extra


def tiff(samples, bits, photometric, tile=None, rows=HEIGHT, separate=False, big=False,
         deflate=True, tags=(), wide=False, pages=(), predictor=1):
    """tags: {tag: (type, values)} beside the usual ones; wide: BigTIFF; pages: the first of those
    that follow, (samples, tags) of each."""
    number, order = "Q" if wide else "I", ">" if big else "<"
    kind = {"u": 1, "i": 2, "f": 3}[bits[0]] if isinstance(bits, str) else 1
    depth = 8 * int(bits[1:]) if isinstance(bits, str) else bits
    body, start = b"", 16 if wide else 8
    links = []
    for page_samples, page_tags in [(samples, dict(tags)), *pages]:
        blocks = list(blocks_of(page_samples, bits, tile, rows, separate, big, predictor))
        blocks = [zlib.compress(block, 9) for block in blocks] if deflate else blocks
        count = page_samples.shape[2]
        entries = {256: (3, [WIDTH]), 257: (3, [HEIGHT]), 258: (3, [depth] * count),
                   259: (3, [8 if deflate else 1]), 262: (3, [photometric]), 277: (3, [count]),
                   284: (3, [2 if separate else 1])}
        if kind != 1:
            entries[339] = (3, [kind] * count)
        if predictor != 1:
            entries[317] = (3, [predictor])
        places = [start + len(body) + sum(map(len, blocks[:i])) for i in range(len(blocks))]
        sizes = [len(block) for block in blocks]
        if tile:
            entries.update({322: (3, [tile[1]]), 323: (3, [tile[0]]), 324: (4, places),
                            325: (4, sizes)})
        else:
            entries.update({278: (3, [rows]), 273: (4, places), 279: (4, sizes)})
        entries.update(page_tags)
        body += b"".join(blocks)
        links.append(start + len(body))
        out, extra = directory_of(entries, start + len(body), order, wide)
        body += out
        hole, body = len(body), body + struct.pack(order + number, 0) + extra
        links[-1] = (links[-1], hole)
    for (_, hole), (place, _) in zip(links, links[1:]):
        link = struct.pack(order + number, place)
        body = body[:hole] + link + body[hole + len(link):]
    magic = (b"MM\0" if big else b"II") + (b"+" if wide else b"*") + (b"" if big else b"\0")
    if wide:
        magic += struct.pack(order + "HH", 8, 0)
    return magic + struct.pack(order + number, links[0][0]) + body


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
    signed = waves(1) - 128
    add("tiff_signed_8.tif", tiff(signed, "i1", 1), grey_rgb(signed + 128))
    add_bad("bad_lab.tif", saved(Image.fromarray(waves(3).astype(np.uint8), "LAB"), "TIFF"))
    add_bad("bad_ycbcr.tif", tiff(samples, 8, 6))
    add_bad("bad_samples.tif", tiff(waves(2), 8, 2))
    add_bad("bad_codec.tif", tiff(samples, 8, 2, tags={259: (3, [50001])}))
    add_bad("bad_12_bits.tif", tiff(waves(1), 8, 1, tags={258: (3, [12])}))
    add_bad("bad_huge.tif", tiff(samples, 8, 2, tags={256: (4, [2 ** 31]), 257: (4, [2 ** 31])}))
    add_bad("bad_huge_tile.tif", tiff(samples, 8, 2, tile=(16, 16), tags={
        322: (4, [2 ** 20]), 323: (4, [2 ** 20])}))
    add_bad("bad_no_strips.tif", tiff(samples, 8, 2, tags={273: (4, [10 ** 6]), 279: (4, [99])}))
    add_bad("bad_zero.tif", tiff(samples, 8, 2, tags={256: (3, [0])}))


def ranged(values, low, high):
    part = np.clip((np.nan_to_num(values.astype(np.float64), nan=low) - low) / (high - low), 0, 1)
    return (part * 255 + 0.5).astype(np.int64)


def tiff_depths():
    """Samples of other types and widths."""
    for bits in (3, 5, 9, 10, 12, 14):
        top = 2 ** bits - 1
        samples = waves(1, top)
        eight = narrow(samples * 65535 // top) if bits > 8 else samples * 255 // top
        for form, options in (("strips", {"rows": 5}), ("tiles", {"tile": (16, 16), "big": True})):
            add(f"tiff_grey{bits:02}_{form}.tif", tiff(samples, bits, 1, **options),
                grey_rgb(eight))
    samples = waves(4, 4095)
    eight = narrow(samples * 65535 // 4095)[:, :, :3]
    for form, options in (("strips", {"rows": 5}), ("planes", {"separate": True})):
        add(f"tiff_rgba12_{form}.tif", tiff(samples, 12, 2, tags={338: (3, [2])}, **options), eight)
    add("tiff_white0_12.tif", tiff(samples[:, :, :1], 12, 0), grey_rgb(255 - eight[:, :, 0]))
    for kind, top in (("i1", 127), ("i2", 32767)):
        values = waves(1, 2 * top) - top
        add(f"tiff_{kind}.tif", tiff(values, kind, 1, big=True),
            grey_rgb(ranged(values, -top - 1, top)))
    for kind in ("i2", "i4", "u2", "u4", "f2", "f4", "f8"):
        values = waves(3, 3000) - (0 if kind[0] == "u" else 1000)
        shown = ranged(values, 100, 1500)
        for form, options in (("strips", {"rows": 7}),
                              ("planes", {"separate": True, "tile": (16, 16), "big": True})):
            add(f"tiff_range_{kind}_{form}.tif", tiff(values, kind, 2, **options), shown,
                (100, 1500))
    heights = waves(1, 3000) / 1000 - 1.25
    heights[3, 4], heights[5, 6], heights[7, 8] = np.nan, np.inf, -np.inf
    add("tiff_heights.tif", tiff(heights, "f4", 1), grey_rgb(ranged(heights, -1.25, 0.75)),
        (-1.25, 0.75))
    add("tiff_heights_white0.tif", tiff(heights, "f8", 0),
        grey_rgb(255 - ranged(heights, -1.25, 0.75)), (-1.25, 0.75))
    add("tiff_predicted_float.tif", tiff(heights, "f4", 1, predictor=3),
        grey_rgb(ranged(heights, -1.25, 0.75)), (-1.25, 0.75))
    for bits in (8, 16):
        samples = waves(3, 2 ** bits - 1)
        add(f"tiff_predicted_{bits}.tif", tiff(samples, bits, 2, predictor=2, big=bits == 16),
            narrow(samples) if bits == 16 else samples)
    add_bad("bad_float_no_range.tif", tiff(heights, "f4", 1))
    add_bad("bad_u32_no_range.tif", tiff(waves(1, 3000), "u4", 1))
    add_bad("bad_complex.tif", tiff(heights, "f8", 1, tags={339: (3, [6])}))
    add_bad("bad_u64.tif", tiff(waves(1), "u8", 1))


def tiff_files_of_pages():
    one, two, three = waves(3), waves(3), waves(3)
    small, mask = {254: (4, [1])}, {254: (4, [4])}
    for name, options in (("pages", {}), ("wide_pages", {"wide": True, "big": True})):
        data = tiff(one, 8, 2, pages=[(three, small), (two, {254: (4, [2])}), (one, mask),
                                      (three, {})], **options)
        add(f"tiff_{name}.tif", data, one)
        add_page(f"tiff_{name}.tif#1", one)
        add_page(f"tiff_{name}.tif#2", two)
        add_page(f"tiff_{name}.tif#3", three)
    add("tiff_wide.tif", tiff(one, 8, 2, wide=True, tags={274: (3, [6])}), np.rot90(one, -1))
    add("tiff_all_small.tif", tiff(one, 8, 2, tags=small, pages=[(two, small)]), one)
    data = tiff(one, 8, 2, pages=[(two, {})])
    add("tiff_one_page.tif#2", data, one)  # the name of a file, not of a page
    first = data[4:8]
    last = len(data) - 10  # the link of the last directory; its depths lie behind it
    add_bad("bad_circle.tif", data[:last] + first + data[last + 4:])
    add_bad("bad_lost_page.tif", data[:last] + b"\0\xff\xff\0" + data[last + 4:])
