"""One step of a rotation by boto3, as a rotation function of AWS does it.

    publish NAME     a new key, with the label AWSPENDING; prints the id of its version
    activate NAME    moves AWSCURRENT to it
    finish NAME      takes AWSPENDING away from it

Reads AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. No value is
printed.
"""
import os
import secrets
import sys
import uuid

import boto3

step, name = sys.argv[1:]
aws = boto3.client(
    "secretsmanager",
    endpoint_url=os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"],
    region_name=os.environ["AWS_REGION"],
)


def holder(label):
    stages = aws.describe_secret(SecretId=name)["VersionIdsToStages"]
    return next(version for version, labels in stages.items() if label in labels)


if step == "publish":
    made = aws.put_secret_value(
        SecretId=name,
        SecretString="canary-key-" + secrets.token_urlsafe(32),
        ClientRequestToken=str(uuid.uuid4()),
        VersionStages=["AWSPENDING"],
    )
    print(made["VersionId"])
elif step == "activate":
    aws.update_secret_version_stage(
        SecretId=name,
        VersionStage="AWSCURRENT",
        MoveToVersionId=holder("AWSPENDING"),
        RemoveFromVersionId=holder("AWSCURRENT"),
    )
elif step == "finish":
    aws.update_secret_version_stage(
        SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=holder("AWSPENDING")
    )
else:
    sys.exit(f"no such step: {step}")
