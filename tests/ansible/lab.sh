#!/bin/bash
# Real hosts for the playbooks: systemd-nspawn containers of one Debian root, each booted, with sshd, in a network namespace and control groups
# of its own, on a bridge that this makes. They have no way out but a caching proxy for apt on the bridge. Sourced by tests/ansible/hosts, which
# ends and removes all of it; needs root.
lab_dir=${lab_dir:-$PWD/build/hosts}
lab_bridge=assay-lab
lab_net=10.89.0 # .1 is this machine
lab_key=$lab_dir/key

lab_say() { printf 'hosts: %s\n' "$*" >&2; }
lab_ip() { echo "$lab_net.$((10 + ${1#h}))"; } # NAME, as in h3
lab_ssh() { # NAME COMMAND...
  local name=$1
  shift
  ssh -i "$lab_key" -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 "root@$(lab_ip "$name")" "$@"
}

# Where this machine has Debian from; its mirror is the hosts', by way of the proxy.
lab_mirror() {
  # shellcheck disable=SC2016  # the dollars are apt's
  apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }'
}

lab_network() {
  ip link add "$lab_bridge" type bridge
  ip addr add "$lab_net.1/24" dev "$lab_bridge"
  ip link set "$lab_bridge" up
}

lab_proxy() {
  mkdir -p "$lab_dir/apt-cache" "$lab_dir/apt-log"
  chown nobody "$lab_dir/apt-cache" "$lab_dir/apt-log"
  setpriv --reuid=nobody --regid=nogroup --clear-groups apt-cacher-ng ForeGround=1 BindAddress="$lab_net.1" Port=3142 \
    CacheDir="$lab_dir/apt-cache" LogDir="$lab_dir/apt-log" SupportDir=/usr/lib/apt-cacher-ng ExThreshold=4 ReportPage= \
    PidFile= SocketPath= >"$lab_dir/apt-proxy.log" 2>&1 &
  lab_pids+=($!)
}

# The root that hosts are copied from; made anew when what goes in is another.
lab_root() { # [warm]
  local mirror packages=systemd,systemd-sysv,dbus,openssh-server,python3,iproute2,apt,ca-certificates recipe
  mirror=$(lab_mirror)
  [[ -n $mirror ]] || { lab_say 'apt of this machine names no source of bookworm'; return 1; }
  recipe="$packages ${1-} $(date +%G-%V)"
  [[ ! -e $lab_dir/root/.recipe || $(<"$lab_dir/root/.recipe") != "$recipe" ]] || return 0
  lab_say "making a Debian root"
  rm -rf "$lab_dir/root"
  mmdebstrap --quiet --variant=minbase --include="$packages" --aptopt="Acquire::http::Proxy \"http://$lab_net.1:3142\"" \
    bookworm "$lab_dir/root" "deb $mirror bookworm main" "deb $mirror bookworm-updates main" >"$lab_dir/root.log" 2>&1 ||
    { tail -n 20 "$lab_dir/root.log" >&2; return 1; }
  echo "Acquire::http::Proxy \"http://$lab_net.1:3142\";" >"$lab_dir/root/etc/apt/apt.conf.d/proxy"
  : >"$lab_dir/root/etc/resolv.conf"
  rm -f "$lab_dir/root"/etc/ssh/ssh_host_*
  # An own machine id and own host keys for each.
  : >"$lab_dir/root/etc/machine-id"
  cat >"$lab_dir/root/etc/systemd/system/lab-host.service" <<'UNIT'
[Unit]
Description=Keys of sshd, and control groups that may be written to
Before=ssh.service
DefaultDependencies=no
After=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ssh-keygen -A; for c in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw $c 2>/dev/null; done; true'
[Install]
WantedBy=multi-user.target
UNIT
  ln -sf ../lab-host.service "$lab_dir/root/etc/systemd/system/multi-user.target.wants/lab-host.service"
  # Timers of Debian that would use apt meanwhile.
  rm -f "$lab_dir/root"/etc/systemd/system/timers.target.wants/apt-daily*.timer
  mkdir -p "$lab_dir/root/root/.ssh"
  cp "$lab_key.pub" "$lab_dir/root/root/.ssh/authorized_keys"
  [[ ${1-} != warm ]] || lab_warm
  echo "$recipe" >"$lab_dir/root/.recipe"
}

# What our packages depend on, installed before: quicker, and less of a proof.
lab_warm() {
  local mirror
  mirror=$(lab_mirror)
  lab_say 'installing what the packages depend on (--warm)'
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" \
    >"$lab_dir/root/etc/apt/sources.list.d/warm.list"
  chroot "$lab_dir/root" apt-get update -qq
  chroot "$lab_dir/root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -t bookworm-backports runsc libbpf1
  chroot "$lab_dir/root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends skopeo tzdata python3-apt nftables
  rm "$lab_dir/root/etc/apt/sources.list.d/warm.list"
}

lab_cgroups() { find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d -exec test -e {}/cgroup.procs ';' -print; [[ ! -e /sys/fs/cgroup/cgroup.procs ]] || echo /sys/fs/cgroup; }

# Boots NAME with a fresh copy of the root; returns at once.
lab_boot() {
  local name=$1 dir=$lab_dir/$1 ns=$lab_bridge-$1 group groups=()
  rm -rf "$dir"
  cp -a --reflink=auto "$lab_dir/root" "$dir"
  echo "$name" >"$dir/etc/hostname"
  ip netns add "$ns"
  ip link add "lab-$name" type veth peer name eth0 netns "$ns"
  ip link set "lab-$name" master "$lab_bridge" up
  ip -n "$ns" link set lo up
  ip -n "$ns" addr add "$(lab_ip "$name")/24" dev eth0
  ip -n "$ns" link set eth0 up
  mapfile -t groups < <(lab_cgroups | grep -v /cpuset$)
  for group in "${groups[@]}"; do mkdir -p "$group/$lab_bridge/$name"; done
  (
    for group in "${groups[@]}"; do echo "$BASHPID" >"$group/$lab_bridge/$name/cgroup.procs"; done
    # What runsc and BPF need of a container: capabilities, calls that nspawn's filter refuses, a writable /sys.
    exec env SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes SYSTEMD_NSPAWN_USE_CGNS=1 systemd-nspawn -q -D "$dir" -b --register=no --keep-unit -M "$lab_bridge-$name" \
      --hostname="$name" --network-namespace-path="/run/netns/$ns" --capability=all --system-call-filter="bpf perf_event_open @privileged @debug @mount @keyring" \
      --console=read-only </dev/null >"$lab_dir/$name.console" 2>&1
  ) &
  lab_hosts["$name"]=$!
}

lab_wait() { # NAME...
  local name try
  for name in "$@"; do
    for ((try = 0; ; ++try)); do
      lab_ssh "$name" true 2>/dev/null && break
      [[ $try -lt 60 ]] || { lab_say "$name does not answer (console: $lab_dir/$name.console)"; return 1; }
      sleep 1
    done
  done
}

# Ends NAME and takes away what it had.
lab_halt() {
  local name=$1 group try pid=${lab_hosts[$1]-}
  if [[ -n $pid ]]; then
    kill "$pid" 2>/dev/null || true
    # Gone, or a zombie, which is reaped below.
    for ((try = 0; try < 400; ++try)); do [[ $(ps -o state= -p "$pid") == [^Z]* ]] || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    unset "lab_hosts[$name]"
  fi
  ip netns del "$lab_bridge-$name" 2>/dev/null || true
  ip link del "lab-$name" 2>/dev/null || true
  while read -r group; do
    [[ ! -d $group/$lab_bridge/$name ]] || find "$group/$lab_bridge/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
    rmdir "$group/$lab_bridge" 2>/dev/null || true
  done < <(lab_cgroups)
  rm -rf "${lab_dir:?}/$name"
}

lab_end() {
  local name pid
  for pid in "${lab_hosts[@]}"; do kill "$pid" 2>/dev/null || true; done # all at once; then wait for each
  for name in "${!lab_hosts[@]}"; do lab_halt "$name"; done
  for pid in "${lab_pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  ip link del "$lab_bridge" 2>/dev/null || true
}

# Debian's registry on the bridge, with samples of tests/images in it.
lab_registry() {
  local name try
  rm -rf "$lab_dir/registry"
  mkdir -p "$lab_dir/registry"
  printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "%s:5000"}\n' "$lab_dir/registry" "$lab_net.1" \
    >"$lab_dir/registry.yml"
  docker-registry serve "$lab_dir/registry.yml" >"$lab_dir/registry.log" 2>&1 &
  lab_pids+=($!)
  for name in nginx miner; do
    for ((try = 0; ; ++try)); do
      skopeo copy --quiet --dest-tls-verify=false "oci-archive:build/images/$name.tar" "docker://$lab_net.1:5000/sample/$name:1" >"$lab_dir/push.log" 2>&1 && break
      [[ $try -lt 10 ]] || { cat "$lab_dir/push.log" >&2; return 1; }
      sleep 1
    done
  done
}
