// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The outputs of a run: what it is about, its summary, JSON, and a picture. */
#include "record.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define BAR_HEIGHT 22
#define LABEL_WIDTH 430
#define BARS_WIDTH 300
#define NUMBER_WIDTH 70

static void read_processor(char *name, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(name, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) == 0 && colon) {
			colon[1 + strcspn(colon + 1, "\n")] = '\0';
			snprintf(name, size, "%s", colon + 2);
			break;
		}
	}
	if (file)
		fclose(file);
}

void record_machine(struct bench *bench)
{
	double load[3] = { 0 };

	uname(&bench->system);
	read_processor(bench->processor, sizeof(bench->processor));
	bench->processors = sysconf(_SC_NPROCESSORS_ONLN);
	getloadavg(load, 3);
	printf("%s %s %s, %ld × %s, load %.1f\n", bench->system.sysname, bench->system.release,
	       bench->system.machine, bench->processors, bench->processor, load[0]);
}

void record_summarise(const struct bench *bench)
{
	size_t missed = 0;

	if (bench->comparison_count)
		printf("\nTimes faster than\n");
	for (size_t i = 0; i < bench->comparison_count; i++) {
		const struct bench_comparison *comparison = &bench->comparisons[i];

		printf("  %7.2f  %s: %s\n", comparison->theirs / comparison->ours, comparison->peer,
		       comparison->what);
	}
	if (bench->skipped_count)
		printf("\nNot measured\n");
	for (size_t i = 0; i < bench->skipped_count; i++)
		printf("  %s\n", bench->skipped[i].text);
	printf("\nTargets\n");
	for (size_t i = 0; i < bench->target_count; i++) {
		missed += !bench->targets[i].holds;
		printf("  %-6s  %s\n", bench->targets[i].holds ? "holds" : "MISSED",
		       bench->targets[i].text);
	}
	printf("%zu of %zu hold.\n", bench->target_count - missed, bench->target_count);
	fflush(stdout);
}

/* JSON has no infinity, which a ratio to nothing is. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *table_json(const struct bench_table *table)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < table->count; i++) {
		const struct bench_row *row = &table->rows[i];

		json_array_append_new(rows,
				      json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I}", "name",
						row->name, "median", number(row->median), "p25",
						number(row->low), "p75", number(row->high), "p99",
						number(row->worst), "ratio", number(row->ratio),
						"rounds", (json_int_t)row->rounds));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "group", table->group, "title", table->title,
			 "unit", table->unit, "peer", table->peer, "series", rows);
}

static json_t *comparisons_json(const struct bench *bench)
{
	json_t *list = json_array();

	for (size_t i = 0; i < bench->comparison_count; i++) {
		const struct bench_comparison *comparison = &bench->comparisons[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o, s:o}", "what", comparison->what,
					"peer", comparison->peer, "ours", number(comparison->ours),
					"theirs", number(comparison->theirs), "times_faster",
					number(comparison->theirs / comparison->ours)));
	}
	return list;
}

int record_write_json(const struct bench *bench, const char *path)
{
	json_t *tables = json_array();
	json_t *targets = json_array();
	json_t *skipped = json_array();
	json_t *all;
	int result;

	for (size_t i = 0; i < bench->table_count; i++)
		json_array_append_new(tables, table_json(&bench->tables[i]));
	for (size_t i = 0; i < bench->target_count; i++)
		json_array_append_new(targets,
				      json_pack("{s:s, s:b}", "text", bench->targets[i].text,
						"holds", bench->targets[i].holds));
	for (size_t i = 0; i < bench->skipped_count; i++)
		json_array_append_new(skipped, json_string(bench->skipped[i].text));
	all = json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "kernel", bench->system.release,
			"machine", bench->system.machine, "processor", bench->processor,
			"processors", (json_int_t)bench->processors, "tables", tables,
			"comparisons", comparisons_json(bench), "skipped", skipped, "targets",
			targets);
	errno = 0;
	result = all ? json_dump_file(all, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : -1;
	json_decref(all);
	return result ? -(errno ? errno : ENOMEM) : 0;
}

static void draw_bar(FILE *file, const struct bench_comparison *comparison, int y, double scale)
{
	double times = comparison->theirs / comparison->ours;
	double width = log2(fmax(times, 1) + 1) * scale;

	fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s, %s</text>\n",
		LABEL_WIDTH - 8, y + 15, comparison->what, comparison->peer);
	fprintf(file,
		"<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>"
		"<text x=\"%.1f\" y=\"%d\">%.1f ×</text>\n",
		LABEL_WIDTH, y + 3, width, BAR_HEIGHT - 6, times >= 1 ? "#2a7ab0" : "#b0592a",
		LABEL_WIDTH + width + 6, y + 15, times);
}

/* Bars are as long as the logarithm, so that a hundredfold leaves something to be seen of a twofold. */
int record_draw(const struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "we");
	int height = (int)(bench->comparison_count + 2) * BAR_HEIGHT;
	int width = LABEL_WIDTH + BARS_WIDTH + NUMBER_WIDTH;
	double longest = 1;

	if (!file)
		return -errno;
	for (size_t i = 0; i < bench->comparison_count; i++)
		longest = fmax(longest,
			       log2(bench->comparisons[i].theirs / bench->comparisons[i].ours + 1));
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
		"<text x=\"%d\" y=\"16\" font-weight=\"bold\">How many times faster cgfence is "
		"(logarithmic), Linux %s %s</text>\n",
		width, height, 8, bench->system.release, bench->system.machine);
	for (size_t i = 0; i < bench->comparison_count; i++)
		draw_bar(file, &bench->comparisons[i], (int)(i + 1) * BAR_HEIGHT + 4,
			 BARS_WIDTH / longest);
	fprintf(file, "</svg>\n");
	return fclose(file) ? -errno : 0;
}
