// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/facts.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define FACTS_PATH PINS_KERNEL "/types"
#define NEW_PATH PINS_KERNEL "/types_new"
#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* Pins end with their kernel. This makes sure. */
static uint64_t digest_kernel(void)
{
	struct utsname name = { 0 };
	struct stat status = { 0 };
	uint64_t size;
	uint64_t digest;

	uname(&name);
	stat(BTF_PATH, &status);
	size = (uint64_t)status.st_size;
	digest = digest_add(DIGEST_BEGIN, name.release, strlen(name.release));
	digest = digest_add(digest, name.version, strlen(name.version));
	return digest_add(digest, &size, sizeof(size));
}

static size_t total_size(const struct facts *facts)
{
	return sizeof(*facts) + facts->size;
}

static uint64_t checksum(const struct facts *facts)
{
	const uint8_t *from = (const uint8_t *)&facts->layout;

	return digest_add(DIGEST_BEGIN, from, total_size(facts) - offsetof(struct facts, layout));
}

static bool is_right(const struct facts *facts, size_t size, uint64_t wanted)
{
	return facts->wanted == wanted && facts->kernel == digest_kernel() &&
	       total_size(facts) == size && facts->checksum == checksum(facts);
}

struct facts *facts_recall(uint64_t wanted)
{
	cleanup_close int map = -1;
	cleanup_free struct facts *facts = NULL;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t zero = 0;

	if (bpffs_check_directory(PINS_ROOT, NULL) || bpffs_check_directory(PINS_KERNEL, NULL))
		return NULL;
	map = bpf_obj_get(FACTS_PATH);
	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) < 0 ||
	    info.type != BPF_MAP_TYPE_ARRAY || info.max_entries != 1 ||
	    info.value_size < sizeof(*facts) || info.value_size > sizeof(*facts) + FACTS_BTF_MAX)
		return NULL;
	/* The kernel copies values in multiples of 8 bytes. */
	facts = malloc(info.value_size + 8);
	if (!facts || bpf_map_lookup_elem(map, &zero, facts) < 0 ||
	    !is_right(facts, info.value_size, wanted))
		return NULL;
	return cleanup_steal(facts);
}

/* The map is whole before it has a name, and nobody can write to it then. */
void facts_remember(struct facts *facts, uint64_t wanted)
{
	cleanup_close int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "cgfence_types",
					       sizeof(uint32_t), (uint32_t)total_size(facts), 1,
					       NULL);
	uint32_t zero = 0;

	facts->wanted = wanted;
	facts->kernel = digest_kernel();
	facts->checksum = checksum(facts);
	if (map < 0 || bpf_map_update_elem(map, &zero, facts, BPF_ANY) < 0 || bpf_map_freeze(map))
		return;
	if (mkdir(PINS_KERNEL, 0700) < 0 && errno != EEXIST)
		return;
	unlink(NEW_PATH);
	if (bpf_obj_pin(map, NEW_PATH) == 0)
		rename(NEW_PATH, FACTS_PATH);
}
