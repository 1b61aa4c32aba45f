#!/usr/bin/env bash
# usage: tests/deploy/bare_debian.sh [quickstart | test]...
#
# Runs the README's two commands where nothing is installed: in a fresh Debian 12 root in a folder of
# its own, from a clone of the last commit. quickstart runs as a user with sudo, test as root; without
# an argument, both run. When LOCKSTEP_DATA names real MNIST, it is handed in and no test may be skipped.
#
# Needs root, debootstrap and the Debian mirror that apt uses here.
set -euo pipefail

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
clone=/home/tester/lockstep
source "$source_root/tests/deploy/bare_root.sh"

# A user with sudo, and the clone in that user's home. Nothing else is prepared.
make_user() {
  install_packages sudo
  run_as root useradd --create-home --shell /bin/bash tester
  echo 'tester ALL=(ALL) NOPASSWD: ALL' >"$bare/etc/sudoers.d/tester"
  git clone --quiet --no-hardlinks "$source_root" "$bare$clone"
  if [[ -n ${LOCKSTEP_DATA-} ]]; then
    cp -rL "$LOCKSTEP_DATA" "$bare/srv/mnist"
  fi
  run_as root chown -R tester:tester "$clone"
}

run_quickstart() {
  stage "deploy/quickstart, as a user with sudo"
  run_as tester "$clone/deploy/quickstart" --epochs 1
  run_as tester test -s "$clone/runs/lenet5/metrics.h5" -o -s "$clone/runs/lenet5-digits/metrics.h5" ||
    fail "deploy/quickstart left no metrics"
}

run_test() {
  stage "deploy/test, as root"
  run_as root env ${LOCKSTEP_DATA:+CI=true} "$clone/deploy/test"
}

[[ $# -gt 0 ]] || set -- quickstart test
for command in "$@"; do
  [[ $command == quickstart || $command == test ]] || fail "unknown argument $command: quickstart or test"
done
in_namespace "$@"
stage "debootstrap"
make_root
make_user
for command in "$@"; do
  "run_$command"
done
stage "all passed"
