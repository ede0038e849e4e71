"""Child processes, each with a time limit and its CPU as the kernel counted it."""

import json
import os
import resource
import subprocess
import threading
import time

TIMEOUT = 90


class Failed(Exception):
    """A measurement that came to nothing, in words."""


def raise_descriptors():
    """Lets children open as many files as this machine allows; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def run(command, feed=None):
    """Runs a command to its end; its output, its CPU seconds, its wall seconds."""
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    watchdog = threading.Timer(TIMEOUT, child.kill)
    watchdog.start()
    try:
        if feed:
            child.stdin.write(feed.encode())
            child.stdin.close()
        output = child.stdout.read()
    finally:
        watchdog.cancel()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return output.decode(), usage.ru_utime + usage.ru_stime, time.monotonic() - began


def told(command, feed=None):
    """Runs a command that measures itself; what it printed, as JSON."""
    output, _, _ = run(command, feed)
    try:
        return json.loads(output)
    except ValueError:
        raise Failed(f"{os.path.basename(command[0])} said nothing of use") from None


class Server:
    """Cameras in a process of their own, which ends with its standard input."""

    def __init__(self, command):
        self.name = os.path.basename(command[0])
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(1)
        if self.child.poll() is not None:
            raise Failed(f"{self.name} does not start")

    def end(self):
        """What it said, once it has ended."""
        watchdog = threading.Timer(10, self.child.kill)
        watchdog.start()
        try:
            return self.child.communicate()[0].decode()
        finally:
            watchdog.cancel()
