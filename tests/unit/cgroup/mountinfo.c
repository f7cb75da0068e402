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

static struct cgroup2_mounts parse(const char *text)
{
	struct cgroup2_mounts mounts = { 0 };
	FILE *file = fmemopen((void *)text, strlen(text), "r");

	cr_assert(file);
	cr_assert_eq(mountinfo_parse(file, &mounts), 0);
	fclose(file);
	return mounts;
}

#define LINE(root, point) "36 35 0:38 " root " " point " rw,relatime shared:4 - cgroup2 none rw\n"

static void assert_mount(const struct cgroup2_mount *mount, const char *root, const char *point)
{
	cr_expect_str_eq(mount->point, point);
	cr_expect_eq(mount->root == NULL, root == NULL, "%s", point);
	if (root && mount->root)
		cr_expect_str_eq(mount->root, root, "%s: %s", point, mount->root);
}

Test(mountinfo, the_mount_that_shows_the_most_comes_first)
{
	struct cgroup2_mounts mounts =
		parse("20 1 0:20 / /proc rw - proc proc rw\n" LINE("/a/b", "/b") LINE("/", "/1")
			      LINE("/a", "/a\\040c") LINE("/", "/2"));

	cr_assert_eq(mounts.count, 4);
	assert_mount(&mounts.items[0], "/", "/1");
	assert_mount(&mounts.items[1], "/", "/2");
	assert_mount(&mounts.items[2], "/a", "/a c");
	assert_mount(&mounts.items[3], "/a/b", "/b");
	cr_expect_eq(mountinfo_containing(&mounts, "/b/c"), &mounts.items[3]);
	cr_expect_null(mountinfo_containing(&mounts, "/c"));
	cgroup2_mounts_release(&mounts);
}

Test(mountinfo, in_a_cgroup_namespace_the_mount_from_outside_has_the_root)
{
	struct cgroup2_mounts mounts = parse(LINE("/", "/own") LINE("/../..", "/host")
						     LINE("/../../x", "/x") LINE("/..", "/above"));

	cr_assert_eq(mounts.count, 4);
	assert_mount(&mounts.items[0], "/", "/host");
	assert_mount(&mounts.items[1], "/x", "/x");
	assert_mount(&mounts.items[2], NULL, "/own");
	assert_mount(&mounts.items[3], NULL, "/above");
	cgroup2_mounts_release(&mounts);
}

Test(mountinfo, without_a_mount_from_outside_the_root_is_that_of_the_namespace)
{
	struct cgroup2_mounts mounts = parse(LINE("/../x", "/x") LINE("/", "/own"));

	cr_assert_eq(mounts.count, 2);
	assert_mount(&mounts.items[0], "/", "/own");
	assert_mount(&mounts.items[1], "/../x", "/x");
	cgroup2_mounts_release(&mounts);
}

Test(mountinfo, of_two_mounts_on_one_point_the_later_is_on_top)
{
	struct cgroup2_mounts mounts = parse(LINE("/a", "/1") LINE("/", "/1"));

	assert_mount(mountinfo_containing(&mounts, "/1/b"), "/", "/1");
	cgroup2_mounts_release(&mounts);
	mounts = parse(LINE("/", "/1") LINE("/a", "/1"));
	assert_mount(mountinfo_containing(&mounts, "/1/b"), "/a", "/1");
	cgroup2_mounts_release(&mounts);
}

Test(mountinfo, a_name_of_the_own_namespace_is_looked_for_at_the_same_level)
{
	static const struct {
		const char *root;
		const char *name;
		const char *below;
	} cases[] = {
		{ "/", "/", "/" },	   { "/", "/a", "/a" },	       { "/", "/..", NULL },
		{ "/", "/../a", NULL },	   { "/..", "/../a", "/a" },   { "/..", "/..", "" },
		{ "/..", "/../..", NULL }, { "/../..", "/a", NULL },   { "/..", "/..a", NULL },
		{ "/", "/..a", "/..a" },   { "/../a", "/../b", NULL }, { "/a", "/a/b", "/b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char root[8];
		const struct cgroup2_mount mount = { .own_root = strcpy(root, cases[i].root) };
		const char *below = cgroup2_mount_below_own(&mount, cases[i].name);

		cr_expect_eq(below == NULL, cases[i].below == NULL, "%s in %s", cases[i].name,
			     cases[i].root);
		if (below && cases[i].below)
			cr_expect_str_eq(below, cases[i].below, "%s in %s", cases[i].name,
					 cases[i].root);
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
