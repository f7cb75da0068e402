// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/live_foreign.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/candidates.h"
#include "kernel/error.h"
#include "kernel/foreign_ask.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>
#include <cgfence/verdict.h>
#include <stdio.h>

#define M BPF_DEVCG_ACC_MKNOD
#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE

static const uint32_t accesses[] = { R, W, R | W, M };

#define ACCESS_COUNT (sizeof(accesses) / sizeof(accesses[0]))

int live_open_programs(const struct cgfence_foreign_program *programs, size_t count,
		       struct adopted *opened, struct cgfence_error *error)
{
	opened->programs = calloc(count + 1, sizeof(*opened->programs));
	if (!opened->programs)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++) {
		int fd = bpf_prog_get_fd_by_id(programs[i].id);

		if (fd < 0)
			return kernel_error(error, errno, "open the program %u", programs[i].id);
		opened->programs[opened->count++] =
			(struct adopted_program){ .id = programs[i].id, .fd = fd };
	}
	return 0;
}

static void prepare(const struct candidates *candidates, struct foreign_question *questions)
{
	for (size_t i = 0; i < candidates->count * ACCESS_COUNT; i++) {
		uint64_t selector = candidates->selectors[i / ACCESS_COUNT];

		questions[i].request = (struct cgfence_device_request){
			.type = cgfence_selector_type(selector),
			.major = cgfence_selector_major(selector),
			.minor = cgfence_selector_minor(selector),
			.access = accesses[i % ACCESS_COUNT],
		};
	}
}

static int ask_all(const struct adopted *programs, struct foreign_question *questions, size_t count,
		   bool *refused, struct cgfence_error *error)
{
	int result = 0;

	for (size_t i = 0; i < programs->count && result == 0; i++) {
		result = foreign_ask_device(programs->programs[i].id, questions, count, error);
		for (size_t j = 0; j < count && result == 0; j++)
			refused[j] = refused[j] || questions[j].without || questions[j].with;
	}
	return result;
}

/* Reading and writing apart, but not both at once, cannot be said by numbers alone: reading remains. */
static uint8_t letters_of(const bool refused[ACCESS_COUNT])
{
	uint8_t letters = refused[3] ? 0 : M;

	if (!refused[0] && !refused[1] && !refused[2])
		return letters | R | W;
	return letters | (!refused[0] ? R : !refused[1] ? W : 0);
}

static bool exists_here(uint64_t selector)
{
	bool block = cgfence_selector_type(selector) == BPF_DEVCG_DEV_BLOCK;
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u", block ? "block" : "char",
		 cgfence_selector_major(selector), cgfence_selector_minor(selector));
	return access(path, F_OK) == 0;
}

static int keep(const struct candidates *candidates, const bool *refused, struct live_asked *asked)
{
	struct device_rules rules = { 0 };
	int result = 0;

	for (size_t i = 0; i < candidates->count && result == 0; i++) {
		uint64_t selector = candidates->selectors[i];
		uint8_t letters = letters_of(&refused[i * ACCESS_COUNT]);
		struct device_entry entry = device_rule_entry(selector, letters);

		if (letters && exists_here(selector))
			result = device_rules_add(&rules, &entry, false);
		else
			asked->left_out += letters != 0;
	}
	if (result) {
		device_rules_free(&rules);
		return result;
	}
	device_rules_normalise(&rules);
	asked->rules = rules;
	asked->devices = candidates->count;
	return 0;
}

int live_ask(const struct adopted *programs, struct live_asked *asked, struct cgfence_error *error)
{
	cleanup_candidates struct candidates candidates = { 0 };
	cleanup_free struct foreign_question *questions = NULL;
	cleanup_free bool *refused = NULL;
	struct live_asked answer = { 0 };
	size_t count;
	int result;

	if (candidates_collect(NULL, programs, &candidates))
		return error_out_of_memory(error);
	count = candidates.count * ACCESS_COUNT;
	questions = calloc(count, sizeof(*questions));
	refused = calloc(count, sizeof(*refused));
	if (!questions || !refused)
		return error_out_of_memory(error);
	prepare(&candidates, questions);
	result = ask_all(programs, questions, count, refused, error);
	if (result == 0 && keep(&candidates, refused, &answer))
		result = error_out_of_memory(error);
	if (result == 0)
		*asked = answer;
	return result;
}
