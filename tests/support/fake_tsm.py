#!/usr/bin/env python3
"""A stand-in for configfs-tsm: watches DIR and answers in the entries that a tool makes there.

Usage: fake_tsm.py DIR (--report FILE [--table FILE] | --command CMD...) [--provider NAME] [--wrong-generation]

--report: a report of 1184 bytes or, for the provider tdx_guest, a quote of version 4; the report data that was asked for is put
into it (its signature then no longer fits). --command: run with the report data in hexadecimal as last argument and the path of
a new folder before it, where it leaves outblob and, if it likes, auxblob. As in the kernel, tdx_guest has neither privlevel nor
auxblob. Attributes are FIFOs, so that readers wait as they do in the kernel. Prints "ready" when it
watches, one line per answered entry, and ends when its standard input is closed.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

REPORT_DATA = {"sev_guest": 0x50, "tdx_guest": 48 + 520}


def answer_of(options, asked):
    if options.command:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([*options.command, folder, asked.hex()], check=True)
            table = pathlib.Path(folder, "auxblob")
            return pathlib.Path(folder, "outblob").read_bytes(), table.read_bytes() if table.exists() else b""
    report = bytearray(pathlib.Path(options.report).read_bytes())
    at = REPORT_DATA.get(options.provider, 0)
    report[at:at + 64] = asked
    return bytes(report), pathlib.Path(options.table).read_bytes() if options.table else b""


class Entry:
    """One directory below the watched one, from its creation to its removal."""

    def __init__(self, path, options):
        self.path, self.options = path, options
        self.writes, self.asked, self.gone = 0, b"", False
        self.lock = threading.Condition()
        # Both opened for reading by one thread: when the report data is there, an earlier privilege level is there as well.
        self.inputs = []
        snp = options.provider == "sev_guest"
        for name in ("privlevel", "inblob") if snp else ("inblob",):
            os.mkfifo(self.path / name)
            self.inputs.insert(0, os.open(self.path / name, os.O_RDONLY | os.O_NONBLOCK))
        threading.Thread(target=self.take, daemon=True).start()
        self.start("generation", lambda name: self.give(name, self.generation))
        self.start("outblob", lambda name: self.give(name, lambda: self.answer()[0]))
        if snp:
            self.start("auxblob", lambda name: self.give(name, lambda: self.answer()[1]))
        # Last: it is what a reader asks for first.
        self.start("provider", lambda name: self.give(name, lambda: options.provider.encode() + b"\n"))

    def place(self, name):
        os.mkfifo(self.path / f".{name}")
        os.rename(self.path / f".{name}", self.path / name)

    def start(self, name, serve):
        self.place(name)
        threading.Thread(target=self.loop, args=(name, serve), daemon=True).start()

    def loop(self, name, serve):
        while not self.gone:
            try:
                serve(name)
            except (FileNotFoundError, BrokenPipeError):
                return

    def take(self):
        while not self.gone:
            asked = self.waiting(self.inputs[0])            # first this one, then what was written before it
            level = self.waiting(self.inputs[1]) if self.inputs[1:] else b""
            if asked or level:
                with self.lock:
                    self.writes += bool(level) + bool(asked)
                    self.asked = asked or self.asked
                    self.lock.notify_all()
            time.sleep(0.001)
        for fifo in self.inputs:
            os.close(fifo)

    @staticmethod
    def waiting(fifo):
        try:
            return os.read(fifo, 4096)
        except BlockingIOError:
            return b""

    def give(self, name, value):
        fifo = os.open(self.path / name, os.O_WRONLY)       # waits for a reader
        if self.gone:
            return os.close(fifo)
        self.place(name)                                    # the next reader gets a FIFO of its own
        try:
            data = value()
            while data:
                data = data[os.write(fifo, data):]
        finally:
            os.close(fifo)
        self.served(name)

    def settle(self):
        with self.lock:                                     # the write reached us a moment after the writer went on
            self.lock.wait_for(lambda: self.asked, timeout=1)

    def generation(self):
        self.settle()
        return b"%d\n" % (self.writes + (1 if self.options.wrong_generation else 0))

    def answer(self):
        self.settle()
        return answer_of(self.options, self.asked)

    def served(self, name):
        if name == "generation":
            self.generations = getattr(self, "generations", 0) + 1
            if self.generations == 2 or self.options.wrong_generation:
                self.remove()

    def remove(self):
        self.gone = True
        for child in list(self.path.iterdir()):
            child.unlink(missing_ok=True)
        print("answered", self.path.name, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--report")
    parser.add_argument("--table")
    parser.add_argument("--provider", default="sev_guest")
    parser.add_argument("--wrong-generation", action="store_true")
    parser.add_argument("--command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if bool(options.report) == bool(options.command):
        parser.error("give either --report or --command")
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print("ready", flush=True)
    known = set()
    while not ended.is_set() and options.directory.is_dir():
        for path in options.directory.iterdir():
            if path.name not in known and path.is_dir():
                known.add(path.name)
                Entry(path, options)
        time.sleep(0.001)
    os._exit(0)                                             # threads may wait in open()


if __name__ == "__main__":
    main()
