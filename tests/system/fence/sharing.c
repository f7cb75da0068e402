// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fences that run the same programs, since their policies are equal. */
#include "kernel/trial.h"
#include "support/fences.h"
#include "support/harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

TestSuite(sharing, .init = harness_begin, .fini = harness_end);

#define READ_ONLY "{'devices': {'allow': ['c 1:3 r']}}"
#define PORTS "{'ports': {'tcp': [8080], 'udp': [8080]}}"

#define PINS "/sys/fs/bpf/cgfence"

/* The kernel frees after grace periods. */
#define PATIENCE_MS 30000

static uint32_t program_on(const struct cgfence_cgroup *cgroup, enum bpf_attach_type type)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = fences_program(cgroup, type);

	cr_assert_geq(fd, 0, "%s", strerror(-fd));
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	return info.id;
}

static uint32_t device_program(const struct cgfence_cgroup *cgroup)
{
	return program_on(cgroup, BPF_CGROUP_DEVICE);
}

static bool is_freed(uint32_t program)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		int fd = bpf_prog_get_fd_by_id(program);

		if (fd < 0)
			return errno == ENOENT;
		close(fd);
		usleep(1000);
	}
	return false;
}

static struct cgfence_cgroup *fenced(const char *name, const char *policy)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), name);

	harness_attach(cgroup, policy);
	return cgroup;
}

/* The second of two with the same policy, unless the kernel does not let programs be shared. */
static struct cgfence_cgroup *sharer_of(const struct cgfence_cgroup *first, const char *policy)
{
	struct cgfence_cgroup *second = fenced("second", policy);

	if (trial_recall("shared") == TRIAL_REFUSED)
		harness_skip("this kernel takes no programs that fences may share");
	cr_assert_eq(device_program(first), device_program(second));
	return second;
}

static void detach(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_error error = { 0 };
	bool detached = false;

	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error), 0, "%s",
		     error.text);
	cr_expect(detached);
}

static void expect_read_only(const struct cgfence_cgroup *cgroup)
{
	cr_expect_eq(harness_open(cgroup, "c 1:3", O_RDONLY), 0);
	cr_expect_eq(harness_open(cgroup, "c 1:3", O_WRONLY), EPERM);
}

/* The counter and the records must be those of @denied refusals of @minor alone; without any if it is -1. */
static void expect_denied(const struct cgfence_cgroup *cgroup, int minor, uint64_t denied)
{
	struct cgfence_denial_record *records = NULL;
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };
	size_t count = 0;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	cr_assert_eq(cgfence_fence_read_denials(fence, &records, &count, &error), 0, "%s",
		     error.text);
	cr_expect_eq(cgfence_counters_denied(cgfence_fence_counters(fence), CGFENCE_HOOK_DEVICE),
		     denied);
	cr_expect_eq(count, minor >= 0);
	if (minor >= 0 && count) {
		cr_expect_eq(records[0].subject.minor, minor);
		cr_expect_eq(records[0].count, denied);
	}
	free(records);
	cgfence_fence_close(fence);
}

static bool has_records(const struct cgfence_cgroup *cgroup)
{
	const struct cgfence_records_key key = { .fence = cgfence_cgroup_id(cgroup) };
	int map = bpf_obj_get(PINS "/kernel/records_1024");
	struct cgfence_records_part part;
	bool found = bpf_map_lookup_elem(map, &key, &part) == 0;

	cr_assert_geq(map, 0, "%s", strerror(errno));
	close(map);
	return found;
}

static void expect_gone_with_the_last(bool first_goes_first)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);
	struct cgfence_cgroup *stays = first_goes_first ? second : first;
	uint32_t program = device_program(first);

	expect_read_only(first);
	expect_read_only(second);
	detach(first_goes_first ? first : second);
	cr_expect_eq(harness_open(first_goes_first ? first : second, "c 1:3", O_WRONLY), 0);
	expect_read_only(stays);
	cr_expect(has_records(stays));
	cr_expect_not(has_records(first_goes_first ? first : second));
	cr_expect_eq(device_program(stays), program);
	detach(stays);
	cr_expect_eq(harness_open(stays, "c 1:3", O_WRONLY), 0);
	cr_expect(is_freed(program));
	cr_expect_neq(access(PINS "/policies", F_OK), 0);
	cr_expect_neq(access(PINS "/kernel/own", F_OK), 0);
	cr_expect_neq(access(PINS "/kernel/records_1024", F_OK), 0);
}

Test(sharing, the_program_goes_with_the_last_fence)
{
	expect_gone_with_the_last(true);
}

Test(sharing, whichever_that_is)
{
	expect_gone_with_the_last(false);
}

Test(sharing, one_that_comes_later_finds_whoever_is_left)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);

	detach(first);
	cr_expect_eq(device_program(fenced("third", READ_ONLY)), device_program(second));
}

Test(sharing, each_has_its_own_refusals)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);

	expect_denied(first, -1, 0);
	harness_open(first, "c 1:5", O_RDONLY);
	harness_open(first, "c 1:5", O_RDONLY);
	harness_open(second, "c 1:7", O_RDONLY);
	expect_denied(first, 5, 2);
	expect_denied(second, 7, 1);
}

static int open_many(void *argument)
{
	char path[64];

	/* Each is another subject. */
	for (unsigned int minor = 100; minor < 1100; minor++) {
		snprintf(path, sizeof(path), "%s/flood", (const char *)argument);
		unlink(path);
		if (mknod(path, S_IFCHR | 0600, makedev(5, minor)) == 0 || errno != EPERM)
			return 1;
	}
	return 0;
}

Test(sharing, a_flood_in_one_takes_no_room_from_another)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);

	harness_open(second, "c 1:7", O_RDONLY);
	cr_assert_eq(harness_in_cgroup(first, open_many, (void *)harness_directory()), 0);
	expect_denied(second, 7, 1);
}

Test(sharing, a_replaced_policy_is_of_one_alone)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);
	uint32_t program = device_program(first);

	harness_open(first, "c 1:5", O_RDONLY);
	cr_expect_eq(harness_attach(first, "{'devices': {'allow': ['c 1:3 w']}}"),
		     CGFENCE_REPLACED);
	cr_expect_eq(harness_open(first, "c 1:3", O_WRONLY), 0);
	expect_denied(first, 5, 1);
	expect_read_only(second);
	cr_expect_eq(device_program(second), program);
	cr_expect_neq(device_program(first), program);
	harness_open(first, "c 1:5", O_RDONLY);
	expect_denied(first, 5, 2);
	cr_expect_eq(harness_attach(second, READ_ONLY), CGFENCE_UNCHANGED);
}

Test(sharing, a_fence_that_is_made_again_begins_anew)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);

	harness_open(second, "c 1:5", O_RDONLY);
	detach(second);
	harness_attach(second, READ_ONLY);
	expect_denied(second, -1, 0);
	harness_open(second, "c 1:7", O_RDONLY);
	expect_denied(second, 7, 1);
}

/* Of a version in which they had another layout. */
static void pin_another_map(const char *path)
{
	int map = bpf_map_create(BPF_MAP_TYPE_HASH, "another", sizeof(uint64_t), sizeof(uint64_t),
				 1, NULL);

	cr_assert_geq(map, 0, "%s", strerror(errno));
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(bpf_obj_pin(map, path), 0);
	close(map);
}

Test(sharing, where_the_maps_are_of_another_version_a_fence_has_its_own)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	struct cgfence_cgroup *second = sharer_of(first, READ_ONLY);
	struct cgfence_cgroup *third;

	pin_another_map(PINS "/kernel/own");
	pin_another_map(PINS "/kernel/records_1024");
	third = fenced("third", READ_ONLY);
	cr_expect_neq(device_program(third), device_program(first));
	harness_open(second, "c 1:5", O_RDONLY);
	harness_open(third, "c 1:7", O_RDONLY);
	expect_denied(second, 5, 1);
	expect_denied(third, 7, 1);
	cr_expect_neq(trial_recall("shared"), TRIAL_REFUSED);
}

/* As for a command that has made nothing yet. Before Linux 5.11, programs are locked memory. */
static void lock_no_memory(void)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	limit.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
}

Test(sharing, memory_that_may_be_locked_is_found)
{
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);

	lock_no_memory();
	expect_read_only(sharer_of(first, READ_ONLY));
}

Test(sharing, one_differing_bit_is_another_policy)
{
	static const char *const others[] = {
		"{'devices': {'allow': ['c 1:3 rm']}}",
		"{'devices': {'allow': ['c 1:2 r']}}",
		"{'devices': {'allow': ['c 1:3 r']}, 'enforce': false}",
		"{'devices': {'allow': ['c 1:3 r']}, 'name': 'a'}",
		"{'devices': {'allow': ['c 1:3 r', 'c 1:3 r']}}", /* to be shown as it is written */
	};
	struct cgfence_cgroup *first = fenced("first", READ_ONLY);
	char name[16];

	sharer_of(first, READ_ONLY);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(name, sizeof(name), "other-%zu", i);
		cr_expect_neq(device_program(fenced(name, others[i])), device_program(first), "%s",
			      others[i]);
	}
}

static uint32_t bind_program(const struct cgfence_cgroup *cgroup)
{
	return program_on(cgroup, BPF_CGROUP_INET4_BIND);
}

/* A bind passes the programs of all of them, which remember its request by its socket. */
Test(sharing, fences_of_ports_around_each_other_have_programs_of_their_own)
{
	struct cgfence_cgroup *outer = harness_child_cgroup(harness_cgroup(), "outer");
	struct cgfence_cgroup *inner = harness_child_cgroup(outer, "inner");
	struct cgfence_cgroup *innermost = harness_child_cgroup(inner, "innermost");

	harness_attach(inner, PORTS);
	harness_attach(outer, PORTS);
	harness_attach(innermost, PORTS);
	cr_expect_neq(bind_program(outer), bind_program(inner));
	cr_expect_neq(bind_program(innermost), bind_program(inner));
	cr_expect_neq(bind_program(innermost), bind_program(outer));
}

/* As a killed command leaves it. */
static void begin_to_detach(const struct cgfence_cgroup *cgroup)
{
	unsigned long long id = cgfence_cgroup_id(cgroup);
	char detaching[64];
	char path[64];

	snprintf(path, sizeof(path), PINS "/%llu", id);
	snprintf(detaching, sizeof(detaching), PINS "/%llu-detaching", id);
	cr_assert_eq(rename(path, detaching), 0);
}

Test(sharing, one_that_is_being_detached_is_around_others_still)
{
	struct cgfence_cgroup *beside = fenced("beside", PORTS);
	struct cgfence_cgroup *outer = fenced("outer", PORTS);
	struct cgfence_cgroup *inner = harness_child_cgroup(outer, "inner");

	begin_to_detach(outer);
	harness_attach(inner, PORTS);
	cr_expect_neq(bind_program(inner), bind_program(outer));
	cr_expect_neq(bind_program(inner), bind_program(beside));
}

Test(sharing, fences_of_ports_beside_each_other_share_them)
{
	struct cgfence_cgroup *first = fenced("first", PORTS);
	struct cgfence_cgroup *second = fenced("second", PORTS);
	struct cgfence_error error = { 0 };

	if (trial_recall("shared") == TRIAL_REFUSED ||
	    fences_guard(first, &error) == CGFENCE_GUARD_DENY)
		harness_skip("this kernel takes no programs that such fences may share");
	cr_expect_eq(bind_program(first), bind_program(second));
}
