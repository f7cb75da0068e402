/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies: reading, writing, comparing and editing them, and what they would allow. No kernel is touched. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cgfence/abi.h>
#include <cgfence/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A policy file may be this long, in bytes (spec section 2). */
#define CGFENCE_POLICY_SIZE_MAX (1024 * 1024)

struct cgfence_policy;

/**
 * cgfence_policy_parse() - read a policy from JSON (RFC 8259).
 * @text: the JSON text, UTF-8, not necessarily NUL-terminated
 * @length: of @text, in bytes
 * @origin: what error messages call the text, usually a file name
 * @policy: receives the policy, to be given to cgfence_policy_free()
 * @error: receives file, line, column and place of the fault, the bad value and the right ones
 *
 * Device paths are resolved on this host, now.
 *
 * Return: 0, -EINVAL for an invalid policy, -ENOMEM.
 */
CGFENCE_API int cgfence_policy_parse(const char *text, size_t length, const char *origin,
				     struct cgfence_policy **policy, struct cgfence_error *error);

/**
 * cgfence_policy_read_file() - read a policy from a file.
 * @path: the file, "-" for standard input, NULL for the embedded default policy
 * @policy: receives the policy, to be given to cgfence_policy_free()
 *
 * What is named by a path must be a regular file.
 *
 * Return: 0, -EINVAL for an invalid policy, another -errno if the file cannot be read.
 */
CGFENCE_API int cgfence_policy_read_file(const char *path, struct cgfence_policy **policy,
					 struct cgfence_error *error);

/* Where the policies of a host are. */
#define CGFENCE_POLICY_DIRECTORY "/etc/cgfence/policies"

/**
 * cgfence_policy_read_named() - read one of the policies of this host, by a name that a user may have chosen.
 * @directory: where they are, NULL for CGFENCE_POLICY_DIRECTORY
 * @name: of the file, without ".json"; it leads to no file elsewhere
 * @policy: receives the policy, to be given to cgfence_policy_free()
 *
 * Return: 0, -EINVAL for a name that is none or an invalid policy, -EPERM if others than root can change the file or
 * replace it, another -errno if it cannot be read.
 */
CGFENCE_API int cgfence_policy_read_named(const char *directory, const char *name,
					  struct cgfence_policy **policy,
					  struct cgfence_error *error);

/**
 * cgfence_policy_file_check() - can nobody but root and the caller change a policy file?
 * @path: links are followed
 *
 * Return: 0, -EPERM with who else can, another -errno if that cannot be found out.
 */
CGFENCE_API int cgfence_policy_file_check(const char *path, struct cgfence_error *error);

/**
 * cgfence_policy_read_file_offline() - check a policy that is for another host.
 * @path: as for cgfence_policy_read_file()
 * @policy: receives a policy whose name and cgroup can be asked for, to be given to cgfence_policy_free()
 *
 * Devices named by path need not exist: those entries are checked as far as they are text. What they stand for is not
 * known, so that whatever else this policy is given to refuses it with -EINVAL.
 *
 * Return: as cgfence_policy_read_file().
 */
CGFENCE_API int cgfence_policy_read_file_offline(const char *path, struct cgfence_policy **policy,
						 struct cgfence_error *error);

/**
 * cgfence_policy_format() - write a policy as JSON, normalised: lists sorted, no entry twice.
 * @policy: the policy
 * @text: receives a NUL-terminated string, to be given to free()
 *
 * cgfence_policy_parse() takes the text back, and formatting the result gives the same text.
 */
CGFENCE_API int cgfence_policy_format(const struct cgfence_policy *policy, char **text,
				      struct cgfence_error *error);

/**
 * cgfence_policy_diff() - say for people what differs between two policies.
 * @before: NULL for none, so that all that @after says is new
 * @after: NULL for none
 * @text: receives lines, to be given to free(); "" if the policies say the same, the cgroup that they name aside
 *
 * A line such as "devices:", "ports:" or "policy:", for what is neither, stands above the lines of its topic. Each of
 * those is a sign, a blank, a key and a value: "- allow c 1:3 w" for an access that no entry of the list names any more,
 * "+ tcp ipv4:31000-31002" for ports that become assigned, "- enforce true" and "+ enforce false". Lists are compared as
 * sets of accesses and ports: the lines show what is taken away or added, not the entries or ranges that it is a part of.
 *
 * Return: 0 or -ENOMEM.
 */
CGFENCE_API int cgfence_policy_diff(const struct cgfence_policy *before,
				    const struct cgfence_policy *after, char **text,
				    struct cgfence_error *error);

/**
 * cgfence_policy_diff_json() - say for programs what differs between two policies.
 * @before: NULL for none
 * @after: NULL for none
 * @text: receives one JSON object without line breaks, to be given to free(); "{}" if the policies say the same
 *
 * The keys are those of a policy, only for what differs. A value that is no list is {"before": …, "after": …}, null where
 * it is not given. A list is {"removed": [ … ], "added": [ … ]}, of strings: entries in devices.allow and devices.deny,
 * ports and ranges in ports.tcp, ports.udp and isolated_range. devices.fenced and ports.fenced tell of a section that
 * appears or goes, isolated_range.given of that key.
 *
 * Return: 0 or -ENOMEM.
 */
CGFENCE_API int cgfence_policy_diff_json(const struct cgfence_policy *before,
					 const struct cgfence_policy *after, char **text,
					 struct cgfence_error *error);

/** cgfence_policy_free() - free a policy; NULL is fine. */
CGFENCE_API void cgfence_policy_free(struct cgfence_policy *policy);

/** cgfence_policy_name() - the label of a policy, or NULL; it lives as long as the policy. */
CGFENCE_API const char *cgfence_policy_name(const struct cgfence_policy *policy);

/**
 * cgfence_policy_set_name() - give a policy that has no label one.
 * @name: UTF-8; copied
 */
CGFENCE_API int cgfence_policy_set_name(struct cgfence_policy *policy, const char *name,
					struct cgfence_error *error);

/** cgfence_policy_cgroup() - the cgroup that a policy names, or NULL; it lives as long as the policy. */
CGFENCE_API const char *cgfence_policy_cgroup(const struct cgfence_policy *policy);

/**
 * cgfence_policy_new() - begin a policy that fences nothing yet, to be made by the calls below.
 * @name: the label that reports show, UTF-8; copied; NULL for none
 * @policy: receives the policy, to be given to cgfence_policy_free()
 *
 * It enforces. What it fences is what something is added for: devices, ports, or both.
 *
 * Return: 0, -EINVAL if @name cannot be a label, -ENOMEM.
 */
CGFENCE_API int cgfence_policy_new(const char *name, struct cgfence_policy **policy,
				   struct cgfence_error *error);

/** cgfence_policy_set_enforces() - with false, the policy only audits. */
CGFENCE_API void cgfence_policy_set_enforces(struct cgfence_policy *policy, bool enforces);

/**
 * cgfence_policy_add_default_devices() - allow what programs commonly need, as "defaults" of "devices" does.
 * @defaults: "mesos", "systemd" or "oci", as cgfence-policy(5) lists them
 *
 * A policy without a "devices" section gets one.
 *
 * Return: 0, or -EINVAL if there is no such list or the policy starts from another one; the policy is as before then.
 */
CGFENCE_API int cgfence_policy_add_default_devices(struct cgfence_policy *policy,
						   const char *defaults,
						   struct cgfence_error *error);

/**
 * cgfence_policy_add_device() - allow more devices, such as those that a scheduler gives to a job.
 * @entry: such as "/dev/nvidia0 rw" or "c 195:0 rw", all forms of an entry of the list "allow" that are strings; it is
 *	resolved on this host, now
 *
 * A policy without a "devices" section gets one, and then allows these devices alone.
 *
 * Return: 0, or -EINVAL if @entry is invalid or there is no such device; the policy is as before then.
 */
CGFENCE_API int cgfence_policy_add_device(struct cgfence_policy *policy, const char *entry,
					  struct cgfence_error *error);

/**
 * cgfence_policy_add_ports() - assign more ports, such as those that a scheduler gives to a job.
 * @protocol: "tcp" or "udp"
 * @text: "any", "ipv4:any", or ports and ranges such as "8080,31000-31005" and "ipv4:80", with commas or blanks between
 *	them
 *
 * They are added to those that the policy assigns. A policy without a "ports" section gets one, and then fences the ports
 * of both protocols: as with a protocol that the object form leaves out, the other one has no assigned ports until some
 * are added, and SCTP is refused. What the policy says of "isolated_range", "netns", "privileged_ports" and "on_violation"
 * comes into force with the section.
 *
 * Return: 0, or -EINVAL if @protocol or @text is invalid; the policy is as before then.
 */
CGFENCE_API int cgfence_policy_add_ports(struct cgfence_policy *policy, const char *protocol,
					 const char *text, struct cgfence_error *error);

/** cgfence_policy_needs_container() - do the devices of a policy start from those of a container that it was not given? */
CGFENCE_API bool cgfence_policy_needs_container(const struct cgfence_policy *policy);

/**
 * cgfence_policy_fill_container() - give such a policy the devices of the container.
 * @given: what the runtime lets the container do, as cgfence_import() reads it from config.json
 *
 * Until then the policy can be checked and nothing else.
 *
 * Return: 0 or -ENOMEM.
 */
CGFENCE_API int cgfence_policy_fill_container(struct cgfence_policy *policy,
					      const struct cgfence_policy *given,
					      struct cgfence_error *error);

/** cgfence_policy_enforces() - false if the policy only audits. */
CGFENCE_API bool cgfence_policy_enforces(const struct cgfence_policy *policy);

/* What a section of a policy, a program or an edit is about. */
enum cgfence_topic {
	CGFENCE_TOPIC_DEVICES,
	CGFENCE_TOPIC_PORTS,
	CGFENCE_TOPIC_COUNT,
};

/** cgfence_policy_fences() - has a policy a section for this topic? Without one it refuses nothing of it. */
CGFENCE_API bool cgfence_policy_fences(const struct cgfence_policy *policy,
				       enum cgfence_topic topic);

/* ---- what would be allowed ---- */

/** struct cgfence_device_request - the question of the kernel to a device filter. */
struct cgfence_device_request {
	uint32_t type; /* BPF_DEVCG_DEV_BLOCK or BPF_DEVCG_DEV_CHAR */
	uint32_t major;
	uint32_t minor;
	uint32_t access; /* BPF_DEVCG_ACC_* */
};

/**
 * cgfence_device_request_parse() - read a request such as "c 10:229 rw" or "/dev/fuse rw".
 * @text: one device, without wildcards
 */
CGFENCE_API int cgfence_device_request_parse(const char *text,
					     struct cgfence_device_request *request,
					     struct cgfence_error *error);

/** cgfence_device_request_format() - write a request as "c 10:229 rw" into @text of @size bytes. */
CGFENCE_API void cgfence_device_request_format(const struct cgfence_device_request *request,
					       char *text, size_t size);

/** struct cgfence_explanation - a verdict and what decided it. */
struct cgfence_explanation {
	bool allowed;
	char reason[256];
};

/** cgfence_policy_explain_device() - judge a request with the function that the kernel program runs. */
CGFENCE_API int cgfence_policy_explain_device(const struct cgfence_policy *policy,
					      const struct cgfence_device_request *request,
					      struct cgfence_explanation *explanation,
					      struct cgfence_error *error);

/** cgfence_protocol_name() - "tcp" or "udp", as policies and commands write it; static. */
CGFENCE_API const char *cgfence_protocol_name(enum cgfence_protocol protocol);

/**
 * cgfence_ip_protocol_name() - the same for an IPPROTO_* number, as denials have it.
 *
 * Return: static; "sctp" and "other" beside the names of protocols that a policy can name.
 */
CGFENCE_API const char *cgfence_ip_protocol_name(uint32_t ip_protocol);

/** cgfence_family_name() - "ipv4" or "ipv6"; static. */
CGFENCE_API const char *cgfence_family_name(enum cgfence_family family);

/** struct cgfence_port_request - a port that a socket is to serve. */
struct cgfence_port_request {
	enum cgfence_protocol protocol;
	bool families[CGFENCE_FAMILY_COUNT]; /* both for a socket that serves both */
	uint16_t port;			     /* host order */
};

/**
 * cgfence_port_request_parse() - read a request such as "tcp" and "ipv4:8080".
 * @protocol: "tcp" or "udp"
 * @text: one port, after "ipv4:" or "ipv6:" if it is for one family
 */
CGFENCE_API int cgfence_port_request_parse(const char *protocol, const char *text,
					   struct cgfence_port_request *request,
					   struct cgfence_error *error);

/** cgfence_policy_explain_port() - judge a port with the function that the kernel program runs. */
CGFENCE_API int cgfence_policy_explain_port(const struct cgfence_policy *policy,
					    const struct cgfence_port_request *request,
					    struct cgfence_explanation *explanation,
					    struct cgfence_error *error);

/* ---- change of one thing ---- */

enum cgfence_edit_action {
	CGFENCE_ALLOW,
	CGFENCE_REVOKE,
};

struct cgfence_edit;

/**
 * cgfence_edit_parse_device() - an edit of the device entries of a policy.
 * @text: an entry such as "c 10:229 rw", wildcards and type "a" included, or "/dev/fuse rw"
 * @edit: receives the edit, to be given to cgfence_edit_free()
 *
 * Allowing trims the deny entries for the devices that the entry selects, and makes one allow entry grant all of it.
 * Revoking trims the allow entries for these devices, and denies the access that a wider entry or a default still
 * grants.
 */
CGFENCE_API int cgfence_edit_parse_device(enum cgfence_edit_action action, const char *text,
					  struct cgfence_edit **edit, struct cgfence_error *error);

/**
 * cgfence_edit_parse_ports() - an edit of the assigned ports of a policy.
 * @protocol: "tcp" or "udp"
 * @text: "any", "ipv4:any", or ports and ranges such as "8080" and "ipv4:31000-31005", with commas or blanks between them
 * @edit: receives the edit, to be given to cgfence_edit_free()
 */
CGFENCE_API int cgfence_edit_parse_ports(enum cgfence_edit_action action, const char *protocol,
					 const char *text, struct cgfence_edit **edit,
					 struct cgfence_error *error);

/** cgfence_edit_free() - free an edit; NULL is fine. */
CGFENCE_API void cgfence_edit_free(struct cgfence_edit *edit);

/**
 * cgfence_edit_text() - the thing that is allowed or revoked, such as "device c 10:229 rw"; it lives as long as the
 * edit.
 */
CGFENCE_API const char *cgfence_edit_text(const struct cgfence_edit *edit);

#ifdef __cplusplus
}
#endif
