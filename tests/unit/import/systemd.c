// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/import_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char host[] = "{`nodes`: {`/dev/fuse`: `c 10:229`, `/dev/link`: `c 10:229`,"
			   " `/dev/loop0`: `b 7:0`, `/dev/dri`: `directory`, `/dev`: `directory`},"
			   " `proc_devices`: `Character devices:\\n 4 tty\\n 4 ttyS\\n252 rtc\\n`}";

#define CLOSED(entries) "{`devices`: {`defaults`: `systemd`, `allow`: [" entries "]}}"
#define IMAGES                                               \
	"`/dev/loop-control rw`, `/dev/mapper/control rw`, " \
	"`b loop:* rwm`, `b blkext:* rwm`, `b device-mapper:* rwm`"
#define NOTHING "{`devices`: {`defaults`: `systemd`}}"

Test(import_systemd, device_lines)
{
	static const struct import_expectation cases[] = {
		{ "[Service]\nDeviceAllow=/dev/fuse\n", CLOSED("`/dev/fuse rwm`"), "" },
		{ "[Service]\nDeviceAllow = \"/dev/fuse\"  r\n", CLOSED("`/dev/fuse r`"), "" },
		{ "[Slice]\nDeviceAllow=/dev/fuse \\\n# and\n  rw", CLOSED("`/dev/fuse rw`"), "" },
		{ "[Service]\nDeviceAllow=/dev/fuse r\nDeviceAllow=\nDeviceAllow=/dev/loop0 w\n",
		  CLOSED("`/dev/loop0 w`"), "" },
		{ "[Service]\nDeviceAllow=/dev/block/7:1 r\nDeviceAllow=char-10 m\n",
		  CLOSED("`b 7:1 r`, `c 10:* m`"), "" },
		{ "[Service]\nDeviceAllow=char-* r\nDeviceAllow=block-* w\n",
		  CLOSED("`c *:* r`, `b *:* w`"), "" },
		{ "\xef\xbb\xbf[Service]\nDeviceAllow=/dev/fuse r\n", CLOSED("`/dev/fuse r`"), "" },
		{ "[Service]\nDeviceAllow=/dev/\\fuse r\r\n", CLOSED("`/dev/fuse r`"), "" },
		{ "[Service]\rDeviceAllow=/dev/fuse r\n\rDeviceAllow=/dev/fuse x\r\r\n# \rDevicePolicy=strict\r",
		  "{`devices`: {`allow`: [`/dev/fuse r`]}}",
		  "f:3: DeviceAllow=/dev/fuse x has other letters than r, w and m; it is left out\n" },
		/* Neither goes on in the next line. */
		{ "[Service]\nDevicePolicy=closed\nDeviceAllow=/dev/fuse rw\\\\\nDeviceAllow=/dev/loop0 r\n"
		  "DeviceAllow=/dev/fuse w\\ \nDeviceAllow=/dev/loop0 w\n",
		  CLOSED("`/dev/loop0 r`"),
		  "f:3: DeviceAllow=/dev/fuse rw\\\\ has other letters than r, w and m; it is left out\n"
		  "f:5: DeviceAllow=/dev/fuse w\\ has other letters than r, w and m; it is left out\n"
		  "f:6: '/dev/loop0' may be read, or written, but not opened for both; the policy allows less\n" },
		{ "[Service]\nDeviceAllow=/dev/block/7:1x r\nDeviceAllow=/dev/char/+1:3 r\n"
		  "DeviceAllow=/dev/char/010:3 r\nDeviceAllow=/dev/x/../fuse r\n"
		  "DeviceAllow=/dev/char/10:229 r\n",
		  CLOSED("`c 10:229 r`"),
		  "f:2: DeviceAllow=/dev/block/7:1x r has no numbers such as 8:0; it is left out\n"
		  "f:3: DeviceAllow=/dev/char/+1:3 r has no numbers such as 8:0; it is left out\n"
		  "f:4: DeviceAllow=/dev/char/010:3 r has no numbers such as 8:0; it is left out\n"
		  "f:5: DeviceAllow=/dev/x/../fuse r is no device of systemd's; it is left out\n" },
		{ "[Service]\nDevicePolicy=closed\nDeviceAllow=/dev/\xff rw\n", NOTHING,
		  "f:3: '/dev/\xff' does not exist on this host; the entry is optional, and allows it once it is there\n"
		  "f:3: '/dev/\xff' cannot be said in a policy; it is left out: it is no text in UTF-8\n" },
		{ "[Service]\nDeviceAllow=/dev/dri rw\n", NOTHING,
		  "f:2: '/dev/dri' is no device on this host; it is left out\n" },
		{ "[Service]\nDeviceAllow=/dev/tty* rw\n", NOTHING,
		  "f:2: '/dev/tty*' would be a pattern in a policy, and is none here; it is left out\n" },
		{ "[Service]\n\nDeviceAllow=/run/fuse rw\nDevicePolicy=closed\n", NOTHING,
		  "f:3: DeviceAllow=/run/fuse rw is no device of systemd's; it is left out\n" },
		{ "[Service]\nDevicePolicy=closed\nDeviceAllow=/dev/fuse rx\n", NOTHING,
		  "f:3: DeviceAllow=/dev/fuse rx has other letters than r, w and m; it is left out\n" },
		{ "[Service]\nDevicePolicy=closed\nDeviceAllow=/dev/%i rw\n", NOTHING,
		  "f:3: DeviceAllow=/dev/%i rw has a specifier, which is not known here; it is left out\n" },
	};

	import_text_expect("systemd", host, cases, ARRAY_SIZE(cases));
}

/* Each closes what DevicePolicy=auto leaves open, whatever its device is. */
Test(import_systemd, lines_that_systemd_adds)
{
	static const struct import_expectation cases[] = {
		{ "[Service]\nDeviceAllow=//dev/./fuse/ rw\n", CLOSED("`/dev/fuse rw`"), "" },
		{ "[Service]\nDeviceAllow=/dev/%i rw\n", NOTHING,
		  "f:2: DeviceAllow=/dev/%i rw has a specifier, which is not known here; it is left out\n" },
		{ "[Service]\nDeviceAllow=%i\n", NOTHING,
		  "f:2: DeviceAllow=%i has a specifier, which is not known here; it is left out\n" },
		{ "[Service]\nDeviceAllow=/dev/ rw\n", NOTHING,
		  "f:2: '/dev' is no device on this host; it is left out\n" },
		{ "[Service]\nDeviceAllow=/run/systemd/inaccessible/chr r\n",
		  CLOSED("`-/run/systemd/inaccessible/chr r`"),
		  "f:2: '/run/systemd/inaccessible/chr' does not exist on this host; the entry is optional, and allows it once it is there\n" },
		{ "[Service]\nDeviceAllow=/dev/%i rx\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "[Service]\nDeviceAllow=/device rw\nDeviceAllow=dev/fuse\nDeviceAllow=/\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
	};

	import_text_expect("systemd", host, cases, ARRAY_SIZE(cases));
}

Test(import_systemd, has_no_nul)
{
	static const char text[] = "[Service]\n\0DevicePolicy=strict\n";
	const struct cgfence_import_source source = { "f", text, sizeof(text) - 1 };
	cleanup_imported struct imported imported =
		import_text_run("systemd", NULL, &source, 1, NULL);

	cr_expect_str_eq(imported.error.text, "f: this is no text, since it has a NUL");
}

Test(import_systemd, policies)
{
	static const struct import_expectation cases[] = {
		{ "[Service]\nDevicePolicy=strict\n", "{`devices`: {}}", "" },
		{ "[Service]\nDevicePolicy=strict\nDevicePolicy=auto\nDevicePolicy=open\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "[Unit]\nDevicePolicy=closed\n[Install]\nDeviceAllow=/dev/fuse\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "[Service]\nPrivateDevices=yes\nPrivateDevices=off\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "[Service]\nDevicePolicy=strict\nProtectClock=1\nDeviceAllow=/dev/fuse r\n"
		  "DeviceAllow=\n",
		  "{`devices`: {`allow`: [`c rtc:* r`]}}", "" },
		{ "[Service]\nProtectClock=maybe\nDevicePolicy=closed\n", NOTHING,
		  "f:2: ProtectClock=maybe is neither yes nor no; it is left out\n" },
		{ "[Service]\nLoadCredentialEncrypted=a:b\nDevicePolicy=closed\n", NOTHING,
		  "f: the TPM, which systemd allows for encrypted credentials, is left out\n" },
		{ "[Slice]\nPrivateDevices=yes\nDevicePolicy=strict\n", "{`devices`: {}}",
		  "f:2: PrivateDevices=yes is not known to slices and scopes; it is left out\n" },
		{ "[Slice]\nBPFProgram=device:/sys/fs/bpf/x\nDevicePolicy=closed\n"
		  "BPFProgram=egress:/sys/fs/bpf/y\nBPFProgram=\n",
		  NOTHING,
		  "f:2: BPFProgram=device:/sys/fs/bpf/x is a program, whose rules are not known here; it is left out\n" },
	};

	import_text_expect("systemd", host, cases, ARRAY_SIZE(cases));
}

/* A fence without the devices that systemd opens in the cgroup of a unit would keep the unit from starting. */
Test(import_systemd, images)
{
	static const char of_images[] =
		"{`nodes`: {`/dev/loop-control`: `c 10:237`, `/dev/mapper/control`: `c 10:236`},"
		" `proc_devices`: `Block devices:\\n 7 loop\\n253 device-mapper\\n259 blkext\\n`}";
	static const struct import_expectation cases[] = {
		{ "[Service]\nRootImage=/srv/%i.raw\nDevicePolicy=closed\n", CLOSED(IMAGES), "" },
		{ "[Service]\nMountImages=relative:/x \"-/x.raw:/x:ro\"\nDevicePolicy=strict\n",
		  "{`devices`: {`allow`: [" IMAGES "]}}", "" },
		{ "[Service]\nRootImage=/i\nRootImage=\nDevicePolicy=closed\n", NOTHING, "" },
		{ "[Service]\nMountImages=/x:/x\nMountImages=\nDevicePolicy=closed\n", NOTHING,
		  "" },
		{ "[Service]\nRootImage=srv/i\nMountImages=/x /y:../z\nDevicePolicy=closed\n",
		  NOTHING,
		  "f:2: RootImage=srv/i is no absolute path; it is left out\n"
		  "f:3: MountImages=/x /y:../z is no image and directory, as '/x.raw:/x' is; it is left out\n" },
		/* They close nothing by themselves, and systemd allows none for extensions. */
		{ "[Service]\nRootImage=/i\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
		{ "[Service]\nExtensionImages=/i\nDevicePolicy=closed\n", NOTHING, "" },
	};

	import_text_expect("systemd", of_images, cases, ARRAY_SIZE(cases));
}

/* Lines for one device do not add up in systemd, and entries for one device do in a policy. */
Test(import_systemd, reading_and_writing_apart)
{
	static const struct import_expectation cases[] = {
		{ "[Service]\nDeviceAllow=/dev/fuse r\nDeviceAllow=/dev/fuse w\n",
		  CLOSED("`/dev/fuse r`"),
		  "f:3: '/dev/fuse' may be read, or written, but not opened for both; the policy allows less\n" },
		{ "[Service]\nDeviceAllow=/dev/fuse r\nDeviceAllow=/dev/link wm\n",
		  CLOSED("`/dev/fuse r`, `/dev/link m`"),
		  "f:3: '/dev/link' may be read, or written, but not opened for both; the policy allows less\n" },
		{ "[Service]\nDeviceAllow=char-tty w\nDeviceAllow=char-ttyS r\n",
		  CLOSED("`c tty:* w`"),
		  "f:3: 'c ttyS:*' may be read, or written, but not opened for both; the policy allows less\n" },
		{ "[Service]\nDeviceAllow=/dev/char/10:229 r\nDeviceAllow=/dev/fuse w\n"
		  "DeviceAllow=/dev/loop0 r\nDeviceAllow=/dev/block/7:0 wm\n",
		  CLOSED("`c 10:229 r`, `/dev/loop0 r`, `b 7:0 m`"),
		  "f:3: '/dev/fuse' may be read, or written, but not opened for both; the policy allows less\n"
		  "f:5: 'b 7:0' may be read, or written, but not opened for both; the policy allows less\n" },
		{ "[Service]\nDeviceAllow=char-4 r\nDeviceAllow=char-tty w\n", CLOSED("`c 4:* r`"),
		  "f:3: 'c tty:*' may be read, or written, but not opened for both; the policy allows less\n" },
		/* Entries with other selectors do not add up in a policy either. */
		{ "[Service]\nDeviceAllow=char-* r\nDeviceAllow=char-rtc w\n"
		  "DeviceAllow=/dev/char/252:0 r\n",
		  CLOSED("`c *:* r`, `c rtc:* w`, `c 252:0 r`"), "" },
		{ "[Service]\nDeviceAllow=char-t* r\nDeviceAllow=char-rtc w\n",
		  CLOSED("`c t*:* r`, `c rtc:* w`"), "" },
		{ "[Service]\nDeviceAllow=/dev/fuse r\nDeviceAllow=/dev/fuse wrm\n",
		  CLOSED("`/dev/fuse rwm`"), "" },
		{ "[Service]\nDeviceAllow=/dev/fuse r\nDeviceAllow=/dev/loop0 w\n",
		  CLOSED("`/dev/fuse r`, `/dev/loop0 w`"), "" },
	};

	import_text_expect("systemd", host, cases, ARRAY_SIZE(cases));
}

/* Not for each pair of words, of which there are millions. */
Test(import_systemd, looks_each_word_up_once)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *lines = open_memstream(&text, &size);
	struct cgfence_import_source source = { .name = "f" };
	cleanup_imported struct imported imported = { 0 };

	fputs("[Service]\n", lines);
	for (int i = 0; i < 4000; i++)
		fprintf(lines, "DeviceAllow=char-t%d %c\n", i, "rw"[i % 2]);
	fclose(lines);
	source.text = text;
	source.length = size;
	imported = import_text_run("systemd", NULL, &source, 1, NULL);
	cr_expect_eq(imported.result, 0, "%s", imported.error.text);
	cr_expect_leq(import_text_lookups(), 2 * 4000);
}

#define BY_FAMILY \
	"f: the rules differ by family: systemd judges ::ffff:a.b.c.d as IPv6, the policy as IPv4, and [::] without IPV6_V6ONLY as both"
#define MAPPED "; so ports of IPv4 alone can be bound by a mapped address, which systemd refuses\n"
#define PORT_ZERO \
	"f: systemd refuses to bind port 0; the policy lets it pass, for clients need it, and judges the listener\n"

Test(import_systemd, ports)
{
	static const struct import_expectation cases[] = {
		{ "[Service]\nSocketBindDeny=tcp:any\nSocketBindDeny=udp\nSocketBindAllow=ipv4:80-81\n"
		  "SocketBindAllow=tcp:ipv6:82\n",
		  "{`ports`: {`tcp`: [`ipv4:80-81`], `udp`: [`ipv4:80-81`]}, `netns`: `any`}",
		  "f:5: SocketBindAllow=tcp:ipv6:82 is no rule such as 'ipv4:tcp:8080' or 'any'; it is left out\n" BY_FAMILY
			  MAPPED
		  "f: systemd does not see SCTP; the policy refuses it, as SocketBindDeny=any says\n" PORT_ZERO },
		{ "[Service]\nSocketBindDeny=any\nSocketBindDeny=\nSocketBindDeny=udp:1-65534\n",
		  "{`ports`: {`tcp`: `any`, `udp`: [65535], `sctp`: `any`}, `netns`: `any`}", "" },
		{ "[Service]\nSocketBindDeny=ipv6:tcp:80\nSocketBindDeny=ipv6:udp\n"
		  "SocketBindAllow=ipv6:udp\n",
		  "{`ports`: {`tcp`: [`1-79`, `81-65535`, `ipv4:80`], `udp`: `any`, `sctp`: `any`},"
		  " `netns`: `any`}",
		  BY_FAMILY MAPPED },
		{ "[Service]\nSocketBindDeny=ipv4:2-65535\n",
		  "{`ports`: {`tcp`: [1, `ipv6:2-65535`], `udp`: [1, `ipv6:2-65535`],"
		  " `sctp`: `any`}, `netns`: `any`}",
		  BY_FAMILY "\n" },
		/* As safe_atou() of systemd reads numbers */
		{ "[Service]\nSocketBindDeny=any\nSocketBindAllow=tcp:0x50\nSocketBindAllow=tcp:0120\n"
		  "SocketBindAllow=tcp:1000- +2000\nSocketBindAllow=udp:0b111-0o17\n",
		  "{`ports`: {`tcp`: [80, `1000-2000`], `udp`: [`7-15`]}, `netns`: `any`}",
		  "f: systemd does not see SCTP; the policy refuses it, as SocketBindDeny=any says\n" PORT_ZERO },
		{ "[Service]\nSocketBindDeny=0-1023\nSocketBindDeny=0\nSocketBindAllow=tcp:0-80\n",
		  "{`ports`: {`tcp`: [`1024-65535`], `udp`: [`1024-65535`], `sctp`: `any`},"
		  " `netns`: `any`}",
		  "f:4: SocketBindAllow=tcp:0-80 is no rule such as 'ipv4:tcp:8080' or 'any'; it is left out\n" PORT_ZERO },
		/* Left out, these would open what they were written to close. */
		{ "[Service]\nSocketBindDeny=tcp:80-\n", NULL,
		  "f:2: SocketBindDeny=tcp:80- is no rule such as 'ipv4:tcp:8080' or 'any'" },
		{ "[Service]\nSocketBindDeny=tcp:65536\n", NULL,
		  "f:2: SocketBindDeny=tcp:65536 is no rule such as 'ipv4:tcp:8080' or 'any'" },
		{ "[Service]\nSocketBindDeny=tcp:90-80\n", NULL,
		  "f:2: SocketBindDeny=tcp:90-80 is no rule such as 'ipv4:tcp:8080' or 'any'" },
		{ "[Service]\nSocketBindDeny=tcp:0b-80\n", NULL,
		  "f:2: SocketBindDeny=tcp:0b-80 is no rule such as 'ipv4:tcp:8080' or 'any'" },
		{ "[Service]\nSocketBindDeny=tcp:0x\n", NULL,
		  "f:2: SocketBindDeny=tcp:0x is no rule such as 'ipv4:tcp:8080' or 'any'" },
		{ "[Service]\nSocketBindAllow=80\n", NULL,
		  "f: this restricts neither devices nor ports, so there is no policy to make of it" },
	};

	import_text_expect("systemd", host, cases, ARRAY_SIZE(cases));
}

/* The other sections are not read by systemd. */
static void expect_strict(const char *unit, const char *drop_in, const char *section, bool strict)
{
	cleanup_free char *text = NULL;
	struct cgfence_import_source sources[] = { { .name = unit }, { .name = drop_in } };
	cleanup_imported struct imported imported = { 0 };

	cr_assert(asprintf(&text, "[%s]\nDevicePolicy=strict\n", section) > 0);
	sources[0].text = text;
	sources[0].length = strlen(text);
	sources[1].text = "";
	imported = import_text_run("systemd", NULL, sources, 2, NULL);
	cr_expect_eq(imported.result, strict ? 0 : -ENODATA, "%s: [%s]", unit, section);
	cr_expect_eq(*imported.remarks == '\0', strict, "%s: [%s]: %s", unit, section,
		     imported.remarks);
}

Test(import_systemd, sections_of_the_type)
{
	expect_strict("/x/a.service", "-", "Service", true);
	expect_strict("/x/a.service", "-", "Slice", false);
	expect_strict("a-b@c.slice", "-", "Slice", true);
	expect_strict("a.slice", "-", "Service", false);
	expect_strict("a.socket", "-", "Service", false);
	expect_strict("-", "/x/a.scope.d/b.conf", "Scope", true);
	expect_strict("-", "mount.d/b.conf", "Service", false);
	expect_strict("/x/swap.d/b.conf", "-", "Swap", true);
	expect_strict("/x/swap.d/b.conf", "-", "Mount", false);
	/* The name does not tell. */
	expect_strict("service", "/x/swap", "Slice", true);
	expect_strict("/x/aservice.d/a", "a.service.e/b", "Slice", true);
	expect_strict("a.service.conf", "-", "Slice", true);
	/* Their names are as they stand. */
	expect_strict("a.service", "-", "service", false);
	expect_strict("a.service", "-", "Unit", false);
	policy_text_expect_no_leak();
}

Test(import_systemd, drop_ins_follow)
{
	static const char first[] = "[Service]\nDeviceAllow=/dev/fuse\nDevicePolicy=strict\n";
	static const char second[] =
		"DeviceAllow=/dev/lost\n[Service]\nDeviceAllow=\nDeviceAllow=/dev/loop0 r";
	static const struct cgfence_import_source sources[] = {
		{ "a", first, sizeof(first) - 1 },
		{ "b", second, sizeof(second) - 1 },
	};
	cleanup_imported struct imported imported =
		import_text_run("systemd", NULL, sources, 2, NULL);
	json_t *policy = json_loads(imported.text, 0, NULL);
	json_t *expected = json_pack("{s:{s:[s]}}", "devices", "allow", "-/dev/loop0 r");

	cr_expect(json_equal(policy, expected), "%s", imported.text);
	cr_expect_str_eq(
		imported.remarks,
		"a:2: '/dev/fuse' does not exist on this host; the entry is optional, and allows it once it is there\n"
		"b:1: DeviceAllow=/dev/lost is outside of a section; it is left out\n"
		"b:4: '/dev/loop0' does not exist on this host; the entry is optional, and allows it once it is there\n");
	json_decref(policy);
	json_decref(expected);
}
