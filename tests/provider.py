"""A small identity provider for tests: a real server that signs real tokens (OpenID Connect, code flow with PKCE)."""

import base64
import hashlib
import json
import secrets
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET, KEY_ID = "registry", "a secret of the client", "key-1"


@cache
def _key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """Signs everybody in who comes, as the person that the test has set in `claims`."""

    def __init__(self):
        self.key = _key()
        self.claims = {"sub": "p-1", "email": "alice@example.org", "email_verified": True}
        self.signing_key, self.headers = self.key, {"kid": KEY_ID}
        self.asked, self.codes, self.exchanged, self.userinfo = [], {}, 0, None
        self.takes_s, self.is_broken = 0, False
        handler = type("Handler", (_Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def description(self):
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }

    def keys(self):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    def authorize(self, address):
        """What the person's browser does there: it is led back with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked.append(asked)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, given, basic):
        """Exchange a code once, for the client that it was given for, by the verifier that fits the challenge."""
        asked = self.codes.pop(given["code"], None)
        verifier = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        fits = asked and base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() == asked["code_challenge"]
        if not fits or basic != f"{CLIENT}:{SECRET}" or given["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        self.exchanged += 1
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "auth_time": now}
        said |= {"nonce": asked["nonce"], **self.claims}
        said = {name: value for name, value in said.items() if value is not None}
        algorithm = "RS256" if self.signing_key else "none"
        token = jwt.encode(said, self.signing_key, algorithm=algorithm, headers=self.headers)
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    provider = None

    def do_GET(self):
        answers = {
            "/.well-known/openid-configuration": self.provider.description,
            "/keys": self.provider.keys,
            "/userinfo": lambda: self.provider.userinfo,
        }
        self._answer(200, answers[self.path]())

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(sent).items()}
        basic = base64.b64decode(self.headers.get("Authorization", "Basic ").split()[-1]).decode()
        self._answer(*self.provider.token(given, basic))

    def _answer(self, status, said):
        time.sleep(self.provider.takes_s)
        body = json.dumps(said).encode()
        self.send_response(500 if self.provider.is_broken else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""
