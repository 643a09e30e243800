"""照单: the command line. A command imports what it needs when it is called, and nothing before. 命令行

zhaodan up [--demo]          start the system and stay up
zhaodan demo [r2|r5|r1|r3|r4|r7]  carry a real case from intake to archive over HTTP
zhaodan migrate              bring the register to the newest schema
zhaodan people FILE          load organs, people and roles; prints one-time passwords
zhaodan token USERNAME       issue a bearer token for a program
zhaodan verify [FILE]        walk every event chain, or hold a paper or dossier against the register and its
                             signature; exit code 1 at a broken link or a changed byte
zhaodan verify FILE --signature FILE.p7s [--signer F]
                             hold a file against its signature; needs no register
zhaodan export CASE [-o F]   write the dossier of a case into a file that can be checked without us
zhaodan import-check FILE    check every hash, the chain and the manifest of a dossier; needs no register
zhaodan replay CASE          rebuild a decision from edition, facts and votes; exit code 1 if it differs
zhaodan differences          how often legal reviewers followed the machine, clause by clause
zhaodan seal-key             the public key with which others check certificates of dissent
zhaodan verify-certificate FILE [--key K]
                             hold a certificate against a public key; needs no register
zhaodan shadow FOLDER [--edition ID]
                             decided cases once more under a changed edition; writes nothing
zhaodan retry-notices        send again what a channel refused
zhaodan match FILE [--out F] propose facts, gates and clauses for narratives, one JSON object a line
zhaodan match --score FILE   how good the proposals are on labelled narratives, beside simple baselines
zhaodan clock FILE [--out F] when periods end and how that was computed, one JSON object a line
zhaodan holidays [FILE]      load a year's holiday notice and compute open periods anew; without it, what is known
zhaodan settings [--write F] the settings table, or write it into a file
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple


class Entry(NamedTuple):
    """Where a command is found, and what it is for. 命令"""

    module: str  # of this package; its COMMANDS says how the command is run
    help: str


INDEX: Mapping[str, Entry] = {
    "up": Entry("starting", "start the system and stay up"),
    "demo": Entry("starting", "carry a real case over HTTP"),
    "migrate": Entry("people", "bring the register to the newest schema"),
    "people": Entry("people", "load organs, people, roles and channels"),
    "token": Entry("people", "issue a bearer token"),
    "verify": Entry("verifying", "walk every event chain, or check a file"),
    "export": Entry("dossiers", "write the dossier of a case into a file"),
    "import-check": Entry("dossiers", "check a dossier that came in"),
    "replay": Entry("decided", "rebuild a signed decision"),
    "seal-key": Entry("certifying", "the public key of certificates"),
    "verify-certificate": Entry("certifying", "check a certificate of dissent"),
    "differences": Entry("decided", "legal review beside what was proposed"),
    "shadow": Entry("decided", "decided cases under a changed edition"),
    "retry-notices": Entry("notices", "send again what a channel refused"),
    "match": Entry("matching", "propose facts, gates and clauses for narratives"),
    "clock": Entry("periods", "when periods end, and why"),
    "holidays": Entry("periods", "load a year's holiday notice"),
    "settings": Entry("tables", "the settings table"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Faults of the start are one sentence and exit code 2."""
    words = sys.argv[1:] if arguments is None else arguments
    options = _parser(words[0] if words else "").parse_args(words)
    return int(import_module("zhaodan.running").carried_out(options))


def _parser(called: str) -> argparse.ArgumentParser:
    """The parser of every command by name; only the one that is called says what it may be told."""
    parser = argparse.ArgumentParser(prog="zhaodan", description="尽职照单免责、失职照单问责")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, entry in INDEX.items():
        added = commands.add_parser(name, help=entry.help)
        if name == called:
            command = import_module(f"zhaodan.{entry.module}").COMMANDS[name]
            command.arguments(added)
            added.set_defaults(run=command.run)
    return parser
