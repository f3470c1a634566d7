#!/bin/bash
# config_test.sh: renders the role's prometheus.yml for several inventories, as ansible does, and has promtool read each; and holds the role's variables to
# refuse what is wrong, by name. Nothing is installed and no daemon started.
set -euo pipefail
cd "$(dirname "$0")"
for program in ansible-playbook promtool; do
  command -v "$program" >/dev/null || { echo "$program is not installed: apt-get install ansible-core prometheus" && exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/etc"
touch "$work/etc/token" "$work/etc/ca.crt"
cp ../../ansible/roles/monitoring/files/assay.rules.yml "$work/etc"
export ANSIBLE_ROLES_PATH=$PWD/../../ansible/roles ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 ANSIBLE_HOME=$work/ansible ANSIBLE_CONFIG=$work/ansible.cfg
touch "$work/ansible.cfg"
fail() { touch "$work/failed"; } # also of what runs in the background

# run_role NAME STEP [OPTION...]: standard input is the inventory; what ansible says goes to $work/NAME.out
run_role() {
  local name=$1 step=$2
  shift 2
  cat >"$work/$name.yml"
  ansible-playbook -i "$work/$name.yml" play.yml -e "step=$step to=$work/$name.prometheus.yml assay_monitoring_dir=$work/etc" "$@" \
    >"$work/$name.out" 2>&1
}

# renders NAME [OPTION...]: promtool must take it.
renders() {
  local name=$1
  shift
  run_role "$name" render "$@" || { cat "$work/$name.out" && fail && return 0; }
  promtool check config "$work/$name.prometheus.yml" >"$work/$name.promtool" 2>&1 || { cat "$work/$name.promtool" "$work/$name.prometheus.yml" && fail; }
}

# has NAME TEXT: a line of it, without what stands around
has() {
  grep -qF -- "$2" "$work/$1.prometheus.yml" || { printf '%s: no "%s" in:\n' "$1" "$2" && cat "$work/$1.prometheus.yml" && fail; }
}

# refused NAME TEXT [OPTION...]: the variables are, and what is said holds TEXT
refused() {
  local name=$1 text=$2
  shift 2
  if run_role "$name" validate "$@"; then
    echo "$name: taken, and should have been refused" && fail
  elif ! tr -s '[:space:]' ' ' <"$work/$name.out" | grep -qF -- "$text"; then
    printf '%s: not refused with "%s", but:\n' "$name" "$text" && cat "$work/$name.out" && fail
  fi
}

# Everything on one host: whatever listens on loopback is asked there.
renders one <<'E2'
all:
  children:
    assay_scheduler: {hosts: {one.example: {}}}
    assay_agents: {hosts: {one.example: {assay_agent_metrics: "127.0.0.1:9101"}}}
    assay_monitoring: {hosts: {one.example: {ansible_connection: local}}}
E2
has one 'targets: ["127.0.0.1:8440"]'
has one 'targets: ["127.0.0.1:9101"]'
has one 'scheme: http'

# Several hosts, TLS, IPv6; an agent that cannot be asked, one that is reached elsewhere; a gateway; alerts that go somewhere.
renders many -e '{"assay_monitoring_alertmanagers": ["alerts.example:9093"], "assay_monitoring_server_name": "farm.example"}' \
  -e "assay_monitoring_ca=$work/etc/ca.crt" <<'E2'
all:
  vars: {assay_agent_metrics: "0.0.0.0:9101"}
  children:
    assay_scheduler: {hosts: {s.example: {assay_api: "[::]:8440", assay_api_cert: /etc/assay/tls/api.crt, ansible_host: 192.0.2.1}}}
    assay_agents:
      hosts:
        a.example: {ansible_host: 192.0.2.2}
        b.example: {assay_metrics_target: "10.0.0.9:19101"}
        silent.example: {assay_agent_metrics: ""}
        shut.example: {assay_agent_metrics: "127.0.0.1:9101"}
    assay_gateway: {hosts: {g.example: {assay_gateway_metrics: "0.0.0.0:9441"}}}
    assay_monitoring: {hosts: {m.example: {ansible_connection: local}}}
E2
has many 'targets: ["192.0.2.1:8440"]'
has many 'labels: {instance: "s.example"}'
has many 'targets: ["192.0.2.2:9101"]'
has many 'targets: ["10.0.0.9:19101"]'
has many 'targets: ["g.example:9441"]'
has many 'targets: ["alerts.example:9093"]'
has many 'scheme: https'
has many 'server_name: "farm.example"'
! grep -q 'silent\|shut' "$work/many.prometheus.yml" || { echo 'many: an agent that cannot be asked is asked' && fail; }

refused away 'which m.example cannot reach' <<'E2'
all:
  children:
    assay_scheduler: {hosts: {s.example: {}}}
    assay_monitoring: {hosts: {m.example: {ansible_connection: local}}}
E2
# All at once: each is named.
wrong=(assay_monitoring_interval=5h assay_monitoring_listen=9090 assay_monitoring_retention=30 assay_monitoring_dir=etc assay_monitoring_runbooks=docs
  assay_monitoring_farm=a/b assay_monitoring_token=hunter2 assay_monitoring_ca=ca.crt assay_monitoring_server_name=a/b
  assay_monitoring_token_name=Ops assay_monitoring_alertmanagers=here assay_monitoring_grafana_dashboards=here assay_monitoring_prometheus=maybe)
refused wrong 'assay_monitoring_interval is ' -e "${wrong[*]}" <"$work/one.yml"
for one in "${wrong[@]}"; do
  grep -q "${one%%=*} is '.*', and must be" "$work/wrong.out" || { echo "wrong: $one is taken" && fail; }
done
! grep -q hunter2 "$work/wrong.out" || { echo 'wrong: what was given as a token is shown' && fail; }
refused none 'has 0 hosts in the group assay_scheduler' <<'E2'
all: {children: {assay_monitoring: {hosts: {m.example: {ansible_connection: local}}}}}
E2
[[ ! -e $work/failed ]]
