// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/kernel_btf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "kernel/btf_extract.h"
#include "kernel/facts.h"
#include "kernel/quiet.h"
#include "kernel_names.h"

#include <cgfence/trial.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3 */
#endif

/* Those of the programs, and what is told to programs that libbpf does not adapt (kernel/layout.c). */
static const char *types[] = { KERNEL_TYPE_NAMES "inet_sock" };
static const char *members[] = { KERNEL_MEMBER_NAMES "local_port_range" };

static const struct btf_target targets[] = {
	{ "bpf_iter_bpf_link", BTF_KIND_FUNC },
	{ "bpf_iter_task", BTF_KIND_FUNC },
	{ "bpf_iter_task_file", BTF_KIND_FUNC },
	{ "bpf_lsm_socket_listen", BTF_KIND_FUNC },
	{ "btf_trace_cgroup_mkdir", BTF_KIND_TYPEDEF },
	{ "btf_trace_cgroup_rmdir", BTF_KIND_TYPEDEF },
	{ "btf_trace_inet_sock_set_state", BTF_KIND_TYPEDEF },
};

#define BTF_PATH "/sys/kernel/btf/vmlinux"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(COUNT(targets) <= FACTS_TARGETS_MAX, "raise FACTS_TARGETS_MAX");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* What this process knows, which does not change any more; NULL before that, and on a kernel without BTF. */
static struct facts *known;

static uint64_t digest_names(uint64_t digest, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		digest = digest_add(digest, names[i], strlen(names[i]) + 1);
	return digest;
}

static uint64_t digest_wanted(void)
{
	uint64_t digest = DIGEST_BEGIN + sizeof(struct facts);

	for (size_t i = 0; i < COUNT(targets); i++)
		digest = digest_names(digest, &targets[i].name, 1);
	digest = digest_names(digest, types, COUNT(types));
	return digest_names(digest, members, COUNT(members));
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static struct facts *describe(const struct btf *btf, const uint32_t *ids)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);
	struct facts *facts = bytes && size <= FACTS_BTF_MAX ? calloc(1, sizeof(*facts) + size)
							     : NULL;

	if (!facts)
		return NULL;
	kernel_layout_find(btf, &facts->layout);
	memcpy(facts->targets, ids, COUNT(targets) * sizeof(*ids));
	facts->size = size;
	memcpy(facts->btf, bytes, size);
	return facts;
}

static struct facts *extract(const void *bytes, size_t size)
{
	struct btf_wanted names = {
		.types = types,
		.type_count = COUNT(types),
		.members = members,
		.member_count = COUNT(members),
		.targets = targets,
		.target_count = COUNT(targets),
	};
	uint32_t ids[COUNT(targets)];
	struct facts *facts = NULL;
	struct btf_view whole;
	struct btf *part;

	if (btf_view_open(bytes, size, &whole))
		return NULL;
	qsort(types, COUNT(types), sizeof(types[0]), compare_names);
	qsort(members, COUNT(members), sizeof(members[0]), compare_names);
	if (btf_extract(&whole, &names, ids, &part) == 0) {
		facts = describe(part, ids);
		btf__free(part);
	}
	btf_view_close(&whole);
	return facts;
}

static struct facts *read_copy(void)
{
	struct btf *copy = btf__load_vmlinux_btf();
	uint32_t size = 0;
	const void *bytes = copy ? btf__raw_data(copy, &size) : NULL;
	struct facts *facts = bytes ? extract(bytes, size) : NULL;

	btf__free(copy);
	return facts;
}

/* Since 6.16 it can be mapped, where a read(2) gives 4 KiB of its 5 MiB. */
static struct facts *read_kernel(void)
{
	QUIET_LIBBPF;
	cleanup_close int fd = open(BTF_PATH, O_RDONLY | O_CLOEXEC);
	struct facts *facts;
	struct stat status;
	void *bytes = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0)
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return read_copy();
	facts = extract(bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return facts;
}

/* Of the names in the order in which they are written here. */
static uint64_t wanted;

/* With the lock held. */
static struct facts *recall(void)
{
	if (!wanted)
		wanted = digest_wanted();
	return facts_recall(wanted);
}

static const struct facts *find(void)
{
	const struct facts *found;

	pthread_mutex_lock(&lock);
	if (!known)
		known = recall();
	if (!known) {
		known = read_kernel();
		if (known)
			facts_remember(known, wanted);
	}
	found = known;
	pthread_mutex_unlock(&lock);
	return found;
}

size_t cgfence_kernel_types_kept(void)
{
	cleanup_free struct facts *kept = NULL;

	pthread_mutex_lock(&lock);
	kept = recall();
	pthread_mutex_unlock(&lock);
	return kept ? kept->size : 0;
}

void kernel_btf_read_layout(struct kernel_layout *layout)
{
	const struct facts *facts = find();

	*layout = facts ? facts->layout : (struct kernel_layout){ 0 };
}

uint32_t kernel_btf_find_target(const char *name)
{
	const struct facts *facts = find();

	for (size_t i = 0; i < COUNT(targets) && facts; i++) {
		if (strcmp(targets[i].name, name) == 0)
			return facts->targets[i];
	}
	return 0;
}

static int make_file(void)
{
	int fd = memfd_create("cgfence", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	return fd >= 0 || errno != EINVAL ? fd : memfd_create("cgfence", MFD_CLOEXEC);
}

int kernel_btf_open(char path[KERNEL_BTF_PATH_SIZE])
{
	const struct facts *facts = find();
	cleanup_close int fd = facts ? make_file() : -1;

	if (fd < 0 || write(fd, facts->btf, facts->size) != (ssize_t)facts->size)
		return -1;
	snprintf(path, KERNEL_BTF_PATH_SIZE, "/proc/thread-self/fd/%d", fd);
	return access(path, R_OK) == 0 ? cleanup_steal_descriptor(&fd) : -1;
}
