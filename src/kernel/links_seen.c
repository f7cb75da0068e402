// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/links_seen.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/yield.h"
#include "kernel/kernel_btf.h"
#include "kernel/quiet.h"
#include "kernel/sections.h"
#include "links.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)

static void cleanup_destroy_skeleton(struct links_bpf **skeleton)
{
	links_bpf__destroy(*skeleton);
}

/* Return: NULL if the kernel takes no such program now. */
static struct links_bpf *load(void)
{
	QUIET_LIBBPF;
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	__attribute__((cleanup(cleanup_destroy_skeleton))) struct links_bpf *skeleton =
		links_bpf__open_opts(&options);

	if (!skeleton || sections_prepare(skeleton->obj) || links_bpf__load(skeleton))
		return NULL;
	return cleanup_steal(skeleton);
}

static bool add(struct links_seen *links, const struct cgfence_link_seen *seen)
{
	struct cgfence_link_seen *items =
		array_with_room(links->items, links->count, &links->capacity, sizeof(*items));

	if (!items)
		return false;
	links->items = items;
	items[links->count++] = *seen;
	return true;
}

static bool read_all(struct links_seen *links, int fd, char *buffer)
{
	ssize_t length;

	while ((length = read(fd, buffer, BUFFER_SIZE)) != 0) {
		yield_now();
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (length < 0)
			return false;
		/* A read returns whole records, since the buffer of the kernel ends after one. */
		for (ssize_t i = 0; i + (ssize_t)sizeof(*links->items) <= length;
		     i += (ssize_t)sizeof(*links->items)) {
			if (!add(links, (const struct cgfence_link_seen *)(buffer + i)))
				return false;
		}
	}
	return true;
}

static int compare_links(const void *left, const void *right)
{
	const struct cgfence_link_seen *a = left;
	const struct cgfence_link_seen *b = right;

	return a->link_id < b->link_id ? -1 : a->link_id > b->link_id;
}

bool links_seen_read(struct links_seen *links, uint64_t types)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	cleanup_close int link = -1;
	cleanup_close int fd = -1;

	links->count = 0;
	if (!links->iterator && !links->refused) {
		links->iterator = load();
		/* It is a saving only, so what fails once is not tried again by this process. */
		links->refused = !links->iterator;
	}
	if (links->refused || !buffer)
		return false;
	links->iterator->bss->cgfence_link_types = types;
	link = bpf_link_create(bpf_program__fd(links->iterator->progs.cgfence_links), 0,
			       BPF_TRACE_ITER, NULL);
	fd = link < 0 ? -1 : bpf_iter_create(link);
	if (fd < 0 || !read_all(links, fd, buffer)) {
		links->count = 0;
		return false;
	}
	if (links->count)
		qsort(links->items, links->count, sizeof(*links->items), compare_links);
	return true;
}

const struct cgfence_link_seen *links_seen_find(const struct links_seen *links, uint32_t link_id)
{
	const struct cgfence_link_seen key = { .link_id = link_id };

	return links->count ? bsearch(&key, links->items, links->count, sizeof(key), compare_links)
			    : NULL;
}

void links_seen_free(struct links_seen *links)
{
	links_bpf__destroy(links->iterator);
	free(links->items);
	*links = (struct links_seen){ 0 };
}
