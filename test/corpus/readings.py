"""What Python's email package sees in messages: readings.py < messages > readings

Each line in is a message in base64; each line out its reading in JSON, in the shape of readings.ts. An aspect that the
package cannot give (it raises) is null.
"""
import base64
import email
import email.policy
import email.utils
import json
import sys


def attempt(read):
    try:
        return read()
    except Exception:
        return None


def structure(message):
    kind = message.get_content_type()
    payload = message.get_payload()
    if kind in ('message/rfc822', 'message/global') and isinstance(payload, list):
        return f'{kind}[{structure(payload[0])}]'
    if isinstance(payload, list) and kind.startswith('multipart/'):
        return f"{kind}({', '.join(structure(part) for part in payload)})"
    return kind


def leaves(message):
    """All parts that hold no others; what is within a message is not looked into."""
    if message.is_multipart() and message.get_content_maintype() == 'multipart':
        for part in message.get_payload():
            yield from leaves(part)
    else:
        yield message


def mailbox(address):
    spec = f'{address.username}@{address.domain}' if address.domain else address.username
    return f'{address.display_name} <{spec}>' if address.display_name else f'<{spec}>'


def addresses(message, name):
    out = []
    for field in message.get_all(name, []):
        for group in field.groups:
            members = [mailbox(address) for address in group.addresses]
            out += members if group.display_name is None else [f"{group.display_name}: {', '.join(members)};"]
    return out


def sent(message):
    value = message['date']
    return None if value is None or value.datetime is None else round(value.datetime.timestamp() * 1000)


def files(message):
    return [part.get_filename() for part in leaves(message) if part.get_filename() is not None]


def texts(message):
    return [text(part) for part in leaves(message) if part.get_content_maintype() == 'text']


def text(part):
    return part.get_content()


def reading(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    return {
        'structure': attempt(lambda: structure(message)),
        'files': attempt(lambda: files(message)),
        'subject': attempt(lambda: message['subject'] and str(message['subject'])),
        'from': attempt(lambda: addresses(message, 'from')),
        'to': attempt(lambda: addresses(message, 'to')),
        'sent': attempt(lambda: sent(message)),
        'texts': attempt(lambda: texts(message)),
    }


print(f'{sys.version_info.major}.{sys.version_info.minor}')
for line in sys.stdin:
    print(json.dumps(attempt(lambda: reading(base64.b64decode(line)))))
