// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <cgfence/container.h>
#include <criterion/criterion.h>

Test(container, knows_the_cgroup_that_crun_makes_below_a_unit)
{
	static const struct {
		char *subgroup;
		const char *cgroup;
		bool below;
	} cases[] = {
		{ NULL, "/machine.slice/libpod-1.scope/container", true },
		{ NULL, "/machine.slice/libpod-1.scope", false },
		{ NULL, "/machine.slice/libpod-1.scope/other", false },
		{ NULL, "/machine.slice/libpod-1.scope/a/container", false },
		{ NULL, "/libpod_parent/container", false },
		{ NULL, "/container", false },
		{ NULL, "/a.scope/b.scope/container", true },
		{ NULL, "/container/a.scope", false },
		{ "other", "/machine.slice/libpod-1.scope/other", true },
		{ "other", "/machine.slice/libpod-1.scope/container", false },
		{ "", "/machine.slice/libpod-1.scope/", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgfence_container container = { .subgroup = cases[i].subgroup };

		cr_expect_eq(cgfence_container_is_below(&container, cases[i].cgroup),
			     cases[i].below, "%s", cases[i].cgroup);
	}
}
