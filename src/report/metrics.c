// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/metrics.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/denial.h"
#include "report/metric_fences.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum type { GAUGE, COUNTER, INFO };

struct writer {
	FILE *file;
	enum metrics_format format;
	const char *name; /* of the samples */
};

/* A counter is named without its _total in OpenMetrics, and an info without its _info. */
static int family_length(const struct writer *writer, enum type type)
{
	size_t length = strlen(writer->name);

	if (writer->format == METRICS_OPENMETRICS && type == COUNTER)
		length -= strlen("_total");
	if (writer->format == METRICS_OPENMETRICS && type == INFO)
		length -= strlen("_info");
	return (int)length;
}

static void begin(struct writer *writer, enum type type, const char *name, const char *help)
{
	static const char *const types[][3] = {
		[METRICS_OPENMETRICS] = { "gauge", "counter", "info" },
		[METRICS_TEXTFILE] = { "gauge", "counter", "gauge" },
	};
	int length;

	writer->name = name;
	length = family_length(writer, type);
	fprintf(writer->file, "# HELP %.*s %s\n# TYPE %.*s %s\n", length, name, help, length, name,
		types[writer->format][type]);
}

/* Both formats escape these three bytes and no other. */
static void print_label(FILE *file, const char *key, const char *value)
{
	fprintf(file, "%s=\"", key);
	for (; *value; value++) {
		if (*value == '\n') {
			fputs("\\n", file);
			continue;
		}
		if (*value == '"' || *value == '\\')
			putc('\\', file);
		putc(*value, file);
	}
	putc('"', file);
}

/* A sample with up to four labels, the pairs ended by NULL. */
static void sample(const struct writer *writer, const char *const labels[], double value)
{
	fputs(writer->name, writer->file);
	for (size_t i = 0; labels && labels[i]; i += 2) {
		putc(i ? ',' : '{', writer->file);
		print_label(writer->file, labels[i], labels[i + 1]);
	}
	/* Integers up to 2^53 are printed whole, and no locale is set. */
	fprintf(writer->file, "%s %.17g\n", labels ? "}" : "", value);
}

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void print_infos(struct writer *writer, const struct metric_fences *fences)
{
	begin(writer, INFO, "cgfence_build_info", "The version of cgfence.");
	sample(writer, LABELS("version", CGFENCE_VERSION), 1);
	begin(writer, INFO, "cgfence_fence_info",
	      "A fence, by the path of its cgroup or by its pattern.");
	for (size_t i = 0; i < fences->count; i++) {
		const struct metric_fence *fence = &fences->items[i];

		sample(writer,
		       LABELS("cgroup", fence->cgroup, "name", fence->name, "mode",
			      fence->enforces ? "enforce" : "audit", "listen_guard",
			      cgfence_guard_name(fence->guard)),
		       1);
	}
}

static void print_refusals_of(const struct writer *writer, const struct metric_fence *fence)
{
	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++) {
		for (int verdict = 0; verdict < CGFENCE_VERDICT_COUNT; verdict++) {
			const struct cgfence_denial_subject subject = { .verdict = (__u8)verdict };
			__u64 count = fence->counters.refusals[hook][verdict];

			/* The two that every hook has are there from the first, so that a rate sees the first refusal. */
			if (count || verdict == CGFENCE_VERDICT_DENIED ||
			    verdict == CGFENCE_VERDICT_AUDITED)
				sample(writer,
				       LABELS("cgroup", fence->cgroup, "hook",
					      cgfence_hook_name((enum cgfence_hook)hook), "verdict",
					      denial_verdict_name(&subject)),
				       (double)count);
		}
	}
}

static void print_counts(struct writer *writer, const struct metric_fences *fences)
{
	begin(writer, COUNTER, "cgfence_refusals_total",
	      "What hooks of a fence refused, or would have in an audit.");
	for (size_t i = 0; i < fences->count; i++)
		print_refusals_of(writer, &fences->items[i]);
	begin(writer, COUNTER, "cgfence_denials_evicted_total",
	      "Records of refusals that made room for newer ones.");
	for (size_t i = 0; i < fences->count; i++)
		sample(writer, LABELS("cgroup", fences->items[i].cgroup),
		       (double)fences->items[i].counters.evicted);
	begin(writer, GAUGE, "cgfence_fence_generation", "Accepted changes of the policy, from 1.");
	for (size_t i = 0; i < fences->count; i++)
		sample(writer, LABELS("cgroup", fences->items[i].cgroup),
		       (double)fences->items[i].generation);
	begin(writer, GAUGE, "cgfence_members", "Cgroups that a standing fence has as members.");
	for (size_t i = 0; i < fences->count; i++) {
		if (fences->items[i].is_standing)
			sample(writer, LABELS("cgroup", fences->items[i].cgroup),
			       (double)fences->items[i].members);
	}
	begin(writer, GAUGE, "cgfence_fences", "Fences that can be read.");
	sample(writer, NULL, (double)fences->count);
	begin(writer, GAUGE, "cgfence_fences_unreadable", "Fences that cannot be read.");
	sample(writer, NULL, (double)fences->unreadable);
}

static void print_watch(struct writer *writer, const struct metric_fences *fences,
			const struct metrics_watch *watch)
{
	begin(writer, GAUGE, "cgfence_listeners_in_excess",
	      "Listeners of a fence that the last pass found on ports that are not assigned.");
	for (size_t i = 0; i < fences->count; i++) {
		if (fences->items[i].has_ports)
			sample(writer, LABELS("cgroup", fences->items[i].cgroup),
			       (double)fences->items[i].in_excess);
	}
	begin(writer, COUNTER, "cgfence_actions_total",
	      "Actions of the watch on listeners in excess.");
	for (int i = 0; i < CGFENCE_ACTION_COUNT; i++) {
		if (i != CGFENCE_ACTION_NONE)
			sample(writer,
			       LABELS("action", cgfence_action_name((enum cgfence_action)i)),
			       (double)watch->actions[i]);
	}
	begin(writer, COUNTER, "cgfence_watch_lost_lines_total",
	      "Lines of the watch that were not read in time.");
	sample(writer, NULL, (double)watch->lost_lines);
	begin(writer, COUNTER, "cgfence_watch_omitted_refusals_total",
	      "Refusals that came too fast for a line each.");
	sample(writer, NULL, (double)watch->omitted);
	begin(writer, COUNTER, "cgfence_passes_total", "Passes of the reconciler.");
	sample(writer, NULL, (double)watch->passes);
	begin(writer, COUNTER, "cgfence_failed_passes_total",
	      "Passes that could not look at everything.");
	sample(writer, NULL, (double)watch->failed_passes);
	begin(writer, GAUGE, "cgfence_last_pass_cpu_seconds",
	      "What the last pass took of a processor.");
	sample(writer, NULL, watch->pass_seconds);
	begin(writer, GAUGE, "cgfence_last_pass_timestamp_seconds",
	      "When the last pass was made that looked at everything.");
	sample(writer, NULL, watch->last_pass_time);
}

int metrics_print(FILE *file, enum metrics_format format, const struct metrics_watch *watch,
		  struct cgfence_error *error)
{
	cleanup_metric_fences struct metric_fences fences = { 0 };
	struct writer writer = { .file = file, .format = format };
	int result = metric_fences_read(watch ? watch->reconciler : NULL, &fences, error);

	if (result)
		return result;
	print_infos(&writer, &fences);
	print_counts(&writer, &fences);
	if (watch)
		print_watch(&writer, &fences, watch);
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", file);
	return 0;
}

static int fail(const char *path, int code, struct cgfence_error *error)
{
	return error_set(error, code, "cannot write the metrics to %s: %s", path, strerror(code));
}

/* @fd: taken over */
static int print_to(int fd, const char *path, const struct metrics_watch *watch,
		    struct cgfence_error *error)
{
	FILE *file = fdopen(fd, "w");
	int result;

	if (!file) {
		close(fd);
		return error_out_of_memory(error);
	}
	/* Whatever the umask is, node_exporter reads it. */
	if (fchmod(fd, 0644) < 0) {
		result = fail(path, errno, error);
		fclose(file);
		return result;
	}
	result = metrics_print(file, METRICS_TEXTFILE, watch, error);
	if (ferror(file) && result == 0)
		result = fail(path, ENOSPC, error);
	if (fclose(file) && result == 0)
		result = fail(path, errno, error);
	return result;
}

/*
 * What is replaced must be a file: the name may be that of a device such as /dev/null, and a link such as /dev/stdout.
 * @path: receives where it is, to be given to free()
 */
static int find_file(const char *name, char **path, struct cgfence_error *error)
{
	struct stat status;
	bool is_there = lstat(name, &status) == 0;

	if (!is_there && errno != ENOENT)
		return fail(name, errno, error);
	*path = is_there && S_ISLNK(status.st_mode) ? realpath(name, NULL) : strdup(name);
	if (!*path)
		return fail(name, errno, error);
	if (is_there && (lstat(*path, &status) < 0 || !S_ISREG(status.st_mode)))
		return error_set(
			error, EINVAL,
			"cannot write the metrics to %s: it is not a regular file, which alone is replaced",
			name);
	return 0;
}

int metrics_write_file(const char *name, const struct metrics_watch *watch,
		       struct cgfence_error *error)
{
	cleanup_free char *beside = NULL;
	cleanup_free char *path = NULL;
	int result = find_file(name, &path, error);
	int fd;

	if (result)
		return result;
	/* The collector reads names with another ending only. */
	if (asprintf(&beside, "%s.new", path) < 0)
		beside = NULL;
	if (!beside)
		return error_out_of_memory(error);
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(path, errno, error);
	result = print_to(fd, path, watch, error);
	if (result == 0 && rename(beside, path) < 0)
		result = fail(path, errno, error);
	if (result)
		unlink(beside);
	return result;
}
