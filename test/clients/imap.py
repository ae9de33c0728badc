"""imaplib: imap.py HOST PORT TLS-PORT USER PASSWORD FOLDER FILE...

Works in FOLDER (made, and removed at the end) with the letters in the FILEs, of which the second is about
预算 and the third, in GB18030, says 明天开会.
"""
import base64
import imaplib
import ssl
import sys

host, port, tls_port, user, password, folder = sys.argv[1:7]
letters = [open(name, 'rb').read() for name in sys.argv[7:]]
context = ssl._create_unverified_context()


def utf7(name):
    """Modified UTF-7 (RFC 3501 section 5.1.3), quoted."""
    out, foreign = '', ''
    for letter in name + '\0':
        if '\0' < letter < ' ' or letter > '~':
            foreign += letter
            continue
        if foreign:
            out += '&' + base64.b64encode(foreign.encode('utf-16-be')).decode().rstrip('=').replace('/', ',') + '-'
            foreign = ''
        out += '&-' if letter == '&' else letter
    return f'"{out[:-1]}"'


def ok(answer):
    assert answer[0] == 'OK', answer
    return answer[1]


m = imaplib.IMAP4(host, int(port), timeout=10)
ok(m.starttls(context))
ok(m.login(user, password))
name = utf7(folder)
ok(m.create(name))
listed = ok(m.list())
assert any(line.endswith(name.encode()) or line.endswith(name.strip('"').encode()) for line in listed), listed
for letter in letters:
    ok(m.append(name, '(\\Seen)', '"23-Nov-2026 10:00:00 +0800"', letter))
assert ok(m.select(name)) == [str(len(letters)).encode()]
fetched = ok(m.fetch('1:*', '(UID INTERNALDATE BODY.PEEK[])'))
assert [part[1] for part in fetched if isinstance(part, tuple)] == letters
assert b'INTERNALDATE "23-Nov-2026' in fetched[0][0]

m.literal = '预算'.encode()
assert ok(m.search('UTF-8', 'SUBJECT')) == [b'2']
m.literal = '预算'.encode()
assert ok(m.search('UTF-8', 'TEXT')) == [b'2']
m.literal = '明天开会'.encode()
assert ok(m.search('UTF-8', 'BODY')) == [b'3']
m.literal = '没有'.encode()
assert ok(m.search('UTF-8', 'TEXT')) == [b'']

assert b'FLAGS ()' in ok(m.store('1', '-FLAGS', '(\\Seen)'))[0]
assert b'\\Flagged' in ok(m.store('2', '+FLAGS', '(\\Flagged $Forwarded)'))[0]
assert ok(m.search(None, 'UNSEEN')) == [b'1']
assert ok(m.search(None, 'FLAGGED', 'KEYWORD', '$Forwarded')) == [b'2']
copy = utf7(folder + '/抄送')
ok(m.create(copy))
ok(m.copy('1:2', copy))
ok(m.store('1', '+FLAGS', '(\\Deleted)'))
assert ok(m.expunge()) == [b'1']
assert ok(m.status(copy, '(MESSAGES UNSEEN)'))[0].endswith(b'(MESSAGES 2 UNSEEN 1)')
ok(m.close())
ok(m.delete(copy))

m.logout()
m = imaplib.IMAP4_SSL(host, int(tls_port), ssl_context=context, timeout=10)
ok(m.authenticate('PLAIN', lambda _: f'\0{user}\0{password}'.encode()))
assert ok(m.status(name, '(MESSAGES)'))[0].endswith(f'(MESSAGES {len(letters) - 1})'.encode())
ok(m.delete(name))
ok(m.enable('UTF8=ACCEPT'))
ok(m.create(f'"{folder} utf8"'))
assert any(f'{folder} utf8'.encode() in line for line in ok(m.list()))
ok(m.delete(f'"{folder} utf8"'))
m.logout()
print('done')
