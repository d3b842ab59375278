"""Serves ministack on a free port of 127.0.0.1, which it prints.

Arguments: access key id, secret access key. Not by its own `main`, which leaves a file in the temporary
folder when it is killed and cannot choose a port.
"""

import asyncio
import os
import sys

# Read when it is imported.
os.environ.update(
    # Refuses unknown keys and enforces IAM policies; it does not check signatures.
    AUTH="true",
    AWS_ACCESS_KEY_ID=sys.argv[1],
    AWS_SECRET_ACCESS_KEY=sys.argv[2],
    SERVICES="secretsmanager,kms,sts,iam",
    # Or it listens on a port of every interface.
    IOT_MTLS_ENABLED="0",
    SFTP_ENABLED="0",
    # Or it removes containers, those of another ministack too.
    DOCKER_HOST="unix:///nonexistent",
)

from hypercorn.asyncio import serve
from hypercorn.config import Config

from ministack.app import app

config = Config()
config.bind = ["127.0.0.1:0"]
asyncio.run(serve(app, config))
