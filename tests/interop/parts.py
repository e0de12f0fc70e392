"""Other people's parts for the Rust tests of the crate `aws`, which start this with the interpreter that has them:

    parts.py moto               moto as a server, until standard input ends
    parts.py aws ARGUMENT...    the AWS CLI, version 1

The first prints one line of JSON once it serves: where, and whom it knows. From then on it checks every signature and
every permission.
"""

import json
import os
import sys
import urllib.request

ACCOUNT = "123456789012"
REGION = "eu-west-1"
# What the profile of the first role calls its sessions: the second one trusts exactly that session.
SESSION = "deck"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def moto():
    # By the interpreter's start the person's own AWS files and variables are out of reach: the test empties the environment.
    import boto3
    from moto.server import ThreadedMotoServer

    # Port 0: the system finds a free one, and moto's own server tells it.
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    common = {"endpoint_url": url, "region_name": REGION, "aws_access_key_id": "none", "aws_secret_access_key": "none"}

    iam = boto3.client("iam", **common)
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    may = document(
        {"Action": ["sts:AssumeRole", "ssm:*", "kms:GenerateDataKey", "kms:Decrypt", "ec2:Describe*"], "Resource": "*"}
    )
    iam.put_user_policy(UserName="ann", PolicyName="may", PolicyDocument=may)
    for role, trusted in [
        ("first", f"arn:aws:iam::{ACCOUNT}:user/ann"),
        ("second", f"arn:aws:sts::{ACCOUNT}:assumed-role/first/{SESSION}"),
    ]:
        trust = document({"Action": "sts:AssumeRole", "Principal": {"AWS": trusted}})
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)
        may = document({"Action": "sts:AssumeRole", "Resource": "*"})
        iam.put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=may)
    data_key = boto3.client("kms", **common).create_key(Description="sessions")["KeyMetadata"]["Arn"]

    strict = urllib.request.Request(
        f"{url}/moto-api/reset-auth", data=b"0", method="POST", headers={"Content-Type": "text/plain"}
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(strict).read()
    told = {
        "url": url,
        "access_key_id": key["AccessKeyId"],
        "secret_access_key": key["SecretAccessKey"],
        "data_key": data_key,
    }
    print(json.dumps(told), flush=True)
    # The test holds the other end: it ends when the test does, in whatever way.
    sys.stdin.read()
    os._exit(0)


def aws(arguments):
    from awscli.clidriver import main

    # Without a terminal, so that a code is read from standard input and nobody at a keyboard is asked.
    os.setsid()
    sys.argv = ["aws", *arguments]
    return main()


if __name__ == "__main__":
    if sys.argv[1] == "moto":
        moto()
    sys.exit(aws(sys.argv[2:]))
