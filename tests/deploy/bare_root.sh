# Sourced by the tests that need a Debian 12 where nothing is installed. Everything happens in a mount and a
# process namespace of its own: when the test ends, however it ends, its processes and mounts are gone.
#
# A test calls in_namespace "$@" first, which runs the script again inside and never returns outside; then
# make_root, after which $bare is the root and run_as runs commands in it. $scratch is for the test's own files.

test_name=$(basename "$0")

fail() {
  echo "$test_name: $*" >&2
  exit 1
}

stage() {
  echo "=== $test_name: $1 (at $SECONDS s)"
}

# Ends the test as skipped; with CI=true, where it must run, as failed.
cannot_run() {
  [[ ${CI-} != true ]] || fail "$*"
  echo "$test_name: skipped: $*" >&2
  exit 77
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
  mkdir -p "$bare"
  mount --bind "$bare" "$bare"  # unshare --propagation, in there, wants "/" to be a mount point
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  [[ -n $mirror ]] || fail "apt knows no mirror of Debian 12; run apt-get update first"
  debootstrap --variant=minbase bookworm "$bare" "$mirror" >"$scratch/debootstrap.log" ||
    { tail -n 20 "$scratch/debootstrap.log"; fail "debootstrap failed"; }
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Date|Check-Valid-Until|Retries)' \
    >"$bare/etc/apt/apt.conf.d/50host" || true
  cp /etc/resolv.conf /etc/hosts "$bare/etc/"
  mount -t proc proc "$bare/proc"
  mount --rbind /dev "$bare/dev"
  mount --rbind /sys "$bare/sys"
  mount -t tmpfs tmpfs "$bare/tmp"
  run_as root apt-get -qq update
}

install_packages() {
  run_as root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" \
    >"$scratch/apt.log" 2>&1 || { tail -n 20 "$scratch/apt.log"; fail "cannot install $*"; }
}

in_namespace() {
  if [[ -n ${BARE_SCRATCH-} ]]; then
    scratch=$BARE_SCRATCH
    bare=$scratch/root
    unset BARE_SCRATCH
    return
  fi
  [[ $(id -u) == 0 ]] || cannot_run "needs root"
  local command status=0
  for command in debootstrap unshare; do
    command -v "$command" >/dev/null || cannot_run "needs $command"
  done
  unshare --mount --pid --fork true || cannot_run "needs a machine that allows mount and process namespaces"
  scratch=$(mktemp -d)
  BARE_SCRATCH=$scratch unshare --mount --pid --fork --kill-child=KILL --propagation private -- "$0" "$@" &
  namespace=$!
  trap 'kill -KILL $namespace 2>/dev/null || true; wait; rm -rf --one-file-system "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  wait $namespace || status=$?
  exit $status
}
