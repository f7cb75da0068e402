// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What stands around ordered lists; tests/unit/import/order.c has what comes of their order. */
#include "unit/support/import_text.h"

#include <errno.h>
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
		  "f:1: what '/etc/more' has is not read; the policy allows nothing of it, nor of the lines before it, which it may take back\n"
		  "f:3: 'allow c 5000:1 r' is about numbers that no device has; it is left out\n" },
		{ "lxc.cgroup2.devices.deny: a\nlxc.cgroup2.devices.allow: c 1:3 r\n[now]\n"
		  "lxc.cgroup2.devices.allow: c 1:5 r\n",
		  ALLOW("`c 1:3 r`"),
		  "f:3: what is of the snapshot [now] is left out, and all behind it\n" },
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

#define SHIPPED "/usr/share/lxc/config/"
#define AS_SHIPPED(line, file) \
	"f:" line ": '" SHIPPED file "' is not read; it is taken to be as LXC ships it\n"
#define COMMON                                                                                  \
	"`c *:* m`, `b *:* m`, `c 10:229 rw`, `c 5:2 rw`, `c 5:1 rw`, `c 5:0 rw`, `c 1:9 rw`, " \
	"`c 1:8 rw`, `c 1:7 rw`, `c 1:5 rw`, `c 1:3 rw`, `c 136:* rw`"
#define NOT_READ(line, file)                                              \
	"f:" line ": what '" file                                         \
	"' has is not read; the policy allows nothing of it, nor of the " \
	"lines before it, which it may take back\n"
#define NONE_LEFT \
	"f: no rule is left: LXC attaches no program then, and allows everything; the policy allows nothing\n"

Test(import_lists, lxc_includes)
{
	static const struct import_expectation cases[] = {
		{ "lxc.cgroup2.devices.allow = c 195:0 rw\n"
		  "lxc.include = " SHIPPED "common.conf\n"
		  "lxc.cgroup2.devices.deny = c *:* m\n"
		  "lxc.cgroup2.devices.allow = c 1:11 r\n"
		  "lxc.include = " SHIPPED "userns.conf\n"
		  "lxc.cgroup2.devices.allow = c 1:3 r\n",
		  ALLOW("`c 1:3 r`"),
		  AS_SHIPPED("2", "common.conf") AS_SHIPPED("5", "userns.conf") },
		{ "lxc.include = " SHIPPED "common.conf\nlxc.include = " SHIPPED
		  "debian.userns.conf\n",
		  NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "lxc.cgroup2.devices.allow = a\nlxc.include = /srv/my-common.conf\n"
		  "lxc.cgroup2.devices.allow = c 1:3 r\n",
		  ALLOW("`c 1:3 r`"), NOT_READ("2", "/srv/my-common.conf") },
		{ "lxc.cgroup2.devices.allow = c 1:3 r\nlxc.include = " SHIPPED "nesting.conf\n"
		  "lxc.include =\n",
		  ALLOW("`c 1:3 r`"), AS_SHIPPED("2", "nesting.conf") },
		{ "lxc.cgroup2.devices.allow = c 1:3 r\n", ALLOW("`c 1:3 r`"), "" },
		{ "lxc.cgroup2.devices.deny = c 1:3 r\n", "{`devices`: {}}",
		  "f:1: 'deny c 1:3 r' has no effect on LXC after 'deny = a'; it is left out\n" NONE_LEFT },
		{ "lxc.cgroup.devices.allow = c 1:3 r\n", ALLOW("`c 1:3 r`"),
		  "f: no line is 'a' alone, so what a cgroup has at first counts, which is not known; the policy allows nothing of it\n" },
	};

	import_text_expect("lxc", host, cases, ARRAY_SIZE(cases));
}

#define UNPRIVILEGED                                                           \
	"f:1: 'unprivileged' has userns.conf included, which takes back what " \
	"common.conf allows; the policy allows nothing of it\n"

Test(import_lists, lxc_devices_of_proxmox)
{
	static const struct import_expectation cases[] = {
		{ "unprivileged: 1\ndev0: /dev/fuse,mode=0660\ndev1: path=/dev/lost,gid=5\n",
		  ALLOW("`c 10:229 rw`"),
		  UNPRIVILEGED "f:3: '/dev/lost rw' is no device of this host; it is left out\n" },
		{ "unprivileged: 1\ndev10: path=/dev/fuse,deny-write=1\n", ALLOW("`c 10:229 r`"),
		  UNPRIVILEGED },
		{ "unprivileged: yes\ndev0: deny-write=Yes,mode=0660,path=/dev/fuse\n",
		  ALLOW("`c 10:229 r`"), UNPRIVILEGED },
		{ "unprivileged: on\ndev0: gid=5,/dev/fuse,deny-write=OFF\n",
		  ALLOW("`c 10:229 rw`"), UNPRIVILEGED },
		/* They come before the lines for LXC, wherever they are. */
		{ "lxc.cgroup2.devices.deny: a\nlxc.cgroup2.devices.allow: c 1:3 r\n"
		  "dev0: /dev/fuse\n",
		  ALLOW("`c 1:3 r`"), "" },
		{ "unprivileged: 1\n[before]\ndev0: /dev/fuse\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "lxc.cgroup2.devices.allow: c 1:3 r\nlxc.idmap: u 0 100000 65536\n",
		  ALLOW("`c 1:3 r`"),
		  "f:2: 'lxc.idmap' has userns.conf included, which takes back what common.conf allows; the policy allows nothing of it\n" },
	};

	import_text_expect("lxc", host, cases, ARRAY_SIZE(cases));
}

static void expect_of_proxmox(const char *text, bool has_console)
{
	cleanup_imported struct imported imported = import_text_run_one("lxc", text);
	cleanup_policy struct cgfence_policy *policy = import_text_policy(&imported);

	cr_expect(import_text_allows(policy, "c 1:3 rw"), "%s", text);
	cr_expect(import_text_allows(policy, "c 5:2 rw"), "%s", text);
	cr_expect_eq(import_text_allows(policy, "c 5:1 rw"), has_console, "%s", text);
}

Test(import_lists, lxc_console_of_proxmox)
{
	expect_of_proxmox("arch: amd64\n", true);
	expect_of_proxmox("unprivileged: 0\nconsole: 1\n", true);
	expect_of_proxmox("console: 0\n", false);
	expect_of_proxmox("console: no\nlxc.cgroup2.devices.allow: c 5:1 rwm\n", true);
}

/* What is before common.conf is gone by then. */
Test(import_lists, lxc_common_takes_back)
{
	cleanup_imported struct imported imported =
		import_text_run_one("lxc", "lxc.cgroup2.devices.allow = c 195:0 rw\n"
					   "lxc.include = " SHIPPED "debian.common.conf\n"
					   "lxc.cgroup2.devices.allow = c 226:0 rw\n");
	cleanup_policy struct cgfence_policy *policy = import_text_policy(&imported);

	cr_expect_not(import_text_allows(policy, "c 195:0 r"));
	cr_expect(import_text_allows(policy, "c 1:3 rw"));
	cr_expect(import_text_allows(policy, "c 226:0 rw"));
}

Test(import_lists, lxc_keys_and_numbers)
{
	static const struct import_expectation cases[] = {
		{ "lxc.cgroup2.devices.allow = c 1:5 r\nlxc.cgroup2 =\n"
		  "lxc.cgroup2.devices.allow = c 1:3 r\nlxc.cgroup2.memory.max = 5\n",
		  ALLOW("`c 1:3 r`"), "" },
		{ "lxc.cgroup2.devices.deny c 1:5 r\nlxc.cgroup2.devices.allow = c 1:3 r\n",
		  ALLOW("`c 1:3 r`"),
		  "f:1: 'lxc.cgroup2.devices.deny c 1:5 r' has no '=', so that LXC would refuse the file; it is left out\n" },
		{ "lxc.cgroup2.devices.allow = a\nlxc.cgroup2.devices.dney = c 1:3 rwm\n",
		  "{`devices`: {`allow`: [`a *:* rwm`], `deny`: [`c 1:3 rwm`]}}",
		  "f:2: 'lxc.cgroup2.devices.dney' is no setting of LXC, which takes it for lxc.cgroup2.devices.deny\n" },
		{ "lxc.cgroup2.devices.allow = c 1:3 r\nlxc.cgroup.device.allow = c 1:5 r\n",
		  ALLOW("`c 1:3 r`"),
		  "f:2: 'lxc.cgroup.device.allow' is no setting of LXC about devices; it is left out\n" },
		{ "lxc.cgroup2.devices.allow = c 010:0345 r\n", ALLOW("`c 8:229 r`"), "" },
		{ "lxc.cgroup2.devices.allow = c 08:1 r\n", NULL,
		  "f:1: 'c 08:1 r': LXC takes a type, numbers and letters, such as 'c 10:229 rwm', or 'a'" },
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

/* Before the first word it would hide that line, which is often the one that denies all. */
Test(import_lists, byte_order_mark)
{
	static const char *const dialects[] = { "runc",	    "crun",  "lxc",   "cgroup1", "mesos",
						"marathon", "nomad", "slurm", "libvirt", "snapd" };

	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
		cleanup_imported struct imported imported = import_text_run_one(
			dialects[i], "\xef\xbb\xbflxc.cgroup2.devices.deny = a\n");

		cr_expect_eq(imported.result, -EINVAL, "%s", dialects[i]);
		cr_expect(strstr(imported.error.text, "f: a byte order mark is before the text"),
			  "%s: %s", dialects[i], imported.error.text);
	}
	policy_text_expect_no_leak();
}
