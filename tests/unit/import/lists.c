// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What stands around ordered lists; tests/unit/import/order.c has what comes of their order. */
#include "unit/support/import_text.h"

#include <string.h>

static const char host[] = "{`nodes`: {`/dev/fuse`: `c 10:229`}}";

#define ALLOW(entries) "{`devices`: {`allow`: [" entries "]}}"

Test(import_lists, lxc)
{
	static const struct import_expectation cases[] = {
		{ "lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = '/dev/fuse rw'\n"
		  "lxc.cgroup2.devices.allow = /dev/lost r\n",
		  ALLOW("`c 10:229 rw`"),
		  "f:3: '/dev/lost r' is no device of this host; it is left out\n" },
		{ "lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:3 r\n"
		  "lxc.cgroup2.devices.deny = /dev/fuse r\n",
		  ALLOW("`c 1:3 r`"),
		  "f:3: '/dev/fuse r' is a path, which LXC would allow instead of denying it; it is left out\n" },
		{ "lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:5 r\n"
		  "lxc.cgroup2.devices.allow =\nlxc.cgroup2.devices.allow = c 1:3 r\n",
		  ALLOW("`c 1:3 r`"), "" },
		{ "lxc.cgroup.devices.deny = a\nlxc.cgroup2.devices.deny = a\n"
		  "lxc.cgroup2.devices.allow = c 1:3 r\n",
		  ALLOW("`c 1:3 r`"),
		  "f:1: lines for cgroup v1 are left out, since there are lines for cgroup2\n" },
		{ "lxc.include = /etc/more\nlxc.cgroup2.devices.deny = a\n"
		  "lxc.cgroup2.devices.allow = c 5000:1 r\n",
		  "{`devices`: {}}",
		  "f:1: what '/etc/more' has is not read\n"
		  "f:3: 'allow c 5000:1 r' is about numbers that no device has; it is left out\n" },
		{ "lxc.cgroup2.devices.deny: a\nlxc.cgroup2.devices.allow: c 1:3 r\n[now]\n"
		  "lxc.cgroup2.devices.allow: c 1:5 r\n",
		  ALLOW("`c 1:3 r`"),
		  "f:3: what is of the snapshot [now] is left out, and all behind it\n" },
		{ "lxc.cgroup2.devices.deny: a\ndev0: /dev/fuse,mode=0660\n"
		  "dev1: path=/dev/lost,gid=5\n",
		  ALLOW("`c 10:229 rw`"),
		  "f:3: '/dev/lost rw' is no device of this host; it is left out\n" },
		{ "lxc.cgroup2.devices.deny: a\ndev10: path=/dev/fuse,deny-write=1\n",
		  ALLOW("`c 10:229 r`"), "" },
		/* As userns.conf */
		{ "lxc.cgroup2.devices.deny =\nlxc.cgroup2.devices.allow =\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "lxc.cgroup2.devices.deny =\nlxc.cgroup2.devices.allow =\n"
		  "lxc.cgroup2.devices.allow = c 1:3 r\n",
		  ALLOW("`c 1:3 r`"), "" },
		{ "lxc.cgroup2.devices.deny = a\nlxc.cgroup2.devices.allow = a *:* mrw\n",
		  ALLOW("`a *:* rwm`"),
		  "f:2: 'allow a *:* rwm' is for everything: LXC 5.0 starts no such container, and takes 'a' alone for it\n" },
		{ "lxc.cgroup2.devices.deny = c 1 r\n", NULL,
		  "f:1: 'c 1 r': LXC takes a type, numbers and letters, such as 'c 10:229 rwm', or 'a'" },
	};

	import_text_expect("lxc", host, cases, ARRAY_SIZE(cases));
}

Test(import_lists, cgroup1)
{
	static const struct import_expectation cases[] = {
		{ "c 1:3 rw\nb *:* m\n", ALLOW("`c 1:3 rw`, `b *:* m`"), "" },
		{ "deny a\nallow c 1:3 rw\ndeny c 1:* r\n", ALLOW("`c 1:3 rw`"),
		  "f:3: 'deny c 1:* r' denies nothing, since no earlier rule allows just that; it is left out\n" },
		{ "devices.deny: c 1:3 w\nx y\n",
		  "{`devices`: {`allow`: [`a *:* rwm`], `deny`: [`c 1:3 w`]}}",
		  "f:2: 'x' is no rule about devices; it is left out\n" },
		{ "a *:* rwm\n", NULL,
		  "f:1: where everything is allowed, devices.list does not show what is denied; give the lines that were written to devices.allow and devices.deny, such as 'deny c 10:229 rwm'" },
		{ "deny d 1:3 r\n", NULL,
		  "f:1: 'd 1:3 r': the kernel takes a type, numbers and letters, such as 'c 10:229 rwm', or 'a'" },
		{ "# none\n", NULL, "f: there is no rule in it" },
	};

	import_text_expect("cgroup1", host, cases, ARRAY_SIZE(cases));
}

#define DEVICES(rules) "{`linux`: {`resources`: {`devices`: [" rules "]}}}"

Test(import_lists, oci_refusals)
{
	static const struct import_expectation cases[] = {
		{ DEVICES("{`allow`: true, `type`: `c`}"), NULL,
		  "f: linux.resources.devices[0]: 'allow c *:*' has no access, which runc refuses; give rwm" },
		{ DEVICES("{`access`: `rx`}"), NULL,
		  "f: linux.resources.devices[0].access: this must be of the letters r, w and m" },
		{ DEVICES("{`type`: `p`}"), NULL,
		  "f: linux.resources.devices[0].type: this must be a, b or c" },
		{ DEVICES("{`major`: -2}"), NULL,
		  "f: linux.resources.devices[0].major: this must be a number, or -1 for all" },
		{ DEVICES("{`major`: 4294967316}"), NULL,
		  "f: linux.resources.devices[0].major: this must be a number, or -1 for all" },
		{ DEVICES("{`allow`: true, `access`: `rwm`}, {`type`: `c`, `minor`: 3, `access`: `r`}"),
		  NULL,
		  "f: 'allow c 1:3 rwm' is added by runc, and does not go with a rule with '*' that denies it: runc does not start such a container" },
		{ "{`linux`: {`resources`: {`devices`: 1}}}", NULL,
		  "f: linux.resources.devices: this must be a list" },
		/* Go takes them, so that what they say counts. */
		{ DEVICES("{`allow`: true, `type`: `c`, `Major`: 10, `minor`: 229, `access`: `rw`}"),
		  NULL,
		  "f: linux.resources.devices[0].Major: runc takes this for 'major'; write it so" },
		{ DEVICES("{}, {`acce\xc5\xbfS`: `rw`}"), NULL,
		  "f: linux.resources.devices[1].acce\xc5\xbfS: runc takes this for 'access'; write it so" },
		{ "{`Linux`: {}}", NULL, "f: Linux: runc takes this for 'linux'; write it so" },
		{ "{`linux`: {`resources`: {`deVices`: []}}}", NULL,
		  "f: linux.resources.deVices: runc takes this for 'devices'; write it so" },
		{ "{`linux`: {`re\xc5\xbfources`: {}}}", NULL,
		  "f: linux.re\xc5\xbfources: runc takes this for 'resources'; write it so" },
		{ "{`linux`: {`devices`: [{`Path`: `/dev/null`}]}}", NULL,
		  "f: linux.devices[0].Path: runc takes this for 'path'; write it so" },
	};

	import_text_expect("runc", host, cases, ARRAY_SIZE(cases));
}

/* A node of the specification takes the place of runc's own, and its rule with it. */
Test(import_lists, runc_leaves_out_rules_of_given_nodes)
{
	cleanup_imported struct imported imported = import_text_run_one(
		"runc", "{\"linux\": {\"devices\": [{\"path\": \"/dev/null\"}]}}");
	cleanup_policy struct cgfence_policy *policy = import_text_policy(&imported);

	cr_expect_not(import_text_allows(policy, "c 1:3 r"));
	cr_expect(import_text_allows(policy, "c 1:5 rw"));
}

/* To runc it is one of everything, to crun one of characters. */
Test(import_lists, a_type_that_is_empty)
{
	static const char text[] =
		"{\"linux\": {\"resources\": {\"devices\": [{\"access\": \"rwm\"},"
		" {\"allow\": true, \"type\": \"\", \"major\": 20, \"minor\": 0, \"access\": \"rw\"}]}}}";
	cleanup_imported struct imported runc = import_text_run_one("runc", text);
	cleanup_imported struct imported crun = import_text_run_one("crun", text);
	cleanup_policy struct cgfence_policy *of_runc = import_text_policy(&runc);
	cleanup_policy struct cgfence_policy *of_crun = import_text_policy(&crun);

	cr_expect(import_text_allows(of_runc, "b 20:0 rw"));
	cr_expect_not(import_text_allows(of_crun, "b 20:0 rw"));
	cr_expect(import_text_allows(of_crun, "c 20:0 rw"));
}

/* The keys of crun are as they are written. */
Test(import_lists, crun_ignores_keys_in_another_case)
{
	cleanup_imported struct imported imported = import_text_run_one(
		"crun",
		"{\"linux\": {\"resources\": {\"devices\": [{\"access\": \"rwm\"}, {\"allow\": true,"
		" \"type\": \"c\", \"Major\": 10, \"minor\": 229, \"access\": \"rw\"}]}}}");
	cleanup_policy struct cgfence_policy *policy = import_text_policy(&imported);

	cr_expect(import_text_allows(policy, "c 20:229 rw"));
}

Test(import_lists, crun_without_rules_allows_all)
{
	cleanup_imported struct imported imported = import_text_run_one("crun", "{}");
	cleanup_policy struct cgfence_policy *policy = import_text_policy(&imported);

	cr_expect(import_text_allows(policy, "b 8:0 rwm"));
	cr_expect(strstr(imported.remarks, "everything is allowed"));
}
