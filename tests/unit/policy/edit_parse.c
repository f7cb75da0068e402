// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/edit.h"
#include "unit/support/policy_text.h"

#include <string.h>

Test(edit, says_normalised_what_it_is_about)
{
	static const struct {
		const char *protocol; /* NULL for a device */
		const char *operand;
		const char *text;
	} cases[] = {
		{ NULL, "c 1:3 wr", "device c 1:3 rw" },
		{ NULL, "a *:* m", "device a *:* m" },
		{ NULL, "/dev/null r", "device c 1:3 r" },
		{ NULL, "c mem:* r", "device c 1:* r" },
		{ NULL, "/dev/[nz]*[lo] r", "device /dev/[nz]*[lo] r" },
		{ "tcp", "8080", "port tcp 8080" },
		{ "udp", "31000-31005,ipv4:80", "port udp 31000-31005,ipv4:80" },
		{ "tcp", "81, 80 82", "port tcp 80-82" },
		{ "tcp", "any", "port tcp any" },
		{ "tcp", "80,any", "port tcp any" },
		{ "tcp", "1-65535", "port tcp any" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_edit struct cgfence_edit *edit = NULL;
		struct cgfence_error error = { 0 };
		int result;

		if (cases[i].protocol)
			result = cgfence_edit_parse_ports(CGFENCE_ALLOW, cases[i].protocol,
							  cases[i].operand, &edit, &error);
		else
			result = cgfence_edit_parse_device(CGFENCE_REVOKE, cases[i].operand, &edit,
							   &error);
		cr_assert_eq(result, 0, "%s: %s", cases[i].operand, error.text);
		cr_expect_str_eq(cgfence_edit_text(edit), cases[i].text);
	}
	policy_text_expect_no_leak();
}

Test(edit, refuses)
{
	static const struct {
		const char *protocol; /* NULL for a device */
		const char *operand;
		const char *message;
	} cases[] = {
		{ NULL, "c 1:3", "'c 1:3': one space and the access must follow the minor" },
		{ NULL, "/dev/null", "'/dev/null': an entry is a path and an access" },
		{ NULL, "", "'': the type must be a, b or c" },
		{ NULL, "-/dev/\xff r",
		  "'-/dev/\xff r': a policy cannot have words that are not UTF-8; give numbers" },
		{ "sctp", "80", "unknown protocol 'sctp'; give tcp or udp" },
		{ "", "80", "unknown protocol ''; give tcp or udp" },
		{ "tcp", "80,70000", "'70000': the port is over 65535" },
		{ "tcp", "90-80", "'90-80': the range begins above its end" },
		{ "tcp", "80,all", "'all': a port is a number from 1 to 65535" },
		{ "tcp", "", "no port is given" },
		{ "tcp", " , ", "no port is given" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgfence_edit *edit = NULL;
		struct cgfence_error error = { 0 };
		int result;

		if (cases[i].protocol)
			result = cgfence_edit_parse_ports(CGFENCE_ALLOW, cases[i].protocol,
							  cases[i].operand, &edit, &error);
		else
			result = cgfence_edit_parse_device(CGFENCE_ALLOW, cases[i].operand, &edit,
							   &error);
		cr_expect_eq(result, -EINVAL, "%s", cases[i].operand);
		cr_expect(error.invalid_input, "%s", cases[i].operand);
		cr_expect_null(edit, "%s", cases[i].operand);
		cr_expect_eq(strncmp(error.text, cases[i].message, strlen(cases[i].message)), 0,
			     "%s", error.text);
	}
	policy_text_expect_no_leak();
}
