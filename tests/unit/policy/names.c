// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <cgfence/cgfence.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

Test(names, protocols_and_families)
{
	cr_expect_str_eq(cgfence_protocol_name(CGFENCE_TCP), "tcp");
	cr_expect_str_eq(cgfence_protocol_name(CGFENCE_UDP), "udp");
	cr_expect_str_eq(cgfence_protocol_name(CGFENCE_PROTOCOL_COUNT), "?");
	cr_expect_str_eq(cgfence_family_name(CGFENCE_IPV4), "ipv4");
	cr_expect_str_eq(cgfence_family_name(CGFENCE_IPV6), "ipv6");
	cr_expect_str_eq(cgfence_family_name(CGFENCE_FAMILY_COUNT), "?");
}

Test(names, numbers_of_protocols_have_the_name_that_a_policy_has_for_them)
{
	static const struct {
		uint32_t number;
		const char *name;
	} cases[] = {
		{ IPPROTO_TCP, "tcp" },	  { CGFENCE_IPPROTO_MPTCP, "tcp" },
		{ IPPROTO_UDP, "udp" },	  { IPPROTO_UDPLITE, "udp" },
		{ IPPROTO_SCTP, "sctp" }, { IPPROTO_RAW, "other" },
		{ 0, "other" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(cgfence_ip_protocol_name(cases[i].number), cases[i].name, "%u",
				 cases[i].number);
}
