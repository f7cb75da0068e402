// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sees to programs of others that come to judge beside fences whose policy has "adopt". It is told of each program that
 * is loaded, which is a moment before it is attached, and looks then.
 */
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "fence/adopted_list.h"
#include "fence/adopting_fences.h"
#include "fence/fence.h"
#include "fence/levels.h"
#include "fence/returned.h"
#include "kernel/program_loads.h"

#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <cgfence/standing.h>
#include <cgfence/watch.h>
#include <string.h>
#include <sys/epoll.h>

/* In so long a time loaded programs gather, and are attached; until the look they may refuse what is allowed. */
#define GATHER_NS (1000 * 1000ULL)

/* Whoever loads a program may take longer to attach it, so it looks so often more, each time later. */
#define ECHOES 5
#define ECHO_FACTOR 4

/* After a look it rests for so many times as long. */
#define REST_FACTOR 9

/* While a runtime works on a cgroup, it waits. */
#define PUT_OFF_NS (100 * 1000 * 1000ULL)

struct cgfence_adopter {
	int epoll;
	struct program_loads *loads;	     /* NULL while none is to be heard of */
	const struct cgfence_census *census; /* NULL for none */
	struct adopting_fences fences;
	struct returned_list returned;
	uint64_t look_ns; /* when to look; 0 if not */
	uint64_t rest_ns; /* not before */
	unsigned int echo;
	bool waiting; /* some are to be dealt with */
	struct cgfence_error problem;
};

int cgfence_adopter_open(struct cgfence_adopter **adopter, struct cgfence_error *error)
{
	struct cgfence_adopter *made = calloc(1, sizeof(*made));

	if (!made)
		return error_out_of_memory(error);
	made->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (made->epoll < 0) {
		free(made);
		return error_set(error, EMFILE, "out of file descriptors");
	}
	made->echo = ECHOES;
	cgfence_adopter_look(made);
	*adopter = made;
	return 0;
}

void cgfence_adopter_use_census(struct cgfence_adopter *adopter,
				const struct cgfence_census *census)
{
	adopter->census = census;
}

void cgfence_adopter_close(struct cgfence_adopter *adopter)
{
	if (!adopter)
		return;
	program_loads_close(adopter->loads);
	adopting_fences_free(&adopter->fences);
	returned_free(&adopter->returned);
	cleanup_close_descriptor(&adopter->epoll);
	free(adopter);
}

int cgfence_adopter_fd(const struct cgfence_adopter *adopter)
{
	return adopter->epoll;
}

const char *cgfence_adopter_problem(const struct cgfence_adopter *adopter)
{
	return adopter->problem.text;
}

/* The earlier one counts. */
static void want_look(struct cgfence_adopter *adopter, uint64_t at_ns)
{
	if (at_ns < adopter->rest_ns)
		at_ns = adopter->rest_ns;
	if (!adopter->look_ns || at_ns < adopter->look_ns)
		adopter->look_ns = at_ns;
}

void cgfence_adopter_look(struct cgfence_adopter *adopter)
{
	want_look(adopter, boot_time_ns());
}

void cgfence_adopter_read(struct cgfence_adopter *adopter)
{
	if (!adopter->loads || !program_loads_read(adopter->loads))
		return;
	adopter->echo = 0;
	want_look(adopter, boot_time_ns() + GATHER_NS);
}

uint64_t cgfence_adopter_wait_ns(const struct cgfence_adopter *adopter)
{
	uint64_t now_ns = boot_time_ns();

	if (adopter->waiting)
		return 0;
	if (!adopter->look_ns)
		return UINT64_MAX;
	return adopter->look_ns > now_ns ? adopter->look_ns - now_ns : 0;
}

/* Nobody is woken by programs where no fence takes the place of any. */
static void listen(struct cgfence_adopter *adopter)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	bool any = adopting_fences_any(&adopter->fences);

	if (!any) {
		program_loads_close(adopter->loads);
		adopter->loads = NULL;
		adopter->problem = (struct cgfence_error){ 0 };
		return;
	}
	/* What is refused once is tried again at the next look. */
	if (adopter->loads || program_loads_open(&adopter->loads, &adopter->problem))
		return;
	adopter->problem = (struct cgfence_error){ 0 };
	epoll_ctl(adopter->epoll, EPOLL_CTL_ADD, program_loads_fd(adopter->loads), &wanted);
	/* Some may have come before. */
	adopter->echo = 0;
}

static uint64_t generation_of(uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;

	return fence_read(id, &fence, NULL) ? 0 : cgfence_fence_generation(fence);
}

static void plan(struct cgfence_adopter *adopter, uint64_t fence, uint64_t root,
		 const struct adopted *programs)
{
	struct returned *returned = returned_add(&adopter->returned, fence, root);
	uint64_t due_ns;

	if (!returned)
		return;
	returned->seen = true;
	if (returned->stays && returned->forever && returned->programs == returned_hash(programs) &&
	    returned->generation == generation_of(fence))
		return;
	due_ns = return_pace_due_ns(&returned->pace);
	if (due_ns > boot_time_ns()) {
		want_look(adopter, due_ns);
		return;
	}
	returned->waits = true;
	adopter->waiting = true;
}

static void look_at(struct cgfence_adopter *adopter, const struct hierarchy *hierarchy,
		    uint64_t fence, uint64_t root)
{
	cleanup_adopted struct adopted programs = { 0 };
	cleanup_close int directory = hierarchy_open_directory(hierarchy, root);

	yield_now();
	if (directory >= 0 && levels_find_any(directory, root, &programs) == 0 && programs.count)
		plan(adopter, fence, root, &programs);
}

static void look_at_members(struct cgfence_adopter *adopter, const struct hierarchy *hierarchy,
			    uint64_t id)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_free uint64_t *members = NULL;
	size_t count = 0;

	if (fence_read(id, &fence, NULL) ||
	    cgfence_fence_read_members(fence, &members, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		look_at(adopter, hierarchy, id, members[i]);
}

static void look_at_all(struct cgfence_adopter *adopter)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;

	if (!adopting_fences_any(&adopter->fences) || hierarchy_open(&hierarchy, NULL))
		return;
	for (size_t i = 0; i < adopter->fences.count; i++) {
		uint64_t id = adopter->fences.items[i].id;

		if (!adopter->fences.items[i].adopts)
			continue;
		if (cgfence_standing_is_id(id))
			look_at_members(adopter, &hierarchy, id);
		else
			look_at(adopter, &hierarchy, id, id);
	}
}

static void echo(struct cgfence_adopter *adopter)
{
	uint64_t delay_ns = GATHER_NS;

	if (adopter->echo == ECHOES)
		return;
	for (unsigned int i = 0; i <= adopter->echo; i++)
		delay_ns *= ECHO_FACTOR;
	adopter->echo++;
	want_look(adopter, boot_time_ns() + delay_ns);
}

static void look(struct cgfence_adopter *adopter)
{
	uint64_t begin_ns = boot_time_ns();

	adopter->look_ns = 0;
	adopting_fences_update(&adopter->fences, adopter->census);
	listen(adopter);
	returned_begin(&adopter->returned);
	look_at_all(adopter);
	returned_end(&adopter->returned, boot_time_ns());
	adopter->rest_ns = boot_time_ns() + REST_FACTOR * (boot_time_ns() - begin_ns);
	if (adopter->look_ns && adopter->look_ns < adopter->rest_ns)
		adopter->look_ns = adopter->rest_ns;
	if (adopter->loads)
		echo(adopter);
}

/* Of those that wait, the one that was dealt with longest ago. */
static struct returned *next_waiting(struct cgfence_adopter *adopter)
{
	struct returned *next = NULL;

	for (size_t i = 0; i < adopter->returned.count; i++) {
		struct returned *item = &adopter->returned.items[i];

		if (item->waits && (!next || item->pace.last_ns < next->pace.last_ns))
			next = item;
	}
	return next;
}

/* Did a killed command, or their owner, attach them that are kept? They are detached before anything else is done. */
static bool are_kept(uint64_t fence, const struct adopted *programs)
{
	cleanup_adopted struct adopted kept = { 0 };

	return adopted_read(fence, &kept, NULL) == 0 && adopted_are_known(&kept, programs);
}

/* Return: 0, -ENOENT if they went by themselves, another -errno. */
static int take(const struct returned *returned, const struct cgfence_cgroup *cgroup,
		const struct adopted *programs, struct cgfence_error *error)
{
	bool is_standing = cgfence_standing_is_id(returned->fence);
	size_t taken = 0;
	int result =
		is_standing ? cgfence_standing_adopt(returned->fence, returned->root, &taken, error)
			    : cgfence_fence_adopt(cgroup, NULL, &taken, error);

	if (result || taken)
		return result;
	return are_kept(returned->fence, programs) ? 0 : -ENOENT;
}

static void tell(const struct returned *returned, const struct cgfence_cgroup *cgroup,
		 const struct adopted *programs, const char *reason, cgfence_return_visitor *visit,
		 void *context)
{
	cleanup_free struct cgfence_foreign_program *list = NULL;
	cleanup_fence struct cgfence_fence *fence = NULL;
	const char *path = cgfence_cgroup_path(cgroup);
	const char *pattern = NULL;

	if (cgfence_standing_is_id(returned->fence)) {
		if (fence_read(returned->fence, &fence, NULL))
			return;
		pattern = cgfence_fence_pattern(fence);
	}
	if (adopted_list_describe(programs, &list))
		return;
	visit(&(struct cgfence_return){ .cgroup = pattern ? pattern : path,
					.member = pattern ? path : NULL,
					.programs = list,
					.count = programs->count,
					.taken = !*reason,
					.reason = reason },
	      context);
}

static bool is_put_off(int result)
{
	return result == -EAGAIN || result == -ETIMEDOUT;
}

/* @programs: what was there a moment before */
static void deal_with(struct cgfence_adopter *adopter, struct returned *returned,
		      const struct cgfence_cgroup *cgroup, const struct adopted *programs,
		      cgfence_return_visitor *visit, void *context)
{
	struct cgfence_error error = { 0 };
	int result = take(returned, cgroup, programs, &error);
	uint64_t hash = returned_hash(programs);
	uint64_t generation;
	bool repeated;

	if (is_put_off(result))
		want_look(adopter, boot_time_ns() + PUT_OFF_NS);
	if (is_put_off(result) || result == -ENOENT)
		return;
	generation = generation_of(returned->fence);
	repeated = returned->stays && returned->programs == hash &&
		   returned->generation == generation;
	returned->stays = result;
	returned->forever = result == -EPERM;
	returned->programs = hash;
	returned->generation = generation;
	return_pace_spend(&returned->pace, boot_time_ns(), result ? RETURN_PACE_VAIN : 1);
	if (!repeated)
		tell(returned, cgroup, programs, result ? error.text : "", visit, context);
}

static void deal_with_next(struct cgfence_adopter *adopter, cgfence_return_visitor *visit,
			   void *context)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	cleanup_adopted struct adopted programs = { 0 };
	struct returned *returned = next_waiting(adopter);

	adopter->waiting = returned;
	if (!returned)
		return;
	returned->waits = false;
	if (cgroup_open_any_id(returned->root, &cgroup, NULL) == 0 &&
	    levels_find_any(cgfence_cgroup_fd(cgroup), returned->root, &programs) == 0 &&
	    programs.count)
		deal_with(adopter, returned, cgroup, &programs, visit, context);
}

void cgfence_adopter_work(struct cgfence_adopter *adopter, cgfence_return_visitor *visit,
			  void *context)
{
	if (adopter->waiting)
		deal_with_next(adopter, visit, context);
	else if (cgfence_adopter_wait_ns(adopter) == 0)
		look(adopter);
}
