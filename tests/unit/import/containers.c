// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/import_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char host[] =
	"{`nodes`: {`/dev/fuse`: `c 10:229`, `/dev/snd`: `directory`, `/dev/snd/a`: `c 116:1`,"
	" `/dev/disk`: `b 8:0`, `/dev/other`: `link to c 10:229`, `/`: `large directory`}}";

#define OWN                                                                                   \
	"f: what runc adds to every list is in the policy: mknod of all, the usual devices, " \
	"and c 10:200, which runc 1.2 alone leaves out\n"
#define SERVICE(lines) "services:\n  s:\n" lines

/* The entries that every container gets stand before those of the service. */
static void expect_service(const char *part, const char *text, const char *last,
			   const char *remarks)
{
	cleanup_imported struct imported imported;
	const struct cgfence_import_source source = { "f", text, strlen(text) };
	json_error_t syntax;
	json_t *nodes = json_loads("{\"nodes\": {\"/dev/fuse\": \"c 10:229\", \"/dev/snd\":"
				   " \"directory\", \"/dev/snd/a\": \"c 116:1\"}}",
				   0, &syntax);
	json_t *policy;
	json_t *allow;

	imported = import_text_run("compose", part, &source, 1, nodes);
	json_decref(nodes);
	cr_assert_eq(imported.result, 0, "%s", imported.error.text);
	policy = json_loads(imported.text, 0, NULL);
	allow = json_object_get(json_object_get(policy, "devices"), "allow");
	cr_expect_str_eq(json_string_value(json_array_get(allow, json_array_size(allow) - 1)), last,
			 "%s", imported.text);
	cr_expect_str_eq(imported.remarks, remarks);
	json_decref(policy);
}

static void expect_no_entry(const char *text, const char *entry)
{
	cleanup_imported struct imported imported = import_text_run_one("compose", text);

	cr_assert_eq(imported.result, 0, "%s", imported.error.text);
	cr_expect_null(strstr(imported.text, entry), "%s", imported.text);
}

Test(import_containers, compose_devices)
{
	expect_service(NULL, SERVICE("    devices: [\"/dev/fuse:/dev/x:rw\"]\n"), "/dev/fuse rw",
		       OWN);
	expect_service(NULL,
		       SERVICE("    devices:\n    - source: /dev/fuse\n      permissions: r\n"),
		       "/dev/fuse r", OWN);
	/* A second field is always the path in the container. */
	expect_service(NULL, SERVICE("    devices: [/dev/fuse:m]\n"), "/dev/fuse rwm", OWN);
	expect_service(NULL, SERVICE("    devices: [\"/dev/fuse::m\"]\n"), "/dev/fuse m", OWN);
	expect_service(NULL, SERVICE("    devices: [/dev/snd]\n"), "/dev/snd/a rwm",
		       OWN
		       "f: services.s.devices[0]: '/dev/snd' is a directory; the policy names the"
		       " devices that are in it now\n");
	expect_service(NULL, SERVICE("    devices: [/dev/kvm]\n"), "-/dev/kvm rwm",
		       OWN
		       "f: services.s.devices[0]: '/dev/kvm' does not exist on this host; the entry"
		       " is optional, and allows it once it is there\n");
	expect_service(NULL, SERVICE("    devices: [\"${GPU}\"]\n"), "a *:* m",
		       OWN "f: services.s.devices[0]: '${GPU}' has a variable, which is not known"
			   " here; it is left out\n");
	expect_service(NULL, SERVICE("    devices: [\"${GPU:-/dev/fuse}\"]\n"), "a *:* m",
		       OWN "f: services.s.devices[0]: '${GPU:-/dev/fuse}' has a variable, which is"
			   " not known here; it is left out\n");
	expect_service(NULL, SERVICE("    devices: [{source: \"/dev/${GPU}\", permissions: r}]\n"),
		       "a *:* m",
		       OWN "f: services.s.devices[0]: '/dev/${GPU}' has a variable, which is not"
			   " known here; it is left out\n");
	expect_service(NULL, SERVICE("    devices: [{source: /dev/fuse, permissions: \"${P}\"}]\n"),
		       "a *:* m",
		       OWN "f: services.s.devices[0]: '${P}' has a variable, which is not known"
			   " here; it is left out\n");
	/* runc makes one rule of those with the same numbers. */
	expect_service(NULL, SERVICE("    devices: [/dev/fuse:/dev/fuse:r, /dev/fuse:/dev/z2:w]\n"),
		       "/dev/fuse rw", OWN);
	/* runc leaves out its own rule for a node that the container is given. */
	expect_service(NULL, SERVICE("    devices: [/dev/fuse:/dev/full:r]\n"), "/dev/fuse r", OWN);
	expect_no_entry(SERVICE("    devices: [/dev/fuse:/dev/full:r]\n"), "c 1:7 rwm");
	expect_no_entry(SERVICE("    devices: [{source: /dev/fuse, target: /dev/full}]\n"),
			"c 1:7 rwm");
	policy_text_expect_no_leak();
}

Test(import_containers, compose_services)
{
	expect_service(NULL, SERVICE("    privileged: yes\n"), "a *:* rwm", "");
	expect_service(NULL, SERVICE("    privileged: ${P}\n"), "a *:* m",
		       "f: services.s.privileged: '${P}' has a variable, which is not known here;"
		       " the policy is that of false\n" OWN);
	expect_service(NULL, SERVICE("    runtime: nvidia\n"), "a *:* m",
		       "f: services.s.runtime: devices that come by this are left out\n" OWN);
	/* The value that is taken away does not count. */
	expect_service(NULL,
		       SERVICE("    privileged: !reset true\n    devices: !reset [/dev/fuse]\n"),
		       "a *:* m", OWN);
	expect_service(NULL, SERVICE("    devices: !override [/dev/fuse]\n"), "/dev/fuse rwm", OWN);
	expect_service("t", "x: &a\n  devices: [/dev/fuse]\nservices:\n  s: {}\n  t:\n    <<: *a\n",
		       "/dev/fuse rwm", OWN);
	expect_service(NULL, SERVICE("    device_cgroup_rules: [\"a 7:* r\"]\n"), "a *:* rwm", OWN);
	expect_service(NULL, SERVICE("    device_cgroup_rules: [\"c ${M}:* r\"]\n"), "a *:* m",
		       "f: services.s.device_cgroup_rules[0]: 'c ${M}:* r' has a variable, which is"
		       " not known here; it is left out\n" OWN);
	expect_service(
		NULL, SERVICE("    ports: [80:80]\n"), "a *:* m",
		"f: services.s.ports: these are bound by the engine, outside of the container;"
		" the policy has no ports section\n" OWN);
	policy_text_expect_no_leak();
}

Test(import_containers, compose_refusals)
{
	static const struct import_expectation cases[] = {
		{ "services: {a: {}, b: {}}", NULL,
		  "f: services: name one of these with --part: a, b" },
		{ "a: {devices: [/dev/fuse]}", NULL, "f: services: there are none" },
		{ "services:\n  a:\n", NULL, "f: services.a: this must be a mapping" },
		/* What is merged is no service. */
		{ "services:\n  <<: {a: {}}\n  b: {}\n", NULL,
		  "f: services: name one of these with --part: b, a" },
		{ SERVICE("    devices: [/dev/fuse]\n    devices: []\n"), NULL,
		  "f:4:5: duplicate key 'devices'" },
		{ SERVICE("    devices: /dev/fuse\n"), NULL,
		  "f: services.s.devices: this must be a list" },
		{ SERVICE("    device_cgroup_rules: c 1:3 r\n"), NULL,
		  "f: services.s.device_cgroup_rules: this must be a list" },
		{ SERVICE("    privileged: 1\n"), NULL,
		  "f: services.s.privileged: this must be true or false" },
		{ SERVICE("    privileged: true\n---\n") SERVICE("    image: x\n"), NULL,
		  "f: there are several documents, which Compose merges; give what 'docker compose config' prints" },
		{ "services: [", NULL,
		  "f:2:1: this is not YAML: did not find expected node content" },
		{ SERVICE("    device_cgroup_rules: [c 7 r]\n"), NULL,
		  "f: services.s.device_cgroup_rules[0]: this must be a rule such as 'c 189:* rmw'" },
		{ SERVICE("    device_cgroup_rules: [c 7:1 rwmx]\n"), NULL,
		  "f: services.s.device_cgroup_rules[0]: this must be a rule such as 'c 189:* rmw'" },
		{ SERVICE("    devices: [\"/dev/fuse:/x:\"]\n"), NULL,
		  "f: services.s.devices[0]: '/dev/fuse:/x:': the access must be of the letters r, w and m" },
		{ SERVICE("    devices: [/dev/fuse:/x:/y]\n"), NULL,
		  "f: services.s.devices[0]: '/dev/fuse:/x:/y': the access must be of the letters r, w and m" },
		{ SERVICE("    devices: [/]\n"), NULL,
		  "f: services.s.devices[0]: '/' has more files than a directory of devices; name the devices" },
		{ SERVICE("    devices: [{source: /dev/fuse, permissions: 4}]\n"), NULL,
		  "f: services.s.devices[0]: this must have a source, and permissions of r, w and m" },
		{ SERVICE("    devices: [/dev/fuse:/x:rx]\n"), NULL,
		  "f: services.s.devices[0]: '/dev/fuse:/x:rx': the access must be of the letters r, w and m" },
	};

	import_text_expect("compose", host, cases, ARRAY_SIZE(cases));
}

/* A text of a few bytes can stand for more than memory has. */
Test(import_containers, aliases_are_bounded)
{
	static const struct import_expectation cases[] = {
		{ "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		  "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
		  NULL,
		  "f: this has keys that are no text, or is larger or deeper than a configuration is" },
		{ "a: &a [*a]\n", NULL,
		  "f: this has keys that are no text, or is larger or deeper than a configuration is" },
	};

	import_text_expect("k8s", host, cases, ARRAY_SIZE(cases));
}

/* It is refused as soon as it is too deep, which the library is not quick to find. */
Test(import_containers, depth_is_bounded, .timeout = 5)
{
	cleanup_free char *text = malloc(200010);
	cleanup_imported struct imported imported = { 0 };

	cr_assert_not_null(text);
	memset(text, '[', 200009);
	memcpy(text, "{\"a\":", 5);
	text[200009] = '\0';
	imported = import_text_run_one("cdi", text);
	cr_expect_str_eq(
		imported.error.text,
		"f: this has keys that are no text, or is larger or deeper than a configuration is");
}

/* The library looks each up among all others. */
Test(import_containers, anchors_are_bounded, .timeout = 5)
{
	cleanup_free char *text = NULL;
	cleanup_imported struct imported imported = { 0 };
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	cr_assert_not_null(file);
	for (int i = 0; i < 200000; i++)
		fprintf(file, "k%d: &a%d v\n", i, i);
	cr_assert_eq(fclose(file), 0);
	imported = import_text_run_one("cdi", text);
	cr_expect_str_eq(
		imported.error.text,
		"f: this has keys that are no text, or is larger or deeper than a configuration is");
}

#define ALONE                                                                                     \
	"f: a container has these devices beside those that its engine gives it; the policy has " \
	"these alone\n"
#define CDI(devices)                                                                                 \
	"kind: v/c\ncontainerEdits:\n  deviceNodes: [{path: /x, type: c, major: 195, minor: 255}]\n" \
	"devices:\n" devices

Test(import_containers, cdi)
{
	static const struct import_expectation cases[] = {
		{ CDI("- name: a\n  containerEdits:\n    deviceNodes:\n"
		      "    - {path: /x, hostPath: /dev/fuse, permissions: rw}\n"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`, `/dev/fuse rw`]}}", ALONE },
		{ CDI("- name: a\n- name: b\n"), NULL,
		  "f: devices: name one of these with --part: a, b" },
		{ "kind: v/c\ndevices: []\n", NULL,
		  "f: devices: a specification has a list of devices, and this has none" },
		{ CDI("- name: a\n  containerEdits:\n    deviceNodes:\n"
		      "    - {path: /dev/fuse, type: '', permissions: '', hostPath: ''}\n"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`, `/dev/fuse rwm`]}}", ALONE },
		{ CDI("- name: a\n  containerEdits: {deviceNodes: {path: /dev/fuse}}\n"), NULL,
		  "f: devices[0].containerEdits.deviceNodes: this must be a list" },
		{ CDI("- name: a\n  containerEdits: {deviceNodes: [{path: /x, type: c, major: '9'}]}\n"),
		  NULL,
		  "f: devices[0].containerEdits.deviceNodes[0]: major and minor must be numbers, and not negative" },
		{ CDI("- name: a\n  containerEdits: {deviceNodes: [{path: /dev/fuse, type: b}]}\n"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`]}}",
		  "f: devices[0].containerEdits.deviceNodes[0]: '/dev/fuse' is of another type on this host, which CDI refuses; it is left out\n" ALONE },
		{ CDI("- name: a\n  containerEdits: {deviceNodes: [{path: /x, type: p}]}\n"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`]}}",
		  "f: devices[0].containerEdits.deviceNodes[0]: type p is allowed by nobody; it is left out\n" ALONE },
	};

	import_text_expect("cdi", host, cases, ARRAY_SIZE(cases));
}

#define ONE_NODE(fields) CDI("- name: a\n  containerEdits: {deviceNodes: [{" fields "}]}\n")
#define NONE "{`devices`: {`allow`: [`c 195:255 rwm`]}}"
#define LEFT_OUT(path, reason)                                                            \
	"f: devices[0].containerEdits.deviceNodes[0]: '" path "' " reason "; it is left " \
	"out\n" ALONE

Test(import_containers, cdi_nodes_of_the_host)
{
	static const struct import_expectation cases[] = {
		{ ONE_NODE("path: /dev/disk, major: 9, minor: 5"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`, `b 9:5 rwm`]}}", ALONE },
		{ ONE_NODE("path: /dev/lost, major: 9, minor: 5"), NONE,
		  LEFT_OUT("/dev/lost",
			   "has no type, and is no device on this host that would tell") },
		{ ONE_NODE("path: /x, type: c, major: 9, permissions: none"), NONE,
		  LEFT_OUT("/x", "has the permissions none") },
		{ ONE_NODE("path: /x, hostPath: /dev/other, type: c"), NONE,
		  LEFT_OUT("/dev/other", "is a symbolic link, which CDI does not follow") },
		{ ONE_NODE("path: /dev/other, type: c, major: 9, minor: 1"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`, `c 9:1 rwm`]}}", ALONE },
		/* JSON has characters in two halves, which YAML has not. */
		{ "{`kind`: `v/c`, `devices`: [{`name`: `\\ud83d\\ude00`, `containerEdits`: {`deviceNodes`:"
		  " [{`path`: `/dev/fuse`}]}}]}",
		  "{`devices`: {`allow`: [`/dev/fuse rwm`]}}", ALONE },
		{ ONE_NODE("path: /dev/fuse, permissions: [r]"), NULL,
		  "f: devices[0].containerEdits.deviceNodes[0]: this must have the path of a device, and permissions of r, w and m, or none" },
		{ ONE_NODE("path: /x, type: c, major: -1"), NULL,
		  "f: devices[0].containerEdits.deviceNodes[0]: major and minor must be numbers, and not negative" },
	};

	import_text_expect("cdi", host, cases, ARRAY_SIZE(cases));
}

static void expect_cdi(const char *part, const char *policy, const char *error)
{
	static const char text[] =
		"kind: v/c\ndevices:\n"
		"- {name: a, containerEdits: {deviceNodes: [{path: /dev/fuse, permissions: r}]}}\n"
		"- {name: b, containerEdits: {deviceNodes: [{path: /dev/fuse, permissions: rw}]}}\n";
	const struct cgfence_import_source source = { "f", text, strlen(text) };
	cleanup_imported struct imported imported = import_text_run("cdi", part, &source, 1, NULL);

	cr_expect_str_eq(imported.error.text, error);
	cr_expect(!policy || (imported.text && strstr(imported.text, policy)), "%s", imported.text);
}

Test(import_containers, cdi_parts)
{
	expect_cdi("a", "/dev/fuse r\"", "");
	expect_cdi("v/c=b", "/dev/fuse rw\"", "");
	expect_cdi("a,v/c=b", "/dev/fuse rw\"", "");
	expect_cdi("a,c", NULL, "f: devices: there is no 'c'");
	expect_cdi("w/c=a", NULL, "f: devices: there is no 'w/c=a'");
	policy_text_expect_no_leak();
}

Test(import_containers, k8s_pods_of_one_name)
{
	static const char text[] =
		"metadata: {name: p}\nspec: {hostNetwork: true, containers: []}\n---\n"
		"metadata: {name: p}\nspec: {hostNetwork: true, containers: []}\n";
	const struct cgfence_import_source source = { "f", text, strlen(text) };
	cleanup_imported struct imported imported = import_text_run("k8s", "p", &source, 1, NULL);

	cr_expect_str_eq(imported.error.text,
			 "f: pods: several are called 'p'; give a file with one of them");
}

#define ALL_OF_POD \
	"f: Kubernetes does not close what its list of ports leaves out; the policy does, for all containers of the pod\n"

Test(import_containers, k8s)
{
	static const struct import_expectation cases[] = {
		{ "spec: {template: {spec: {hostNetwork: true, containers: [{ports:"
		  " [{containerPort: 80}, {containerPort: 81, protocol: SCTP}]}]}}}",
		  "{`ports`: {`tcp`: [80], `udp`: []}}",
		  "f: containers[0].ports[1]: a policy has no ports of SCTP; it is left out\n" ALL_OF_POD },
		{ "spec: {containers: []}\n---\nspec: {containers: []}\n", NULL,
		  "f: pods: name one of these with --part: -, -" },
		{ "kind: Service\n", NULL, "f: pods: there are none" },
		{ "kind: List\nitems:\n- kind: Service\n  spec: {ports: [{port: 81}]}\n"
		  "- spec: {hostNetwork: true, containers: [{ports: [{containerPort: 80}]}]}\n",
		  "{`ports`: {`tcp`: [80], `udp`: []}}", ALL_OF_POD },
		{ "kind: PodTemplate\ntemplate: {spec: {hostNetwork: true, containers: []}}\n",
		  "{`ports`: []}", ALL_OF_POD },
		{ "spec: {hostNetwork: true, containers: [{ports: {containerPort: 80}}]}", NULL,
		  "f: containers[0].ports: this must be a list" },
		{ "spec: {containers: [{ports: [{containerPort: 80}]}]}", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
	};

	import_text_expect("k8s", host, cases, ARRAY_SIZE(cases));
}
