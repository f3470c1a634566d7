#!/bin/bash
# docs/ci and docs/gate.md: what their products' own readers say of the snippets, shellcheck of their scripts; and every script and command
# line runs as it stands, with the real assay against a farm that has a miner's report: the gate closes, and the files are there.
set -euo pipefail
cd "$(dirname "$0")/../.."
source_dir=$PWD
bin=$source_dir/build/release/bin
fail() {
  echo "$*"
  exit 1
}
for tool in node shellcheck; do
  command -v "$tool" >/dev/null && continue
  [[ -z ${CI-} ]] || fail "needs $tool"
  echo "skipped: no $tool"
  exit 77
done
readers=$source_dir/build/readers
cmp -s tests/readers/package-lock.json "$readers/installed" || fail "the readers are not installed: ./run test does it (log: build/readers.log)"
[[ -x $bin/assay ]] || fail "no $bin/assay: ./run build"
scratch=$(mktemp -d)
farm=
trap '[[ -z $farm ]] || kill "$farm"; rm -rf "$scratch"' EXIT
cp tests/readers/*.mjs "$readers" # beside their packages, where node looks for these

mkdir "$scratch/scripts" "$scratch/tekton"
snippets=(docs/ci/{github-actions.yml,gitlab-ci.yml,Jenkinsfile,tekton-task.yaml,tekton-pipeline.yaml})
node "$readers/ci.mjs" "$scratch/scripts" "${snippets[@]}" docs/gate.md
for kind in github-actions gitlab-ci Jenkinsfile tekton-task gate; do
  compgen -G "$scratch/scripts/$kind-*" >/dev/null || fail "no script of $kind was found"
done
shellcheck -s sh "$scratch"/scripts/*.sh

# A reader that takes anything would prove nothing.
refuses() { # FILE FROM TO, of sed
  mkdir -p "$scratch/broken"
  sed "s/$2/$3/" "$1" >"$scratch/broken/$(basename "$1")"
  ! cmp -s "$1" "$scratch/broken/$(basename "$1")" || fail "nothing to break in $1"
  ! node "$readers/ci.mjs" "$scratch/broken" "$scratch/broken/$(basename "$1")" >/dev/null 2>&1 || fail "a broken $1 is taken: $2 as $3"
}
refuses docs/ci/github-actions.yml 'runs-on:' 'run-on:'
refuses docs/ci/gitlab-ci.yml 'expire_in: 90 days' 'expire_in: [90]'
refuses docs/ci/Jenkinsfile 'stages {' 'stages'
refuses docs/ci/tekton-task.yaml 'tekton.dev\/v1' 'tekton.dev\/v0'

# `deploy` is the user's own task.
cp docs/ci/tekton-*.yaml "$scratch/tekton"
cat >"$scratch/tekton/deploy.yaml" <<'TASK'
apiVersion: tekton.dev/v1
kind: Task
metadata: {name: deploy}
spec:
  params: [{name: image, type: string, description: what to deploy}]
  steps: [{name: deploy, image: "registry.example/deploy:1", args: [$(params.image)]}]
TASK
lint() { (cd "$scratch/tekton" && node "$readers/node_modules/@ibm/tekton-lint/dist/lint.js" './*.yaml'); }
lint
sed -i 's/params.policy/params.polici/' "$scratch/tekton/tekton-task.yaml"
! lint >/dev/null 2>&1 || fail 'tekton-lint takes a parameter that is not there'

# The farm, with the report that our rules make of a miner's trace.
"$bin/assay" report tests/traces/miner.trace --rules rules --format json >"$scratch/report.json"
export ASSAY_TOKEN=assay_0123456789abcdef
coproc FARM { exec node "$readers/fake_farm.mjs" "$scratch/report.json" "$ASSAY_TOKEN"; }
farm=$FARM_PID
read -r ASSAY_SERVER <&"${FARM[0]}"
export ASSAY_SERVER

mkdir "$scratch/bin"
ln -s "$bin/assay" "$scratch/bin/assay"
# run_in PLACE SCRIPT: as the product would, in a checkout with the policy; sets `code`
run_in() {
  mkdir -p "$1"
  cp docs/ci/assay-policy.yml "$1"
  printf 'registry.example/team/app:1\n' >"$1/images.txt"
  code=0
  (cd "$1" && PATH="$scratch/bin:$PATH" IMAGE=registry.example/team/app:1 GITHUB_RUN_ID=1 GITHUB_STEP_SUMMARY=$1/summary.md CI_PIPELINE_ID=1 \
    BUILD_TAG=1 POLICY=assay-policy.yml ENFORCE=true RUN=1 RESULTS=$1 timeout 60 sh -e "$2" >"$1/out" 2>"$1/err") || code=$?
}
for script in "$scratch"/scripts/*.sh; do
  place=$scratch/ran/$(basename "$script" .sh)
  run_in "$place" "$script"
  [[ $code -eq 10 ]] || fail "$(basename "$script") ends with $code, not 10: $(cat "$place/err")"
  [[ $(head -n 1 "$place/out") == FAIL* ]] || fail "$(basename "$script") says: $(head -n 3 "$place/out")"
  for file in assay.xml assay.sarif; do [[ -s $place/$file ]] || fail "$(basename "$script") wrote no $file"; done
done
grep -q FAIL "$scratch"/ran/github-actions-*/summary.md || fail 'nothing in the summary of GitHub'
[[ $(cat "$scratch"/ran/tekton-task-*/outcome) == fail ]] || fail 'the outcome of Tekton is not fail'
for command in "$scratch"/scripts/*.command; do
  place=$scratch/ran/$(basename "$command" .command)
  run_in "$place" "$command"
  [[ $code -eq 0 || $code -eq 10 || $code -eq 11 ]] || fail "'$(tail -n +2 "$command")' ends with $code: $(cat "$place/err")"
done
