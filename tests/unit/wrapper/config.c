// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "wrapper/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANNOTATED "\"annotations\":{\"io.cgfence.policy\":\"web\"}"
#define HOOK "{\"path\":\"/c\",\"args\":[\"cgfence\",\"oci-hook\"]}"

/* The text in which H stands for the hook; NULL if nothing is added. */
static void expect(const char *text, const char *policy, const char *hook, const char *right)
{
	struct cgfence_error error = { 0 };
	char expected[1024] = "";
	char *made = NULL;
	bool wanted = false;

	cr_assert_eq(config_add_hook(text, strlen(text), "config.json", "/c", policy, &wanted,
				     &made, &error),
		     0, "%s: %s", text, error.text);
	if (!right) {
		cr_expect_null(made, "'%s' became '%s'", text, made);
		return;
	}
	snprintf(expected, sizeof(expected), "%.*s%s%s", (int)strcspn(right, "H"), right, hook,
		 right + strcspn(right, "H") + 1);
	cr_assert(made, "'%s' stays", text);
	cr_expect_str_eq(made, expected, "'%s' became '%s'", text, made);
	free(made);
}

Test(config, the_hook_is_the_last_and_all_else_stays)
{
	expect("{" ANNOTATED "}", NULL, HOOK, "{\"hooks\":{\"createRuntime\":[H]}," ANNOTATED "}");
	expect(" { \"z\" : 1.50, \"hooks\" : null ,\n" ANNOTATED
	       ", \"limit\":18446744073709551615}\n",
	       NULL, HOOK,
	       " { \"z\" : 1.50, \"hooks\" : {\"createRuntime\":[H]} ,\n" ANNOTATED
	       ", \"limit\":18446744073709551615}\n");
	expect("{\"hooks\":{}," ANNOTATED "}", NULL, HOOK,
	       "{\"hooks\":{\"createRuntime\":[H]}," ANNOTATED "}");
	expect("{\"hooks\":{\"prestart\":[{\"path\":\"/\\u00e9]}\"}]}," ANNOTATED "}", NULL, HOOK,
	       "{\"hooks\":{\"createRuntime\":[H],\"prestart\":[{\"path\":\"/\\u00e9]}\"}]}," ANNOTATED
	       "}");
	expect("{\"a\":{\"hooks\":{}},\"hooks\":{\"createRuntime\":null}," ANNOTATED "}", NULL,
	       HOOK, "{\"a\":{\"hooks\":{}},\"hooks\":{\"createRuntime\":[H]}," ANNOTATED "}");
	expect("{\"hooks\":{\"createRuntime\":[ ]}," ANNOTATED "}", NULL, HOOK,
	       "{\"hooks\":{\"createRuntime\":[ H]}," ANNOTATED "}");
	expect("{\"hooks\":{\"createRuntime\":[{\"path\":\"/a\\\"]\",\"args\":[1]} ]}," ANNOTATED
	       "}",
	       NULL, HOOK,
	       "{\"hooks\":{\"createRuntime\":[{\"path\":\"/a\\\"]\",\"args\":[1]} ,H]}," ANNOTATED
	       "}");
}

Test(config, a_hook_that_is_there_is_not_added_again)
{
	expect("{\"hooks\":{\"createRuntime\":[" HOOK ",{\"path\":\"/d\"}]}," ANNOTATED "}", NULL,
	       HOOK, NULL);
	/* One for another policy is another one. */
	expect("{\"hooks\":{\"createRuntime\":[" HOOK "]}}", "web",
	       "{\"path\":\"/c\",\"args\":[\"cgfence\",\"oci-hook\",\"web\"]}",
	       "{\"hooks\":{\"createRuntime\":[" HOOK ",H]}}");
}

Test(config, what_asks_for_no_fence_stays)
{
	expect("{}", NULL, HOOK, NULL);
	expect("{\"annotations\":{\"io.cgfence\":\"web\",\"other\":\"io.cgfence.policy\"}}", NULL,
	       HOOK, NULL);
	expect("{\"annotations\":null}", NULL, HOOK, NULL);
	/* The hook says what is wrong. */
	expect("{\"annotations\":{\"io.cgfence.x\":\"\"}}", NULL, HOOK,
	       "{\"hooks\":{\"createRuntime\":[H]},\"annotations\":{\"io.cgfence.x\":\"\"}}");
	expect("{}", "a\"b", "{\"path\":\"/c\",\"args\":[\"cgfence\",\"oci-hook\",\"a\\\"b\"]}",
	       "{\"hooks\":{\"createRuntime\":[H]}}");
}

Test(config, what_is_no_configuration_is_refused)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"{} {}",
		"{\"hooks\":[]," ANNOTATED "}",
		"{\"hooks\":{\"createRuntime\":{}}," ANNOTATED "}",
		"{\"hooks\":{},\"hooks\":{}," ANNOTATED "}",
		/* The same key, written otherwise. */
		"{\"h\\u006foks\":{}," ANNOTATED "}",
		/* runc takes no heed of their case. */
		"{\"Annotations\":{\"io.cgfence.policy\":\"web\"}}",
		"{" ANNOTATED ",\"Hooks\":null}",
		"{" ANNOTATED ",\"hooks\":{\"createruntime\":[]}}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cgfence_error error = { 0 };
		char *made = NULL;
		bool wanted;

		cr_expect_eq(config_add_hook(texts[i], strlen(texts[i]), "config.json", "/c", NULL,
					     &wanted, &made, &error),
			     -EINVAL, "%s", texts[i]);
		cr_expect(strncmp(error.text, "config.json:", 12) == 0, "%s", error.text);
		cr_expect_null(made);
	}
}
