#!/usr/bin/env python3
"""A mail relay (aiosmtpd) that asks for STARTTLS or TLS and for a login, and writes what it took as JSON.

smtp_server.py MODE CERTIFICATE KEY FOLDER NAME: MODE is starttls, tls or plain. Prints
`ready smtp://127.0.0.1:PORT/NAME`. A recipient `busy@…` gets 451, `nobody@…` 550.
"""
import asyncio
import email
import email.policy
import hashlib
import json
import ssl
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

mode, certificate, key, folder, name = sys.argv[1:]
folder = Path(folder)


def login(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"zhishou", b"Mail-Secret-1")
    return AuthResult(success=known, handled=known)


class Taker:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("busy@"):
            return "451 try again later"
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(("plain",))
        files = [
            {"name": part.get_filename(), "type": part.get_content_type(),
             "sha256": hashlib.sha256(part.get_content() if isinstance(part.get_content(), bytes)
                                      else part.get_content().encode()).hexdigest()}
            for part in message.iter_attachments()
        ]
        taken = {
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "subject": str(message["Subject"]),
            "id": str(message["Message-ID"]), "date": str(message["Date"]), "text": body.get_content(),
            "files": files, "tls": session.ssl is not None or mode == "tls",
            "login": bool(session.authenticated),
        }
        path = folder / f"{time.time_ns()}.json"
        path.with_suffix(".part").write_text(json.dumps(taken))
        path.with_suffix(".part").rename(path)
        return "250 OK"


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
kinds = {
    "starttls": dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=login),
    "tls": dict(auth_required=True, auth_require_tls=False, authenticator=login),
    "plain": {},
}


async def serve():
    loop = asyncio.get_running_loop()
    tls = context if mode == "tls" else None
    server = await loop.create_server(lambda: SMTP(Taker(), **kinds[mode]), "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    print(f"ready smtp://127.0.0.1:{port}/{name}", flush=True)
    await server.serve_forever()


asyncio.run(serve())
