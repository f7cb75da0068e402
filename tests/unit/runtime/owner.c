// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/owner.h"

#include <cgfence/foreign.h>
#include <criterion/criterion.h>
#include <string.h>

Test(owner, is_told_by_names)
{
	static const struct {
		const char *cgroup;
		const char *owner;
	} cases[] = {
		{ "/", "" },
		{ "/a/b", "" },
		{ "/a.service.d", "" },
		{ "/.service", "" },
		{ "/system.slice/nginx.service", "the unit nginx.service" },
		{ "/system.slice/nginx.service/worker", "the unit nginx.service" },
		{ "/machine.slice/libpod-1.scope/container", "the unit libpod-1.scope" },
		{ "/user.slice/user-0.slice/user@0.service/app.slice/a.scope", "the unit a.scope" },
		{ "/system.slice", "the unit system.slice" },
		{ "/lxc.payload.web", "the LXC container web" },
		{ "/lxc.payload.web/system.slice/a.service", "the LXC container web" },
		{ "/system.slice/slurmstepd.scope/job_7/step_0", "Slurm" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CGFENCE_OWNER_TEXT_SIZE];

		owner_by_name(cases[i].cgroup, text);
		cr_expect_str_eq(text, cases[i].owner, "%s: %s", cases[i].cgroup, text);
	}
}

Test(owner, a_long_name_is_cut)
{
	char text[CGFENCE_OWNER_TEXT_SIZE];
	char cgroup[400] = "/";

	memset(cgroup + 1, 'a', 300);
	strcpy(cgroup + 301, ".scope");
	owner_by_name(cgroup, text);
	cr_expect_eq(strlen(text), sizeof(text) - 1);
}
