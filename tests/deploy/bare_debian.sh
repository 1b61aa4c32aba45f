#!/usr/bin/env bash
# usage: tests/deploy/bare_debian.sh [quickstart | test]...
#
# Runs the README's two commands where nothing is installed: in a fresh Debian 12 root in a folder of
# its own, from a clone of the last commit. quickstart runs as a user with sudo, test as root; without
# an argument, both run. Real MNIST is handed in when LOCKSTEP_DATA names it.
#
# Needs root, debootstrap and the Debian mirror that apt uses here. Everything happens in a mount and a
# process namespace of its own: when the script ends, however it ends, its processes and mounts are gone.
set -euo pipefail

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
clone=/home/tester/lockstep

fail() {
  echo "bare_debian.sh: $*" >&2
  exit 1
}

stage() {
  echo "=== bare Debian: $1 (at $SECONDS s)"
}

# Runs a command in the root as the given user, with that user's environment and no other.
run_as() {
  local user=$1 home=/root
  shift
  [[ $user == root ]] || home=/home/$user
  chroot --userspec="$user:$user" "$bare" /usr/bin/env -i HOME="$home" USER="$user" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${LOCKSTEP_DATA:+LOCKSTEP_DATA=/srv/mnist} "$@" </dev/null
}

# The mirror, and what apt here has been told about reaching it.
make_root() {
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  [[ -n $mirror ]] || fail "apt knows no mirror of Debian 12; run apt-get update first"
  debootstrap --variant=minbase bookworm "$bare" "$mirror" >"$scratch/debootstrap.log" ||
    { tail -n 20 "$scratch/debootstrap.log"; fail "debootstrap failed"; }
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Date|Check-Valid-Until|Retries)' \
    >"$bare/etc/apt/apt.conf.d/50host" || true
  cp /etc/resolv.conf /etc/hosts "$bare/etc/"
}

mount_root() {
  mount -t proc proc "$bare/proc"
  mount --rbind /dev "$bare/dev"
  mount --rbind /sys "$bare/sys"
  mount -t tmpfs tmpfs "$bare/tmp"
}

# A user with sudo, and the clone in that user's home. Nothing else is prepared.
make_user() {
  run_as root apt-get -qq update
  run_as root apt-get -qq install -y --no-install-recommends sudo >/dev/null 2>&1
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
  run_as root "$clone/deploy/test"
}

inside() {
  stage "debootstrap"
  make_root
  mount_root
  make_user
  local command
  for command in "$@"; do
    "run_$command"
  done
  stage "all passed"
}

outside() {
  local command
  for command in "$@"; do
    [[ $command == quickstart || $command == test ]] || fail "unknown argument $command: quickstart or test"
  done
  [[ $(id -u) == 0 ]] || fail "needs root"
  for command in debootstrap unshare git; do
    command -v "$command" >/dev/null || fail "needs $command"
  done
  scratch=$(mktemp -d)
  SCRATCH=$scratch unshare --mount --pid --fork --kill-child=KILL --propagation private -- \
    "${BASH_SOURCE[0]}" "${@:-both}" &
  namespace=$!
  trap 'kill -KILL $namespace 2>/dev/null || true; wait; rm -rf --one-file-system "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  wait $namespace
}

if [[ -n ${SCRATCH-} ]]; then
  scratch=$SCRATCH
  bare=$scratch/root
  unset SCRATCH
  [[ $1 != both ]] || set -- quickstart test
  inside "$@"
else
  outside "$@"
fi
