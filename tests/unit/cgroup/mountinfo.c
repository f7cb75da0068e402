// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/mountinfo.h"

#include <criterion/criterion.h>
#include <errno.h>
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
