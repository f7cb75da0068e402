// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Looks for damaged images that are taken for whole, or harm who reads them. The first byte chooses a policy; then come
 * changes of its image, each a place of 2 bytes and a value of 4. So the inputs outlive changes of the layout.
 */
#include "base/cleanup.h"
#include "fuzz/support/require.h"
#include "image/image.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const policies[] = {
	"{\"devices\": {}}",
	"{\"devices\": {\"defaults\": true, \"deny\": [\"c 1:3 w\", \"b *:* m\"]}, \"name\": \"web\"}",
	"{\"devices\": {\"allow\": [\"a *:* r\", \"b 8:* rw\", \"c *:7 w\", \"c 10:229 rwm\"]}, \"enforce\": false}",
	"{\"ports\": []}",
	"{\"ports\": {\"tcp\": \"any\", \"udp\": [53], \"sctp\": \"any\"}, \"on_violation\": \"kill\"}",
	"{\"devices\": {\"defaults\": true}, \"ports\": [80, \"ipv6:443\", \"8000-9000\"],"
	" \"isolated_range\": [\"1-32767\"], \"netns\": \"any\", \"privileged_ports\": true}",
};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static struct cgfence_image *compile(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_image *image = NULL;
	struct cgfence_error error = { 0 };

	require(cgfence_policy_parse(text, strlen(text), "fuzz", &policy, &error) == 0 &&
			image_compile(policy, 1, false, &image, &error) == 0,
		"a policy is wrong", error.text);
	return image;
}

/* Compiling takes longer than all else. Return: to be given to free(). */
static struct cgfence_image *copy_image(uint8_t choice)
{
	static struct cgfence_image *images[POLICIES];
	struct cgfence_image **image = &images[choice % POLICIES];
	struct cgfence_image *copy;

	if (!*image)
		*image = compile(policies[choice % POLICIES]);
	copy = malloc((*image)->size);
	require(copy, "out of memory", "");
	return memcpy(copy, *image, (*image)->size);
}

/* Every change is of a whole word, as the fields are. A place past the end changes the size. Return: the new size. */
static size_t damage(struct cgfence_image *image, const uint8_t *data, size_t size)
{
	size_t image_size = image->size;
	size_t kept = image_size;
	uint16_t place;
	uint32_t value;

	for (; size >= sizeof(place) + sizeof(value); size -= sizeof(place) + sizeof(value)) {
		memcpy(&place, data, sizeof(place));
		memcpy(&value, data + sizeof(place), sizeof(value));
		data += sizeof(place) + sizeof(value);
		if (place < image_size / sizeof(value))
			memcpy((char *)image + place * sizeof(value), &value, sizeof(value));
		else
			kept = value % (image_size + 1);
	}
	return kept;
}

/* The sanitizer sees a word that is read outside of the image. */
static void judge(const struct cgfence_image *image)
{
	static volatile bool sink;

	for (uint32_t port = 1; port < 65536; port += 61) {
		for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
			for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++)
				sink ^= cgfence_port_allowed(image, protocol, family, port);
		}
	}
	for (uint32_t port = 1; port < CGFENCE_PRIVILEGED_PORTS; port++)
		sink ^= cgfence_port_is_waived(image, CGFENCE_TCP, CGFENCE_IPV4, port);
	for (uint32_t i = 0; i < 256; i++)
		sink ^= cgfence_device_allowed(
			image, cgfence_device_request((i & 7) << 16 | (i & 8 ? BPF_DEVCG_DEV_CHAR
									     : BPF_DEVCG_DEV_BLOCK),
						      i * 37 % 4096, i * 7919 % 1048576));
}

static void read_back(const struct cgfence_image *image)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;

	if (image_decompile(image, &policy, &error)) {
		require(!policy && *error.text, "it is refused without a reason", "");
		return;
	}
	text = require_text(policy);
	require(!policy->name || strstr(text, "\"name\""), "it has a name that cannot be written",
		policy->name);
	/* Nothing makes an image that fences nothing, and none is read from text. */
	if (policy->devices_fenced || policy->ports_fenced)
		require_reads_back(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_free struct cgfence_image *piece = NULL;
	struct cgfence_error error = { 0 };
	size_t kept;

	if (!size)
		return 0;
	image = copy_image(data[0]);
	kept = damage(image, data + 1, size - 1);
	/* Of exactly this size, so that the sanitizer sees its end. */
	piece = malloc(kept ? kept : 1);
	require(piece, "out of memory", "");
	memcpy(piece, image, kept);
	if (image_check(piece, kept, &error)) {
		require(*error.text, "it is refused without a reason", "");
		return 0;
	}
	judge(piece);
	read_back(piece);
	return 0;
}
