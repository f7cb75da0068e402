// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/policy_text.h"

#include <string.h>

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD
#define ONE_DEVICE "a request is for one device; give c or b, and numbers instead of '*'"

Test(request, parses_and_formats)
{
	static const struct {
		const char *text;
		struct cgfence_device_request request;
		const char *formatted;
	} cases[] = {
		{ "c 10:229 rw", { BPF_DEVCG_DEV_CHAR, 10, 229, R | W }, "c 10:229 rw" },
		{ "b 8:0 m", { BPF_DEVCG_DEV_BLOCK, 8, 0, M }, "b 8:0 m" },
		{ "c 0:0 mwr", { BPF_DEVCG_DEV_CHAR, 0, 0, R | W | M }, "c 0:0 rwm" },
		{ "b 4095:1048575 r",
		  { BPF_DEVCG_DEV_BLOCK, 4095, 1048575, R },
		  "b 4095:1048575 r" },
		{ "/dev/null rw", { BPF_DEVCG_DEV_CHAR, 1, 3, R | W }, "c 1:3 rw" },
		{ "/dev/../dev/zero m", { BPF_DEVCG_DEV_CHAR, 1, 5, M }, "c 1:5 m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cgfence_device_request *right = &cases[i].request;
		struct cgfence_device_request request = { 0 };
		struct cgfence_error error = { 0 };
		char text[32];

		cr_assert_eq(cgfence_device_request_parse(cases[i].text, &request, &error), 0, "%s",
			     error.text);
		cr_expect(request.type == right->type && request.major == right->major &&
				  request.minor == right->minor && request.access == right->access,
			  "'%s'", cases[i].text);
		cgfence_device_request_format(&request, text, sizeof(text));
		cr_expect_str_eq(text, cases[i].formatted);
	}
}

Test(request, formats_a_request_without_access_bits)
{
	struct cgfence_device_request request = { BPF_DEVCG_DEV_BLOCK, 8, 1, 0 };
	char text[32];

	cgfence_device_request_format(&request, text, sizeof(text));
	cr_expect_str_eq(text, "b 8:1");
	cgfence_device_request_format(&request, text, 4);
	cr_expect_str_eq(text, "b 8");
}

Test(request, refuses)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "a 1:3 r", "'a 1:3 r': " ONE_DEVICE },
		{ "c *:3 r", "'c *:3 r': " ONE_DEVICE },
		{ "c 1:* r", "'c 1:* r': " ONE_DEVICE },
		{ "c *:* r", "'c *:* r': " ONE_DEVICE },
		{ "c 1:3",
		  "'c 1:3': one space and the access must follow the minor; an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'" },
		{ "c 1:3 rx", "'c 1:3 rx': unknown access 'x'; give one or more of r, w and m" },
		{ "c 5000:3 r", "'c 5000:3 r': the major is over 4095" },
		{ "",
		  "'': the type must be a, b or c; an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'" },
		{ "-/dev/null r", "'-/dev/null r': a request is for one device, without '-'" },
		{ "dev/null r", "'dev/null r': the path must be absolute, such as '/dev/fuse'" },
		{ "/dev/null",
		  "'/dev/null': an entry is a path and an access, such as '/dev/fuse rw'" },
		{ "/dev/null ",
		  "'/dev/null ': the access is missing; give one or more of r, w and m" },
		{ "/dev/null ww", "'/dev/null ww': the access 'w' is given twice; give each once" },
		{ "/dev/absent rw",
		  "'/dev/absent rw': there is no such device on this host (No such file or directory); name a device node that exists, or give its numbers" },
		{ "/dev r",
		  "'/dev r': this is a directory, not a device; name the devices in it with '/dev/*'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgfence_device_request request = { .major = 77 };
		struct cgfence_error error = { 0 };

		cr_expect_eq(cgfence_device_request_parse(cases[i].text, &request, &error), -EINVAL,
			     "'%s'", cases[i].text);
		cr_expect_str_eq(error.text, cases[i].message, "%s", error.text);
		cr_expect_eq(request.major, 77, "'%s': the request was changed", cases[i].text);
	}
}

Test(request, a_path_longer_than_the_kernel_takes_is_refused)
{
	struct cgfence_device_request request = { 0 };
	struct cgfence_error error = { 0 };
	static char text[10000];

	memset(text, '/', 5000);
	memcpy(text + 5000, " rw", sizeof(" rw"));
	cr_expect_eq(cgfence_device_request_parse(text, &request, &error), -EINVAL);
	cr_expect(error.invalid_input);
	memmove(text + 4095, text + 5000, sizeof(" rw"));
	cr_expect_eq(cgfence_device_request_parse(text, &request, &error), -EINVAL);
}

Test(request, parses_ports)
{
	static const struct {
		const char *protocol;
		const char *text;
		struct cgfence_port_request request;
	} cases[] = {
		{ "tcp", "80", { CGFENCE_TCP, { true, true }, 80 } },
		{ "udp", "ipv4:1", { CGFENCE_UDP, { true, false }, 1 } },
		{ "tcp", "ipv6:65535", { CGFENCE_TCP, { false, true }, 65535 } },
		{ "tcp", "80-80", { CGFENCE_TCP, { true, true }, 80 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cgfence_port_request *right = &cases[i].request;
		struct cgfence_port_request request = { 0 };
		struct cgfence_error error = { 0 };

		cr_assert_eq(cgfence_port_request_parse(cases[i].protocol, cases[i].text, &request,
							&error),
			     0, "%s", error.text);
		cr_expect(request.protocol == right->protocol && request.port == right->port &&
				  request.families[0] == right->families[0] &&
				  request.families[1] == right->families[1],
			  "'%s'", cases[i].text);
	}
}

Test(request, refuses_what_is_not_one_port)
{
	static const struct {
		const char *protocol;
		const char *text;
		const char *message;
	} cases[] = {
		{ "sctp", "80", "unknown protocol 'sctp'; give tcp or udp" },
		{ "TCP", "80", "unknown protocol 'TCP'; give tcp or udp" },
		{ "tcp", "80-81",
		  "'80-81': a request is for one port; give one instead of a range" },
		{ "tcp", "70000", "'70000': the port is over 65535; give 1 to 65535" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgfence_port_request request = { .port = 77 };
		struct cgfence_error error = { 0 };

		cr_expect_eq(cgfence_port_request_parse(cases[i].protocol, cases[i].text, &request,
							&error),
			     -EINVAL, "'%s'", cases[i].text);
		cr_expect(error.invalid_input);
		cr_expect_str_eq(error.text, cases[i].message, "%s", error.text);
		cr_expect_eq(request.port, 77, "'%s': the request was changed", cases[i].text);
	}
}
