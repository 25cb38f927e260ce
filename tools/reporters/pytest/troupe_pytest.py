"""Runs the project's pytest and tells the host what happens, a JSON object a line on descriptor 3.

    python troupe_pytest.py --troupe-list|FILES.json [arguments of pytest]

FILES.json holds the test files to run, absolute.
"""
import collections
import json
import os
import sys

# Where this file lies is no place to import from; `pytest` itself has none either.
sys.path.pop(0)

import pytest  # noqa: E402

FD = 3
MESSAGE_MAX = 32768  # the host cuts it again, by bytes


class Troupe:
    def __init__(self, wanted):
        self.wanted = wanted  # None: only list
        self.pid = os.getpid()
        self.filters = False
        self.files = {}  # nodeid -> file
        self.left = collections.Counter()  # file -> tests that have not ended
        self.begun = set()
        self.broken = {}  # name of a file -> texts of its collection's errors
        self.collected = set()  # names of files; a collection may be broken off
        self.reports = []  # of the test that runs

    def send(self, ev, **fields):
        # A test may fork, and its child come to an end here.
        if os.getpid() == self.pid:
            data = json.dumps({"ev": ev, **fields}).encode() + b"\n"
            while data:
                data = data[os.write(FD, data):]

    # ---- which files ----

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        if self.wanted is None:
            return
        # Only now, so that they decide neither the root nor the configuration.  An argument cannot
        # name some files; among those that are found without arguments they can be told.
        self.filters = any("[" in file or "::" in file for file in self.wanted)
        if not self.filters:
            config.args = list(self.wanted)

    def pytest_ignore_collect(self, collection_path):
        if self.filters and not collection_path.is_dir() and str(collection_path) not in self.wanted:
            return True
        return None

    def pytest_collectstart(self, collector):
        if isinstance(collector, pytest.File):
            self.send("loading", path=str(collector.path))

    def pytest_collectreport(self, report):
        name, inside, _ = report.nodeid.partition("::")
        if not inside:
            self.collected.add(name)
            self.send("loaded")
        if report.failed:
            self.broken.setdefault(name, []).append(text_of(report))

    def pytest_collection_finish(self, session):
        root = session.config.rootpath
        for item in session.items:
            self.files[item.nodeid] = str(item.path)
            self.left[str(item.path)] += 1
        broken = {str(root / name): texts for name, texts in self.broken.items()}
        if self.wanted is None:
            for file in {*self.left, *(name for name in broken if os.path.isfile(name))}:
                self.send("file", path=file)
            return
        for file, texts in broken.items():
            self.send("error", path=file, message="\n\n".join(texts)[:MESSAGE_MAX])
        for file in self.wanted:
            if not self.left[file] and os.path.relpath(file, root) in self.collected:
                self.send("end", path=file)

    # ---- tests ----

    def pytest_runtest_logstart(self, nodeid):
        self.reports = []
        file = self.files.get(nodeid)
        if file and file not in self.begun:
            self.begun.add(file)
            self.send("collected", path=file, tests=self.left[file])
        elif file:
            self.send("start", path=file)

    def pytest_runtest_logreport(self, report):
        if report.outcome == "rerun":
            self.reports = []
        else:
            self.reports.append(report)

    def pytest_runtest_logfinish(self, nodeid):
        file = self.files.get(nodeid)
        status, failure = judge(self.reports)
        if not file or not status:
            return
        fields = {"duration_ms": sum(report.duration for report in self.reports) * 1000}
        if failure:
            fields.update(message=text_of(failure)[:MESSAGE_MAX], **place_of(failure, file))
        self.send("test", path=file, name=name_of(nodeid), status=status, **fields)
        self.left[file] -= 1
        if self.left[file] == 0:
            self.send("end", path=file)

    def pytest_internalerror(self, excrepr):
        self.send("error", message=str(excrepr)[:MESSAGE_MAX])


def judge(reports):
    """What a test came to by its set-up, its call and its teardown, and the report that says why."""
    for report in reports:
        if report.failed:
            return "failed", report
    if any(report.skipped for report in reports):  # expected failures, too, as in pytest's JUnit
        return "skipped", None
    return ("passed" if any(report.when == "call" for report in reports) else None), None


def name_of(nodeid):
    # What a parameter contains is no separator.
    head, bracket, parameters = nodeid.partition("[")
    if "::" not in head:  # the name of the file has a bracket
        head, bracket, parameters = nodeid, "", ""
    _, *parts = head.split("::")
    return " > ".join(parts) + bracket + parameters if parts else os.path.basename(nodeid)


def text_of(report):
    return report.longreprtext or "failed without a text"


def place_of(report, file):
    """The last line of the test file on the stack, else where it was raised."""
    traceback = getattr(report.longrepr, "reprtraceback", None)
    places = [entry.reprfileloc for entry in getattr(traceback, "reprentries", [])
              if getattr(entry, "reprfileloc", None)]
    places = [(os.path.abspath(place.path), place.lineno) for place in places]
    own = [place for place in places if place[0] == file]
    if not places:
        return {}
    path, line = (own or places)[-1]
    return {"line": line, "at": None if path == file else path}


def main():
    wanted = None
    if sys.argv[1] != "--troupe-list":
        with open(sys.argv[1], encoding="utf-8") as file:
            wanted = dict.fromkeys(json.load(file))
    return pytest.main(sys.argv[2:], plugins=[Troupe(wanted)])


if __name__ == "__main__":
    sys.exit(main())
