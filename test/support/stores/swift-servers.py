"""Runs the four servers of OpenStack Swift in one folder, until the process that started it ends.

swift-servers.py FOLDER ADDRESS: the folder has the configuration (written by swift.ts).
"""
import ctypes
import os
import signal
import sys

from swift.common import utils

folder, address = sys.argv[1:3]
# Swift's own commands always read /etc/swift/swift.conf. This call reads ours, and leaves that one untouched.
utils.set_swift_dir(folder)

# Imported before the fork, so that it happens once and not four times.
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import run_wsgi  # noqa: E402
import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server  # noqa: E402, E401
import swift.common.middleware.s3api.s3api, swift.common.middleware.tempauth  # noqa: E402, E401

SERVERS = {'account': 6202, 'container': 6201, 'object': 6200, 'proxy': 8080}
PR_SET_PDEATHSIG = 1


def write_rings():
    """One device holds everything."""
    for name in ('account', 'container', 'object'):
        builder = RingBuilder(4, 1, 0)
        builder.add_dev({'region': 1, 'zone': 1, 'ip': address, 'port': SERVERS[name], 'device': 'd1', 'weight': 1})
        builder.rebalance()
        builder.get_ring().save(os.path.join(folder, name + '.ring.gz'))


def end_with_parent(parent):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


write_rings()
me = os.getpid()
children = set()
for server in SERVERS:
    child = os.fork()
    if child == 0:
        end_with_parent(me)
        os._exit(run_wsgi(os.path.join(folder, server + '.conf'), server + '-server', verbose=True))
    children.add(child)
# A server that ends is an error, and ends all: the others end with this process.
os.wait()
sys.exit(1)
