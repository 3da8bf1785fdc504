#include <webp/decode.h>
#include <webp/demux.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sanitizer.h"
#include "src/image/codec.h"

static blm_status damaged(const blmi_source *source, VP8StatusCode code, blm_error *err)
{
    static const char *const texts[] = {"no fault", "out of memory", "invalid parameter",
        "damaged data", "unsupported feature", "the decoder stopped",
        "the decoder stopped", "truncated data"};
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return blmi_no_memory(err, source->name, source->size, 1);
    return blmi_fail(err, BLM_EINPUT, "%s: WebP: %s", source->name,
        (size_t)code < sizeof texts / sizeof *texts ? texts[code] : "unknown fault");
}

// Checks the whole container, which finds a file that is truncated in any part.
static blm_status read_orientation(
    const blmi_source *source, int *orientation, blm_error *err)
{
    const WebPData data = {source->bytes, source->size};
    WebPDemuxer *const demuxer = WebPDemux(&data);
    if (demuxer == NULL)
        return blmi_fail(
            err, BLM_EINPUT, "%s: WebP: damaged or truncated container", source->name);
    WebPChunkIterator exif = {0};
    const bool found = WebPDemuxGetChunk(demuxer, "EXIF", 1, &exif);
    blmi_note_written(&exif, sizeof exif);
    if (found)
        *orientation = blmi_exif_orientation(exif.chunk.bytes, exif.chunk.size);
    WebPDemuxReleaseChunkIterator(&exif);
    WebPDemuxDelete(demuxer);
    return BLM_OK;
}

blm_status blmi_webp_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    WebPDecoderConfig config = {0};
    if (!WebPInitDecoderConfig(&config))
        return blmi_fail(err, BLM_EBUG,
            "%s: WebP: the libwebp library is older than its header", source->name);
    VP8StatusCode code = WebPGetFeatures(source->bytes, source->size, &config.input);
    if (code != VP8_STATUS_OK)
        return damaged(source, code, err);
    blmi_note_written(&config, sizeof config);
    if (config.input.has_animation)
        return blmi_fail(err, BLM_EINPUT,
            "%s: WebP: an animation, expected a single image", source->name);
    const int width = config.input.width, height = config.input.height;
    BLMI_TRY(blmi_image_allocate(
        image, source, "WebP", (uint64_t)width, (uint64_t)height, err));
    BLMI_TRY(read_orientation(source, orientation, err));
    image->channels = 3;
    image->bits = 8;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image->rgb;
    config.output.u.RGBA.stride = 3 * width;
    config.output.u.RGBA.size = (size_t)width * (size_t)height * 3;
    code = WebPDecode(source->bytes, source->size, &config);
    if (code != VP8_STATUS_OK)
        return damaged(source, code, err);
    blmi_note_written(image->rgb, config.output.u.RGBA.size);
    return BLM_OK;
}
