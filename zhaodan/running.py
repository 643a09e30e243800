"""What a command is, and how its faults are told: one sentence and exit code 2. 命令的执行"""

import argparse
import sys
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.exc import OperationalError

from models.handbook.reading import HandbookError
from models.jsonl import BadLines
from models.rules.errors import CaseworkError
from models.settings import SettingsError
from processes import StartError, Stopped

FAULT = 2  # the exit code of a start that cannot be


class Command(NamedTuple):
    """A command: what it does, and what it may be told. 命令"""

    run: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None


def carried_out(options: argparse.Namespace) -> int:
    """Run the command that was called; its exit code."""
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (SettingsError, StartError, CaseworkError, HandbookError, BadLines) as fault:
        print(fault, file=sys.stderr)
        return FAULT
    except OperationalError as fault:
        print(f"The register cannot be opened: {str(fault.orig).splitlines()[0]}.", file=sys.stderr)
        return FAULT
    except (KeyboardInterrupt, Stopped):
        return 130
