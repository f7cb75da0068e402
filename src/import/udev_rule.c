// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/udev_rule.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- lines and pairs ---- */

bool udev_rule_goes_on(char **line)
{
	size_t length;

	*line += strspn(*line, BLANKS);
	/* A comment does not end a rule that goes on. */
	if (**line == '#') {
		**line = '\0';
		return true;
	}
	length = strlen(*line);
	if (length == 0 || (*line)[length - 1] != '\\')
		return false;
	(*line)[length - 1] = '\0';
	return true;
}

/* '=' alone, or two characters of which the last is '='. Return: how many; 0 if there is no operator. */
static size_t operator_length(const char *text)
{
	if (*text && strchr("=!+-:", *text) && text[1] == '=')
		return 2;
	return *text == '=';
}

/* Up to the quote that ends it. Return: what is behind that; NULL if there is none. */
static char *unquote(char *from, struct udev_pair *pair)
{
	char *to = from;

	pair->value = from;
	while (*from && *from != '"') {
		if (*from == '\\' && (from[1] == '"' || (pair->special && from[1])))
			from++;
		*to++ = *from++;
	}
	if (!*from)
		return NULL;
	*to = '\0';
	return from + 1;
}

int udev_rule_next(char **text, struct udev_pair *pair)
{
	char *at = *text + strspn(*text, "," BLANKS);
	size_t length;
	char *end;

	if (!*at)
		return 0;
	/* In its braces a key may have the characters of operators. */
	for (pair->key = at; *at && !strchr(BLANKS, *at) && !operator_length(at);)
		at++;
	end = at;
	at += strspn(at, BLANKS);
	length = operator_length(at);
	if (length == 0)
		return -EINVAL;
	snprintf(pair->operator_, sizeof(pair->operator_), "%.*s", (int)length, at);
	at += length;
	*end = '\0';
	at += strspn(at, BLANKS);
	pair->special = *at && strchr("ie", *at);
	at += strspn(at, "ie");
	if (*at != '"')
		return -EINVAL;
	*text = unquote(at + 1, pair);
	return *text ? 1 : -EINVAL;
}

/* ---- nodes ---- */

/* Where the nodes of a subsystem are whose names begin so; no others are there that do. */
static const struct {
	const char *subsystem;
	const char *beginning;
	const char *folder;
} nodes[] = {
	{ "accel", "accel", "accel/" },
	{ "block", "dm-", "" },
	{ "block", "fd[0-9]", "" },
	{ "block", "md", "" },
	{ "block", "nbd", "" },
	{ "block", "ram", "" },
	{ "block", "sd", "" },
	{ "block", "sr", "" },
	{ "block", "vd", "" },
	{ "block", "xvd", "" },
	{ "bsg", "", "bsg/" },
	{ "cec", "cec", "" },
	{ "dma_heap", "", "dma_heap/" },
	{ "drm", "", "dri/" },
	{ "gpio", "gpiochip", "" },
	{ "graphics", "fb", "" },
	{ "hidraw", "hidraw", "" },
	{ "i2c-dev", "i2c-", "" },
	{ "iio", "iio:device", "" },
	{ "infiniband_mad", "issm", "infiniband/" },
	{ "infiniband_mad", "umad", "infiniband/" },
	{ "infiniband_verbs", "uverbs", "infiniband/" },
	{ "input", "", "input/" },
	{ "lirc", "lirc", "" },
	{ "media", "media", "" },
	{ "mei", "mei", "" },
	{ "pps", "pps", "" },
	{ "printer", "lp", "" },
	{ "ptp", "ptp", "" },
	{ "rtc", "rtc", "" },
	{ "scsi_generic", "sg[0-9]", "" },
	{ "scsi_tape", "nst[0-9]", "" },
	{ "scsi_tape", "st[0-9]", "" },
	{ "sound", "", "snd/" },
	{ "spidev", "spidev", "" },
	{ "tpm", "tpm[0-9]", "" },
	{ "tpmrm", "tpmrm", "" },
	{ "tty", "hvc", "" },
	{ "tty", "rfcomm", "" },
	{ "tty", "tty", "" },
	{ "uio", "uio", "" },
	{ "usbmisc", "cdc-wdm", "" },
	{ "usbmisc", "hiddev", "usb/" },
	{ "usbmisc", "iowarrior", "usb/" },
	{ "usbmisc", "ldusb", "usb/" },
	{ "usbmisc", "legousbtower", "usb/" },
	{ "usbmisc", "lp", "usb/" },
	{ "usbmisc", "usbtmc", "" },
	{ "usbmon", "usbmon", "" },
	{ "video4linux", "radio", "" },
	{ "video4linux", "swradio", "" },
	{ "video4linux", "v4l-subdev", "" },
	{ "video4linux", "v4l-touch", "" },
	{ "video4linux", "vbi", "" },
	{ "video4linux", "video", "" },
	{ "wwan", "wwan", "" },
};

/* These have nodes of any names, so that only whole names tell. */
static const char *const mixed[] = { "mem", "misc" };

/* Devices whose nodes have other names; all are of the subsystem misc. */
static const struct {
	const char *name;
	const char *node;
} renamed[] = {
	{ "device-mapper", "mapper/control" },
	{ "microcode", "cpu/microcode" },
	{ "rdma_cm", "infiniband/rdma_cm" },
	{ "tun", "net/tun" },
	{ "vfio", "vfio/vfio" },
};

/* Where a rule does not say the subsystem. */
static const struct {
	const char *beginning;
	const char *folder;
} names[] = {
	{ "event", "input/" },	{ "mouse", "input/" }, { "mice", "input/" }, { "js", "input/" },
	{ "controlC", "snd/" }, { "pcmC", "snd/" },    { "midiC", "snd/" },  { "hwC", "snd/" },
	{ "timer", "snd/" },	{ "seq", "snd/" },     { "card", "dri/" },   { "renderD", "dri/" },
};

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[\\") != NULL;
}

/* @beginning: may have a pattern of digits, which a pattern must have as it is */
static bool fits(const char *name, const char *beginning)
{
	cleanup_free char *pattern = NULL;

	if (is_pattern(name))
		return begins(name, beginning);
	if (asprintf(&pattern, "%s*", beginning) < 0)
		pattern = NULL;
	return pattern && fnmatch(pattern, name, 0) == 0;
}

static const char *find_folder(const char *subsystem, const char *name)
{
	for (size_t i = 0; i < COUNT(nodes); i++) {
		if (strcmp(subsystem, nodes[i].subsystem) == 0 && fits(name, nodes[i].beginning))
			return nodes[i].folder;
	}
	for (size_t i = 0; i < COUNT(mixed); i++) {
		if (strcmp(subsystem, mixed[i]) == 0 && !is_pattern(name))
			return "";
	}
	return NULL;
}

static const char *guess_folder(const char *name)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (begins(name, names[i].beginning))
			return names[i].folder;
	}
	return "";
}

static const char *find_renamed(const char *subsystem, const char *name)
{
	for (size_t i = 0; i < COUNT(renamed) && (!subsystem || strcmp(subsystem, "misc") == 0);
	     i++) {
		if (strcmp(name, renamed[i].name) == 0)
			return renamed[i].node;
	}
	return NULL;
}

char *udev_rule_node(const char *subsystem, const char *name)
{
	const char *node = find_renamed(subsystem, name);
	const char *folder = "";
	char *path;

	if (!node) {
		node = name;
		folder = subsystem ? find_folder(subsystem, name) : guess_folder(name);
	}
	if (!folder) {
		errno = EINVAL;
		return NULL;
	}
	if (asprintf(&path, "/dev/%s%s", folder, node) < 0) {
		errno = ENOMEM;
		return NULL;
	}
	return path;
}
