// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/nearest.h"

#include <criterion/criterion.h>

static const char *const words[] = { "attach", "apply", "allow", "detach", "denials", "list",
				     "show",   "watch", "tcp",	 "udp",	   "device",  "port" };

static struct nearest find(const char *word)
{
	struct nearest nearest = nearest_begin(word);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		nearest_try(&nearest, words[i]);
	return nearest;
}

Test(nearest, is_found)
{
	static const struct {
		const char *word;
		const char *meant;
	} cases[] = {
		{ "atach", "attach" },	 { "attatch", "attach" }, { "attcah", "attach" },
		{ "deatch", "detach" },	 { "denial", "denials" }, { "lst", "list" },
		{ "sohw", "show" },	 { "wathc", "watch" },	  { "tpc", "tcp" },
		{ "devices", "device" }, { "ports", "port" },	  { "dev", "device" },
		{ "de", "detach" },	 { "udb", "udp" },	  { "aply", "apply" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *best = find(cases[i].word).best;

		cr_expect(best, "%s", cases[i].word);
		if (best)
			cr_expect_str_eq(best, cases[i].meant, "%s is %s", cases[i].word, best);
	}
}

Test(nearest, is_not_found_far_off)
{
	static const char *const far[] = {
		"",	  "x",	       "sctp",	   "frobnicate",
		"cgroup", "/dev/null", "sctp-any", "attachattachattachattachattachattach",
	};

	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		cr_expect_null(find(far[i]).best, "%s is %s", far[i], find(far[i]).best);
}

Test(nearest, hint)
{
	struct nearest near = find("atach");
	struct nearest far = find("frobnicate");
	char hint[NEAREST_HINT_SIZE];

	cr_expect_str_eq(nearest_hint(&near, hint), "; did you mean 'attach'?");
	cr_expect_str_eq(nearest_hint(&far, hint), "");
}
