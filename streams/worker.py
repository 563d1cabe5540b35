"""One worker of one stage: `python -m streams.worker STAGE`, one of `streams.settings.STAGES`."""

from __future__ import annotations

import importlib
import logging
import sys

import faust

from streams.app import make_app
from streams.settings import STAGES, from_environment


def main(arguments: list[str]) -> int:
    """Run the stage that `arguments` names until it is told to stop.  Returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in STAGES:
        sys.stderr.write(f"usage: python -m streams.worker {'|'.join(STAGES)}\n")
        return 2
    stage = arguments[0]
    settings = from_environment()
    app = make_app(stage, settings)
    importlib.import_module(f"streams.agents.{stage}").attach(app, settings)
    faust.Worker(app, loglevel=logging.INFO, redirect_stdouts=False).execute_from_commandline()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
