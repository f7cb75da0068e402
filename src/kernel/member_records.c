// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/member_records.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rows of accepted bytes that a part has; all before them is that of the first one. */
static void cut_part(const struct cgfence_glob *glob, uint16_t number,
		     uint8_t part[CGFENCE_GLOB_PART_SIZE])
{
	size_t head = offsetof(struct cgfence_glob, accepts);
	size_t first = (size_t)number * CGFENCE_GLOB_CLASSES;
	size_t rows = 256 - first < CGFENCE_GLOB_CLASSES ? 256 - first : CGFENCE_GLOB_CLASSES;

	memset(part, 0, CGFENCE_GLOB_PART_SIZE);
	memcpy(part, glob, head);
	memcpy(part + head, glob->accepts[first], rows * sizeof(glob->accepts[0]));
}

static int put_glob(int map, struct cgfence_glob_key *key, const struct cgfence_glob *glob)
{
	uint8_t part[CGFENCE_GLOB_PART_SIZE];

	for (key->part = 0; key->part * CGFENCE_GLOB_CLASSES < glob->class_count; key->part++) {
		cut_part(glob, key->part, part);
		if (bpf_map_update_elem(map, key, part, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

int member_globs_put(int map, uint32_t place, const struct standing_globs *globs)
{
	int result = 0;

	for (size_t i = 0; i < globs->count && result == 0; i++) {
		struct cgfence_glob_key key = { .bits = CGFENCE_GLOB_BITS,
						.place = place,
						.index = (uint16_t)i };

		result = put_glob(map, &key, &globs->items[i]);
	}
	return result;
}

void member_globs_drop(int map, uint32_t place, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cgfence_glob_key key = { .bits = CGFENCE_GLOB_BITS,
						.place = place,
						.index = (uint16_t)i };

		while (key.part < CGFENCE_GLOB_PARTS && bpf_map_delete_elem(map, &key) == 0)
			key.part++;
	}
}

static struct cgfence_gone_key key_of_part(uint64_t fence_id, uint32_t number, uint32_t part)
{
	return (struct cgfence_gone_key){
		.bits = CGFENCE_GONE_BITS,
		.part = number * CGFENCE_GONE_PARTS + part,
		.fence_id = fence_id,
	};
}

void member_gone_drop(int map, uint64_t fence_id)
{
	for (uint32_t i = 0; i < CGFENCE_GONE_NAMES; i++) {
		for (uint32_t part = 0; part < CGFENCE_GONE_PARTS; part++) {
			const struct cgfence_gone_key key = key_of_part(fence_id, i, part);

			if (bpf_map_delete_elem(map, &key) < 0)
				break;
		}
	}
}

/* Return: the length of the names of the member of this number, 0 if it is another one. */
static size_t read_parts(int map, uint64_t fence_id, uint32_t number, uint64_t member,
			 uint32_t components,
			 char text[CGFENCE_GONE_PARTS * CGFENCE_GONE_PART_SIZE])
{
	struct cgfence_gone gone = { .length = 1 };
	size_t length = 0;

	for (uint32_t i = 0; length < gone.length && i < CGFENCE_GONE_PARTS; i++) {
		const struct cgfence_gone_key key = key_of_part(fence_id, number, i);

		/* The programs may be about to put another one there. */
		if (bpf_map_lookup_elem(map, &key, &gone) < 0 || gone.id != member ||
		    gone.components != components)
			return 0;
		memcpy(text + length, gone.text, sizeof(gone.text));
		length += sizeof(gone.text);
	}
	return gone.length < length ? gone.length : length;
}

/* Their order is that of a path. */
static int join(const char *text, size_t length, uint32_t components, char **path)
{
	const char *names[CGFENCE_PATTERN_DEPTH];
	const char *at = text;
	size_t size = 0;
	FILE *stream;

	for (uint32_t i = 0; i < components; i++) {
		names[i] = at < text + length ? at : "";
		at += strlen(names[i]) + 1;
	}
	*path = NULL;
	stream = open_memstream(path, &size);
	if (!stream)
		return -ENOMEM;
	for (uint32_t i = components; i-- > 0;)
		fprintf(stream, "/%s", names[i]);
	if (fclose(stream) == 0)
		return 0;
	free(*path);
	return -ENOMEM;
}

int member_gone_read(int map, uint64_t fence_id, uint64_t member, uint32_t components, char **path)
{
	for (uint32_t i = 0; i < CGFENCE_GONE_NAMES; i++) {
		char text[CGFENCE_GONE_PARTS * CGFENCE_GONE_PART_SIZE + 1];
		size_t length = read_parts(map, fence_id, i, member, components, text);

		if (!length)
			continue;
		text[length] = '\0';
		return join(text, length, components, path);
	}
	return -ENOENT;
}

int member_lost_put(int map, uint32_t place, uint64_t id)
{
	const struct cgfence_lost_key key = CGFENCE_LOST_KEY(place, id);
	const uint32_t there = 1;

	return bpf_map_update_elem(map, &key, &there, BPF_ANY) < 0 ? -errno : 0;
}

/* The kernel begins anew behind a key that is gone, so the next one is asked for first. */
void member_lost_drop(int map, uint32_t place)
{
	struct cgfence_lost_key key;
	struct cgfence_lost_key next;
	bool more = bpf_map_get_next_key(map, NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		if (key.place == place)
			bpf_map_delete_elem(map, &key);
	}
}
