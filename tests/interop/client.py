"""A client of Session Manager made of other people's parts: boto3 for the API, botocore for the signature of the
WebSocket upgrade, websocket-client for the connection. Only the framing of messages is written here, from the published
layout. It knows nothing but its environment, which is what the simulator prints.

Every function decorated with `case` is one check. Each says how it came out in a line of its own, `test NAME ... ok` or
`test NAME ... FAILED`; `run.py` counts them. Arguments, if any, are the names of those to run.
"""

import base64
import concurrent.futures
import contextlib
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import struct
import sys
import time
import traceback
import urllib.parse
import uuid

import boto3
import websocket
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

# For each wait, on a busy machine.
LIMIT = 60
TARGET = os.environ["SIMULATOR_TARGET"]
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE = 1, 3, 5, 6, 7
CASES = []


def case(function):
    CASES.append(function)
    return function


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def client(**overrides):
    # One attempt: retries of throttled calls would only take time. Validation is the service's part here.
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return boto3.client("ssm", config=config, **overrides)


def named_targets(ssm):
    return {
        instance["Name"]: instance["InstanceId"]
        for page in ssm.get_paginator("describe_instance_information").paginate()
        for instance in page["InstanceInformationList"]
    }


# ---- the API


@case
def targets_are_paged_and_filtered():
    ssm = client()
    pages = list(ssm.get_paginator("describe_instance_information").paginate(PaginationConfig={"PageSize": 5}))
    instances = [instance for page in pages for instance in page["InstanceInformationList"]]
    by_id = {instance["InstanceId"]: instance for instance in instances}
    check(len(pages) > 1 and len(by_id) == len(instances), "several pages, each instance once")
    check(by_id[TARGET]["PingStatus"] == "Online", by_id[TARGET])
    filters = [{"Key": "InstanceIds", "Values": [TARGET]}]
    filtered = ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
    check([instance["InstanceId"] for instance in filtered] == [TARGET], filtered)
    for target, expected in ((TARGET, "connected"), (named_targets(ssm)["Switched off"], "notconnected")):
        status = ssm.get_connection_status(Target=target)["Status"]
        check(status == expected, f"{target} is {status}")


def refused(call, code, status):
    """Lets the service refuse a call, and returns the words."""
    try:
        call()
    except ClientError as error:
        answer = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        check(answer == (code, status), f"{answer} instead of {(code, status)}")
        check(error.response["Error"]["Message"], "an error without a message")
        check(error.response["ResponseMetadata"].get("RequestId"), "an error without a request id")
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was not raised")


@case
def refusals_are_the_exceptions_of_the_sdk():
    ssm = client()
    named = named_targets(ssm)
    offline = named["Switched off"]
    message = refused(lambda: ssm.start_session(Target=offline), "TargetNotConnected", 400)
    check(message == f"{offline} is not connected.", message)
    try:
        ssm.start_session(Target=offline)
        raise AssertionError("a session with an offline target")
    except ssm.exceptions.TargetNotConnected:
        pass  # the SDK's own class, which it finds by the error's name
    refused(lambda: ssm.start_session(Target=TARGET, DocumentName="No-Such-Document"), "InvalidDocument", 400)
    refused(lambda: ssm.start_session(Target=""), "ValidationException", 400)
    refused(lambda: ssm.start_session(Target=named["Access denied"]), "AccessDeniedException", 403)
    refused(lambda: ssm.start_session(Target=named["Throttled"]), "ThrottlingException", 400)
    refused(lambda: ssm.resume_session(SessionId="demo-0"), "DoesNotExistException", 400)
    refused(lambda: ssm.terminate_session(SessionId="demo-0"), "DoesNotExistException", 400)
    refused(lambda: ssm.list_documents(), "UnknownOperationException", 400)


@case
def expired_and_wrong_keys_are_refused():
    ssm = client()
    expired = named_targets(ssm)["Expired credentials"]
    refused(lambda: ssm.start_session(Target=expired), "ExpiredTokenException", 403)
    wrong_secret = client(aws_access_key_id=KEY, aws_secret_access_key=SECRET + "x")
    refused(lambda: wrong_secret.describe_sessions(State="Active"), "InvalidSignatureException", 403)
    wrong_key = client(aws_access_key_id="AKIAOTHER", aws_secret_access_key=SECRET)
    refused(lambda: wrong_key.describe_sessions(State="Active"), "UnrecognizedClientException", 403)


@case
def sessions_are_listed_until_they_are_terminated():
    ssm = client()
    target = named_targets(ssm)["Agent never joins"]
    id = ssm.start_session(Target=target, Reason="to be listed")["SessionId"]
    for key, value in (("SessionId", id), ("Target", target), ("Status", "Connecting")):
        found = ssm.describe_sessions(State="Active", Filters=[{"key": key, "value": value}])["Sessions"]
        check([session["SessionId"] for session in found] == [id], f"found by {key}: {found}")
        check(found[0]["Reason"] == "to be listed" and found[0]["StartDate"].year > 2020, found[0])
    check(ssm.terminate_session(SessionId=id)["SessionId"] == id, "the answer names the session")
    check(session_status(ssm, id) == "Terminated", "terminated")
    check(not ssm.resume_session(SessionId=id).get("TokenValue"), "nothing to resume")


def session_status(ssm, id):
    for state in ("Active", "History"):
        filters = [{"key": "SessionId", "value": id}]
        for session in ssm.describe_sessions(State=state, Filters=filters)["Sessions"]:
            return session["Status"]
    raise AssertionError(f"{id} is not listed")


# ---- the data channel


def encode(message_type, number, flags, payload_type, payload):
    half = uuid.uuid4().bytes
    return b"".join([
        struct.pack(">I", 116),
        message_type.encode().ljust(32),
        struct.pack(">IQqQ", 1, int(time.time() * 1000), number, flags),
        half[8:] + half[:8],
        hashlib.sha256(payload).digest(),
        struct.pack(">II", payload_type, len(payload)),
        payload,
    ])


class Message:
    def __init__(self, frame):
        self.header_len, = struct.unpack_from(">I", frame, 0)
        self.type = frame[4:36].decode().rstrip("\0 ")
        _schema, _created, self.number, self.flags = struct.unpack_from(">IQqQ", frame, 36)
        self.id = str(uuid.UUID(bytes=frame[72:80] + frame[64:72]))
        self.payload_type = struct.unpack_from(">I", frame, 112)[0] if self.header_len >= 116 else 0
        self.payload = frame[self.header_len + 4:]
        length, = struct.unpack_from(">I", frame, self.header_len)
        check(length == len(self.payload), "payload length")
        check(hashlib.sha256(self.payload).digest() == frame[80:112], "payload digest")


def dial(url, secret=SECRET, credentials=None):
    """Opens the WebSocket with a signed upgrade."""
    request = AWSRequest("GET", url.replace("ws://", "http://"))
    SigV4Auth(credentials or Credentials(KEY, secret), "ssmmessages", os.environ["AWS_REGION"]).add_auth(request)
    headers = [f"{name}: {value}" for name, value in request.headers.items()]
    return websocket.create_connection(url, header=headers, timeout=LIMIT)


def present(socket, token, client_id):
    """Sends the first frame."""
    socket.send(json.dumps({
        "MessageSchemaVersion": "1.0",
        "RequestId": str(uuid.uuid4()),
        "TokenValue": token,
        "ClientId": client_id,
        "ClientVersion": "1.2.764.0",
    }))


class Session:
    """One session: numbers, acknowledges and orders messages. What was not acknowledged is repeated only after a
    resume: a connection on loopback loses nothing.
    """

    def __init__(self, ssm, credentials=None, **arguments):
        self.ssm, self.credentials = ssm, credentials
        self.start = ssm.start_session(**arguments)
        self.id = self.start["SessionId"]
        self.client_id = str(uuid.uuid4())
        self.sent, self.unacknowledged = 0, {}
        self.expected, self.early = 0, {}
        self.text, self.closed, self.ready, self.shaken = "", None, False, False
        self.socket = None

    def __enter__(self):
        self.connect(self.start)
        self.read(lambda: self.ready)
        return self

    def __exit__(self, *_):
        # Whatever came of the case, no shell is left for the next one.
        with contextlib.suppress(Exception):
            self.socket.shutdown()
        self.ssm.terminate_session(SessionId=self.id)

    def connect(self, answer):
        self.socket = dial(answer["StreamUrl"], credentials=self.credentials)
        present(self.socket, answer["TokenValue"], self.client_id)
        for frame in self.unacknowledged.values():
            self.socket.send_binary(frame)

    def send(self, payload_type, payload):
        frame = self.unacknowledged[self.sent] = encode("input_stream_data", self.sent, 0, payload_type, payload)
        self.socket.send_binary(frame)
        self.sent += 1

    def type(self, text):
        self.send(OUTPUT, text.encode())

    def read(self, done):
        deadline = time.monotonic() + LIMIT
        while not done():
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                opcode, frame = self.socket.recv_data()
            except websocket.WebSocketTimeoutException as error:
                raise AssertionError(f"timed out; the output so far: {self.text!r}") from error
            check(opcode == websocket.ABNF.OPCODE_BINARY, f"frame of type {opcode}: {frame}")
            self.handle(Message(frame))

    def read_until(self, wanted):
        self.read(lambda: wanted in self.text)
        before, self.text = self.text.split(wanted, 1)
        return before

    def read_to_end(self):
        self.read(lambda: self.closed is not None)
        return self.closed["Output"]

    def handle(self, message):
        if message.type == "channel_closed":
            check(message.header_len == 112, "the short header")
            self.closed = json.loads(message.payload)
            check(self.closed["SessionId"] == self.id, self.closed)
        elif message.type == "output_stream_data":
            self.acknowledge(message)
            if message.number >= self.expected:
                self.early.setdefault(message.number, message)
            while self.expected in self.early:
                self.take(self.early.pop(self.expected))
                self.expected += 1
        elif message.type == "acknowledge":
            self.unacknowledged.pop(json.loads(message.payload)["AcknowledgedMessageSequenceNumber"], None)
        else:
            check(message.type in ("start_publication", "pause_publication"), message.type)

    def acknowledge(self, message):
        body = {
            "AcknowledgedMessageType": message.type,
            "AcknowledgedMessageId": message.id,
            "AcknowledgedMessageSequenceNumber": message.number,
            "IsSequentialMessage": True,
        }
        self.socket.send_binary(encode("acknowledge", 0, 3, 0, json.dumps(body).encode()))

    def take(self, message):
        check(message.flags == (1 if message.number == 0 else 0), "SYN on the first message only")
        check(len(message.payload) <= 1024, "chunks of at most 1,024 bytes")
        if message.payload_type == OUTPUT:
            self.text += message.payload.decode()
            self.ready = True
        elif message.payload_type == HANDSHAKE_REQUEST:
            actions = json.loads(message.payload)["RequestedClientActions"]
            check([action["ActionType"] for action in actions] == ["SessionType"], actions)
            done = [{"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}]
            answer = {"ClientVersion": "1.2.764.0", "ProcessedClientActions": done, "Errors": None}
            self.send(HANDSHAKE_RESPONSE, json.dumps(answer).encode())
        elif message.payload_type == HANDSHAKE_COMPLETE:
            check(json.loads(message.payload)["HandshakeTimeToComplete"] > 0, message.payload)
            self.ready = self.shaken = True
        else:
            raise AssertionError(f"payload type {message.payload_type}")


@case
def a_shell_answers_and_ends():
    ssm = client()
    with Session(ssm, Target=TARGET) as session:
        check(session_status(ssm, session.id) == "Connected", "connected")
        session.type("echo $((6*7))\r")
        session.read_until("42\r\n")
        session.type("exit\r")
        check(session.read_to_end() == "", session.closed)
        check(not session.unacknowledged, f"never acknowledged: {list(session.unacknowledged)}")
        check(session_status(ssm, session.id) == "Terminated", "terminated")


@case
def the_terminal_has_the_size_of_the_client():
    with Session(client(), Target=TARGET) as session:
        for columns, rows in ((93, 27), (211, 64)):
            session.send(SIZE, json.dumps({"cols": columns, "rows": rows}).encode())
            session.type("stty size\r")
            session.read_until(f"{rows} {columns}\r\n")


@case
def a_resumed_session_goes_on_with_its_numbers():
    ssm = client()
    with Session(ssm, Target=TARGET) as session:
        session.type("kept='from before'; echo re''ady\r")
        session.read_until("ready\r\n")
        sent, received = session.sent, session.expected
        check(sent > 0 and received > 0, "there are numbers to go on with")
        # The output comes while nobody is there.
        session.type("sleep 0.5; seq 3000; echo al''l\r")
        session.read(lambda: not session.unacknowledged)
        session.socket.shutdown()
        time.sleep(1)

        session.connect(ssm.resume_session(SessionId=session.id))
        # Echo and prompt come before it, in either order.
        everything = "".join(f"{number}\r\n" for number in range(1, 3001))
        check(session.read_until("all\r\n").endswith(everything), "all output, once and in order")
        check(session.expected > received, "output has higher numbers than before")
        session.type('echo "still $kept"\r')
        session.read_until("still from before\r\n")
        session.read(lambda: not session.unacknowledged)
        check(session.sent == sent + 2, "so has input")


@case
def a_command_document_runs_after_a_handshake():
    with Session(
        client(),
        Target=TARGET,
        DocumentName="AWS-StartNonInteractiveCommand",
        Parameters={"command": ["sh -c 'echo $((6*7)); echo error >&2'"]},
    ) as session:
        check(session.read_to_end() == "", session.closed)
        check(session.shaken, "there was a handshake")
        check(session.text == "42\nerror\n", session.text)


@case
def an_upgrade_without_a_good_signature_is_forbidden():
    ssm = client()
    answer = ssm.start_session(Target=TARGET)
    url = answer["StreamUrl"]
    for dialled in (lambda: websocket.create_connection(url, timeout=LIMIT), lambda: dial(url, SECRET + "x")):
        try:
            dialled()
            raise AssertionError("the connection was accepted")
        except websocket.WebSocketBadStatusException as error:
            check(error.status_code == 403, error)
    dial(url).close()
    ssm.terminate_session(SessionId=answer["SessionId"])


def turned_away(session, token):
    socket = dial(session.start["StreamUrl"])
    present(socket, token, session.client_id)
    opcode, frame = socket.recv_data()
    check(opcode == websocket.ABNF.OPCODE_CLOSE, f"frame of type {opcode}: {frame}")
    socket.close()


@case
def a_wrong_or_used_token_opens_nothing():
    session = Session(client(), Target=TARGET)
    # While the right one is still waited for.
    turned_away(session, session.start["TokenValue"] + "x")
    with session:
        turned_away(session, session.start["TokenValue"])
        session.type("echo $((6*7))\r")
        session.read_until("42\r\n")


@case
def terminating_a_session_closes_its_channel():
    ssm = client()
    with Session(ssm, Target=TARGET) as session:
        check(ssm.terminate_session(SessionId=session.id)["SessionId"] == session.id, "the answer names the session")
        session.read_to_end()
        deadline = time.monotonic() + LIMIT
        while session_status(ssm, session.id) != "Terminated":
            check(time.monotonic() < deadline, session_status(ssm, session.id))
            time.sleep(0.05)
        check(not ssm.resume_session(SessionId=session.id).get("TokenValue"), "nothing to resume")


# ---- signing in


def arn_of(session):
    return session.client("sts").get_caller_identity()["Arn"]


def holds_a_shell(session):
    """Whether the whole way is open with the credentials of a profile: the API, the upgrade, the shell."""
    credentials = session.get_credentials().get_frozen_credentials()
    check(credentials.token, "temporary credentials")
    with Session(session.client("ssm"), credentials, Target=TARGET) as shell:
        shell.type("echo $((6*7))\r")
        shell.read_until("42\r\n")


@case
def a_role_of_a_profile_is_assumed():
    check(arn_of(boto3.Session()).endswith(":user/demo"), arn_of(boto3.Session()))
    session = boto3.Session(profile_name="role-Deployer")
    arn = arn_of(session)
    check(arn.startswith("arn:aws:sts::111111111111:assumed-role/Deployer/"), arn)
    holds_a_shell(session)


@case
def a_role_without_its_external_id_or_code_is_denied():
    sts = boto3.client("sts", config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))
    arguments = {"RoleArn": "arn:aws:iam::111111111111:role/Deployer", "RoleSessionName": "someone"}
    message = refused(lambda: sts.assume_role(**arguments), "AccessDenied", 403)
    check("is not authorized to perform: sts:AssumeRole on resource: " in message, message)
    arguments["ExternalId"] = "customer-7"
    message = refused(lambda: sts.assume_role(DurationSeconds=60, **arguments), "ValidationError", 400)
    check("greater than or equal to 900" in message, message)
    answer = sts.assume_role(DurationSeconds=900, **arguments)
    left = answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    check(600 < left.total_seconds() <= 900, left)
    arguments["RoleArn"] = "arn:aws:iam::222222222222:role/Breakglass"
    refused(lambda: sts.assume_role(**arguments), "AccessDenied", 403)


@case
def a_code_opens_its_role_once():
    def session(code):
        session = boto3.Session(profile_name="role-Breakglass")
        provider = session._session.get_component("credential_provider").get_provider("assume-role")
        provider._prompter = lambda _: code
        return session

    message = refused(lambda: arn_of(session("000000")), "AccessDenied", 403)
    check("invalid MFA one time pass code" in message, message)
    opened = session("123456")
    check("assumed-role/Breakglass" in arn_of(opened), arn_of(opened))
    refused(lambda: arn_of(session("123456")), "AccessDenied", 403)


CALLBACK = "http://127.0.0.1:1/oauth/callback"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def browse(url):
    """What a browser gets from an address: status and where it is sent on to."""
    url = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=LIMIT)
    try:
        connection.request("GET", f"{url.path}?{url.query}")
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location")
    finally:
        connection.close()


class Registered:
    """A client of IAM Identity Center."""

    def __init__(self):
        self.oidc = boto3.client("sso-oidc")
        self.registration = self.oidc.register_client(
            clientName="interop",
            clientType="public",
            grantTypes=["authorization_code", "refresh_token", DEVICE_CODE],
            redirectUris=["http://127.0.0.1/oauth/callback"],
            scopes=["sso:account:access"],
            issuerUrl=os.environ["SIMULATOR_START_URL"],
        )
        self.id = {name: self.registration[name] for name in ("clientId", "clientSecret")}

    def token(self, **arguments):
        return self.oidc.create_token(**self.id, **arguments)

    def sign_in(self):
        """Through the browser, with a code."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = urllib.parse.urlencode({
            "response_type": "code",
            "client_id": self.id["clientId"],
            "redirect_uri": CALLBACK,
            "state": state,
            "code_challenge_method": "S256",
            "scopes": "sso:account:access",
            "code_challenge": challenge,
        })
        status, location = browse(f"{self.oidc.meta.endpoint_url}/authorize?{query}")
        check(status == 302 and location.startswith(CALLBACK + "?"), (status, location))
        back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        check(back["state"] == state, back)
        arguments = {"redirectUri": CALLBACK, "codeVerifier": verifier, "code": back["code"]}
        return self.token(grantType="authorization_code", **arguments)

    def write_cache(self, token, lifetime):
        """Leaves a sign-in where the AWS CLI would, as good as over in `lifetime` seconds."""
        def at(seconds):
            return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

        entry = {
            "startUrl": os.environ["SIMULATOR_START_URL"],
            "region": os.environ["AWS_REGION"],
            "accessToken": token["accessToken"],
            "refreshToken": token["refreshToken"],
            "expiresAt": at(time.time() + lifetime),
            "registrationExpiresAt": at(self.registration["clientSecretExpiresAt"]),
            **self.id,
        }
        path = cache_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entry))


def cache_file():
    return pathlib.Path.home() / ".aws/sso/cache" / (hashlib.sha1(b"simulator").hexdigest() + ".json")


@case
def a_sign_in_on_disk_gives_the_roles_of_its_person():
    registered = Registered()
    registered.write_cache(registered.sign_in(), 3600)
    for account, role in (("111111111111", "Operator"), ("222222222222", "Operator"), ("111111111111", "ReadOnly")):
        session = boto3.Session(profile_name=f"sso-{account}-{role}")
        arn = arn_of(session)
        check(arn.startswith(f"arn:aws:sts::{account}:assumed-role/AWSReservedSSO_{role}_"), arn)
        check(arn.endswith("/demo"), arn)
    holds_a_shell(boto3.Session(profile_name="sso-111111111111-Operator"))


@case
def a_sign_in_that_ends_soon_is_refreshed():
    registered = Registered()
    token = registered.sign_in()
    registered.write_cache(token, 60)
    check("AWSReservedSSO_Operator" in arn_of(boto3.Session(profile_name="sso-111111111111-Operator")), "signed in")
    entry = json.loads(cache_file().read_text())
    for name in ("accessToken", "refreshToken"):
        check(entry[name] != token[name], f"a new {name}")
    used = lambda: registered.token(grantType="refresh_token", refreshToken=token["refreshToken"])
    refused_by_oidc(used, "InvalidGrantException", 400, "invalid_grant")


def error_code(call):
    try:
        call()
    except ClientError as raised:
        return raised.response["Error"]["Code"]
    raise AssertionError("nothing was raised")


def refused_by_oidc(call, code, status, error):
    """Like `refused`, for errors that have the words of OAuth in place of a message."""
    try:
        call()
    except ClientError as raised:
        answer = raised.response
        found = (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer.get("error"))
        check(found == (code, status, error), f"{found} instead of {(code, status, error)}")
        return
    raise AssertionError(f"{code} was not raised")


@case
def a_device_is_approved_in_the_browser():
    registered = Registered()
    start = registered.oidc.start_device_authorization(**registered.id, startUrl=os.environ["SIMULATOR_START_URL"])
    check(start["interval"] >= 1 and start["expiresIn"] > 60, start)
    poll = lambda: registered.token(grantType=DEVICE_CODE, deviceCode=start["deviceCode"])
    refused_by_oidc(poll, "AuthorizationPendingException", 400, "authorization_pending")
    deadline = time.monotonic() + LIMIT
    while error_code(poll) != "SlowDownException":
        check(time.monotonic() < deadline, "never slowed down")
    status, _ = browse(start["verificationUriComplete"])
    check(status == 200, status)
    deadline = time.monotonic() + LIMIT
    while True:
        time.sleep(start["interval"])
        try:
            token = poll()
            break
        except registered.oidc.exceptions.SlowDownException:
            check(time.monotonic() < deadline, "slowed down for ever")
    portal = boto3.client("sso")
    accounts = portal.get_paginator("list_accounts").paginate(
        accessToken=token["accessToken"], PaginationConfig={"PageSize": 1}
    )
    accounts = [account["accountId"] for page in accounts for account in page["accountList"]]
    check(accounts == ["111111111111", "222222222222"], accounts)
    roles = portal.list_account_roles(accessToken=token["accessToken"], accountId="111111111111")["roleList"]
    check([role["roleName"] for role in roles] == ["Operator", "ReadOnly"], roles)
    refused_by_oidc(poll, "InvalidGrantException", 400, "invalid_grant")


@case
def the_portal_refuses_in_the_exceptions_of_the_sdk():
    registered = Registered()
    access = registered.sign_in()["accessToken"]
    portal = boto3.client("sso")
    arguments = {"accountId": "222222222222", "roleName": "ReadOnly"}
    message = refused(lambda: portal.get_role_credentials(accessToken=access, **arguments), "ForbiddenException", 403)
    check(message == "No access", message)
    arguments["roleName"] = "Operator"
    # All of them are answered, however many ask at one time.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ask = lambda _: portal.get_role_credentials(accessToken=access, **arguments)["roleCredentials"]
        given = list(pool.map(ask, range(16)))
    check(len({credentials["accessKeyId"] for credentials in given}) == 16, "each has its own")
    portal.logout(accessToken=access)
    try:
        portal.list_accounts(accessToken=access)
        raise AssertionError("accounts for a sign-in that has ended")
    except portal.exceptions.UnauthorizedException:
        pass


def main():
    failed = False
    for function in CASES:
        if sys.argv[1:] and function.__name__ not in sys.argv[1:]:
            continue
        try:
            function()
            outcome = "ok"
        except Exception:
            traceback.print_exc()
            outcome, failed = "FAILED", True
        print(f"test {function.__name__} ... {outcome}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
