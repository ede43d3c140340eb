"""`python -m dashboard` is `callscope`."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its code."""
    from dashboard.cli.main import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
