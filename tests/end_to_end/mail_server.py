"""Run a mail server that wants STARTTLS and a login; print its port, then each mail as JSON."""

import email
import email.policy
import json
import signal
import ssl
import sys
from typing import Any

import trustme
from tests.runtime.smtp_server import MailServer


class Printing(MailServer):
    """Prints what it takes."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        bodies = [part.get_content().strip() for part in message.iter_parts()]
        mail = {"to": envelope.rcpt_tos, "subject": message["Subject"], "bodies": bodies}
        print(json.dumps({**mail, "encrypted": session.ssl is not None}), flush=True)
        return answer


authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("localhost").configure_cert(context)
authority.cert_pem.write_to_path(sys.argv[1])
server = Printing(starttls=context, login=True)
print(server.port, flush=True)
signal.pause()
