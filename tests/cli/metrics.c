// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "exposition.h"
#include "holder.h"
#include "support/sockets.h"
#include "watching.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(metrics, .init = sockets_begin, .fini = harness_end, .timeout = 600);

static const char *print(const char *format)
{
	static struct program_result result;

	result = program_run(NULL, WORDS("metrics", format));
	assert_done(result);
	exposition_check(result.output, !format);
	return result.output;
}

/* @labels: after that of the cgroup, with ' for " */
static const char *series_of(const char *name, const char *cgroup, const char *labels)
{
	static char series[1024];

	snprintf(series, sizeof(series), "%s{cgroup=\"%s\"%s}", name, cgroup, labels);
	for (char *at = series; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	return series;
}

Test(metrics, names_and_labels_are_those_of_the_specification)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	struct cgfence_fence *fence = NULL;
	char labels[128];

	harness_attach(sockets_fence(), "{'name': 'web', 'devices': {}, 'ports': [1]}");
	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, NULL), 0);
	snprintf(labels, sizeof(labels), ",name='web',mode='enforce',listen_guard='%s'",
		 cgfence_guard_name(cgfence_fence_listen_guard(fence)));
	cgfence_fence_close(fence);
	for (int i = 0; i < 2; i++) {
		const char *text = print(i ? "--textfile" : NULL);

		cr_expect_eq(exposition_value(text, "cgfence_build_info{version=\"" CGFENCE_VERSION
						    "\"}"),
			     1);
		cr_expect_eq(exposition_value(text, series_of("cgfence_fence_info", path, labels)),
			     1);
		cr_expect_eq(exposition_value(text, series_of("cgfence_refusals_total", path,
							      ",hook='device',verdict='denied'")),
			     0);
		cr_expect_eq(exposition_value(text, "cgfence_fences"), 1);
		/* What only a watch knows. */
		cr_expect_not(exposition_has(text, "cgfence_last_pass_timestamp_seconds"));
	}
}

static int name_itself(void *name)
{
	prctl(PR_SET_NAME, name);
	return open(harness_node("c 1:3"), O_RDONLY) < 0 ? errno : 0;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Neither members nor what they do make lines. */
Test(metrics, lines_grow_with_fences_alone)
{
	const char *anchor = cgfence_cgroup_path(harness_cgroup());
	struct cgfence_policy *policy = harness_policy("{'devices': {}, 'ports': [1]}");
	enum cgfence_attach_result done;
	char pattern[512];
	size_t lines = 0;

	snprintf(pattern, sizeof(pattern), "%s/job-*", anchor);
	cr_assert_eq(cgfence_standing_attach(pattern, policy, 0, &done, NULL), 0);
	cgfence_policy_free(policy);
	for (int i = 0; i < 4; i++) {
		char name[32];
		struct cgfence_cgroup *member;
		const char *text;

		snprintf(name, sizeof(name), "job-%d", i);
		member = harness_child_cgroup(harness_cgroup(), name);
		harness_node("c 1:3");
		cr_assert_eq(harness_in_cgroup(member, name_itself, name), EPERM);
		text = print(NULL);
		cr_expect(!lines || count_lines(text) == lines, "%zu lines are not %zu",
			  count_lines(text), lines);
		lines = count_lines(text);
		cr_expect_eq(exposition_value(text, series_of("cgfence_members", pattern, "")),
			     i + 1);
		cr_expect_eq(exposition_value(text, series_of("cgfence_refusals_total", pattern,
							      ",hook='device',verdict='denied'")),
			     i + 1);
		assert_lacks(text, name);
	}
}

Test(metrics, odd_names_are_escaped)
{
	struct cgfence_cgroup *odd = harness_child_cgroup(harness_cgroup(), "a\"b\\c\td\xff");
	char expected[512];

	harness_attach(odd, "{'name': 'caf\u00e9 \\\"x\\\\', 'devices': {}}");
	/* Control characters and bytes that are no UTF-8 are spelled out, and their backslash is escaped. */
	snprintf(expected, sizeof(expected),
		 "{cgroup=\"%s/a\\\"b\\\\c\\\\x09d\\\\xff\",name=\"caf\u00e9 \\\"x\\\\\"",
		 cgfence_cgroup_path(harness_cgroup()));
	assert_has(print(NULL), expected);
	assert_has(print("--textfile"), expected);
}

/* A name that is there twice would have all of it refused. */
Test(metrics, a_standing_fence_on_a_fenced_cgroup_has_its_id)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {}}");
	const char *path = cgfence_cgroup_path(sockets_fence());
	enum cgfence_attach_result done;
	const char *text;
	char id[32];
	uint64_t standing;

	harness_attach(sockets_fence(), "{'devices': {}}");
	cr_assert_eq(cgfence_standing_attach(path, policy, 0, &done, NULL), 0);
	cgfence_policy_free(policy);
	cr_assert_eq(cgfence_standing_find(path, &standing, NULL), 0);
	snprintf(id, sizeof(id), "id:%llu", (unsigned long long)standing);
	text = print(NULL);
	cr_expect_eq(exposition_value(text, series_of("cgfence_fence_generation", path, "")), 1);
	cr_expect_eq(exposition_value(text, series_of("cgfence_fence_generation", id, "")), 1);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 262144);

	cr_assert(file && text, "%s: %s", path, strerror(errno));
	cr_assert_gt(fread(text, 1, 262143, file), 0);
	fclose(file);
	return text;
}

Test(metrics, watch_writes_them_after_each_pass)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	struct watching watching;
	struct holder holder;
	struct stat status;
	char file[256];
	char beside[300];
	char *text;

	snprintf(file, sizeof(file), "%s/cgfence.prom", harness_directory());
	snprintf(beside, sizeof(beside), "%s.new", file);
	harness_attach(sockets_fence(), "{'ports': [1], 'on_violation': 'close'}");
	umask(0077);
	/* What a killed one left is no obstacle. */
	close(open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0000));
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--metrics",
				  file));
	text = read_file(file);
	exposition_check(text, false);
	cr_expect_eq(exposition_value(text, "cgfence_passes_total"), 1);
	cr_expect_eq(exposition_value(text, "cgfence_actions_total{action=\"closed\"}"), 0);
	cr_expect_eq(exposition_value(text, series_of("cgfence_listeners_in_excess", path, "")), 0);
	cr_expect_gt(exposition_value(text, "cgfence_last_pass_timestamp_seconds"), 1.7e9);
	cr_expect_eq(exposition_value(text, "cgfence_watch_lost_lines_total"), 0);
	free(text);
	cr_assert_eq(stat(file, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0644);
	cr_expect_neq(access(beside, F_OK), 0);

	holder_start(&holder, &(const struct holder_options){ .cgroup = sockets_fence(),
							      .endpoint = "tcp 127.0.0.1 7002",
							      .moved_in = true });
	watching_round(&watching);
	text = read_file(file);
	exposition_check(text, false);
	cr_expect_eq(exposition_value(text, "cgfence_actions_total{action=\"closed\"}"), 1);
	cr_expect_eq(exposition_value(text, series_of("cgfence_listeners_in_excess", path, "")), 1);
	free(text);
	holder_stop(&holder);
	watching_round(&watching);
	text = read_file(file);
	cr_expect_eq(exposition_value(text, series_of("cgfence_listeners_in_excess", path, "")), 0);
	free(text);
	watching_stop(&watching);
}

Test(metrics, a_file_that_cannot_be_written_is_an_error_once)
{
	struct watching watching;
	json_t *event;

	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--metrics",
				  "/cgfence-none/x.prom"));
	event = watching_event(&watching, "error");
	assert_has(text_of(event, "error"), "cannot write the metrics to /cgfence-none/x.prom");
	json_decref(event);
	watching_round(&watching);
	watching_stop(&watching);
	cr_expect_null(strstr(strstr(watching.program.result.output, "/cgfence-none/x.prom") + 1,
			      "/cgfence-none/x.prom"));
}

/* /dev/null is no file that could be replaced, and /dev/stdout is a link. */
Test(metrics, only_a_file_is_replaced)
{
	struct watching watching;
	struct stat status;
	char fifo[256];
	char link[256];
	char file[256];
	json_t *event;

	snprintf(fifo, sizeof(fifo), "%s/fifo", harness_directory());
	snprintf(link, sizeof(link), "%s/link", harness_directory());
	snprintf(file, sizeof(file), "%s", program_file("m.prom", ""));
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--metrics",
				  fifo));
	event = watching_event(&watching, "error");
	assert_has(text_of(event, "error"), "it is not a regular file");
	json_decref(event);
	watching_stop(&watching);
	cr_assert_eq(lstat(fifo, &status), 0);
	cr_expect(S_ISFIFO(status.st_mode));

	cr_assert_eq(symlink(file, link), 0);
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--metrics",
				  link));
	watching_round(&watching);
	watching_stop(&watching);
	cr_assert_eq(lstat(link, &status), 0);
	cr_expect(S_ISLNK(status.st_mode));
	cr_assert_eq(stat(file, &status), 0);
	cr_expect_gt(status.st_size, 0);
}

/* Each name in a query of the dashboard is that of a sample. */
static void expect_asked(const char *query, const char *text)
{
	for (const char *at = query; (at = strstr(at, "cgfence_"));) {
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		char line[160];

		snprintf(line, sizeof(line), "\n# TYPE %.*s ", (int)length, at);
		cr_expect(strstr(text, line), "nothing is named %.*s", (int)length, at);
		at += length;
	}
}

Test(metrics, the_dashboard_asks_for_what_there_is)
{
	json_t *dashboard = json_load_file("tools/grafana.json", 0, NULL);
	const json_t *panels = json_object_get(dashboard, "panels");
	struct watching watching;
	char file[256];
	char *text;

	snprintf(file, sizeof(file), "%s/cgfence.prom", harness_directory());
	watching_start_with(&watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--metrics",
				  file));
	text = read_file(file);
	cr_assert_gt(json_array_size(panels), 5);
	for (size_t i = 0; i < json_array_size(panels); i++) {
		const json_t *targets = json_object_get(json_array_get(panels, i), "targets");

		cr_assert_gt(json_array_size(targets), 0);
		for (size_t t = 0; t < json_array_size(targets); t++)
			expect_asked(text_of(json_array_get(targets, t), "expr"), text);
	}
	free(text);
	json_decref(dashboard);
	watching_stop(&watching);
}

/* The linter of Prometheus, where it is installed. */
Test(metrics, promtool_has_no_complaint)
{
	const struct program_options options = { .by_words = true };
	struct program_result result;

	harness_attach(sockets_fence(), "{'name': 'web', 'devices': {}, 'ports': [1]}");
	result = program_run(
		&options,
		WORDS("sh", "-c",
		      "! command -v promtool >/dev/null || \"$1\" metrics --textfile | promtool check metrics",
		      "sh", program_path()));
	assert_done(result);
}
