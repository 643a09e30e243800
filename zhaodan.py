"""zhaodan: the command line."""


def main() -> int:
    return 0
