// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Looks for texts that the policy parser handles wrongly. A policy that it accepts must stay the same when it is
 * written and read again, and when it is compiled and read back.
 */
#include "base/cleanup.h"
#include "fuzz/support/require.h"
#include "image/image.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decompiles(const struct cgfence_policy *policy, const char *text)
{
	cleanup_policy struct cgfence_policy *back = NULL;
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_free char *again = NULL;

	require(image_compile(policy, 1, false, &image, NULL) == 0, "it cannot be compiled", text);
	require(image_check(image, image->size, NULL) == 0, "its image is refused", text);
	require(image_decompile(image, &back, NULL) == 0, "its image cannot be read back", text);
	again = require_text(back);
	require(strcmp(text, again) == 0, "its image reads back differently", again);
}

/* A policy has nothing to tell apart from itself, and all of it to tell apart from none. */
static void check_difference(const struct cgfence_policy *policy, const char *text)
{
	cleanup_free char *none = NULL;
	cleanup_free char *all = NULL;
	cleanup_free char *json = NULL;

	require(cgfence_policy_diff(policy, policy, &none, NULL) == 0 && !*none,
		"it differs from itself", text);
	require(cgfence_policy_diff(NULL, policy, &all, NULL) == 0 && *all,
		"it does not differ from none", text);
	require(cgfence_policy_diff_json(policy, NULL, &json, NULL) == 0,
		"its difference cannot be written", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;

	if (cgfence_policy_parse((const char *)data, size, "fuzz", &policy, &error)) {
		require(!policy, "it was refused and made", error.text);
		require(strncmp(error.text, "fuzz:", 5) == 0, "the message has no origin",
			error.text);
		return 0;
	}
	text = require_text(policy);
	require_reads_back(text);
	check_decompiles(policy, text);
	check_difference(policy, text);
	return 0;
}
