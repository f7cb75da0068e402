// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A standing fence in the place of the programs of its members. */
#include "support/whitelist.h"
#include "system/standing/standing.h"

#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

TestSuite(adopt_standing, .init = harness_begin, .fini = standing_end);

#define ADOPTING "{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r']}}"
#define ADOPTING_WIDER \
	"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 1:7 rw']}}"
#define ADOPTING_EXCEPT                         \
	"{'adopt': true, 'except': ['job-1'], " \
	"'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r']}}"

static struct cgfence_cgroup *make_member(const char *name)
{
	return harness_child_cgroup(harness_cgroup(), name);
}

static uint64_t fence_id(void)
{
	uint64_t id = 0;

	cr_assert_eq(cgfence_standing_find(standing_pattern("job-*"), &id, NULL), 0);
	return id;
}

static int adopt(const struct cgfence_cgroup *member, size_t *taken, struct cgfence_error *error)
{
	return cgfence_standing_adopt(fence_id(), cgfence_cgroup_id(member), taken, error);
}

static void assert_adopted(const struct cgfence_cgroup *member)
{
	struct cgfence_error error = { 0 };
	size_t taken = 0;

	cr_assert_eq(adopt(member, &taken, &error), 0, "%s", error.text);
	cr_assert_eq(taken, 1);
	cr_assert_eq(whitelist_query(member).count, 0);
}

static void assert_has(const struct cgfence_cgroup *member, uint32_t id)
{
	struct whitelist_programs programs = whitelist_query(member);

	cr_assert_eq(programs.count, 1, "%u programs", programs.count);
	cr_assert_eq(programs.ids[0], id);
	cr_assert_eq(programs.flags, BPF_F_ALLOW_MULTI);
}

static void allow(const char *entry)
{
	struct cgfence_edit *edit = NULL;
	bool changed = false;

	cr_assert_eq(cgfence_edit_parse_device(CGFENCE_ALLOW, entry, &edit, NULL), 0);
	cr_assert_eq(cgfence_standing_edit(fence_id(), edit, &changed, NULL), 0);
	cr_assert(changed);
	cgfence_edit_free(edit);
}

static size_t count_pins(void)
{
	char command[128];
	unsigned int count = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls /sys/fs/bpf/cgfence/%llu | grep -c ^adopted-",
		 (unsigned long long)fence_id());
	pipe = popen(command, "re");
	cr_assert(pipe);
	cr_assert_eq(fscanf(pipe, "%u", &count), 1);
	pclose(pipe);
	return count;
}

static size_t count_listed(void)
{
	struct cgfence_foreign_program *programs = NULL;
	size_t count = 0;

	cr_assert_eq(cgfence_fence_list_adopted(fence_id(), &programs, &count, NULL), 0);
	free(programs);
	return count;
}

/* Its policy refuses more than they do, which it did before they were detached. */
Test(adopt_standing, members_that_are_there_are_taken_when_it_is_attached)
{
	struct cgfence_cgroup *one = make_member("job-1");
	struct cgfence_cgroup *container = harness_child_cgroup(make_member("job-2"), "container");
	struct cgfence_cgroup *other = make_member("other");
	struct whitelist programs[] = { whitelist_put(one), whitelist_put(container),
					whitelist_put(other) };
	uint64_t id;
	bool released = false;
	size_t count = 0;

	standing_attach("job-*", ADOPTING);
	cr_expect_eq(whitelist_query(one).count, 0);
	cr_expect_eq(whitelist_query(container).count, 0);
	assert_has(other, programs[2].id);
	cr_expect_eq(count_listed(), 2);
	cr_expect_eq(harness_open(one, "c 1:5", O_RDONLY), 0);
	cr_expect_eq(harness_open(container, "c 1:7", O_RDONLY), EPERM);
	allow("c 1:7 rw");
	cr_expect_eq(harness_open(container, "c 1:7", O_RDONLY), 0);
	cr_expect_eq(harness_open(other, "c 1:7", O_RDONLY), EPERM);
	id = fence_id();
	cr_assert_eq(cgfence_standing_release(id, &released, &count, NULL), 0);
	cr_expect(released);
	cr_expect_eq(count, 2);
	assert_has(one, programs[0].id);
	assert_has(container, programs[1].id);
	for (int i = 0; i < 3; i++)
		whitelist_close(&programs[i]);
}

Test(adopt_standing, what_it_would_allow_beyond_them_is_told_and_they_stay)
{
	struct cgfence_cgroup *member = make_member("job-1");
	struct whitelist whitelist = whitelist_put(member);
	struct cgfence_error error = { 0 };
	size_t taken = 77;

	standing_attach("job-*", ADOPTING_WIDER);
	assert_has(member, whitelist.id);
	cr_expect_eq(adopt(member, &taken, &error), -EPERM);
	cr_expect_not_null(strstr(error.text, "the policy allows c 1:7 "), "%s", error.text);
	cr_expect_eq(taken, 77);
	cr_expect_eq(harness_open(member, "c 1:7", O_RDONLY), EPERM);
	cr_expect_eq(count_listed(), 0);
	whitelist_close(&whitelist);
}

/* A container that is started again has the same program, and what the operator allowed holds for it too. */
Test(adopt_standing, what_is_known_from_a_member_that_is_gone_is_taken)
{
	struct cgfence_cgroup *member = make_member("job-1");
	struct whitelist whitelist = whitelist_put(member);

	standing_attach("job-*", ADOPTING);
	whitelist_close(&whitelist);
	allow("c 1:7 rw");
	for (int round = 0; round < 5; round++) {
		cr_assert_eq(cgfence_cgroup_remove(member, NULL), 0);
		member = make_member("job-1");
		whitelist = whitelist_put(member);
		cr_expect_eq(harness_open(member, "c 1:7", O_RDONLY), EPERM);
		assert_adopted(member);
		cr_expect_eq(harness_open(member, "c 1:7", O_RDONLY), 0);
		cr_expect_eq(harness_open(member, "c 1:9", O_RDONLY), EPERM);
		/* That of the one before has done its work. */
		cr_expect_eq(count_pins(), 1);
		cr_expect_eq(count_listed(), 1);
		whitelist_close(&whitelist);
	}
}

Test(adopt_standing, of_members_that_are_gone_few_are_remembered)
{
	standing_attach("job-*", ADOPTING);
	for (int round = 0; round < 11; round++) {
		struct whitelist_entry entries[7] = { 0 };
		struct cgfence_cgroup *member = make_member("job-1");
		struct whitelist whitelist;

		memcpy(entries, whitelist_usual, sizeof(whitelist_usual));
		entries[5] = (struct whitelist_entry){ BPF_DEVCG_DEV_CHAR, 3000, round, 7 };
		whitelist = whitelist_load(entries, 6);
		whitelist_attach(&whitelist, member, BPF_F_ALLOW_MULTI);
		assert_adopted(member);
		whitelist_close(&whitelist);
		cr_assert_eq(cgfence_cgroup_remove(member, NULL), 0);
	}
	/* With that of the last, which was there when the others were counted. */
	cr_expect_eq(count_pins(), 9);
	cr_expect_eq(count_listed(), 0);
}

Test(adopt_standing, one_that_excludes_others_stays)
{
	static const unsigned int flags[] = { 0, BPF_F_ALLOW_OVERRIDE };
	struct cgfence_cgroup *member = make_member("job-1");

	standing_attach("job-*", ADOPTING);
	for (size_t i = 0; i < 2; i++) {
		struct whitelist whitelist = whitelist_load(whitelist_usual, 5);
		struct cgfence_error error = { 0 };
		size_t taken = 77;

		whitelist_attach(&whitelist, member, flags[i]);
		cr_expect_eq(adopt(member, &taken, &error), -EPERM);
		cr_expect_not_null(strstr(error.text, "without BPF_F_ALLOW_MULTI"), "%s",
				   error.text);
		cr_expect_eq(whitelist_query(member).ids[0], whitelist.id);
		cr_assert_eq(whitelist_take(&whitelist), 0);
		whitelist_close(&whitelist);
	}
}

Test(adopt_standing, only_members_and_only_if_the_policy_says_so)
{
	struct cgfence_cgroup *member = make_member("job-1");
	struct cgfence_cgroup *other = make_member("other");
	struct whitelist programs[] = { whitelist_put(member), whitelist_put(other) };
	size_t taken = 77;

	standing_attach("job-*", "{'devices': {'allow': ['c 1:3 r']}}");
	cr_expect_eq(adopt(member, &taken, NULL), -EINVAL);
	assert_has(member, programs[0].id);
	standing_attach("job-*", ADOPTING);
	cr_expect_eq(whitelist_query(member).count, 0);
	cr_expect_eq(adopt(other, &taken, NULL), -ENOENT);
	assert_has(other, programs[1].id);
	cr_expect_eq(taken, 77);
	/* And back. */
	standing_attach("job-*", "{'devices': {'allow': ['c 1:3 r']}}");
	assert_has(member, programs[0].id);
	cr_expect_eq(count_listed(), 0);
	whitelist_close(&programs[0]);
	whitelist_close(&programs[1]);
}

Test(adopt_standing, what_becomes_an_exception_has_its_programs_back)
{
	struct cgfence_cgroup *one = make_member("job-1");
	struct cgfence_cgroup *two = make_member("job-2");
	struct whitelist programs[] = { whitelist_put(one), whitelist_put(two) };

	standing_attach("job-*", ADOPTING);
	cr_expect_eq(whitelist_query(one).count, 0);
	standing_attach("job-*", ADOPTING_EXCEPT);
	assert_has(one, programs[0].id);
	cr_expect_eq(whitelist_query(two).count, 0);
	cr_expect_eq(count_listed(), 1);
	cr_expect_eq(harness_open(one, "c 1:7", O_RDONLY), EPERM);
	standing_attach("job-*", ADOPTING);
	cr_expect_eq(whitelist_query(one).count, 0);
	cr_expect_eq(count_listed(), 2);
	whitelist_close(&programs[0]);
	whitelist_close(&programs[1]);
}

/* As of a command that was killed between the steps. */
Test(adopt_standing, the_next_change_finishes_the_work_of_a_killed_one)
{
	struct cgfence_cgroup *one = make_member("job-1");
	struct cgfence_cgroup *two = make_member("job-2");
	struct whitelist programs[] = { whitelist_put(one), whitelist_put(two) };

	standing_attach("job-*", ADOPTING);
	for (int i = 0; i < 2; i++)
		whitelist_attach(&programs[i], i ? two : one, BPF_F_ALLOW_MULTI);
	allow("c 1:7 rw");
	cr_expect_eq(whitelist_query(one).count, 0);
	cr_expect_eq(whitelist_query(two).count, 0);
	cr_expect_eq(count_listed(), 2);
	whitelist_close(&programs[0]);
	whitelist_close(&programs[1]);
}
