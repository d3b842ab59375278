#!/usr/bin/env python3
"""Runs the core of the conformance cases with azure-keyvault-secrets and azure-identity, the official clients,
against a server on loopback, over TLS.

    azure_core.py [CASE]...        all cases, or these

Reads AZURE_KEY_VAULT_URL, AZURE_AUTHORITY_HOST and STRONGROOM_CA_FILE, and what STRONGROOM_CREDENTIAL needs:

    client_secret (default)        AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
    workload_identity              AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE
    managed_identity               AZURE_POD_IDENTITY_AUTHORITY_HOST, or IDENTITY_ENDPOINT and IDENTITY_HEADER;
                                   AZURE_MANAGED_IDENTITY_CLIENT_ID for one that is assigned by the user

The challenge's resource is not verified, as no vault's is on loopback, unless STRONGROOM_VERIFY is 1: then
AZURE_KEY_VAULT_URL may name any host, and all that is for it goes to the address of AZURE_AUTHORITY_HOST.

Names begin with STRONGROOM_PREFIX (default `azure-core`), under which there must be nothing yet. Case 60 reads
the latest of PREFIX--60, which no other case does, and expects STRONGROOM_THROTTLED refusals (default 0): the
server is told before to answer that many reads with 429 and Retry-After.

Prints `ok N` for each case, and ends with status 1 at the first that fails. No value is printed.
"""
import os
import re
import sys
import time
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import (
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.keyvault.secrets import SecretClient

PREFIX = os.environ.get("STRONGROOM_PREFIX", "azure-core")
VAULT = os.environ["AZURE_KEY_VAULT_URL"]
AUTHORITY = os.environ["AZURE_AUTHORITY_HOST"]
CA_FILE = os.environ["STRONGROOM_CA_FILE"]
CREDENTIAL = os.environ.get("STRONGROOM_CREDENTIAL", "client_secret")
VERIFY = os.environ.get("STRONGROOM_VERIFY") == "1"
TEXT = ' canary "\u00fc\u00e9\u4e2d" \\ \t\r\n'


class ToLoopback(RequestsTransport):
    """Connects to AUTHORITY in place of the vault, and tells it which host was asked for.

    The certificate is that of the address.
    """

    def send(self, request, **options):
        asked = urlsplit(request.url)
        if asked.netloc != urlsplit(VAULT).netloc:
            raise AssertionError("the client asks another host than the vault")
        request.headers["Host"] = asked.netloc
        request.url = asked._replace(netloc=urlsplit(AUTHORITY).netloc).geturl()
        try:
            return super().send(request, **options)
        finally:
            # A challenge is compared with the host that was asked for.
            request.url = asked.geturl()


def client(credential, **options):
    connection = {"connection_timeout": 5, "read_timeout": 5, "connection_verify": CA_FILE}
    options = {"retry_total": 0, "verify_challenge_resource": VERIFY, **connection, **options}
    if VERIFY:
        # A transport that is handed over has to know these itself.
        options["transport"] = ToLoopback(**connection)
    return SecretClient(VAULT, credential, **options)


ENTRA = {"authority": AUTHORITY, "disable_instance_discovery": True, "connection_verify": CA_FILE}


def credential():
    if CREDENTIAL == "client_secret":
        return ClientSecretCredential(*application(), os.environ["AZURE_CLIENT_SECRET"], **ENTRA)
    if CREDENTIAL == "workload_identity":
        tenant, application_id = application()
        file = os.environ["AZURE_FEDERATED_TOKEN_FILE"]
        return WorkloadIdentityCredential(
            tenant_id=tenant, client_id=application_id, token_file_path=file, **ENTRA
        )
    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_MANAGED_IDENTITY_CLIENT_ID"))


def wrong_credential():
    """A credential of the same sort, of which one thing is wrong."""
    if CREDENTIAL == "client_secret":
        return ClientSecretCredential(*application(), "canary-wrong", **ENTRA)
    if CREDENTIAL == "workload_identity":
        return ClientAssertionCredential(*application(), lambda: "canary-wrong", **ENTRA)
    return ManagedIdentityCredential(client_id="00000000-0000-0000-0000-0000000000ff")


def application():
    return os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]


class UnknownToken:
    """A credential whose token nobody issued."""

    def get_token(self, *_scopes, **_options):
        return AccessToken("canary-unknown-token", int(time.time()) + 3600)


def name(case, text=None):
    return "--".join([PREFIX, str(case)] + ([text] if text else []))


def refusal(kind, call, *arguments):
    """The status, the code and the inner code of the error of this kind that a call ends with."""
    try:
        call(*arguments)
    except kind as error:
        return codes(error)
    raise AssertionError("the call succeeded")


def codes(error):
    told = getattr(error, "error", None)
    inner = told and told.innererror or {}
    return getattr(error, "status_code", None), told and told.code, inner.get("code")


def case_1(azure):
    """A stored value comes back exactly, by name and by version, with the id of its version."""
    made = azure.set_secret(name(1), TEXT, content_type="text/plain", tags={"team": "canary"})
    for version in (None, made.properties.version):
        read = azure.get_secret(name(1), version)
        assert read.value == TEXT
        assert (read.name, read.id) == (name(1), made.id)
        of = read.properties
        assert of.version == made.properties.version and re.fullmatch("[0-9a-f]{32}", of.version)
        assert (of.vault_url, of.enabled) == (VAULT.rstrip("/"), True)
        assert (of.content_type, of.tags) == ("text/plain", {"team": "canary"})
        assert of.created_on and of.updated_on and of.recoverable_days


def case_7(azure):
    """What is not there is not found: no such name, and no such version of one that is there."""
    absent = (404, "SecretNotFound", None)
    assert refusal(ResourceNotFoundError, azure.get_secret, name(7, "absent")) == absent
    azure.set_secret(name(7, "present"), "canary")
    assert refusal(ResourceNotFoundError, azure.get_secret, name(7, "present"), "0" * 32) == absent


def case_13(azure):
    """A list of many pages has every name once, without its value."""
    made = [azure.set_secret(name(13, f"item-{i}"), "canary").name for i in range(7)]
    pages = [list(page) for page in azure.list_properties_of_secrets(max_page_size=3).by_page()]
    assert len(pages) >= 3 and all(len(page) <= 3 for page in pages)
    listed = [found.name for page in pages for found in page]
    assert sorted(found for found in listed if found.startswith(name(13))) == made
    assert len(listed) == len(set(listed))
    assert all(found.version is None and found.enabled for page in pages for found in page)


def two_versions(azure, case):
    first = azure.set_secret(name(case), "canary-1").properties.version
    second = azure.set_secret(name(case), "canary-2").properties.version
    assert first != second
    return first, second


def case_19(azure):
    """Of two versions, the second is read."""
    _, second = two_versions(azure, 19)
    read = azure.get_secret(name(19))
    assert (read.value, read.properties.version) == ("canary-2", second)


def case_20(azure):
    """Of two versions, the first is read by its id. A list has both, a page each."""
    first, second = two_versions(azure, 20)
    read = azure.get_secret(name(20), first)
    assert (read.value, read.properties.version) == ("canary-1", first)
    versions = azure.list_properties_of_secret_versions(name(20), max_page_size=1)
    assert sorted(found.version for found in versions) == sorted([first, second])


def case_24(azure):
    """A disabled version is forbidden with an inner code of its own, by name and by version, until it is enabled."""
    version = azure.set_secret(name(24), "canary").properties.version
    assert azure.update_secret_properties(name(24), enabled=False).enabled is False
    disabled = (403, "Forbidden", "SecretDisabled")
    assert refusal(HttpResponseError, azure.get_secret, name(24)) == disabled
    assert refusal(HttpResponseError, azure.get_secret, name(24), version) == disabled
    azure.update_secret_properties(name(24), version, enabled=True)
    assert azure.get_secret(name(24)).value == "canary"


def case_41(_):
    """A wrong credential is refused where the token comes from, and a wrong token by the vault."""
    with client(wrong_credential()) as azure:
        refusal(ClientAuthenticationError, azure.get_secret, name(41))
    with client(UnknownToken()) as azure:
        status, code, _inner = refusal(ClientAuthenticationError, azure.get_secret, name(41))
        assert (status, code) == (401, "Unauthorized")


def case_60(_):
    """A throttled read is tried again, each time after what Retry-After says."""
    answers = []
    with client(credential(), retry_total=5) as azure:
        azure.set_secret(name(60), "canary")
        begun = time.monotonic()
        read = azure.get_secret(name(60), raw_response_hook=lambda it: answers.append(it.http_response))
        took = time.monotonic() - begun
    assert read.value == "canary"
    throttled = int(os.environ.get("STRONGROOM_THROTTLED", "0"))
    assert [answer.status_code for answer in answers] == [429] * throttled + [200]
    waits = [int(answer.headers["Retry-After"]) for answer in answers[:-1]]
    assert all(wait > 0 for wait in waits) and took >= sum(waits)


CASES = {
    "1": case_1,
    "7": case_7,
    "13": case_13,
    "19": case_19,
    "20": case_20,
    "24": case_24,
    "41": case_41,
    "60": case_60,
}


def refuse_other_hosts():
    identity = [os.environ.get(name) for name in ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT")]
    if CREDENTIAL not in ("client_secret", "workload_identity", "managed_identity"):
        sys.exit("no such credential")
    if CREDENTIAL == "managed_identity" and not any(identity):
        sys.exit("a managed identity needs an endpoint on loopback")
    for url in [AUTHORITY, *identity, None if VERIFY else VAULT]:
        if url and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            sys.exit("loopback endpoints only")


def lines(error):
    """Where in this script an error came through, outermost first."""
    step, found = error.__traceback__, []
    while step and step.tb_frame.f_code.co_filename == main.__code__.co_filename:
        found.append(step.tb_lineno)
        step = step.tb_next
    return found


def main():
    refuse_other_hosts()
    with client(credential()) as azure:
        for case in sys.argv[1:] or CASES:
            try:
                CASES[case](azure)
            except Exception as error:  # A message or a traceback could hold a value.
                sys.exit(f"failed {case}: {type(error).__name__} {codes(error)} in lines {lines(error)}")
            print(f"ok {case}", flush=True)


if __name__ == "__main__":
    main()
