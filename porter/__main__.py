"""`python -m porter`: the same as the `porter` command."""

from porter.cli import main

main()
