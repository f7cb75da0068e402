// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <jansson.h>
#include <string.h>

static json_t *diff_of(const char *before_text, const char *after_text)
{
	cleanup_policy struct cgfence_policy *before = before_text ? policy_text_parse(before_text)
								   : NULL;
	cleanup_policy struct cgfence_policy *after = after_text ? policy_text_parse(after_text)
								 : NULL;
	cleanup_free char *text = NULL;
	struct cgfence_error error = { 0 };
	json_t *diff;

	cr_assert_eq(cgfence_policy_diff_json(before, after, &text, &error), 0, "%s", error.text);
	diff = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	cr_assert(json_is_object(diff), "%s", text);
	cr_assert_null(strchr(text, '\n'), "%s", text);
	return diff;
}

Test(policy_diff_json, has_only_what_differs)
{
	static const struct {
		const char *before; /* NULL for none */
		const char *after;
		const char *diff;
	} cases[] = {
		{ "{`devices`: {}}", "{`devices`: {}}", "{}" },
		{ "{`devices`: {}}", "{`devices`: {}, `enforce`: false, `name`: `n`}",
		  "{`name`: {`before`: null, `after`: `n`}, `enforce`: {`before`: true, `after`: false}}" },
		{ "{`devices`: {`allow`: [`c 1:3 rw`]}}",
		  "{`devices`: {`allow`: [`c 1:3 r`], `deny`: [`a 8:* m`]}}",
		  "{`devices`: {`allow`: {`removed`: [`c 1:3 w`], `added`: []},"
		  " `deny`: {`removed`: [], `added`: [`a 8:* m`]}}}" },
		{ "{`devices`: {}}", "{`devices`: {}, `adopt`: true}",
		  "{`adopt`: {`before`: null, `after`: true}}" },
		{ "{`devices`: {}, `except`: [`b*`, `a`]}", "{`devices`: {}, `except`: [`a`]}",
		  "{`except`: {`before`: [`a`, `b*`], `after`: [`a`]}}" },
		{ "{`devices`: {}, `except`: [`a`]}", "{`devices`: {}}",
		  "{`except`: {`before`: [`a`], `after`: null}}" },
		{ "{`devices`: {`defaults`: true}}", "{`devices`: {}}",
		  "{`devices`: {`defaults`: {`before`: true, `after`: false}}}" },
		{ "{`ports`: {`tcp`: [`31000-31005`]}}",
		  "{`ports`: {`tcp`: [`31000-31001`, `31003-31005`], `udp`: `any`, `sctp`: `any`}}",
		  "{`ports`: {`tcp`: {`removed`: [`31002`], `added`: []},"
		  " `udp`: {`removed`: [], `added`: [`1-65535`]},"
		  " `sctp`: {`before`: null, `after`: `any`}}}" },
		{ "{`ports`: []}",
		  "{`ports`: [], `netns`: `any`, `privileged_ports`: true, `on_violation`: `close`}",
		  "{`netns`: {`before`: `host`, `after`: `any`},"
		  " `privileged_ports`: {`before`: false, `after`: true},"
		  " `on_violation`: {`before`: `log`, `after`: `close`}}" },
		{ "{`ports`: [], `isolated_range`: [1, 2]}",
		  "{`ports`: [], `isolated_range`: [2, `ipv6:3`]}",
		  "{`isolated_range`: {`removed`: [`1`], `added`: [`ipv6:3`]}}" },
		{ "{`ports`: []}", "{`ports`: [], `isolated_range`: []}",
		  "{`isolated_range`: {`removed`: [], `added`: [],"
		  " `given`: {`before`: false, `after`: true}}}" },
		{ "{`ports`: [], `isolated_range`: [1]}", "{`ports`: []}",
		  "{`isolated_range`: {`removed`: [`1`], `added`: [],"
		  " `given`: {`before`: true, `after`: false}}}" },
		{ NULL, "{`devices`: {`allow`: [`c 1:3 r`]}}",
		  "{`enforce`: {`before`: null, `after`: true},"
		  " `devices`: {`fenced`: {`before`: false, `after`: true},"
		  " `defaults`: {`before`: null, `after`: false},"
		  " `allow`: {`removed`: [], `added`: [`c 1:3 r`]}}}" },
		{ "{`devices`: {}, `ports`: []}", "{`devices`: {}}",
		  "{`ports`: {`fenced`: {`before`: true, `after`: false}},"
		  " `netns`: {`before`: `host`, `after`: null},"
		  " `privileged_ports`: {`before`: false, `after`: null},"
		  " `on_violation`: {`before`: `log`, `after`: null}}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *right_text = policy_text_unquote(cases[i].diff);
		json_t *right = json_loads(right_text, 0, NULL);
		json_t *diff = diff_of(cases[i].before, cases[i].after);
		cleanup_free char *text = json_dumps(diff, 0);

		cr_assert_not_null(right, "%s", right_text);
		cr_expect(json_equal(diff, right), "%s\nis not %s", text, right_text);
		json_decref(right);
		json_decref(diff);
	}
	policy_text_expect_no_leak();
}
