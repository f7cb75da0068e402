// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/mountinfo.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Test(mountinfo, a_path_is_below_a_directory_by_components)
{
	static const struct {
		const char *path;
		const char *directory;
		const char *below;
	} cases[] = {
		{ "/a/b", "/a", "/b" },	 { "/a/b/c", "/a/b", "/c" }, { "/a", "/a", "" },
		{ "/a/b", "/a/", "/b" }, { "/a", "/", "/a" },	     { "/", "/", "/" },
		{ "/ab", "/a", NULL },	 { "/a", "/a/b", NULL },     { "/b", "/a", NULL },
		{ "/a", "/a/", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *below = path_below(cases[i].path, cases[i].directory);

		cr_assert_eq(below == NULL, cases[i].below == NULL, "%s below %s", cases[i].path,
			     cases[i].directory);
		if (below)
			cr_expect_str_eq(below, cases[i].below, "%s below %s: %s", cases[i].path,
					 cases[i].directory, below);
	}
}

Test(mountinfo, a_name_is_looked_for_in_the_part_that_is_mounted)
{
	static const struct {
		const char *root;
		const char *name;
		const char *below;
	} cases[] = {
		{ "/", "/a/b", "a/b" }, { "/", "a/b", "a/b" }, { "/", "/", "" },
		{ "/", "//a", "a" },	{ "/a", "/a/b", "b" }, { "/a", "/a", "" },
		{ "/a", "b", "b" },	{ "/a", "/b", NULL },  { "/a", "/ab", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char root[8];
		const struct cgroup2_mount mount = { .root = strcpy(root, cases[i].root) };
		struct cgfence_error error = { 0 };
		const char *below = "unchanged";
		int result = cgroup2_mount_below(&mount, cases[i].name, &below, &error);

		cr_expect_eq(result, cases[i].below ? 0 : -ENOENT, "%s in %s", cases[i].name,
			     cases[i].root);
		cr_expect_str_eq(below, cases[i].below ? cases[i].below : "unchanged",
				 "%s in %s: %s", cases[i].name, cases[i].root, below);
		cr_expect_eq(strstr(error.text, cases[i].root) != NULL, !cases[i].below, "%s",
			     error.text);
	}
}

#define WHOLE "36 25 0:31 / /sys/fs/cgroup rw - cgroup2 none rw\n"
#define OTHER "35 25 0:30 / /sys/fs rw shared:7 - tmpfs tmpfs rw\n"

Test(mountinfo, takes_the_mount_that_shows_the_path_or_the_most)
{
	static const struct {
		const char *text;
		const char *path;
		const char *root; /* NULL if none is found */
		const char *point;
	} cases[] = {
		{ WHOLE, NULL, "/", "/sys/fs/cgroup" },
		{ OTHER WHOLE, "/sys/fs/cgroup/a", "/", "/sys/fs/cgroup" },
		{ OTHER, NULL, NULL, NULL },
		{ WHOLE, "/sys/fs/cgroups", NULL, NULL },
		{ "40 25 0:31 /a /mnt rw - cgroup2 none rw\n" WHOLE, NULL, "/", "/sys/fs/cgroup" },
		{ WHOLE "40 25 0:31 /a /sys/fs/cgroup/b rw - cgroup2 none rw\n",
		  "/sys/fs/cgroup/b/c", "/a", "/sys/fs/cgroup/b" },
		{ "40 25 0:31 / /a\\040b\\134 rw - cgroup2 none rw", NULL, "/", "/a b\\" },
		{ "40 25 0:31 / /a\\04 rw - cgroup2 none rw", NULL, "/", "/a\\04" },
		/* What follows the dash is no place. */
		{ "40 25 0:31 / - cgroup2 /none rw", NULL, NULL, NULL },
		{ "40 - cgroup2 /none /rw", NULL, NULL, NULL },
		{ "40 25 0:31 a /b rw - cgroup2 none rw", NULL, NULL, NULL },
		{ "40 25 0:31 / b rw - cgroup2 none rw", NULL, NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *file = fmemopen((void *)cases[i].text, strlen(cases[i].text), "r");
		struct cgroup2_mount mount = { 0 };
		int result = mountinfo_read_cgroup2(file, cases[i].path, &mount);

		fclose(file);
		cr_expect_eq(result, cases[i].root ? 0 : -ENOENT, "%s", cases[i].text);
		if (cases[i].root && result == 0) {
			cr_expect_str_eq(mount.root, cases[i].root, "%s", cases[i].text);
			cr_expect_str_eq(mount.point, cases[i].point, "%s", cases[i].text);
		}
		cgroup2_mount_release(&mount);
	}
}
