// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/lesson_host.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

static void judge(const struct cgfence_learnt *learnt, void *context)
{
	char line[400];

	snprintf(line, sizeof(line), "%s %s: %s\n", learnt->allowed ? "+" : "-", learnt->what,
		 learnt->reason);
	strncat(context, line, 1000 - strlen(context));
}

Test(explain_lesson, says_of_each_request_why)
{
	struct cgfence_policy *policy =
		policy_text_parse("{`devices`: {`allow`: [`c 1:3 rw`]}, `ports`: {`tcp`: [80]}}");
	struct cgfence_lesson *lesson = lesson_host_lesson();
	char heard[1024] = "";
	size_t refused = 0;

	lesson_host_use(lesson, "x", "c 1:3 r");
	lesson_host_use(lesson, "x", "c 10:229");
	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 80);
	lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 80);
	lesson_host_port(lesson, CGFENCE_HOOK_CREATE, CGFENCE_IPPROTO_SCTP, CGFENCE_IPV6, 0);
	cr_assert_eq(cgfence_lesson_judge(lesson, policy, judge, heard, &refused, NULL), 0);
	cr_expect_eq(refused, 2);
	cr_expect_str_eq(heard, "+ /dev/null r: the allow entry 'c 1:3 rw' covers it\n"
				"- /dev/fuse access(F_OK): no allow entry matches the device\n"
				"+ tcp 80: '80' is assigned\n"
				"- sctp: \"sctp\" is not given\n");
	cgfence_policy_free(policy);
	cgfence_lesson_free(lesson);
}
