// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/foreign_maps.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/error.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>

/* MAX_USED_MAPS (include/linux/bpf_verifier.h) */
#define MAPS_MAX 64
/* An array of some million entries, of which most are zero, is read in a second. */
#define ENTRIES_MAX 65536
/* Values of maps with one for each processor are rounded up to this. */
#define PER_CPU_ALIGNMENT 8

/* BPF_MAP_TYPE_CGRP_STORAGE, which headers before Linux 6.2 lack. */
#define MAP_TYPE_CGRP_STORAGE 32

enum content {
	CONTENT_HIDDEN,	 /* there is no way to list it */
	CONTENT_ENTRIES, /* keys and values */
	CONTENT_WRITTEN, /* the program writes there what others read */
	CONTENT_OF_EACH, /* something for each cgroup or process */
};

static const struct kind {
	uint32_t type;
	enum content content;
	bool is_per_cpu;
} kinds[] = {
	{ BPF_MAP_TYPE_ARRAY, CONTENT_ENTRIES, false },
	{ BPF_MAP_TYPE_HASH, CONTENT_ENTRIES, false },
	{ BPF_MAP_TYPE_LRU_HASH, CONTENT_ENTRIES, false },
	{ BPF_MAP_TYPE_LPM_TRIE, CONTENT_ENTRIES, false },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, CONTENT_ENTRIES, true },
	{ BPF_MAP_TYPE_PERCPU_HASH, CONTENT_ENTRIES, true },
	{ BPF_MAP_TYPE_LRU_PERCPU_HASH, CONTENT_ENTRIES, true },
	{ BPF_MAP_TYPE_RINGBUF, CONTENT_WRITTEN, false },
	{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, CONTENT_WRITTEN, false },
	{ BPF_MAP_TYPE_STACK_TRACE, CONTENT_WRITTEN, false },
	{ BPF_MAP_TYPE_CGROUP_STORAGE, CONTENT_OF_EACH, false },
	{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, CONTENT_OF_EACH, true },
	{ MAP_TYPE_CGRP_STORAGE, CONTENT_OF_EACH, false },
	{ BPF_MAP_TYPE_TASK_STORAGE, CONTENT_OF_EACH, false },
};

static struct kind kind_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == type)
			return kinds[i];
	}
	return (struct kind){ .type = type, .content = CONTENT_HIDDEN };
}

/* ---- one after the other ---- */

/* Return: 0 to go on, or -errno. */
typedef int map_visitor(int map, const struct bpf_map_info *info, void *context,
			struct cgfence_error *error);

static int visit_map(uint32_t id, map_visitor *visit, void *context, struct cgfence_error *error)
{
	cleanup_close int map = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) < 0)
		return kernel_error(error, errno, "open map %u", id);
	return visit(map, &info, context, error);
}

static int visit_maps(int program, map_visitor *visit, void *context, struct cgfence_error *error)
{
	uint32_t ids[MAPS_MAX];
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids };
	uint32_t size = sizeof(info);
	int result = 0;

	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		return kernel_error(error, errno, "list the maps of a program");
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX && result == 0; i++)
		result = visit_map(ids[i], visit, context, error);
	return result;
}

/* ---- may it be asked? ---- */

static int check_map(int map, const struct bpf_map_info *info, void *context,
		     struct cgfence_error *error)
{
	(void)map;
	(void)context;
	return kind_of(info->type).content != CONTENT_OF_EACH
		       ? 0
		       : error_set(
				 error, ENOTSUP,
				 "it keeps something for each cgroup or process in the map %u '%s', so another one is answered otherwise",
				 info->id, info->name);
}

int foreign_maps_check_asking(int program, struct cgfence_error *error)
{
	return visit_maps(program, check_map, NULL, error);
}

/* ---- what they hold ---- */

struct reading {
	foreign_maps_visitor *visit;
	void *context;
};

struct entries {
	int map;
	size_t key_words;
	size_t value_words;
	uint32_t *key; /* the value follows */
	uint32_t *next;
};

static size_t words_of(size_t size)
{
	return (size + sizeof(uint32_t) - 1) / sizeof(uint32_t);
}

static size_t value_size(const struct bpf_map_info *info)
{
	size_t aligned = (info->value_size + PER_CPU_ALIGNMENT - 1) & ~(PER_CPU_ALIGNMENT - 1ULL);
	int processors = kind_of(info->type).is_per_cpu ? libbpf_num_possible_cpus() : 1;

	return kind_of(info->type).is_per_cpu && processors > 0 ? aligned * (size_t)processors
								: info->value_size;
}

/* What was removed meanwhile is no entry. */
static int visit_entry(const struct entries *entries, const struct reading *reading)
{
	uint32_t *value = entries->key + entries->key_words;

	if (bpf_map_lookup_elem(entries->map, entries->key, value) < 0)
		return errno == ENOENT ? 0 : -errno;
	return reading->visit(entries->key, entries->key_words + entries->value_words,
			      reading->context);
}

/* Return: 0, -E2BIG if there are too many, another -errno. */
static int visit_entries(struct entries *entries, const struct reading *reading)
{
	const void *last = NULL;

	for (size_t i = 0; i <= ENTRIES_MAX; i++) {
		int result;

		if (bpf_map_get_next_key(entries->map, last, entries->next) < 0)
			return errno == ENOENT ? 0 : -errno;
		for (size_t j = 0; j < entries->key_words; j++)
			entries->key[j] = entries->next[j];
		last = entries->key;
		result = visit_entry(entries, reading);
		if (result)
			return result;
	}
	return -E2BIG;
}

static int read_entries(int map, const struct bpf_map_info *info, const struct reading *reading)
{
	cleanup_free uint32_t *memory = NULL;
	struct entries entries = {
		.map = map,
		.key_words = words_of(info->key_size),
		.value_words = words_of(value_size(info)),
	};

	memory = calloc(2 * entries.key_words + entries.value_words + 2, sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	entries.next = memory;
	entries.key = memory + entries.key_words;
	return visit_entries(&entries, reading);
}

static int refuse_map(const struct bpf_map_info *info, int code, struct cgfence_error *error)
{
	return error_set(error, -code,
			 "%s the map %u '%s', so it is not known which devices it names",
			 code == -E2BIG ? "there is too much in" : "nobody can list what is in",
			 info->id, info->name);
}

static int read_map(int map, const struct bpf_map_info *info, void *context,
		    struct cgfence_error *error)
{
	enum content content = kind_of(info->type).content;
	int result = content == CONTENT_ENTRIES	 ? read_entries(map, info, context)
		     : content == CONTENT_HIDDEN ? -ENOTSUP
						 : 0;

	if (result == -ENOMEM)
		return error_out_of_memory(error);
	return result ? refuse_map(info, result, error) : 0;
}

int foreign_maps_read(int program, foreign_maps_visitor *visit, void *context,
		      struct cgfence_error *error)
{
	struct reading reading = { .visit = visit, .context = context };

	return visit_maps(program, read_map, &reading, error);
}
