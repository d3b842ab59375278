"""Serves moto on a free port of 127.0.0.1, which it prints."""

from moto.server import main

main(["--host", "127.0.0.1", "--port", "0"])
