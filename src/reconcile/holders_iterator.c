// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds holders with the BPF iterator over the files of all tasks. */
#include "reconcile/holders_iterator.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/error.h"
#include "base/yield.h"
#include "kernel/error.h"
#include "kernel/holders_pins.h"
#include "kernel/map_ids.h"
#include "kernel/refusal.h"
#include "kernel/trial.h"
#include "reconcile/flight.h"
#include "reconcile/holders_load.h"
#include "reconcile/servers.h"

#include <bpf/bpf.h>
#include <string.h>

/* A read returns several thousand holders. */
#define BUFFER_SIZE (256 * 1024)

/* For so many fences and members it has room at first; an empty place takes 16 bytes. */
#define ROOTS_MIN 4096

struct holders_iterator {
	struct holders_programs programs;
	bool shared;	       /* they are pinned, and other commands use them too */
	uint32_t room;	       /* for fences and members */
	struct flight *flight; /* NULL until there is a carrier to look into */
	bool running;
	/* What this wrote to the map of roots, as long as the map says that it did; NULL if it is not known. */
	uint64_t *roots;
	size_t root_count;
	uint64_t writer;
	struct holders unserved; /* of the last pass, which looked twice */
};

static void unload(struct holders_iterator *iterator)
{
	holders_programs_close(&iterator->programs);
	free(iterator->roots);
	iterator->roots = NULL;
	iterator->shared = false;
}

void holders_iterator_free(struct holders_iterator *iterator)
{
	if (!iterator)
		return;
	unload(iterator);
	flight_free(iterator->flight);
	holders_free(&iterator->unserved);
	free(iterator);
}

/* Return: 0 or errno. */
static int load(struct holders_iterator *iterator, uint32_t room)
{
	int code = holders_load(&iterator->programs, room);

	if (code == 0)
		iterator->room = room;
	return code;
}

static uint32_t read_room(int roots)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(roots, &info, &size) < 0
		       ? 0
		       : info.max_entries - HOLDERS_KEY_COUNT;
}

/* During a turn. */
static void share(struct holders_iterator *iterator)
{
	iterator->shared = holders_pins_keep(&iterator->programs, holders_load_version());
}

static int load_or_open(struct holders_iterator *iterator)
{
	cleanup_close int turn = -1;
	int code;

	if (holders_pins_open(&iterator->programs, holders_load_version())) {
		iterator->room = read_room(iterator->programs.roots);
		iterator->shared = true;
		return 0;
	}
	code = load(iterator, ROOTS_MIN);
	turn = code ? -1 : holders_pins_lock();
	if (turn >= 0)
		share(iterator);
	return code;
}

/*
 * Anybody who may make members can make more of them than there was room for.
 * @turn: -1 if others use the programs now, or if they are ours alone
 */
static int make_ready(struct holders_iterator *iterator, size_t count, int turn,
		      struct cgfence_error *error)
{
	bool taken = iterator->shared && turn < 0;
	uint32_t room = iterator->room;
	int code;

	while (room < count && room < UINT32_MAX / 4)
		room *= 2;
	if (room == iterator->room && iterator->programs.roots >= 0 && !taken)
		return 0;
	unload(iterator);
	code = load(iterator, room);
	if (code)
		return kernel_error(error, code, "load the iterator over descriptors");
	if (turn >= 0)
		share(iterator);
	return 0;
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
	made->programs = (struct holders_programs)HOLDERS_PROGRAMS_CLOSED;
	code = load_or_open(made);
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

static int remove_roots(int map, const uint64_t *ids, size_t count, const uint64_t *kept,
			size_t kept_count, struct cgfence_error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == HOLDERS_KEY_VERSION || ids[i] == HOLDERS_KEY_WRITER ||
		    is_listed(kept, kept_count, ids[i]))
			continue;
		if (bpf_map_delete_elem(map, &ids[i]) < 0 && errno != ENOENT)
			return kernel_error(error, errno,
					    "remove a fence from the iterator over descriptors");
	}
	return 0;
}

/* @has: what the map has */
static int write_roots(int map, const uint64_t *has, size_t has_count, const uint64_t *ids,
		       size_t count, struct cgfence_error *error)
{
	cleanup_free uint64_t *added = malloc((count + 1) * sizeof(*added));
	size_t used = 0;
	int result;

	if (!added)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++) {
		if (!is_listed(has, has_count, ids[i]))
			added[used++] = ids[i];
	}
	/* First, since there is room for the larger set alone. */
	result = remove_roots(map, has, has_count, ids, count, error);
	if (result)
		return result;
	result = map_ids_add(map, added, used);
	return result ? kernel_error(error, -result, "add a fence to the iterator over descriptors")
		      : 0;
}

/* Without knowing what the map has. */
static int write_roots_anew(int map, const uint64_t *ids, size_t count, struct cgfence_error *error)
{
	cleanup_free uint64_t *has = NULL;
	size_t has_count = 0;
	int result = map_ids_list(map, sizeof(uint64_t), &has, &has_count);

	return result ? kernel_error(error, -result, "read the fences of the iterator")
		      : write_roots(map, has, has_count, ids, count, error);
}

static uint64_t read_writer(int map)
{
	const uint64_t key = HOLDERS_KEY_WRITER;
	uint64_t writer = 0;

	return bpf_map_lookup_elem(map, &key, &writer) < 0 ? 0 : writer;
}

/* Not 0, which stands for one that did not come to the end. */
static int set_writer(int map, uint64_t writer, struct cgfence_error *error)
{
	const uint64_t key = HOLDERS_KEY_WRITER;

	return bpf_map_update_elem(map, &key, &writer, BPF_ANY) < 0
		       ? kernel_error(error, errno, "mark the map of the iterator")
		       : 0;
}

static uint64_t new_writer(void)
{
	return (boot_time_ns() << 22 | (uint64_t)getpid()) + 1;
}

/* Remembers what the map has now, if there is memory for it. */
static void keep_roots(struct holders_iterator *iterator, const uint64_t *ids, size_t count)
{
	size_t size = count * sizeof(*ids);

	free(iterator->roots);
	iterator->roots = malloc(size + 1);
	iterator->root_count = count;
	if (iterator->roots)
		memcpy(iterator->roots, ids, size);
}

/* Updates the map of roots to the fences of this pass, which mostly are those of the last pass. */
static int set_roots(struct holders_iterator *iterator, const uint64_t *fence_ids, size_t count,
		     struct cgfence_error *error)
{
	int map = iterator->programs.roots;
	bool known = iterator->roots && read_writer(map) == iterator->writer;
	int result;

	if (known && iterator->root_count == count &&
	    memcmp(iterator->roots, fence_ids, count * sizeof(*fence_ids)) == 0)
		return 0;
	iterator->writer = new_writer();
	result = set_writer(map, 0, error);
	if (result == 0)
		result = known ? write_roots(map, iterator->roots, iterator->root_count, fence_ids,
					     count, error)
			       : write_roots_anew(map, fence_ids, count, error);
	if (result == 0)
		result = set_writer(map, iterator->writer, error);
	if (result == 0)
		keep_roots(iterator, fence_ids, count);
	return result;
}

/* The records of a pass: holders, and carriers that may lead to more. */
struct harvest {
	struct holders *list;
	struct holders *apart; /* NULL if they are not wanted */
	struct holders leads;
	struct holders unserved;
	bool too_many; /* of a task, for the iterator over tasks alone */
};

static int take(struct harvest *harvest, const struct cgfence_holder *holder)
{
	if (holder->holding == CGFENCE_HOLDING_APART)
		return harvest->apart ? holders_add(harvest->apart, holder) : 0;
	if (holder->holding == CGFENCE_HOLDING_TOO_MANY) {
		harvest->too_many = true;
		return 0;
	}
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

static int run(int program, struct harvest *harvest, struct cgfence_error *error)
{
	cleanup_free char *buffer = malloc(BUFFER_SIZE);
	cleanup_close int link = -1;
	cleanup_close int fd = -1;
	int result;

	if (!buffer)
		return error_out_of_memory(error);
	link = bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	fd = link < 0 ? -1 : bpf_iter_create(link);
	if (fd < 0)
		return kernel_error(error, errno, "start the iterator over descriptors");
	result = read_all(fd, buffer, harvest);
	return result ? kernel_error(error, -result, "read the iterator over descriptors") : 0;
}

/* @first: how many holders were found before this pass, and threads apart */
static void drop(struct harvest *harvest, size_t first, size_t first_apart)
{
	harvest->list->count = first;
	harvest->leads.count = 0;
	harvest->unserved.count = 0;
	if (harvest->apart)
		harvest->apart->count = first_apart;
}

static int find(struct holders_iterator *iterator, struct harvest *harvest,
		struct cgfence_error *error)
{
	const struct holders_programs *programs = &iterator->programs;
	size_t first_apart = harvest->apart ? harvest->apart->count : 0;
	size_t first = harvest->list->count;
	int result;

	if (programs->tables >= 0) {
		result = run(programs->tables, harvest, error);
		if (result || !harvest->too_many)
			return result;
		drop(harvest, first, first_apart);
	}
	result = run(programs->files, harvest, error);
	return result ? result : run(programs->tasks, harvest, error);
}

static int follow(struct holders_iterator *iterator, struct harvest *harvest,
		  struct cgfence_error *error)
{
	int result = 0;

	if (harvest->leads.count && !iterator->flight)
		result = flight_new(&iterator->flight, error);
	if (harvest->leads.count && result == 0)
		result = flight_follow(&harvest->leads, flight_ask_kernel, iterator->flight,
				       harvest->list, &harvest->unserved, error);
	return result;
}

static int look(struct holders_iterator *iterator, struct harvest *harvest,
		struct cgfence_error *error)
{
	int result = find(iterator, harvest, error);

	return result ? result : follow(iterator, harvest, error);
}

/* Looks again for what was not found, unless that is known from the last pass. */
static int look_again(struct holders_iterator *iterator, struct harvest *harvest, size_t first,
		      size_t first_apart, struct cgfence_error *error)
{
	struct holders *known = &iterator->unserved;
	int result = 0;

	servers_narrow(known, &harvest->unserved);
	if (harvest->unserved.count && !known->count) {
		servers_keep(known, &harvest->unserved);
		servers_wait();
		drop(harvest, first, first_apart);
		result = look(iterator, harvest, error);
		servers_narrow(known, &harvest->unserved);
	}
	return result || !known->count ? result : servers_report(&known->items[0], error);
}

int holders_iterator_run(struct holders_iterator *iterator, const uint64_t *fence_ids,
			 size_t fence_count, struct holders *list, struct holders *apart,
			 struct cgfence_error *error)
{
	struct harvest harvest = { .list = list, .apart = apart };
	size_t first_apart = apart ? apart->count : 0;
	size_t first = list->count;
	cleanup_close int turn = -1;
	int result;

	if (iterator->running)
		return error_set(error, EBUSY, "the iterator over descriptors is running already");
	iterator->running = true;
	turn = iterator->shared ? holders_pins_lock() : -1;
	result = make_ready(iterator, fence_count, turn, error);
	if (result == 0)
		result = set_roots(iterator, fence_ids, fence_count, error);
	if (result == 0)
		result = look(iterator, &harvest, error);
	if (result == 0)
		result = look_again(iterator, &harvest, first, first_apart, error);
	iterator->running = false;
	holders_free(&harvest.leads);
	holders_free(&harvest.unserved);
	return result;
}
