"""A test run that is killed: prints the process id of its server first."""

import os
import signal

from mock_imds import Imds

print(Imds().pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
