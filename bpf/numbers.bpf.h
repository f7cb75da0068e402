/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the kernel's interface, whose headers would collide with the kernel's own types. */
#pragma once

/* include/linux/socket.h */
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

/* include/uapi/asm-generic/signal.h */
#define SIGKILL 9

/* include/uapi/asm-generic/socket.h */
#define SOL_SOCKET 1
#define SO_BINDTOIFINDEX 62

/* include/net/tcp_states.h */
#define TCP_CLOSE 7
#define TCP_LISTEN 10

/* include/uapi/linux/stat.h */
#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* include/uapi/linux/magic.h */
#define ANON_INODE_FS_MAGIC 0x09041934
#define SOCKFS_MAGIC 0x534F434B
