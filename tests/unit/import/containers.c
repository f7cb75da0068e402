// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/import_text.h"

#include <string.h>

static const char host[] =
	"{`nodes`: {`/dev/fuse`: `c 10:229`, `/dev/snd`: `directory`, `/dev/snd/a`: `c 116:1`}}";

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

Test(import_containers, compose_devices)
{
	expect_service(NULL, SERVICE("    devices: [\"/dev/fuse:/dev/x:rw\"]\n"), "/dev/fuse rw",
		       OWN);
	expect_service(NULL,
		       SERVICE("    devices:\n    - source: /dev/fuse\n      permissions: r\n"),
		       "/dev/fuse r", OWN);
	expect_service(NULL, SERVICE("    devices: [/dev/fuse:m]\n"), "/dev/fuse m", OWN);
	expect_service(NULL, SERVICE("    devices: [/dev/snd]\n"), "/dev/snd/a rwm",
		       OWN
		       "f: services.s.devices[0]: '/dev/snd' is a directory; the policy names the"
		       " devices that are in it now\n");
	expect_service(NULL, SERVICE("    devices: [/dev/kvm]\n"), "-/dev/kvm rwm",
		       OWN
		       "f: services.s.devices[0]: '/dev/kvm' does not exist on this host; the entry"
		       " is optional, and allows it once it is there\n");
	expect_service(NULL, SERVICE("    devices: [\"${GPU}\"]\n"), "a *:* m",
		       OWN "f: services.s.devices[0]: '${GPU}' is no path of a device; it is left"
			   " out\n");
	policy_text_expect_no_leak();
}

Test(import_containers, compose_services)
{
	expect_service("t", "x: &a\n  devices: [/dev/fuse]\nservices:\n  s: {}\n  t:\n    <<: *a\n",
		       "/dev/fuse rwm", OWN);
	expect_service(NULL, SERVICE("    device_cgroup_rules: [\"a 7:* r\"]\n"), "a *:* rwm", OWN);
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
		  "f: services: name one of the services with --part" },
		{ "services: [", NULL,
		  "f:2:1: this is not YAML: did not find expected node content" },
		{ SERVICE("    device_cgroup_rules: [c 7 r]\n"), NULL,
		  "f: services.s.device_cgroup_rules[0]: this must be a rule such as 'c 189:* rmw'" },
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
		  "f: devices: name those that the container gets with --part, with commas between them" },
		{ CDI("- name: a\n  containerEdits: {deviceNodes: [{path: /x, type: p}]}\n"),
		  "{`devices`: {`allow`: [`c 195:255 rwm`]}}",
		  "f: devices[0].containerEdits.deviceNodes[0]: type p is allowed by nobody; it is left out\n" ALONE },
	};

	import_text_expect("cdi", host, cases, ARRAY_SIZE(cases));
}

Test(import_containers, k8s)
{
	static const struct import_expectation cases[] = {
		{ "spec: {template: {spec: {hostNetwork: true, containers: [{ports:"
		  " [{containerPort: 80}, {containerPort: 81, protocol: SCTP}]}]}}}",
		  "{`ports`: {`tcp`: [80], `udp`: []}}",
		  "f: containers[0].ports[1]: a policy has no ports of SCTP; it is left out\n"
		  "f: Kubernetes does not close what its list of ports leaves out; the policy does, for all containers of the pod\n" },
		{ "spec: {containers: []}\n---\nspec: {containers: []}\n", NULL,
		  "f: name one of the pods with --part" },
		{ "kind: Service\n", NULL, "f: there is no pod in it" },
		{ "spec: {containers: [{ports: [{containerPort: 80}]}]}", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
	};

	import_text_expect("k8s", host, cases, ARRAY_SIZE(cases));
}
