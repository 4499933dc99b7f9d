"""Asks a URL for ranges and prints each part that Python's own reader of multipart bodies finds: its range, then its
bytes in base64."""

import base64
import email.parser
import email.policy
import sys
import urllib.request

url, ranges = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(urllib.request.Request(url, headers={"Range": ranges})) as response:
    head = b"Content-Type: " + response.headers["Content-Type"].encode() + b"\r\n\r\n"
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + response.read())
if message.defects:
    sys.exit(str(message.defects))
for part in message.iter_parts():
    print(part["Content-Range"], base64.b64encode(part.get_payload(decode=True)).decode())
