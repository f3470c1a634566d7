#!/bin/bash
# ansible/: ansible-lint's production profile; each playbook's syntax; the variables of the example are those of the roles, with their defaults; and
# only modules that ansible-core brings.
set -euo pipefail
cd "$(dirname "$0")/../../ansible"
if ! command -v ansible-lint >/dev/null || ! command -v ansible-playbook >/dev/null; then
  echo 'skipped: no ansible-lint, or no ansible-playbook'
  [[ ${CI-} != true ]] || exit 1
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work ANSIBLE_LOCAL_TEMP=$work/tmp # ansible-lint keeps a cache where it is called
failed=0
cp -r . "$work/ansible"
(cd "$work/ansible" && ansible-lint --offline --nocolor --strict) >"$work/lint" 2>&1 || { cat "$work/lint"; failed=1; }
ansible-playbook --syntax-check -i inventory.example ./*.yml >"$work/syntax" 2>&1 || { cat "$work/syntax"; failed=1; }
variables() { sed -nE 's/^#?(assay_[a-z_]+: .*)/\1/p' "$1" | sort; }
diff -u --label roles/common/defaults/main.yml --label inventory.example/group_vars/all.yml <(variables roles/common/defaults/main.yml) \
  <(variables inventory.example/group_vars/all.yml) || failed=1
if grep -rnE '^ +(community|ansible\.posix|ansible\.utils)[.a-z_]*:' --include='*.yml' .; then
  echo 'these modules come with collections that Debian has apart from ansible-core'
  failed=1
fi
exit "$failed"
