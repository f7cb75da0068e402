// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The results are kept as the JSON that is written in the end. */
#include "report.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct {
	const char *heading;
	const char *key;
	double quantile;
} quantiles[] = {
	{ "median", "median", 0.5 },
	{ "25 %", "p25", 0.25 },
	{ "75 %", "p75", 0.75 },
	{ "99 %", "p99", 0.99 },
};

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static json_t *tables, *comparisons, *skipped, *targets;
static struct utsname machine;
static char processor[128] = "unknown";
/* Without it each system call empties the TLB where page tables are isolated, and cold data costs more. */
static bool has_pcid;

static void note_target(bool met, double value, const char *relation, double limit,
			const char *unit, const char *what)
{
	if (isnan(value))
		report_skip(what);
	else
		json_array_append_new(targets,
				      json_pack("{s:s, s:f, s:s, s:s, s:f, s:b}", "what", what,
						"value", value, "unit", unit, "relation", relation,
						"limit", limit, "met", met));
}

void report_at_most(double value, double most, const char *unit, const char *what)
{
	note_target(value <= most, value, "at most", most, unit, what);
}

void report_at_least(double value, double least, const char *unit, const char *what)
{
	note_target(value >= least, value, "at least", least, unit, what);
}

void report_skip(const char *sentence)
{
	json_array_append_new(skipped, json_string(sentence));
}

void report_compare(const char *what, const char *peer, double ours, double theirs)
{
	if (isfinite(theirs / ours))
		json_array_append_new(comparisons,
				      json_pack("{s:s, s:s, s:f}", "what", what, "peer", peer,
						"times_faster", theirs / ours));
}

static json_t *report_row(struct row *row, double base)
{
	json_t *object = json_pack("{s:s}", "name", row->name);
	double ratio = row_quantile(row, 0.5) / base;

	printf("  %-44s", row->name);
	for (size_t i = 0; i < QUANTILES; i++) {
		double value = row_quantile(row, quantiles[i].quantile);

		printf(" %10.2f", value);
		json_object_set_new(object, quantiles[i].key, json_real(value));
	}
	printf(" %8.2f\n", ratio);
	/* JSON has no infinity, which a ratio to nothing is. */
	json_object_set_new(object, "ratio", isfinite(ratio) ? json_real(ratio) : json_null());
	json_object_set_new(object, "rounds", json_integer((json_int_t)row->count));
	return object;
}

void report_table(struct table *table, const char *peer)
{
	json_t *rows = json_array();
	size_t rounds = 0;
	double base;

	peer = peer ? peer : table->rows[0].name;
	base = table_median(table, peer);
	printf("\n%s\n  %-44s", table->title, "");
	for (size_t i = 0; i < QUANTILES; i++)
		printf(" %10s", quantiles[i].heading);
	printf(" %8s\n", "ratio");
	for (size_t i = 0; i < table->count; i++) {
		struct row *row = &table->rows[i];

		if (row->count)
			json_array_append_new(rows, report_row(row, base));
		else
			report_skip(text("%s: %s", table->title, row->name));
		rounds = row->count > rounds ? row->count : rounds;
	}
	printf("  (in %s; ratio to %s; %zu rounds, interleaved)\n", table->unit, peer, rounds);
	fflush(stdout);
	json_array_append_new(tables, json_pack("{s:s, s:s, s:s, s:s, s:o}", "group", table->group,
						"title", table->title, "unit", table->unit, "peer",
						peer, "series", rows));
}

void report_progress(const char *sentence)
{
	fflush(stdout);
	fprintf(stderr, "bench: %s\n", sentence);
}

void report_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fflush(stdout);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, ".\n");
	va_end(arguments);
	_exit(EXIT_FAILURE);
}

void report_begin(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	double load = 0;
	char line[4096];

	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "model name : %127[^\n]", processor);
		has_pcid = has_pcid || strstr(line, " pcid ");
	}
	if (file)
		fclose(file);
	uname(&machine);
	getloadavg(&load, 1);
	printf("%s %s %s, %ld × %s %s pcid, load %.1f\n", machine.sysname, machine.release,
	       machine.machine, sysconf(_SC_NPROCESSORS_ONLN), processor,
	       has_pcid ? "with" : "without", load);
	tables = json_array();
	comparisons = json_array();
	skipped = json_array();
	targets = json_array();
}

static const char *text_of(const json_t *note, const char *key)
{
	return json_string_value(json_object_get(note, key));
}

static double number_of(const json_t *note, const char *key)
{
	return json_real_value(json_object_get(note, key));
}

static void summarise(void)
{
	size_t missed = 0;
	json_t *note;
	size_t i;

	if (json_array_size(skipped))
		printf("\nNot measured\n");
	json_array_foreach (skipped, i, note)
		printf("  %s\n", json_string_value(note));
	printf("\nTargets\n");
	json_array_foreach (targets, i, note) {
		bool met = json_is_true(json_object_get(note, "met"));

		missed += !met;
		printf("  %-6s %9.2f %-8s (%s %g)  %s\n", met ? "met" : "MISSED",
		       number_of(note, "value"), text_of(note, "unit"), text_of(note, "relation"),
		       number_of(note, "limit"), text_of(note, "what"));
	}
	printf("%zu of %zu are met.\n", json_array_size(targets) - missed,
	       json_array_size(targets));
	fflush(stdout);
}

void report_end(const char *directory)
{
	json_t *all = json_pack("{s:s, s:s, s:s, s:b, s:I, s:o, s:o, s:o, s:o}", "kernel",
				machine.release, "machine", machine.machine, "processor", processor,
				"pcid", has_pcid, "processors",
				(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "tables", tables,
				"comparisons", comparisons, "skipped", skipped, "targets", targets);
	char path[4096];

	summarise();
	snprintf(path, sizeof(path), "%s/bench.json", directory);
	if (json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)))
		report_fail("cannot write %s", path);
	json_decref(all);
}
