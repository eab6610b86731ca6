"""Makes the tokens and keys beside it with PyJWT, another library than the filter's own.

    venv=$(mktemp -d) && python3 -m venv "$venv" && "$venv/bin/pip" install pyjwt cryptography
    "$venv/bin/python" make.py

Every run makes new keys and forgets the private ones. Times are fixed and far away, so that what is
made stays as good, or as bad, as it is.
"""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

HERE = pathlib.Path(__file__).parent
IN_2100 = 4102444800
IN_2001 = 978307200

GOOD = {
    "sub": "jane",
    "iss": "https://id.example",
    "aud": "shop",
    "exp": IN_2100,
    "nbf": IN_2001,
    "tenant": "north",
    "roles": ["reader", "writer"],
    "level": 7,
}


def without(*claims):
    return {key: value for key, value in GOOD.items() if key not in claims}


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def jwk(to_jwk, key, name, **more):
    made = json.loads(to_jwk(key.public_key()))
    made.pop("key_ops", None)  # "use" says it, and nobody sends both
    return {**made, "kid": name, "use": "sig", **more}


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "id.example")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2001, 1, 1))
        .not_valid_after(datetime.datetime(2100, 1, 1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed_by_the_public_key(pem, kid):
    """RS256 taken for HS256: PyJWT itself refuses to make such a token."""
    header = {"alg": "HS256", "typ": "JWT", "kid": kid}
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, GOOD))
    return text + "." + encoded(hmac.new(pem, text.encode(), hashlib.sha256).digest())


def main():
    rsa_key, other_rsa, ps_key, weak_rsa = (
        rsa.generate_private_key(65537, bits) for bits in (2048, 2048, 2048, 1024)
    )
    p256, p384, p521 = (
        ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    )
    ed = ed25519.Ed25519PrivateKey.generate()
    secret = "a-secret-of-sixty-four-bytes-that-stands-in-a-test-and-is-known!"
    assert len(secret) == 64

    def token(claims, key, algorithm, kid=None, **header):
        names = {"kid": kid, **header} if kid else header
        return jwt.encode(claims, key, algorithm=algorithm, headers=names)

    tokens = {
        "HS256": token(GOOD, secret, "HS256"),
        "HS384": token(GOOD, secret, "HS384"),
        "HS512": token(GOOD, secret, "HS512"),
        "RS256": token(GOOD, rsa_key, "RS256", "rsa"),
        "RS384": token(GOOD, rsa_key, "RS384"),
        "RS512": token(GOOD, rsa_key, "RS512"),
        "PS256": token(GOOD, ps_key, "PS256", "ps"),
        "PS384": token(GOOD, ps_key, "PS384"),
        "PS512": token(GOOD, ps_key, "PS512"),
        "ES256": token(GOOD, p256, "ES256", "p256"),
        "ES384": token(GOOD, p384, "ES384", "p384"),
        "ES512": token(GOOD, p521, "ES512", "p521"),
        "EdDSA": token(GOOD, ed, "EdDSA", "ed"),
        "no-kid": token(GOOD, rsa_key, "RS256"),
        "unknown-kid": token(GOOD, rsa_key, "RS256", "nobody"),
        "other-kid": token(GOOD, rsa_key, "RS256", "ps"),
        "none": token(GOOD, None, "none"),
        "confused": signed_by_the_public_key(public_pem(rsa_key), "rsa"),
        "other-algorithm": token(GOOD, rsa_key, "RS512", "rsa"),
        "wrong-key": token(GOOD, other_rsa, "RS256", "rsa"),
        "weak": token(GOOD, weak_rsa, "RS256"),
        "critical": token(GOOD, rsa_key, "RS256", "rsa", crit=["x-new"], **{"x-new": 1}),
        "expired": token({**GOOD, "exp": IN_2001 + 1}, rsa_key, "RS256", "rsa"),
        "early": token({**GOOD, "nbf": IN_2100 - 1}, rsa_key, "RS256", "rsa"),
        "no-expiry": token(without("exp"), rsa_key, "RS256", "rsa"),
        "other-issuer": token({**GOOD, "iss": "https://id.example/"}, rsa_key, "RS256", "rsa"),
        "no-issuer": token(without("iss"), rsa_key, "RS256", "rsa"),
        "other-audience": token({**GOOD, "aud": ["shop2", "Shop"]}, rsa_key, "RS256", "rsa"),
        "no-audience": token(without("aud"), rsa_key, "RS256", "rsa"),
        "audiences": token({**GOOD, "aud": ["other", "shop"]}, rsa_key, "RS256", "rsa"),
        "no-subject": token(without("sub"), rsa_key, "RS256", "rsa"),
        "odd-claims": token(
            {**GOOD, "tenant": "two\nlines", "roles": [{}], "level": True}, rsa_key, "RS256", "rsa"
        ),
        "text": jwt.PyJWS().encode(b"no JSON", rsa_key, algorithm="RS256", headers={"kid": "rsa"}),
    }
    (HERE / "tokens.txt").write_text("".join(f"{k} {v}\n" for k, v in tokens.items()))

    (HERE / "secret.txt").write_text(secret)
    (HERE / "rsa.pem").write_bytes(public_pem(rsa_key))
    (HERE / "weak.pem").write_bytes(public_pem(weak_rsa))
    (HERE / "ps.pem").write_bytes(public_pem(ps_key))
    (HERE / "many.pem").write_bytes(
        certificate(rsa_key) + public_pem(p256) + public_pem(p384) + public_pem(p521) + public_pem(ed)
    )
    keys = [
        jwk(RSAAlgorithm.to_jwk, rsa_key, "rsa", alg="RS256"),
        jwk(RSAAlgorithm.to_jwk, ps_key, "ps", alg="PS256"),
        jwk(ECAlgorithm.to_jwk, p256, "p256"),
        jwk(ECAlgorithm.to_jwk, p384, "p384"),
        jwk(ECAlgorithm.to_jwk, p521, "p521"),
        jwk(OKPAlgorithm.to_jwk, ed, "ed"),
        # What a set may have besides.
        jwk(RSAAlgorithm.to_jwk, other_rsa, "encrypts", use="enc", alg="RSA-OAEP"),
    ]
    (HERE / "jwks.json").write_text(json.dumps({"keys": keys}, indent=1) + "\n")
    oct_key = {"kty": "oct", "k": encoded(secret.encode()), "alg": "HS256", "kid": "shared"}
    (HERE / "oct.json").write_text(json.dumps(oct_key) + "\n")


main()
