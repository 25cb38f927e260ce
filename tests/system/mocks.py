"""mocks.py HOST FOLDER TOKEN STATE - GitHub's API and git over HTTP, for a cluster elsewhere.

FOLDER/OWNER/NAME.git are the repositories.  What it knows is written to STATE, one JSON object:
`api` and `git`, where it is; `checks` and `comments`, what was made there.
"""
import json
import os
import pathlib
import sys
import time

from mock_git import Git
from mock_github import GitHub


def main():
    host, folder, token, state = sys.argv[1:]
    repos = {str(path.relative_to(folder))[:-len(".git")]
             for path in pathlib.Path(folder).glob("*/*.git")}
    with GitHub(token, repos, host) as github, Git(folder, token, host) as git:
        written = None
        while True:
            known = json.dumps({"api": github.url, "git": git.url,
                                "checks": list(github.checks.values()),
                                "comments": list(github.comments.values())})
            if known != written:
                pathlib.Path(state + ".new").write_text(known)
                os.replace(state + ".new", state)
                written = known
            time.sleep(0.1)


if __name__ == "__main__":
    main()
