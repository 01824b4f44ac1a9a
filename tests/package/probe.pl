# Tries what a sandbox must refuse, and prints a line for each: NAME<tab>succeeded or refused<tab>why.
# Run as a unit's main process. perl-base has no system call numbers of its own.
use strict;
use warnings;
use Socket;
use Errno;

my ($arm) = grep { /aarch64/ } `uname -m`;
my %number = map { $_->[0] => $arm ? $_->[2] : $_->[1] } (
    ["mmap",            9,   222], ["mprotect",           10,  226], ["ptrace",         101, 117],
    ["personality",     135, 92],  ["pivot_root",         155, 41],  ["chroot",         161, 51],
    ["mount",           165, 40],  ["umount2",            166, 39],  ["swapon",         167, 224],
    ["reboot",          169, 142], ["sethostname",        170, 161], ["init_module",    175, 105],
    ["delete_module",   176, 106], ["clock_settime",      227, 112], ["kexec_load",     246, 104],
    ["add_key",         248, 217], ["keyctl",             250, 219], ["ioprio_set",     251, 30],
    ["mknodat",         259, 33],  ["unshare",            272, 97],  ["setns",          308, 268],
    ["perf_event_open", 298, 241], ["process_vm_readv",   310, 270], ["finit_module",   313, 273],
    ["bpf",             321, 280], ["userfaultfd",        323, 282], ["io_uring_setup", 425, 425],
    ["setpriority",     141, 140], ["sched_setscheduler", 144, 119], ["acct",           163, 89],
    ["open_by_handle_at", 304, 265], ["move_mount",       429, 429], ["setuid",         105, 146],
    ["setgid",          106, 144], ["setgroups",          116, 159], ["capset",         126, 91],
    ["prlimit64",       302, 261],
);

sub call { my ($name, @arguments) = @_; return syscall($number{$name}, @arguments) != -1 }
sub report { my ($name, $done) = @_; print "$name\t", ($done ? "succeeded" : "refused\t" . join(" ", grep { $!{$_} } keys %!)), "\n" }
sub try { my ($name, $attempt) = @_; $! = 0; report($name, $attempt->()) }
sub opened { my ($mode, $path) = @_; my $file; open($file, $mode, $path) ? $file : undef }
sub readable { my $file = opened('<', shift) or return 0; my $byte; defined(sysread($file, $byte, 1)) }
sub listable { my $list; opendir($list, shift) or return 0; scalar grep { !/^\.\.?$/ } readdir $list }
sub openable { my ($family, $type, $protocol) = @_; socket(my $socket, $family, $type, $protocol // 0) }

$| = 1;
my $zeros = "\0" x 256;

# === files ===
try("write $_", sub { opened(">>", "$_/mock-imds-probe") }) for qw(/ /etc /usr /usr/bin /boot /var /var/lib /opt /srv /run);
try("append to $_", sub { opened(">>", $_) }) for qw(/etc/passwd /etc/mock-imds/scenario.toml /usr/bin/mock-imds);
try("read $_", sub { readable($_) }) for qw(/etc/shadow /proc/1/environ /proc/kallsyms /proc/kcore);
try("list $_", sub { listable($_) }) for qw(/root /home);
try("see /tmp of others", sub { -e "/tmp/of-others" });
try("set $_", sub { opened('+<', $_) }) for qw(/proc/sys/net/ipv4/ip_forward /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/profiling);
try("create a cgroup", sub { mkdir "/sys/fs/cgroup/mock-imds-probe" });
try("open $_", sub { opened('<', $_) }) for qw(/dev/mem /dev/kmsg /dev/net/tun /dev/fuse /dev/loop-control);
try("make a device", sub { my $path = "$ENV{RUNTIME_DIRECTORY}/device"; call("mknodat", -100, $path, 020600, 0x103) });
try("make a set-user-id file", sub {
    my $path = "$ENV{RUNTIME_DIRECTORY}/program";
    opened('>', $path) or return 0;
    my $done = chmod(04755, $path);
    unlink $path;
    $done;
});

# === sockets ===
try("socket inet", sub { openable(AF_INET, SOCK_STREAM) });
try("socket inet6", sub { openable(AF_INET6, SOCK_STREAM) });
try("socket inet raw", sub { openable(AF_INET, SOCK_RAW, 1) });
try("socket packet", sub { openable(17, SOCK_RAW) });
try("socket alg", sub { openable(38, SOCK_SEQPACKET) });
try("socket vsock", sub { openable(40, SOCK_STREAM) });
try("socket bluetooth", sub { openable(31, SOCK_RAW, 1) });
try("socket netlink", sub { openable(16, SOCK_RAW) });
try("socket unix", sub { openable(AF_UNIX, SOCK_STREAM) });

# === processes and privileges ===
try("see other processes", sub { grep { $_ != $$ && $_ != getppid() && !-o "/proc/$_" } map { m{(\d+)$} } glob "/proc/[0-9]*" });
try("signal init", sub { kill 0, 1 });
try("trace init", sub { call("ptrace", 16, 1, 0, 0) });
try("read init's memory", sub { my $buffer = $zeros; call("process_vm_readv", 1, pack("PQ", $buffer, 16), 1, pack("QQ", 4096, 16), 1, 0) });
try("become root", sub { call("setuid", 0) });
try("become group root", sub { call("setgid", 0) });
try("take groups", sub { call("setgroups", 1, pack("L", 0)) });
try("take capabilities", sub { call("capset", pack("LL", 0x20080522, 0), pack("L6", (~0 & 0xffffffff) x 6)) });
try("get privileges by su", sub { (`su -c 'id -u' 2>/dev/null </dev/null` // "") =~ /^0/ });
try("real-time scheduling", sub { call("sched_setscheduler", 0, 1, pack("L", 1)) });
try("raise the priority", sub { call("setpriority", 0, 0, -5) });
try("raise a resource limit", sub { call("prlimit64", 0, 7, pack("QQ", 1 << 31, 1 << 31), 0) });
try("set the I/O priority", sub { call("ioprio_set", 1, 0, (2 << 13) | 4) });

# === the kernel ===
try("mount", sub { call("mount", "none", "/tmp", "tmpfs", 0, 0) });
try("unmount", sub { call("umount2", "/proc", 2) });
try("move a mount", sub { call("move_mount", -100, "/", -100, "/tmp", 0) });
try("change the root", sub { call("chroot", "/") });
try("pivot the root", sub { call("pivot_root", "/", "/") });
try("a user namespace", sub { call("unshare", 0x10000000) });
try("a network namespace", sub { call("unshare", 0x40000000) });
try("a mount namespace", sub { call("unshare", 0x00020000) });
try("another's namespace", sub { my $file = opened('<', "/proc/self/ns/net"); $file && call("setns", fileno($file), 0) });
try("load a module", sub { call("init_module", $zeros, 256, "") });
try("load a module's file", sub { my $file = opened('<', "/proc/self/exe"); $file && call("finit_module", fileno($file), "", 0) });
try("unload a module", sub { call("delete_module", "mock_imds_probe", 0x800) });
try("load another kernel", sub { call("kexec_load", 0, 0, 0, 0) });
try("reboot", sub { call("reboot", 0, 0, 0, 0) });
try("set the clock", sub { call("clock_settime", 0, pack("qq", 0, 0)) });
try("set the host name", sub { call("sethostname", "probe", 5) });
try("swap", sub { call("swapon", "/nothing", 0) });
try("account processes", sub { call("acct", 0) });
try("add a key", sub { call("add_key", "user", "probe", "x", 1, -2) });
try("ask the keyring", sub { call("keyctl", 0, -3, 0) });
try("a bpf program", sub { call("bpf", 0, $zeros, 64) });
try("perf events", sub { call("perf_event_open", $zeros, 0, -1, -1, 0) });
try("io_uring", sub { call("io_uring_setup", 1, $zeros) });
try("userfaultfd", sub { call("userfaultfd", 1) });
try("open by handle", sub { call("open_by_handle_at", -100, $zeros, 0) });
try("memory that is written and executed", sub { call("mmap", 0, 4096, 7, 0x22, -1, 0) });
try("another personality", sub { call("personality", 0x0400000) });

my $status = opened('<', "/proc/self/status");
print "status\t$_" for grep { /^(NoNewPrivs|Seccomp|CapEff|CapPrm|CapBnd|CapAmb):/ } <$status>;
print "done\n";
