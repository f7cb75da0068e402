// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs that find holders are loaded once for all commands, which take turns with them. */
#include "holding.h"
#include "kernel/holders_pins.h"
#include "kernel/pins.h"
#include "reconcile/holders_iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#define PIN PINS_KERNEL "/holders_"

/* Each holds one listener. */
static struct cgfence_cgroup *cgroups[2];

static int listen_on(void *argument)
{
	int fd = holding_listen(argument);

	return fd < 0 ? -fd : 0;
}

static void begin(void)
{
	static char endpoints[2][32] = { "tcp 127.0.0.1 9", "tcp 127.0.0.1 11" };

	holding_begin();
	holding_skip_without_iterator();
	for (int i = 0; i < 2; i++) {
		cgroups[i] = harness_child_cgroup(harness_cgroup(), i ? "b" : "a");
		holding_start(cgroups[i], listen_on, endpoints[i]);
	}
	/* The pins are those of hosts with fences. */
	harness_attach(cgroups[0], "{'devices': {}}");
}

TestSuite(reconcile_shared, .init = begin, .fini = holding_end);

static struct holders_iterator *make(void)
{
	struct cgfence_error error = { 0 };
	struct holders_iterator *iterator = NULL;

	cr_assert_eq(holders_iterator_new(&iterator, &error), 0, "%s", error.text);
	return iterator;
}

/* A pass that looks for one of the cgroups finds the holder there, and no other. */
static void expect_found(struct holders_iterator *iterator, int which)
{
	const uint64_t id = cgfence_cgroup_id(cgroups[which]);
	struct cgfence_error error = { 0 };
	struct holders holders = { 0 };

	cr_assert_eq(holders_iterator_run(iterator, &id, 1, &holders, NULL, &error), 0, "%s",
		     error.text);
	cr_assert_eq(holders.count, 1);
	cr_expect_eq(holders.items[0].fence_id, id);
	holders_free(&holders);
}

/* The id of the program that is pinned; 0 if none is. */
static __u32 pinned(const char *name)
{
	char path[128];
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd;

	snprintf(path, sizeof(path), PIN "%s", name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	return info.id;
}

static void use_once(void)
{
	struct holders_iterator *iterator = make();

	expect_found(iterator, 0);
	holders_iterator_free(iterator);
}

Test(reconcile_shared, the_programs_are_loaded_once)
{
	__u32 files;
	__u32 tasks;

	use_once();
	files = pinned("files");
	tasks = pinned("tasks");
	cr_assert(files && tasks);
	use_once();
	cr_expect_eq(pinned("files"), files);
	cr_expect_eq(pinned("tasks"), tasks);
}

Test(reconcile_shared, passes_for_different_fences_do_not_disturb_each_other)
{
	struct holders_iterator *one = make();
	struct holders_iterator *other = make();

	for (int i = 0; i < 3; i++) {
		expect_found(one, 0);
		expect_found(one, 0);
		expect_found(other, 1);
	}
	holders_iterator_free(one);
	holders_iterator_free(other);
}

Test(reconcile_shared, who_finds_them_in_use_has_its_own)
{
	const uint64_t key = HOLDERS_KEY_WRITER;
	struct holders_iterator *iterator = make();
	__u32 files = pinned("files");
	int map = bpf_obj_get(PIN "roots");
	int turn = holders_pins_lock();
	uint64_t writer = 5;

	cr_assert(map >= 0 && turn >= 0);
	cr_expect_eq(holders_pins_lock(), -1, "one at a time");
	/* Another command is in a pass for other fences. */
	cr_assert_eq(bpf_map_update_elem(map, &key, &writer, BPF_ANY), 0);
	expect_found(iterator, 1);
	expect_found(iterator, 0);
	cr_assert_eq(bpf_map_lookup_elem(map, &key, &writer), 0);
	cr_expect_eq(writer, 5, "they are not disturbed");
	close(turn);
	close(map);
	cr_expect_eq(pinned("files"), files);
	holders_iterator_free(iterator);
}

Test(reconcile_shared, what_a_killed_command_left_is_made_whole)
{
	static const char *const parts[] = { "files", "tasks", "roots" };
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		use_once();
		snprintf(path, sizeof(path), PIN "%s", parts[i]);
		cr_assert_eq(unlink(path), 0, "%s: %s", path, strerror(errno));
		use_once();
		for (size_t k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), PIN "%s", parts[k]);
			cr_expect_eq(access(path, F_OK), 0, "%s", path);
		}
	}
}

/* Killed while it wrote the fences it looks for, when nobody else had written since this did. */
Test(reconcile_shared, fences_of_a_killed_command_are_written_anew)
{
	const uint64_t id = cgfence_cgroup_id(cgroups[1]);
	const uint64_t writer = HOLDERS_KEY_WRITER;
	struct holders_iterator *iterator = make();
	uint64_t zero = 0;
	int map;

	expect_found(iterator, 0);
	map = bpf_obj_get(PIN "roots");
	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_map_update_elem(map, &writer, &zero, BPF_ANY), 0);
	cr_assert_eq(bpf_map_update_elem(map, &id, &zero, BPF_ANY), 0);
	close(map);
	expect_found(iterator, 0);
	holders_iterator_free(iterator);
}

Test(reconcile_shared, another_version_is_replaced)
{
	const uint64_t key = HOLDERS_KEY_VERSION;
	uint64_t other = 1;
	__u32 files;
	int map;

	use_once();
	files = pinned("files");
	map = bpf_obj_get(PIN "roots");
	cr_assert_geq(map, 0);
	cr_assert_eq(bpf_map_update_elem(map, &key, &other, BPF_ANY), 0);
	close(map);
	use_once();
	cr_expect_neq(pinned("files"), files);
}

Test(reconcile_shared, more_fences_than_it_has_room_for)
{
	enum { COUNT = 5000 };
	static uint64_t ids[COUNT];
	struct holders_iterator *iterator = make();
	struct cgfence_error error = { 0 };
	struct holders holders = { 0 };
	__u32 files = pinned("files");

	for (uint64_t i = 0; i < COUNT; i++)
		ids[i] = i + 1 < COUNT ? i + 2 : cgfence_cgroup_id(cgroups[1]) + COUNT;
	cr_assert_eq(holders_iterator_run(iterator, ids, COUNT, &holders, NULL, &error), 0, "%s",
		     error.text);
	holders_free(&holders);
	cr_expect_neq(pinned("files"), files, "the larger one is for all");
	expect_found(iterator, 1);
	holders_iterator_free(iterator);
	use_once();
}

Test(reconcile_shared, they_go_with_the_last_fence)
{
	bool detached;

	harness_attach(cgroups[1], "{'devices': {}}");
	use_once();
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroups[0]), &detached, NULL), 0);
	cr_expect(pinned("files"));
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroups[1]), &detached, NULL), 0);
	cr_expect_not(pinned("files"));
	cr_expect_lt(access(PIN "roots", F_OK), 0);
}
