"""The processes of Needlepoint: their settings, entry points and command line."""
