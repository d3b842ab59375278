#!/usr/bin/env python3
"""Runs the core of the conformance cases with infisicalsdk, the official client, against a server on loopback.

    infisical_core.py [CASE]...        all cases, or these

Reads INFISICAL_BASE_URL, INFISICAL_CLIENT_ID, INFISICAL_CLIENT_SECRET (universal auth), INFISICAL_PROJECT_ID and
INFISICAL_ENVIRONMENT. With https, REQUESTS_CA_BUNDLE names the file of the CA.

What the client asks for: secrets at /api/v3/secrets/raw, folders at /api/v2/folders, the login at
/api/v1/auth/universal-auth/login. It knows no v4: STRONGROOM_API=v4 (default v3) hands it a transport that
renames what differs in v4, so that its own code reads the answers of /api/v4/secrets. Folders and login stay.

Makes the folder STRONGROOM_PREFIX (default `infisical-core`) in the root, where there must be none yet. Case 60
expects STRONGROOM_THROTTLED refusals (default 0) of its read: the server is told before to answer that many reads
with 429 and Retry-After. Whoever does that runs the case alone, as others read too.

Prints `ok N` for each case, and ends with status 1 at the first that fails. No value is printed.
"""
import os
import sys
import time
from urllib.parse import urlsplit

from infisical_sdk import InfisicalError, InfisicalSDKClient
from requests.adapters import HTTPAdapter

PREFIX = os.environ.get("STRONGROOM_PREFIX", "infisical-core")
URL = os.environ["INFISICAL_BASE_URL"]
LOGIN = os.environ["INFISICAL_CLIENT_ID"], os.environ["INFISICAL_CLIENT_SECRET"]
PROJECT = os.environ["INFISICAL_PROJECT_ID"]
ENVIRONMENT = os.environ["INFISICAL_ENVIRONMENT"]
API = os.environ.get("STRONGROOM_API", "v3")
FOLDER = f"/{PREFIX}"
# Space around a value is cut off by the server, but for one line end.
TEXT = 'canary "\u00fc\u00e9\u4e2d" \\ \t\r\n  end\n'
HIDDEN = "<hidden-by-infisical>"


class Transport(HTTPAdapter):
    """Waits a few seconds at most, where the client would for ever, and keeps what was answered."""

    def __init__(self):
        super().__init__()
        self.answers = []

    def send(self, request, **options):
        answer = super().send(request, **{**options, "timeout": 5})
        self.answers.append(answer)
        return answer


class Version4:
    """The requests of the client for secrets, with the path and the names of v4."""

    def __init__(self, requests):
        self.requests = requests

    def get(self, path, model, params):
        return self.requests.get(self.path(path), model, params=self.named(params))

    def post(self, path, model, json):
        return self.requests.post(self.path(path), model, json=self.named(json))

    def patch(self, path, model, json):
        return self.requests.patch(self.path(path), model, json=self.named(json))

    def path(self, path):
        old = "/api/v3/secrets/raw"
        if not path.startswith(old):
            raise AssertionError("the client has moved its secrets")
        return "/api/v4/secrets" + path.removeprefix(old)

    def named(self, fields):
        # v4 takes a project by its id only.
        slugs = ("workspaceSlug", "projectSlug")
        return {
            "projectId" if name == "workspaceId" else name: value
            for name, value in fields.items()
            if name not in slugs
        }


def client(token=None):
    """A client without a cache, which would hide rotations and confuse versions, and its transport."""
    infisical, transport = InfisicalSDKClient(host=URL, token=token, cache_ttl=None), Transport()
    for scheme in ("http://", "https://"):
        infisical.api.session.mount(scheme, transport)
    if API == "v4":
        infisical.secrets.requests = Version4(infisical.api)
    return infisical, transport


def logged_in():
    infisical, transport = client()
    granted = infisical.auth.universal_auth.login(*LOGIN)
    assert granted.accessToken and granted.tokenType == "Bearer" and granted.expiresIn > 0
    assert granted.accessTokenMaxTTL >= 0
    return infisical, transport


def place(folder=FOLDER):
    return {"project_id": PROJECT, "environment_slug": ENVIRONMENT, "secret_path": folder}


def create(infisical, name, value, folder=FOLDER):
    return infisical.secrets.create_secret_by_name(name, secret_value=value, **place(folder))


def get(infisical, name, folder=FOLDER, **options):
    return infisical.secrets.get_secret_by_name(name, **place(folder), **options)


def codes(error):
    """Status and name of a server's answer, without the text: that could hold what a script must not print."""
    body = getattr(error, "response", None) or {}
    return getattr(error, "status_code", None), body.get("error")


def refusal(call, *arguments, **options):
    """What the server answered to a call that it has to refuse."""
    try:
        call(*arguments, **options)
    except InfisicalError as error:
        status, name = codes(error)
        assert status is not None and error.response["statusCode"] == status and error.response["reqId"]
        return status, name, error.response["message"]
    raise AssertionError("it was not refused")


def case_1(infisical, _):
    """What was stored comes back as it was, with its version."""
    made = create(infisical, "CASE_1", TEXT)
    assert (made.secretKey, made.secretValue, made.version) == ("CASE_1", TEXT, 1)
    for version in (None, 1):
        read = get(infisical, "CASE_1", version=version)
        assert read.secretValue == TEXT
        assert (read.id, read.secretKey, read.version) == (made.id, "CASE_1", 1)
        assert (read.workspace, read.environment, read.secretPath) == (PROJECT, ENVIRONMENT, FOLDER)
        assert (read.type, read.secretValueHidden) == ("shared", False)
        assert read.createdAt and read.updatedAt


def case_7(infisical, _):
    """What is not there is not found: no such name, no such version of one that is there, no such folder."""
    status, kind, message = refusal(get, infisical, "CASE_7_ABSENT")
    assert (status, kind) == (404, "NotFound") and "CASE_7_ABSENT" in message
    create(infisical, "CASE_7", "canary")
    assert refusal(get, infisical, "CASE_7", version=2)[:2] == (404, "NotFound")
    status, _kind, message = refusal(get, infisical, "CASE_7", f"{FOLDER}/absent")
    assert status == 404 and message.startswith("Folder with path ")


def case_12(infisical, _):
    """A list under a folder has every name once, in the folders below as well, and no value if none is asked for."""
    below = f"{FOLDER}/below"
    folder = infisical.folders.create_folder("below", ENVIRONMENT, PROJECT, path=FOLDER)
    assert (folder.name, folder.path) == ("below", below)
    made = {(FOLDER, "CASE_12_A"), (FOLDER, "CASE_12_B"), (below, "CASE_12_A")}
    for path, name in made:
        create(infisical, name, "canary", path)
    for recursive, expected in ((False, {it for it in made if it[0] == FOLDER}), (True, made)):
        for view, value in ((False, HIDDEN), (True, "canary")):
            found = infisical.secrets.list_secrets(
                **place(), recursive=recursive, view_secret_value=view
            )
            found = [it for it in found.secrets if it.secretKey.startswith("CASE_12_")]
            assert sorted((it.secretPath, it.secretKey) for it in found) == sorted(expected)
            assert {it.secretValue for it in found} == {value}
            assert all(it.secretValueHidden is not view for it in found)


def two_versions(infisical, name):
    first = create(infisical, name, "canary-1")
    second = infisical.secrets.update_secret_by_name(name, secret_value="canary-2", **place())
    assert (first.version, second.version, first.id) == (1, 2, second.id)


def case_19(infisical, _):
    """Of two versions, the second is read."""
    two_versions(infisical, "CASE_19")
    read = get(infisical, "CASE_19")
    assert (read.secretValue, read.version) == ("canary-2", 2)


def case_20(infisical, _):
    """Of two versions, the first is read by its number."""
    two_versions(infisical, "CASE_20")
    for version in (1, 2):
        read = get(infisical, "CASE_20", version=version)
        assert (read.secretValue, read.version) == (f"canary-{version}", version)


def case_41(_infisical, _):
    """A wrong secret is refused at the login, and each wrong token in its own way."""
    stranger, _ = client()
    status, kind, _message = refusal(stranger.auth.universal_auth.login, LOGIN[0], "canary-wrong")
    assert (status, kind) == (401, "UnauthorizedError")
    assert refusal(get, stranger, "CASE_41")[:2] == (401, "UnauthorizedError")
    stranger.auth.token_auth.login("canary-unknown-token")
    assert refusal(get, stranger, "CASE_41")[:2] == (403, "TokenError")
    stranger.auth.token_auth.login("st.00000000-0000-0000-0000-0000000000ff.canary")
    status, kind, message = refusal(get, stranger, "CASE_41")
    assert (status, kind) == (404, "NotFound") and message.startswith("Service token with ID ")


def case_60(infisical, transport):
    """A throttled read is refused with the time to wait, which the client leaves to its caller, and then answered."""
    create(infisical, "CASE_60", "canary")
    expected = int(os.environ.get("STRONGROOM_THROTTLED", "0"))
    transport.answers.clear()
    for _ in range(expected):
        assert refusal(get, infisical, "CASE_60")[:2] == (429, "RateLimitExceeded")
        wait = int(transport.answers[-1].headers["Retry-After"])
        assert 0 < wait <= 60
        time.sleep(wait)
    assert get(infisical, "CASE_60").secretValue == "canary"
    assert [answer.status_code for answer in transport.answers] == [429] * expected + [200]


CASES = {
    "1": case_1,
    "7": case_7,
    "12": case_12,
    "19": case_19,
    "20": case_20,
    "41": case_41,
    "60": case_60,
}


def lines(error):
    """Where in this script an error came through, outermost first."""
    step, found = error.__traceback__, []
    while step:
        if step.tb_frame.f_code.co_filename == main.__code__.co_filename:
            found.append(step.tb_lineno)
        step = step.tb_next
    return found


def run(name, case, *arguments):
    try:
        return case(*arguments)
    except Exception as error:  # A message or a traceback could hold a value.
        sys.exit(f"failed {name}: {type(error).__name__} {codes(error)} in lines {lines(error)}")


def prepared():
    infisical, transport = logged_in()
    folder = infisical.folders.create_folder(PREFIX, ENVIRONMENT, PROJECT)
    assert (folder.name, folder.path) == (PREFIX, FOLDER)
    return infisical, transport


def main():
    if API not in ("v3", "v4"):
        sys.exit("no such API")
    if urlsplit(URL).hostname not in ("127.0.0.1", "localhost"):
        sys.exit("loopback endpoints only")
    infisical, transport = run("to begin", prepared)
    for case in sys.argv[1:] or CASES:
        run(case, CASES[case], infisical, transport)
        print(f"ok {case}", flush=True)


if __name__ == "__main__":
    main()
