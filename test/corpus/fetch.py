"""imaplib fetches everything: fetch.py HOST PORT USER PASSWORD

Prints for each message its number and the SHA-256 of BODY[]; its ENVELOPE and BODYSTRUCTURE have to arrive too.
"""
import hashlib
import imaplib
import sys

host, port, user, password = sys.argv[1:5]
m = imaplib.IMAP4(host, int(port), timeout=60)
m.login(user, password)
count = int(m.select('INBOX', readonly=True)[1][0])
for number in range(1, count + 1):
    status, parts = m.fetch(str(number), '(BODY.PEEK[])')
    assert status == 'OK', (number, status)
    octets = next(part[1] for part in parts if isinstance(part, tuple))
    status, described = m.fetch(str(number), '(ENVELOPE BODYSTRUCTURE)')
    assert status == 'OK' and described[0] is not None, (number, status)
    print(number, hashlib.sha256(octets).hexdigest())
m.logout()
