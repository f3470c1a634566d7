#!/bin/bash
# rules_test.sh: the alert rules are rules, by promtool's word, and do what their unit tests say.
set -euo pipefail
cd "$(dirname "$0")"
command -v promtool >/dev/null || { echo 'promtool is not installed: apt-get install prometheus' && exit 1; }
promtool check rules --lint=all --lint-fatal ../../ansible/roles/monitoring/files/assay.rules.yml
promtool test rules alerts_*_test.yml
