"""A cluster of namespaces: nodes with real networks between them, that crash, fall silent and come back.

    with Cluster(4, services=[Ssh()]) as cluster:
        cluster.run("login", "ssh", "node3", "hostname")
        cluster.crash("node3")

Each node has its own host name, processes, network (eth0, on a switch that all nodes and the login node share),
shared memory, /tmp and /run. The file system is the machine's; what nodes and login node share is
`cluster.shared`, empty at the beginning. Where a node's name is asked for, "login" is this process' own machine.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

import sandbox

SHARED = pathlib.Path("/run/shared")
SWITCH = "switch"
NETWORK = "10.77.0"
LOGIN_ADDRESS = f"{NETWORK}.254"

# Runs as process 1 of a node. $1: its name; $2 ...: directories that stay visible, wherever they are.
BOOT = f"""
set -e
{sandbox.HIDE}
hostname "$1"
hide "${{@:2}}"
mount -t sysfs sysfs /sys
ip link set lo up
echo up
exec >/dev/null 2>&1
sleep infinity & wait
"""


class Service:
    """What runs on nodes besides the tests' own commands: sshd, Slurm's daemons."""

    def prepare(self, cluster):
        """Called once, on the login node, before the first node boots: its network and `shared` are there."""

    def boot(self, cluster, node):
        """Called whenever a node has booted."""


def wait_until(condition, what, seconds=60):
    """The first true value that condition() returns; asks often. Fails, naming `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for this in vain: {what}")
        time.sleep(0.01)
    return value


class Cluster:
    """`node_count` nodes, node1 and so on. Use it in a `with`: its end is the end of all that runs on the nodes.

    shared: the directory that all of them see under the same path, and where commands start
    nodes:  the names of the nodes
    """

    def __init__(self, node_count, services=()):
        self.shared = SHARED
        self.nodes = [f"node{number}" for number in range(1, node_count + 1)]
        self._services = list(services)
        self._unshares = {}  # of nodes that are up: the process whose only child is the node's process 1
        self._end = contextlib.ExitStack()

    # Commands

    def run(self, node, *command, expect=0, timeout=120, **options):
        """The result of a command that must exit with `expect` (None: with anything); output is text, captured."""
        result = subprocess.run(**self._on(node, command, options), capture_output=True, text=True, check=False,
                                timeout=timeout)
        if expect is not None and result.returncode != expect:
            raise AssertionError(f"{' '.join(map(str, command))} on {node}: exit code {result.returncode}, not "
                                 f"{expect}\n{result.stdout}{result.stderr}")
        return result

    def start(self, node, *command, **options):
        """A running command, as subprocess.Popen. On another node than "login" it is not the command itself:
        to signal that, ask processes()."""
        process = subprocess.Popen(**self._on(node, command, options))
        self._end.callback(_end_process, process)
        return process

    def processes(self, node, name):
        """The numbers, for os.kill, of the node's processes with that name (as ps shows it: 15 characters)."""
        namespace = os.readlink(f"/proc/{self._first_process(node)}/ns/pid")
        found = []
        for directory in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                if os.readlink(directory / "ns/pid") == namespace and (
                        directory / "comm").read_text(encoding="utf-8").rstrip() == name[:15]:
                    found.append(int(directory.name))
        return sorted(found)

    # Faults and repairs

    def crash(self, node):
        """Kills all processes of the node at once. Its kernel still closes their connections."""
        process = self._unshares.pop(node)
        os.kill(_only_child(process.pid), signal.SIGKILL)
        process.wait()  # no process of the node is left when its first one is gone
        # Without anything in it the node's network ends by itself, but who knows when.
        subprocess.run(["ip", "link", "delete", node], stderr=subprocess.DEVNULL, check=False)

    def silence(self, node):
        """Pulls the node's network cable: it goes on, but nobody hears of it."""
        _ip(f"link set {node} down")

    def restore(self, node):
        """Plugs the cable in again."""
        _ip(f"link set {node} up")

    def power_off(self, node):
        """Switches the node off: nobody is told, its connections just fall silent."""
        self.silence(node)
        self.crash(node)

    def boot(self, node):
        """Switches a node on that crashed or was switched off: an empty /tmp, the same address, its services."""
        process = subprocess.Popen([*sandbox.NAMESPACES, "bash", "-c", BOOT, "node", node, str(SHARED),
                                    *sandbox.visible()],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, cwd="/")
        with process.stdout:
            if (line := process.stdout.readline()) != "up\n":
                raise AssertionError(f"{node} does not boot: {line}{process.stdout.read()}")
        self._unshares[node] = process
        self._plug_in(node)
        for service in self._services:
            service.boot(self, node)

    # The network

    def address(self, node):
        """The node's IPv4 address, as text."""
        return LOGIN_ADDRESS if node == sandbox.LOGIN else f"{NETWORK}.{self.nodes.index(node) + 1}"

    def bytes_sent(self, node):
        """How many bytes the node has sent over its link since it booted, the heads of Ethernet frames included."""
        return int(pathlib.Path(f"/sys/class/net/{node}/statistics/rx_bytes").read_text(encoding="utf-8"))

    # Beginning and end

    def bind(self, source, target):
        """Shows the file or directory `source` in the place of `target`, on the login node and all nodes that
        boot from now on, until the cluster ends."""
        subprocess.run(["mount", "--bind", source, target], check=True)
        self._end.callback(subprocess.run, ["umount", "--lazy", target], check=True)

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            undo.push(self._end)
            self._share_directory()
            self._switch_on()
            for service in self._services:
                service.prepare(self)
            for node in self.nodes:
                self._end.callback(self._halt, node)
                self.boot(node)
            self._end = undo.pop_all()
        return self

    def __exit__(self, *exception):
        self._end.close()

    def _share_directory(self):
        SHARED.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "shared", SHARED], check=True)
        self._end.callback(subprocess.run, ["umount", "--lazy", SHARED], check=True)

    def _switch_on(self):
        names = "".join(f"{self.address(name)} {name}\n" for name in [sandbox.LOGIN, *self.nodes])
        pathlib.Path("/etc/hosts").write_text("127.0.0.1 localhost\n" + names, encoding="utf-8")
        _ip(f"link add {SWITCH} type bridge", f"address add {LOGIN_ADDRESS}/24 dev {SWITCH}", f"link set {SWITCH} up")
        self._end.callback(_ip, f"link delete {SWITCH}")

    def _plug_in(self, node):
        # The same hardware address after each boot: the others need not notice that it is another device.
        hardware = f"02:00:00:00:00:{self.nodes.index(node) + 1:02x}"
        first = self._first_process(node)
        _ip(f"link add {node} type veth peer name eth0 address {hardware} netns {first}",
            f"link set {node} master {SWITCH} up")
        _ip(f"address add {self.address(node)}/24 dev eth0", "link set eth0 up",
            inside=["nsenter", "-t", str(first), "-n"])

    def _halt(self, node):
        if node in self._unshares:
            self.crash(node)

    def _first_process(self, node):
        if node == sandbox.LOGIN:
            return os.getpid()
        if node not in self._unshares:
            raise AssertionError(f"{node} is not up")
        return _only_child(self._unshares[node].pid)

    def _on(self, node, command, options):
        """Popen's arguments for a command on a node."""
        options = {"cwd": self.shared, "stdin": subprocess.DEVNULL, **options}
        words = list(map(str, command))
        if node != sandbox.LOGIN:
            words = ["nsenter", "-t", str(self._first_process(node)), "-r", "-m", "-n", "-p", "-u", "-i", "--",
                     "env", "-C", str(options.pop("cwd")), *words]
        return {"args": words, **options}


def _only_child(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8"))


def _end_process(process):
    process.kill()
    process.wait()


def _ip(*commands, inside=()):
    subprocess.run([*inside, "ip", "-batch", "-"], input="\n".join(commands) + "\n", text=True, check=True)
