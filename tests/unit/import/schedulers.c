// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/import_text.h"

#include <stdio.h>
#include <string.h>

static const char host[] = "{`nodes`: {`/dev/fuse`: `c 10:229`, `/dev/null`: `c 1:3`}}";

#define LATER(place, label)              \
	"f: " place ": the port '" label \
	"' is known only when the task is placed (NOMAD_PORT_" label "); it is left out\n"

Test(import_schedulers, mesos)
{
	static const struct import_expectation cases[] = {
		{ "{`task`: `cpus:1; ports(web):[80-81, 90-90]`}", "{`ports`: [`80-81`, 90]}", "" },
		{ "{`resources`: [{`name`: `ports`, `ranges`: {`range`: [{`begin`: 1, `end`: 2}]}}],"
		  " `task`: ``}",
		  "{`ports`: [], `isolated_range`: [`1-2`]}",
		  "f: no ports are assigned to a task; the policy has none, and --tcp and --udp of attach add some\n" },
		{ "{`allowed_devices`: [{`device`: {`path`: `/dev/fuse`},"
		  " `access`: {`read`: true, `write`: false, `mknod`: true}}]}",
		  "{`devices`: {`defaults`: `mesos`, `allow`: [`/dev/fuse rm`]}}", "" },
		{ "{`allowed_devices`: [{`device`: {`path`: `/dev/fuse`}, `access`: {`read`: true}},"
		  " {`device`: {`path`: `/dev/fuse`}, `access`: {`write`: true}}]}",
		  "{`devices`: {`defaults`: `mesos`, `allow`: [`/dev/fuse rw`]}}", "" },
		{ "{`task`: `ports:80`}", NULL,
		  "f: task: ports are ranges in brackets, such as ports:[31000-32000]" },
		{ "{`task`: `ports:[80-90000]`}", "{`ports`: []}",
		  "f: task: this is no port; it is left out\n" },
		{ "{`allowed_devices`: [{`device`: {}}]}", NULL,
		  "f: allowed_devices[0]: this must have the path of a device and an access" },
		{ "{`allowed_devices`: [{`device`: {`path`: `/dev/fuse`},"
		  " `access`: {`read`: true, `write`: `true`}}]}",
		  NULL,
		  "f: allowed_devices[0].access: read, write and mknod must be true or false" },
		{ "{`resources`: `[{\\`name\\`: \\`ports\\`, \\`ranges\\`: {\\`range\\`:"
		  " [{\\`begin\\`: 1, \\`end\\`: 2}]}}]`, `task`: `ports:[2-2]`}",
		  "{`ports`: [2], `isolated_range`: [`1-2`]}", "" },
		{ "{`resources`: `file:///etc/mesos/resources`, `allowed_devices`: []}", NULL,
		  "f: resources: this names a file, which is not read; give what it has" },
		{ "{`resource`: `ports:[1-2]`, `task`: `ports:[2-2]`}", "{`ports`: [2]}",
		  "f: resource: it is none of resources, task and allowed_devices; it is left out\n" },
		{ "{`resources`: `[1`}", NULL,
		  "f: resources: this begins like a list in JSON, and is none" },
		{ "{`task`: `ports:[1-4294998296]`}", NULL,
		  "f: task: ports are ranges in brackets, such as ports:[31000-32000]" },
		{ "{`task`: `ports:[80-81`}", NULL,
		  "f: task: ports are ranges in brackets, and ']' is missing" },
		{ "[]", NULL, "f: this must be a JSON object" },
		/* Without one of its ranges the policy would judge fewer ports than the agent does. */
		{ "{`resources`: `ports:[31000-32000,40000-70000]`, `task`: `ports:[31004-31005]`}",
		  NULL,
		  "f: resources: 40000-70000 is no range of ports; give a low and a high one from 1 to 65535" },
		{ "{`resources`: `ports:[32000-31000]`}", NULL,
		  "f: resources: 32000-31000 is no range of ports; give a low and a high one from 1 to 65535" },
		{ "{`resources`: [{`name`: `ports`, `ranges`: {`range`: [{`begin`: 80}]}}]}", NULL,
		  "f: resources: 80-0 is no range of ports; give a low and a high one from 1 to 65535" },
		{ "{`resources`: [{`name`: `ports`, `type`: `RANGES`}]}", NULL,
		  "f: resources: the ports must have ranges, with a list called range" },
	};

	import_text_expect("mesos", host, cases, ARRAY_SIZE(cases));
}

Test(import_schedulers, nomad)
{
	static const struct import_expectation cases[] = {
		{ "{`Job`: {`TaskGroups`: [{`Networks`: [{`ReservedPorts`: [{`Label`: `a`, `Value`: 80}],"
		  " `DynamicPorts`: [{`Label`: `b`}]}]}]}}",
		  "{`ports`: [80]}", LATER("DynamicPorts[0]", "b") },
		{ "{`Networks`: [{`Mode`: `bridge`, `ReservedPorts`: [{`Value`: 80}]}]}", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "{`TaskGroups`: [{`Name`: `a`}, {`Name`: `b`}]}", NULL,
		  "f: TaskGroups: name one of these with --part: a, b" },
		{ "{`TaskGroups`: [{`Tasks`: [{`Resources`: {`Networks`: [{`ReservedPorts`:"
		  " [{`Value`: 80}]}]}}]}]}",
		  "{`ports`: [80]}", "" },
		{ "{`Networks`: [{`ReservedPorts`: [{`Value`: `80`}]}]}", "{`ports`: []}",
		  "f: ReservedPorts[0]: this is no port; it is left out\n" },
		{ "job `x` {}", NULL,
		  "f: this is no JSON; of a job in HCL, 'nomad job run -output' prints it" },
		{ "{`Networks`: [{`ReservedPorts`: {`Value`: 80}}]}", NULL,
		  "f: ReservedPorts: this must be a list" },
		{ "{`AllocatedResources`: {`Shared`: {`Networks`: [{`Mode`: `host`}],"
		  " `Ports`: [{`Label`: `a`, `Value`: 80}]}}}",
		  "{`ports`: [80]}", "" },
		/* Nomad 0.11 has them in the network alone. */
		{ "{`AllocatedResources`: {`Shared`: {`Networks`: [{`Mode`: `host`,"
		  " `DynamicPorts`: [{`Label`: `a`, `Value`: 20000}],"
		  " `ReservedPorts`: [{`Label`: `b`, `Value`: 80}]}], `Ports`: null}}}",
		  "{`ports`: [80, 20000]}", "" },
		{ "{}", NULL,
		  "f: this is no allocation, job or group of Nomad; give what 'nomad alloc status -json' or 'nomad job inspect' prints" },
	};

	import_text_expect("nomad", host, cases, ARRAY_SIZE(cases));
}

Test(import_schedulers, marathon)
{
	static const struct import_expectation cases[] = {
		{ "{`requirePorts`: true, `portDefinitions`: [{`port`: 80, `protocol`: `udp,tcp`},"
		  " {`port`: 81}, {`port`: 0}]}",
		  "{`ports`: {`tcp`: [`80-81`], `udp`: [80]}}",
		  "f: portDefinitions[2]: the port is known only when the task starts; it is left out\n" },
		{ "{`ports`: [80]}", "{`ports`: []}",
		  "f: without requirePorts the ports of a task are known only when it starts; the policy has none, and --tcp and --udp of attach add them\n" },
		{ "{`networks`: [{`mode`: `container/bridge`}], `requirePorts`: true, `ports`: [80]}",
		  NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "{`app`: {`id`: `/x`, `requirePorts`: true, `ports`: [80, `81`]}}",
		  "{`ports`: {`tcp`: [80], `udp`: []}}",
		  "f: ports[1]: this is no port; it is left out\n" },
		{ "{`apps`: [{`id`: `/x`}, {`id`: `/y`}]}", NULL,
		  "f: apps: name one of these with --part: /x, /y" },
		{ "{`id`: `/x`, `ipAddress`: {}, `requirePorts`: true, `ports`: [80]}", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "{`networks`: [{`mode`: `host`}], `containers`: [{`endpoints`: [{`hostPort`: 80},"
		  " {`hostPort`: 53, `protocol`: [`udp`]}, {`hostPort`: 0}]}]}",
		  "{`ports`: {`tcp`: [80], `udp`: [53]}}",
		  "f: containers[0].endpoints[2]: the port is known only when the task starts; it is left out\n" },
		{ "{`app`: {`id`: `/x`, `portDefinitions`: [{`port`: 10000, `protocol`: `tcp`},"
		  " {`port`: 10001, `protocol`: `udp`}], `tasks`: [{`ports`: [31001, 31002]}]}}",
		  "{`ports`: {`tcp`: [31001], `udp`: [31002]}}", "" },
		{ "{`requirePorts`: true, `portDefinitions`: [{`port`: 80, `protocol`: `sctp`}]}",
		  "{`ports`: []}",
		  "f: portDefinitions[0]: a policy has no ports of 'sctp'; it is left out\n" },
		{ "{`requirePorts`: true, `ports`: 80}", NULL, "f: ports: this must be a list" },
		/* What the definitions say of a protocol, the list of the same ports does not. */
		{ "{`requirePorts`: true, `ports`: [80, 81], `portDefinitions`:"
		  " [{`port`: 80, `protocol`: `udp`}, {`port`: 81, `protocol`: `tcp`}]}",
		  "{`ports`: {`tcp`: [81], `udp`: [80]}}", "" },
		{ "{`networks`: [{`name`: `dcos`}], `requirePorts`: true, `ports`: [80]}", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		/* None of these is taken for tcp. */
		{ "{`requirePorts`: true, `portDefinitions`: [{`port`: 80, `protocol`: [`udp`]}]}",
		  "{`ports`: []}",
		  "f: portDefinitions[0]: a policy has no ports of ''; it is left out\n" },
		{ "{`networks`: [{`mode`: `host`}], `containers`: [{`endpoints`: [{`hostPort`: 53,"
		  " `protocol`: `udp`}, {`hostPort`: 54, `protocol`: []}]}]}",
		  "{`ports`: {`tcp`: [54], `udp`: [53]}}", "" },
		{ "{}", NULL, "f: this is no app or pod of Marathon" },
		/* Groups */
		{ "{`id`: `/prod`, `apps`: [], `groups`: [{`id`: `/prod/a`, `apps`: [{`id`: `x`},"
		  " {`id`: `/prod/a/y`}]}, {`id`: `b`, `pods`: [{`id`: `z`}]}]}",
		  NULL, "f: apps: name one of these with --part: /prod/a/x, /prod/a/y, /prod/b/z" },
		{ "{`id`: `/`, `groups`: [{`id`: `a`, `apps`: [{`id`: `x`, `requirePorts`: true,"
		  " `ports`: [80]}]}]}",
		  "{`ports`: {`tcp`: [80], `udp`: []}}", "" },
		{ "{`id`: `/prod`, `groups`: []}", NULL, "f: apps: there are none" },
	};

	import_text_expect("marathon", host, cases, ARRAY_SIZE(cases));
}

Test(import_schedulers, marathon_names_an_app_of_a_group)
{
	static const char text[] =
		"{\"id\": \"/\", \"groups\": [{\"id\": \"/a\", \"apps\": [{\"id\": \"/a/x\"},"
		" {\"id\": \"y\", \"requirePorts\": true, \"ports\": [81]}]}]}";
	const struct cgfence_import_source source = { "f", text, sizeof(text) - 1 };
	cleanup_imported struct imported named =
		import_text_run("marathon", "/a/y", &source, 1, NULL);
	cleanup_imported struct imported lost = import_text_run("marathon", "/a", &source, 1, NULL);

	cr_assert_eq(named.result, 0, "%s", named.error.text);
	cr_expect(strstr(named.text, "81"), "%s", named.text);
	cr_expect_str_eq(lost.error.text, "f: apps: there is no '/a', but /a/x, /a/y");
	policy_text_expect_no_leak();
}

static void expect_part(const char *dialect, const char *part, const char *text, const char *error)
{
	const struct cgfence_import_source source = { "f", text, strlen(text) };
	cleanup_imported struct imported imported =
		import_text_run(dialect, part, &source, 1, NULL);

	cr_expect_str_eq(imported.error.text, error, "%s: %s", text, imported.error.text);
}

/* The ports of another would be as wrong as none. */
Test(import_schedulers, a_part_is_asked_for_where_there_is_one)
{
	static const char app[] = "{\"app\": {\"id\": \"/x\", \"ports\": [80]}}";
	static const char allocation[] =
		"{\"TaskGroup\": \"a\", \"AllocatedResources\": {\"Shared\": {\"Ports\": []}}}";

	expect_part("marathon", "/x", app, "");
	expect_part("marathon", "x", app, "");
	expect_part("marathon", "/y", app, "f: apps: there is no '/y', but /x");
	expect_part("marathon", "/y", "{\"ports\": [80]}", "f: apps: there is no '/y'");
	expect_part("nomad", "a", allocation, "");
	expect_part("nomad", "b", allocation, "f: TaskGroups: there is no 'b', but a");
	expect_part("nomad", "b", "{\"Name\": \"a\", \"Networks\": []}",
		    "f: TaskGroups: there is no 'b', but a");
	expect_part("nomad", "b", "{\"Networks\": []}", "f: TaskGroups: there is no 'b'");
	policy_text_expect_no_leak();
}

#define ALL_BUT(entries) "{`devices`: {`allow`: [`a *:* rwm`], `deny`: [" entries "]}}"
#define NONE_GIVEN \
	"f: the job was given none of the devices; --part names those that it was given\n"

Test(import_schedulers, slurm)
{
	static const struct import_expectation cases[] = {
		{ "# all\nName=gpu File=/dev/a[08-09,11],/dev/b # twice\nName=x Count=1\n",
		  ALL_BUT("`/dev/a08 rwm`, `/dev/a09 rwm`, `/dev/a11 rwm`, `/dev/b rwm`"),
		  NONE_GIVEN },
		{ "Name=gpu File = /dev/a0\nName=x FILE=\"/dev/b[0-1]\" Count=1\n",
		  ALL_BUT("`/dev/a0 rwm`, `/dev/b0 rwm`, `/dev/b1 rwm`"), NONE_GIVEN },
		{ "NodeName=n[1-2] Name=gpu \\\n  File=/dev/a0\n", ALL_BUT("`/dev/a0 rwm`"),
		  NONE_GIVEN },
		{ "Name=gpu Files=/dev/a0\n", ALL_BUT("`/dev/a0 rwm`"), NONE_GIVEN },
		{ "Name=gpu File=/dev/a\\#0\\\\ # more \\\n\\\nName=x\n",
		  ALL_BUT("`/dev/a#0\\\\ rwm`"), NONE_GIVEN },
		{ "Name=gpu \\ # more\n File=/dev/a0\n", ALL_BUT("`/dev/a0 rwm`"), NONE_GIVEN },
		{ "NodeName=n1 File=/dev/a0\nNodeName=n1 File=/dev/a1\nNodeName=n2 File=/dev/a2\n",
		  ALL_BUT("`/dev/a0 rwm`, `/dev/a1 rwm`, `/dev/a2 rwm`"),
		  "f:3: the lines are for several nodes; the policy denies the devices of all of them, and a host that lacks one refuses it: give the lines of one node\n" NONE_GIVEN },
		{ "File=/dev/a[1-0]\n", NULL,
		  "f:1: '1-0': this must be paths of devices, such as /dev/nvidia[0-3]" },
		{ "File=/dev/a*\n", NULL,
		  "f:1: '/dev/a*': this must be paths of devices, such as /dev/nvidia[0-3]" },
	};

	import_text_expect("slurm", host, cases, ARRAY_SIZE(cases));
}

#define DETECTED(line, pattern)                                                                 \
	"f:" line                                                                               \
	": which devices AutoDetect finds is not known here; the policy denies all of " pattern \
	", also those that --part names\n"

Test(import_schedulers, slurm_detects)
{
	static const struct import_expectation cases[] = {
		{ "AutoDetect=nvml\n", ALL_BUT("`/dev/nvidia[0-9]* rwm`"),
		  DETECTED("1", "/dev/nvidia[0-9]*") NONE_GIVEN },
		{ "NodeName=n1 autodetect = NVIDIA\n", ALL_BUT("`/dev/nvidia[0-9]* rwm`"),
		  DETECTED("1", "/dev/nvidia[0-9]*") NONE_GIVEN },
		{ "AutoDetect=\\\n  rsmi\nNodeName=n1 AutoDetect=oneapi\n",
		  ALL_BUT("`/dev/dri/renderD* rwm`, `/dev/dri/card* rwm`"),
		  DETECTED("1", "/dev/dri/renderD*") DETECTED("1", "/dev/dri/card*") DETECTED(
			  "3", "/dev/dri/renderD*") DETECTED("3", "/dev/dri/card*") NONE_GIVEN },
		{ "AutoDetect=off\nName=neuron AutoDetect=nrt\n",
		  ALL_BUT("`/dev/neuron[0-9]* rwm`"),
		  DETECTED("2", "/dev/neuron[0-9]*") NONE_GIVEN },
		{ "\nAutoDetect=xyz\n", NULL,
		  "f:2: AutoDetect=xyz: it is not known what this finds; it may be nvml, nvidia, rsmi, oneapi, nrt or off" },
	};

	import_text_expect("slurm", host, cases, ARRAY_SIZE(cases));
}

#define NO_PAIRS(place, text) \
	"f:" place ": '" text "': this must be pairs such as Name=gpu File=/dev/nvidia[0-3]"
#define NOTHING "f: this restricts neither devices nor ports, so there is no policy to make of it"

Test(import_schedulers, slurm_refuses)
{
	static const struct import_expectation cases[] = {
		{ "# none\n\nName=gpu Count=2\nAutoDetect=off\n", NULL, NOTHING },
		{ "", NULL, NOTHING },
		{ "Include more.conf\n", NULL,
		  "f:1: what the included file has is not read; give one file with its lines in the place of this one" },
		{ "garbage here\n", NULL, NO_PAIRS("1", "garbage here") },
		{ "Name=gpu File /dev/null\n", NULL, NO_PAIRS("1", "File /dev/null") },
		{ "Name=gpu \\\n File=\n", NULL, NO_PAIRS("1", "File=") },
		{ "Name=gpu File=/dev/a[0-4095]\nName=x File=/dev/b\n", NULL,
		  "f:2: there are over 4096 devices" },
		{ "Name=gpu Flie=/dev/null\n", NULL,
		  "f:1: 'Flie' is no key of gres.conf; did you mean 'File'?" },
	};

	import_text_expect("slurm", host, cases, ARRAY_SIZE(cases));
}

/* What stands behind many blanks counts, too. */
Test(import_schedulers, slurm_lines_of_any_length)
{
	cleanup_free char *text = NULL;
	cleanup_imported struct imported imported = { 0 };

	cr_assert(asprintf(&text, "Name=gpu %10000s\n", "File=/dev/a0") > 0);
	imported = import_text_run_one("slurm", text);
	cr_assert_eq(imported.result, 0, "%s", imported.error.text);
	cr_expect(strstr(imported.text, "/dev/a0 rwm"), "%s", imported.text);
}

/* Each pair costs the same, however many follow. */
Test(import_schedulers, slurm_lines_of_many_pairs, .timeout = 5)
{
	static const char pair[] = "Name=gpu ";
	const size_t count = 400000;
	cleanup_free char *text = malloc(count * strlen(pair) + 32);
	cleanup_imported struct imported imported = { 0 };
	char *end = text;

	cr_assert_not_null(text);
	for (size_t i = 0; i < count; i++)
		end = stpcpy(end, pair);
	strcpy(end, "File=/dev/a0 x");
	imported = import_text_run_one("slurm", text);
	cr_expect_str_eq(imported.error.text, NO_PAIRS("1", "x"));
}

Test(import_schedulers, slurm_gives_devices)
{
	static const char text[] = "Name=gpu File=/dev/a[0-1]\n";
	const struct cgfence_import_source source = { "f", text, sizeof(text) - 1 };
	cleanup_imported struct imported given =
		import_text_run("slurm", "/dev/a0", &source, 1, NULL);
	cleanup_imported struct imported lost =
		import_text_run("slurm", "/dev/a2", &source, 1, NULL);

	cr_expect_null(strstr(given.text, "/dev/a0 rwm"));
	cr_expect(strstr(given.text, "/dev/a1 rwm"));
	cr_expect_str_eq(given.remarks, "");
	cr_expect(strstr(lost.text, "/dev/a0 rwm"));
	cr_expect_str_eq(lost.remarks,
			 "f: no File= has '/dev/a2', which --part names; it is written"
			 " as there\n");
	policy_text_expect_no_leak();
}

#define DOMAIN_DEVICES \
	"f: the disks and devices of a domain, which libvirt adds, are not in the policy\n"

Test(import_schedulers, libvirt)
{
	static const struct import_expectation cases[] = {
		{ "x = 1\ncgroup_device_acl = [ # what\n '/dev/fuse',\n \"/dev/n*\" ]\n",
		  "{`devices`: {`allow`: [`/dev/fuse rw`, `c 136:* rw`]}}",
		  "f:4: '/dev/n*' would be a pattern in a policy, and is none here; it is left out\n" DOMAIN_DEVICES },
		{ "cgroup_device_acl = [\"/dev/fuse\"]\ncgroup_device_acl = [\"/dev/null\"]\n",
		  "{`devices`: {`allow`: [`/dev/fuse rw`, `c 136:* rw`]}}", DOMAIN_DEVICES },
		{ "cgroup_controllers = [ \"cpu\" ]\ncgroup_device_acl = []\n",
		  "{`devices`: {`allow`: [`c 136:* rw`]}}",
		  "f:1: cgroup_controllers leaves out devices, so that libvirt does not restrict them; the policy does\n" DOMAIN_DEVICES },
		{ "cgroup_controllers = [\"cpu\", \"devices\"]\ncgroup_device_acl = []\n",
		  "{`devices`: {`allow`: [`c 136:* rw`]}}", DOMAIN_DEVICES },
		{ "cgroup_controllers = ['cpu', 'devices']\ncgroup_device_acl = []\n",
		  "{`devices`: {`allow`: [`c 136:* rw`]}}", DOMAIN_DEVICES },
		{ "cgroup_controllers = [\"devices2\"]\ncgroup_device_acl = []\n",
		  "{`devices`: {`allow`: [`c 136:* rw`]}}",
		  "f:1: cgroup_controllers leaves out devices, so that libvirt does not restrict them; the policy does\n" DOMAIN_DEVICES },
		{ "\n<domain type='kvm'/>\n", NULL,
		  "f: this is XML, as domains have it; give qemu.conf, which has cgroup_device_acl" },
		{ "x = \"\"\"\ncgroup_device_acl = ['/dev/null']\n\"\"\"\ny = [ 'a', # ]\n'b' ]\n"
		  "cgroup_device_acl = [\"\"\"/dev/fuse\"\"\"]\n",
		  "{`devices`: {`allow`: [`/dev/fuse rw`, `c 136:* rw`]}}", DOMAIN_DEVICES },
		{ "# it's\nx = 'it\ncgroup_device_acl = [ '/dev/fuse' ]\n",
		  "{`devices`: {`allow`: [`/dev/fuse rw`, `c 136:* rw`]}}", DOMAIN_DEVICES },
		{ "\ncgroup_device_acl = [ '/dev/fuse,\n '/dev/null' ]\n", NULL,
		  "f:2: cgroup_device_acl must be paths in quotes with commas between them, and ']' at the end" },
		{ "cgroup_device_acl = [\n\"/dev/fuse\",\n", NULL,
		  "f:3: cgroup_device_acl must be paths in quotes with commas between them, and ']' at the end" },
		{ "cgroup_device_acl = [\"/dev/fuse\", 5]\n", NULL,
		  "f:1: cgroup_device_acl must be paths in quotes with commas between them, and ']' at the end" },
		{ "cgroup_device_acl = 1\n", NULL,
		  "f:1: cgroup_device_acl must be a list in brackets" },
		{ "cgroup_device_acl = [ \"fuse\" ]\n", NULL,
		  "f:1: 'fuse' is no path of a device" },
	};

	import_text_expect("libvirt", host, cases, ARRAY_SIZE(cases));
}

#define SNAP_OWN                                                                                    \
	"f: what snap-confine allows every app is in the policy; AppArmor, which restricts devices" \
	" further, is not\n"

Test(import_schedulers, snapd)
{
	static const struct import_expectation cases[] = {
		{ "KERNEL==`x`, TAG+=`snap_a_b`\nKERNEL==`y`, TAG+=`snap_a_c`\n", NULL,
		  "f: name one of the apps with --part, by its tag such as 'snap_a_b'" },
		{ "KERNEL==`x`\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
	};

	import_text_expect("snapd", host, cases, ARRAY_SIZE(cases));
}

static const struct {
	const char *rule;
	const char *entry;   /* NULL if it gives none */
	const char *remarks; /* before those of every file */
} rules[] = {
#define OTHERS                                                                                    \
	"f:1: the rule goes by more than the names of devices, which a policy cannot say; it is " \
	"left out\n"
#define UNKNOWN(name, subsystem)                            \
	"f:1: where '" name "' of the subsystem " subsystem \
	" has nodes is not known; it is left out\n"
	{ "KERNEL==`foo`, ATTR{a-b+c}==`x`", NULL, OTHERS },
	{ "KERNEL==`foo`, ATTRS{a-=b}==`x`", NULL,
	  "f:1: this is no rule, since 'ATTRS{a' has no value in quotes; it is left out\n" },
	{ "KERNEL==`foo`, \\\n# more\n  ENV{A}==`1`", NULL, OTHERS },
	{ "# one\nKERNEL==`foo`, \\\n  KERNEL==`bar`", NULL,
	  "f:2: the rule goes by more than the names of devices, which a policy cannot say; it is left out\n" },
	{ "KERNEL==i`foo`", NULL, OTHERS },
	{ "KERNEL==`foo`, SUBSYSTEM==e`misc`", NULL, OTHERS },
	{ "KERNEL==`foo`, ATTR{x}==`a\\`, SUBSYSTEM==`", NULL, OTHERS },
	{ "KERNEL==`foo`, PROGRAM=`/bin/false`", NULL, OTHERS },
	{ "KERNEL=`foo`", NULL, OTHERS },
	{ "KERNEL==``, SUBSYSTEM==`input`", NULL, UNKNOWN("", "input") },
	{ "KERNEL==`foo`, ENV{A}=`1`, MODE=`0660`, RUN{builtin}+=`x`", "-/dev/foo rwm", "" },
	{ "KERNEL == `foo` SYMLINK+=`a b`", "-/dev/foo rwm", "" },
	{ "KERNEL==`tap*`, SUBSYSTEM==`net`", NULL, UNKNOWN("tap*", "net") },
	{ "SUBSYSTEM==`net`", NULL,
	  "f:1: no driver has exactly the devices of net; the rule is left out\n" },
	{ "SUBSYSTEM==`block`", "-b *:* rwm", "" },
	{ "SUBSYSTEM==`usb`", "-c usb_device:* rwm", "" },
	{ "SUBSYSTEM==`usbmisc`, MODE=`0660`", "-c usb:* rwm", "" },
	{ "SUBSYSTEM==`usb`, ATTR{idVendor}==`0001`", NULL, OTHERS },
	{ "KERNEL==`hiddev*`, SUBSYSTEM==`usbmisc`", "-/dev/usb/hiddev* rwm", "" },
	{ "KERNEL==`cdc-wdm[0-9]*`, SUBSYSTEM==`usbmisc`", "-/dev/cdc-wdm[0-9]* rwm", "" },
	{ "KERNEL==`h*`, SUBSYSTEM==`usbmisc`", NULL, UNKNOWN("h*", "usbmisc") },
	{ "KERNEL==`system`, SUBSYSTEM==`dma_heap`", "-/dev/dma_heap/system rwm", "" },
	{ "KERNEL==`device-mapper`", "-/dev/mapper/control rwm", "" },
	{ "KERNEL==`tun`, SUBSYSTEM==`misc`", "-/dev/net/tun rwm", "" },
	{ "KERNEL==`uinput`, SUBSYSTEM==`misc`", "-/dev/uinput rwm", "" },
	{ "KERNEL==`u*`, SUBSYSTEM==`misc`", NULL, UNKNOWN("u*", "misc") },
	{ "KERNEL==`ttyS0`, SUBSYSTEM==`tty`", "-/dev/ttyS0 rwm", "" },
	{ "KERNEL==`v*`, SUBSYSTEM==`video4linux`", NULL, UNKNOWN("v*", "video4linux") },
	{ "KERNEL==`sg3`, SUBSYSTEM==`scsi_generic`", "-/dev/sg3 rwm", "" },
	{ "KERNEL==`sg*`, SUBSYSTEM==`scsi_generic`", NULL, UNKNOWN("sg*", "scsi_generic") },
	{ "KERNEL==`xdma0`, SUBSYSTEM==`xdma`", NULL, UNKNOWN("xdma0", "xdma") },
	{ "KERNEL==`js0`", "-/dev/input/js0 rwm", "" },
};

Test(import_schedulers, snapd_rules)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		cleanup_free char *rule = policy_text_unquote(rules[i].rule);
		cleanup_free char *text = NULL;
		cleanup_free char *remarks = NULL;
		cleanup_free char *entry = NULL;
		cleanup_imported struct imported imported = { 0 };

		/* The last gives a policy even where the rule gives none. */
		cr_assert(asprintf(&text,
				   "%s, TAG+=\"snap_a_b\"\nKERNEL==\"last\", TAG+=\"snap_a_b\"\n",
				   rule) > 0);
		cr_assert(asprintf(&remarks, "%s%s", rules[i].remarks, SNAP_OWN) > 0);
		cr_assert(asprintf(&entry, "\"%s\"", rules[i].entry ? rules[i].entry : "") > 0);
		imported = import_text_run_one("snapd", text);
		cr_assert_eq(imported.result, 0, "%s", imported.error.text);
		cr_expect_str_eq(imported.remarks, remarks, "%s: %s", text, imported.remarks);
		cr_expect_eq(!!strstr(imported.text, entry), !!rules[i].entry, "%s: %s", text,
			     imported.text);
		cr_expect_not(strstr(imported.text, "foo") && !rules[i].entry, "%s", imported.text);
	}
}

Test(import_schedulers, snapd_long_names)
{
	cleanup_free char *text = NULL;
	cleanup_imported struct imported imported = { 0 };

	cr_assert(asprintf(&text, "KERNEL==\"%0400d\", TAG+=\"snap_a_b\"\n", 7) > 0);
	imported = import_text_run_one("snapd", text);
	cr_assert_eq(imported.result, 0, "%s", imported.error.text);
	cr_expect(strstr(imported.text, "0007 rwm"), "%s", imported.text);
}

Test(import_schedulers, snapd_refuses)
{
	static const struct import_expectation cases[] = {
		{ "KERNEL==`x`, GOTO=`end`\n", NULL,
		  "f:1: GOTO= takes devices from other rules, which is not read; leave out the rule, and those that it concerns" },
		{ "\nTAG-=`snap_a_b`\n", NULL,
		  "f:2: TAG-= takes devices from other rules, which is not read; leave out the rule, and those that it concerns" },
	};

	import_text_expect("snapd", host, cases, ARRAY_SIZE(cases));
}

Test(import_schedulers, snapd_of_an_app)
{
	static const char text[] = "KERNEL==\"fuse|x*\", TAG+=\"snap_a_b\"\n"
				   "SUBSYSTEM==\"tty\", TAG+=\"snap_a_b\"\n"
				   "KERNEL==\"y\", TAG+=\"snap_a_c\"\n";
	const struct cgfence_import_source source = { "f", text, sizeof(text) - 1 };
	cleanup_imported struct imported imported =
		import_text_run("snapd", "snap.a.b", &source, 1, NULL);

	cr_assert_eq(imported.result, 0, "%s", imported.error.text);
	cr_expect(strstr(imported.text, "\"-/dev/fuse rwm\""), "%s", imported.text);
	cr_expect(strstr(imported.text, "\"-/dev/x* rwm\""), "%s", imported.text);
	cr_expect_not(strstr(imported.text, "/dev/y"), "%s", imported.text);
	cr_expect_str_eq(
		imported.remarks,
		"f:2: no driver has exactly the devices of tty; the rule is left out\n" SNAP_OWN);
}
