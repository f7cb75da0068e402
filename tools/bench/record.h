/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a run has found out so far, for its outputs. */
#pragma once

#include "bench.h"

#include <stdio.h>
#include <sys/utsname.h>

struct bench_row {
	char name[64];
	double median, low, high, worst; /* quartiles, and the 99th percentile */
	double ratio;			 /* of the median to that of the peer */
	size_t rounds;
};

struct bench_table {
	char group[64];
	char title[128];
	char unit[16];
	char peer[64];
	struct bench_row *rows;
	size_t count;
};

struct bench_comparison {
	char what[64];
	char peer[64];
	double ours, theirs;
};

struct bench_note {
	bool holds;
	char text[256];
};

#define BENCH_NOTES_MAX 64
#define BENCH_TABLES_MAX 32

struct bench {
	const char *program;
	const char *directory;
	const char *cgroup;
	struct utsname system;
	char processor[128];
	long processors;
	struct bench_table tables[BENCH_TABLES_MAX];
	size_t table_count;
	struct bench_comparison comparisons[BENCH_NOTES_MAX];
	size_t comparison_count;
	struct bench_note targets[BENCH_NOTES_MAX];
	size_t target_count;
	struct bench_note skipped[BENCH_NOTES_MAX];
	size_t skipped_count;
};

/** record_machine() - note what this runs on, and print it. */
void record_machine(struct bench *bench);

/** record_summarise() - print the main ratios, what was left out, and which targets hold. */
void record_summarise(const struct bench *bench);

/** record_write_json() - write all figures to a file. Return: 0 or -errno. */
int record_write_json(const struct bench *bench, const char *path);

/** record_draw() - write a bar chart of the main ratios, as SVG, to a file. Return: 0 or -errno. */
int record_draw(const struct bench *bench, const char *path);
