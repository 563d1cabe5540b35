"""Writes the bundles and the pictures of the dashboards' layout.

python -m deploy.kibana           write them
python -m deploy.kibana --check   exit 1 and name the files that are not current
"""

from __future__ import annotations

import sys

from deploy.kibana import bundle

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments not in ([], ["--check"]):
        sys.exit("usage: python -m deploy.kibana [--check]")
    stale = [path for path, text in bundle.files().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if not arguments:
            path.write_text(bundle.files()[path], encoding="utf-8")
        print(f"{'not current: ' if arguments else 'wrote '}{path.name}")
    sys.exit(1 if arguments and stale else 0)
