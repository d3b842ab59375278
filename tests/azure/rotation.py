"""One step of a rotation by azure-keyvault-secrets, as a function that rotates does it.

    publish NAME           a new version with a new key, which is the latest at once; prints its id
    disable NAME VERSION   ends a version that came before

Reads AZURE_KEY_VAULT_URL, AZURE_AUTHORITY_HOST, STRONGROOM_CA_FILE, AZURE_TENANT_ID, AZURE_CLIENT_ID and
AZURE_CLIENT_SECRET. No value is printed.
"""
import os
import secrets
import sys

from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

step, name, *version = sys.argv[1:]
ca_file = os.environ["STRONGROOM_CA_FILE"]
credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"],
    os.environ["AZURE_CLIENT_ID"],
    os.environ["AZURE_CLIENT_SECRET"],
    authority=os.environ["AZURE_AUTHORITY_HOST"],
    disable_instance_discovery=True,
    connection_verify=ca_file,
)
# A vault on loopback is in no domain that a challenge could name.
azure = SecretClient(
    os.environ["AZURE_KEY_VAULT_URL"],
    credential,
    verify_challenge_resource=False,
    connection_verify=ca_file,
)

if step == "publish":
    made = azure.set_secret(name, "canary-key-" + secrets.token_urlsafe(32))
    print(made.properties.version)
elif step == "disable":
    azure.update_secret_properties(name, *version, enabled=False)
else:
    sys.exit(f"no such step: {step}")
