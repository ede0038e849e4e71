#!/usr/bin/env python3
"""Robots of DingTalk, Feishu and WeCom, a webhook and an SMS gateway, as their documentation has them, from
the standard library alone: they verify signatures, count, and answer 200 where they mean no. An absolute
address in the request line makes it the proxy that it was asked as.

robots.py [PORT] NAME: prints `ready http://127.0.0.1:PORT/NAME`. GET /received lists what was taken;
POST /fail?status=429&times=2&after=1 makes the next answers bad.
"""
import base64
import hashlib
import hmac
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SECRET = "SEC-of-the-robot"
TOKEN = "token-0123456789"
PER_MINUTE = 20
lock = threading.Lock()
received, times, failing = [], {}, []


def sign(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def is_fresh(seconds: float) -> bool:
    return abs(time.time() - seconds) < 3600


def is_too_fast(name: str) -> bool:
    now = time.time()
    times[name] = [at for at in times.get(name, []) if at > now - 60] + [now]
    return len(times[name]) > PER_MINUTE


def dingtalk(query, headers, body):
    if query.get("access_token") != [TOKEN]:
        return 200, {"errcode": 300005, "errmsg": "token is not exist"}
    at = query.get("timestamp", ["0"])[0]
    wanted = base64.b64encode(sign(SECRET.encode(), f"{at}\n{SECRET}".encode())).decode()
    if query.get("sign") != [wanted] or not is_fresh(int(at) / 1000):
        return 200, {"errcode": 310000, "errmsg": "sign not match"}
    if is_too_fast("dingtalk"):
        return 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
    message = json.loads(body)
    text = message["markdown"]["text"]
    if message["msgtype"] != "markdown" or not message["markdown"]["title"] or len(body) > 20_000:
        return 200, {"errcode": 400101, "errmsg": "bad message"}
    return 200, {"errcode": 0, "errmsg": "ok"}, {"text": text, "at": message["at"]["atMobiles"]}


def feishu(query, headers, body):
    message = json.loads(body)
    at = message.get("timestamp", "0")
    wanted = base64.b64encode(sign(f"{at}\n{SECRET}".encode(), b"")).decode()
    if message.get("sign") != wanted or not is_fresh(int(at)):
        return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}
    if len(body) > 20_000:
        return 200, {"code": 9499, "msg": "Bad Request"}
    post = message["content"]["post"]["zh_cn"]
    text = "\n".join(part["text"] for line in post["content"] for part in line)
    return 200, {"code": 0, "msg": "success"}, {"text": f"{post['title']}\n{text}"}


def wecom(query, headers, body):
    if query.get("key") != [TOKEN]:
        return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}
    content = json.loads(body)["markdown"]["content"]
    if len(content.encode()) > 4096:
        return 200, {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}
    return 200, {"errcode": 0, "errmsg": "ok"}, {"text": content}


def webhook(query, headers, body):
    wanted = sign(SECRET.encode(), headers["X-Zhishou-Timestamp"].encode() + b"." + body).hex()
    if headers["X-Zhishou-Signature"] != f"sha256={wanted}":
        return 401, {}
    return 204, None, {"text": json.loads(body)["text"], "key": headers["Idempotency-Key"]}


def sms(query, headers, body):
    form = parse_qs(body.decode(), encoding="gbk")
    if form.get("pwd") != [SECRET]:
        return 200, {"code": 7}
    return 200, {"code": 0}, {"text": form["msg"][0], "phone": form["mobile"][0]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            self.answer(200, received)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        name = parts.path.strip("/")
        with lock:
            if name == "fail":
                of = {key: int(values[0]) for key, values in query.items()}
                failing.extend([(of["status"], of.get("after"))] * of["times"])
                return self.answer(200, {})
            if failing:
                status, after = failing.pop(0)
                return self.answer(status, {}, [("Retry-After", str(after))] if after else [])
            robots = {"dingtalk": dingtalk, "feishu": feishu, "wecom": wecom, "webhook": webhook, "sms": sms}
            status, value, *taken = robots[name](query, self.headers, body)
            if taken:
                received.append({"robot": name, "host": self.headers["Host"], "via": parts.netloc, **taken[0]})
            self.answer(status, value)


port = int(sys.argv[1]) if len(sys.argv) > 2 else 0
server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
print(f"ready http://127.0.0.1:{server.server_address[1]}/{sys.argv[-1]}", flush=True)
server.serve_forever()
