"""A store's side of docs/wire.md, written from that page alone: standard library, and the command lines of zstd and openssl.

usage: client.py URL CODE VECTORS FOLDER
"""
import base64, hashlib, http.client, json, os, re, ssl, struct, subprocess, sys
from urllib.parse import urlsplit

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def run(*args, data=b""):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def sha(b): return hashlib.sha256(b).digest()
def zipped(b): return run("zstd", "-q", "-c", data=b)
def unzipped(b): return run("zstd", "-q", "-d", "-c", data=b)
def digest(b): return "sha-256=:" + base64.b64encode(b).decode() + ":"


PIECE = re.compile(rb'("(?:[^"\\\\]|\\\\.)*"):|("(?:[^"\\\\]|\\\\.)*")|(-?[0-9]+|-)|([\1\2])')


def to_columns(bodies):
    """Section 4.1, in its plainest form: every value as it is."""
    lines, columns = [], {}
    for body in bodies:
        key = b""

        def take(m):
            nonlocal key
            if m[1]:
                key = m[1][1:-1]
                return m[0]
            columns.setdefault(key, []).append(m[2][1:-1] if m[2] else m[3])
            return b"\1" if m[2] else b"\2"
        lines.append(PIECE.sub(take, body))
    return b"".join(x + b"\n" for x in lines + [b""] + sum(columns.values(), []))


def from_columns(text):
    lines, values = text.split(b"\n\n", 1)
    lines, values, places = lines.split(b"\n"), values.split(b"\n")[:-1], {}
    for line in lines:
        for m in PIECE.finditer(line):
            key = m[1][1:-1] if m[1] else key
            if m[4]:
                places[key] = places.get(key, 0) + 1
    columns = {k: [values.pop(0) for _ in range(n)] for k, n in places.items()}
    same("values left", values, [])
    bodies, last = [], {}
    for line in lines:
        key, here = b"", {}

        def put(m):
            nonlocal key
            if m[1]:
                key = m[1][1:-1]
                return m[0]
            value = columns[key].pop(0)
            if m[4] == b"\1":
                return b'"' + re.sub(b"\2([^\2]*)\2", lambda r: here[r[1]], value) + b'"'
            value = b"%d" % (int(last[key]) + 1) if value == b"+" else here[value[1:]] if value[:1] == b"=" else value
            last[key] = here[key] = value
            return value
        bodies.append(PIECE.sub(put, line))
    return bodies


def ed25519(folder, key, message, signature):
    """Section 3: Ed25519 by openssl; the DER prefix is that of RFC 8410."""
    pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key).decode()
    paths = [os.path.join(folder, n) for n in ("position.pem", "message", "signature")]
    for path, content in zip(paths, (f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n".encode(), message, signature)):
        with open(path, "wb") as f:
            f.write(content)
    run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", paths[0], "-rawin", "-in", paths[1], "-sigfile", paths[2])


def genesis(store, epoch, install, nonce):
    return sha(b"loyaltill ledger 1" + struct.pack(">II", store, epoch) + bytes.fromhex(install) + bytes.fromhex(nonce))


def step(h, body): return sha(h + struct.pack(">I", len(body)) + body)


def position(store, epoch, seq, h): return b"loyaltill position 1" + struct.pack(">IIQ", store, epoch, seq) + h


def grant(store, epoch, install, nonce):
    return b"loyaltill grant 1" + struct.pack(">II", store, epoch) + bytes.fromhex(install) + bytes.fromhex(nonce)


def read_code(text):
    """Section 10: what people type."""
    letters = text.upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    assert len(letters) == 28 and set(letters) <= set(LETTERS), text
    return letters[:12], letters[12:]


def ca_letters(der):
    bits = int.from_bytes(sha(der)[:10], "big")
    return "".join(LETTERS[bits >> (75 - 5 * i) & 31] for i in range(16))


def same(what, got, want):
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")


def check_vectors(path, folder):
    v = json.load(open(path))
    c = v["chain"]
    h = genesis(c["store"], c["epoch"], c["install_id"], c["nonce"])
    same("genesis", h.hex(), c["genesis"])
    for e in c["entries"]:
        h = step(h, e["body"].encode())
        same("chain value", h.hex(), e["hash"])
    p = v["position"]
    ed25519(folder, bytes.fromhex(p["key"]), position(p["store"], p["epoch"], p["seq"], bytes.fromhex(p["hash"])), bytes.fromhex(p["signature"]))
    g = v["grant"]
    ed25519(folder, bytes.fromhex(g["key"]), grant(g["store"], g["epoch"], g["install_id"], g["nonce"]), bytes.fromhex(g["signature"]))
    for typed in v["code"]["typed"]:
        same("secret", read_code(typed), (v["code"]["secret"], ca_letters(bytes.fromhex(v["code"]["ca"]))))
    b = v["batch"]
    content = base64.b64decode(b["content"])
    same("digest", digest(sha(content)), b["header"]["Content-Digest"])
    bodies = unzipped(content).split(b"\n")
    same("last line end", bodies.pop(), b"")
    same("bodies", [x.decode() for x in bodies], [e["body"] for e in c["entries"]])
    same("prev", b["header"]["Loyalty-Prev"], digest(bytes.fromhex(c["genesis"])))
    same("head", b["header"]["Loyalty-Head"], digest(h))
    b = v["columns"]
    content = base64.b64decode(b["content"])
    same("digest of columns", digest(sha(content)), b["header"]["Content-Digest"])
    same("columns", from_columns(unzipped(content)), bodies)
    same("own columns", from_columns(to_columns(bodies)), bodies)


class Store:
    def __init__(self, url, folder):
        self.host, self.folder = urlsplit(url).netloc, folder
        self.key, self.cert, self.ca = (os.path.join(folder, n) for n in ("store.key", "store.crt", "ca.crt"))

    def ask(self, method, path, body=None, header=None, trust=None):
        context = trust or self.context
        conn = http.client.HTTPSConnection(self.host, context=context, timeout=60)
        conn.request(method, path, body, {"Loyalty-Protocol": "1", **(header or {})})
        r = conn.getresponse()
        content = r.read()
        conn.close()
        if r.status != 200:
            same("problem's type", r.getheader("Content-Type"), "application/problem+json")
            problem = json.loads(content)
            same("type", problem["type"], "urn:loyaltill:problem:" + problem["code"])
            same("status", problem["status"], r.status)
            return r.status, problem, r
        return 200, content, r

    def ask_json(self, path, value, **kw):
        status, answer, _ = self.ask("POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"}, **kw)
        return status, json.loads(answer) if status == 200 else answer

    def enrol(self, code):
        secret, fingerprint = read_code(code)
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key)
        request = run("openssl", "req", "-new", "-key", self.key, "-subj", "/CN=box").decode()
        blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
        status, pem, _ = self.ask("GET", "/v1/ca", trust=blind)
        same("ca", status, 200)
        same("fingerprint", ca_letters(ssl.PEM_cert_to_DER_cert(pem.decode())), fingerprint)
        with open(self.ca, "wb") as f:
            f.write(pem)
        trusting = ssl.create_default_context(cafile=self.ca)
        wrong = secret[:-1] + ("2" if secret[-1] != "2" else "3")
        status, problem = self.ask_json("/v1/enrolments", {"code": wrong, "request": request}, trust=trusting)
        same("wrong code", (status, problem["code"]), (403, "code_refused"))
        status, self.answer = self.ask_json("/v1/enrolments", {"code": secret, "request": request}, trust=trusting)
        same("enrolment", status, 200)
        same("the same code again", self.ask_json("/v1/enrolments", {"code": secret, "request": request}, trust=trusting), (200, self.answer))
        with open(self.cert, "w") as f:
            f.write(self.answer["certificate"])
        status, problem, _ = self.ask("GET", "/v1/feed", trust=trusting)
        same("without a certificate", (status, problem["code"]), (401, "unauthorised"))
        self.context = ssl.create_default_context(cafile=self.ca)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_cert_chain(self.cert, self.key)
        i = self.id = self.answer["identity"]
        ed25519(self.folder, bytes.fromhex(i["position_key"]), grant(i["store"], i["epoch"], i["install_id"], i["nonce"]), bytes.fromhex(i["grant"]))
        self.bodies, self.chain = [], [genesis(i["store"], i["epoch"], i["install_id"], i["nonce"])]
        self.boot = os.urandom(16).hex()
        status, renewed = self.ask_json(f"/v1/stores/{i['store']}/certificate", {"request": request})
        same("renewal", (status, renewed["certificate"][:27]), (200, "-----BEGIN CERTIFICATE-----"))

    def log(self, count, cashier):
        for _ in range(count):
            seq = len(self.bodies) + 1
            entry = {"v": 1, "store": self.id["store"], "epoch": self.id["epoch"], "seq": seq, "kind": "note",
                     "txn": "019a0000-0000-7000-8000-%012x" % int.from_bytes(os.urandom(6), "big"), "day": "2026-11-24",
                     "at": "2026-11-24T10:00:%02d.000+02:00" % seq, "lane": 1, "cashier": cashier}
            self.bodies.append(json.dumps(entry, separators=(",", ":")).encode())
            self.chain.append(step(self.chain[-1], self.bodies[-1]))

    def session(self):
        status, a = self.ask_json(f"/v1/stores/{self.id['store']}/sessions", {
            "protocol": 1, "epoch": self.id["epoch"], "install_id": self.id["install_id"], "boot_nonce": self.boot,
            "head": {"seq": len(self.bodies), "hash": self.chain[-1].hex()}, "agent": "python", "clock": "2026-11-24T08:00:00.000Z"})
        same("session", status, 200)
        self.number, self.columns = a["session"], a.get("columns", False)
        self.signed(a["head"]["seq"], a["head"]["hash"], a["signature"])
        return a["verdict"]

    def signed(self, seq, h, signature):
        ed25519(self.folder, bytes.fromhex(self.id["position_key"]), position(self.id["store"], self.id["epoch"], seq, bytes.fromhex(h)), bytes.fromhex(signature))

    def push(self, first, last, to="batches", **changed):
        bodies = self.bodies[first - 1:last]
        content = changed.pop("content", None) or zipped(to_columns(bodies) if changed.get("columns") else b"".join(b + b"\n" for b in bodies))
        header = {"Content-Type": "application/x-ndjson", "Content-Encoding": "zstd", "Content-Digest": digest(sha(content)),
                  "Loyalty-Session": str(self.number), "Loyalty-Range": f"epoch={self.id['epoch']}; first={first}; count={last - first + 1}",
                  "Loyalty-Prev": digest(self.chain[first - 1]), "Loyalty-Head": digest(self.chain[min(last, len(self.bodies))]),
                  "Idempotency-Key": f'"{self.id["store"]}-{self.id["epoch"]}-{first}-{last - first + 1}"'}
        if changed.get("columns"):
            header["Content-Type"] = "application/vnd.loyaltill.columns"
        header.update(changed.get("header", {}))
        status, answer, _ = self.ask("POST", f"/v1/stores/{self.id['store']}/{to}", content, header)
        if status != 200:
            return status, answer["code"], answer.get("expected") or answer.get("max")
        answer = json.loads(answer)
        if to == "batches":
            self.signed(answer["accepted_through"], answer["head_hash"], answer["signature"])
        return answer["accepted_through"], answer.get("replayed", False), answer["head_hash"]

    def back(self, first):
        status, content, r = self.ask("GET", f"/v1/stores/{self.id['store']}/entries?epoch={self.id['epoch']}&from={first}&limit=500")
        same("own entries", (status, r.getheader("Content-Digest")), (200, digest(sha(content))))
        return unzipped(content).split(b"\n")[:-1]


def main(url, code, vectors, folder):
    check_vectors(vectors, folder)
    s = Store(url, folder)
    s.enrol(code)
    same("a new log", s.session(), "in_sync")
    s.log(6, "anna")
    same("more than head office has", s.session(), "ahead")
    same("upload", s.push(1, 3), (3, False, s.chain[3].hex()))
    same("replay", s.push(1, 3), (3, True, s.chain[3].hex()))
    same("gap", s.push(5, 6), (409, "gap", 4))
    same("columns are read", s.columns, True)
    same("columns that are cut", s.push(2, 6, columns=True, content=zipped(to_columns(s.bodies[1:6])[:-2]))[:2], (400, "damaged"))
    same("overlap, by columns", s.push(2, 6, columns=True), (6, False, s.chain[6].hex()))
    same("the same line by line", s.push(2, 6), (6, True, s.chain[6].hex()))
    same("own entries", s.back(4), s.bodies[3:])
    s.log(3, "anna")
    same("damaged", s.push(7, 9, header={"Content-Digest": digest(sha(b""))})[:2], (400, "damaged"))
    same("cut short", s.push(7, 9, content=zipped(b"\n".join(s.bodies[6:9])))[:2], (400, "damaged"))
    same("chain", s.push(7, 9, header={"Loyalty-Head": digest(sha(b""))})[:2], (422, "chain_broken"))
    same("too many", s.push(7, 9, header={"Loyalty-Range": "epoch=1; first=7; count=2001"}), (413, "too_large", 2000))
    same("bomb", s.push(7, 9, content=zipped(bytes(64 << 20)))[:2], (413, "too_large"))
    same("another epoch", s.push(7, 9, header={"Loyalty-Range": "epoch=2; first=7; count=3"})[:2], (403, "forbidden"))
    older, s.boot = (s.boot, s.number), os.urandom(16).hex()
    same("a new start", s.session(), "ahead")
    newer = (s.boot, s.number)
    s.boot, s.number = older
    same("fenced batch", s.push(7, 9)[:2], (403, "fenced"))
    same("fenced session", s.session(), "fenced")
    s.boot, s.number = newer
    same("the newer one", s.push(7, 9), (9, False, s.chain[9].hex()))
    s.bodies, s.chain = s.bodies[:7], s.chain[:8]
    same("a restored backup", s.session(), "behind")
    s.log(4, "juris")
    same("fork", s.push(8, 11)[:2], (409, "fork"))
    same("forked", s.session(), "forked")
    same("the branch", s.push(8, 11, to="branch"), (11, False, s.chain[11].hex()))
    same("the branch again", s.push(8, 11, to="branch"), (11, True, s.chain[11].hex()))
    status, page, _ = s.ask("GET", "/v1/feed?after=0&limit=5000")
    end = json.loads(page.splitlines()[-1])["end"]
    same("feed", (status, end["up_to_date"], end["rows"]), (200, True, len(page.splitlines()) - 1))


main(*sys.argv[1:])
