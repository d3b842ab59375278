"""Reads what a seed put into a fake with the client that everybody uses for its provider, and is refused a write.

    clients.py CLIENT

Knows nothing but the variables that `strongroom-fakes` printed. Prints `ok` and what it did; no value is printed.
"""
import os
import sys

OLD, NEW = "canary-1", "canary-2"


def vault():
    import hvac

    client = hvac.Client(
        url=os.environ["VAULT_ADDR"],
        token=os.environ["VAULT_TOKEN"],
        namespace=os.environ.get("VAULT_NAMESPACE"),
        verify=os.environ.get("VAULT_CACERT", True),
    )
    kv = client.secrets.kv.v2
    read = lambda **more: kv.read_secret_version(path="billing/key", raise_on_deleted_version=True, **more)
    expect(read()["data"]["data"]["value"], NEW)
    expect(read(version=1)["data"]["data"]["value"], OLD)
    refused(hvac.exceptions.InvalidPath, lambda: kv.read_secret_version(path="gone", raise_on_deleted_version=True))
    expect(kv.list_secrets(path="")["data"]["keys"], ["billing/", "gone"])
    refused(hvac.exceptions.Forbidden, lambda: kv.create_or_update_secret("other", secret={"value": NEW}))


def aws():
    import boto3
    from botocore.exceptions import ClientError

    client = boto3.client("secretsmanager")
    expect(client.get_secret_value(SecretId="billing/key")["SecretString"], NEW)
    old = client.get_secret_value(SecretId="billing/key", VersionStage="AWSPREVIOUS")
    expect(old["SecretString"], OLD)
    refused(client.exceptions.InvalidRequestException, lambda: client.get_secret_value(SecretId="gone"))
    expect([found["Name"] for found in client.list_secrets()["SecretList"]], ["billing/key"])
    refused(ClientError, lambda: client.create_secret(Name="other", SecretString=NEW))


def azure():
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
    from azure.identity import ClientSecretCredential
    from azure.keyvault.secrets import SecretClient

    trust = {"connection_verify": os.environ["AZURE_KV_CA_BUNDLE_PATH"]}
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
        **trust,
    )
    client = SecretClient(os.environ["AZURE_KEY_VAULT_URL"], credential, verify_challenge_resource=False, **trust)
    expect(client.get_secret("billing--key").value, NEW)
    versions = [found.version for found in client.list_properties_of_secret_versions("billing--key")]
    values = {client.get_secret("billing--key", version).value for version in versions}
    expect(values, {OLD, NEW})
    refused(ResourceNotFoundError, lambda: client.get_secret("gone"))
    expect([found.name for found in client.list_properties_of_secrets()], ["billing--key"])
    refused(HttpResponseError, lambda: client.set_secret("other", NEW))


def infisical():
    from infisical_sdk import InfisicalSDKClient
    from infisical_sdk.infisical_requests import InfisicalError

    # Its cache keeps one version of a name.
    client = InfisicalSDKClient(host=os.environ["INFISICAL_BASE_URL"], cache_ttl=None)
    client.auth.universal_auth.login(os.environ["INFISICAL_CLIENT_ID"], os.environ["INFISICAL_CLIENT_SECRET"])
    place = {
        "project_id": os.environ["INFISICAL_PROJECT_ID"],
        "environment_slug": os.environ["INFISICAL_ENVIRONMENT"],
    }
    read = lambda **more: client.secrets.get_secret_by_name(
        secret_name="key", secret_path="/billing", **place, **more
    ).secretValue
    expect(read(), NEW)
    expect(read(version="1"), OLD)
    refused(InfisicalError, lambda: client.secrets.get_secret_by_name(secret_name="gone", secret_path="/", **place))
    listed = client.secrets.list_secrets(secret_path="/billing", **place).secrets
    expect([found.secretKey for found in listed], ["key"])
    refused(
        InfisicalError,
        lambda: client.secrets.create_secret_by_name(
            secret_name="other", secret_path="/", secret_value=NEW, **place
        ),
    )


def expect(found, expected):
    if found != expected:
        sys.exit("a value, a version or a list is not as seeded")


def refused(error, call):
    try:
        call()
    except error:
        return
    sys.exit(f"not refused with {error.__name__}")


{"vault": vault, "aws": aws, "azure": azure, "infisical": infisical}[sys.argv[1]]()
print("ok")
