/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this version of cgfence found out about the running kernel by trying, for as long as it runs: a directory in bpffs
 * for each answer, for a trial may take 20 ms. Another version tries again, for its programs may be taken.
 */
#pragma once

enum trial {
	TRIAL_UNKNOWN,
	TRIAL_TAKEN,
	TRIAL_REFUSED,
};

/*
 * The answers that more than one file asks for: the iterators that find holders, the programs that look into what carries files, and
 * those that refuse listeners.
 */
#define TRIAL_HOLDERS "holders"
#define TRIAL_IN_FLIGHT "in_flight"
#define TRIAL_LSM "lsm"

/**
 * trial_recall() - what was found out.
 * @name: such as "lsm"
 */
enum trial trial_recall(const char *name);

/**
 * trial_remember() - keep an answer, also in place of another; only what will be so as long as the kernel runs.
 *
 * A refusal is not kept while this process has few descriptors left, for that may be why.
 */
void trial_remember(const char *name, enum trial answer);
