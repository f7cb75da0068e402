// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The costs of making a fence and taking it away, as whole commands, beside bpftool with the same programs. */
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "support/fences.h"
#include "support/memory.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS 21
#define MANY_SAMPLES 15

#define PINS "/sys/fs/bpf/bench"

/* Files of commands for bpftool, a line each. */
#define ATTACH "attach"
#define DETACH "detach"

#define PROCESSOR ", processor time"

static struct kind {
	const char *name;
	const char *group;
	const char *path; /* of the policy */
	const char *policy;
	uint32_t policy_map; /* of a model, with the compiled policy */
} kinds[] = {
	{ "devices", "attach-1", "1.json", "{'devices': {'defaults': true}}", 0 },
	{ "devices and TCP ports", "attach-2", "2.json",
	  "{'devices': {'defaults': true}, 'ports': {'tcp': [8080, '31000-31005'], 'udp': 'any'}}",
	  0 },
	{ "devices and all ports", "attach-3", "3.json",
	  "{'devices': {'defaults': true}, 'ports': [8080, '31000-31005']}", 0 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define DEVICES_KIND (&kinds[0])
#define TCP_KIND (&kinds[1])

/* The one that is fenced in turn. */
static struct cgfence_cgroup *cgroup;

static struct children_cost run_attach(const struct kind *kind)
{
	return probe_command(WORDS("cgfence", "attach", cgfence_cgroup_path(cgroup), kind->path));
}

static struct children_cost run_detach(void)
{
	return probe_command(WORDS("cgfence", "detach", cgfence_cgroup_path(cgroup)));
}

static struct memory weigh(const struct cgfence_cgroup *fence)
{
	struct memory memory;
	int code = memory_of_fence(fence, &memory);

	if (code)
		report_fail("cannot weigh a fence: %s", strerror(-code));
	return memory;
}

/* The packaged bpftool, given the objects of cgfence: the first is for devices, the others are for ports. */
static const struct {
	const char *object;
	const char *program;
	const char *hook;
} hooks[] = {
	{ "device", "cgfence_device", "cgroup_device" },
	{ "lean_ports", "cgfence_bind4", "cgroup_inet4_bind" },
	{ "lean_ports", "cgfence_bind6", "cgroup_inet6_bind" },
	{ "lean_ports", "cgfence_post_bind4", "cgroup_inet4_post_bind" },
	{ "lean_ports", "cgfence_post_bind6", "cgroup_inet6_post_bind" },
	{ "lean_ports", "cgfence_sock_create", "cgroup_inet_sock_create" },
	{ "listen", "cgfence_sockops", "cgroup_sock_ops" },
};

#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

static void write_batches(bool ports, uint32_t policy_map)
{
	const char *directory = text("/proc/%d/fd/%d", getpid(), cgfence_cgroup_fd(cgroup));
	FILE *attach = fopen(ATTACH, "we");
	FILE *detach = fopen(DETACH, "we");
	const char *loaded = "";

	if (!attach || !detach)
		report_fail("cannot write commands: %s", strerror(errno));
	for (size_t i = 0; i < (ports ? HOOKS : 1); i++) {
		const char *object = hooks[i].object;
		const char *end = text("%s %s pinned " PINS "/%s/%s", directory, hooks[i].hook,
				       object, hooks[i].program);

		if (strcmp(loaded, object) != 0)
			fprintf(attach,
				"prog loadall %s/bench-bpf/%s.bpf.o " PINS
				"/%s map name cgfence_policy id %u pinmaps " PINS "/%s-maps\n",
				probe_directory(), object, object, policy_map, object);
		loaded = object;
		fprintf(attach, "cgroup attach %s multi\n", end);
		fprintf(detach, "cgroup detach %s\n", end);
	}
	fclose(attach);
	fclose(detach);
}

/* Its exit status is no use: it also fails for an error that it has overcome on the way. */
static struct children_cost run_batch(const char *path)
{
	return children_measure(WORDS("bpftool", "batch", "file", path));
}

/* Of the commands of a round. */
enum { FIRST, NEW, SHARER, TAKEN, BATCH, UNBATCH, VERSION, COMMANDS };

static const char *const command_names[] = {
	[FIRST] = "cgfence attach, the first of a host",
	[NEW] = "cgfence attach",
	[SHARER] = "cgfence attach, a known policy",
	[TAKEN] = "cgfence detach",
	[BATCH] = "bpftool: load, pin, attach; one batch",
	[UNBATCH] = "bpftool: detach; one batch",
	[VERSION] = "cgfence --version",
};

static struct children_cost costs[COMMANDS];

/* It always loads all that is in an object, and is given a policy, which it cannot compile. */
static void measure_peer(const struct kind *kind)
{
	bool ports = kind != DEVICES_KIND;
	int last;

	write_batches(ports, kind->policy_map);
	mkdir(PINS, 0700);
	costs[BATCH] = run_batch(ATTACH);
	last = fences_program(cgroup, ports ? BPF_CGROUP_SOCK_OPS : BPF_CGROUP_DEVICE);
	costs[UNBATCH] = run_batch(DETACH);
	children_run(WORDS("rm", "-r", PINS));
	if (last < 0)
		costs[BATCH] = costs[UNBATCH] = (struct children_cost){ NAN, NAN, 1 };
	else
		close(last);
}

/* A bpffs of its own is a host on which nothing was ever fenced: no ring buffer, and the guards not tried yet. */
static void attach_first(const struct kind *kind)
{
	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0)
		report_fail("cannot mount a bpffs: %s", strerror(errno));
	costs[FIRST] = run_attach(kind);
	run_detach();
	umount2("/sys/fs/bpf", MNT_DETACH);
}

static double measure_commands(const void *subject)
{
	const struct kind *kind = subject;
	struct cgfence_cgroup *sharer;

	attach_first(kind);
	costs[NEW] = run_attach(kind);
	costs[TAKEN] = run_detach();
	sharer = probe_new_fence("sharer", kind->policy);
	costs[SHARER] = run_attach(kind);
	run_detach();
	fences_remove(sharer);
	costs[VERSION] = probe_command(WORDS("cgfence", "--version"));
	measure_peer(kind);
	return costs[FIRST].ms;
}

static double against_batch(struct table *table, size_t command, const char *time)
{
	return table_median(table, text("%s%s", command_names[command], time)) /
	       table_median(table, text("%s%s", command_names[BATCH], time));
}

/* By the clock; beside it by the time of a processor, which depends less on what else runs on the host. */
static void judge(struct table *table, const char *what, size_t command, double most)
{
	report_at_most(against_batch(table, command, ""), most, "times",
		       text("attach of %s against bpftool's batch (by processor time %.2f)", what,
			    against_batch(table, command, PROCESSOR)));
}

static void measure_kind(struct kind *kind)
{
	struct table *table = table_new("ms", kind->group,
					text("Attach and detach, whole commands: %s", kind->name));
	/* With a name it is another policy, whose programs are not those of the fence that is measured. */
	struct cgfence_cgroup *model =
		probe_new_fence("model", text("{'name': 'model', %s", kind->policy + 1));

	report_progress(text("attach: %s", kind->name));
	kind->policy_map = weigh(model).policy_map;
	for (size_t i = 0; i < COMMANDS; i++)
		table_add(table, i ? NULL : measure_commands, i ? (const void *)&costs[i].ms : kind,
			  command_names[i]);
	for (size_t i = 0; i < COMMANDS; i++)
		table_add(table, NULL, &costs[i].processor_ms,
			  text("%s" PROCESSOR, command_names[i]));
	table_measure(table, ROUNDS);
	report_table(table, command_names[BATCH]);
	report_compare(kind->name, "attach by bpftool", 1, 1 / against_batch(table, NEW, ""));
	if (kind == TCP_KIND) {
		bool guarded = fences_guard(model, NULL) == CGFENCE_GUARD_DENY;
		judge(table, guarded ? "a new policy with the LSM guard" : "a new policy", NEW,
		      guarded ? 1.5 : 1.0);
		judge(table, "a policy that another fence has", SHARER, 0.5);
		judge(table, "the first fence of a boot", FIRST, 4);
	}
	fences_remove(model);
}

static double weigh_fence(const void *kind)
{
	size_t bytes;

	run_attach(kind);
	bytes = weigh(cgroup).bytes;
	run_detach();
	return (double)bytes / 1024;
}

static double weigh_sharer(const void *subject)
{
	const struct kind *kind = subject;
	struct cgfence_cgroup *sharer = probe_new_fence("sharer", kind->policy);
	size_t bytes = 0;

	run_attach(kind);
	if (memory_of_sharer(cgfence_cgroup_id(sharer), cgfence_cgroup_id(cgroup), &bytes))
		report_fail("cannot weigh a fence that shares its policy");
	run_detach();
	fences_remove(sharer);
	return (double)bytes / 1024;
}

static void measure_memory(void)
{
	struct table *table = table_new("KiB", "memory",
					"Kernel memory of a fence: memlock of its programs and "
					"maps, and the machine code");
	double most = 0;

	for (size_t i = 0; i < KINDS; i++)
		table_add(table, weigh_fence, &kinds[i], kinds[i].name);
	table_add(table, weigh_sharer, TCP_KIND,
		  "devices and TCP ports, as another fence has them");
	table_measure(table, 1);
	report_table(table, TCP_KIND->name);
	report_at_most(table->rows[KINDS].values[0], 24, "KiB",
		       "kernel memory of a fence that shares its policy");
	for (size_t i = 0; i < KINDS; i++)
		most = fmax(most, table->rows[i].values[0]);
	report_at_most(most, 64, "KiB", "kernel memory of a fence");
}

/* Beside many other fences, of another policy. The first of all is of no use: it also makes what all of a host share. */

#define MANY_POLICY "{'name': 'many', 'devices': {'defaults': true}, 'ports': {'tcp': [8080]}}"

static const size_t numbers[] = { 2, 1000, 10000 };
static const char *const number_names[] = { "2nd", "1,000th", "10,000th" };

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static struct table *many; /* of attaching at each of them, and then of detaching */

static void measure_beside(size_t index)
{
	for (int i = 0; i < MANY_SAMPLES; i++) {
		table_put(&many->rows[index], run_attach(TCP_KIND).processor_ms);
		table_put(&many->rows[NUMBERS + index], run_detach().processor_ms);
	}
}

static void measure_many(void)
{
	many = table_new("ms", "attach-many",
			 "Processor time of attach and detach beside many other fences");
	for (size_t i = 0; i < 2 * NUMBERS; i++)
		table_add(many, NULL, NULL,
			  text("%s, the %s", i < NUMBERS ? "attach" : "detach",
			       number_names[i % NUMBERS]));
	probe_grow(MANY_POLICY, numbers, NUMBERS, measure_beside);
	report_table(many, NULL);
	for (size_t i = 1; i < NUMBERS; i++)
		report_at_most(
			row_quantile(&many->rows[i], 0.5) / row_quantile(&many->rows[0], 0.5), 1.25,
			"times", text("attach of the %s fence against the 2nd", number_names[i]));
}

/* Changes of a fence, whole commands. The verdict is another one before they end. */

#define DEVICE "c 10:77 rw"
#define HASH_PIN "/sys/fs/bpf/bench-devices"

static double run_words(const void *words)
{
	return probe_command(words).ms;
}

static void measure_changes(void)
{
	struct table *table = table_new("ms", "change", "Change of a fence, whole commands");
	struct cgfence_cgroup *fence = probe_new_fence("changed", TCP_KIND->policy);
	const char *path = cgfence_cgroup_path(fence);
	const struct {
		const char *name;
		const char *const *words;
	} changes[] = {
		{ "cgfence allow, a device", WORDS("cgfence", "allow", path, "device", DEVICE) },
		{ "cgfence revoke, a device", WORDS("cgfence", "revoke", path, "device", DEVICE) },
		{ "cgfence allow, a port", WORDS("cgfence", "allow", path, "port", "tcp", "310") },
		{ "bpftool map update, a plain hash map",
		  WORDS("bpftool", "map", "update", "pinned", HASH_PIN, "key", "2", "0", "10", "77",
			"value", "6", "0", "0", "0") },
	};
	size_t count = sizeof(changes) / sizeof(changes[0]);

	probe_command(WORDS("bpftool", "map", "create", HASH_PIN, "type", "hash", "key", "4",
			    "value", "4", "entries", "4096", "name", "devices"));
	for (size_t i = 0; i < count; i++)
		table_add(table, run_words, changes[i].words, changes[i].name);
	table_measure(table, ROUNDS);
	report_table(table, changes[count - 1].name);
	unlink(HASH_PIN);
	fences_remove(fence);
}

void suite_attach(void)
{
	cgroup = probe_cgroup(NULL, "attach");
	for (size_t i = 0; i < KINDS; i++)
		fences_write_json(kinds[i].path, kinds[i].policy);
	for (size_t i = 0; i < KINDS; i++)
		measure_kind(&kinds[i]);
	measure_memory();
	measure_many();
	measure_changes();
	fences_remove(cgroup);
}
