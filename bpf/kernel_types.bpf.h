/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fields of kernel types that programs with CO-RE read; libbpf finds where the running kernel has them. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Since 6.7 both ends share one word, with the low end in the low half. */
struct local_ports {
	__u32 range;
};

/* Before 6.7. The part after three underscores does not belong to the kernel's name. */
struct local_ports___pair {
	int range[2];
};

struct netns_ipv4 {
	struct local_ports ip_local_ports;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	__u64 net_cookie;
	struct ns_common ns;
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	int counter;
} atomic_t;

struct in6_addr {
	union {
		__u32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	long long counter;
} atomic64_t;

struct sock_common {
	__be16 skc_dport;
	__u16 skc_num;
	__u16 skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct cgroup;

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

/* Before 5.16: the cgroup, or something else if bit 0 is set. */
struct sock_cgroup_data___val {
	__u64 val;
};

struct sk_buff;

struct sk_buff_head {
	struct sk_buff *next;
	__u32 qlen;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	struct sock_cgroup_data sk_cgrp_data;
	struct sk_buff_head sk_receive_queue;
};

struct socket {
	struct sock *sk;
};

struct mptcp_sock {
	struct sock *first;
};

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
	unsigned int flags;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	int level;
	struct cgroup *ancestors[];
};

/* Before 6.1, which has pointers to the ancestors instead. */
struct cgroup___ids {
	int level;
	__u64 ancestor_ids[];
};

struct io_uring_task;

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct files_struct;

struct task_struct {
	unsigned int flags;
	struct css_set *cgroups;
	struct files_struct *files;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	char comm[16];
	struct io_uring_task *io_uring;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	__u16 i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct inode *f_inode;
	struct path f_path;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct bpf_prog_aux {
	__u32 id;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_link {
	__u32 id;
	enum bpf_link_type type;
	struct bpf_prog *prog;
	enum bpf_attach_type attach_type; /* since 6.17 */
};

/* The link comes first in it. */
struct bpf_cgroup_link {
	struct bpf_link link;
	struct cgroup *cgroup;
};

/* Before 6.17. */
struct bpf_cgroup_link___typed {
	enum bpf_attach_type type;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__bpf_link {
	struct bpf_iter_meta *meta;
	struct bpf_link *link;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop
