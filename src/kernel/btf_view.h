/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads types in the format of Documentation/bpf/btf.rst where they are. libbpf would copy them first, and those of the
 * kernel are 5 MiB, of which each page that a process has not had costs a fault.
 */
#pragma once

#include <bpf/btf.h>
#include <stddef.h>
#include <stdint.h>

struct btf_view {
	const char *types;
	const char *strings;
	uint32_t string_size;
	uint32_t *offsets; /* in types, by id; there is none with the id 0 */
	uint32_t count;	   /* with the id 0 */
};

/**
 * btf_view_open() - look at types.
 * @bytes: in the byte order of this machine, aligned to 4 bytes, and there as long as the view is
 * @view: receives the view, to be given to btf_view_close()
 *
 * Return: 0, -EINVAL if they are damaged or have a kind that is not known, or -ENOMEM.
 */
int btf_view_open(const void *bytes, size_t size, struct btf_view *view);

/** btf_view_close() - free the view. */
void btf_view_close(struct btf_view *view);

/** btf_view_type() - the type with this id, or NULL. */
static inline const struct btf_type *btf_view_type(const struct btf_view *view, uint32_t id)
{
	return id && id < view->count
		       ? (const struct btf_type *)(const void *)(view->types + view->offsets[id])
		       : NULL;
}

/** btf_view_name() - the text at this offset, "" if there is none. */
static inline const char *btf_view_name(const struct btf_view *view, uint32_t offset)
{
	return offset < view->string_size ? view->strings + offset : "";
}
