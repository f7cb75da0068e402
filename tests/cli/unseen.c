// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where only a part of the hierarchy is mounted, as in a container, fences outside of it hold all the same. */
#include "fields.h"
#include "program.h"
#include "support/harness.h"

#include <linux/limits.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(unseen, .init = harness_begin, .fini = harness_end);

/* The directory of a cgroup, by its descriptor. */
static const char *directory_of(const struct cgfence_cgroup *cgroup)
{
	static char directory[PATH_MAX];
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", cgfence_cgroup_fd(cgroup));
	length = readlink(link, directory, sizeof(directory) - 1);
	cr_assert_gt(length, 0);
	directory[length] = '\0';
	return directory;
}

/* Runs cgfence where nothing but @shown is mounted of the hierarchy. */
static struct program_result run_seeing(const struct cgfence_cgroup *shown, const char *command,
					const char *option)
{
	static const char script[] =
		"mount --bind \"$1\" \"$2\" && findmnt -rn -t cgroup2 -o TARGET | grep -vx \"$2\" |"
		" xargs umount -l && exec \"$3\" $4";
	const struct program_options options = { .by_words = true };
	char words[64];

	snprintf(words, sizeof(words), "%s %s", command, option);
	return program_run(&options,
			   WORDS("unshare", "--mount", "sh", "-c", script, "sh",
				 directory_of(shown), harness_directory(), program_path(), words));
}

Test(unseen, a_fence_is_listed_by_its_id_and_does_not_hide_the_others)
{
	struct cgfence_cgroup *hidden = harness_child_cgroup(harness_cgroup(), "hidden");
	struct cgfence_cgroup *shown = harness_child_cgroup(harness_cgroup(), "shown");
	struct program_result result;
	json_t *list;
	json_t *by_id;
	json_t *by_path;

	harness_attach(hidden, "{'devices': {}}");
	harness_attach(shown, "{'devices': {}}");
	result = run_seeing(shown, "status", "--json");
	assert_done(result);
	list = program_json(&result);
	cr_assert_eq(json_array_size(list), 2, "%s", result.output);
	by_id = json_array_get(list, 0);
	by_path = json_array_get(list, 1);
	cr_expect(json_is_null(json_object_get(by_id, "cgroup")), "%s", result.output);
	cr_expect_eq((uint64_t)number_of(by_id, "cgroup_id"), cgfence_cgroup_id(hidden));
	cr_expect_str_eq(text_of(by_path, "cgroup"), cgfence_cgroup_path(shown));
	json_decref(list);
}

Test(unseen, a_table_has_the_id_in_place_of_the_path)
{
	struct cgfence_cgroup *hidden = harness_child_cgroup(harness_cgroup(), "hidden");
	struct cgfence_cgroup *shown = harness_child_cgroup(harness_cgroup(), "shown");
	struct program_result result;
	char cell[32];

	harness_attach(hidden, "{'devices': {}}");
	result = run_seeing(shown, "status", "");
	assert_done(result);
	snprintf(cell, sizeof(cell), "\nid:%llu\t", (unsigned long long)cgfence_cgroup_id(hidden));
	assert_has(result.output, cell);
}

/* It has kept no programs of others, for which their cgroup would be needed. */
Test(unseen, detach_needs_no_mount)
{
	struct cgfence_cgroup *hidden = harness_child_cgroup(harness_cgroup(), "hidden");
	struct program_result result;

	harness_attach(hidden, "{'devices': {}}");
	result = program_run(
		&(struct program_options){ .by_words = true },
		WORDS("unshare", "--mount", "sh", "-c",
		      "findmnt -rn -t cgroup2 -o TARGET | xargs umount -l && exec \"$0\" detach --all",
		      program_path()));
	assert_done(result);
	assert_has(result.output, "Detached 1 fence.");
	cr_expect_eq(harness_hook_programs(hidden), 0);
}

/* Runs cgfence where something else is mounted on top of a mount of the hierarchy, and another one shows all of it. */
static struct program_result run_beside_covered(const char *const words[3])
{
	static const char script[] =
		"root=$(findmnt -rn -t cgroup2 -o TARGET | head -n 1) && mount --bind \"$root\" \"$0\" &&"
		" mount -t tmpfs none \"$root\" && exec \"$@\"";
	const struct program_options options = { .by_words = true };

	return program_run(&options,
			   WORDS("unshare", "--mount", "sh", "-c", script, harness_directory(),
				 program_path(), words[0], words[1], words[2]));
}

Test(unseen, a_mount_that_is_covered_keeps_none_from_another)
{
	const char *name = cgfence_cgroup_path(harness_cgroup()) + 1;
	struct program_result result;

	assert_done(run_beside_covered(WORDS("attach", name)));
	result = run_beside_covered(WORDS("show", name));
	assert_done(result);
	assert_has(result.output, "\"defaults\": true");
	assert_done(run_beside_covered(WORDS("attach", "--standing", name)));
	assert_done(run_beside_covered(WORDS("detach", "--standing", name)));
	assert_done(run_beside_covered(WORDS("run", "--", "true")));
	assert_done(run_beside_covered(WORDS("detach", name)));
}
