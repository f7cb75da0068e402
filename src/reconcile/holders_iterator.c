// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds holders with the BPF iterator over the files of all tasks. */
#include "reconcile/holders_iterator.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/error.h"
#include "base/yield.h"
#include "kernel/error.h"
#include "kernel/kernel_btf.h"
#include "kernel/quiet.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"
#include "reconcile/flight.h"
#include "holders.skel.h"

#include <bpf/bpf.h>
#include <string.h>

/* A read returns several thousand holders. */
#define BUFFER_SIZE (256 * 1024)

/* For so many fences and members it has room at first; an empty place takes 16 bytes. */
#define ROOTS_MIN 4096

struct holders_iterator {
	struct holders_bpf *skeleton;
	struct bpf_link *descriptors;
	struct bpf_link *tasks;
	uint32_t room;	       /* for fences and members */
	struct flight *flight; /* NULL until there is a carrier to look into */
	bool running;
	/* The present content of the map of roots, which nobody else writes to; NULL if it is not known. */
	uint64_t *roots;
	size_t root_count;
};

static void unload(struct holders_iterator *iterator)
{
	bpf_link__destroy(iterator->descriptors);
	bpf_link__destroy(iterator->tasks);
	holders_bpf__destroy(iterator->skeleton);
	free(iterator->roots);
	iterator->descriptors = NULL;
	iterator->tasks = NULL;
	iterator->skeleton = NULL;
	iterator->roots = NULL;
}

void holders_iterator_free(struct holders_iterator *iterator)
{
	if (!iterator)
		return;
	unload(iterator);
	flight_free(iterator->flight);
	free(iterator);
}

static int attach(const struct bpf_program *program, struct bpf_link **link)
{
	*link = bpf_program__attach_iter(program, NULL);
	return *link ? 0 : errno;
}

/* Return: 0 or errno. */
static int load(struct holders_iterator *iterator, uint32_t room)
{
	QUIET_LIBBPF;
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	int code;

	iterator->skeleton = holders_bpf__open_opts(&options);
	if (!iterator->skeleton ||
	    bpf_map__set_max_entries(iterator->skeleton->maps.cgfence_roots, room) ||
	    holders_bpf__load(iterator->skeleton))
		code = errno;
	else
		code = attach(iterator->skeleton->progs.cgfence_holders, &iterator->descriptors);
	if (code == 0)
		code = attach(iterator->skeleton->progs.cgfence_ring_users, &iterator->tasks);
	iterator->room = room;
	return code;
}

/* Anybody who may make members can make more of them than there was room for. */
static int grow(struct holders_iterator *iterator, size_t count, struct cgfence_error *error)
{
	uint32_t room = iterator->room;
	int code;

	while (room < count && room < UINT32_MAX / 2)
		room *= 2;
	if (room == iterator->room && iterator->skeleton)
		return 0;
	unload(iterator);
	code = load(iterator, room);
	if (code == 0 && iterator->skeleton)
		return 0;
	unload(iterator);
	return kernel_error(error, code, "load the iterator over descriptors");
}

int holders_iterator_new(struct holders_iterator **iterator, struct cgfence_error *error)
{
	struct holders_iterator *made;
	int code;

	if (trial_recall(TRIAL_HOLDERS) == TRIAL_REFUSED)
		return error_set(error, ENOTSUP,
				 "the kernel refuses the iterator over descriptors");
	made = calloc(1, sizeof(*made));
	if (!made)
		return error_out_of_memory(error);
	code = load(made, ROOTS_MIN);
	if (code) {
		holders_iterator_free(made);
		refusal_note(TRIAL_HOLDERS, -code);
		return kernel_error(error, code, "load the iterator over descriptors");
	}
	*iterator = made;
	return 0;
}

static bool is_listed(const uint64_t *ids, size_t count, uint64_t id)
{
	return count && bsearch(&id, ids, count, sizeof(id), compare_ids);
}

static int write_roots(int map, const uint64_t *fence_ids, size_t count,
		       struct cgfence_error *error)
{
	const uint8_t yes = 1;
	uint64_t previous = 0;
	uint64_t id;
	bool first = true;

	while (bpf_map_get_next_key(map, first ? NULL : &previous, &id) == 0) {
		if (is_listed(fence_ids, count, id)) {
			previous = id;
			first = false;
		} else if (bpf_map_delete_elem(map, &id) < 0 && errno != ENOENT) {
			return kernel_error(error, errno,
					    "remove a fence from the iterator over descriptors");
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (bpf_map_update_elem(map, &fence_ids[i], &yes, BPF_ANY) < 0)
			return kernel_error(error, errno,
					    "add a fence to the iterator over descriptors");
	}
	return 0;
}

/* Updates the map of roots to the fences of this pass, which mostly are those of the last pass. */
static int set_roots(struct holders_iterator *iterator, const uint64_t *fence_ids, size_t count,
		     struct cgfence_error *error)
{
	size_t size = count * sizeof(*fence_ids);
	int result;

	if (iterator->roots && iterator->root_count == count &&
	    memcmp(iterator->roots, fence_ids, size) == 0)
		return 0;
	free(iterator->roots);
	iterator->roots = NULL;
	result = write_roots(bpf_map__fd(iterator->skeleton->maps.cgfence_roots), fence_ids, count,
			     error);
	if (result)
		return result;
	iterator->roots = malloc(size + 1);
	iterator->root_count = count;
	if (iterator->roots)
		memcpy(iterator->roots, fence_ids, size);
	return 0;
}

/* The records of a pass: holders, and carriers that may lead to more. */
struct harvest {
	struct holders *list;
	struct holders leads;
};

static int take(struct harvest *harvest, const struct cgfence_holder *holder)
{
	return holders_add(holder->holding == CGFENCE_HOLDING_DESCRIPTOR ? harvest->list
									 : &harvest->leads,
			   holder);
}

static int read_all(int fd, char *buffer, struct harvest *harvest)
{
	ssize_t length;

	while ((length = read(fd, buffer, BUFFER_SIZE)) != 0) {
		yield_now();
		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (length < 0)
			return -errno;
		/* A read returns whole records, since the buffer of the kernel ends after one. */
		for (ssize_t i = 0; i + (ssize_t)sizeof(struct cgfence_holder) <= length;
		     i += (ssize_t)sizeof(struct cgfence_holder)) {
			if (take(harvest, (const struct cgfence_holder *)(buffer + i)))
				return -ENOMEM;
		}
	}
	return 0;
}

static int run(const struct bpf_link *link, struct harvest *harvest, struct cgfence_error *error)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	cleanup_close int fd = -1;
	int result;

	if (!buffer)
		return error_out_of_memory(error);
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return kernel_error(error, errno, "start the iterator over descriptors");
	result = read_all(fd, buffer, harvest);
	return result ? kernel_error(error, -result, "read the iterator over descriptors") : 0;
}

static int follow(struct holders_iterator *iterator, struct harvest *harvest,
		  struct cgfence_error *error)
{
	int result = 0;

	if (harvest->leads.count && !iterator->flight)
		result = flight_new(&iterator->flight, error);
	if (harvest->leads.count && result == 0)
		result = flight_follow(&harvest->leads, flight_ask_kernel, iterator->flight,
				       harvest->list, error);
	return result;
}

int holders_iterator_run(struct holders_iterator *iterator, const uint64_t *fence_ids,
			 size_t fence_count, struct holders *list, struct cgfence_error *error)
{
	struct harvest harvest = { .list = list };
	int result;

	if (iterator->running)
		return error_set(error, EBUSY, "the iterator over descriptors is running already");
	iterator->running = true;
	result = grow(iterator, fence_count, error);
	if (iterator->skeleton)
		result = set_roots(iterator, fence_ids, fence_count, error);
	if (result == 0)
		result = run(iterator->descriptors, &harvest, error);
	if (result == 0)
		result = run(iterator->tasks, &harvest, error);
	if (result == 0)
		result = follow(iterator, &harvest, error);
	iterator->running = false;
	holders_free(&harvest.leads);
	return result;
}
