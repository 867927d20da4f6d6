"""`python -m needlepoint` is the command `needlepoint`."""

from needlepoint.cli import main

if __name__ == "__main__":
    main()
