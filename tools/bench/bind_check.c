// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the port programs cost at bind and listen, beside a linear list of rules as systemd's SocketBindAllow= has it. */
#include "bind_rules.h"
#include "bench_peers.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Made anew in another order, as in device_subjects.c. */
#define SETUPS (3 * BIND_SETUPS)
#define SETUP_ROUNDS 2
#define ROUNDS (SETUPS * SETUP_ROUNDS)
#define BATCHES 15
#define BINDS 50
#define PROGRAMS 2
#define SUBJECTS_MAX 24

#define REFUSED_PORT 19999

static const struct {
	const char *name;
	int family;
	enum bpf_attach_type hooks[PROGRAMS];
} families[] = {
	{ "IPv4", AF_INET, { BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET4_POST_BIND } },
	{ "IPv6", AF_INET6, { BPF_CGROUP_INET6_BIND, BPF_CGROUP_INET6_POST_BIND } },
};

/* Rules that are asked for one port. */
struct subject {
	const struct bind_rules *rules;
	struct bench_series series;
	int programs[PROGRAMS]; /* that a bind runs, -1 for none */
	uint16_t port;
	int family;
};

struct subjects {
	struct subject list[SUBJECTS_MAX];
	size_t count;
	int companions[PROGRAMS]; /* empty programs beside those of the subjects */
};

/* Measuring. */

struct work {
	struct bench *bench;
	const struct subjects *subjects;
	const struct subject *subject;
};

static int open_socket(const struct subject *subject, int type)
{
	int fd = socket(subject->family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		_exit(EXIT_FAILURE);
	return fd;
}

static int bind_to(const struct subject *subject, int fd)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(subject->port) };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(subject->port) };

	if (subject->family == AF_INET6)
		return bind(fd, (const struct sockaddr *)&ipv6, sizeof(ipv6));
	return bind(fd, (const struct sockaddr *)&ipv4, sizeof(ipv4));
}

static void bind_often(const struct subject *subject)
{
	for (int i = 0; i < BINDS; i++) {
		int fd = open_socket(subject, SOCK_STREAM);

		if (bind_to(subject, fd) && subject->port != REFUSED_PORT)
			_exit(EXIT_FAILURE);
		close(fd);
	}
}

static void read_costs(const struct work *work, struct probe_cost costs[2][PROGRAMS])
{
	for (int i = 0; i < PROGRAMS; i++) {
		costs[0][i] = probe_cost(work->bench, work->subject->programs[i]);
		costs[1][i] = probe_cost(work->bench, work->subjects->companions[i]);
	}
}

/* A list has no program for post_bind, and a bind that is refused does not come so far. */
static void expect_runs(const struct work *work, const struct probe_cost before[PROGRAMS],
			const struct probe_cost after[PROGRAMS])
{
	for (int k = 0; k < PROGRAMS; k++) {
		uint64_t runs = after[k].runs - before[k].runs;
		bool may_be_missing = k > 0 && (work->subject->programs[k] < 0 ||
						work->subject->port == REFUSED_PORT);

		if (runs != BINDS && !may_be_missing)
			bench_fail(work->bench, "a program ran %ju times in %d binds",
				   (uintmax_t)runs, BINDS);
	}
}

/* The programs that a bind runs, each above the empty one that runs beside it. */
static double time_programs(const void *argument)
{
	const struct work *work = argument;
	struct bench_series batches = bench_series_new("", BATCHES);

	bind_often(work->subject);
	for (int i = 0; i < BATCHES; i++) {
		struct probe_cost before[2][PROGRAMS];
		struct probe_cost after[2][PROGRAMS];
		double sum = 0;

		read_costs(work, before);
		bind_often(work->subject);
		read_costs(work, after);
		expect_runs(work, before[0], after[0]);
		for (int k = 0; k < PROGRAMS; k++) {
			if (after[0][k].runs > before[0][k].runs)
				sum += probe_mean_ns(before[0][k], after[0][k]) -
				       probe_mean_ns(before[1][k], after[1][k]);
		}
		bench_series_add(&batches, sum);
	}
	return bench_series_take_median(&batches);
}

static double time_calls(const void *argument)
{
	const struct work *work = argument;
	struct bench_series calls = bench_series_new("", (size_t)BINDS * BATCHES);

	for (int i = 0; i < BINDS * BATCHES; i++) {
		int fd = open_socket(work->subject, SOCK_STREAM);
		uint64_t begin = bench_now_ns();

		if (bind_to(work->subject, fd) || listen(fd, 1))
			_exit(EXIT_FAILURE);
		bench_series_add(&calls, (double)(bench_now_ns() - begin));
		close(fd);
	}
	return bench_series_take_median(&calls);
}

static double measure_programs(const struct work *work)
{
	return probe_beside(work->bench, &work->subject->rules->place, work->subjects->companions,
			    families[work->subject->family == AF_INET6].hooks, PROGRAMS,
			    time_programs, work);
}

static double measure_calls(const struct work *work)
{
	return probe_in_cgroup(work->bench, work->subject->rules->place.inner, time_calls, work);
}

static void measure(struct bench *bench, struct subjects *subjects,
		    double (*function)(const struct work *work))
{
	for (int round = 0; round < SETUP_ROUNDS; round++) {
		for (size_t i = 0; i < subjects->count; i++) {
			struct subject *subject = &subjects->list[i];
			struct work work = { bench, subjects, subject };

			bench_series_add(&subject->series, function(&work));
		}
	}
}

static struct subject *add(struct subjects *subjects, const struct bind_rules *rules, size_t family,
			   size_t port, const char *name)
{
	struct subject *subject = &subjects->list[subjects->count++];

	subject->rules = rules;
	subject->port = (uint16_t)port;
	subject->family = families[family].family;
	subject->series = bench_series_new(name, ROUNDS);
	return subject;
}

/* So many of each; the fences in the order of their sizes. */
struct marks {
	const struct subject *fences, *middle, *last;
};

static struct marks add_all(struct subjects *subjects, const struct bind_setup *setup,
			    size_t family, bool calls)
{
	struct marks marks = { 0 };
	char name[64];

	if (calls)
		add(subjects, &setup->none, family, BIND_RANGE_PORT(0), "no program");
	add(subjects, &setup->empty, family, BIND_RANGE_PORT(0), "empty programs");
	marks.fences = &subjects->list[subjects->count];
	for (size_t i = 0; i < BIND_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", bind_sizes[i]);
		add(subjects, &setup->fences[i], family, BIND_RANGE_PORT(bind_sizes[i] - 1), name);
	}
	for (size_t i = 0; i < BIND_SIZES; i++) {
		snprintf(name, sizeof(name), "linear list, %zu: found last", bind_sizes[i]);
		marks.last = add(subjects, &setup->lists[i], family,
				 BIND_RANGE_PORT(bind_sizes[i] - 1), name);
	}
	add(subjects, &setup->lists[2], family, BIND_RANGE_PORT(0),
	    "linear list, 128: found first");
	marks.middle = add(subjects, &setup->lists[2], family, BIND_RANGE_PORT(bind_sizes[2] / 2),
			   "linear list, 128: in the middle");
	if (!calls) {
		add(subjects, &setup->fences[2], family, REFUSED_PORT, "cgfence, 128: refused");
		add(subjects, &setup->lists[2], family, REFUSED_PORT, "linear list, 128: refused");
	}
	return marks;
}

static void report(struct bench *bench, const char *group, const char *title, size_t family,
		   const struct subjects *subjects, size_t peer)
{
	struct bench_series series[SUBJECTS_MAX];
	char full_group[64];
	char full_title[128];

	for (size_t i = 0; i < subjects->count; i++)
		series[i] = subjects->list[i].series;
	snprintf(full_group, sizeof(full_group), "%s-%s", group, families[family].name);
	snprintf(full_title, sizeof(full_title), "%s, %s", title, families[family].name);
	bench_report(bench, full_group, full_title, "ns", series, subjects->count, peer);
}

static double median(const struct subject *subject)
{
	return bench_series_quantile(&subject->series, 0.5);
}

static void judge(struct bench *bench, const char *family, const struct marks *marks)
{
	double few = median(&marks->fences[0]);
	double many = median(&marks->fences[2]);
	char what[64];

	bench_target(bench, many <= 1.2 * few,
		     "bind check, %s: 128 ranges no more than 20 %% above 1 (%.1f ns, %.1f ns)",
		     family, few, many);
	bench_target(bench, 3 * many <= median(marks->middle),
		     "bind check, %s: at least 3 times faster than a linear list at 128 ranges, "
		     "for a port in its middle (%.1f times; for its last %.1f)",
		     family, median(marks->middle) / many, median(marks->last) / many);
	snprintf(what, sizeof(what), "bind check, %s, 128 ranges, port in the middle", family);
	bench_compare(bench, what, "linear list", many, median(marks->middle));
}

static void release(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++)
		bench_series_free(&subjects->list[i].series);
	subjects->count = 0;
}

static void open_programs(struct subjects *subjects, size_t family)
{
	for (size_t i = 0; i < subjects->count; i++) {
		struct subject *subject = &subjects->list[i];

		for (int k = 0; k < PROGRAMS; k++)
			subject->programs[k] = probe_program(subject->rules->place.cgroup,
							     families[family].hooks[k]);
	}
}

static void close_programs(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++) {
		for (int k = 0; k < PROGRAMS; k++) {
			if (subjects->list[i].programs[k] >= 0)
				close(subjects->list[i].programs[k]);
		}
	}
}

/* The programs of this setup. */
static void measure_setup(struct bench *bench, struct subjects *subjects, size_t family)
{
	struct bench_peers *companions = bind_load_peers(bench);
	int statistics = probe_enable_statistics(bench);

	open_programs(subjects, family);
	subjects->companions[0] = bpf_program__fd(family ? companions->progs.empty_bind6
							 : companions->progs.empty_bind4);
	subjects->companions[1] = bpf_program__fd(family ? companions->progs.empty_post_bind6
							 : companions->progs.empty_post_bind4);
	measure(bench, subjects, measure_programs);
	close_programs(subjects);
	close(statistics);
	bench_peers__destroy(companions);
}

static void check_family(struct bench *bench, struct bind_setup *setup, size_t family)
{
	struct subjects *programs = calloc(2, sizeof(*programs));
	struct subjects *calls = programs + 1;
	struct marks marks;

	if (!programs)
		bench_fail(bench, "out of memory");
	marks = add_all(programs, setup, family, false);
	add_all(calls, setup, family, true);
	for (size_t i = 0; i < SETUPS; i++) {
		bind_setup_make(bench, setup, i);
		measure_setup(bench, programs, family);
		measure(bench, calls, measure_calls);
		bind_setup_remove(bench, setup);
	}
	report(bench, "bind-check", "Bind check: time of all programs above empty ones", family,
	       programs, (size_t)(marks.fences + 2 - programs->list));
	judge(bench, families[family].name, &marks);
	report(bench, "bind-listen", "The whole of bind(2) and listen(2), TCP", family, calls, 0);
	release(programs);
	release(calls);
	free(programs);
}

void bench_bind_check(struct bench *bench)
{
	struct bind_setup setup = { 0 };

	for (size_t family = 0; family < 2; family++) {
		bench_progress(bench, "bind-check: %s", families[family].name);
		check_family(bench, &setup, family);
	}
}
