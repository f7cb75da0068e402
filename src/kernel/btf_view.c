// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/btf_view.h"
#include "base/cleanup.h"

#include <string.h>

/* Younger than the headers of some build hosts. */
enum { KIND_DECL_TAG = 17, KIND_TYPE_TAG = 18, KIND_ENUM64 = 19 };

/* In bytes, of what follows a type: once, and for each of its parts. */
struct tail {
	uint32_t fixed;
	uint32_t part;
	bool known;
};

static const struct tail tails[] = {
	[BTF_KIND_INT] = { sizeof(uint32_t), 0, true },
	[BTF_KIND_PTR] = { 0, 0, true },
	[BTF_KIND_ARRAY] = { sizeof(struct btf_array), 0, true },
	[BTF_KIND_STRUCT] = { 0, sizeof(struct btf_member), true },
	[BTF_KIND_UNION] = { 0, sizeof(struct btf_member), true },
	[BTF_KIND_ENUM] = { 0, sizeof(struct btf_enum), true },
	[BTF_KIND_FWD] = { 0, 0, true },
	[BTF_KIND_TYPEDEF] = { 0, 0, true },
	[BTF_KIND_VOLATILE] = { 0, 0, true },
	[BTF_KIND_CONST] = { 0, 0, true },
	[BTF_KIND_RESTRICT] = { 0, 0, true },
	[BTF_KIND_FUNC] = { 0, 0, true },
	[BTF_KIND_FUNC_PROTO] = { 0, sizeof(struct btf_param), true },
	[BTF_KIND_VAR] = { sizeof(struct btf_var), 0, true },
	[BTF_KIND_DATASEC] = { 0, sizeof(struct btf_var_secinfo), true },
	[BTF_KIND_FLOAT] = { 0, 0, true },
	[KIND_DECL_TAG] = { sizeof(uint32_t), 0, true },
	[KIND_TYPE_TAG] = { 0, 0, true },
	[KIND_ENUM64] = { 0, 3 * sizeof(uint32_t), true },
};

#define KINDS (sizeof(tails) / sizeof(tails[0]))

/* Types are a multiple of 4 bytes long. Return: how long the one at @offset is, or 0 if it is damaged or not known. */
static uint32_t size_at(const char *types, uint32_t end, uint32_t offset)
{
	const struct btf_type *type = (const struct btf_type *)(const void *)(types + offset);
	const struct tail *tail;
	uint64_t size;

	if (end - offset < sizeof(*type) || btf_kind(type) >= KINDS)
		return 0;
	tail = &tails[btf_kind(type)];
	size = sizeof(*type) + tail->fixed + (uint64_t)tail->part * btf_vlen(type);
	return tail->known && size <= end - offset ? (uint32_t)size : 0;
}

/* No type is shorter than its beginning, so there is room for all. */
static int find_types(struct btf_view *view, uint32_t end)
{
	uint32_t offset = 0;

	view->offsets = malloc((end / sizeof(struct btf_type) + 1) * sizeof(*view->offsets));
	if (!view->offsets)
		return -ENOMEM;
	for (view->count = 1; offset < end; view->count++) {
		uint32_t size = size_at(view->types, end, offset);

		if (!size)
			return -EINVAL;
		view->offsets[view->count] = offset;
		offset += size;
	}
	return 0;
}

static bool is_part(const struct btf_header *header, size_t size, uint32_t offset, uint32_t length)
{
	return header->hdr_len <= size && offset <= size - header->hdr_len &&
	       length <= size - header->hdr_len - offset;
}

int btf_view_open(const void *bytes, size_t size, struct btf_view *view)
{
	const struct btf_header *header = bytes;
	struct btf_view opened = { 0 };
	int result;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC ||
	    header->version != BTF_VERSION ||
	    !is_part(header, size, header->type_off, header->type_len) ||
	    !is_part(header, size, header->str_off, header->str_len) ||
	    (header->hdr_len | header->type_off) % sizeof(uint32_t))
		return -EINVAL;
	opened.types = (const char *)bytes + header->hdr_len + header->type_off;
	opened.strings = (const char *)bytes + header->hdr_len + header->str_off;
	opened.string_size = header->str_len;
	if (!opened.string_size || opened.strings[opened.string_size - 1])
		return -EINVAL;
	result = find_types(&opened, header->type_len);
	if (result)
		btf_view_close(&opened);
	else
		*view = opened;
	return result;
}

void btf_view_close(struct btf_view *view)
{
	free(view->offsets);
	*view = (struct btf_view){ 0 };
}
