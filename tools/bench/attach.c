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

static double run_detach(void)
{
	return probe_command(WORDS("cgfence", "detach", cgfence_cgroup_path(cgroup))).ms;
}

static struct memory weigh(const struct cgfence_cgroup *fence)
{
	struct memory memory;
	int code = memory_of_fence(fence, &memory);

	if (code)
		report_fail("cannot weigh a fence: %s", strerror(-code));
	return memory;
}

/* The packaged bpftool, given the objects of cgfence: the first of each is for devices, the others are for ports. */
static const char *const objects[] = { "device", "lean_ports", "listen" };

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

#define OBJECTS (sizeof(objects) / sizeof(objects[0]))
#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

static void write_batches(bool ports, uint32_t policy_map)
{
	const char *directory = text("/proc/%d/fd/%d", getpid(), cgfence_cgroup_fd(cgroup));
	FILE *attach = fopen(ATTACH, "we");
	FILE *detach = fopen(DETACH, "we");

	if (!attach || !detach)
		report_fail("cannot write commands: %s", strerror(errno));
	for (size_t i = 0; i < (ports ? OBJECTS : 1); i++)
		fprintf(attach,
			"prog loadall %s/bench-bpf/%s.bpf.o " PINS
			"/%s map name cgfence_policy id %u pinmaps " PINS "/%s-maps\n",
			probe_directory(), objects[i], objects[i], policy_map, objects[i]);
	for (size_t i = 0; i < (ports ? HOOKS : 1); i++) {
		fprintf(attach, "cgroup attach %s %s pinned " PINS "/%s/%s multi\n", directory,
			hooks[i].hook, hooks[i].object, hooks[i].program);
		fprintf(detach, "cgroup detach %s %s pinned " PINS "/%s/%s\n", directory,
			hooks[i].hook, hooks[i].object, hooks[i].program);
	}
	fclose(attach);
	fclose(detach);
}

/* Its exit status is no use: it also fails for an error that it has overcome on the way. */
static struct children_cost run_batch(const char *path)
{
	return children_measure(WORDS("bpftool", "batch", "file", path));
}

static double unpin(void)
{
	return children_measure(WORDS("rm", "-r", PINS)).ms;
}

static struct {
	struct children_cost batch; /* load, pin and attach all, by one command */
	double detach_ms;	    /* by one command, and all pins removed */
} peer;

/* It always loads all that is in an object, and is given a policy, which it cannot compile. */
static void measure_peer(const struct kind *kind)
{
	bool ports = kind != DEVICES_KIND;
	int last;

	write_batches(ports, kind->policy_map);
	mkdir(PINS, 0700);
	peer.batch = run_batch(ATTACH);
	last = fences_program(cgroup, ports ? BPF_CGROUP_SOCK_OPS : BPF_CGROUP_DEVICE);
	peer.detach_ms = run_batch(DETACH).ms + unpin();
	if (last < 0)
		peer.batch.ms = peer.batch.processor_ms = peer.detach_ms = NAN;
	else
		close(last);
}

/* Figures of a round. */
static struct {
	struct children_cost first, attach, sharer;
	double detach_ms;
	double version_ms;
} figures;

/* A bpffs of its own is a host on which nothing was ever fenced: no ring buffer, and the guards not tried yet. */
static struct children_cost attach_first(const struct kind *kind)
{
	struct children_cost cost;

	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0)
		report_fail("cannot mount a bpffs: %s", strerror(errno));
	cost = run_attach(kind);
	run_detach();
	umount2("/sys/fs/bpf", MNT_DETACH);
	return cost;
}

static double measure_commands(const void *subject)
{
	const struct kind *kind = subject;
	struct cgfence_cgroup *sharer;

	figures.first = attach_first(kind);
	figures.attach = run_attach(kind);
	figures.detach_ms = run_detach();
	sharer = probe_new_fence("sharer", kind->policy);
	figures.sharer = run_attach(kind);
	run_detach();
	fences_remove(sharer);
	figures.version_ms = probe_command(WORDS("cgfence", "--version")).ms;
	measure_peer(kind);
	return figures.first.ms;
}

#define FIRST "cgfence attach, the first of a host"
#define SHARER "cgfence attach, a known policy"
#define BATCH "bpftool: load, pin, attach; one batch"

static const struct {
	const char *name;
	const double *figure;
} command_rows[] = {
	{ FIRST ", processor time", &figures.first.processor_ms },
	{ "cgfence attach", &figures.attach.ms },
	{ "cgfence attach, processor time", &figures.attach.processor_ms },
	{ SHARER, &figures.sharer.ms },
	{ SHARER ", processor time", &figures.sharer.processor_ms },
	{ "cgfence detach", &figures.detach_ms },
	{ BATCH, &peer.batch.ms },
	{ BATCH ", processor time", &peer.batch.processor_ms },
	{ "bpftool: detach, one batch; unpin", &peer.detach_ms },
	{ "cgfence --version", &figures.version_ms },
};

/* By the clock; beside it by the time of a processor, which depends less on what else runs on the host. */
static void judge_command(struct table *table, const char *what, const char *row, double most)
{
	double times = table_median(table, row) / table_median(table, BATCH);
	double processor = table_median(table, text("%s, processor time", row)) /
			   table_median(table, BATCH ", processor time");

	report_target(times <= most,
		      "attach of devices and TCP ports, %s: at most %.1f times bpftool's batch "
		      "(%.2f times; by processor time %.2f)",
		      what, most, times, processor);
}

static void measure_kind(struct kind *kind)
{
	struct table *table = table_new("ms", kind->group,
					text("Attach and detach, whole commands: %s", kind->name));
	/* With a name it is another policy, whose programs are not those of the fence that is measured. */
	struct cgfence_cgroup *model =
		probe_new_fence("model", text("{'name': 'model', %s", kind->policy + 1));
	bool guarded;

	report_progress(text("attach: %s", kind->name));
	kind->policy_map = weigh(model).policy_map;
	table_add(table, measure_commands, kind, FIRST);
	for (size_t i = 0; i < sizeof(command_rows) / sizeof(command_rows[0]); i++)
		table_add(table, NULL, command_rows[i].figure, command_rows[i].name);
	table_measure(table, ROUNDS);
	report_table(table, "cgfence attach");
	report_compare(kind->name, "attach by bpftool", table_median(table, "cgfence attach"),
		       table_median(table, BATCH));
	guarded = fences_guard(model, NULL) == CGFENCE_GUARD_DENY;
	if (kind == TCP_KIND) {
		judge_command(table, guarded ? "with the LSM guard" : "without the LSM guard",
			      "cgfence attach", guarded ? 1.5 : 1.0);
		judge_command(table, "which another fence has", SHARER, 0.5);
		judge_command(table, "the first of a boot", FIRST, 4);
	}
	fences_remove(model);
}

static double weigh_fence(const void *kind)
{
	double bytes;

	run_attach(kind);
	bytes = (double)weigh(cgroup).bytes;
	run_detach();
	return bytes / 1024;
}

static double weigh_sharer(const void *subject)
{
	const struct kind *kind = subject;
	struct cgfence_cgroup *sharer = probe_new_fence("sharer", kind->policy);
	size_t bytes = 0;
	int code;

	run_attach(kind);
	code = memory_of_sharer(cgfence_cgroup_id(sharer), cgfence_cgroup_id(cgroup), &bytes);
	run_detach();
	fences_remove(sharer);
	if (code)
		report_fail("cannot weigh a fence: %s", strerror(-code));
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
	report_target(table->rows[KINDS].values[0] <= 24,
		      "at most 24 KiB for a fence that shares its policy (%.1f KiB)",
		      table->rows[KINDS].values[0]);
	for (size_t i = 0; i < KINDS; i++)
		most = fmax(most, table->rows[i].values[0]);
	report_target(most <= 64, "at most 64 KiB of kernel memory a fence (%.1f KiB)", most);
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
		table_put(&many->rows[index], run_attach(TCP_KIND).ms);
		table_put(&many->rows[NUMBERS + index], run_detach());
	}
}

static void measure_many(void)
{
	many = table_new("ms", "attach-many", "Attach and detach beside many other fences");
	for (size_t i = 0; i < 2 * NUMBERS; i++)
		table_add(many, NULL, NULL,
			  text("%s, the %s", i < NUMBERS ? "attach" : "detach",
			       number_names[i % NUMBERS]));
	probe_grow(MANY_POLICY, numbers, NUMBERS, measure_beside);
	report_table(many, NULL);
	for (size_t i = 1; i < NUMBERS; i++) {
		double ratio =
			row_quantile(&many->rows[i], 0.5) / row_quantile(&many->rows[0], 0.5);

		report_target(ratio <= 1.25,
			      "the %s fence costs what the second did (attach: %.2f times)",
			      number_names[i], ratio);
	}
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
	/* The device, as a key of a hash map that bpftool is told. */
	const struct {
		const char *name;
		const char *const *words;
	} changes[] = {
		{ "cgfence allow, a device", WORDS("cgfence", "allow", path, "device", DEVICE) },
		{ "cgfence revoke, a device", WORDS("cgfence", "revoke", path, "device", DEVICE) },
		{ "cgfence allow, a port", WORDS("cgfence", "allow", path, "port", "tcp", "310") },
		{ "cgfence revoke, a port",
		  WORDS("cgfence", "revoke", path, "port", "tcp", "310") },
		{ "cgfence attach, another policy",
		  WORDS("cgfence", "attach", path, DEVICES_KIND->path) },
		{ "cgfence attach, that of before",
		  WORDS("cgfence", "attach", path, TCP_KIND->path) },
		{ "bpftool map update, a plain hash map",
		  WORDS("bpftool", "map", "update", "pinned", HASH_PIN, "key", "hex", "02", "00",
			"0a", "4d", "value", "hex", "06", "00", "00", "00") },
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
