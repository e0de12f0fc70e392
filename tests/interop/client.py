"""A client of Session Manager made of other people's parts: boto3 for the API, botocore for the signature of the
WebSocket upgrade, websocket-client for the connection. Only the framing of messages is written here, from the published
layout. It knows nothing but its environment, which is what the simulator prints. Exits with 0 if everything was right.
"""

import hashlib
import json
import os
import struct
import sys
import time
import uuid

import boto3
import websocket
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

LIMIT = 30
TARGET = os.environ["SIMULATOR_TARGET"]
OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE = 1, 3, 5, 6, 7


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def client(**overrides):
    # One attempt: retries of throttled calls would only take time.
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return boto3.client("ssm", config=config, **overrides)


def refused(call, *expected):
    try:
        call()
    except ClientError as error:
        answer = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        check(answer == expected, f"{answer} instead of {expected}")
        check(error.response["Error"]["Message"], "an error without a message")
        check(error.response["ResponseMetadata"].get("RequestId"), "an error without a request id")
        return error.response["Error"]["Message"]
    raise AssertionError(f"{expected} was not raised")


# ---- the API


def control_plane():
    ssm = client()
    instances = [
        instance
        for page in ssm.get_paginator("describe_instance_information").paginate(PaginationConfig={"PageSize": 5})
        for instance in page["InstanceInformationList"]
    ]
    by_id = {instance["InstanceId"]: instance for instance in instances}
    check(len(by_id) == len(instances) > 5, "instances are paged, each once")
    check(by_id[TARGET]["PingStatus"] == "Online", "the target is online")
    offline = next(id for id, instance in by_id.items() if instance["PingStatus"] != "Online")
    named = {instance["Name"]: instance["InstanceId"] for instance in instances}
    filters = [{"Key": "InstanceIds", "Values": [TARGET]}]
    filtered = ssm.describe_instance_information(Filters=filters)["InstanceInformationList"]
    check([instance["InstanceId"] for instance in filtered] == [TARGET], "instances are filtered")
    check(ssm.get_connection_status(Target=TARGET)["Status"] == "connected", "connection status")
    check(ssm.get_connection_status(Target=offline)["Status"] == "notconnected", "connection status")

    message = refused(lambda: ssm.start_session(Target=offline), "TargetNotConnected", 400)
    check(message == f"{offline} is not connected.", message)
    try:
        ssm.start_session(Target=offline)
    except ssm.exceptions.TargetNotConnected:
        pass  # the SDK's own class, found by the error's name
    refused(lambda: ssm.start_session(Target=TARGET, DocumentName="No-Such-Document"), "InvalidDocument", 400)
    refused(lambda: ssm.start_session(Target=""), "ValidationException", 400)
    refused(lambda: ssm.start_session(Target=named["Access denied"]), "AccessDeniedException", 403)
    refused(lambda: ssm.start_session(Target=named["Throttled"]), "ThrottlingException", 400)
    refused(lambda: ssm.start_session(Target=named["Expired credentials"]), "ExpiredTokenException", 403)
    refused(lambda: ssm.resume_session(SessionId="demo-0"), "DoesNotExistException", 400)
    refused(lambda: ssm.list_documents(), "UnknownOperationException", 400)

    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    wrong_secret = client(aws_access_key_id=key, aws_secret_access_key=secret + "x")
    refused(lambda: wrong_secret.describe_sessions(State="Active"), "InvalidSignatureException", 403)
    wrong_key = client(aws_access_key_id="AKIAOTHER", aws_secret_access_key=secret)
    refused(lambda: wrong_key.describe_sessions(State="Active"), "UnrecognizedClientException", 403)

    started = ssm.start_session(Target=named["Agent never joins"], Reason="listing")
    for key, value in (("SessionId", started["SessionId"]), ("Target", named["Agent never joins"])):
        found = ssm.describe_sessions(State="Active", Filters=[{"key": key, "value": value}])["Sessions"]
        check([session["SessionId"] for session in found] == [started["SessionId"]], f"found by {key}")
        check(found[0]["Reason"] == "listing" and found[0]["StartDate"].year > 2020, found[0])
    check(ssm.terminate_session(SessionId=started["SessionId"])["SessionId"] == started["SessionId"], "terminated")
    history = ssm.describe_sessions(State="History")["Sessions"]
    check(history[0]["SessionId"] == started["SessionId"] and history[0]["Status"] == "Terminated", history)
    check(not ssm.resume_session(SessionId=started["SessionId"]).get("TokenValue"), "nothing to resume")


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
        header_len, = struct.unpack_from(">I", frame, 0)
        self.header_len = header_len
        self.type = frame[4:36].decode().strip()
        _schema, _created, self.number, self.flags = struct.unpack_from(">IQqQ", frame, 36)
        self.id = str(uuid.UUID(bytes=frame[72:80] + frame[64:72]))
        self.payload_type = struct.unpack_from(">I", frame, 112)[0] if header_len >= 116 else 0
        self.payload = frame[header_len + 4:]
        length, = struct.unpack_from(">I", frame, header_len)
        check(length == len(self.payload), "payload length")
        check(hashlib.sha256(self.payload).digest() == frame[80:112], "payload digest")


class Session:
    """One session: numbers, acknowledges and orders messages; repeats nothing, since loopback loses nothing."""

    def __init__(self, ssm, **arguments):
        self.ssm = ssm
        answer = ssm.start_session(**arguments)
        self.id = answer["SessionId"]
        self.client_id = str(uuid.uuid4())
        self.sent, self.expected, self.early = 0, 0, {}
        self.text, self.closed, self.ready = "", None, False
        self.connect(answer)

    def connect(self, answer):
        url = answer["StreamUrl"]
        request = AWSRequest("GET", url.replace("ws://", "http://"))
        credentials = get_session().get_credentials()
        SigV4Auth(credentials, "ssmmessages", os.environ["AWS_REGION"]).add_auth(request)
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        self.socket = websocket.create_connection(url, header=headers, timeout=LIMIT)
        self.socket.send(json.dumps({
            "MessageSchemaVersion": "1.0",
            "RequestId": str(uuid.uuid4()),
            "TokenValue": answer["TokenValue"],
            "ClientId": self.client_id,
            "ClientVersion": "1.2.764.0",
        }))

    def resume(self):
        self.socket.shutdown()
        self.connect(self.ssm.resume_session(SessionId=self.id))

    def send(self, payload_type, payload):
        self.socket.send_binary(encode("input_stream_data", self.sent, 0, payload_type, payload))
        self.sent += 1

    def type(self, text):
        self.send(OUTPUT, text.encode())

    def read(self, done):
        deadline = time.monotonic() + LIMIT
        while not done():
            check(time.monotonic() < deadline, f"timed out; so far {self.text!r}")
            self.handle(Message(self.socket.recv()))

    def read_until(self, wanted):
        self.read(lambda: wanted in self.text)
        self.text = self.text.split(wanted, 1)[1]

    def read_to_end(self):
        self.read(lambda: self.closed is not None)
        self.socket.close()
        return self.closed["Output"]

    def handle(self, message):
        if message.type == "channel_closed":
            check(message.header_len == 112, "the short header")
            self.closed = json.loads(message.payload)
            check(self.closed["SessionId"] == self.id, self.closed)
        elif message.type == "output_stream_data":
            self.acknowledge(message)
            self.early.setdefault(message.number, message)
            while self.expected in self.early:
                self.take(self.early.pop(self.expected))
                self.expected += 1
            self.early = {number: message for number, message in self.early.items() if number > self.expected}
        else:
            check(message.type in ("acknowledge", "start_publication", "pause_publication"), message.type)

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
            self.ready = True
        else:
            raise AssertionError(f"payload type {message.payload_type}")


def shell():
    session = Session(client(), Target=TARGET)
    session.read(lambda: session.ready)
    session.send(SIZE, b'{"cols":93,"rows":27}')
    session.type("echo $((6*7)); stty size\r")
    session.read_until("42\r\n")
    session.read_until("27 93\r\n")
    session.type("kept='over the connection'; seq 3000\r")
    session.read_until("2999\r\n3000\r\n")

    session.resume()
    session.type('echo "still $kept"\r')
    session.read_until("still over the connection\r\n")
    session.type("exit\r")
    check(session.read_to_end() == "", session.closed)


def command():
    session = Session(
        client(),
        Target=TARGET,
        DocumentName="AWS-StartNonInteractiveCommand",
        Parameters={"command": ["sh -c 'echo $((6*7)); echo error >&2'"]},
    )
    check(session.read_to_end() == "", session.closed)
    check(session.text == "42\nerror\n", session.text)


def upgrade_refused():
    ssm = client()
    answer = ssm.start_session(Target=TARGET)
    try:
        websocket.create_connection(answer["StreamUrl"], timeout=LIMIT)
        raise AssertionError("an unsigned connection was accepted")
    except websocket.WebSocketBadStatusException as error:
        check(error.status_code == 403, error)
    ssm.terminate_session(SessionId=answer["SessionId"])


def main():
    for step in (control_plane, shell, command, upgrade_refused):
        started = time.monotonic()
        step()
        print(f"  {step.__name__}: {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
