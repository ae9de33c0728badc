"""poplib: pop.py HOST PORT TLS-PORT USER PASSWORD FOLDER

Fetches the maildrop into FOLDER/1, 2, ...; deletes the second letter; looks again; prints how many there are then.
"""
import os
import poplib
import ssl
import sys

host, port, tls_port, user, password, folder = sys.argv[1:]
context = ssl._create_unverified_context()

first = poplib.POP3(host, int(port), timeout=10)
first.stls(context)
first.user(user)
first.pass_(password)
count, size = first.stat()
sizes = [int(line.split()[1]) for line in first.list()[1]]
assert len(sizes) == count and sum(sizes) == size
ids = [line.split()[1] for line in first.uidl()[1]]
assert len(set(ids)) == count
for number in range(1, count + 1):
    text = b''.join(line + b'\r\n' for line in first.retr(number)[1])
    assert len(text) == sizes[number - 1], f'LIST says the size of letter {number}'
    with open(os.path.join(folder, str(number)), 'wb') as file:
        file.write(text)
head, rest = b'\r\n'.join(first.top(1, 1)[1]).split(b'\r\n\r\n', 1)
assert b'Subject: ' in head and b'\r\n' not in rest
first.dele(1)
first.rset()
first.dele(2)
first.quit()

second = poplib.POP3_SSL(host, int(tls_port), context=context, timeout=10)
second.user(user)
second.pass_(password)
left = [line.split()[1] for line in second.uidl()[1]]
assert left == ids[:1] + ids[2:], 'the others keep their unique-ids'
print(second.stat()[0])
second.quit()
