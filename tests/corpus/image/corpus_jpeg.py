"""JPEG, WebP and orientations; see make.py."""
import struct

from corpus import CMYK, GREY, PALETTE, RGB, RGBA, Image, add, add_bad, np, pillow_rgb, saved, waves


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
            name = f"exif_type{kind}_{len(values)}_{values[0]}_{'mm' if big else 'ii'}"
            add(f"{name}.jpg", saved(RGB, "JPEG", exif=b"Exif\0\0" + exif_bytes(kind, values, big)))
    add("jpeg_exif_nonsense.jpg", saved(RGB, "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff"),
        pillow_rgb(saved(RGB, "JPEG")))
    good = saved(RGB, "JPEG", quality=85)
    add_bad("bad_half.jpg", good[:len(good) // 2])
    add_bad("bad_no_frame.jpg", good[:2] + good[-2:])
    frame = good.index(b"\xff\xc0")
    add_bad("bad_huge.jpg", good[:frame + 5] + b"\xff\xff\xff\xff" + good[frame + 9:])
    add_bad("bad_two_components.jpg", good[:frame + 9] + b"\2" + good[frame + 10:])


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
