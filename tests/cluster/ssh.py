"""ssh from every machine of a cluster to every other, without a question, as a site's administrator sets it up."""

import os
import pathlib
import subprocess

import nodes

# The administrator's settings, in the place of /etc/ssh/ssh_config; keys are on the shared file system.
CLIENT = """
Host *
  IdentityFile {keys}/user
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
"""

SERVER = """
HostKey {keys}/host
AuthorizedKeysFile {keys}/user.pub
PidFile /run/sshd.pid
PermitRootLogin yes
StrictModes no
UsePAM no
"""


class Ssh(nodes.Service):
    """sshd on each node."""

    def prepare(self, cluster):
        self._keys = cluster.shared / ".ssh"
        self._keys.mkdir()
        for key in ("user", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._keys / key], check=True)
        for name, text in (("ssh_config", CLIENT), ("sshd_config", SERVER)):
            (self._keys / name).write_text(text.format(keys=self._keys), encoding="utf-8")
        cluster.bind(self._keys / "ssh_config", "/etc/ssh/ssh_config")
        self._hide_users_own_settings(cluster)

    def boot(self, cluster, node):
        cluster.run(node, "mkdir", "-p", "/run/sshd")
        cluster.run(node, "/usr/sbin/sshd", "-f", self._keys / "sshd_config")

    def _hide_users_own_settings(self, cluster):
        settings = pathlib.Path(os.path.expanduser("~root/.ssh"))
        if settings.is_dir():
            (self._keys / "none").mkdir()
            cluster.bind(self._keys / "none", settings)
