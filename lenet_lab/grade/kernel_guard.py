"""Have Linux refuse what a process may not do: files by Landlock, system calls by seccomp. Neither needs rights or programs.

It is for machines on which a process cannot have namespaces of its own. A rule can only be added, and holds for all children too.
Sources: the kernel's documentation, userspace-api/landlock and userspace-api/seccomp_filter; the numbers are those of its headers.

This file imports only the standard library, because it runs in the student's process.
"""

import ctypes
import os
import platform
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446               # the same on every processor
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1, 2, 4, 8, 1 << 14
ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}          # by version
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE                 # rights that a file, not a folder, can have
ALL_NETWORK, OTHER_PROCESSES = 3, 3                                   # TCP (from version 4), signals and abstract sockets (from 6)
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
KEEP_CAPABILITIES, CAPABILITY_VERSION, DAC_READ_SEARCH = 8, 0x20080522, 2
ALLOW, REFUSE, NO_SUCH_CALL = 0x7FFF0000, 0x00050001, 0x00050026       # the others: the call fails with EPERM, or with ENOSYS

# What a submission needs none of: the network, other processes, programs, file systems, attributes of files that Landlock does not cover,
# memory that belongs to no process, sessions of its own. {processor: (its number in seccomp, {system call: its number})}
EVERYWHERE = {"pidfd_open": 434, "pidfd_send_signal": 424, "pidfd_getfd": 438, "io_uring_setup": 425, "memfd_secret": 447, "open_tree": 428,
              "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442, "open_tree_attr": 467,
              "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466}
REFUSED = {
    "x86_64": (0xC000003E, EVERYWHERE | {
        "socket": 41, "connect": 42, "accept": 43, "sendmsg": 46, "bind": 49, "listen": 50, "accept4": 288, "sendmmsg": 307, "ptrace": 101,
        "process_vm_readv": 310, "process_vm_writev": 311, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "tkill": 200, "setsid": 112,
        "setpgid": 109, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "chroot": 161, "pivot_root": 155, "bpf": 321,
        "keyctl": 250, "add_key": 248, "request_key": 249, "perf_event_open": 298, "userfaultfd": 323, "execve": 59, "execveat": 322,
        "setpriority": 141, "sched_setscheduler": 144, "sched_setattr": 314, "sched_setparam": 142, "ioprio_set": 251, "shmget": 29,
        "semget": 64, "msgget": 68, "mq_open": 240, "chmod": 90, "fchmod": 91, "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94,
        "fchownat": 260, "open_by_handle_at": 304, "memfd_create": 319, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280}),
    "aarch64": (0xC00000B7, EVERYWHERE | {
        "socket": 198, "connect": 203, "accept": 202, "sendmsg": 211, "bind": 200, "listen": 201, "accept4": 242, "sendmmsg": 269,
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "tkill": 130,
        "setsid": 157, "setpgid": 154, "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "chroot": 51, "pivot_root": 41, "bpf": 280,
        "keyctl": 219, "add_key": 217, "request_key": 218, "perf_event_open": 241, "userfaultfd": 282, "execve": 221, "execveat": 281,
        "setpriority": 140, "sched_setscheduler": 119, "sched_setattr": 274, "sched_setparam": 118, "ioprio_set": 30, "shmget": 194,
        "semget": 190, "msgget": 186, "mq_open": 180, "fchmod": 52, "fchmodat": 53, "fchown": 55, "fchownat": 54, "open_by_handle_at": 265,
        "memfd_create": 279, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
        "utimensat": 88}),
}
# Allowed only for the process itself, by its number or 0, which is the first argument.
ONLY_ITSELF = {"x86_64": {"kill": 62, "tgkill": 234, "prlimit64": 302, "sched_setaffinity": 203},
               "aarch64": {"kill": 129, "tgkill": 131, "prlimit64": 261, "sched_setaffinity": 122}}
# Refused with these values of the second argument: those that have signals sent to a process (F_SETOWN, F_SETSIG, F_SETOWN_EX, FIOSETOWN,
# SIOCSPGRP).
REFUSED_WITH = {"x86_64": {"fcntl": (72, (8, 10, 15)), "ioctl": (16, (0x8901, 0x8902))},
                "aarch64": {"fcntl": (25, (8, 10, 15)), "ioctl": (29, (0x8901, 0x8902))}}
CLONE, CLONE3, SENDTO = {"x86_64": 56, "aarch64": 220}, 435, {"x86_64": 44, "aarch64": 206}
NEW_NAMESPACES = 0x7E020000              # the flags of clone; those of clone3 lie in memory, so it does not exist here, and clone is used


def guard(readable, listed, writable, program=None):
    """Refuse this process all files but those at or below these paths, other processes, programs, and the network, from now on.

    `readable` may be read, `listed` are folders whose names may be listed, `writable` may be written; `program` as in `refuse_calls`. Raises
    OSError where this kernel or processor cannot.
    """
    _files(_library(), readable, listed, writable)
    refuse_calls(program)


def change_user(user):
    """Become another user without rights, but for that to read files whose folders are closed to it: `guard` says which files those are.

    The grader may be root, with Python in a folder that only root can enter. Raises OSError.
    """
    library = ctypes.CDLL(None, use_errno=True)
    _done(library.prctl(KEEP_CAPABILITIES, 1, 0, 0, 0), "capabilities")
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    read = 1 << DAC_READ_SEARCH
    _done(library.capset(struct.pack("Ii", CAPABILITY_VERSION, 0), struct.pack("6I", read, read, 0, 0, 0, 0)), "capabilities")


def _library():
    """The C library, of a process that can gain no rights from now on: the kernel wants that before it takes a rule."""
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    _done(library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
    return library


def _done(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), f"this kernel does not let a process have {what}")
    return result


def _files(library, readable, listed, writable):
    version = _done(library.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1), "Landlock")
    everything = ALL_FILES.get(version, ALL_FILES[5])
    about = struct.pack("QQQ", everything, ALL_NETWORK if version >= 4 else 0, OTHER_PROCESSES if version >= 6 else 0)
    about = about[:8 if version < 4 else 16 if version < 6 else 24]
    rules = _done(library.syscall(CREATE_RULESET, about, ctypes.c_size_t(len(about)), 0), "Landlock")
    for places, rights in ((readable, EXECUTE | READ_FILE | READ_DIR), (listed, READ_DIR), (writable, everything)):
        for place in places:
            try:
                at = os.open(place, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            allowed = rights & everything & (-1 if os.path.isdir(place) else OF_FILES)
            _done(library.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", allowed, at), 0), "Landlock")
            os.close(at)
    _done(library.syscall(RESTRICT_SELF, rules, 0), "Landlock")
    os.close(rules)


def refuse_calls(program=None):
    """Refuse this process the system calls in `REFUSED`, from now on. Raises OSError where this kernel or processor cannot.

    `program` is a buffer with the path of the one program that the process still may become, with `execve` and this very buffer. The rule
    compares the buffer's address: that program has other memory, where nothing lies at this address by chance, so it can start no other.
    """
    library, processor = _library(), platform.machine()
    if processor not in REFUSED:
        raise OSError(0, f"system calls are not refused on {processor}")
    number, refused = REFUSED[processor]
    load, both, equal, at_least, answer = 0x20, 0x54, 0x15, 0x35, 0x06            # BPF: load a word, &, jump if ==, jump if >=, return
    no, yes, no_such = (answer, 0, 0, REFUSE), (answer, 0, 0, ALLOW), (answer, 0, 0, NO_SUCH_CALL)
    rules = [(load, 0, 0, 4), (equal, 1, 0, number), no,            # another kind of program on this processor
             (load, 0, 0, 0), (at_least, 0, 1, 0x40000000), no]     # x86_64's second set of numbers
    for name, call in refused.items():
        if name == "execve" and program is not None:
            low, high = struct.unpack("II", struct.pack("Q", ctypes.addressof(program)))          # argument 1, at 16
            rules += [(equal, 0, 6, call), (load, 0, 0, 16), (equal, 0, 3, low), (load, 0, 0, 20), (equal, 0, 1, high), yes, no]
        else:
            rules += [(equal, 0, 1, call), no]
    for call in ONLY_ITSELF[processor].values():
        rules += [(equal, 0, 5, call), (load, 0, 0, 16), (equal, 2, 0, os.getpid()), (equal, 1, 0, 0), no, yes]
    for call, values in REFUSED_WITH[processor].values():
        tests = [part for value in values for part in ((equal, 0, 1, value), no)]
        rules += [(equal, 0, len(tests) + 2, call), (load, 0, 0, 24), *tests, yes]
    rules += [(equal, 0, 1, CLONE3), no_such,
                (equal, 0, 5, CLONE[processor]), (load, 0, 0, 16), (both, 0, 0, NEW_NAMESPACES), (equal, 1, 0, 0), no, yes,
                (equal, 0, 6, SENDTO[processor]), (load, 0, 0, 48), (equal, 0, 3, 0), (load, 0, 0, 52), (equal, 0, 1, 0), yes, no, yes]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in rules))
    whole = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(packed))
    _done(library.prctl(SET_SECCOMP, FILTER, whole, 0, 0), "filters of system calls")
