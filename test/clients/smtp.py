"""smtplib: smtp.py HOST SUBMISSION-PORT SUBMISSIONS-PORT USER PASSWORD RECIPIENT MARK

Sends four letters whose subjects begin with MARK; prints what was refused, and "done".
"""
import smtplib
import ssl
import sys
from email.message import EmailMessage

host, port, tls_port, user, password, recipient, mark = sys.argv[1:]
context = ssl._create_unverified_context()


def letter(subject, to):
    message = EmailMessage()
    message['From'] = user
    message['To'] = to
    message['Subject'] = f'{mark} {subject}'
    message.set_content('第一行\n.a dot\n..two dots\n\nFrom here\n')
    return message


with smtplib.SMTP(host, int(port), timeout=10) as server:
    server.starttls(context=context)
    server.login(user, password)
    assert server.send_message(letter('plain', recipient)) == {}
    attached = letter('附件', recipient)
    attached.add_attachment(bytes(range(256)) * 100, 'application', 'pdf', filename='二〇二六年报告.pdf')
    assert server.send_message(attached) == {}
    refused = server.sendmail(user, [recipient, 'nobody@test.com'], letter('two', recipient).as_bytes())
    print(refused['nobody@test.com'][0], len(refused))

with smtplib.SMTP_SSL(host, int(tls_port), context=context, timeout=10) as server:
    server.login(user, password)
    # To a Chinese address: smtplib finds out that this needs SMTPUTF8, and writes the header in UTF-8.
    assert server.send_message(letter('SMTPUTF8', '张伟@test.com')) == {}
print('done')
