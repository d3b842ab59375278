#!/usr/bin/env python3
"""Runs the core of the conformance cases with boto3, the official client, against a server on loopback.

    boto3_core.py [CASE]...        all cases, or these

Reads AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Names begin
with STRONGROOM_PREFIX (default `boto3-core`), under which there must be nothing yet. Case 62 reads
`DescribeSecret`, which no other case does, and expects STRONGROOM_THROTTLED retries (default 0): the server is
told before to throttle that many calls.

Prints `ok N` for each case, and ends with status 1 at the first that fails. No value is printed.
"""
import os
import sys
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STRONGROOM_PREFIX", "boto3-core")
ENDPOINT = os.environ["AWS_ENDPOINT_URL_SECRETS_MANAGER"]
TEXT = ' canary "\u00fc\u00e9\u4e2d" \\ \t\r\n'
BYTES = bytes(range(256))


def client(**retries):
    config = Config(connect_timeout=5, read_timeout=5, retries=retries or {"total_max_attempts": 1})
    return boto3.client(
        "secretsmanager",
        endpoint_url=ENDPOINT,
        region_name=os.environ["AWS_REGION"],
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        config=config,
    )


def name(case, text="secret"):
    return f"{PREFIX}/{case}/{text}"


def refusal(call, **members):
    """The code of the error that a call ends with."""
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("the call succeeded")


def case_1(aws):
    """A stored value comes back exactly, by name and by ARN, with the id of its version."""
    for text, member, value in [("text", "SecretString", TEXT), ("binary", "SecretBinary", BYTES)]:
        made = aws.create_secret(Name=name(1, text), **{member: value})
        for secret in (made["Name"], made["ARN"], made["ARN"][:-7]):
            read = aws.get_secret_value(SecretId=secret)
            assert read[member] == value
            assert (read["VersionId"], read["ARN"]) == (made["VersionId"], made["ARN"])
            assert read["VersionStages"] == ["AWSCURRENT"]


def case_7(aws):
    """What is not there is not found, and so is a secret without a value."""
    code = "ResourceNotFoundException"
    assert refusal(aws.get_secret_value, SecretId=name(7, "absent")) == code
    aws.create_secret(Name=name(7, "empty"))
    assert refusal(aws.get_secret_value, SecretId=name(7, "empty")) == code


def case_13(aws):
    """A list of many pages has every name once, and only those that begin so."""
    made = sorted(aws.create_secret(Name=name(13, f"item-{i}"), SecretString="canary")["Name"] for i in range(7))
    aws.create_secret(Name=name("other-13"), SecretString="canary")
    filters = [{"Key": "name", "Values": [name(13, "item")]}]
    pages = list(aws.get_paginator("list_secrets").paginate(Filters=filters, PaginationConfig={"PageSize": 3}))
    assert [len(page["SecretList"]) for page in pages] == [3, 3, 1]
    assert sorted(found["Name"] for page in pages for found in page["SecretList"]) == made


def case_19(aws):
    """Of two versions, the second is read."""
    aws.create_secret(Name=name(19), SecretString="canary-1")
    second = aws.put_secret_value(SecretId=name(19), SecretString="canary-2")
    read = aws.get_secret_value(SecretId=name(19))
    assert (read["SecretString"], read["VersionId"]) == ("canary-2", second["VersionId"])


def case_20(aws):
    """Of two versions, the first is read by its id."""
    first = aws.create_secret(Name=name(20), SecretString="canary-1")
    aws.put_secret_value(SecretId=name(20), SecretString="canary-2")
    read = aws.get_secret_value(SecretId=name(20), VersionId=first["VersionId"])
    assert (read["SecretString"], read["VersionStages"]) == ("canary-1", ["AWSPREVIOUS"])


def promoted(aws, case):
    """Makes a secret whose pending version was promoted, and gives the ids of both."""
    first = aws.create_secret(Name=name(case), SecretString="canary-1")["VersionId"]
    token = str(uuid.uuid4())
    second = aws.put_secret_value(
        SecretId=name(case), SecretString="canary-2", ClientRequestToken=token, VersionStages=["AWSPENDING"]
    )["VersionId"]
    assert second == token
    pending = aws.get_secret_value(SecretId=name(case), VersionStage="AWSPENDING")
    assert pending["SecretString"] == "canary-2"
    assert aws.get_secret_value(SecretId=name(case))["SecretString"] == "canary-1"
    move = {"SecretId": name(case), "VersionStage": "AWSCURRENT", "MoveToVersionId": second}
    assert refusal(aws.update_secret_version_stage, **move) == "InvalidParameterException"
    aws.update_secret_version_stage(**move, RemoveFromVersionId=first)
    return first, second


def case_31(aws):
    """After a pending version was promoted, it is what a read without a label gives."""
    _, second = promoted(aws, 31)
    read = aws.get_secret_value(SecretId=name(31))
    assert (read["SecretString"], read["VersionId"]) == ("canary-2", second)


def case_32(aws):
    """After a promotion, AWSPREVIOUS is the value from before."""
    first, second = promoted(aws, 32)
    read = aws.get_secret_value(SecretId=name(32), VersionStage="AWSPREVIOUS")
    assert (read["SecretString"], read["VersionId"]) == ("canary-1", first)
    versions = aws.list_secret_version_ids(SecretId=name(32))["Versions"]
    stages = {version["VersionId"]: sorted(version["VersionStages"]) for version in versions}
    assert stages == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT", "AWSPENDING"]}


def case_62(aws):
    """Throttled calls are tried again, though their status is 400."""
    aws.create_secret(Name=name(62), SecretString="canary")
    patient = client(mode="standard", total_max_attempts=5)
    told = patient.describe_secret(SecretId=name(62))
    assert told["Name"] == name(62)
    assert told["ResponseMetadata"]["RetryAttempts"] == int(os.environ.get("STRONGROOM_THROTTLED", "0"))


CASES = {
    "1": case_1,
    "7": case_7,
    "13": case_13,
    "19": case_19,
    "20": case_20,
    "31": case_31,
    "32": case_32,
    "62": case_62,
}


def main():
    host = ENDPOINT.partition("://")[2].partition(":")[0]
    if host not in ("127.0.0.1", "localhost"):
        sys.exit("loopback endpoints only")
    aws = client()
    for case in sys.argv[1:] or CASES:
        try:
            CASES[case](aws)
        except Exception as error:  # The traceback names the line; a message could hold a value.
            line = error.__traceback__
            while line.tb_next and line.tb_next.tb_frame.f_code.co_filename == __file__:
                line = line.tb_next
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
            sys.exit(f"failed {case}: {type(error).__name__} {code} in line {line.tb_lineno}")
        print(f"ok {case}", flush=True)


if __name__ == "__main__":
    main()
