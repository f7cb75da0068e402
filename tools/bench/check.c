// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "check.h"
#include "probe.h"
#include "report.h"
#include "bench_peers.skel.h"
#include "support/clock.h"
#include "support/fences.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The value of a round is the median of its batches: an interrupt is in few of them. */
#define BATCHES 15
#define CALLS 100

/* By the state of the data. */
static const struct {
	int calls; /* in a batch */
	/* How much other memory is read, and the step, which meets all sets of a TLB and of a cache. */
	size_t size, step;
} states[] = {
	[CHECK_WARM] = { CALLS, 0, 1 },
	[CHECK_NO_TLB] = { 10, 32 << 20, 4096 + 64 },
	[CHECK_COLD] = { 3, 64 << 20, 1024 + 64 },
};

#define CHECKS_MAX 256

/* The rows of all suites. */
static struct check {
	const struct filter *filter;
	const struct check_call *call;
	uint32_t target;
	bool refused;
} checks[CHECKS_MAX];

static size_t check_count;

/* The result of a child in a cgroup, in nanoseconds. */
static double *result;

/* Empty programs, which run in the same calls as those of a filter. */
static struct bench_peers *companions;

struct bench_peers *check_load_peers(void)
{
	struct bench_peers *peers = bench_peers__open_and_load();

	if (!peers)
		report_fail("cannot load the programs of the benchmark: %s", strerror(errno));
	return peers;
}

static int peer_program(const struct bench_peers *peers, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(peers->obj, name));
}

void check_attach(struct filter *filter, const char *program, enum bpf_attach_type hook)
{
	if (!filter->peers)
		filter->peers = check_load_peers();
	probe_attach(filter->cgroup, peer_program(filter->peers, program), hook);
}

bool check_make_empty(struct filter *filter)
{
	for (size_t i = 0; i < filter->suite->hook_count; i++)
		check_attach(filter, filter->suite->hooks[i].empty, filter->suite->hooks[i].type);
	return true;
}

static struct bpf_prog_info read_info(int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		report_fail("cannot read the cost of a program: %s", strerror(errno));
	return info;
}

/* Nanoseconds that the programs of a filter have taken so far above the companions; @runs: receives those of the first. */
static double read_cost(const struct check *check, uint64_t *runs)
{
	const struct filter *filter = check->filter;
	double ns = 0;

	for (size_t i = 0; i < filter->suite->hook_count; i++) {
		const char *companion = filter->suite->hooks[i].empty;
		struct bpf_prog_info own;

		if (filter->programs[i] < 0)
			continue;
		own = read_info(filter->programs[i]);
		ns += (double)own.run_time_ns -
		      (double)read_info(peer_program(companions, companion)).run_time_ns;
		if (i == 0)
			*runs = own.run_cnt;
	}
	return ns;
}

static volatile char *foreign;

/* In small pages. Until something is written, all of them are one page of zeros: they take room in the TLB alone. */
static void map_foreign(enum check_data data)
{
	size_t size = states[data].size;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		report_fail("out of memory");
	madvise(memory, size, MADV_NOHUGEPAGE);
	if (data == CHECK_COLD)
		memset(memory, 1, size);
	foreign = memory;
}

static void cool(enum check_data data)
{
	for (size_t i = 0; i < states[data].size; i += states[data].step)
		(void)foreign[i];
}

/* Return: nanoseconds. */
static double call_filter(const struct check *check)
{
	const struct check_call *call = check->call;
	uint64_t begin_ns;
	uint64_t end_ns;
	bool allowed;
	int code;

	if (call->prepare)
		call->prepare();
	cool(call->data);
	begin_ns = clock_ns();
	allowed = call->call();
	end_ns = clock_ns();
	code = errno;
	if (call->finish)
		call->finish();
	if (allowed == check->refused)
		report_fail("%s: the verdict is wrong: %s", check->filter->name,
			    allowed ? "allowed" : strerror(code));
	return (double)(end_ns - begin_ns);
}

/* Return: nanoseconds of the programs of a call. */
static double time_batch(const struct check *check)
{
	const int calls = states[check->call->data].calls;
	uint64_t runs_before = 0;
	uint64_t runs = 0;
	double before = read_cost(check, &runs_before);
	double after;

	for (int i = 0; i < calls; i++)
		call_filter(check);
	after = read_cost(check, &runs);
	if (runs - runs_before != (uint64_t)calls)
		report_fail("%s: the program ran %ju times in %d calls", check->filter->name,
			    (uintmax_t)(runs - runs_before), calls);
	return (after - before) / calls;
}

static void aim(const struct check *check)
{
	const struct filter *filter = check->filter;
	int code = filter->restrict_self ? filter->restrict_self(filter) : 0;

	if (code)
		report_fail("%s: %s", filter->name, strerror(-code));
	if (check->call->data != CHECK_WARM)
		map_foreign(check->call->data);
	check->call->aim(check->target);
}

/* The first batch warms up. */
static int time_programs(void *subject)
{
	const struct check *check = subject;
	double batches[1 + BATCHES];

	aim(check);
	for (int i = 0; i <= BATCHES; i++)
		batches[i] = time_batch(check);
	*result = values_quantile(batches + 1, BATCHES, 0.5);
	return 0;
}

static int time_calls(void *subject)
{
	const struct check *check = subject;
	double calls[(1 + BATCHES) * CALLS];

	aim(check);
	for (size_t i = 0; i < (1 + BATCHES) * CALLS; i++)
		calls[i] = call_filter(check);
	*result = values_quantile(calls + CALLS, (size_t)BATCHES * CALLS, 0.5);
	return 0;
}

static double in_cgroup(const struct check *check, int (*function)(void *subject))
{
	if (children_run_in(check->filter->inner, function, (void *)check))
		report_fail("%s: a process failed in its cgroup", check->filter->name);
	return *result;
}

static void attach_companions(const struct check_suite *suite, const struct cgfence_cgroup *cgroup,
			      bool attach)
{
	for (size_t i = 0; i < suite->hook_count; i++) {
		int program = peer_program(companions, suite->hooks[i].empty);

		if (attach)
			probe_attach(cgroup, program, suite->hooks[i].type);
		else if (bpf_prog_detach2(program, cgfence_cgroup_fd(cgroup), suite->hooks[i].type))
			report_fail("cannot detach a program: %s", strerror(errno));
	}
}

/*
 * A disturbance of the machine slows the companions too. The first program of a call takes some nanoseconds longer, so the
 * companions run first once (in the inner cgroup: compute_effective_progs() in kernel/bpf/cgroup.c), and last once.
 */
static double measure_programs(const void *subject)
{
	const struct check *check = subject;
	const struct filter *filter = check->filter;
	const struct cgfence_cgroup *const places[] = { filter->inner, filter->cgroup };
	double sum = 0;

	for (size_t i = 0; filter->exists && i < 2; i++) {
		attach_companions(filter->suite, places[i], true);
		sum += in_cgroup(check, time_programs);
		attach_companions(filter->suite, places[i], false);
	}
	return filter->exists ? sum / 2 : NAN;
}

static double measure_calls(const void *subject)
{
	const struct check *check = subject;

	return check->filter->exists ? in_cgroup(check, time_calls) : NAN;
}

static char node[64];

void check_aim_device(uint32_t device)
{
	snprintf(node, sizeof(node), "c-%u", device);
	if (mknod(node, S_IFCHR | 0666, device) < 0 && errno != EEXIST)
		report_fail("cannot make a device node: %s", strerror(errno));
}

bool check_access(void)
{
	return access(node, R_OK | W_OK) == 0;
}

#define ACCESS_CALL(data)                                        \
	{                                                        \
		check_aim_device, NULL, check_access, NULL, data \
	}

const struct check_call check_access_calls[] = { ACCESS_CALL(CHECK_WARM), ACCESS_CALL(CHECK_NO_TLB),
						 ACCESS_CALL(CHECK_COLD) };

void check_begin(struct check_suite *suite, const char *variant)
{
	const char *comma = *variant ? ", " : "";
	const char *dash = *variant ? "-" : "";

	result = result ?: probe_share(sizeof(*result));
	for (size_t i = 0; i < suite->table_count; i++) {
		struct check_table *table = &suite->tables[i];

		table->table = table_new("ns", text("%s%s%s", table->group, dash, variant),
					 text("%s%s%s", table->title, comma, variant));
	}
}

void check_add(const struct check_suite *suite, size_t table, size_t filter, uint32_t target,
	       const char *what)
{
	const struct check_table *place = &suite->tables[table];
	struct check *check = &checks[check_count];

	if (check_count++ == CHECKS_MAX)
		report_fail("there are more checks than %d", CHECKS_MAX);
	*check = (struct check){ &suite->filters[filter], place->call, target,
				 strcmp(what, "refused") == 0 };
	table_add(place->table, place->by_clock ? measure_calls : measure_programs, check,
		  text("%s%s%s", check->filter->name, *what ? ": " : "", what));
}

static void make_filter(const struct check_suite *suite, struct filter *filter)
{
	filter->cgroup = probe_cgroup(NULL, text("filter-%td", filter - suite->filters));
	filter->inner = probe_cgroup(filter->cgroup, "inner");
	filter->suite = suite;
	filter->peers = NULL;
	filter->exists = !filter->make || filter->make(filter);
	for (size_t i = 0; i < suite->hook_count; i++)
		filter->programs[i] = fences_program(filter->cgroup, suite->hooks[i].type);
}

static void remove_filter(const struct check_suite *suite, struct filter *filter)
{
	for (size_t i = 0; i < suite->hook_count; i++) {
		if (filter->programs[i] >= 0)
			close(filter->programs[i]);
	}
	fences_remove(filter->inner);
	fences_remove(filter->cgroup);
	bench_peers__destroy(filter->peers);
}

void check_run(const struct check_suite *suite, size_t cycles, size_t rounds)
{
	for (size_t setup = 0; setup < cycles * suite->filter_count; setup++) {
		/* In another order each time. */
		for (size_t i = 0; i < suite->filter_count; i++)
			make_filter(suite, &suite->filters[(setup + i) % suite->filter_count]);
		companions = check_load_peers();
		for (size_t i = 0; i < suite->table_count; i++) {
			const struct check_table *table = &suite->tables[i];
			/* The kernel takes its time for statistics. */
			int statistics = table->by_clock ? -1
							 : bpf_enable_stats(BPF_STATS_RUN_TIME);

			if (!table->by_clock && statistics < 0)
				report_fail("the kernel does not time programs: %s",
					    strerror(errno));
			table_measure(table->table, rounds);
			if (statistics >= 0)
				close(statistics);
		}
		bench_peers__destroy(companions);
		for (size_t i = 0; i < suite->filter_count; i++)
			remove_filter(suite, &suite->filters[i]);
	}
	for (size_t i = 0; i < suite->table_count; i++)
		report_table(suite->tables[i].table, suite->tables[i].peer);
}
